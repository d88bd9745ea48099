package acd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// office of random histories: four agents, three queues that share them, every rule in one of them.
func randomOffices(t *testing.T) []*hcl.Config {
	who := people("ann skills = { x = 3, y = 1 }; languages = [\"en\"]", "bob skills = { x = 1 }; languages = [\"zh\"]", "cid skills = { y = 5 }", "dan")
	var all []*hcl.Config
	for i, strategy := range slices.Sorted(maps.Keys(strategies)) {
		if strategy == "" {
			continue
		}
		more := `strategy = "` + strategy + `"; missed {; limit = 2; }; wrap_up {; time = "10s"; mode = "` + []string{"none", "timed", "required", "optional"}[i%4] + `"; }; `
		all = append(all, config(t, who+
			queueOf("q1", "ann bob cid dan", more+`max_wait = "2m"; max_waiting = 5; overflow {; goto = hangup; }; callback {; offer_after = "10s"; tries = 2; }`)+
			queueOf("q2", "bob ann", more+`skills = { x = 2 }; priority = 3; widen {; after = "20s"; skills = { x = 1 }; }; widen {; after = "40s"; agents = [agent.dan]; skills = { x = 0 }; }; last_agent {; wait = "15s"; }`)+
			queueOf("q3", "dan cid", more+`without_agents = "`+[]string{"logged_in", "ready", "never"}[i%3]+`"; overflow {; goto = hangup; }; announce {; position = true; expected_wait = true; }`)))
	}
	all = append(all, config(t, people("ann skills = { x = 3 }", "bob", "eve")+queueOf("q1", "ann eve", "")+queueOf("q4", "bob", "")))
	return all
}

// history plays random events on a floor and holds a simple model beside it.
type history struct {
	hall
	offices []*hcl.Config
	model   map[string]*waiter // who waits, by call
	n       int
	placed  []Place
}

// waiter is what the model knows of a call.
type waiter struct {
	queue  string
	since  time.Time
	placed float64 // minutes of priority
	front  bool
	n      int
}

// follow checks each fact against the model, in their order.
func (h *history) follow(t *rapid.T, acts []Action) {
	for _, a := range acts {
		switch a := a.(type) {
		case Place:
			h.placed = append(h.placed, a)
		case Fact:
			h.facts = append(h.facts, a.Event)
			h.followFact(t, a.Event)
		case Offer:
			h.rings[a.Call] = a
		}
	}
}

func (h *history) followFact(t *rapid.T, e journal.Event) {
	w := h.model[e.Call]
	switch b := e.Body.(type) {
	case journal.QueueEntered:
		h.n++
		h.model[e.Call] = &waiter{queue: e.Queue, since: e.Time.Add(h.f.shift), placed: b.Priority, front: b.Again || b.Callback, n: h.n}
	case journal.QueueAnswered, journal.QueueAbandoned, journal.QueueOverflowed:
		if w == nil {
			t.Fatalf("%s of a call that does not wait: %s", e.Body.Type(), e.Call)
		}
		delete(h.model, e.Call)
	case journal.QueueOffered:
		if w == nil {
			t.Fatalf("an offer for a call that does not wait: %s", e.Call)
		}
		if h.f.queues[e.Queue] != nil && !h.f.queues[e.Queue].gone {
			h.fair(t, e, w, b)
		}
	}
}

// fair checks that nobody who has waited longer, with priority counted, is passed over by an offer that he could have
// had: of the same queue, with the same rules, as only then the model is simple.
func (h *history) fair(t *rapid.T, e journal.Event, w *waiter, b journal.QueueOffered) {
	score := func(w *waiter) float64 { return e.Time.Add(h.f.shift).Sub(w.since).Minutes() + w.placed }
	for id, other := range h.model {
		x := h.f.calls[id]
		if other.queue != w.queue || id == e.Call || x == nil || x.class == nil || w.front || other.front || e.Queue != "q1" {
			continue
		}
		mine := h.f.calls[e.Call]
		if mine == nil || mine.skills != x.skills || mine.in.Language != x.in.Language || x.deaf.After(h.f.now) {
			continue
		}
		if score(other) > score(w)+1e-9 {
			t.Fatalf("call %s (%.3f) is offered to %v while %s (%.3f) waits", e.Call, score(w), b.Agents, id, score(other))
		}
	}
}

