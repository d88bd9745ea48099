package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) pluginsCommand() *cobra.Command {
	return a.viewCommand("plugins", "Plugins, what their functions did and how they failed", `Lists the plugins of the running configuration by function: calls since it was applied, those that run, those that failed by
kind, the average and the longest time, and the last error. What waits for a caller's keys takes as long as the caller does.`,
		&view{path: at("/v1/plugins"), print: a.printPlugins})
}

func (a *app) printPlugins(w io.Writer, body []byte) error {
	plugins, err := decode[[]struct {
		Name, Version, Source string
		Functions             []struct {
			Name      string
			Calls     uint64
			Running   int
			Failed    map[string]uint64
			Total     float64 `json:"total_seconds"`
			Longest   float64 `json:"longest_seconds"`
			LastError string  `json:"last_error"`
		}
	}](body)
	if err != nil {
		return err
	}
	if len(plugins) == 0 {
		fmt.Fprintln(w, "No plugins are configured.")
		return nil
	}
	var errors []string
	t := table{head: []string{"PLUGIN", "VERSION", "FUNCTION", ">CALLS", ">RUNNING", ">AVERAGE", ">LONGEST", "FAILED"}}
	for _, p := range plugins {
		if len(p.Functions) == 0 {
			t.add(p.Name, p.Version, "none", "", "", "", "", "")
		}
		for _, f := range p.Functions {
			average, longest, failed := "", "", []string{}
			if f.Calls > 0 {
				average, longest = took(f.Total/float64(f.Calls)), took(f.Longest)
			}
			for _, kind := range slices.Sorted(maps.Keys(f.Failed)) {
				failed = append(failed, fmt.Sprintf("%d %s", f.Failed[kind], kind))
			}
			if f.LastError != "" {
				errors = append(errors, f.LastError)
			}
			t.add(p.Name, p.Version, f.Name, fmt.Sprint(f.Calls), fmt.Sprint(f.Running), average, longest, strings.Join(failed, ", "))
		}
	}
	t.write(w)
	if len(errors) > 0 {
		fmt.Fprintln(w, "\nLast errors:")
	}
	for _, e := range errors {
		fmt.Fprintf(w, "  %s\n", clean(e))
	}
	return nil
}

// took is a time that functions take, in words.
func took(seconds float64) string {
	if seconds < 10 {
		return fmt.Sprintf("%.0f ms", seconds*1000)
	}
	return span(time.Duration(seconds * float64(time.Second)))
}
