package lua

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const maxLines = 100 // of log, a call of a function

// state is one Lua state with the plugin loaded into it. It serves one call and is thrown away, so that nothing a caller said is
// still there for the next one. It is the context of that call, too: the interpreter asks Done before each instruction, which is
// where instructions are counted.
type state struct {
	child   *child
	program *program
	l       *lua.LState
	module  *lua.LTable           // what the plugin returned
	loaded  map[string]lua.LValue // what require found
	globals *lua.LTable           // frozen after load
	call    *lua.LTable           // fields of the call
	bottom  *lua.LTable           // metatable of the globals
	quiet   bool                  // what loading logs was logged when the plugin was loaded first

	id       uint64
	phase    phase
	function string
	left     int64 // instructions
	nest     int   // coroutines that wait for one another
	threads  int   // coroutines made
	lines    int
	wall     time.Time
	seed     int64
	random   *rand.Rand
	denied   string // the last thing it was not allowed

	halted  atomic.Bool
	reason  atomic.Pointer[halt] // set before halted
	quit    chan struct{}        // closed with halted
	answers chan frame           // one is awaited at most
	clock   clock
	busy    atomic.Bool // Lua runs, rather than waits for the box
}

// halt is why a function is stopped. It is the error that the interpreter raises.
type halt struct{ kind, text string }

func (h *halt) Error() string { return h.text }

// kindGone is the kind of a halt that nobody is told of: the call has left, or whoever asked is gone.
const kindGone = "gone"

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

var _ context.Context = (*state)(nil)

// Done is called by the interpreter before each instruction. A nil channel is never ready.
func (s *state) Done() <-chan struct{} {
	if s.left--; s.left < 0 {
		s.halt(KindBudget, "it ran more instructions than its limit; do less, or raise limits.instructions")
	}
	if s.halted.Load() {
		return closed
	}
	return nil
}

// Err is why it was stopped.
func (s *state) Err() error {
	if h := s.reason.Load(); h != nil {
		return h
	}
	return nil
}

// Deadline is not used: the clock stops while the caller is waited for.
func (s *state) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value holds nothing.
func (s *state) Value(any) any { return nil }

func (s *state) halt(kind, text string) {
	if s.reason.CompareAndSwap(nil, &halt{kind, text}) {
		s.halted.Store(true)
		close(s.quit)
	}
}

// charge takes the price of something that the interpreter does in one instruction.
func (s *state) charge(L *lua.LState, instructions int) {
	s.left -= int64(instructions)
	s.check(L)
}

// check raises the reason when it was stopped.
func (s *state) check(L *lua.LState) {
	if s.Done() != nil {
		L.RaiseError("%s", s.Err().Error())
	}
}

// arm gives the state a call to serve: its limits, its time and its chance.
func (s *state) arm(c *callFrame) {
	s.phase, s.function, s.wall, s.seed = c.phase, c.function, c.wall, c.seed
	s.left, s.lines, s.random = int64(s.program.limits.Instructions), 0, nil
	s.clock.start(c.time, func() {
		s.halt(KindTimeout, "it took longer than its limit of "+c.time.String()+"; ask for less, or raise limits.time")
	})
}

// chance is where random numbers come from: the box's seed, so that a run can be repeated.
func (s *state) chance() *rand.Rand {
	if s.random == nil {
		s.random = rand.New(rand.NewPCG(uint64(s.seed), 0x9e3779b97f4a7c15))
	}
	return s.random
}

// stateOf is the state that a function of the box is called in.
func stateOf(L *lua.LState) *state { return L.Context().(*state) }

// clock counts the time of a call of a function, without the time in which the caller is waited for.
type clock struct {
	mu      sync.Mutex // guards what follows: the timer runs on its own
	timer   *time.Timer
	left    time.Duration
	running time.Time // since when; zero while it stands
}

func (c *clock) start(limit time.Duration, over func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.left, c.running, c.timer = limit, time.Now(), time.AfterFunc(limit, over)
}

func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil && !c.running.IsZero() {
		c.timer.Stop()
		c.left, c.running = max(0, c.left-time.Since(c.running)), time.Time{}
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil && c.running.IsZero() {
		c.running = time.Now()
		c.timer.Reset(c.left)
	}
}

func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.running = time.Time{}
	}
}
