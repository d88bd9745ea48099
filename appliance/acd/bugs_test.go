package acd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbox/appliance/journal"
)

// What others got wrong, each as somebody experiences it.

func TestTwoAgentsWhoAnswerInTheSameInstantDoNotBothHaveTheCall(t *testing.T) {
	h := open(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "ring_all"`))
	h.ready("ann", "bob", "cid")
	h.call("one", "sales")
	h.expects("one", "ann bob cid")
	id := h.rings["one"].ID
	h.answer("one", "ann")
	h.now = h.now.Add(10 * time.Millisecond)
	h.tell(OfferMissed{Offer: id})
	h.tell(OfferRejected{Offer: id, Agent: "bob"})
	h.state("ann", "ready talking")
	h.state("bob", "ready idle")
	h.state("cid", "ready idle")
	if n := len(happened[journal.QueueAnswered](h, "one")); n != 1 {
		t.Errorf("answered %d times", n)
	}
	h.call("two", "sales")
	h.expects("two", "bob cid")
	h.books()
}

func TestAnAgentWhoAnswersAfterTheCallerHungUpIsNotStuck(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	id := h.rings["one"].ID
	h.tell(CallEnded{"one"})
	h.state("ann", "ready idle")
	h.tell(OfferMissed{Offer: id})
	h.tell(OfferFailed{Offer: id, Why: "late"})
	h.state("ann", "ready idle")
	h.call("two", "sales")
	h.expects("two", "ann")
	h.books()
}

func TestAnAgentWhoDropsTheCallBeforeBeingJoinedLetsTheOthersRing(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "ring_all"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.tell(OfferRejected{Offer: h.rings["one"].ID, Agent: "ann"})
	h.expects("one", "bob")
	h.state("ann", "ready idle")
}

func TestNoWayOutOfRingingKeepsAnAgent(t *testing.T) {
	for name, out := range map[string]func(h *hall, id uint64){
		"answered":            func(h *hall, _ uint64) { h.answer("one", "ann"); h.tell(CallEnded{"one"}) },
		"missed":              func(h *hall, id uint64) { h.tell(OfferMissed{Offer: id}) },
		"declined":            func(h *hall, id uint64) { h.tell(OfferRejected{Offer: id}) },
		"busy":                func(h *hall, id uint64) { h.tell(OfferRejected{Offer: id, Busy: true}) },
		"unreachable":         func(h *hall, id uint64) { h.tell(OfferFailed{Offer: id, Why: "gone"}) },
		"the box has no port": func(h *hall, id uint64) { h.tell(OfferFailed{Offer: id, Ours: true}) },
		"the caller hung up":  func(h *hall, _ uint64) { h.tell(CallEnded{"one"}) },
		"the caller left":     func(h *hall, _ uint64) { h.tell(Leave{"one", Overflowed}) },
		"aside":               func(h *hall, _ uint64) { h.tell(Aside{"one", true}) },
		"called back":         func(h *hall, _ uint64) { h.tell(TakeCallback{"one", "1001"}) },
		"nobody tells":        func(*hall, uint64) {},
		"paused": func(h *hall, _ uint64) {
			h.tell(ChooseStatus{Agent: "ann", Status: Paused})
			h.ready("ann")
		},
		"signed off and on": func(h *hall, _ uint64) {
			h.tell(ChooseStatus{Agent: "ann", Status: Offline})
			h.ready("ann")
		},
		"an own call": func(h *hall, _ uint64) { h.tell(AgentBusy{"ann", "x"}); h.tell(AgentFree{"ann", "x"}) },
		"moved":       func(h *hall, _ uint64) { h.tell(Enter{Call: "one", Queue: "other"}) },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, people("ann", "bob")+queueOf("sales", "ann", "")+queueOf("other", "bob", ""))
			h.ready("ann")
			h.call("one", "sales")
			h.expects("one", "ann")
			out(h, h.rings["one"].ID)
			h.tell(CallEnded{"one"})
			for id := range h.f.backs {
				h.tell(CallbackFailed{Callback: id, Enough: true})
			}
			h.pass(5 * time.Minute)
			h.state("ann", "ready idle")
			h.call("two", "sales")
			h.expects("two", "ann")
			h.books()
		})
	}
}

func TestAQueueWhoseLastAgentIsNotThereStillServes(t *testing.T) {
	for strategy := range strategies {
		if strategy == "" {
			continue
		}
		h := open(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "`+strategy+`"`))
		h.ready("ann", "bob")
		for i := range 4 {
			id := fmt.Sprint(i)
			h.call(id, "sales")
			if h.rung(id) == "" {
				t.Errorf("%s rings nobody for call %s", strategy, id)
			}
			h.answer(id, strings.Fields(h.rung(id))[0])
			h.tell(CallEnded{id})
		}
	}
}

