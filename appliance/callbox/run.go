package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"callbox/appliance"
)

// running is how a box is started.
type running struct {
	demo, noWatch, debug bool
	drain                time.Duration
}

func (a *app) runCommand() *cobra.Command {
	var r running
	cmd := &cobra.Command{
		Use:   "run DIR",
		Short: "Start the box; it reloads when the files change",
		Long: `Starts a box with the configuration in DIR (an empty directory is valid) and runs until it is told to end.

Changed files are loaded as soon as they rest; files with a mistake change nothing. SIGHUP loads them at once.
SIGINT and SIGTERM take no new calls and end when those in progress have ended; a second one ends them.

--demo starts a small office to try things out. It is written to DATA/office when it is not there yet, and is yours
to change.`,
		Example: `  callbox run --demo
  callbox run office --data /var/lib/callbox`,
		Args: takes(0, 1, "one directory, or --demo"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.demo == (len(args) == 1) {
				return usage(cmd, "expects one directory, or --demo")
			}
			dir := filepath.Join(a.data, "office")
			if len(args) == 1 {
				dir = args[0]
			}
			return a.run(cmd, dir, r)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&r.demo, "demo", false, "run a demo office")
	flags.BoolVar(&r.noWatch, "no-watch", false, "do not follow changes of the files")
	flags.BoolVar(&r.debug, "debug", false, "log more")
	flags.DurationVar(&r.drain, "drain", 30*time.Second, "how long calls may go on after the box was told to end")
	return cmd
}

func (a *app) run(cmd *cobra.Command, dir string, r running) error {
	if r.demo {
		if err := writeDemo(dir); err != nil {
			return fail(fmt.Errorf("the demo office: %w", err), "Name a data directory that can be written, with --data")
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fail(fmt.Errorf("%s is no directory", dir), "Make it: an empty one is a valid configuration. callbox run --demo brings an example")
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	var side sync.WaitGroup
	defer side.Wait()
	defer stop() // before the wait
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	reload := make(chan struct{}, 1)
	side.Go(func() { passOn(ctx, hup, reload) })
	side.Go(func() {
		<-ctx.Done()
		if cmd.Context().Err() != nil {
			a.notifySystemd("STOPPING=1")
			fmt.Fprintln(cmd.ErrOrStderr(), "Ending: no new calls; again to end those in progress too.")
		}
	})
	err := appliance.Run(ctx, appliance.Options{
		Dir: dir, Data: a.data, Watch: !r.noWatch, Version: a.version, Drain: r.drain, Reload: reload,
		Log: slog.New(a.logHandler(cmd.ErrOrStderr(), r.debug)),
		Ready: func(f appliance.Facts) {
			a.notifySystemd("READY=1")
			side.Go(func() { a.watchdog(ctx) })
			if !a.json {
				a.banner(cmd.OutOrStdout(), dir, f, r.demo)
			}
		},
	})
	return explainRun(err)
}

// passOn makes reloads of signals. One that waits stands for all that come meanwhile.
func passOn(ctx context.Context, hup <-chan os.Signal, reload chan<- struct{}) {
	for {
		select {
		case <-hup:
			select {
			case reload <- struct{}{}:
			default:
			}
		case <-ctx.Done():
			return
		}
	}
}

func (a *app) logHandler(w io.Writer, debug bool) slog.Handler {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if debug {
		o.Level = slog.LevelDebug
	}
	if a.json {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// explainRun adds what to do to the errors that a start can end with.
func explainRun(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fail(err, "Another program has this port: ss -lntup shows which. End it, or choose another port with listen in the block sip or web")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail(err, "This machine does not have that address: ip address shows those it has")
	case errors.Is(err, os.ErrPermission):
		return fail(err, "Use a data directory of your own with --data, and ports above 1023")
	case errors.Is(err, syscall.ENOSPC):
		return fail(err, "Make room on the disk that --data is on")
	}
	return fail(err, "callbox validate DIR checks the configuration, callbox doctor the machine")
}

// banner says what a box is ready for.
func (a *app) banner(w io.Writer, dir string, f appliance.Facts, demo bool) {
	fmt.Fprintf(w, "callbox %s takes calls on %s (generation %d, started in %d ms)\n",
		a.version, strings.Join(f.Listen, " "), f.Generation, f.Took.Milliseconds())
	if demo {
		a.demoBanner(w, dir, f)
	}
}
