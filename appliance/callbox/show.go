package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// view is a command that shows something of the running box: what to ask, and how to print it for people.
type view struct {
	path  func() (string, error)
	print func(w io.Writer, body []byte) error
	watch bool
}

// at is the path of a view that never changes.
func at(path string) func() (string, error) {
	return func() (string, error) { return path, nil }
}

// show prints a view once, or every second until the command is interrupted.
func (a *app) show(cmd *cobra.Command, v *view) error {
	b, err := a.connect()
	if err != nil {
		return err
	}
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if !v.watch {
		return a.showOnce(ctx, b, v, out)
	}
	clear := ""
	if terminal(out) {
		clear = "\x1b[H\x1b[2J"
	}
	tick := a.tick(time.Second)
	for {
		if !a.json {
			fmt.Fprintf(out, "%s%s   every second; ctrl-C ends\n\n", clear, a.now().Format(time.TimeOnly))
		}
		// A box that restarts is what one watches for: say so and go on.
		if err := a.showOnce(ctx, b, v, out); err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), clean(err.Error()))
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return nil
		}
	}
}

func (a *app) showOnce(ctx context.Context, b *boxClient, v *view, out io.Writer) error {
	path, err := v.path()
	if err != nil {
		return err
	}
	body, err := b.ask(ctx, "GET", path, nil)
	if err != nil {
		return err
	}
	if a.json {
		_, err = out.Write(body)
		return err
	}
	return v.print(out, body)
}

// viewCommand makes a command of a view.
func (a *app) viewCommand(use, short, long string, v *view) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long:  long,
		Args:  takes(0, 0, ""),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.show(cmd, v) },
	}
	cmd.Flags().BoolVar(&v.watch, "watch", false, "show it again every second")
	return a.boxFlags(cmd)
}

// terminal is true when people look at w, and not a pipe or a file.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	return term.IsTerminal(int(f.Fd()))
}

// color is true when w may be coloured (https://no-color.org).
func (a *app) color(w any) bool {
	if no, set := a.env("NO_COLOR"); set && no != "" {
		return false
	}
	if kind, _ := a.env("TERM"); kind == "dumb" {
		return false
	}
	return terminal(w)
}
