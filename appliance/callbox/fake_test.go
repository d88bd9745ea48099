package main

import (
	"bytes"
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbox/appliance"
	"callbox/appliance/journal"
	"callbox/appliance/web"
	"callbox/hcl"
)

var update = flag.Bool("update", false, "write what commands print to testdata")

func TestMain(m *testing.M) {
	if status, is := appliance.RunLua(os.Args); is {
		os.Exit(status)
	}
	goleak.VerifyTestMain(m)
}

// taipei is the reader's zone in these tests, and ten o'clock the time.
var (
	taipei = time.FixedZone("", 8*3600)
	ten    = time.Date(2026, 3, 2, 10, 0, 0, 0, taipei)
)

// fakeBox is a box behind a real control socket. Its fields are what it shows, and what it was told.
type fakeBox struct {
	plan     web.PlanResult
	refuses  error
	secrets  map[string]string
	unblocks []string
	applied  map[string][]byte
	rolled   int
	asked    journal.Query
	quiet    bool // nothing is configured and nothing happens
}

func (f *fakeBox) Queues() []web.Queue {
	return []web.Queue{{Name: "claims", Waiting: 2, LongestWait: 65, Ready: 1, LoggedIn: 2}}
}

func (f *fakeBox) Plugins() []web.Plugin {
	if f.quiet {
		return nil
	}
	return []web.Plugin{
		{Name: "hello", Source: "plugins/hello.lua", Functions: []web.PluginFunction{{Name: "greet", Failed: map[string]uint64{}}}},
		{Name: "policy", Version: "1.2.0", Source: "plugins/policy", Functions: []web.PluginFunction{
			{Name: "lookup", Calls: 40, Running: 1, Failed: map[string]uint64{"timeout": 3, "error": 1}, Total: 10, Longest: 2, LastError: "plugin policy.lookup: main.lua:7: it took longer than 2s"},
			{Name: "on_call_ended", Calls: 12, Failed: map[string]uint64{}, Total: 0.12, Longest: 0.03},
		}},
	}
}

func (f *fakeBox) Agents() []web.Agent {
	return []web.Agent{{Name: "mei", FullName: "Mei Lin", Status: "paused", Reason: "lunch", Activity: "idle"}}
}

func (f *fakeBox) Why(call string) ([]web.Step, error) {
	if call != "c1" {
		return nil, web.ErrNotFound
	}
	return []web.Step{{Text: "menu top (flows.hcl:31): the caller keyed 2", More: []string{"result.policy.found is true"}}}, nil
}

func (f *fakeBox) AgentSet(name, status, reason string) (web.Agent, error) {
	if name != "mei" {
		return web.Agent{}, web.ErrNotFound
	}
	return web.Agent{Name: name, Status: status, Reason: reason}, nil
}

func (f *fakeBox) Status() web.Status {
	return web.Status{
		Name: "Sunrise 旭日", Version: "1.2.3", Started: ten.Add(-3*time.Hour - 12*time.Minute), Generation: 4, Hash: "3f2a90bc11223344",
		Configured: "/srv/office", ConfigState: "last good generation 4 runs: the files are broken",
		Diagnostics: "Error: unknown block \"extention\"\n  on office.hcl line 3:\n", Listen: []string{"udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"},
		Calls: 2, Extensions: 4, Phones: 3, Trunks: 2, TrunksUp: 1, PortsUsed: 4, PortsTotal: 8192, Store: "ok",
		Alerts: []string{"the configuration files are broken", "trunk backup is down: no answer"},
	}
}

func (f *fakeBox) Calls() []web.Call {
	if f.quiet {
		return nil
	}
	answered := ten.Add(-65 * time.Second)
	return []web.Call{
		{ID: "01KJ8W", Direction: "internal", From: "1001", To: "1002", State: "talking", Started: ten.Add(-70 * time.Second), Answered: &answered, Generation: 4,
			Legs: []web.Leg{{Peer: "1001", Codec: "pcma", MOS: 4.4}, {Peer: "1002", Codec: "pcma", Secure: "AEAD_AES_128_GCM", MOS: 3.91}}},
		{ID: "01KJ8X", Direction: "out", From: "1003", To: "+886227001234", Trunk: "pstn", State: "ringing", Started: ten.Add(-4 * time.Second), Generation: 3},
	}
}

func (f *fakeBox) Past(q journal.Query) iter.Seq2[journal.CDR, error] {
	f.asked = q
	return func(yield func(journal.CDR, error) bool) {
		if f.quiet {
			return
		}
		yield(journal.CDR{ID: "01KJ7A", Direction: "in", From: "+886912345678", To: "1001", Dialled: "0227001234", Trunk: "pstn", Started: ten.AddDate(0, 0, -1), Outcome: "busy",
			Cause: journal.Cause{Who: "callee", Why: "busy", SIP: 486}}, nil)
		yield(journal.CDR{ID: "01KJ7B", Direction: "internal", From: "1001", To: "1002", Dialled: "1002", Started: ten.Add(-10 * time.Minute), Outcome: "answered",
			Cause: journal.Cause{Who: "caller", Why: "hung_up"}, TalkSeconds: 62.4, Legs: []journal.Leg{{Codec: "pcma", MOS: 4.4, Secure: "AES_CM_128_HMAC_SHA1_80"}, {Codec: "pcma", MOS: 4.4, Secure: "AES_CM_128_HMAC_SHA1_80"}}}, nil)
	}
}

