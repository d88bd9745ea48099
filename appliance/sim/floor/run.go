package floor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"callbox/hcl"
)

// Options are what tests are run with.
type Options struct {
	Config *hcl.Config // that is tested
	// Load makes a configuration of changed files, for reload steps; the configuration is nil when they have errors.
	Load func(files map[string][]byte) (*hcl.Config, hcl.Diagnostics)
	// Child is the argv of the process that runs plugins (lua.Child); needed where the configuration has some.
	Child []string
	// Seed begins all chance of a test. The same seed gives the same run.
	Seed uint64
	// Watchdog is how long, on the machine's clock, one step may run without ever waiting; 0: 10 s.
	Watchdog time.Duration
}

// Result is how one test went.
type Result struct {
	Test     *hcl.Test
	Failure  *Failure // nil: it passed
	Took     time.Duration
	Timeline []Moment
}

// Failure is the step that was not met.
type Failure struct {
	At       hcl.Place
	Step     string   // its word: expect, press, …
	Expected []string // one line a condition
	Happened []string
}

// Moment is a line of a test's timeline.
type Moment struct {
	At   time.Time // virtual, in the appliance's time zone
	Call string    // the call's name in the test; empty for one without
	What string
}

// Run runs tests one after the other and tells how each went. The error is that of the floor itself: plugins that do not load, or
// the end of ctx; no test ran since.
func Run(ctx context.Context, o Options, tests []*hcl.Test, told func(Result)) (err error) {
	f := newKeeper(o)
	defer func() { err = errors.Join(err, f.close()) }()
	for _, t := range tests {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := f.builder().build(1, o.Config); err != nil {
			return err
		}
		told(f.run(t))
	}
	return nil
}

// floorKeeper runs tests in worlds that share a builder, until one does not come to an end.
type floorKeeper struct {
	o Options
	b *builder // nil: a new one is needed

	given []*builder // up, with what still runs in their worlds
}

func newKeeper(o Options) *floorKeeper {
	o.Watchdog = cmp.Or(o.Watchdog, 10*time.Second)
	return &floorKeeper{o: o}
}

func (f *floorKeeper) builder() *builder {
	if f.b == nil {
		f.b = &builder{load: f.o.Load, child: f.o.Child, zone: f.o.Config.Appliance.Timezone}
	}
	return f.b
}

func (f *floorKeeper) close() error {
	var all []error
	for _, b := range append(f.given, f.b) {
		if b != nil {
			all = append(all, b.close())
		}
	}
	return errors.Join(all...)
}

// run runs one test.
func (f *floorKeeper) run(t *hcl.Test) Result {
	return f.play(f.world(t.At), t)
}

// world is a new one.
func (f *floorKeeper) world(at time.Time) *World {
	b := f.builder()
	b.world = newWorld(b, f.o.Config, at, f.o.Seed)
	return b.world
}

// play plays a test in its world, and watches that it comes to an end.
func (f *floorKeeper) play(w *World, t *hcl.Test) Result {
	began := time.Now()
	s := &script{w: w, test: t}
	done := make(chan *failure, 1)
	go func() { done <- s.run() }()
	failed, stuck := f.watch(s, done)
	r := Result{Test: t, Took: time.Since(began)}
	if stuck {
		f.given, f.b = append(f.given, f.b), nil // what runs there must not meet another test
	} else {
		for _, m := range w.timeline {
			r.Timeline = append(r.Timeline, Moment{m.at.In(f.b.zone), m.call, m.what})
		}
	}
	if failed != nil {
		r.Failure = &Failure{failed.at, failed.step, failed.expected, failed.happened}
	}
	return r
}

// run plays the script and ends everything.
func (s *script) run() *failure {
	f := s.guarded(s.play)
	told := len(s.w.timeline)
	closed := s.guarded(func() *failure { s.w.close(); return nil })
	s.w.timeline = s.w.timeline[:told] // that all calls are ended at last is none of the test's
	switch {
	case f != nil:
		return f
	case closed != nil:
		return closed
	case s.w.fault != nil:
		return s.faulty()
	}
	return nil
}

// guarded makes a failure of a panic.
func (s *script) guarded(do func() *failure) (f *failure) {
	defer func() {
		if p := recover(); p != nil {
			s.w.running = nil
			f = s.fails([]string{"no fault"}, []string{(&crash{"the test", p, debug.Stack()}).Error()})
		}
	}()
	return do()
}

// watch waits for a test, as long as something moves in it.
func (f *floorKeeper) watch(s *script, done <-chan *failure) (failed *failure, stuck bool) {
	w := s.w
	tick := time.NewTicker(f.o.Watchdog / 10)
	defer tick.Stop()
	last, still := w.beat.Load(), 0
	for {
		select {
		case failed = <-done:
			return failed, false
		case <-tick.C:
		}
		if now := w.beat.Load(); now != last {
			last, still = now, 0
			continue
		}
		if still++; still < 10 {
			continue
		}
		failed = &failure{at: s.test.Place, expected: []string{"a step that comes to an end"}}
		if step := s.at.Load(); step != nil {
			failed.at, failed.step = step.At, step.Kind
		}
		failed.happened = []string{fmt.Sprintf("it ran for %s without waiting; this is where:\n%s", f.o.Watchdog, stacks())}
		w.stop(errors.New("the test was given up"))
		select {
		case <-done: // it waited for something real, and heeds its context
		case <-time.After(f.o.Watchdog / 10):
		}
		return failed, true
	}
}

// stacks are those of all goroutines that run flows and tests.
func stacks() string {
	buf := make([]byte, 1<<20)
	var told []string
	for one := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(one, "callbox/appliance/call.") || strings.Contains(one, "floor.(*script)") {
			told = append(told, one)
		}
	}
	return strings.Join(told, "\n\n")
}
