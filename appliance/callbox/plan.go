package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"callbox/hcl"
)

// shownPlan is a plan as the box tells it.
type shownPlan struct {
	Valid         bool
	Text          string
	Changes       []hcl.Change
	CallsAffected int `json:"calls_affected"`
	Running       int
}

func (a *app) planCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "plan DIR",
		Short: "What applying a configuration would change, also for calls in progress",
		Long: `Compares the configuration in DIR with the one that the box runs, and changes nothing.
Ends with 0 when there is nothing to change, 2 when there is, and 1 when the configuration cannot be used.`,
		Args: takes(1, 1, "one directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.send(cmd, "/v1/plan", args[0])
			if err != nil {
				return err
			}
			p, err := decode[shownPlan](body)
			if err != nil {
				return err
			}
			if a.json {
				cmd.OutOrStdout().Write(body)
			} else if err := printPlan(cmd, p, args[0]); err != nil {
				return err
			}
			switch {
			case !p.Valid:
				return failed(exitFailed)
			case len(p.Changes) > 0:
				return failed(exitChanges)
			}
			return nil
		},
	})
}

// send checks a configuration here and sends its files to the box.
func (a *app) send(cmd *cobra.Command, path, dir string) ([]byte, error) {
	cfg, diags, err := a.load(dir)
	if err != nil {
		return nil, err
	}
	if cfg == nil {
		if a.json {
			fmt.Fprintf(cmd.OutOrStdout(), "{\"valid\":false,\"changes\":[],\"diagnostics\":%s}\n", bytes.TrimSpace(diags.JSON()))
			return nil, failed(exitFailed)
		}
		if err := diags.Write(cmd.ErrOrStderr(), a.color(cmd.ErrOrStderr())); err != nil {
			return nil, err
		}
		return nil, fail(fmt.Errorf("%s cannot be used: %s", dir, problems(diags)), "Correct what is shown above; the box goes on as it is")
	}
	b, err := a.connect()
	if err != nil {
		return nil, err
	}
	archive, err := pack(cfg.Files)
	if err != nil {
		return nil, err
	}
	return b.ask(cmd.Context(), "POST", path, archive)
}

// pack makes a tar archive of a configuration, the same bytes for the same files.
func pack(files map[string][]byte) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	return &buf, w.Close()
}

func printPlan(cmd *cobra.Command, p shownPlan, dir string) error {
	if !p.Valid {
		fmt.Fprint(cmd.ErrOrStderr(), clean(p.Text))
		return fail(fmt.Errorf("the box cannot use %s", dir), "Correct what is shown above; the box goes on as it is")
	}
	out := cmd.OutOrStdout()
	if len(p.Changes) == 0 {
		fmt.Fprintf(out, "Nothing to change: generation %d is the same.\n", p.Running)
		return nil
	}
	printChanges(out, p)
	fmt.Fprintf(out, "\ncallbox apply %s makes it so.\n", clean(dir))
	return nil
}

func printChanges(out io.Writer, p shownPlan) {
	if len(p.Changes) == 0 {
		fmt.Fprintf(out, "No setting differs from generation %d.\n", p.Running)
		return
	}
	fmt.Fprint(out, clean(hcl.Plan{Changes: p.Changes}.String()))
	fmt.Fprintf(out, "\n%s from generation %d; ", counted(len(p.Changes), "change"), p.Running)
	if p.CallsAffected == 0 {
		fmt.Fprintln(out, "no call in progress is touched.")
	} else {
		fmt.Fprintf(out, "%s in progress affected.\n", counted(p.CallsAffected, "call"))
	}
}

// shownApply is what the box says of an apply or a rollback.
type shownApply struct {
	Applied    bool
	Generation int
	Plan       shownPlan
}

func (a *app) applyCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "apply DIR",
		Short: "Make a configuration the running one",
		Long: `Sends the configuration in DIR to the box, which loads, builds and checks all of it before anything changes.
Calls in progress go on as they began.`,
		Args: takes(1, 1, "one directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.send(cmd, "/v1/apply", args[0])
			if err != nil {
				return err
			}
			return a.applied(cmd, body)
		},
	})
}

// applied tells how an apply or a rollback went.
func (a *app) applied(cmd *cobra.Command, body []byte) error {
	r, err := decode[shownApply](body)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		cmd.OutOrStdout().Write(body)
		if !r.Plan.Valid {
			return failed(exitFailed)
		}
	case !r.Plan.Valid:
		fmt.Fprint(cmd.ErrOrStderr(), clean(r.Plan.Text))
		return fail(fmt.Errorf("refused; generation %d goes on", r.Generation), "Correct what is shown above and apply again")
	case !r.Applied:
		fmt.Fprintf(cmd.OutOrStdout(), "Nothing to change: generation %d is the same.\n", r.Generation)
	default:
		printChanges(cmd.OutOrStdout(), r.Plan)
		fmt.Fprintf(cmd.OutOrStdout(), "Generation %d runs.\n", r.Generation)
	}
	return nil
}

// asked is a request with a JSON body whose answer is an apply result.
func (a *app) asked(ctx context.Context, cmd *cobra.Command, path string, v any) error {
	b, err := a.connect()
	if err != nil {
		return err
	}
	body, err := b.tell(ctx, "POST", path, v)
	if err != nil {
		return err
	}
	return a.applied(cmd, body)
}
