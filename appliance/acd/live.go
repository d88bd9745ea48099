package acd

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// Live owns the one floor of a running box: a goroutine, a mailbox, a clock. It ends with Close.
type Live struct {
	desk *Desk
	o    LiveOptions
	mail chan func()
	quit chan struct{}
	over chan struct{}

	faults atomic.Uint64
}

// LiveOptions is what a Live works with.
type LiveOptions struct {
	DeskOptions
	Now  func() time.Time
	Seed uint64 // of the strategies that go by chance
}

// mailDepth is how many may wait for the floor before they are held up.
const mailDepth = 256

// Start starts the floor of a configuration, with all agents offline; see Restore.
func Start(cfg *hcl.Config, o LiveOptions) *Live {
	l := &Live{
		desk: NewDesk(NewFloor(cfg, o.Seed), o.DeskOptions), o: o,
		mail: make(chan func(), mailDepth), quit: make(chan struct{}), over: make(chan struct{}),
	}
	go l.loop()
	return l
}

// Close ends the goroutine; what is told afterwards is let go.
func (l *Live) Close() {
	select {
	case <-l.quit:
	default:
		close(l.quit)
	}
	<-l.over
}

func (l *Live) loop() {
	defer close(l.over)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case f := <-l.mail:
			l.step(f)
		case <-timer.C:
			l.step(func() { l.desk.Tell(l.o.Now(), Tick{}) })
		case <-l.quit:
			return
		}
		timer.Stop()
		if next := l.desk.Next(); !next.IsZero() {
			timer.Reset(max(0, next.Sub(l.o.Now())))
		}
	}
}

// step does one thing. A fault in it is the fault of that thing alone; the floor goes on.
func (l *Live) step(f func()) {
	defer func() {
		if p := recover(); p != nil {
			l.faults.Add(1)
			l.desk.o.Log.Error("a fault in the floor of queues and agents", "fault", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// do runs f in the goroutine and returns when it has run. False: the floor is closed.
func (l *Live) do(f func()) bool {
	ran := make(chan struct{})
	select {
	case l.mail <- func() { defer close(ran); f() }:
	case <-l.over:
		return false
	}
	select {
	case <-ran:
		return true
	case <-l.over:
		return false
	}
}

// Join implements Owner.
func (l *Live) Join(in Enter, post func(any) bool) {
	l.do(func() { l.desk.Join(l.o.Now(), in, post) })
}

// Tell implements Owner. What must be on disk before anybody is told of it is so when Tell returns.
func (l *Live) Tell(in Input) {
	var told []journal.Event
	l.do(func() { told = l.desk.Tell(l.o.Now(), in) })
	if len(told) == 0 || l.o.Facts == nil {
		return
	}
	if err := l.o.Facts.Commit(context.Background(), told...); err != nil { // by who told, so that the floor waits for no disk
		l.desk.o.Log.Error("a promise to call back is not kept on disk", "call", told[0].Call, "error", err)
	}
}

// Apply puts a configuration into force.
func (l *Live) Apply(cfg *hcl.Config) { l.Tell(Configure{cfg}) }

// Faults counts faults of ours that the floor survived.
func (l *Live) Faults() uint64 { return l.faults.Load() }

// Snapshot shows the floor.
func (l *Live) Snapshot() (s Snapshot) {
	l.do(func() { s = l.desk.Snapshot(l.o.Now()) })
	return s
}

// AgentSet chooses a status for an agent, by somebody: the agent when by is empty. During a call it takes effect after
// it.
func (l *Live) AgentSet(name string, status Status, reason, by string) (v AgentView, err error) {
	err = fmt.Errorf("the box is being stopped")
	l.do(func() {
		if err = l.desk.CanChoose(name, status); err == nil {
			l.desk.Tell(l.o.Now(), ChooseStatus{Agent: name, Status: status, Reason: reason, By: by})
			v, _ = l.desk.View(name)
		}
	})
	return v, err
}

// Queue is what live expressions see of a queue; see hcl.Scope.
func (l *Live) Queue(name string) (s hcl.QueueScope, known bool) {
	l.do(func() { s, known = l.desk.Queue(name, l.o.Now()) })
	return s, known
}

// Agent is what live expressions see of an agent; see hcl.Scope.
func (l *Live) Agent(name string) (state string, known bool) {
	l.do(func() { state, known = l.desk.Agent(name) })
	return state, known
}
