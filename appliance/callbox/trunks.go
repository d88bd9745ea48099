package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) trunksCommand() *cobra.Command {
	return a.viewCommand("trunks", "Trunks, and whether they are up", `Lists the trunks: up or down and since when, registered or not, and calls against channels.`,
		&view{path: at("/v1/trunks"), print: a.printTrunks})
}

func (a *app) printTrunks(w io.Writer, body []byte) error {
	trunks, err := decode[[]struct {
		Name, Address, Reason string
		Up                    bool
		Registered            *bool
		Since                 time.Time
		Calls, Channels       int
		RTTMS                 float64 `json:"rtt_ms"`
	}](body)
	if err != nil {
		return err
	}
	if len(trunks) == 0 {
		fmt.Fprintln(w, "No trunks are configured.")
		return nil
	}
	t := table{head: []string{"TRUNK", "STATE", ">SINCE", "REGISTERED", ">CALLS", ">ANSWERS IN", "ADDRESS", "REASON"}}
	for _, k := range trunks {
		state := map[bool]string{true: "up", false: "DOWN"}[k.Up]
		since, registered, answers := "", "-", ""
		if !k.Since.IsZero() {
			since = span(a.now().Sub(k.Since))
		}
		if k.Registered != nil {
			registered = map[bool]string{true: "yes", false: "NO"}[*k.Registered]
		}
		if k.RTTMS > 0 {
			answers = fmt.Sprintf("%.0f ms", k.RTTMS)
		}
		calls := fmt.Sprint(k.Calls)
		if k.Channels > 0 {
			calls = fmt.Sprintf("%d of %d", k.Calls, k.Channels)
		}
		t.add(k.Name, state, since, registered, calls, answers, k.Address, k.Reason)
	}
	t.write(w)
	return nil
}
