package acd

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"callbox/hcl"
)

// Snapshot is the floor as people see it, in the order of names.
type Snapshot struct {
	At     time.Time
	Queues []QueueView
	Agents []AgentView
}

// QueueView is a queue now.
type QueueView struct {
	Name         string
	Draining     bool // removed: it takes no more calls
	Waiting      int
	Callbacks    int
	Ready        int // agents who could take a call this moment
	Talking      int
	SignedIn     int
	LongestWait  time.Duration
	ExpectedWait time.Duration // for one who comes now; negative: not known
	ServiceLevel float64       // of the last hour, 0 to 1; negative: no calls
	Line         []WaitingView // the first of those who wait
}

// WaitingView is one who waits.
type WaitingView struct {
	Call     string
	Since    time.Time
	Priority float64
	Ringing  []string // agents
	Callback bool
	Number   string // of a callback
}

// AgentView is an agent now.
type AgentView struct {
	Name, FullName, Number string
	Status                 Status
	Reason                 string
	Since                  time.Time // of the status
	Next                   Status    // chosen for after the call; empty: none
	Activity               Activity
	Doing                  time.Time // since when
	Why                    string    // of a fault
	Call                   string
	Queue                  string
	Queues                 []string
	Calls                  int // today
	Talk                   time.Duration
	Missed                 int // in a row
}

// mostShown is how many of those who wait a view has.
const mostShown = 100

// Snapshot shows the floor.
func (f *Floor) Snapshot(now time.Time) Snapshot {
	s := Snapshot{At: now}
	for _, name := range slices.Sorted(maps.Keys(f.queues)) {
		s.Queues = append(s.Queues, f.viewQueue(f.queues[name], now))
	}
	for _, a := range f.sorted {
		s.Agents = append(s.Agents, f.viewOf(a))
	}
	return s
}

func (f *Floor) viewQueue(q *queue, now time.Time) QueueView {
	scope := f.scope(q, now)
	v := QueueView{
		Name: q.name(), Draining: q.gone, Waiting: scope.Waiting, Callbacks: q.callbacks, Ready: scope.Ready, Talking: scope.Talking,
		SignedIn: scope.LoggedIn, LongestWait: scope.LongestWait, ExpectedWait: scope.ExpectedWait, ServiceLevel: scope.ServiceLevel,
	}
	for _, e := range q.line[:min(len(q.line), mostShown)] {
		w := WaitingView{Call: e.call, Since: e.since.Add(-f.shift), Priority: e.minutes(), Callback: e.callback != nil}
		if e.callback != nil {
			w.Number = e.callback.number
		}
		if e.offer != nil {
			for _, a := range e.offer.agents {
				w.Ringing = append(w.Ringing, a.name())
			}
		}
		v.Line = append(v.Line, w)
	}
	return v
}

func (f *Floor) scope(q *queue, now time.Time) hcl.QueueScope {
	at := later(f.now, now.Add(f.shift))
	s := hcl.QueueScope{
		Waiting: q.waiting(), Talking: q.talking, LoggedIn: q.signedIn,
		ExpectedWait: q.expected(at, len(q.line)+1), ServiceLevel: q.serviceLevel(at),
	}
	for _, m := range q.members {
		if m.agent.free {
			s.Ready++
		}
	}
	if s.Ready > 0 && s.Waiting == 0 {
		s.ExpectedWait = 0
	}
	for _, e := range q.line {
		if e.callback == nil {
			s.LongestWait = max(s.LongestWait, at.Sub(e.since))
		}
	}
	return s
}

// Queue is what live expressions see of a queue.
func (f *Floor) Queue(name string, now time.Time) (hcl.QueueScope, bool) {
	q := f.queues[name]
	if q == nil {
		return hcl.QueueScope{}, false
	}
	return f.scope(q, now), true
}

// Agent is what live expressions see of an agent: what the agent does; idle is who is ready and does nothing. Who does
// nothing and is not ready is paused or offline.
func (f *Floor) Agent(name string) (state string, known bool) {
	a := f.agents[name]
	switch {
	case a == nil:
		return "", false
	case a.activity == Idle && a.status != Ready:
		return string(a.status), true
	}
	return string(a.activity), true
}

// Where is the queue that a call waits in, and its position there, 1 for the next. False: it waits nowhere.
func (f *Floor) Where(call string) (queue string, position int, waits bool) {
	e := f.calls[call]
	if e == nil {
		return "", 0, false
	}
	return e.queue.name(), e.queue.position(e), true
}

// View shows an agent.
func (f *Floor) View(name string) (v AgentView, known bool) {
	a := f.agents[name]
	if a == nil {
		return v, false
	}
	return f.viewOf(a), true
}

// CanChoose tells why a status cannot be chosen for an agent; nil: it can.
func (f *Floor) CanChoose(name string, status Status) error {
	switch a := f.agents[name]; {
	case a == nil || a.gone:
		return fmt.Errorf("there is no agent %q; the configuration has %d", name, len(f.agents))
	case status != Offline && status != Ready && status != Paused:
		return fmt.Errorf("an agent can be ready, paused or offline, not %q", status)
	}
	return nil
}

func (f *Floor) viewOf(a *agent) AgentView {
	v := AgentView{
		Name: a.name(), FullName: a.cfg.FullName, Number: a.cfg.Number, Status: a.status, Reason: a.reason, Since: a.since.Add(-f.shift),
		Activity: a.activity, Doing: a.doingFrom.Add(-f.shift), Call: a.call, Missed: a.missed,
	}
	if a.activity == Faulty {
		v.Why = a.fault
	}
	if a.next != nil {
		v.Next = a.next.status
	}
	if a.offer != nil {
		v.Call, v.Queue = a.offer.entry.call, a.offer.entry.queue.name()
	}
	if a.queue != nil {
		v.Queue = a.queue.name()
	}
	if a.day == f.today {
		v.Calls, v.Talk = a.calls, a.talk
	}
	for _, q := range a.queues {
		v.Queues = append(v.Queues, q.name())
	}
	return v
}
