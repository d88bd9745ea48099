package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// app is the world around a command, so that a test can hand in another one.
type app struct {
	version string
	now     func() time.Time
	env     func(string) (string, bool)
	tick    func(time.Duration) <-chan time.Time

	json bool
	data string
	box  string
}

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit statuses.
const (
	exitFailed  = 1
	exitChanges = 2
	exitUsage   = 64
)

// failure is an error that knows its exit status and what the reader can do about it.
type failure struct {
	code int
	err  error // nil: everything is said already
	todo string
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit status %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// fail adds what to do to an error.
func fail(err error, todo string, args ...any) error {
	return &failure{exitFailed, err, fmt.Sprintf(todo, args...)}
}

// failed is a failure about which everything is said already.
func failed(code int) error { return &failure{code: code} }

func usage(cmd *cobra.Command, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), fmt.Sprintf("See %s --help", cmd.CommandPath())}
}

// execute runs one command line and returns the exit status.
func (a *app) execute(ctx context.Context, args []string, s streams) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	f := &failure{exitFailed, err, "callbox doctor looks for the usual causes"}
	errors.As(err, &f)
	if f.err != nil {
		fmt.Fprintf(s.err, "%s: %s\n", cmd.CommandPath(), clean(err.Error()))
		if f.todo != "" {
			fmt.Fprintf(s.err, "%s.\n", strings.TrimSuffix(f.todo, "."))
		}
	}
	return f.code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "callbox",
		Short: "A call centre in one box",
		Long: `callbox is a call centre in one box: a SIP switch configured by files that reload while calls go on.

Start with     callbox run --demo
Your own box   callbox run DIR      DIR holds the *.hcl files; an empty one is valid
Every setting  callbox docs`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	group(root)
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "answer in JSON")
	flags.StringVar(&a.data, "data", "callbox-data", "the box's data `directory`")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%w", err) })
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	for _, g := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Run", []*cobra.Command{a.runCommand(), a.doctorCommand(), a.versionCommand()}},
		{"Configure", []*cobra.Command{a.validateCommand(), a.testCommand(), a.pluginCommand(), a.fmtCommand(), a.planCommand(), a.applyCommand(), a.rollbackCommand(), a.generationsCommand(), a.secretCommand(), a.docsCommand()}},
		{"Look and act", []*cobra.Command{a.statusCommand(), a.callsCommand(), a.whyCommand(), a.queuesCommand(), a.agentsCommand(), a.agentCommand(), a.pluginsCommand(), a.phonesCommand(), a.trunksCommand(), a.blocksCommand(), a.unblockCommand(), a.dialCommand()}},
	} {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, c := range g.commands {
			c.GroupID = g.title
			root.AddCommand(c)
		}
	}
	return root
}

// group makes cmd one that only has commands below it: alone it prints its help, with an unknown word it says so.
func group(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		also := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			also = fmt.Sprintf("; did you mean %q?", near[0])
		}
		return usage(cmd, "unknown command %q%s", args[0], also)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
}

// takes says how many arguments a command has, and names them when they are wrong.
func takes(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) >= low && len(args) <= high:
			return nil
		case high == 0:
			return usage(cmd, "takes no arguments, but got %q", args[0])
		default:
			return usage(cmd, "expects %s", what)
		}
	}
}
