package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of this command",
		Args:  takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			facts := map[string]any{"version": a.version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
			return a.said(cmd, facts, "callbox %s (%s, %s/%s)", a.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// said ends a command that went well: one object with --json, one sentence for people.
func (a *app) said(cmd *cobra.Command, facts any, sentence string, args ...any) error {
	if a.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(facts)
	}
	fmt.Fprintln(cmd.OutOrStdout(), clean(fmt.Sprintf(sentence, args...)))
	return nil
}
