package acd

import (
	"slices"
	"time"

	"callbox/appliance/journal"
)

// offer is a call that agents are rung for. They are reserved for it until it ends, and it ends: by an answer, by the
// failure of all, or by its lease.
type offer struct {
	id     uint64
	entry  *entry
	agents []*agent
	rung   map[*agent]time.Time // since when
	began  time.Time
	ring   time.Duration
	all    bool // who becomes free joins in
	step   bool // one by one
	place  bool // somebody is being called back, nobody rings yet
	alarm  alarm
}

const (
	mostRung  = 50               // phones rung for one call
	stepTime  = 5 * time.Second  // until ring_progressively rings one more
	grace     = 2 * time.Minute  // that a call's script has to tell how an offer ended, beyond its ringing
	placeTime = 90 * time.Second // that an agent is kept for somebody who is being called back
	deafTime  = time.Second
)

// propose reserves agents for an entry and has them rung.
func (f *Floor) propose(c *class, e *entry, able []*member) {
	q := e.queue
	f.offered++
	o := &offer{
		id: f.offered, entry: e, began: f.now, ring: q.cfg.OfferTimeout, rung: map[*agent]time.Time{},
		all: q.cfg.Strategy == "ring_all", step: q.cfg.Strategy == "ring_progressively", place: e.callback != nil,
	}
	o.alarm.offer = o
	why := f.explain(c, e, able)
	if !o.all || o.place || c.prefer != nil {
		able = able[:1]
	}
	able = able[:min(len(able), mostRung)]
	f.offers[o.id], e.offer, q.open = o, o, append(q.open, o)
	f.attend(e) // no longer listed
	q.turn = able[0].order
	for _, m := range able {
		f.reserve(o, m.agent)
	}
	if o.place {
		f.callBack(o)
	} else {
		f.ring(o, o.agents, o.ring, false)
		f.factOffered(o, why)
	}
	f.lease(o)
}

// factOffered writes an offer down; with one agent it is that agent's fact.
func (f *Floor) factOffered(o *offer, why journal.Explanation) {
	b := journal.QueueOffered{Offer: o.id, WaitSeconds: seconds(f.now.Sub(o.entry.since)), Explanation: why}
	for _, a := range o.agents {
		b.Agents = append(b.Agents, a.name())
	}
	var who *agent
	if len(o.agents) == 1 {
		who = o.agents[0]
	}
	f.fact(o.entry, who, b)
}

// reserve is the one place where an agent gets an offer.
func (f *Floor) reserve(o *offer, a *agent) {
	a.offer = o
	o.agents = append(o.agents, a)
	o.rung[a] = f.now
	f.refresh(a)
}

// ring asks the call to ring agents.
func (f *Floor) ring(o *offer, agents []*agent, long time.Duration, more bool) {
	ask := Offer{ID: o.id, Call: o.entry.call, Queue: o.entry.queue.name(), Ring: long, Auto: o.entry.queue.cfg.AutoAnswer, More: more}
	for _, a := range agents {
		ask.Agents = append(ask.Agents, Rung{
			Agent: a.name(), Name: a.cfg.FullName, Number: a.cfg.Number, Extension: a.cfg.Extension, Phone: a.cfg.Phone,
		})
	}
	f.act(ask)
}

// lease sets when an offer is looked at again.
func (f *Floor) lease(o *offer) {
	at := o.ends()
	if o.step && !o.place && len(o.agents) < mostRung {
		at = soonest(at, f.now.Add(stepTime))
	}
	f.alarms.set(&o.alarm, at)
}

// ends is when an offer ends of which nothing is heard any more.
func (o *offer) ends() time.Time {
	last := o.began
	for _, t := range o.rung {
		last = later(last, t)
	}
	if o.place {
		return last.Add(placeTime)
	}
	return last.Add(o.ring + grace)
}

