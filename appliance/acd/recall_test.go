package acd

import (
	"errors"
	"iter"
	"testing"
	"time"

	"callbox/appliance/journal"
)

func (h *hall) recalled() iter.Seq2[journal.Event, error] {
	return func(yield func(journal.Event, error) bool) {
		for _, e := range h.facts {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestAfterAPowerCutAgentsAreWhatTheyChoseAndPromisesAreKept(t *testing.T) {
	blocks := officeHours() + people("ann", "bob", "cid") + queueOf("sales", "ann bob cid", callbacks+"; last_agent {; within = \"24h\"; }")
	h := open(t, blocks)
	started := func(id, from string) {
		h.facts = append(h.facts, journal.Event{Call: id, Time: h.now, Body: journal.CallStarted{From: from}})
	}
	h.ready("ann", "bob")
	started("known", "+886900000001")
	h.tell(Enter{Call: "known", Queue: "sales", Caller: "+886900000001"})
	h.serve("known", time.Minute) // by ann
	h.tell(ChooseStatus{Agent: "bob", Status: Paused, Reason: "lunch"})
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "tea"})
	for i, id := range []string{"one", "two", "three"} {
		h.call(id, "sales")
		h.tell(TakeCallback{id, "+88691234567" + string(rune('0'+i))})
		h.pass(time.Second)
	}
	h.tell(Promise{Call: "four", Queue: "sales", Number: "+886912345674", At: h.now.Add(3 * time.Hour)})
	h.tell(ChooseStatus{Agent: "ann", Status: Ready})
	first := done[Place](h)[0]
	h.tell(Enter{Call: "back", Queue: "sales", Callback: first.Callback}) // the first is served

	back, err := Recall(h.recalled())
	if err != nil {
		t.Fatal(err)
	}
	g := open(t, blocks)
	g.now = h.now
	g.tell(back)
	g.state("ann", "ready ringing") // kept for the second
	g.state("bob", "paused idle")
	g.state("cid", "offline idle")
	if len(g.facts) > 0 && happened[journal.AgentStatus](g, "") != nil {
		t.Errorf("what was restored is written down again: %+v", g.facts)
	}
	p := done[Place](g)
	if len(p) != 1 || p[0].Number != "+886912345671" || p[0].Linked != "two" {
		t.Fatalf("calls back: %+v", p)
	}
	g.tell(CallbackFailed{Callback: p[0].Callback, Enough: true})
	if p = done[Place](g); len(p) != 1 || p[0].Number != "+886912345672" {
		t.Fatalf("then: %+v", p)
	}
	g.tell(CallbackFailed{Callback: p[0].Callback, Enough: true})
	if p = done[Place](g); len(p) != 0 {
		t.Fatalf("before its time: %+v", p)
	}
	g.ready("cid")
	g.tell(Enter{Call: "again", Queue: "sales", Caller: "+886900000001"})
	g.expects("again", "ann") // knows him
	g.tell(CallEnded{"again"})
	g.pass(3*time.Hour + time.Minute)
	if p = done[Place](g); len(p) != 1 || p[0].Number != "+886912345674" {
		t.Fatalf("at last: %+v", p)
	}
	g.call("new", "sales")
	g.tell(TakeCallback{"new", "+886912345679"})
	if _, again := g.f.backs[5]; !again {
		t.Errorf("the next promise is not the fifth: %v", g.f.backs)
	}
}

func TestWhatCannotBeReadEndsTheRecallAndKeepsWhatWasRead(t *testing.T) {
	broken := errors.New("broken")
	r, err := Recall(func(yield func(journal.Event, error) bool) {
		if yield(journal.Event{Agent: "ann", Time: monday, Body: journal.AgentStatus{Status: "ready"}}, nil) {
			yield(journal.Event{}, broken)
		}
	})
	if !errors.Is(err, broken) || len(r.Agents) != 1 || r.Agents[0].Status != Ready {
		t.Errorf("recalled %+v, %v", r, err)
	}
}

func TestAPromiseToAQueueThatIsNotThereIsNotMade(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.tell(Promise{Call: "one", Queue: "gone", Number: "+886912345678"})
	if len(h.f.backs) != 0 || len(h.facts) != 0 {
		t.Error("it was made")
	}
}