func (f *fakeBox) Phones() []web.Phone {
	if f.quiet {
		return nil
	}
	soon := ten.Add(90 * time.Second)
	return []web.Phone{
		{Extension: "1001", Name: "Mei Lin 林美", Online: true, Source: "192.168.0.9:5062", Transport: "udp", UserAgent: "baresip v1.0\x1b[31m", Expires: &soon, Calls: 1},
		{Extension: "1002", Name: "Jun"},
	}
}

func (f *fakeBox) Trunks() []web.Trunk {
	if f.quiet {
		return nil
	}
	yes := true
	return []web.Trunk{
		{Name: "pstn", Address: "sbc.carrier.example:5060", Up: true, Registered: &yes, Since: ten.Add(-26 * time.Hour), Calls: 1, Channels: 30, RTTMS: 12.4},
		{Name: "backup", Address: "198.51.100.7", Reason: "no answer", Since: ten.Add(-42 * time.Second)},
	}
}

func (f *fakeBox) Blocks() []web.Block {
	if f.quiet {
		return nil
	}
	return []web.Block{{Source: "203.0.113.66", Reason: "guesses passwords", Until: ten.Add(14 * time.Minute), Count: 12}}
}

func (f *fakeBox) Unblock(source string) error {
	f.unblocks = append(f.unblocks, source)
	return f.refuses
}

func (f *fakeBox) Plan(map[string][]byte) web.PlanResult { return f.plan }

func (f *fakeBox) Apply(_ context.Context, files map[string][]byte, _ string) (web.ApplyResult, error) {
	f.applied = files
	return web.ApplyResult{Applied: f.plan.Valid && len(f.plan.Changes) > 0, Generation: 5, Plan: f.plan}, f.refuses
}

func (f *fakeBox) Rollback(_ context.Context, n int, _ string) (web.ApplyResult, error) {
	f.rolled = n
	return web.ApplyResult{Applied: true, Generation: 6, Plan: f.plan}, f.refuses
}

func (f *fakeBox) Generations() []web.Generation {
	if f.quiet {
		return nil
	}
	return []web.Generation{
		{N: 3, Applied: ten.AddDate(0, 0, -2), Who: "files", Hash: "aaaaaaaaaaaaaaaa", Calls: 1},
		{N: 4, Applied: ten.Add(-time.Hour), Who: "mei", Hash: "3f2a90bc11223344", Active: true, Calls: 1, Plan: make([]hcl.Change, 2)},
	}
}

func (f *fakeBox) SecretSet(name, value string) error {
	f.secrets[name] = value
	return f.refuses
}
func (f *fakeBox) SecretDelete(name string) error { delete(f.secrets, name); return f.refuses }
func (f *fakeBox) Secrets() []string {
	var names []string
	for name := range f.secrets {
		names = append(names, name)
	}
	return names
}
func (f *fakeBox) Healthy() error       { return nil }
func (f *fakeBox) Metrics() web.Metrics { return web.Metrics{} }

// desk is where somebody types: a data directory, an environment, and maybe a box that runs.
type desk struct {
	t    *testing.T
	data string
	env  map[string]string
	in   string
}

// sit gives a desk; f nil: no box runs.
func sit(t *testing.T, f *fakeBox) *desk {
	t.Helper()
	d := &desk{t: t, data: t.TempDir(), env: map[string]string{}}
	if f != nil {
		if f.secrets == nil {
			f.secrets = map[string]string{}
		}
		s := web.New(f, web.Options{})
		if err := s.ServeUnix(filepath.Join(d.data, socketName)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
	}
	return d
}

// types runs one command line.
func (d *desk) types(args ...string) (code int, out, errs string) {
	d.t.Helper()
	return d.typesUntil(context.Background(), nil, args...)
}

func (d *desk) typesUntil(ctx context.Context, tick <-chan time.Time, args ...string) (code int, out, errs string) {
	d.t.Helper()
	var o, e bytes.Buffer
	a := app{
		version: "1.2.3",
		now:     func() time.Time { return ten },
		env:     func(name string) (string, bool) { v, ok := d.env[name]; return v, ok },
		tick:    func(time.Duration) <-chan time.Time { return tick },
	}
	code = a.execute(ctx, append(args, "--data", d.data), streams{strings.NewReader(d.in), &o, &e})
	return code, o.String(), e.String()
}

// golden compares with testdata/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n--- got\n%s--- want\n%s", name, got, want)
	}
}

// write makes a configuration directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
