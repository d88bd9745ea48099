package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUsageEndsWith64AndSaysHow(t *testing.T) {
	d := sit(t, nil)
	for _, line := range []string{
		"stat", "status --nonsense", "plan", "plan a b", "status now", "rollback x", "rollback 0", "unblock", "secret sett x", "secret set", "validate",
		"run", "run a --demo", "calls --last 3", "calls --past --last 0", "calls --past --from yesterday", "docs more", "docs --man --markdown", "dial", "dial nobody@", "dial sip:1@h --press xyz", "test", "test a b", "test a --run (", "plugin chek a", "plugin new", "plugin new 1st", "plugin new a b c", "plugin check", "plugin test", "plugin test a --run (", "doctor a b",
	} {
		code, out, errs := d.types(strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(errs, "See callbox") || out != "" {
			t.Errorf("%s: exit %d: %s%s", line, code, out, errs)
		}
	}
}

func TestAMistypedCommandIsGuessed(t *testing.T) {
	_, _, errs := sit(t, nil).types("statsu")
	if !strings.Contains(errs, `did you mean "status"?`) {
		t.Error(errs)
	}
}

func TestWithoutABoxCommandsSayHowToStartOne(t *testing.T) {
	d := sit(t, nil)
	for _, line := range []string{"status", "calls", "calls --past", "phones", "generations", "rollback", "unblock 192.0.2.1"} {
		code, _, errs := d.types(strings.Fields(line)...)
		if code != exitFailed || !strings.Contains(errs, "callbox run DIR") {
			t.Errorf("%s: exit %d: %s", line, code, errs)
		}
	}
}

func TestASocketThatAKilledBoxLeftIsNoBox(t *testing.T) {
	d := sit(t, nil)
	l, err := net.Listen("unix", filepath.Join(d.data, socketName))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if code, _, errs := d.types("status"); code != exitFailed || !strings.Contains(errs, "no box answers") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestTheBoxCanBeNamedInAllWays(t *testing.T) {
	running := sit(t, &fakeBox{})
	elsewhere := sit(t, nil)
	socket := filepath.Join(running.data, socketName)
	for _, box := range []string{socket, "unix:" + socket, "unix://" + socket, running.data} {
		if code, _, errs := elsewhere.types("status", "--box", box); code != 0 {
			t.Errorf("%s: exit %d: %s", box, code, errs)
		}
	}
}

func TestEveryCommandHasItsFlagsExplained(t *testing.T) {
	a := app{}
	for _, c := range leaves(a.root()) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q", c.CommandPath(), c.Short)
		}
	}
}

func TestVersionSaysItsVersion(t *testing.T) {
	d := sit(t, nil)
	if code, out, _ := d.types("version"); code != 0 || !strings.HasPrefix(out, "callbox 1.2.3 (go") {
		t.Errorf("exit %d: %s", code, out)
	}
	if _, out, _ := d.types("version", "--json"); !strings.Contains(out, `"version":"1.2.3"`) {
		t.Error(out)
	}
}

func TestDocsCoverEveryCommand(t *testing.T) {
	d := sit(t, nil)
	_, page, _ := d.types("docs")
	_, manual, _ := d.types("docs", "commands", "--man")
	a := app{}
	for _, c := range leaves(a.root()) {
		if !strings.Contains(page, "### "+c.CommandPath()) || !strings.Contains(manual, strings.TrimSuffix(c.CommandPath(), " ")) {
			t.Errorf("%s is not explained", c.CommandPath())
		}
	}
	if !strings.HasPrefix(manual, ".TH CALLBOX 1") {
		t.Error(manual[:80])
	}
}

func TestCompletionIsThereForEveryShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, _ := sit(t, nil).types("completion", shell); code != 0 || len(out) < 100 {
			t.Errorf("%s: exit %d", shell, code)
		}
	}
}
