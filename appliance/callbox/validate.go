package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"callbox/appliance"
	"callbox/hcl"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate DIR",
		Short: "Check a configuration without a box",
		Long: `Checks a configuration completely and says what is wrong, where, and what is allowed instead. Neither a box nor its
data is needed. A secret is taken from the environment (CALLBOX_SECRET_NAME); one that is not there is a warning, because
the box may have it.

Ends with 0 when the configuration can be used and 1 when it cannot. --json prints the diagnostics in the shape of
terraform validate -json.`,
		Args: takes(1, 1, "one directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, diags, err := a.load(args[0])
			if err != nil {
				return err
			}
			if a.json {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n", diags.JSON())
			} else if err := diags.Write(cmd.ErrOrStderr(), a.color(cmd.ErrOrStderr())); err != nil {
				return err
			}
			if cfg == nil {
				if a.json {
					return failed(exitFailed)
				}
				return fail(fmt.Errorf("%s cannot be used: %s", args[0], problems(diags)), "Correct what is shown above; callbox docs explains every setting")
			}
			if !a.json {
				fmt.Fprintf(cmd.OutOrStdout(), "%s can be used: %s.\n", clean(args[0]), summary(cfg))
			}
			return nil
		},
	}
}

// load reads a configuration as far as that is possible without the box's secrets. A secret that is not known here gets a
// stand-in and a warning.
func (a *app) load(dir string) (*hcl.Config, hcl.Diagnostics, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, nil, fail(err, "Name the directory that has the *.hcl files")
	case !info.IsDir():
		return nil, nil, fail(fmt.Errorf("%s is a file", dir), "Name the directory that it is in")
	}
	var missing []string
	cfg, diags := hcl.Load(os.DirFS(dir), a.loadOptions(func(name string) { missing = append(missing, name) }))
	slices.Sort(missing)
	for _, name := range slices.Compact(missing) {
		diags = append(diags, hcl.Diagnostic{
			Severity: hcl.Warning,
			Summary:  fmt.Sprintf("The secret %q is not known here", name),
			Detail:   fmt.Sprintf("The box needs it: callbox secret set %s, or the environment variable %s where the box starts.", name, appliance.SecretEnv(name)),
		})
	}
	return cfg, diags, nil
}

// loadOptions are how configurations are loaded where the box's secrets are not known. Missing is told of each that got a
// stand-in.
func (a *app) loadOptions(missing func(name string)) hcl.LoadOptions {
	return hcl.LoadOptions{
		Env: a.env,
		Secret: func(name string) (string, bool) {
			if v, ok := a.env(appliance.SecretEnv(name)); ok {
				return v, true
			}
			missing(name)
			return "stand-in-for-a-secret-that-is-not-here", true
		},
	}
}

// problems counts: "2 errors, 1 warning".
func problems(diags hcl.Diagnostics) string {
	errors := 0
	for _, d := range diags {
		if d.Severity == hcl.Error {
			errors++
		}
	}
	s := counted(errors, "error")
	if w := len(diags) - errors; w > 0 {
		s += ", " + counted(w, "warning")
	}
	return s
}

// summary says what a configuration has.
func summary(cfg *hcl.Config) string {
	var has []string
	for _, k := range []struct {
		n    int
		name string
	}{{len(cfg.Extensions), "extension"}, {len(cfg.Trunks), "trunk"}, {len(cfg.Routes), "route"}, {len(cfg.Schedules), "schedule"}} {
		if k.n > 0 {
			has = append(has, counted(k.n, k.name))
		}
	}
	if len(has) == 0 {
		return "it sets nothing, so the box runs with its defaults"
	}
	return strings.Join(has, ", ")
}
