package acd

import (
	"time"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// Floor is all queues and agents of a box. It is told what happens and when, and answers with what shall be done. It is
// for one goroutine at a time.
type Floor struct {
	promisesNothing bool // there is nobody to call back, so it is not offered

	agents  map[string]*agent
	sorted  []*agent // by name
	queues  map[string]*queue
	calls   map[string]*entry // who waits, by call
	talking map[string]*agent // by call
	offers  map[uint64]*offer
	backs   map[uint64]*entry // callbacks, by their number
	idle    []*agent          // who can be offered a call now
	down    map[string]bool   // phones that cannot be reached
	spoke   memory

	alarms    alarms
	touched   []*class // in which somebody may be offered to somebody
	fresh     []*agent // who have just become free
	chance    uint64
	zone      *time.Location
	schedules map[string]*hcl.Schedule
	now       time.Time
	shift     time.Duration // by which the clock has gone back so far
	today     int
	entries   uint64 // numbers given so far
	offered   uint64
	back      uint64
	out       []Action
}

// NewFloor makes a floor of a configuration, with all agents offline. The same seed makes the same choices where chance
// decides.
func NewFloor(cfg *hcl.Config, seed uint64) *Floor {
	f := &Floor{
		agents: map[string]*agent{}, queues: map[string]*queue{}, calls: map[string]*entry{}, talking: map[string]*agent{},
		offers: map[uint64]*offer{}, backs: map[uint64]*entry{}, down: map[string]bool{}, chance: seed,
	}
	f.configure(cfg)
	f.out = nil
	return f
}

// Handle takes in what happened and tells what shall be done, in that order. What is due by now is done first. Inputs
// that are about nobody who is known change nothing: they come late.
func (f *Floor) Handle(now time.Time, in Input) []Action {
	f.out = nil
	until := f.read(now)
	for a := f.alarms.due(until); a != nil; a = f.alarms.due(until) {
		f.at(later(f.now, a.at)) // as if somebody had come by in that moment
		f.due(a)
		f.decide()
	}
	f.at(until)
	f.hear(in)
	f.decide()
	out := f.out
	f.out = nil
	return out
}

// read reads a clock. The floor's time does not go back with it: waits and leases must not grow by it.
func (f *Floor) read(clock time.Time) time.Time {
	now := clock.Add(f.shift)
	if now.Before(f.now) {
		f.shift += f.now.Sub(now)
		return f.now
	}
	return now
}

// at sets the floor's time.
func (f *Floor) at(now time.Time) {
	f.now = now
	y, m, d := f.clock().In(f.zone).Date()
	f.today = (y*100+int(m))*100 + d
}

// clock is what the clock shows now.
func (f *Floor) clock() time.Time { return f.now.Add(-f.shift) }

// Next is when something will be due, on the clock that Handle is given; zero: nothing.
func (f *Floor) Next() time.Time {
	next := f.alarms.next()
	if next.IsZero() {
		return next
	}
	return next.Add(-f.shift)
}

func (f *Floor) due(a *alarm) {
	switch {
	case a.entry != nil:
		f.attend(a.entry)
	case a.agent != nil:
		f.agentDue(a.agent)
	case a.offer != nil:
		f.offerDue(a.offer)
	}
}

// hear handles one input.
func (f *Floor) hear(in Input) {
	switch in := in.(type) {
	case Configure:
		f.configure(in.Config)
	case Enter:
		f.enter(in)
	case Leave:
		f.leave(in)
	case CallEnded:
		f.ended(in.Call)
	case Vanished:
		f.vanished(in.Call)
	case Aside:
		f.aside(in)
	case TakeCallback:
		f.takeCallback(in)
	case Promise:
		f.promise(in)
	case CallbackFailed:
		f.callbackFailed(in)
	case OfferAnswered:
		f.answered(in)
	case OfferRejected:
		f.rejected(in)
	case OfferMissed:
		f.missed(in)
	case OfferFailed:
		f.failed(in)
	case Restore:
		f.restore(in)
	case Phone:
		f.phone(in)
	default:
		f.hearOfAgent(in)
	}
}

// hearOfAgent handles what agents do.
func (f *Floor) hearOfAgent(in Input) {
	switch in := in.(type) {
	case ChooseStatus:
		f.choose(in)
	case Finish:
		if a := f.agents[in.Agent]; a != nil && a.wrapping {
			f.endWrapUp(a)
			f.refresh(a)
		}
	case WantWrapUp:
		if a := f.agents[in.Agent]; a != nil && a.call != "" {
			a.wants = true
		}
	case Hold:
		if a := f.talking[in.Call]; a != nil {
			a.held = in.On
			f.refresh(a)
		}
	case AgentBusy:
		f.busy(in)
	case AgentFree:
		if a := f.agents[in.Agent]; a != nil && a.own[in.Call] {
			delete(a.own, in.Call)
			a.freeFrom = f.now
			f.refresh(a)
		}
	}
}

// busy notes an agent's own call. A phone that is in a call is not rung.
func (f *Floor) busy(in AgentBusy) {
	a := f.agents[in.Agent]
	if a == nil {
		return
	}
	if a.own == nil {
		a.own = map[string]bool{}
	}
	a.own[in.Call] = true
	if a.offer != nil {
		f.spare(a, "own_call")
	}
	f.refresh(a)
}

func (f *Floor) act(a Action) { f.out = append(f.out, a) }

func (f *Floor) changed(a *agent) { f.act(AgentChanged{f.viewOf(a)}) }

// fact writes something down about a call in its queue.
func (f *Floor) fact(e *entry, who *agent, b journal.Body) {
	ev := journal.Event{Time: f.clock(), Call: e.call, Queue: e.queue.name(), Generation: e.in.Generation, Body: b}
	if who != nil {
		ev.Agent = who.name()
	}
	f.act(Fact{ev})
}

// factOf writes something down about an agent.
func (f *Floor) factOf(a *agent, b journal.Body) {
	f.act(Fact{journal.Event{Time: f.clock(), Agent: a.name(), Body: b}})
}

// roll is a number below n, by chance: SplitMix64, so that a run can be repeated.
func (f *Floor) roll(n int) int {
	f.chance += 0x9e3779b97f4a7c15
	z := f.chance
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}
