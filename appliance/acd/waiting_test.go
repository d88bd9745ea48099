package acd

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/journal"
)

func (h *hall) overflowed(id, why string) {
	h.t.Helper()
	got := happened[journal.QueueOverflowed](h, id)
	told := done[Overflow](h)
	if len(got) != 1 || got[0].Why != why || len(told) != 1 || told[0] != (Overflow{id, why}) {
		h.t.Fatalf("call %s overflowed as %+v and was told %+v, want %s", id, got, told, why)
	}
}

func TestACallThatMayNotWaitGoesElsewhereAtOnce(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "max_waiting = 2; overflow {; goto = hangup; }"))
	h.call("one", "sales")
	h.call("two", "sales")
	h.call("three", "sales")
	h.overflowed("three", "full")
	h.books()
}

func TestACallThatHasWaitedItsTimeGoesElsewhere(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "max_wait = \"1m\"; overflow {; goto = hangup; }"))
	h.call("one", "sales")
	h.pass(59 * time.Second)
	if len(h.f.calls) != 1 {
		t.Fatal("it is gone too soon")
	}
	h.pass(time.Second)
	h.overflowed("one", "waited")
	if got := happened[journal.QueueOverflowed](h, "one"); got[0].WaitSeconds != 60 {
		t.Errorf("it waited %v s", got[0].WaitSeconds)
	}
}

func TestACallIsNotTakenAwayWhileAPhoneRingsForIt(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "max_wait = \"1m\"; overflow {; goto = hangup; }"))
	h.call("one", "sales")
	h.pass(55 * time.Second)
	h.ready("ann")
	h.pass(19 * time.Second)
	h.expects("one", "ann")
	h.tell(OfferMissed{Offer: h.rings["one"].ID})
	h.overflowed("one", "waited")
	h.state("ann", "ready idle")
}

func TestCallsDoNotWaitWithoutAgents(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", "without_agents = \"logged_in\"; overflow {; goto = hangup; }")+
		queueOf("support", "ann bob", "without_agents = \"ready\"; overflow {; goto = hangup; }"))
	h.call("one", "sales")
	h.overflowed("one", "nobody_logged_in")
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.call("two", "sales")
	h.call("three", "support")
	h.overflowed("three", "nobody_ready")
	h.ready("bob")
	h.expects("two", "bob")
	h.call("four", "support")
	h.answer("two", "bob")
	h.expects("four", "")
	h.tell(ChooseStatus{Agent: "bob", Status: Paused, Reason: "lunch"}) // after the call
	if len(h.f.calls) != 1 {
		t.Fatal("a call left though bob is still there")
	}
	h.tell(CallEnded{"two"})
	h.overflowed("four", "nobody_ready")
	h.call("five", "sales")
	h.tell(ChooseStatus{Agent: "ann", Status: Offline})
	h.tell(ChooseStatus{Agent: "bob", Status: Offline})
	h.overflowed("five", "nobody_logged_in")
	h.books()
}

func TestCallersHearWhereTheyStand(t *testing.T) {
	h := open(t, people("ann")+`
prompt "thanks" { text = { en = "Thank you." } }
prompt "web" { text = { en = "We are on the web." } }
`+queueOf("sales", "ann", "announce {; position = true; expected_wait = true; first = \"15s\"; every = \"45s\"; prompts = [prompt.thanks, prompt.web]; }"))
	h.call("one", "sales")
	h.pass(time.Second)
	h.call("two", "sales")
	h.pass(13 * time.Second)
	if got := done[Announce](h); len(got) != 0 {
		t.Fatalf("too soon: %+v", got)
	}
	h.pass(2 * time.Second)
	got := done[Announce](h)
	if len(got) != 2 || got[0] != (Announce{"one", 1, -1, "thanks"}) || got[1] != (Announce{"two", 2, -1, "thanks"}) {
		t.Fatalf("the first: %+v", got)
	}
	h.tell(CallEnded{"one"})
	h.pass(45 * time.Second)
	if got = done[Announce](h); len(got) != 1 || got[0] != (Announce{"two", 1, -1, "web"}) {
		t.Fatalf("the second: %+v", got)
	}
	h.ready("ann")
	h.pass(40 * time.Second) // nothing is announced while it rings
	if got = done[Announce](h); len(got) != 0 {
		t.Fatalf("while it rings: %+v", got)
	}
}

func TestTheExpectedWaitIsHowFastTheLineMoves(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	for i := range 8 {
		h.call(fmt.Sprint(i), "sales")
	}
	if s, _ := h.f.Queue("sales", h.now); s.ExpectedWait >= 0 {
		t.Errorf("before anything is known: %s", s.ExpectedWait)
	}
	h.ready("ann")
	for i := range 5 {
		h.serve(fmt.Sprint(i), 2*time.Minute)
	}
	s, _ := h.f.Queue("sales", h.now)
	if s.Waiting != 3 || s.ExpectedWait != 8*time.Minute {
		t.Errorf("%d wait, and the next will wait %s", s.Waiting, s.ExpectedWait)
	}
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.pass(20 * time.Minute)
	if s, _ = h.f.Queue("sales", h.now); s.ExpectedWait < 20*time.Minute {
		t.Errorf("nothing moves, and the next will wait %s", s.ExpectedWait)
	}
}

