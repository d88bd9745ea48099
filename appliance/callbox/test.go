package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing/fstest"

	"github.com/spf13/cobra"

	"callbox/appliance"
	"callbox/appliance/sim/floor"
	"callbox/hcl"
)

func (a *app) testCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Prove what callers experience, in virtual time, without a phone",
		Long: `Runs the call-flow tests of a configuration, all *.test.hcl in DIR: the real flows, queues and plugins, with callers,
agents and the world outside as the tests say. No phone, no network and no box is needed, and no time passes.

Prints a line for each test and, for one that failed, what was expected, what happened, and the timeline of its calls. The
last line is how many passed and failed. --json prints one object a test instead, and that line on standard error.

Ends with 0 when all tests passed and 1 when one failed or the configuration cannot be used.`,
		Example: `  callbox test office
  callbox test office --run 'holiday|night'
  callbox test office --junit report.xml`,
		Args: takes(1, 1, "one directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.read(cmd); err != nil {
				return err
			}
			return a.test(cmd, args[0], &s)
		},
	}
	s.flags(cmd)
	return cmd
}

// selection says which tests are run, and where to they are reported besides.
type selection struct {
	run, junit string
	wanted     *regexp.Regexp
}

func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.run, "run", "", "only the tests whose name matches the regular `expression`")
	cmd.Flags().StringVar(&s.junit, "junit", "", "write a JUnit report to `file` too")
}

func (s *selection) read(cmd *cobra.Command) (err error) {
	if s.wanted, err = regexp.Compile(s.run); err != nil {
		return usage(cmd, "--run: %w", err)
	}
	return nil
}

func (a *app) test(cmd *cobra.Command, dir string, s *selection) error {
	cfg, diags, err := a.load(dir)
	if err != nil {
		return err
	}
	if cfg == nil {
		return a.untestable(cmd, dir, diags)
	}
	return a.runTests(cmd, os.DirFS(dir), cfg, dir, s)
}

// runTests runs the tests among files, which are shown as those of dir.
func (a *app) runTests(cmd *cobra.Command, files fs.FS, cfg *hcl.Config, dir string, s *selection) error {
	tests, diags := hcl.LoadTests(files, cfg)
	if diags.HasErrors() {
		return a.untestable(cmd, dir, diags)
	}
	all := len(tests)
	tests = slices.DeleteFunc(tests, func(t *hcl.Test) bool { return !s.wanted.MatchString(t.Name) })
	if all > 0 && len(tests) == 0 {
		return fail(fmt.Errorf("none of the %s of %s matches %q", counted(all, "test"), dir, s.wanted), "Leave --run out to run all of them")
	}
	var results []floor.Result
	var failing error
	passed := 0
	o := floor.Options{Config: cfg, Load: a.loadFiles, Child: appliance.LuaCommand()}
	err := floor.Run(cmd.Context(), o, tests, func(r floor.Result) {
		results = append(results, r)
		if r.Failure == nil {
			passed++
		}
		if err := a.printResult(cmd, r, dir); err != nil && failing == nil {
			failing = err
		}
	})
	if err != nil {
		return fail(err, "Mend the plugin; callbox validate %s checks the rest", dir)
	}
	if s.junit != "" && failing == nil {
		failing = writeJUnit(s.junit, dir, results)
	}
	if failing != nil {
		return failing
	}
	out := cmd.OutOrStdout()
	if a.json {
		out = cmd.ErrOrStderr()
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, len(results)-passed)
	if passed < len(results) {
		return failed(exitFailed)
	}
	return nil
}

// untestable says why nothing can be tested.
func (a *app) untestable(cmd *cobra.Command, dir string, diags hcl.Diagnostics) error {
	if err := diags.Write(cmd.ErrOrStderr(), a.color(cmd.ErrOrStderr())); err != nil {
		return err
	}
	return fail(fmt.Errorf("%s cannot be tested: %s", dir, problems(diags)), "Correct what is shown above; callbox docs explains every setting")
}

func (a *app) printResult(cmd *cobra.Command, r floor.Result, dir string) error {
	if !a.json {
		return r.Write(cmd.OutOrStdout(), dir)
	}
	line, err := json.Marshal(r.Shown(dir))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line)
	return err
}

func writeJUnit(file, dir string, results []floor.Result) error {
	var report bytes.Buffer
	if err := floor.WriteJUnit(&report, dir, results); err != nil {
		return err
	}
	if err := os.WriteFile(file, report.Bytes(), 0o644); err != nil {
		return fail(err, "Name a file in a folder that is there: %s is not", filepath.Dir(file))
	}
	return nil
}

// loadFiles makes a configuration of files that a test has changed.
func (a *app) loadFiles(files map[string][]byte) (*hcl.Config, hcl.Diagnostics) {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: text, Mode: 0o644}
	}
	return hcl.Load(dir, a.loadOptions(func(string) {}))
}
