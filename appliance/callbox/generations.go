package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) generationsCommand() *cobra.Command {
	return a.viewCommand("generations", "Configurations that ran, and the one that runs",
		`Lists the configurations that the box has kept, oldest first. The one that runs has an arrow.
callbox rollback N brings one back.`,
		&view{path: at("/v1/generations"), print: a.printGenerations})
}

func (a *app) printGenerations(w io.Writer, body []byte) error {
	gens, err := decode[[]struct {
		N         int `json:"generation"`
		Applied   time.Time
		Who, Hash string
		Active    bool
		Calls     int
		Plan      []struct{}
	}](body)
	if err != nil {
		return err
	}
	if len(gens) == 0 {
		fmt.Fprintln(w, "No configuration has run yet.")
		return nil
	}
	t := table{head: []string{"", ">GENERATION", "APPLIED", "BY", ">CHANGES", ">CALLS", "HASH"}}
	for _, g := range gens {
		t.add(map[bool]string{true: "→"}[g.Active], strconv.Itoa(g.N), a.moment(g.Applied), g.Who, strconv.Itoa(len(g.Plan)), strconv.Itoa(g.Calls), g.Hash)
	}
	t.write(w)
	return nil
}

func (a *app) rollbackCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "rollback [N]",
		Short: "Bring back an earlier configuration",
		Long: `Makes generation N the running configuration again; without N, the one before the one that runs. It becomes a new
generation. The files in the box's directory stay as they are: the box follows them again when they change.`,
		Args: takes(0, 1, "at most one number, as callbox generations shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n := 0
			if len(args) == 1 {
				var err error
				if n, err = strconv.Atoi(args[0]); err != nil || n < 1 {
					return usage(cmd, "%q is no generation: a number as callbox generations shows it", args[0])
				}
			}
			return a.asked(cmd.Context(), cmd, "/v1/rollback", map[string]int{"generation": n})
		},
	})
}