func TestTheServiceLevelLeavesThoseOutWhoHangUpAtOnce(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	if s, _ := h.f.Queue("sales", h.now); s.ServiceLevel >= 0 {
		t.Error("it is known before there was a call")
	}
	h.ready("ann")
	h.call("quick", "sales")
	h.serve("quick", time.Minute)
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.call("short", "sales")
	h.pass(4 * time.Second)
	h.tell(CallEnded{"short"})
	h.call("long", "sales")
	h.pass(10 * time.Second)
	h.tell(CallEnded{"long"})
	if s, _ := h.f.Queue("sales", h.now); s.ServiceLevel != 0.5 {
		t.Errorf("it is %v", s.ServiceLevel)
	}
}

const callbacks = "callback {; offer_after = \"60s\"; key = \"1\"; hours = schedule.office; tries = 2; }"

func officeHours() string {
	return "\nschedule \"office\" {\n  open {\n    days = [\"mon\"]\n    from = \"09:00\"\n    to = \"18:00\"\n  }\n}\n"
}

func TestWhoAsksToBeCalledBackKeepsHisPlace(t *testing.T) {
	h := open(t, officeHours()+people("ann")+queueOf("sales", "ann", callbacks))
	h.call("one", "sales")
	h.pass(30 * time.Second)
	h.call("two", "sales")
	h.pass(30 * time.Second)
	o := done[OfferCallback](h)
	if len(o) != 1 || o[0].Call != "one" || o[0].Key != "1" || o[0].Number != "+886912345678" {
		t.Fatalf("offered: %+v", o)
	}
	h.tell(Aside{"one", true})
	h.ready("ann")
	h.expects("two", "ann") // one is keying a number
	h.tell(TakeCallback{"one", "+886912345678"})
	h.tell(CallEnded{"one"})
	h.call("three", "sales")
	h.serve("two", time.Minute)
	p := done[Place](h)
	if len(p) != 1 || p[0].Number != "+886912345678" || p[0].Agent != "ann" || p[0].Linked != "one" {
		t.Fatalf("calls back: %+v", p)
	}
	h.state("ann", "ready ringing")
	h.expects("three", "")
	h.tell(Enter{Call: "back", Queue: "sales", Callback: p[0].Callback})
	h.expects("back", "ann")
	h.answer("back", "ann")
	h.tell(CallEnded{"back"})
	h.expects("three", "ann")
	h.books()
	if in := happened[journal.QueueEntered](h, "back"); len(in) != 1 || !in[0].Callback {
		t.Errorf("entered as %+v", in)
	}
	if got := happened[journal.QueueCallback](h, "one"); len(got) != 1 || got[0].Position != 1 || int(got[0].WaitSeconds) != 60 {
		t.Errorf("promised as %+v", got)
	}
}

func TestWhoCannotBeReachedIsTriedAgainLaterAndThenNoMore(t *testing.T) {
	h := open(t, officeHours()+people("ann")+queueOf("sales", "ann", callbacks))
	h.call("one", "sales")
	h.tell(TakeCallback{"one", "+886912345678"})
	h.ready("ann")
	p := done[Place](h)
	h.tell(CallbackFailed{Callback: p[0].Callback, Why: "busy"})
	h.state("ann", "ready idle")
	h.pass(4 * time.Minute)
	if p = done[Place](h); len(p) != 0 {
		t.Fatal("tried again at once")
	}
	h.pass(time.Minute)
	if p = done[Place](h); len(p) != 1 {
		t.Fatal("not tried again")
	}
	h.tell(CallbackFailed{Callback: p[0].Callback, Why: "busy"})
	h.pass(time.Hour)
	if p = done[Place](h); len(p) != 0 || len(h.f.backs) != 0 {
		t.Fatal("tried more often than allowed")
	}
	got := happened[journal.QueueCallback](h, "")
	if last := got[len(got)-1]; last.State != "given_up" || last.Try != 2 {
		t.Errorf("the last word is %+v", last)
	}
	h.books()
}

func TestNobodyIsCalledBackAtNight(t *testing.T) {
	h := open(t, officeHours()+people("ann")+queueOf("sales", "ann", callbacks))
	h.call("one", "sales")
	h.tell(TakeCallback{"one", "+886912345678"})
	h.pass(9 * time.Hour) // seven in the evening
	h.ready("ann")
	if p := done[Place](h); len(p) != 0 {
		t.Fatal("called back after hours")
	}
	h.call("late", "sales")
	h.expects("late", "ann")
	h.serve("late", 2*time.Minute)
	h.pass(7*24*time.Hour - 10*time.Hour - 3*time.Minute) // Monday before nine
	if p := done[Place](h); len(p) != 0 {
		t.Fatal("called back before hours")
	}
	h.pass(2 * time.Minute)
	if p := done[Place](h); len(p) != 1 {
		t.Fatal("not called back in the morning")
	}
}

func TestAnAgentIsNotKeptForEverForWhoIsBeingCalledBack(t *testing.T) {
	h := open(t, officeHours()+people("ann")+queueOf("sales", "ann", callbacks))
	h.call("one", "sales")
	h.tell(TakeCallback{"one", "+886912345678"})
	h.ready("ann")
	h.pass(2 * time.Minute)
	h.state("ann", "ready idle")
}

func TestWhoIsCalledBackLateIsStillTheNext(t *testing.T) {
	h := open(t, officeHours()+people("ann")+queueOf("sales", "ann", callbacks))
	h.call("one", "sales")
	h.tell(TakeCallback{"one", "+886912345678"})
	h.ready("ann")
	id := done[Place](h)[0].Callback
	h.pass(100 * time.Second) // the agent is kept no longer
	h.call("two", "sales")
	h.answer("two", "ann")
	h.call("three", "sales")
	h.tell(Enter{Call: "back", Queue: "sales", Callback: id})
	h.tell(CallEnded{"two"})
	h.expects("back", "ann")
}
