package acd

import (
	"slices"
	"strings"
	"time"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// Status is what an agent chooses.
type Status string

// The statuses.
const (
	Offline Status = "offline"
	Ready   Status = "ready"
	Paused  Status = "paused"
)

// Activity is what the box sees an agent do.
type Activity string

// The activities.
const (
	Idle       Activity = "idle"
	Ringing    Activity = "ringing"
	Talking    Activity = "talking"
	Holding    Activity = "holding"
	Consulting Activity = "consulting"
	WrappingUp Activity = "wrap_up"
	Faulty     Activity = "fault"
)

// How long an agent is spared calls after one that did not come about. A missed one needs no rest: it took its time.
const (
	restRejected = 5 * time.Second  // the agent declined
	restBusy     = 10 * time.Second // the phone is in a call that the box does not see
	restOurs     = 5 * time.Second  // the box had no port, no line
	restFault    = time.Minute      // the phone could not be reached; doubles each time
	restFaultMax = 16 * time.Minute
)

// agent is somebody who takes calls. An agent has at most one offer or one call, and gets either by one assignment.
type agent struct {
	cfg   *hcl.Agent
	order int  // by name, for an order that does not depend on chance
	gone  bool // no longer in the configuration: finishes what goes on

	status   Status
	reason   string
	since    time.Time // of the status
	signedIn time.Time
	next     *choice // a status chosen during a call

	activity  Activity
	doingFrom time.Time
	offer     *offer // that rings
	call      string // that is talked in
	queue     *queue // it came from
	talkFrom  time.Time
	held      bool
	own       map[string]bool // calls from no queue
	wants     bool            // a wrap-up where that is optional

	wrapping  bool
	wrapEnds  time.Time // zero: when the form is saved
	rest      time.Time // no offers before
	fault     string    // why the phone cannot be reached
	faultEnds time.Time // when it is tried again; zero: when it is back
	faults    int       // in a row

	free     bool // can be offered a call now
	pos      int  // among the free
	freeFrom time.Time

	missed int // offers in a row
	day    int // of the counters
	calls  int
	talk   time.Duration

	queues []*queue
	alarm  alarm
}

// choice is a status that was chosen.
type choice struct {
	status     Status
	reason, by string
}

func (a *agent) name() string { return a.cfg.Name }

// doing is what the agent does, from what is known.
func (a *agent) doing() (activity Activity, why, with string) {
	switch {
	case a.call != "" && a.held:
		return Holding, "", a.call
	case a.call != "" && len(a.own) > 0:
		return Consulting, "", a.call
	case a.call != "":
		return Talking, "", a.call
	case a.offer != nil:
		return Ringing, "", a.offer.entry.call
	case len(a.own) > 0:
		return Talking, "own_call", ""
	case a.wrapping:
		return WrappingUp, "", ""
	case a.fault != "" && a.status != Offline:
		return Faulty, a.fault, ""
	}
	return Idle, "", ""
}

// passed tells why the agent can be offered nothing now, and what else there is to say; empty: can.
func (a *agent) passed(now time.Time) (why, more string) {
	switch {
	case a.gone:
		return "removed from the configuration", ""
	case a.status != Ready:
		return string(a.status), a.reason
	case a.activity == Faulty:
		return string(Faulty), a.fault
	case a.activity != Idle:
		return string(a.activity), ""
	case a.rest.After(now):
		return "spared for a moment after a call that was not taken", ""
	}
	return "", ""
}

// willing tells whether it makes sense to wait for the agent.
func (a *agent) willing() bool { return a.status == Ready && a.fault == "" && !a.gone }

// refresh does all that follows from a change to an agent, and is the only place that does.
func (f *Floor) refresh(a *agent) {
	if a.next != nil && a.call == "" && a.offer == nil && !a.wrapping {
		next := *a.next
		a.next = nil
		f.take(a, next)
	}
	if act, why, with := a.doing(); act != a.activity {
		a.activity, a.doingFrom = act, f.now
		f.factOf(a, journal.AgentActivity{Activity: string(act), Why: why, With: with})
		f.changed(a)
	}
	why, _ := a.passed(f.now)
	f.setFree(a, why == "")
	if !a.willing() {
		f.nobodyWaitsFor(a)
	}
	f.alarms.set(&a.alarm, soonest(a.wrapEnds, a.faultEnds, a.rest))
	if a.gone && a.call == "" && a.offer == nil {
		f.forget(a)
	}
}

// setFree notes whether an agent can be offered a call now.
func (f *Floor) setFree(a *agent, free bool) {
	if free == a.free {
		return
	}
	if a.free = free; free {
		a.pos = len(f.idle)
		f.idle, f.fresh = append(f.idle, a), append(f.fresh, a)
		f.touchFor(a)
		return
	}
	last := f.idle[len(f.idle)-1]
	f.idle[a.pos], last.pos = last, a.pos
	f.idle[len(f.idle)-1] = nil
	f.idle = f.idle[:len(f.idle)-1]
}

// nobodyWaitsFor lets those who waited for one agent alone go to any.
func (f *Floor) nobodyWaitsFor(a *agent) {
	for _, q := range a.queues {
		for k, c := range q.classes {
			if k.prefer != a {
				continue
			}
			for _, e := range slices.Clone(c.line) {
				f.attend(e)
			}
		}
	}
}

// soonest is the first of some moments, of those that are set.
func soonest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// due is for an agent whose alarm has come.
func (f *Floor) agentDue(a *agent) {
	over := func(t *time.Time) bool {
		if t.IsZero() || t.After(f.now) {
			return false
		}
		*t = time.Time{}
		return true
	}
	if over(&a.wrapEnds) {
		f.endWrapUp(a)
	}
	over(&a.rest)
	if over(&a.faultEnds) {
		a.fault, a.freeFrom = "", f.now
	}
	f.refresh(a)
}

// choose is a status that somebody chose for an agent.
func (f *Floor) choose(in ChooseStatus) {
	a := f.agents[in.Agent]
	if a == nil || a.gone || in.Status != Offline && in.Status != Ready && in.Status != Paused {
		return
	}
	c := choice{in.Status, in.Reason, in.By}
	if c.status != Paused {
		c.reason = ""
	}
	waitsForForm := a.wrapping && a.wrapEnds.IsZero() && c.status != Offline && c.by == ""
	if a.call != "" || waitsForForm {
		a.next = &c
		f.changed(a)
		return
	}
	if a.offer != nil && c.status != Ready {
		f.spare(a, "status")
	}
	if a.wrapping {
		f.endWrapUp(a)
	}
	a.next = nil
	f.take(a, c)
	f.refresh(a)
}

// take gives an agent a status.
func (f *Floor) take(a *agent, c choice) {
	if c.status == Ready {
		a.missed, a.rest = 0, time.Time{}
		if a.faultEnds != (time.Time{}) { // it may well work again; else the phone itself says when
			a.fault, a.faultEnds, a.faults = "", time.Time{}, 0
		}
	}
	if a.status == c.status && a.reason == c.reason {
		return
	}
	was := a.status
	a.status, a.reason, a.since = c.status, c.reason, f.now
	if was == Offline {
		a.signedIn = f.now
		f.factOf(a, journal.AgentLogin{})
	}
	f.factOf(a, journal.AgentStatus{Status: string(c.status), Reason: c.reason, By: c.by})
	if c.status == Offline {
		f.factOf(a, journal.AgentLogout{Seconds: seconds(f.now.Sub(a.signedIn))})
	}
	if c.status == Ready {
		a.freeFrom = f.now
	}
	f.changed(a)
	for _, q := range a.queues {
		f.staffed(q, was == Offline || c.status == Offline)
	}
}

// talks ends an agent's ringing and begins the talk.
func (f *Floor) talks(a *agent, call string, q *queue) {
	a.offer, a.call, a.queue, a.talkFrom = nil, call, q, f.now
	a.missed, a.faults, a.wants, a.held = 0, 0, false, false
	a.fault, a.faultEnds, a.rest = "", time.Time{}, time.Time{}
	a.wrapping, a.wrapEnds = false, time.Time{}
	f.count(a)
	a.calls++
	f.talking[call] = a
	q.talking++
	f.refresh(a)
}

// hangsUp ends an agent's talk. What follows is the queue's wrap-up as it is now.
func (f *Floor) hangsUp(a *agent) {
	q := a.queue
	talk := f.now.Sub(a.talkFrom)
	f.count(a)
	a.talk += talk
	delete(f.talking, a.call)
	a.call, a.queue, a.held = "", nil, false
	q.talking--
	q.handled.add(f.now, talk)
	if w := q.cfg.WrapUp; w != nil && !a.gone {
		switch {
		case w.Mode == "timed", w.Mode == "optional" && a.wants:
			a.wrapping, a.wrapEnds = true, f.now.Add(w.Time)
		case w.Mode == "required":
			a.wrapping = true
		}
	}
	a.wants, a.freeFrom = false, f.now
	f.release(q)
}

// endWrapUp makes an agent idle again.
func (f *Floor) endWrapUp(a *agent) { a.wrapping, a.wrapEnds, a.freeFrom = false, time.Time{}, f.now }

// breaks notes that an agent's phone cannot be reached.
func (f *Floor) breaks(a *agent, why string) {
	a.fault = why
	a.faultEnds = f.now.Add(min(restFault<<min(a.faults, 10), restFaultMax))
	a.faults++
}

// phone notes that a phone of the box came or went. Who talks on it is not touched: the call will tell.
func (f *Floor) phone(in Phone) {
	if f.down[in.Extension] = !in.Up; in.Up {
		delete(f.down, in.Extension)
	}
	for _, a := range f.sorted {
		if a.cfg.Extension != in.Extension {
			continue
		}
		f.reachable(a, in.Up)
		f.refresh(a)
	}
}

const unregistered = "no phone is registered"

func (f *Floor) reachable(a *agent, up bool) {
	switch {
	case up && a.fault != "":
		a.fault, a.faultEnds, a.faults, a.freeFrom = "", time.Time{}, 0, f.now
	case !up:
		a.fault, a.faultEnds = unregistered, time.Time{}
	}
}

// count begins an agent's counters anew when the day has changed.
func (f *Floor) count(a *agent) {
	if a.day != f.today {
		a.day, a.calls, a.talk = f.today, 0, 0
	}
}

// speaks tells whether an agent speaks a language. People speak languages, not scripts and seldom regions: who has
// zh-Hant speaks with who reads zh-Hans. An agent without languages speaks all.
func (a *agent) speaks(language string) bool {
	if len(a.cfg.Languages) == 0 {
		return true
	}
	for _, has := range a.cfg.Languages {
		if strings.EqualFold(primary(has), primary(language)) {
			return true
		}
	}
	return false
}

func primary(tag string) string {
	first, _, _ := strings.Cut(tag, "-")
	return first
}

func seconds(d time.Duration) float64 { return float64(max(0, d).Milliseconds()) / 1000 }
