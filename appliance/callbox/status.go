package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) statusCommand() *cobra.Command {
	return a.viewCommand("status", "The box in one look", `Shows what runs, since when, and what needs somebody's attention.`,
		&view{path: at("/v1/status"), print: a.printStatus})
}

func (a *app) printStatus(w io.Writer, body []byte) error {
	s, err := decode[struct {
		Name        string
		Version     string
		Started     time.Time
		Generation  int
		Hash        string
		ConfigState string `json:"config_state"`
		Diagnostics string
		Configured  string
		Listen      []string
		Calls       int
		Extensions  int
		Phones      int
		Trunks      int
		TrunksUp    int `json:"trunks_up"`
		PortsUsed   int `json:"ports_used"`
		PortsTotal  int `json:"ports_total"`
		Store       string
		Alerts      []string
		Draining    bool
	}](body)
	if err != nil {
		return err
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s %s\n", name, clean(fmt.Sprintf(format, args...)))
	}
	line("box", "%s, callbox %s, up %s", orElse(s.Name, "without a name"), s.Version, span(a.now().Sub(s.Started)))
	if s.Draining {
		line("", "ends when its calls have ended; takes no new ones")
	}
	line("configuration", "generation %d (%s) of %s", s.Generation, s.Hash, s.Configured)
	if s.ConfigState != "ok" {
		line("", "%s", s.ConfigState)
	}
	line("listens", "%s", orElse(strings.Join(s.Listen, "  "), "nowhere"))
	line("calls", "%d", s.Calls)
	line("phones", "%d of %d registered", s.Phones, s.Extensions)
	line("trunks", "%d of %d up", s.TrunksUp, s.Trunks)
	line("sound", "%d of %d port pairs in use", s.PortsUsed, s.PortsTotal)
	line("store", "%s", s.Store)
	for i, alert := range s.Alerts {
		line(map[bool]string{true: "attention"}[i == 0], "%s", alert)
	}
	if s.Diagnostics != "" {
		fmt.Fprintf(w, "\n%s", clean(s.Diagnostics))
	}
	return nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
