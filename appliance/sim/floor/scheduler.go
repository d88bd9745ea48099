package floor

import (
	"container/heap"
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// scheduler is the clock and whoever runs under it. Only one goroutine at a time touches it: that of the script, or that of the
// coroutine which has the turn.
type scheduler struct {
	now     time.Time
	events  eventHeap
	seq     uint64
	ready   []*coroutine
	parked  []*coroutine // in the order in which they parked
	running *coroutine
	alive   int
	turns   int           // at this moment
	beat    atomic.Uint64 // counts turns, for the watchdog
	fault   error         // what ended the run
}

// event is something that happens at a moment.
type event struct {
	at  time.Time
	seq uint64
	do  func()
}

// maxTurns is how often coroutines may take turns without time passing: more is a circle that never ends.
const maxTurns = 200_000

// coroutine is a goroutine that runs only while it has the turn.
type coroutine struct {
	s      *scheduler
	name   string
	next   func() (struct{}, bool)
	yield  func(struct{}) bool
	ctx    context.Context // whose end wakes it
	nap    uint64          // counts its naps, so that an alarm set for an earlier one is not heard
	isBack bool            // it is in ready
}

// spawn makes a coroutine of f. It runs when the script next lets time go on.
func (s *scheduler) spawn(name string, f func()) *coroutine {
	co := &coroutine{s: s, name: name}
	co.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if p := recover(); p != nil {
				s.fail(&crash{name, p, debug.Stack()})
			}
		}()
		co.yield = yield
		f()
	})
	s.alive++
	co.wake()
	return co
}

// crash is a panic of what runs on the floor.
type crash struct {
	who   string
	value any
	stack []byte
}

func (c *crash) Error() string {
	return fmt.Sprintf("%s failed by a fault in callbox: %v\n%s", c.who, c.value, c.stack)
}

// fail ends the run; the first reason stands.
func (s *scheduler) fail(err error) {
	if s.fault == nil {
		s.fault = err
	}
}

// wake lets a coroutine run again. One that runs looks by itself, before it waits, whether what it waits for is there.
func (co *coroutine) wake() {
	if co.isBack || co == co.s.running {
		return
	}
	co.isBack = true
	for i, x := range co.s.parked {
		if x == co {
			co.s.parked = append(co.s.parked[:i], co.s.parked[i+1:]...)
			break
		}
	}
	co.s.ready = append(co.s.ready, co)
}

// park gives the turn back until the coroutine is woken, d is over, or ctx has ended. Whoever calls it looks again whether what
// it waits for is there.
func (co *coroutine) park(ctx context.Context, d time.Duration) {
	s := co.s
	co.nap++
	co.ctx = ctx
	s.parked = append(s.parked, co)
	if nap := co.nap; d < forever {
		s.after(d, func() {
			if co.nap == nap {
				co.wake()
			}
		})
	}
	co.yield(struct{}{})
	co.nap++
}

// forever is longer than any test.
const forever = 10 * 365 * 24 * time.Hour

// after lets do happen when d is over. It must not wait.
func (s *scheduler) after(d time.Duration, do func()) {
	s.seq++
	heap.Push(&s.events, event{s.now.Add(max(0, d)), s.seq, do})
}

// turn lets one coroutine run until it waits or ends; false: nobody can run at this moment.
func (s *scheduler) turn() bool {
	if len(s.ready) == 0 && !s.released() {
		return false
	}
	if s.turns++; s.turns > maxTurns {
		s.fail(fmt.Errorf("%s goes on without end at the same moment", s.ready[0].name))
		return false
	}
	co := s.ready[0]
	s.ready = s.ready[1:]
	co.isBack = false
	s.running = co
	s.beat.Add(1)
	_, more := co.next()
	s.running = nil
	if !more {
		s.alive--
	}
	return true
}

// released wakes those whose context has ended.
func (s *scheduler) released() bool {
	for i := 0; i < len(s.parked); {
		if co := s.parked[i]; co.ctx.Err() != nil {
			co.wake() // takes it out of parked
		} else {
			i++
		}
	}
	return len(s.ready) > 0
}

// jump moves the clock to the next event and lets it happen, if that is not later than latest; else to latest.
func (s *scheduler) jump(latest time.Time) bool {
	if len(s.events) == 0 || s.events[0].at.After(latest) {
		s.moveTo(latest)
		return false
	}
	e := heap.Pop(&s.events).(event)
	s.moveTo(e.at)
	s.beat.Add(1)
	e.do()
	return true
}

func (s *scheduler) moveTo(t time.Time) {
	if t.After(s.now) {
		s.now, s.turns = t, 0
	}
}

// run lets everything go on until the moment latest is over, the run has failed, or, looked at after every turn from the moment
// earliest on, holds is true. It tells whether it was.
func (s *scheduler) run(earliest, latest time.Time, holds func() bool) bool {
	for s.fault == nil {
		if holds != nil && !s.now.Before(earliest) && holds() {
			return true
		}
		if s.turn() {
			continue
		}
		to := latest
		if s.now.Before(earliest) && earliest.Before(latest) {
			to = earliest
		}
		if !s.jump(to) && to.Equal(latest) {
			return s.fault == nil && holds != nil && holds()
		}
	}
	return false
}

// eventHeap is in the order of time, then of making.
type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*h = old[:len(old)-1]
	return e
}