func TestWrapUpIsHonouredBySixQueuesAfterATransferAndUnderAReload(t *testing.T) {
	blocks := people("ann")
	for i := range 6 {
		blocks += queueOf(fmt.Sprintf("q%d", i), "ann", "wrap_up {; time = \"30s\"; }")
	}
	h := open(t, blocks)
	h.ready("ann")
	h.call("one", "q0")
	h.answer("one", "ann")
	h.pass(time.Minute)
	h.tell(CallEnded{"one"}) // ann passed the caller on; her part is over
	for i := range 6 {
		h.call(fmt.Sprint("w", i), fmt.Sprintf("q%d", i))
	}
	h.pass(15 * time.Second)
	h.tell(Configure{config(t, blocks)})
	h.state("ann", "ready wrap_up")
	h.pass(14 * time.Second)
	h.state("ann", "ready wrap_up")
	h.pass(time.Second)
	h.expects("w0", "ann")
}

func TestACallIsCountedOnce(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "")+queueOf("support", "ann", ""))
	h.ready("ann")
	for i := range 7 {
		id := fmt.Sprint(i)
		h.call(id, "sales")
		h.answer(id, "ann")
		h.tell(OfferAnswered{Offer: h.rings[id].ID, Call: id, Agent: "ann"})
		h.tell(CallEnded{id})
		h.tell(CallEnded{id})
	}
	if v, _ := h.f.View("ann"); v.Calls != 7 {
		t.Errorf("%d calls of 7", v.Calls)
	}
	if n := len(happened[journal.QueueAnswered](h, "")); n != 7 {
		t.Errorf("%d answers of 7", n)
	}
}

func TestPassingACallerOnEndsTheFirstAgentsTalk(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann", "")+queueOf("support", "bob", ""))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.pass(2 * time.Minute)
	h.tell(Enter{Call: "one", Queue: "support"}) // transferred
	h.state("ann", "ready idle")
	h.answer("one", "bob")
	h.pass(time.Hour)
	h.tell(CallEnded{"one"})
	if v, _ := h.f.View("ann"); v.Talk != 2*time.Minute {
		t.Errorf("ann talked %s", v.Talk)
	}
	h.books()
}

func TestAReloadChangesNobodysStatus(t *testing.T) {
	blocks := people("ann", "bob", "cid", "dan") + queueOf("sales", "ann bob cid dan", "")
	h := open(t, blocks)
	h.ready("ann", "bob", "cid")
	h.tell(ChooseStatus{Agent: "cid", Status: Paused, Reason: "lunch"})
	h.call("one", "sales")
	h.answer("one", "ann")
	facts := len(h.facts)
	h.tell(Configure{config(t, blocks)})
	h.tell(Configure{config(t, blocks+queueOf("support", "ann dan", ""))}) // in the same millisecond
	h.tell(Configure{config(t, blocks+queueOf("support", "ann dan", ""))})
	h.state("ann", "ready talking")
	h.state("bob", "ready idle")
	h.state("cid", "paused idle")
	h.state("dan", "offline idle")
	if len(h.facts) != facts {
		t.Errorf("a reload wrote down %+v", h.facts[facts:])
	}
	h.call("two", "support")
	h.tell(CallEnded{"one"})
	h.expects("two", "ann")
}

