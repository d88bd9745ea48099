package web

import (
	"errors"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbox/appliance/journal"
)

func TestOnlyTheOwnerCanOpenTheControlSocket(t *testing.T) {
	_, _, path := control(t, &fakeBox{})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode is %o", mode)
	}
}

func TestASocketThatAKilledBoxLeftIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if !exists(path) {
		t.Fatal("the test needs a socket that nobody serves")
	}
	s := New(&fakeBox{}, Options{})
	defer s.Close()
	if err := s.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, clientOf(path), "GET", "http://box/v1/status", nil); status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestASecondBoxOnTheSameDataIsRefused(t *testing.T) {
	_, c, path := control(t, &fakeBox{})
	second := New(&fakeBox{}, Options{})
	defer second.Close()
	if err := second.ServeUnix(path); err == nil || !strings.Contains(err.Error(), "another box runs") {
		t.Errorf("got %v", err)
	}
	if status, _ := ask(t, c, "GET", "http://box/v1/status", nil); status != 200 {
		t.Error("the first box lost its socket")
	}
}

func TestAFileUnderTheSocketsNameIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(&fakeBox{}, Options{})
	defer s.Close()
	if err := s.ServeUnix(path); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file is gone")
	}
}

func TestAPathThatIsTooLongSaysWhatToDo(t *testing.T) {
	s := New(&fakeBox{}, Options{})
	defer s.Close()
	err := s.ServeUnix(filepath.Join(t.TempDir(), strings.Repeat("x", 120)))
	if err == nil || !strings.Contains(err.Error(), "shorter --data") {
		t.Errorf("got %v", err)
	}
}

func TestTheSocketIsGoneAfterClose(t *testing.T) {
	s, _, path := control(t, &fakeBox{})
	s.Close()
	if exists(path) {
		t.Error("the socket is still there")
	}
}

func TestListsAreNeverNull(t *testing.T) {
	_, c, _ := control(t, &fakeBox{})
	for _, path := range []string{"/v1/calls", "/v1/trunks", "/v1/blocks", "/v1/generations", "/v1/secrets"} {
		if status, body := ask(t, c, "GET", "http://box"+path, nil); status != 200 || strings.TrimSpace(body) != "[]" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestPastCallsComeOneALine(t *testing.T) {
	f := &fakeBox{past: []journal.CDR{{ID: "a"}, {ID: "b"}}}
	_, c, _ := control(t, f)
	status, body := ask(t, c, "GET", "http://box/v1/calls/past?last=2&from=2026-03-02T10:00:00%2B08:00", nil)
	if status != 200 || strings.Count(body, "\n") != 2 {
		t.Errorf("%d %q", status, body)
	}
	if f.asked.Last != 2 || !f.asked.From.Equal(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("asked for %+v", f.asked)
	}
	status, body = ask(t, c, "GET", "http://box/v1/calls/past?from=yesterday", nil)
	expectProblem(t, status, body, 400, "RFC 3339")
}

func TestAListOfPastCallsThatBreaksOffIsSeenToBreakOff(t *testing.T) {
	_, c, _ := control(t, &fakeBox{past: []journal.CDR{{ID: "a"}}, pastFails: errors.New("disk")})
	res, err := c.Get("http://box/v1/calls/past")
	if err != nil {
		return // seen even sooner
	}
	defer res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 1<<16)); err == nil {
		if _, err = res.Body.Read(make([]byte, 1)); err == nil || err.Error() == "EOF" {
			t.Errorf("the list ended as if it were whole: %v", err)
		}
	}
}

func TestTheListOfGenerationsKnowsWhoApplied(t *testing.T) {
	f := &fakeBox{}
	_, c, _ := control(t, f)
	ask(t, c, "POST", "http://box/v1/apply", archive(t, map[string]string{"office.hcl": ""}))
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if f.who != me.Username {
		t.Errorf("applied by %q, not %q", f.who, me.Username)
	}
}

func TestAWrongRequestIsToldWhatIsWrongWithIt(t *testing.T) {
	_, c, _ := control(t, &fakeBox{applyErr: ErrBusy})
	for _, w := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/v1/secrets/pstn", `{"valeu":"x"}`, 400, "valeu"},
		{"PUT", "/v1/secrets/pstn", `{"value":1}`, 400, "value: a string"},
		{"PUT", "/v1/secrets/pstn", `{"value":"x"} more`, 400, "nothing after"},
		{"PUT", "/v1/secrets/pstn", ``, 400, "JSON object"},
		{"PUT", "/v1/secrets/pstn", `{"value":""}`, 400, "empty"},
		{"PUT", "/v1/secrets/pstn", `{"value":"` + strings.Repeat("x", maxBody) + `"}`, 413, "larger"},
		{"DELETE", "/v1/secrets/pstn", "", 404, "not found"},
		{"DELETE", "/v1/blocks/192.0.2.9", "", 404, "not found"},
		{"POST", "/v1/rollback", `{"generation":-1}`, 400, "generation"},
		{"POST", "/v1/plan", "no archive, but long enough to look for a header" + strings.Repeat(".", 600), 400, "tar archive"},
		{"GET", "/v1/calls/past?last=0", "", 400, "at least 1"},
		{"GET", "/v1/nothing", "", 404, ""},
		{"POST", "/v1/status", "", 404, ""},
	} {
		status, body := ask(t, c, w.method, "http://box"+w.path, strings.NewReader(w.body))
		expectProblem(t, status, body, w.status, w.says)
	}
	status, body := ask(t, c, "POST", "http://box/v1/apply", archive(t, nil))
	expectProblem(t, status, body, 409, "busy")
}

func TestABugInOneRequestIsCountedAndEndsNothingElse(t *testing.T) {
	f := &fakeBox{status: func() Status { panic("a bug") }}
	s, c, _ := control(t, f)
	status, body := ask(t, c, "GET", "http://box/v1/status", nil)
	expectProblem(t, status, body, 500, "log")
	if strings.Contains(body, "a bug") {
		t.Error("the answer shows the inside")
	}
	if s.Panics() != 1 {
		t.Errorf("counted %d", s.Panics())
	}
	if status, _ := ask(t, c, "GET", "http://box/v1/phones", nil); status != 200 {
		t.Errorf("the next request got %d", status)
	}
}

func TestWhoIsTrustedHearsWhyTheBoxIsUnwell(t *testing.T) {
	_, c, _ := control(t, &fakeBox{unwell: errors.New("the disk is full")})
	if status, body := ask(t, c, "GET", "http://box/healthz", nil); status != 503 || !strings.Contains(body, "disk is full") {
		t.Errorf("%d %s", status, body)
	}
}
