package acd

import (
	"time"

	"callbox/appliance/journal"
)

// callback is the promise to call somebody back who keeps the place in line.
type callback struct {
	id     uint64
	number string
	call   string // in which he asked for it
	tries  int
	next   time.Time // not tried before
}

// retryTime is how long after one try the next is made.
const retryTime = 5 * time.Minute

// offerCallback offers a caller to be called back, once, when it is time and may be kept.
func (f *Floor) offerCallback(e *entry) {
	c := e.queue.cfg.Callback
	if c == nil || f.promisesNothing || e.asked || f.now.Sub(e.since) < c.OfferAfter || !f.open(c.Hours) {
		return
	}
	e.asked = true
	f.act(OfferCallback{Call: e.call, Key: c.Key, Prompt: c.Prompt, Number: e.in.Caller})
}

// open tells whether people are called back now.
func (f *Floor) open(hours string) bool {
	s := f.schedules[hours]
	return s == nil || s.IsOpen(f.clock())
}

// callableFrom is when somebody may be called back, now or later.
func (f *Floor) callableFrom(e *entry) time.Time {
	at := later(f.now, e.callback.next)
	c := e.queue.cfg.Callback
	if c == nil {
		return at
	}
	s := f.schedules[c.Hours]
	if s == nil {
		return at
	}
	if open, ok := s.NextOpen(at.Add(-f.shift)); ok {
		return later(at, open.Add(f.shift))
	}
	return at.Add(24 * time.Hour) // never, as it is written now
}

// tooLate takes somebody out of his class who may not be called back any more today.
func (f *Floor) tooLate(e *entry) bool {
	if e.callback == nil || !f.callableFrom(e).After(f.now) {
		return false
	}
	f.attend(e)
	return true
}

// takeCallback turns a waiting call into a callback.
func (f *Floor) takeCallback(in TakeCallback) {
	e := f.calls[in.Call]
	if e == nil || e.callback != nil {
		return
	}
	f.recall(e)
	f.unlist(e)
	f.back++
	e.callback = &callback{id: f.back, number: in.Number, call: in.Call}
	e.away = false
	f.backs[f.back] = e
	e.queue.callbacks++
	f.fact(e, nil, journal.QueueCallback{
		WaitSeconds: seconds(f.now.Sub(e.since)), Callback: f.back, Number: in.Number, Position: e.queue.position(e),
		Caller: e.in.Caller, Language: e.in.Language, Since: journal.At(e.place.Add(-f.shift)),
	})
	delete(f.calls, e.call)
	e.call = ""
	f.attend(e)
}

// promise puts somebody in line who was not in it. A queue that is not there takes no promise.
func (f *Floor) promise(in Promise) {
	q := f.queues[in.Queue]
	if q == nil || q.gone {
		return
	}
	f.back++
	at := f.now
	if !in.At.IsZero() {
		at = later(at, in.At.Add(f.shift))
	}
	e := f.backEntry(q, Enter{Queue: in.Queue, Generation: in.Generation, Caller: in.Caller, Language: in.Language}, at)
	e.callback = &callback{id: f.back, number: in.Number, call: in.Call, next: at}
	e.call = in.Call // for the fact
	b := journal.QueueCallback{
		Callback: f.back, Number: in.Number, State: "promised", Caller: in.Caller, Language: in.Language, Since: journal.At(at.Add(-f.shift)),
	}
	if !in.At.IsZero() {
		b.At = journal.At(in.At)
	}
	f.fact(e, nil, b)
	e.call = ""
	f.await(e)
}

// backEntry is somebody in line who will be called back.
func (f *Floor) backEntry(q *queue, in Enter, place time.Time) *entry {
	f.entries++
	e := &entry{in: in, queue: q, n: f.entries, since: place, place: place, front: true, asked: true, refused: map[*agent]int{}}
	e.alarm.entry = e
	return e
}

// await puts such an entry into the line.
func (f *Floor) await(e *entry) {
	f.backs[e.callback.id] = e
	e.queue.callbacks++
	e.queue.line = insert(e.queue.line, e)
	f.attend(e)
}

