package acd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"callbox/appliance/journal"
	"callbox/hcl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config loads an office with the blocks that are given.
func config(t testing.TB, blocks string) *hcl.Config {
	t.Helper()
	files := fstest.MapFS{"office.hcl": {Data: []byte(`
appliance {
  name     = "Office"
  country  = "TW"
  timezone = "Asia/Taipei"
}
` + blocks)}}
	cfg, ds := hcl.Load(files, hcl.LoadOptions{})
	if cfg == nil {
		t.Fatalf("the configuration does not load: %v", ds)
	}
	return cfg
}

// people are agents with phones of their own: ann, bob, … 1001, 1002, …
func people(names ...string) string {
	var s strings.Builder
	for i, name := range names {
		name, rest, _ := strings.Cut(name, " ")
		fmt.Fprintf(&s, `
extension "%d" {
  name     = %q
  password = "a-long-password-%d"
}
agent %q {
  extension = extension.%d
  %s
}
`, 1001+i, name, i, name, 1001+i, strings.ReplaceAll(rest, "; ", "\n  "))
	}
	return s.String()
}

// queueOf is a queue of agents, with more lines.
func queueOf(name, agents, more string) string {
	var refs []string
	for a := range strings.FieldsSeq(agents) {
		refs = append(refs, "agent."+a)
	}
	return fmt.Sprintf("\nqueue %q {\n  agents = [%s]\n  %s\n}\n", name, strings.Join(refs, ", "), strings.ReplaceAll(more, "; ", "\n  "))
}

// hall is a floor with a clock that a test moves.
type hall struct {
	t     testing.TB
	f     *Floor
	now   time.Time
	facts []journal.Event
	acts  []Action // since the last look
	rings map[string]Offer
	begun time.Time
}

var monday = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC) // ten in Taipei

func open(t testing.TB, blocks string) *hall {
	h := &hall{t: t, f: NewFloor(config(t, blocks), 1), now: monday, rings: map[string]Offer{}, begun: monday}
	h.tell(Tick{})
	return h
}

func (h *hall) tell(in Input) {
	h.t.Helper()
	h.take(h.f.Handle(h.now, in))
}

func (h *hall) take(acts []Action) {
	for _, a := range acts {
		switch a := a.(type) {
		case Fact:
			h.facts = append(h.facts, a.Event)
			continue
		case AgentChanged:
			continue
		case Offer:
			h.rings[a.Call] = a
		case Withdraw:
			if a.Agent == "" {
				delete(h.rings, a.Call)
			}
		}
		h.acts = append(h.acts, a)
	}
	h.check()
}

// pass lets time go by, and stops wherever something is due.
func (h *hall) pass(d time.Duration) {
	until := h.now.Add(d)
	for next := h.f.Next(); !next.IsZero() && !next.After(until); next = h.f.Next() {
		h.now = next
		h.tell(Tick{})
	}
	h.now = until
	h.tell(Tick{})
}

func (h *hall) ready(names ...string) {
	for _, name := range names {
		h.tell(ChooseStatus{Agent: name, Status: Ready})
		h.now = h.now.Add(time.Millisecond)
	}
}

func (h *hall) call(id, queue string) { h.tell(Enter{Call: id, Queue: queue, Caller: "+886912345678"}) }

