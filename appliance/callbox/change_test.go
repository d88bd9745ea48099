package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbox/appliance/web"
	"callbox/hcl"
)

var aChange = web.PlanResult{Valid: true, Running: 4, CallsAffected: 1, Changes: []hcl.Change{
	{Action: "change", Block: `extension "1001"`, What: []string{"allow internal, national → internal"}, Effect: "new calls only"},
}}

func TestAPlanWithChangesEndsWithTwo(t *testing.T) {
	dir := write(t, nil)
	f := &fakeBox{plan: aChange}
	d := sit(t, f)
	code, out, _ := d.types("plan", dir)
	if code != exitChanges || !strings.Contains(out, "1 change from generation 4; 1 call in progress affected.") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, _, _ = d.types("plan", dir, "--json"); code != exitChanges {
		t.Errorf("with --json: exit %d", code)
	}
	if f.applied != nil {
		t.Error("a plan was applied")
	}
	f.plan = web.PlanResult{Valid: true, Running: 4}
	if code, out, _ = d.types("plan", dir); code != 0 || !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestAConfigurationThatTheBoxRefusesEndsWithOne(t *testing.T) {
	f := &fakeBox{plan: web.PlanResult{Text: "Error: port in use\n"}}
	d := sit(t, f)
	dir := write(t, nil)
	for _, line := range [][]string{{"plan", dir}, {"apply", dir}, {"rollback"}, {"plan", dir, "--json"}, {"apply", dir, "--json"}} {
		if code, _, errs := d.types(line...); code != exitFailed || len(line) < 3 && !strings.Contains(errs, "port in use") {
			t.Errorf("%v: exit %d: %s", line[0], code, errs)
		}
	}
}

func TestApplySendsTheFilesAndSaysWhatRuns(t *testing.T) {
	f := &fakeBox{plan: aChange}
	d := sit(t, f)
	code, out, errs := d.types("apply", write(t, map[string]string{"office.hcl": "appliance {\n  name = \"X\"\n}\n"}))
	if code != 0 || !strings.Contains(out, "Generation 5 runs.") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if string(f.applied["office.hcl"]) != "appliance {\n  name = \"X\"\n}\n" {
		t.Errorf("sent %q", f.applied)
	}
}

func TestRollbackNamesTheGeneration(t *testing.T) {
	f := &fakeBox{plan: aChange}
	d := sit(t, f)
	if code, out, _ := d.types("rollback", "3"); code != 0 || f.rolled != 3 || !strings.Contains(out, "Generation 6 runs.") {
		t.Errorf("exit %d, asked for %d: %s", code, f.rolled, out)
	}
	if code, _, _ := d.types("rollback"); code != 0 || f.rolled != 0 {
		t.Errorf("exit %d, asked for %d", code, f.rolled)
	}
	f.refuses = web.ErrNotFound
	if code, _, errs := d.types("rollback", "99"); code != exitFailed || !strings.Contains(errs, "not found") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestABlockedAddressIsLetInAgain(t *testing.T) {
	f := &fakeBox{}
	d := sit(t, f)
	if code, out, _ := d.types("unblock", "2001:db8::1"); code != 0 || len(f.unblocks) != 1 || f.unblocks[0] != "2001:db8::1" || !strings.Contains(out, "may come in") {
		t.Errorf("exit %d: %s %v", code, out, f.unblocks)
	}
}

func TestASecretGoesToTheBoxThatRuns(t *testing.T) {
	f := &fakeBox{}
	d := sit(t, f)
	d.in = "s3cret with spaces \r\n"
	code, out, errs := d.types("secret", "set", "pstn")
	if code != 0 || f.secrets["pstn"] != "s3cret with spaces " {
		t.Errorf("exit %d: %q %s", code, f.secrets, errs)
	}
	if strings.Contains(out+errs, "s3cret") {
		t.Error("the value was shown")
	}
	if _, out, _ := d.types("secret", "list"); out != "pstn\n" {
		t.Errorf("list: %q", out)
	}
	if code, _, _ := d.types("secret", "delete", "pstn"); code != 0 || len(f.secrets) != 0 {
		t.Errorf("exit %d: %q", code, f.secrets)
	}
}

func TestASecretIsKeptWhenNoBoxRuns(t *testing.T) {
	d := sit(t, nil)
	d.in = "s3cret"
	if code, _, errs := d.types("secret", "set", "pstn"); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if _, out, _ := d.types("secret", "list", "--json"); out != "[\"pstn\"]\n" {
		t.Errorf("list: %q", out)
	}
	if code, _, errs := d.types("secret", "delete", "pstn"); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := d.types("secret", "delete", "pstn"); code != exitFailed || !strings.Contains(errs, "secret list") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestLookingForSecretsMakesNoDataDirectory(t *testing.T) {
	d := sit(t, nil)
	d.data = filepath.Join(d.data, "elsewhere")
	if code, _, errs := d.types("secret", "list"); code != exitFailed || !strings.Contains(errs, "--data") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, err := os.Stat(d.data); !errors.Is(err, os.ErrNotExist) {
		t.Error("it was made")
	}
}

func TestAnEmptySecretIsRefused(t *testing.T) {
	d := sit(t, nil)
	if code, _, errs := d.types("secret", "set", "pstn"); code != exitFailed || !strings.Contains(errs, "empty") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