func TestWhateverHappensNobodyIsStuckAndTheBooksBalance(t *testing.T) {
	offices := randomOffices(t)
	rapid.Check(t, func(t *rapid.T) {
		h := &history{offices: offices, model: map[string]*waiter{}}
		first := rapid.IntRange(0, len(offices)-1).Draw(t, "office")
		h.f, h.now, h.begun, h.rings = NewFloor(offices[first], 7), monday, monday, map[string]Offer{}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			in := h.draw(t)
			acts := h.f.Handle(h.now, in)
			h.follow(t, acts)
			if err := wrong(h.f); err != "" {
				t.Fatalf("after %T%+v: %s", in, in, err)
			}
			if err := unbalanced(h.f, h.facts); err != "" {
				t.Fatalf("after %T%+v: %s", in, in, err)
			}
			if len(h.model) != len(h.f.calls) {
				t.Fatalf("after %T%+v: %d wait, %d do as the facts say", in, in, len(h.f.calls), len(h.model))
			}
		}
		h.end(t)
	})
}

// end lets everybody hang up and checks that all who are ready are free again.
func (h *history) end(t *rapid.T) {
	for i := range h.n + 200 {
		h.follow(t, h.f.Handle(h.now, CallEnded{fmt.Sprint("c", i)}))
	}
	for id := range h.f.backs {
		h.follow(t, h.f.Handle(h.now, CallbackFailed{Callback: id, Enough: true}))
	}
	for _, name := range strings.Fields("ann bob cid dan eve") {
		for i := range 4 {
			h.f.Handle(h.now, AgentFree{name, fmt.Sprint("own", i)})
		}
		h.f.Handle(h.now, Finish{name})
	}
	for i := range 5 {
		h.f.Handle(h.now, Phone{Extension: fmt.Sprint(1001 + i), Up: true})
	}
	h.now = h.now.Add(time.Hour)
	h.follow(t, h.f.Handle(h.now, Tick{}))
	for _, a := range h.f.sorted {
		if a.status == Ready && !a.free {
			why, _ := a.passed(h.f.now)
			t.Fatalf("%s is stuck: %s", a.name(), why)
		}
	}
	if len(h.f.calls)+len(h.f.offers)+len(h.f.talking) > 0 {
		t.Fatalf("%d wait, %d offers, %d talk though all have hung up", len(h.f.calls), len(h.f.offers), len(h.f.talking))
	}
	for name, q := range h.f.queues {
		if q.gone || len(q.classes) > 0 || len(q.open) > 0 || q.talking != 0 {
			t.Fatalf("queue %s is not as empty as it should be: %+v", name, q)
		}
	}
	if err := unbalanced(h.f, h.facts); err != "" {
		t.Fatal(err)
	}
}