// offerDue rings one more, or ends an offer of which nothing was heard any more.
func (f *Floor) offerDue(o *offer) {
	switch {
	case o.ends().After(f.now):
		f.ringOneMore(o)
		f.lease(o)
	case o.place:
		f.callbackFailed(CallbackFailed{Callback: o.entry.callback.id, Why: "late"})
	default:
		f.act(Withdraw{Offer: o.id, Call: o.entry.call})
		for _, a := range slices.Clone(o.agents) {
			f.part(o, a, "late")
		}
	}
}

// ringOneMore lets the next agent ring too, where the queue rings one after the other.
func (f *Floor) ringOneMore(o *offer) {
	if !o.step || o.place || len(o.agents) >= mostRung {
		return
	}
	c := f.classOf(o.entry)
	if able := f.able(c, o.entry); len(able) > 0 {
		f.join(o, c, able, o.ring)
	}
}

// classOf is the class of an entry that rings.
func (f *Floor) classOf(e *entry) *class {
	k := kind{ring: e.queue.ringAt(f.now.Sub(e.since)), skills: e.skills, language: e.in.Language}
	if c := e.queue.classes[k]; c != nil {
		return c
	}
	return e.queue.newClass(k, e.in.Skills)
}

// least is how long a phone rings at least: for less nobody joins in, and after less nobody has missed a call by being
// away.
const least = 3 * time.Second

// joinIn lets an agent who has become free ring along where all are rung.
func (f *Floor) joinIn(a *agent) {
	for _, q := range a.queues {
		for _, o := range q.open {
			left := o.began.Add(o.ring).Sub(f.now)
			if !a.free || !o.all || o.place || len(o.agents) >= mostRung || left < least || o.entry.refused[a] > 0 {
				continue
			}
			if c := f.classOf(o.entry); c.suits(q.of[a]) {
				f.join(o, c, []*member{q.of[a]}, left)
			}
		}
	}
}

