package lua

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The tests start themselves again as the process that runs Lua.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "run-lua":
			os.Exit(Child(os.Stdin, os.Stdout))
		case "try-to-escape":
			os.Exit(tryToEscape())
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if left := children(); left != "" {
			fmt.Fprintln(os.Stderr, "processes are left:", left)
			status = 1
		}
		os.Exit(status)
	}))
}

// children are the processes that this one started and that still are.
func children() string {
	all, _ := filepath.Glob("/proc/self/task/*/children")
	var left []string
	for _, file := range all {
		pids, _ := os.ReadFile(file)
		left = append(left, strings.Fields(string(pids))...)
	}
	return strings.Join(left, " ")
}

var childArgs = []string{os.Args[0], "run-lua"}

// office is a box for plugins: a clock that stands, a chance that is known, and what was said.
type office struct {
	Host *Host
	log  *lockedBuffer
}

type lockedBuffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	seen func(line string) // set before anything is written
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen != nil {
		l.seen(string(b))
	}
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 8*3600))

func options() (Options, *lockedBuffer) {
	log := &lockedBuffer{}
	return Options{
		Child: childArgs,
		Wall:  func() time.Time { return noon },
		Seed:  func() int64 { return 4711 },
		Log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Services: Services{
			KV:     NewMemoryKV(func() time.Time { return noon }),
			Queues: func(name string) (map[string]any, bool) { return map[string]any{"waiting": 3}, name == "claims" },
		},
	}, log
}

func opened(t testing.TB, o Options, log *lockedBuffer) *office {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	h, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return &office{h, log}
}

// plugin is one of a single file.
func single(name, source string) Plugin {
	return Plugin{Name: name, Main: "plugins/" + name + ".lua", Files: map[string][]byte{"plugins/" + name + ".lua": []byte(source)},
		Allow: Allow{KV: true, CRM: "write", Tickets: "write", SMS: true, Mail: true}}
}

// body is a plugin whose function f is the lines given.
func body(lines string) Plugin {
	return single("p", "local M = {}\nfunction M.f(call, args)\n"+lines+"\nend\nreturn M\n")
}

// with starts an office with plugins.
func with(t testing.TB, plugins ...Plugin) *office {
	t.Helper()
	o, log := options()
	o.Plugins = plugins
	return opened(t, o, log)
}

// run calls p.f for a call.
func (o *office) run(t testing.TB, args map[string]any) (map[string]any, error) {
	t.Helper()
	return o.Host.Run(t.Context(), "p", "f", &fakeCall{}, args, 0)
}

// value is what p.f returned, when it is no table.
func (o *office) value(t testing.TB, args map[string]any) any {
	t.Helper()
	result, err := o.run(t, args)
	if err != nil {
		t.Fatal(err)
	}
	return result["value"]
}

// kind is the kind of an error, or what else it is.
func kind(err error) string {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return fmt.Sprint(err)
}

func says(t testing.TB, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// fakeCall is a call that notes what is done to it.
type fakeCall struct {
	mu      sync.Mutex
	did     []string
	keys    string
	playing func(context.Context) error
	queue   error
}

func (c *fakeCall) note(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, fmt.Sprintf(format, args...))
	return nil
}

func (c *fakeCall) Fields() CallFields {
	return CallFields{ID: "01CALL", From: "+886912345678", To: "0227001234", Trunk: "pstn", Language: "zh-Hant", Generation: 7,
		Data: map[string]any{"lane": "day"}, Caller: map[string]any{"found": true, "name": "陳小姐", "tags": []string{"vip"}}}
}
func (c *fakeCall) Set(key string, value any) error { return c.note("set %s=%v", key, value) }
func (c *fakeCall) Tag(name string) error           { return c.note("tag %s", name) }
func (c *fakeCall) Play(ctx context.Context, prompt string, values map[string]any) error {
	c.note("play %s %v", prompt, values)
	if c.playing != nil {
		return c.playing(ctx)
	}
	return nil
}
func (c *fakeCall) Say(_ context.Context, text string) error { return c.note("say %s", text) }
func (c *fakeCall) Collect(_ context.Context, o Collect) (string, bool, error) {
	return c.keys, c.keys != "", c.note("collect %+v", o)
}
func (c *fakeCall) Record(_ context.Context, r Record) (map[string]any, error) {
	return map[string]any{"id": "rec1", "seconds": 4.5}, c.note("record %+v", r)
}
func (c *fakeCall) Queue(_ context.Context, name string, options map[string]any) error {
	c.note("queue %s %v", name, options)
	return c.queue
}
func (c *fakeCall) Transfer(_ context.Context, to string) error {
	c.note("transfer %s", to)
	return errors.New("nobody answers")
}
func (c *fakeCall) Hangup(_ context.Context, cause string) error {
	c.note("hangup %s", cause)
	return ErrLeft
}
