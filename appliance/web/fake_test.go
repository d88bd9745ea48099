package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbox/appliance/journal"
	"callbox/hcl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeBox is a box of which the test decides everything.
type fakeBox struct {
	numbers   *Metrics // when a test has its own
	plugins   []Plugin
	status    func() Status
	past      []journal.CDR
	pastFails error
	asked     journal.Query
	files     map[string][]byte
	who       string
	rolled    int
	unwell    error
	secrets   map[string]string
	ended     map[Ending]uint64
	applyErr  error
}

func (f *fakeBox) Status() Status {
	if f.status != nil {
		return f.status()
	}
	return Status{Name: "Office", Version: "1.2.3", ConfigState: "ok"}
}
func (f *fakeBox) Calls() []Call   { return nil }
func (f *fakeBox) Queues() []Queue { return []Queue{{Name: "claims", Waiting: 2}} }
func (f *fakeBox) Agents() []Agent { return []Agent{{Name: "mei", Status: "ready"}} }
func (f *fakeBox) Why(call string) ([]Step, error) {
	if call != "c1" {
		return nil, ErrNotFound
	}
	return []Step{{Text: "the call came in"}}, nil
}
func (f *fakeBox) AgentSet(name, status, reason string) (Agent, error) {
	switch {
	case name != "mei":
		return Agent{}, ErrNotFound
	case status == "asleep":
		return Agent{}, ErrInvalid
	}
	return Agent{Name: name, Status: status, Reason: reason}, nil
}
func (f *fakeBox) Plugins() []Plugin         { return f.plugins }
func (f *fakeBox) Phones() []Phone           { return []Phone{{Extension: "1001"}} }
func (f *fakeBox) Trunks() []Trunk           { return nil }
func (f *fakeBox) Blocks() []Block           { return nil }
func (f *fakeBox) Generations() []Generation { return nil }
func (f *fakeBox) Healthy() error            { return f.unwell }
func (f *fakeBox) Secrets() []string         { return nil }
func (f *fakeBox) Unblock(source string) error {
	if source != "192.0.2.1" {
		return ErrNotFound
	}
	return nil
}
func (f *fakeBox) Past(q journal.Query) iter.Seq2[journal.CDR, error] {
	f.asked = q
	return func(yield func(journal.CDR, error) bool) {
		for _, c := range f.past {
			if !yield(c, nil) {
				return
			}
		}
		if f.pastFails != nil {
			yield(journal.CDR{}, f.pastFails)
		}
	}
}
func (f *fakeBox) Plan(files map[string][]byte) PlanResult {
	f.files = files
	return PlanResult{Valid: true, Changes: []hcl.Change{{Action: "add", Block: `extension "1001"`}}}
}
func (f *fakeBox) Apply(_ context.Context, files map[string][]byte, who string) (ApplyResult, error) {
	f.files, f.who = files, who
	return ApplyResult{Applied: true, Generation: 2}, f.applyErr
}
func (f *fakeBox) Rollback(_ context.Context, n int, who string) (ApplyResult, error) {
	f.rolled = n
	return ApplyResult{Applied: true, Generation: 3}, nil
}
func (f *fakeBox) SecretSet(name, value string) error {
	if name == "" || strings.Contains(name, "/") {
		return ErrInvalid
	}
	f.secrets = map[string]string{name: value}
	return nil
}
func (f *fakeBox) SecretDelete(string) error { return ErrNotFound }
func (f *fakeBox) Metrics() Metrics {
	if f.numbers != nil {
		return *f.numbers
	}
	return Metrics{Ended: f.ended, Active: 2, Trunks: map[string]bool{"pstn": true, "backup": false}, JournalLag: 1500 * time.Millisecond, Panics: 1}
}

// control starts a server on a control socket and gives a client for it.
func control(t *testing.T, f *fakeBox) (*Server, *http.Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	s := New(f, Options{})
	if err := s.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, clientOf(path), path
}

func clientOf(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", path)
	}}}
}

// ask sends a request and returns status and body.
func ask(t *testing.T, c *http.Client, method, url string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// expectProblem checks that an answer is an RFC 9457 problem that says something.
func expectProblem(t *testing.T, status int, body string, want int, says string) {
	t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("no problem: %s", body)
	}
	if status != want || p.Status != want || !strings.Contains(p.Detail, says) {
		t.Errorf("got %d %s, want %d with %q", status, body, want, says)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
