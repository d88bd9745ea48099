package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) phonesCommand() *cobra.Command {
	return a.viewCommand("phones", "Extensions and the phones registered for them", `Lists every extension, with a line for each phone that is registered for it.`,
		&view{path: at("/v1/phones"), print: a.printPhones})
}

func (a *app) printPhones(w io.Writer, body []byte) error {
	phones, err := decode[[]struct {
		Extension, Name, Source, Transport string
		UserAgent                          string `json:"user_agent"`
		Online                             bool
		Expires                            time.Time
		Calls                              int
	}](body)
	if err != nil {
		return err
	}
	if len(phones) == 0 {
		fmt.Fprintln(w, "No extensions are configured.")
		return nil
	}
	t := table{head: []string{"EXTENSION", "NAME", "STATE", "AT", "BY", ">EXPIRES", ">CALLS", "PHONE"}}
	for _, p := range phones {
		state, expires := "offline", ""
		if p.Online {
			state, expires = "online", span(p.Expires.Sub(a.now()))
		}
		t.add(p.Extension, p.Name, state, p.Source, p.Transport, expires, fmt.Sprint(p.Calls), p.UserAgent)
	}
	t.write(w)
	return nil
}
