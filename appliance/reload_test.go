package appliance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbox/appliance/web"
)

func (o *office) status() (s web.Status) {
	o.t.Helper()
	o.ask("GET", "/v1/status", nil, &s)
	return s
}

func (o *office) generation(n int) {
	o.t.Helper()
	o.eventually(fmt.Sprintf("generation %d runs", n), func() bool { return o.status().Generation == n })
}

const desk = `
extension "1005" {
  password = "five"
}
`

func TestAChangedFileIsLiveForNewCallsWhileOthersGoOn(t *testing.T) {
	o := newOffice(t, "")
	mei, jun := o.phone("1001"), o.phone("1002")
	a, b := o.talk(mei, jun, "1002")
	before := o.gone(o.call(mei, "1005"))
	o.write("more.hcl", desk)
	o.generation(2)
	after := o.gone(o.call(mei, "1005"))
	if before.Code != 404 || after.Code != 480 {
		t.Errorf("before %d, after %d; want 404 then 480", before.Code, after.Code)
	}
	o.hears(a, 880)
	o.hears(b, 440)
	a.Hangup()
	o.gone(b)
	o.cdr(3)
	if c := o.cdrs()[0]; c.Generation != 1 || c.Outcome != "answered" {
		t.Errorf("the call that went on: %+v", c)
	}
}

func TestAnExtensionThatIsRemovedGoesOnTalking(t *testing.T) {
	o := newOffice(t, desk)
	mei, five := o.phone("1001"), o.phone("1005")
	a, b := o.talk(mei, five, "1005")
	o.write("more.hcl", "")
	o.generation(2)
	o.hears(a, 880)
	o.hears(b, 440)
	if r := o.gone(o.call(mei, "1005")); r.Code != 404 {
		t.Errorf("a new call to it got %+v", r)
	}
	b.Hangup()
	o.gone(a)
}

func TestBrokenFilesChangeNothingAndAreSaid(t *testing.T) {
	o := newOffice(t, "")
	mei, jun := o.phone("1001"), o.phone("1002")
	o.write("more.hcl", "extension \"1006\" {\n  pasword = \"x\"\n}\n")
	o.says("configuration refused")
	s := o.status()
	if s.Generation != 1 || !strings.Contains(s.ConfigState, "generation 1") || !strings.Contains(s.Diagnostics, "more.hcl") {
		t.Errorf("status %+v", s)
	}
	a, _ := o.talk(mei, jun, "1002")
	a.Hangup()
	o.write("more.hcl", "")
	o.eventually("the files are good again", func() bool { return o.status().ConfigState == "ok" })
	if o.status().Generation != 1 {
		t.Error("the same files made a new generation")
	}
}

func TestABoxWithBrokenFilesStartsWithItsLastGoodGeneration(t *testing.T) {
	o := newOffice(t, "")
	o.end()
	o.write("more.hcl", "extension {")
	o.start()
	if s := o.status(); s.Generation != 1 || !strings.Contains(s.ConfigState, "broken") || len(s.Alerts) == 0 {
		t.Errorf("status %+v", s)
	}
	o.says("THE CONFIGURATION CANNOT BE USED")
	a, _ := o.talk(o.phone("1001"), o.phone("1002"), "1002")
	a.Hangup()
	o.write("more.hcl", desk)
	o.generation(2)
}

func TestARollbackHoldsAcrossARestartUntilTheFilesChange(t *testing.T) {
	o := newOffice(t, "")
	o.write("more.hcl", desk)
	o.generation(2)
	if code := o.ask("POST", "/v1/rollback", map[string]int{"generation": 0}, nil); code != 200 {
		t.Fatalf("rollback: %d", code)
	}
	o.generation(3)
	if s := o.status(); s.Extensions != 3 {
		t.Errorf("after the rollback there are %d extensions", s.Extensions)
	}
	o.end()
	o.start()
	if s := o.status(); s.Extensions != 3 || !strings.Contains(s.ConfigState, "asked for") {
		t.Errorf("after a restart: %+v", s)
	}
	o.write("more.hcl", desk+"# again\n")
	o.eventually("the files are the intent again", func() bool { s := o.status(); return s.Extensions == 4 && s.ConfigState == "ok" })
}

func TestALinkThatIsSwitchedIsOneChange(t *testing.T) {
	o := newOffice(t, "")
	o.end()
	root := t.TempDir()
	first, second := filepath.Join(root, "one"), filepath.Join(root, "two")
	for dir, more := range map[string]string{first: "", second: desk} {
		if err := os.CopyFS(dir, os.DirFS(o.dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "more.hcl"), []byte(more), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.dir = filepath.Join(root, "current")
	if err := os.Symlink(first, o.dir); err != nil {
		t.Fatal(err)
	}
	o.start()
	next := filepath.Join(root, "next")
	if err := os.Symlink(second, next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, o.dir); err != nil {
		t.Fatal(err)
	}
	o.eventually("the other tree runs", func() bool { return o.status().Extensions == 4 })
	if g := o.status().Generation; g != 2 {
		t.Errorf("generation %d, want 2", g)
	}
}

func TestAnEditorThatWritesBesideAndRenamesIsOneChange(t *testing.T) {
	o := newOffice(t, "")
	for _, name := range []string{"4913", ".more.hcl.swp", "more.hcl~"} {
		o.write(name, "not hcl {")
	}
	o.write("more.hcl.tmp", desk)
	if err := os.Rename(filepath.Join(o.dir, "more.hcl.tmp"), filepath.Join(o.dir, "more.hcl")); err != nil {
		t.Fatal(err)
	}
	o.generation(2)
	if s := o.status(); s.ConfigState != "ok" || s.Extensions != 4 {
		t.Errorf("status %+v", s)
	}
}

func TestRegistrationsSurviveARestart(t *testing.T) {
	o := newOffice(t, "")
	jun := o.phone("1002")
	o.end()
	o.start()
	if s := o.status(); s.Phones != 1 {
		t.Errorf("%d phones after the restart", s.Phones)
	}
	a := o.call(o.phone("1001"), "1002")
	if err := o.rings(jun).Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	a.Hangup()
}