// rung are the agents who are rung for a call now.
func (h *hall) rung(id string) string {
	e := h.f.calls[id]
	if e == nil || e.offer == nil {
		return ""
	}
	var names []string
	for _, a := range e.offer.agents {
		names = append(names, a.name())
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (h *hall) expects(id, agents string) {
	h.t.Helper()
	if got := h.rung(id); got != agents {
		h.t.Fatalf("for call %s rings %q, want %q", id, got, agents)
	}
}

func (h *hall) answer(id, agent string) {
	h.t.Helper()
	h.tell(OfferAnswered{Offer: h.rings[id].ID, Call: id, Agent: agent})
	if a := h.f.agents[agent]; a.call != id {
		h.t.Fatalf("agent %s talks with %q, not with call %s", agent, a.call, id)
	}
}

// serve lets a call be answered and talked for so long.
func (h *hall) serve(id string, talk time.Duration) (agent string) {
	h.t.Helper()
	agent = h.rung(id)
	h.answer(id, agent)
	h.pass(talk)
	h.tell(CallEnded{id})
	return agent
}

func (h *hall) state(agent, want string) {
	h.t.Helper()
	v, _ := h.f.View(agent)
	if got := string(v.Status) + " " + string(v.Activity); got != want {
		h.t.Fatalf("agent %s is %q, want %q", agent, got, want)
	}
}

// happened are the bodies of one type that were written down.
func happened[B journal.Body](h *hall, call string) (bodies []B) {
	for _, e := range h.facts {
		if b, ok := e.Body.(B); ok && (call == "" || e.Call == call) {
			bodies = append(bodies, b)
		}
	}
	return bodies
}

// done are the actions of one type since they were asked for last.
func done[A Action](h *hall) (some []A) {
	h.acts = slices.DeleteFunc(h.acts, func(a Action) bool {
		x, ok := a.(A)
		if ok {
			some = append(some, x)
		}
		return ok
	})
	return some
}

// check holds what is true at every moment, whatever has happened.
func (h *hall) check() {
	h.t.Helper()
	if err := wrong(h.f); err != "" {
		h.t.Fatalf("after %s: %s", h.now.Sub(h.begun), err)
	}
}

// wrong tells what is not as it must be; empty: nothing.
func wrong(f *Floor) string {
	for _, a := range f.agents {
		switch {
		case a.offer != nil && a.call != "":
			return a.name() + " has an offer and a call"
		case a.offer != nil && f.offers[a.offer.id] != a.offer:
			return a.name() + " is kept for an offer that is over"
		case a.offer != nil && !slices.Contains(a.offer.agents, a):
			return a.name() + " is kept for an offer that does not ring him"
		case a.call != "" && f.talking[a.call] != a:
			return a.name() + " talks in a call that is another's"
		case a.free != slices.Contains(f.idle, a):
			return a.name() + " is free, or not, and the list of the free says otherwise"
		}
		if act, _, _ := a.doing(); act != a.activity {
			return a.name() + " does " + string(act) + ", and is shown as " + string(a.activity)
		}
		if why, _ := a.passed(f.now); (why == "") != a.free {
			return a.name() + " is free, or not, and nobody noticed: " + why
		}
	}
	for id, o := range f.offers {
		switch {
		case len(o.agents) == 0:
			return fmt.Sprintf("offer %d rings nobody", id)
		case o.alarm.pos == 0:
			return fmt.Sprintf("offer %d has no lease", id)
		case o.entry.offer != o:
			return fmt.Sprintf("offer %d is for a call that does not know", id)
		}
		for _, a := range o.agents {
			if a.offer != o {
				return fmt.Sprintf("offer %d rings %s, who is not kept for it", id, a.name())
			}
		}
	}
	for _, q := range f.queues {
		if why := wrongQueue(f, q); why != "" {
			return "queue " + q.name() + ": " + why
		}
	}
	return ""
}

func wrongQueue(f *Floor, q *queue) string {
	if !slices.IsSortedFunc(q.line, before) {
		return "the line is out of order"
	}
	backs, listed := 0, 0
	for _, e := range q.line {
		if e.callback != nil {
			backs++
		}
		if e.class == nil {
			continue
		}
		listed++
		if !slices.Contains(e.class.line, e) || q.classes[e.class.kind] != e.class {
			return e.call + " is in a class that does not know"
		}
		for _, a := range f.idle {
			if m := q.of[a]; m != nil && e.class.suits(m) {
				return e.call + " waits while " + a.name() + " is free"
			}
		}
	}
	for _, c := range q.classes {
		if !slices.IsSortedFunc(c.line, before) {
			return "a class is out of order"
		}
		listed -= len(c.line)
	}
	switch {
	case backs != q.callbacks:
		return "callbacks are counted wrongly"
	case listed != 0:
		return "classes hold who does not wait"
	case len(f.touched) > 0:
		return "something is left undecided"
	}
	return ""
}

// books checks that every call that entered has left by exactly one way, or waits.
func (h *hall) books() {
	h.t.Helper()
	if err := unbalanced(h.f, h.facts); err != "" {
		h.t.Fatal(err)
	}
}

func unbalanced(f *Floor, facts []journal.Event) string {
	in := map[string]int{}
	for _, e := range facts {
		key := e.Queue + " " + e.Call
		switch b := e.Body.(type) {
		case journal.QueueEntered:
			if in[key]++; in[key] > 1 {
				return key + " entered twice"
			}
		case journal.QueueCallback:
			if b.State == "" {
				in[key]--
			}
		case journal.QueueAnswered, journal.QueueAbandoned, journal.QueueOverflowed:
			in[key]--
		}
		if in[key] < 0 {
			return key + " left more often than it entered"
		}
	}
	waiting := 0
	for _, n := range in {
		waiting += n
	}
	if waiting != len(f.calls) {
		return fmt.Sprintf("%d calls entered and did not leave, %d wait", waiting, len(f.calls))
	}
	return ""
}

// pass lets time pass on the clock of a bubble.
func pass(d time.Duration) { <-time.After(d) }
