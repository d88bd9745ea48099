package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callbox/appliance"
)

// verdict is what doctor thinks of one thing.
type verdict string

const (
	good    verdict = "ok"
	doubt   verdict = "warn"
	trouble verdict = "fail"
)

// finding is one thing that doctor looked at.
type finding struct {
	Verdict verdict `json:"verdict"`
	Name    string  `json:"name"`
	Found   string  `json:"found"`
	Remedy  string  `json:"remedy,omitempty"`
}

func (a *app) doctorCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Look for what usually goes wrong, and say what helps",
		Long: `Looks at the machine and at the box on --data: limits, buffers, clock, disk, ports, helpers, and whether the box answers.
With DIR it also has the voice of that configuration speak in each of its languages, which may take ten seconds a language.
Changes nothing. Ends with 1 when something is wrong that keeps a box from working.`,
		Args: takes(0, 1, "at most one directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := a.examine(cmd.Context(), args)
			bad := 0
			for _, f := range found {
				if f.Verdict == trouble {
					bad++
				}
			}
			if a.json {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(found); err != nil {
					return err
				}
			} else {
				for _, f := range found {
					fmt.Fprintf(cmd.OutOrStdout(), "%-5s %-12s %s\n", f.Verdict, f.Name, clean(f.Found))
					if f.Remedy != "" {
						fmt.Fprintf(cmd.OutOrStdout(), "%-5s %-12s → %s\n", "", "", clean(f.Remedy))
					}
				}
			}
			switch {
			case bad > 0 && a.json:
				return failed(exitFailed)
			case bad > 0:
				return fail(fmt.Errorf("%s found", counted(bad, "problem")), "Do what the arrows say, then look again")
			}
			return nil
		},
	})
}

// examine looks at everything. What depends on whether a box runs comes after asking it.
func (a *app) examine(ctx context.Context, dirs []string) []finding {
	box, listen := a.askBox(ctx)
	speech := []finding{checkSpeech()}
	if len(dirs) > 0 {
		speech = a.trySpeech(ctx, dirs[0])
	}
	found := append([]finding{}, checkFiles(), checkBuffers("/proc/sys/net/core"), checkClock(a.now()), checkDisk(a.data), checkNAT("/proc/modules"))
	found = append(found, speech...)
	if len(listen) == 0 {
		found = append(found, checkPort())
	}
	return append(found, box...)
}

// askBox asks the box how it is; listen is nil when none runs.
func (a *app) askBox(ctx context.Context) (found []finding, listen []string) {
	b, err := a.connect()
	if err != nil {
		return []finding{{trouble, "box", err.Error(), "Correct --box"}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body, err := b.ask(ctx, "GET", "/v1/status", nil)
	var f *failure
	switch {
	case errors.Is(err, errNoBox):
		return []finding{{doubt, "box", "none runs on " + a.data, "callbox run DIR starts one; --data names another data directory"}}, nil
	case errors.As(err, &f):
		return []finding{{trouble, "box", f.Error(), f.todo}}, nil
	case err != nil:
		return []finding{{trouble, "box", err.Error(), "Restart it"}}, nil
	}
	s, err := decode[struct {
		Name, Version string
		ConfigState   string `json:"config_state"`
		Listen        []string
		Alerts        []string
	}](body)
	if err != nil {
		return []finding{{trouble, "box", err.Error(), "Use a callbox command of the box's version"}}, nil
	}
	found = []finding{{good, "box", fmt.Sprintf("answers, version %s, configuration %s", s.Version, s.ConfigState), ""}}
	if s.Version != a.version {
		found[0].Verdict, found[0].Remedy = doubt, "This command has version "+a.version+": use those of one version together"
	}
	for _, alert := range s.Alerts {
		found = append(found, finding{doubt, "box", alert, "callbox status shows the rest"})
	}
	return found, s.Listen
}

// trySpeech has the voice of a configuration speak. Without it callers hear recordings still, so it keeps no box from working.
func (a *app) trySpeech(ctx context.Context, dir string) []finding {
	cfg, diags, err := a.load(dir)
	var f *failure
	switch {
	case errors.As(err, &f):
		return []finding{{trouble, "speech", f.Error(), f.todo}}
	case err != nil:
		return []finding{{trouble, "speech", err.Error(), "Name the directory that has the *.hcl files"}}
	case cfg == nil:
		return []finding{{trouble, "speech", fmt.Sprintf("%s cannot be used: %s", dir, problems(diags)), "callbox validate " + dir + " shows them"}}
	}
	if cfg.TTS.Engine == "none" {
		return []finding{{good, "speech", "nothing is spoken, as the tts block says", ""}}
	}
	engine, wrong := appliance.TrySpeech(ctx, cfg)
	found := []finding{}
	for _, u := range wrong {
		found = append(found, finding{doubt, "speech", u.What, u.Remedy})
	}
	if len(found) > 0 && len(diags) > 0 {
		found[len(found)-1].Remedy += "; if a secret of the box is missing here, callbox validate " + dir + " says how to give it"
	}
	if len(found) == 0 {
		found = append(found, finding{good, "speech", engine + " speaks " + strings.Join(cfg.Appliance.Languages, ", "), ""})
	}
	return found
}
