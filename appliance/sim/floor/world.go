package floor

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/record"
	"callbox/hcl"
)

// World is what one test runs in: a box, everybody who calls it or is called by it, and the clock. It begins anew with each test.
type World struct {
	*scheduler
	cfg      *hcl.Config // of the generation that is current
	files    map[string][]byte
	sounds   *sounds
	box      *call.Box
	books    *books
	services *services
	builder  *builder
	desk     *desk
	boxes    *record.Boxes // nil: nobody left a message yet
	current  *generation
	all      []*generation
	lines    []*line // in the order in which they called
	calls    map[string]*line
	phones   map[string]*phone
	timeline []moment
	chance   *rand.ChaCha8
	stop     context.CancelCauseFunc
	ctx      context.Context
}

// moment is a line of the timeline.
type moment struct {
	at   time.Time
	call string // its name in the test
	what string
}

// maxTimeline bounds what is kept of a test that runs for years.
const maxTimeline = 10_000

// newWorld makes the world of a test: nothing has happened in it.
func newWorld(b *builder, cfg *hcl.Config, at time.Time, seed uint64) *World {
	w := &World{
		scheduler: &scheduler{now: at}, cfg: cfg, files: cfg.Files, sounds: &b.sounds, builder: b,
		calls: map[string]*line{}, phones: map[string]*phone{},
		chance: rand.NewChaCha8(seedOf(seed)),
	}
	w.ctx, w.stop = context.WithCancelCause(context.Background())
	w.books = newBooks(w.heard)
	w.box = &call.Box{Journal: w.books, Lines: &call.Lines{}, Now: w.clock, Log: slog.New(faults{b})}
	w.services = newServices(w)
	w.desk = newDesk(w, cfg, seed)
	return w
}

func seedOf(seed uint64) (s [32]byte) {
	for i := range 8 {
		s[i] = byte(seed >> (8 * i))
	}
	return s
}

func (w *World) clock() time.Time { return w.now }

// id makes the id of a call: of its time and of chance, as journal.NewID, but the same in each run.
func (w *World) id() string {
	return ulid.MustNew(uint64(max(0, w.now.UnixMilli())), w.chance).String()
}

// note writes a line into the timeline.
func (w *World) note(l *line, what string) {
	if len(w.timeline) >= maxTimeline {
		return
	}
	m := moment{at: w.now, what: what}
	if l != nil {
		m.call = l.name
	}
	w.timeline = append(w.timeline, m)
}

// heard is told of every fact when it is written.
func (w *World) heard(e journal.Event) {
	if e.Type != journal.TypeCallDigit { // it was noted when it was pressed
		w.note(w.calls[e.Call], w.shown(e))
	}
	if w.current != nil {
		w.current.hear(e)
	}
	if left, ok := e.Body.(journal.VoicemailLeft); ok {
		w.mailed(left)
	}
}

// shown is a fact as the timeline shows it: its type, then what it says. Ids of calls are shown as the test names them.
func (w *World) shown(e journal.Event) string {
	why := ""
	switch body := e.Body.(type) {
	case journal.CallStep:
		return shownStep(body)
	case journal.QueueOffered:
		why = ": " + strings.Join(body.Explanation.Words(), "; ")
	}
	fields := flat(e)
	for _, name := range []string{"seq", "time", "type", "call", "generation", "box", "explanation"} {
		delete(fields, name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s", e.Type)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := w.value(fields[name]); text != "" {
			fmt.Fprintf(&b, " %s=%s", name, text)
		}
	}
	return b.String() + why
}

// shownStep is a step of a flow: where, what came in, what it looked at, what came of it, and where it went.
func shownStep(s journal.CallStep) string {
	b := strings.Builder{}
	fmt.Fprintf(&b, "%s: %s (%s)", s.Flow, s.Step, s.Place)
	if s.Input != "" {
		fmt.Fprintf(&b, ", keyed %s", s.Input)
	}
	for _, l := range s.Looked {
		fmt.Fprintf(&b, ", %s = %s", l.Name, l.Value)
	}
	if s.Result != "" {
		fmt.Fprintf(&b, ": %s", s.Result)
	}
	if s.Fault != "" {
		fmt.Fprintf(&b, ", FAULT: %s", s.Fault)
	}
	if s.To != "" {
		fmt.Fprintf(&b, " → %s", s.To)
	}
	return b.String()
}