// join adds the first of able to an offer that rings.
func (f *Floor) join(o *offer, c *class, able []*member, long time.Duration) {
	why := f.explain(c, o.entry, able)
	a := able[0].agent
	f.reserve(o, a)
	f.ring(o, []*agent{a}, long, true)
	f.fact(o.entry, a, journal.QueueOffered{
		Offer: o.id, Agents: []string{a.name()}, WaitSeconds: seconds(f.now.Sub(o.entry.since)), Explanation: why,
	})
	f.lease(o)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// part takes an agent out of an offer, with what that means for the agent, and ends the offer with its last one. It is
// the one place where an agent loses an offer without an answer.
func (f *Floor) part(o *offer, a *agent, why string) {
	e := o.entry
	o.agents = slices.DeleteFunc(o.agents, func(x *agent) bool { return x == a })
	rang := f.now.Sub(o.rung[a])
	joined := o.rung[a].After(o.began)
	delete(o.rung, a)
	a.offer = nil
	switch why {
	case "missed":
		e.refused[a]++
		if !joined || rang >= o.ring/2 {
			a.missed++
		}
		if a.freeFrom = f.now; rang < least { // it did not ring: the phone wants no calls
			a.rest = f.now.Add(restBusy)
		}
		f.fact(e, a, journal.QueueMissed{Offer: o.id, RingSeconds: seconds(rang)})
		if m := e.queue.cfg.Missed; m != nil && a.missed >= m.Limit && a.next == nil {
			a.missed = 0
			f.take(a, choice{Paused, m.Pause, "box"})
		}
	case "abandoned", "taken":
	default:
		e.refused[a]++
		f.spareFor(e, a, why)
		f.fact(e, a, journal.QueueRejected{Offer: o.id, Why: why})
	}
	f.refresh(a)
	if len(o.agents) == 0 {
		f.close(o)
	}
}

// spareFor gives an agent a moment after a call that was not taken.
func (f *Floor) spareFor(e *entry, a *agent, why string) {
	switch why {
	case "declined":
		a.rest, a.freeFrom = f.now.Add(restRejected), f.now
	case "busy":
		a.rest, a.freeFrom = f.now.Add(restBusy), f.now
	case "late", "box":
		a.rest, e.deaf = f.now.Add(restOurs), f.now.Add(deafTime)
	}
}

// spare takes an agent out of what rings, and has the call told.
func (f *Floor) spare(a *agent, why string) {
	o := a.offer
	f.act(Withdraw{Offer: o.id, Call: o.entry.call, Agent: a.name()})
	f.part(o, a, why)
}

// close ends an offer; who waited waits on.
func (f *Floor) close(o *offer) {
	f.over(o)
	if o.entry.offer == o {
		o.entry.offer = nil
		if f.calls[o.entry.call] == o.entry || o.entry.callback != nil {
			f.attend(o.entry)
		}
	}
}

// over takes an offer off the floor.
func (f *Floor) over(o *offer) {
	f.alarms.set(&o.alarm, time.Time{})
	delete(f.offers, o.id)
	q := o.entry.queue
	q.open = slices.DeleteFunc(q.open, func(x *offer) bool { return x == o })
}

// recall ends what rings for an entry that leaves; the agents are free again, and lose nothing by it.
func (f *Floor) recall(e *entry) {
	o := e.offer
	if o == nil {
		return
	}
	e.offer = nil
	f.act(Withdraw{Offer: o.id, Call: e.call})
	for _, a := range slices.Clone(o.agents) {
		f.part(o, a, "abandoned")
	}
}

// answered joins an agent and a call. Whatever the floor thought of either, they talk.
func (f *Floor) answered(in OfferAnswered) {
	a := f.agents[in.Agent]
	if a == nil || a.call == in.Call {
		return
	}
	if a.call != "" { // the floor missed the end of that one
		f.ended(a.call)
	}
	if other := f.talking[in.Call]; other != nil { // passed on from agent to agent
		f.hangsUp(other)
		f.refresh(other)
	}
	if a.offer != nil && a.offer.entry.call != in.Call {
		f.spare(a, "own_call")
	}
	e := f.calls[in.Call]
	if e == nil { // it left in the same instant; they talk all the same
		if q := f.anyQueue(a); q != nil {
			f.talks(a, in.Call, q)
		}
		return
	}
	if o := e.offer; o != nil {
		e.offer = nil
		for _, x := range slices.Clone(o.agents) {
			if x == a {
				continue
			}
			f.part(o, x, "taken")
		}
		f.over(o)
	}
	q := e.queue
	waited := f.now.Sub(e.since)
	f.fact(e, a, journal.QueueAnswered{Offer: in.Offer, WaitSeconds: seconds(waited)})
	f.served(e)
	q.level(f.now, true, waited)
	f.spoke.note(Spoke{e.in.Caller, a.name(), f.now})
	f.talks(a, in.Call, q)
	f.drop(e)
}

// anyQueue is a queue of an agent, for a talk that came from none that is known.
func (f *Floor) anyQueue(a *agent) *queue {
	if len(a.queues) == 0 {
		return nil
	}
	return a.queues[0]
}

func (f *Floor) rejected(in OfferRejected) {
	why := "declined"
	if in.Busy {
		why = "busy"
	}
	f.each(in.Offer, in.Agent, func(o *offer, a *agent) { f.part(o, a, why) })
}

func (f *Floor) missed(in OfferMissed) {
	f.each(in.Offer, in.Agent, func(o *offer, a *agent) { f.part(o, a, "missed") })
}

func (f *Floor) failed(in OfferFailed) {
	f.each(in.Offer, in.Agent, func(o *offer, a *agent) {
		if in.Ours {
			f.part(o, a, "box")
			return
		}
		f.breaks(a, in.Why)
		f.part(o, a, "fault")
	})
}

// each does something for the agents of an offer, or for one of them.
func (f *Floor) each(id uint64, name string, do func(*offer, *agent)) {
	o := f.offers[id]
	if o == nil {
		return
	}
	for _, a := range slices.Clone(o.agents) {
		if name == "" || a.name() == name {
			do(o, a)
		}
	}
}
