package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbox/hcl"
)

func TestAValidConfigurationIsSummedUp(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": "extension \"1001\" {\n  password = secret(\"ext-1001\")\n}\n"})
	d := sit(t, nil)
	d.env["CALLBOX_SECRET_EXT_1001"] = "s3cret-enough"
	code, out, errs := d.types("validate", dir)
	if code != 0 || errs != "" || !strings.Contains(out, "can be used: 1 extension.") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestASecretThatIsNotHereIsAWarningWithTheWayOut(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": "extension \"1001\" {\n  password = secret(\"ext-1001\")\n}\n"})
	code, _, errs := sit(t, nil).types("validate", dir)
	if code != 0 || !strings.Contains(errs, "callbox secret set ext-1001") || !strings.Contains(errs, "CALLBOX_SECRET_EXT_1001") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestABrokenConfigurationEndsWithOne(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": "extention \"1001\" {\n}\n"})
	d := sit(t, &fakeBox{})
	for _, command := range []string{"validate", "plan", "apply"} {
		code, _, errs := d.types(command, dir)
		if code != exitFailed || !strings.Contains(errs, "office.hcl") || !strings.Contains(errs, "Correct what is shown above") {
			t.Errorf("%s: exit %d: %s", command, code, errs)
		}
		code, out, errs := d.types(command, dir, "--json")
		if code != exitFailed || !json.Valid([]byte(out)) || errs != "" {
			t.Errorf("%s --json: exit %d: %s%s", command, code, out, errs)
		}
	}
}

func TestADirectoryThatIsNotThereIsSaid(t *testing.T) {
	d := sit(t, nil)
	for _, command := range []string{"validate", "fmt", "plan", "run"} {
		code, _, errs := d.types(command, filepath.Join(d.data, "nowhere"))
		if code != exitFailed || strings.Count(errs, "\n") < 2 {
			t.Errorf("%s: exit %d: %s", command, code, errs)
		}
	}
}

const untidy = "extension \"1001\" {\nname=\"Mei\"\n}\n"

func TestFmtRewritesAndKeepsTheMode(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": untidy, "office.test.hcl": untidy, "notes.txt": untidy})
	d := sit(t, nil)
	code, out, _ := d.types("fmt", dir)
	if code != 0 || strings.Count(out, ".hcl\n") != 2 {
		t.Errorf("exit %d: %s", code, out)
	}
	file := filepath.Join(dir, "office.hcl")
	got, _ := os.ReadFile(file)
	info, err := os.Stat(file)
	if err != nil || string(got) != string(hcl.Format([]byte(untidy))) || info.Mode().Perm() != 0o600 {
		t.Errorf("%q %v", got, info.Mode())
	}
	if _, out, _ := d.types("fmt", dir); out != "" {
		t.Errorf("a second time it changed %s", out)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".fmt-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFmtCheckChangesNothingAndEndsWithOne(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": untidy})
	code, out, errs := sit(t, nil).types("fmt", "--check", "--diff", dir)
	if code != exitFailed || !strings.Contains(errs, "1 file not in the layout") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if !strings.Contains(out, "@@ -1,3 +1,3 @@\n extension \"1001\" {\n-name=\"Mei\"\n+  name = \"Mei\"\n }\n") {
		t.Error(out)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "office.hcl")); string(got) != untidy {
		t.Errorf("changed: %q", got)
	}
}

func TestFmtIsAFilterForEditors(t *testing.T) {
	d := sit(t, nil)
	d.in = untidy
	if code, out, _ := d.types("fmt", "-"); code != 0 || out != string(hcl.Format([]byte(untidy))) {
		t.Errorf("exit %d: %q", code, out)
	}
}

func TestDifferencesAreShownAsDiffDoes(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n"
	after := "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nnew\nl\n"
	want := "--- x\n+++ x\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -9,4 +9,5 @@\n i\n j\n k\n+new\n l\n"
	if got := unified("x", before, after); got != want {
		t.Errorf("%s", got)
	}
}