// draw is the next thing that happens.
func (h *history) draw(t *rapid.T) Input {
	agent := func() string { return rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve"}).Draw(t, "agent") }
	id := func() string { return fmt.Sprint("c", rapid.IntRange(0, 12).Draw(t, "call")) }
	waits := func() string {
		if all := slices.Sorted(maps.Keys(h.f.calls)); len(all) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
			return rapid.SampledFrom(all).Draw(t, "waiting")
		}
		return id()
	}
	offer := func() uint64 {
		if all := slices.Sorted(maps.Keys(h.f.offers)); len(all) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
			return rapid.SampledFrom(all).Draw(t, "offer")
		}
		return uint64(rapid.IntRange(0, 20).Draw(t, "any offer"))
	}
	maybe := func(name string) string {
		if rapid.Bool().Draw(t, "one") {
			return name
		}
		return ""
	}
	switch rapid.IntRange(0, 23).Draw(t, "what") {
	case 0, 1, 2, 3:
		return h.drawEnter(t, id())
	case 4, 5, 6:
		return ChooseStatus{Agent: agent(), Status: rapid.SampledFrom([]Status{Ready, Ready, Ready, Paused, Offline}).Draw(t, "status")}
	case 7, 8, 9:
		return h.drawAnswer(t, offer(), agent())
	case 10:
		return OfferMissed{Offer: offer()}
	case 11:
		return OfferRejected{Offer: offer(), Agent: maybe(agent()), Busy: rapid.Bool().Draw(t, "busy")}
	case 12:
		return OfferFailed{Offer: offer(), Agent: maybe(agent()), Why: "x", Ours: rapid.Bool().Draw(t, "ours")}
	case 13:
		return CallEnded{waits()}
	case 14:
		if all := slices.Sorted(maps.Keys(h.f.talking)); len(all) > 0 {
			return CallEnded{rapid.SampledFrom(all).Draw(t, "talk")}
		}
		return Leave{waits(), Overflowed}
	case 15:
		return Vanished{id()}
	case 16:
		return Aside{waits(), rapid.Bool().Draw(t, "on")}
	case 17:
		call := waits()
		delete(h.model, call)
		return TakeCallback{call, "+886912345678"}
	case 18:
		return h.drawBack(t)
	case 19:
		return rapid.SampledFrom([]Input{Finish{agent()}, WantWrapUp{agent()}, Hold{id(), true}, Hold{id(), false}, Finish{agent()}}).Draw(t, "of an agent")
	case 20:
		own := fmt.Sprint("own", rapid.IntRange(0, 3).Draw(t, "own"))
		return rapid.SampledFrom([]Input{AgentBusy{agent(), own}, AgentFree{agent(), own}, AgentFree{agent(), own}}).Draw(t, "own call")
	case 21:
		return Phone{Extension: fmt.Sprint(1001 + rapid.IntRange(0, 4).Draw(t, "phone")), Up: rapid.Bool().Draw(t, "up")}
	case 22:
		return Configure{rapid.SampledFrom(h.offices).Draw(t, "reload")}
	}
	h.now = h.now.Add(time.Duration(rapid.SampledFrom([]int{1, 500, 1000, 5000, 20000, 60000, 300000, -4000}).Draw(t, "ms")) * time.Millisecond)
	return Tick{}
}

func (h *history) drawEnter(t *rapid.T, call string) Input {
	in := Enter{Call: call, Queue: rapid.SampledFrom([]string{"q1", "q1", "q2", "q3", "q4"}).Draw(t, "queue"), Caller: "+8862" + call}
	if rapid.IntRange(0, 4).Draw(t, "own priority") == 0 {
		p := rapid.Float64Range(-10, 10).Draw(t, "priority")
		in.Priority = &p
	}
	if rapid.IntRange(0, 4).Draw(t, "own skills") == 0 {
		in.Skills = map[string]int{"y": rapid.IntRange(1, 5).Draw(t, "y")}
	}
	in.Language = rapid.SampledFrom([]string{"", "en", "zh-Hant"}).Draw(t, "language")
	in.Front = rapid.IntRange(0, 9).Draw(t, "front") == 0
	return in
}

// drawAnswer lets somebody answer who is rung, mostly.
func (h *history) drawAnswer(t *rapid.T, id uint64, agent string) Input {
	o := h.f.offers[id]
	if o == nil || o.place || rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
		return OfferAnswered{Offer: id, Call: fmt.Sprint("c", rapid.IntRange(0, 12).Draw(t, "odd call")), Agent: agent}
	}
	return OfferAnswered{Offer: id, Call: o.entry.call, Agent: rapid.SampledFrom(o.agents).Draw(t, "who").name()}
}

func (h *history) drawBack(t *rapid.T) Input {
	if len(h.placed) == 0 {
		return CallbackFailed{Callback: 1}
	}
	p := rapid.SampledFrom(h.placed).Draw(t, "placed")
	if rapid.Bool().Draw(t, "reached") {
		return Enter{Call: fmt.Sprint("c", 13+rapid.IntRange(0, 9).Draw(t, "back")), Queue: p.Queue, Callback: p.Callback}
	}
	return CallbackFailed{Callback: p.Callback, Enough: rapid.Bool().Draw(t, "enough")}
}
