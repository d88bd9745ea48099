package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// begun is a plugin as callbox plugin new makes it, named orders.
func begun(t *testing.T, d *desk) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "plugins", "orders")
	if code, out, errs := d.types("plugin", "new", "orders", dir); code != 0 || errs != "" || !strings.Contains(out, "callbox plugin test "+dir) {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	return dir
}

// change writes another text into a file of dir, in place of one that is there.
func change(t *testing.T, dir, file, old, new string) {
	t.Helper()
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q: %v", file, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestANewPluginIsCheckedTestedAndInTheLayout(t *testing.T) {
	d := sit(t, nil)
	dir := begun(t, d)
	code, out, errs := d.types("plugin", "check", dir)
	for _, want := range []string{"orders 0.1.0 can be used", "flows call     plugin.orders.lookup\n", "the box calls  nothing\n", "needs          http https://base-url.example/\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("check does not print %q", want)
		}
	}
	if code != 0 || strings.Contains(errs, "Error") {
		t.Errorf("check: exit %d: %s%s", code, out, errs)
	}
	if code, out, errs := d.types("plugin", "test", dir); code != 0 || errs != "" || !strings.HasSuffix(out, "\n3 passed, 0 failed\n") {
		t.Errorf("test: exit %d: %s%s", code, out, errs)
	}
	if code, out, errs := d.types("fmt", "--check", dir); code != 0 {
		t.Errorf("fmt: exit %d: %s%s", code, out, errs)
	}
	for _, file := range []string{"README.md", ".luarc.json", ".callbox/callbox.lua", ".callbox/callbox/http.lua", "orders.test.hcl"} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || strings.Contains(string(text), "NAME") {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, out, _ := d.types("plugin", "test", dir, "--run", "harms no call"); !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Error(out)
	}
}

func TestNothingIsOverwrittenByANewPlugin(t *testing.T) {
	dir := write(t, map[string]string{"main.lua": "mine"})
	d := sit(t, nil)
	code, _, errs := d.types("plugin", "new", "orders", dir)
	if text, _ := os.ReadFile(filepath.Join(dir, "main.lua")); code != exitFailed || !strings.Contains(errs, "empty or not there yet") || string(text) != "mine" {
		t.Errorf("exit %d: %s", code, errs)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left there: %v", files)
	}
	if code, _, errs := d.types("plugin", "new", "orders", filepath.Join(dir, "main.lua")); code != exitFailed || !strings.Contains(errs, "Name a directory") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestACheckTellsAllMistakesWithPlaceAndRemedy(t *testing.T) {
	d := sit(t, nil)
	dir := begun(t, d)
	change(t, dir, "plugin.hcl", "version ", "verison ")
	change(t, dir, "main.lua", "local M = {}", "local M = {")
	code, out, errs := d.types("plugin", "check", dir)
	for _, want := range []string{"on plugin.hcl line 2", "on main.lua line ", "main.lua", "cannot be used: ", "Correct what is shown above"} {
		if !strings.Contains(errs, want) {
			t.Errorf("it does not print %q", want)
		}
	}
	if code != exitFailed || out != "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := d.types("plugin", "test", dir); code != exitFailed || !strings.Contains(errs, "cannot be tested") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestAHookThatNobodyCallsIsDoubted(t *testing.T) {
	d := sit(t, nil)
	dir := begun(t, d)
	change(t, dir, "main.lua", "return M\n", "function M.on_call_endet() end\nfunction M.on_call_started() end\nreturn M\n")
	code, out, errs := d.types("plugin", "check", dir)
	if code != 0 || !strings.Contains(errs, "on_call_endet is no hook") || !strings.Contains(out, "the box calls  on_call_started\n") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	code, out, errs = d.types("plugin", "check", dir, "--json")
	var c struct {
		Name, Version    string
		Usable           bool
		Functions, Needs []string
		Diagnostics      struct {
			Diagnostics []struct{ Severity, Summary string }
		}
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil || code != 0 || errs != "" {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if c.Name != "orders" || c.Version != "0.1.0" || !c.Usable || len(c.Functions) != 3 || len(c.Needs) != 1 || len(c.Diagnostics.Diagnostics) == 0 {
		t.Error(out)
	}
}

func TestWorkThatAPluginDoesWhileItLoadsIsCutOff(t *testing.T) {
	d := sit(t, nil)
	dir := begun(t, d)
	change(t, dir, "main.lua", "local M = {}", "local M = {}\nwhile true do end")
	code, out, errs := d.types("plugin", "check", dir, "--json")
	if code != exitFailed || !strings.Contains(out, `"usable":false`) || !strings.Contains(out, "Move the work into the function") || errs != "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestAPluginTestThatFailsTellsWhere(t *testing.T) {
	d := sit(t, nil)
	dir := begun(t, d)
	change(t, dir, "main.lua", "state = res.json.state", `state = "lost"`)
	code, out, errs := d.types("plugin", "test", dir)
	if code != exitFailed || errs != "" || !strings.Contains(out, filepath.Join(dir, "orders.test.hcl")+":") || !strings.HasSuffix(out, "\n2 passed, 1 failed\n") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if err := os.Remove(filepath.Join(dir, "office.hcl")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := d.types("plugin", "test", dir); code != exitFailed || !strings.Contains(errs, "Write office.hcl") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestAFolderThatIsNoPluginIsSaid(t *testing.T) {
	d := sit(t, nil)
	for _, command := range []string{"check", "test"} {
		for dir, want := range map[string]string{filepath.Join(d.data, "nowhere"): "callbox plugin new", t.TempDir(): "no plugin.hcl"} {
			if code, _, errs := d.types("plugin", command, dir); code != exitFailed || !strings.Contains(errs, want) {
				t.Errorf("%s: exit %d: %s", command, code, errs)
			}
		}
	}
}
