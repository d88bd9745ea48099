package acd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// entry is one who waits: a call, or somebody who will be called back.
type entry struct {
	call  string
	in    Enter
	queue *queue
	n     uint64    // in the order of arrival
	since time.Time // waits since
	place time.Time // in line: since when it would have waited with no priority
	front bool

	class   *class // in which it can be offered; nil: not now
	skills  string // that the call asks for, as classes write it
	prefer  *agent // spoke with the caller last
	until   time.Time
	refused map[*agent]int // offers that came to nothing
	deaf    time.Time      // not offered before: its script has too much before it
	offer   *offer
	away    bool // taken aside

	announce time.Time // the next one; zero: none
	said     int
	asked    bool // was offered to be called back
	callback *callback
	alarm    alarm
}

// minutes is the priority that counts for an entry.
func (e *entry) minutes() float64 {
	if e.in.Priority != nil {
		return *e.in.Priority
	}
	return float64(e.queue.cfg.Priority)
}

// put works out an entry's place and puts it into the line.
func (f *Floor) put(e *entry) {
	q := e.queue
	e.place = e.since.Add(-time.Duration(e.minutes() * float64(time.Minute)))
	if e.front && len(q.line) > 0 && !e.place.Before(q.line[0].place) {
		e.place = q.line[0].place.Add(-1)
	}
	q.line = insert(q.line, e)
}

// enter puts a call into a queue, or lets it overflow at once.
func (f *Floor) enter(in Enter) {
	if old := f.calls[in.Call]; old != nil {
		f.overflow(old, "moved")
	}
	if a := f.talking[in.Call]; a != nil { // passed on by the agent
		f.hangsUp(a)
		f.refresh(a)
	}
	if e := f.backs[in.Callback]; e != nil && in.Callback != 0 {
		f.reached(e, in)
		return
	}
	q := f.queues[in.Queue]
	if q == nil {
		q = &queue{cfg: &hcl.Queue{Name: in.Queue}, gone: true}
	}
	f.entries++
	e := &entry{
		call: in.Call, in: in, queue: q, n: f.entries, since: f.now, front: in.Front, skills: written(in.Skills), refused: map[*agent]int{},
	}
	e.alarm.entry = e
	full := q.cfg.MaxWaiting > 0 && q.waiting() >= q.cfg.MaxWaiting && !in.Front
	f.put(e)
	f.calls[e.call] = e
	f.rememberLast(e)
	f.fact(e, nil, journal.QueueEntered{
		Position: q.position(e), Priority: e.minutes(), Skills: in.Skills, Language: in.Language, Again: in.Front,
	})
	switch {
	case q.gone:
		f.overflow(e, "removed")
	case full:
		f.overflow(e, "full")
	default:
		f.schedule(e)
		f.attend(e)
	}
}

// rememberLast finds out whom the caller spoke to last, and whether to wait for that agent.
func (f *Floor) rememberLast(e *entry) {
	last := e.queue.cfg.LastAgent
	if last == nil || e.in.Caller == "" {
		return
	}
	s, ok := f.spoke.of(e.in.Caller)
	a := f.agents[s.Agent]
	if !ok || a == nil || a.gone || f.now.Sub(s.At) > last.Within || e.queue.of[a] == nil {
		return
	}
	e.prefer, e.until = a, f.now.Add(last.Wait)
}

// schedule sets when the caller is told where he stands for the first time.
func (f *Floor) schedule(e *entry) {
	if a := e.announces(); a != nil {
		e.announce = e.since.Add(a.First)
	}
}

// announces is what the caller is told, as the call's generation has it.
func (e *entry) announces() *hcl.Announce {
	if e.in.Pinned != nil {
		return e.in.Pinned.Announce
	}
	return e.queue.cfg.Announce
}

// attend does what is due for an entry, and sets when it is looked at again. It may be called at any time.
func (f *Floor) attend(e *entry) {
	if e.offer != nil || e.away {
		f.unlist(e)
		f.alarms.set(&e.alarm, time.Time{})
		return
	}
	q := e.queue
	if e.callback == nil {
		if why := q.without(); why != "" && !q.gone {
			f.overflow(e, why)
			return
		}
		if q.cfg.MaxWait > 0 && f.now.Sub(e.since) >= q.cfg.MaxWait {
			f.overflow(e, "waited")
			return
		}
		f.offerCallback(e)
		f.tellPlace(e)
	}
	f.list(e)
	f.alarms.set(&e.alarm, f.attendAgain(e))
}

// attendAgain is when something about an entry will have changed by itself.
func (f *Floor) attendAgain(e *entry) time.Time {
	q := e.queue
	var times []time.Time
	for _, w := range q.cfg.Widen {
		times = append(times, e.since.Add(w.After))
	}
	times = append(times, e.until, e.deaf)
	if e.callback == nil {
		times = append(times, e.announce)
		if q.cfg.MaxWait > 0 {
			times = append(times, e.since.Add(q.cfg.MaxWait))
		}
		if c := q.cfg.Callback; c != nil && !e.asked {
			times = append(times, e.since.Add(c.OfferAfter))
		}
	} else {
		times = append(times, f.callableFrom(e))
	}
	first := time.Time{}
	for _, t := range times {
		if t.After(f.now) {
			first = soonest(first, t)
		}
	}
	return first
}