// factBack writes down how calling back goes.
func (f *Floor) factBack(e *entry, state string) {
	f.fact(e, nil, journal.QueueCallback{
		WaitSeconds: seconds(f.now.Sub(e.since)), Callback: e.callback.id, Number: e.callback.number, Try: e.callback.tries, State: state,
	})
}

// callBack has the appliance call somebody back for whom an agent is kept.
func (f *Floor) callBack(o *offer) {
	e := o.entry
	e.callback.tries++
	f.act(Place{
		Callback: e.callback.id, Queue: e.queue.name(), Number: e.callback.number, Language: e.in.Language,
		Linked: e.callback.call, Agent: o.agents[0].name(),
	})
	f.factBack(e, "calling")
}

// reached is somebody who was called back and wants to speak: the call takes the place, and the agent who was kept is
// rung.
func (f *Floor) reached(e *entry, in Enter) {
	c := e.callback
	e.call = in.Call
	f.factBack(e, "reached")
	delete(f.backs, c.id)
	e.queue.callbacks--
	e.callback = nil
	in.Caller, in.Queue, in.Priority, in.Skills = e.in.Caller, e.in.Queue, e.in.Priority, e.in.Skills
	e.in, e.asked, e.prefer, e.front = in, true, nil, true
	f.calls[e.call] = e
	e.since = f.now
	f.fact(e, nil, journal.QueueEntered{Position: e.queue.position(e), Language: in.Language, Callback: true})
	f.schedule(e)
	if o := e.offer; o != nil && o.place {
		o.place = false
		for _, a := range o.agents {
			o.rung[a] = f.now
		}
		f.ring(o, o.agents, o.ring, false)
		f.factOffered(o, f.explainKept(o))
		f.lease(o)
		return
	}
	f.attend(e)
}

// explainKept is why the agent is rung who was kept.
func (f *Floor) explainKept(o *offer) (x journal.Explanation) {
	x.Strategy = o.entry.queue.cfg.Strategy
	for _, a := range o.agents {
		x.Candidates = append(x.Candidates, journal.Candidate{Agent: a.name(), Score: "was kept for the caller while he was called back"})
	}
	return x
}

// callbackFailed is somebody who was not reached: later again, or no more.
func (f *Floor) callbackFailed(in CallbackFailed) {
	e := f.backs[in.Callback]
	if e == nil {
		return
	}
	f.factBack(e, "failed")
	e.callback.next = f.now.Add(retryTime)
	tries := 1
	if c := e.queue.cfg.Callback; c != nil {
		tries = c.Tries
	}
	if in.Enough || e.callback.tries >= tries {
		f.factBack(e, "given_up")
		f.recall(e)
		f.drop(e)
		return
	}
	f.recall(e)
	f.attend(e)
}

// restore puts back what was so before the box stopped.
func (f *Floor) restore(in Restore) {
	f.back = max(f.back, in.LastCallback)
	for _, s := range in.Spoke {
		f.spoke.note(s)
	}
	for _, r := range in.Agents {
		a := f.agents[r.Agent]
		if a == nil || a.status != Offline || r.Status == Offline {
			continue
		}
		a.status, a.reason, a.since, a.signedIn, a.freeFrom = r.Status, r.Reason, r.Since, r.SignedIn, f.now
		if a.signedIn.IsZero() {
			a.signedIn = r.Since
		}
		f.changed(a)
		for _, q := range a.queues {
			f.staffed(q, true)
		}
		f.refresh(a)
	}
	for _, r := range in.Callbacks {
		q := f.queues[r.Queue]
		if q == nil || f.backs[r.ID] != nil {
			continue
		}
		f.back = max(f.back, r.ID)
		e := f.backEntry(q, Enter{Queue: r.Queue, Caller: r.Caller, Language: r.Language}, r.Since)
		e.callback = &callback{id: r.ID, number: r.Number, call: r.Call, tries: r.Tries, next: r.At}
		f.await(e)
	}
}
