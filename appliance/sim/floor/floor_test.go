package floor

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"callbox/appliance"
	"callbox/hcl"
)

var update = flag.Bool("update", false, "write what the tests print as what is expected")

// The tests start themselves again as the process that runs plugins.
func TestMain(m *testing.M) {
	if status, is := appliance.RunLua(os.Args); is {
		os.Exit(status)
	}
	goleak.VerifyTestMain(m)
}

const clinic = "../testdata/clinic"

// loadFiles makes a configuration of files, as the command does.
func loadFiles(files map[string][]byte) (*hcl.Config, hcl.Diagnostics) {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: text, Mode: 0o644}
	}
	return hcl.Load(dir, hcl.LoadOptions{})
}

// filesOf are the files below a folder.
func filesOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tested loads a configuration and its tests.
func tested(t testing.TB, files map[string][]byte) (Options, []*hcl.Test) {
	t.Helper()
	cfg, diags := loadFiles(files)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: text, Mode: 0o644}
	}
	tests, diags := hcl.LoadTests(dir, cfg)
	if diags.HasErrors() {
		var all bytes.Buffer
		_ = diags.Write(&all, false)
		t.Fatal(all.String())
	}
	return Options{Config: cfg, Load: loadFiles, Child: appliance.LuaCommand(), Seed: 1}, tests
}

// played runs tests and gives what is printed, without how long it took.
func played(t testing.TB, o Options, tests []*hcl.Test) (printed string, results []Result) {
	t.Helper()
	var all bytes.Buffer
	err := Run(t.Context(), o, tests, func(r Result) {
		results = append(results, r)
		if err := r.Write(&all, ""); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return took.ReplaceAllString(all.String(), "(0 ms)"), results
}

var took = regexp.MustCompile(`\(\d+ ms\)`)

func TestEveryKindOfExpectationIsMetAtTheDentists(t *testing.T) {
	o, tests := tested(t, filesOf(t, clinic))
	if len(tests) < 30 {
		t.Fatalf("%d tests", len(tests))
	}
	printed, results := played(t, o, tests)
	if slices.ContainsFunc(results, func(r Result) bool { return r.Failure != nil }) || len(results) != len(tests) {
		t.Error(printed)
	}
}

// Every file of testdata/failing is a test that fails; the .told beside it is what its author reads.
func TestEveryFailureIsToldInTheWordsOfItsGolden(t *testing.T) {
	names, err := filepath.Glob("../testdata/failing/*.test.hcl")
	if err != nil || len(names) < 25 {
		t.Fatal(err, len(names))
	}
	files := filesOf(t, clinic)
	for name := range files {
		if strings.HasSuffix(name, ".test.hcl") {
			delete(files, name)
		}
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files["it.test.hcl"] = text
		o, tests := tested(t, files)
		got, results := played(t, o, tests)
		if len(results) != 1 || results[0].Failure == nil {
			t.Errorf("%s does not fail:\n%s", name, got)
		}
		golden := strings.TrimSuffix(name, ".test.hcl") + ".told"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s:\n--- got\n%s--- want\n%s(%v)", name, got, want, err)
		}
	}
}

// told is all that happened in some tests.
func told(results []Result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s %v\n", r.Test.Name, r.Failure == nil)
		for _, m := range r.Timeline {
			fmt.Fprintf(&b, "%s %s %s\n", m.At, m.Call, m.What)
		}
	}
	return b.String()
}

func TestARunIsTheSameEachTime(t *testing.T) {
	o, tests := tested(t, filesOf(t, clinic))
	_, results := played(t, o, tests)
	first := told(results)
	for range 19 {
		_, results := played(t, o, tests)
		if again := told(results); again != first {
			t.Fatalf("--- first\n%s--- then\n%s", first, again)
		}
	}
}