// list puts an entry into the class in which it can be offered now.
func (f *Floor) list(e *entry) {
	if e.deaf.After(f.now) || e.callback != nil && f.callableFrom(e).After(f.now) {
		f.unlist(e)
		return
	}
	k := kind{ring: e.queue.ringAt(f.now.Sub(e.since)), skills: e.skills, language: e.in.Language}
	if e.prefer != nil && e.until.After(f.now) && e.prefer.willing() {
		k.prefer = e.prefer
	}
	if e.class != nil && e.class.kind == k {
		return
	}
	f.unlist(e)
	e.class = e.queue.class(k, e.in.Skills)
	e.class.line = insert(e.class.line, e)
	f.touch(e.class)
}

func (f *Floor) unlist(e *entry) {
	c := e.class
	if c == nil {
		return
	}
	c.line = remove(c.line, e)
	e.class = nil
	if len(c.line) == 0 && !c.touched {
		delete(c.queue.classes, c.kind)
	}
}

// drop takes an entry off the floor.
func (f *Floor) drop(e *entry) {
	f.unlist(e)
	f.alarms.set(&e.alarm, time.Time{})
	q := e.queue
	q.line = remove(q.line, e)
	if e.callback != nil {
		q.callbacks--
		delete(f.backs, e.callback.id)
	}
	if f.calls[e.call] == e {
		delete(f.calls, e.call)
	}
	f.release(q)
}

// tellPlace announces when it is time.
func (f *Floor) tellPlace(e *entry) {
	a := e.announces()
	if a == nil || e.announce.IsZero() || e.announce.After(f.now) {
		return
	}
	e.announce = f.now.Add(a.Every)
	say := Announce{Call: e.call, Wait: -1}
	told := journal.QueueAnnounced{Position: e.queue.position(e)}
	if a.Position {
		say.Position = told.Position
	}
	if a.ExpectedWait {
		if say.Wait = e.queue.expected(f.now, told.Position); say.Wait >= 0 {
			wait := seconds(say.Wait)
			told.ExpectedSeconds = &wait
		}
	}
	if len(a.Prompts) > 0 {
		say.Prompt = a.Prompts[e.said%len(a.Prompts)]
		told.Prompt = say.Prompt
	}
	e.said++
	f.act(say)
	f.fact(e, nil, told)
}

// leave takes a call out by its own wish.
func (f *Floor) leave(in Leave) {
	e := f.calls[in.Call]
	switch {
	case e == nil:
	case in.Why == Overflowed:
		f.overflowed(e, "moved")
	default:
		f.abandoned(e)
	}
}

// ended takes a call off the floor, whatever it does there.
func (f *Floor) ended(call string) {
	if e := f.calls[call]; e != nil {
		f.abandoned(e)
	}
	if a := f.talking[call]; a != nil {
		f.hangsUp(a)
		f.refresh(a)
	}
}

// vanished ends a talk whose agent's phone is gone.
func (f *Floor) vanished(call string) {
	a := f.talking[call]
	if a == nil {
		return
	}
	f.hangsUp(a)
	f.endWrapUp(a)
	f.breaks(a, "the phone vanished during a call")
	f.refresh(a)
}

// abandoned is a caller who hung up while waiting. Agents who were rung for him lose nothing by it.
func (f *Floor) abandoned(e *entry) {
	f.fact(e, nil, journal.QueueAbandoned{WaitSeconds: seconds(f.now.Sub(e.since)), Position: e.queue.position(e)})
	e.queue.level(f.now, false, f.now.Sub(e.since))
	f.recall(e)
	f.drop(e)
}

// overflow lets a call go elsewhere and tells it.
func (f *Floor) overflow(e *entry, why string) {
	f.act(Overflow{Call: e.call, Why: why})
	f.overflowed(e, why)
}

func (f *Floor) overflowed(e *entry, why string) {
	f.fact(e, nil, journal.QueueOverflowed{WaitSeconds: seconds(f.now.Sub(e.since)), Why: why})
	f.recall(e)
	f.drop(e)
}

// aside takes a call aside or brings it back.
func (f *Floor) aside(in Aside) {
	e := f.calls[in.Call]
	if e == nil || e.away == in.On {
		return
	}
	if e.away = in.On; in.On && e.offer != nil {
		f.recall(e)
	}
	f.attend(e)
}

// written is how classes compare what calls ask for.
func written(skills map[string]int) string {
	if len(skills) == 0 {
		return ""
	}
	var s strings.Builder
	for _, skill := range slices.Sorted(maps.Keys(skills)) {
		fmt.Fprintf(&s, "%s=%d,", skill, skills[skill])
	}
	return s.String()
}