func TestWhatIsRemovedIsReallyGone(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", "")+queueOf("support", "ann", ""))
	h.ready("ann", "bob")
	h.call("one", "support")
	h.answer("one", "ann")
	h.call("two", "sales")
	h.answer("two", "bob")
	h.call("three", "support")
	h.call("four", "sales")
	h.tell(Configure{config(t, people("ann")+queueOf("sales", "ann", ""))})
	if s := h.f.Snapshot(h.now); len(s.Queues) != 2 || !s.Queues[1].Draining || len(s.Agents) != 2 {
		t.Fatalf("queues %+v", s.Queues)
	}
	h.call("five", "support") // takes no more
	h.overflowed("five", "removed")
	h.tell(CallEnded{"two"}) // bob finishes
	if _, known := h.f.View("bob"); known {
		t.Error("bob is still there")
	}
	if out := happened[journal.AgentLogout](h, ""); len(out) != 1 {
		t.Errorf("signed off: %+v", out)
	}
	h.tell(CallEnded{"one"})
	h.expects("three", "ann") // who waited is still served
	h.serve("three", time.Minute)
	if s := h.f.Snapshot(h.now); len(s.Queues) != 1 || len(s.Agents) != 1 {
		t.Errorf("still there: %+v", s)
	}
	h.expects("four", "ann")
	h.books()
}

func TestARingingAgentWhoIsRemovedIsNotRungAnyMore(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.tell(Configure{config(t, people("ann", "bob")+queueOf("sales", "bob", ""))})
	h.expects("one", "bob")
	h.state("ann", "ready idle")
}

func TestARenamedQueueKeepsItsAgentsAndThoseWhoWait(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.call("two", "sales")
	h.tell(Configure{config(t, people("ann")+queueOf("verkauf", "ann", ""))})
	h.call("three", "verkauf")
	h.tell(CallEnded{"one"})
	h.expects("two", "ann")
	h.serve("two", time.Second)
	h.expects("three", "ann")
	h.state("ann", "ready ringing")
	h.books()
}

func TestASkillThatIsTakenOutOfAQueueHoldsNobodyUp(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "skills = { gold = 2 }"))
	h.ready("ann")
	h.call("one", "sales")
	h.expects("one", "")
	h.tell(Configure{config(t, people("ann")+queueOf("sales", "ann", ""))})
	h.expects("one", "ann")
}

func TestAPriorityThatChangesMovesThoseWhoWait(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "")+queueOf("support", "ann", ""))
	h.call("one", "sales")
	h.pass(time.Minute)
	h.call("two", "support")
	h.tell(Configure{config(t, people("ann")+queueOf("sales", "ann", "")+queueOf("support", "ann", "priority = 10"))})
	h.ready("ann")
	h.expects("two", "ann")
}

func TestTwoQueuesThatWantOneAgentInTheSameInstantDoNotBothGetHim(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "")+queueOf("support", "ann", ""))
	h.call("one", "support")
	h.call("two", "sales")
	h.ready("ann")
	h.expects("one", "ann")
	h.expects("two", "")
}

func TestAClockThatGoesBackKeepsNobodyWaiting(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "max_wait = \"1m\"; wrap_up {; time = \"30s\"; }; overflow {; goto = hangup; }"))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.pass(10 * time.Second)
	h.tell(CallEnded{"one"})
	h.call("two", "sales")
	h.now = h.now.Add(-time.Hour)
	h.tell(Tick{})
	h.pass(29 * time.Second)
	h.expects("two", "")
	h.pass(2 * time.Second)
	h.expects("two", "ann")
	h.tell(ChooseStatus{Agent: "ann", Status: Offline})
	h.pass(29 * time.Second)
	h.overflowed("two", "waited")
}

func TestAnAnswerIsBelievedWhateverTheFloorThought(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	id := h.rings["one"].ID
	h.tell(ChooseStatus{Agent: "ann", Status: Paused}) // withdrawn, and answered in the same instant
	h.expects("one", "bob")
	h.tell(OfferAnswered{Offer: id, Call: "one", Agent: "ann"})
	h.state("ann", "paused talking")
	h.state("bob", "ready idle")
	h.tell(CallEnded{"one"})
	h.state("ann", "paused idle")
	h.books()
}

func TestAnOfferThatNobodyHearsOfAgainGivesTheAgentBack(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	first := h.rings["one"].ID
	h.pass(20*time.Second + grace)
	if w := done[Withdraw](h); len(w) != 1 || w[0].Offer != first {
		t.Fatalf("withdrawn: %+v", w)
	}
	h.pass(restOurs)
	h.expects("one", "ann")
	if h.rings["one"].ID == first {
		t.Error("it is the same offer")
	}
}