// value is a value as people write it; nothing for what is empty.
func (w *World) value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if l := w.calls[v]; l != nil {
			return "call " + l.title()
		}
		if _, err := ulid.ParseStrict(v); err == nil {
			return "…"
		}
		if v == "" || strings.ContainsAny(v, " \"\n") {
			return fmt.Sprintf("%q", v)
		}
		return v
	case []any:
		if len(v) == 0 {
			return ""
		}
		var all []string
		for _, x := range v {
			all = append(all, w.value(x))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, name+" = "+w.value(v[name]))
		}
		if len(all) == 0 {
			return ""
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	return fmt.Sprint(v)
}

func (l *line) title() string {
	if l.name == "" {
		return "first"
	}
	return l.name
}

// call starts a call of somebody: it is pinned to the generation that is current, and lives until its last stage ends.
func (w *World) call(name string, s call.Start) (*line, error) {
	return w.start(name, s, call.Route{})
}

// start starts a call at its first stage.
func (w *World) start(name string, s call.Start, first call.Stage) (*line, error) {
	if s.ID == "" {
		s.ID = w.id()
	}
	l := &line{w: w, name: name}
	l.cdr = func() (journal.CDR, bool) { return w.books.cdr(s.ID) }
	w.calls[s.ID] = l
	w.lines = append(w.lines, l)
	c, err := call.On(w.ctx, l, w.box, w.current.CallPlan(), s)
	if err != nil {
		return nil, err
	}
	l.call = c
	l.picks(s.Account)
	l.co = w.spawn("call "+l.title(), func() {
		c.Serve(stages{l, first})
		l.leave()
		l.hangsUp(s.Account)
	})
	return l, nil
}

// picks takes the phone that calls out of the hands of others.
func (l *line) picks(account string) {
	if account == "" {
		return
	}
	if p := l.w.phone(call.Target{Extension: account}); p.with == nil {
		p.with = l
		l.w.busy(agentOf(l.w.cfg, call.Target{Extension: account}), l, true)
	}
}

// hangsUp puts it back.
func (l *line) hangsUp(account string) {
	if account == "" {
		return
	}
	if p := l.w.phone(call.Target{Extension: account}); p.with == l {
		p.with = nil
		l.w.busy(agentOf(l.w.cfg, call.Target{Extension: account}), l, false)
	}
}

// stages walks through the stages of a call; an agent who transfers a caller begins a new walk.
type stages struct {
	l     *line
	first call.Stage
}

// Run implements call.Stage.
func (s stages) Run(ctx context.Context, c *call.Call) call.Stage {
	for next := s.first; next != nil && ctx.Err() == nil; {
		if next = next.Run(ctx, c); next == nil && s.l.goes != nil {
			to := *s.l.goes
			s.l.goes = nil
			s.l.leave()
			c.Tell(journal.CallTransferred{By: "agent", To: to.String(), Kind: "blind"})
			next = c.Resolve(to)
		}
	}
	return nil
}

// close ends all calls, and everything that still runs.
func (w *World) close() {
	w.stop(call.BoxStopped)
	late := w.now.Add(time.Hour)
	fault := w.fault
	w.fault = nil
	for w.alive > 0 && w.fault == nil && w.turn() {
	}
	w.run(w.now, late, func() bool { return w.alive == 0 })
	if w.fault == nil && w.alive > 0 {
		w.fail(fmt.Errorf("%d calls did not end an hour after they were hung up", w.alive))
	}
	if fault != nil {
		w.fault = fault
	}
	if w.boxes != nil {
		if err := w.boxes.Close(); err != nil {
			w.fail(err)
		}
	}
}

// faults is where the box's log goes: a fault in a stage ends a call of a real box, and fails a test.
type faults struct{ b *builder }

// Enabled implements slog.Handler.
func (f faults) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (f faults) Handle(_ context.Context, r slog.Record) error {
	var told []string
	stack := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stack" {
			stack = a.Value.String()
		} else if a.Key != "call" {
			told = append(told, a.Key+"="+a.Value.String())
		}
		return true
	})
	text := strings.Join(append([]string{r.Message}, told...), " ")
	if f.b.world == nil {
		return nil // before the first test
	}
	f.b.world.note(nil, text)
	if stack != "" {
		f.b.world.fail(fmt.Errorf("%s\n%s", text, stack))
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (f faults) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup implements slog.Handler.
func (f faults) WithGroup(string) slog.Handler { return f }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
