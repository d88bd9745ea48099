package acd

import (
	"testing"
	"time"

	"callbox/appliance/journal"
)

func TestACallerWhoComesFirstIsServedFirst(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.call("one", "sales")
	h.now = h.now.Add(time.Second)
	h.call("two", "sales")
	h.ready("ann")
	h.expects("one", "ann")
	h.serve("one", time.Minute)
	h.expects("two", "ann")
	h.tell(CallEnded{"two"})
	h.state("ann", "ready idle")
	h.books()
}

func TestAnAgentWhoIsFreeIsRungTheMomentACallComes(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", ""))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.expects("one", "ann") // idle for longer
	o := done[Offer](h)[0]
	if o.Ring != 20*time.Second || o.Agents[0].Extension != "1001" || o.Auto {
		t.Errorf("the offer is %+v", o)
	}
	h.call("two", "sales")
	h.expects("two", "bob")
}

func TestEachStrategyRingsWhomItSays(t *testing.T) {
	who := "ann skills = { sales = 1 }|bob skills = { sales = 3 }|cid skills = { sales = 2 }"
	for strategy, want := range map[string]string{
		"longest_idle": "cid", "top_down": "ann", "fewest_calls": "cid", "least_talk_time": "bob", "best_skill": "bob",
		"ring_all": "ann bob cid", "ring_progressively": "ann", "round_robin": "bob",
	} {
		t.Run(strategy, func(t *testing.T) {
			h := open(t, people(split(who)...)+queueOf("warm", "ann bob cid", "")+
				queueOf("sales", "ann bob cid", "skills = { sales = 1 }; strategy = \""+strategy+"\""))
			// ann talked 5 minutes in 2 calls, bob 1 minute in 2 calls and last, cid 3 minutes in 1 call.
			for _, w := range []struct {
				agent string
				talk  time.Duration
			}{{"cid", 3 * time.Minute}, {"ann", 4 * time.Minute}, {"ann", time.Minute}, {"bob", 30 * time.Second}, {"bob", 30 * time.Second}} {
				h.ready(w.agent)
				h.call("w", "warm")
				h.serve("w", w.talk)
				h.tell(ChooseStatus{Agent: w.agent, Status: Offline})
			}
			h.ready("cid", "ann", "bob")
			if strategy == "round_robin" {
				h.call("zero", "sales")
				h.serve("zero", time.Second)
			}
			h.call("one", "sales")
			h.expects("one", want)
		})
	}
}

func split(s string) (parts []string) {
	for start, i := 0, 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '|' {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return parts
}

func TestRoundRobinGivesEachATurn(t *testing.T) {
	h := open(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "round_robin"`))
	h.ready("cid", "bob", "ann")
	got := ""
	for range 6 {
		h.call("c", "sales")
		got += h.serve("c", time.Second) + " "
	}
	if got != "ann bob cid ann bob cid " {
		t.Errorf("the turns were %q", got)
	}
}

func TestChanceGivesEverybodyAShareAndCanBeRepeated(t *testing.T) {
	run := func() (all string, each map[string]int) {
		h := open(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "random"`))
		h.ready("ann", "bob", "cid")
		each = map[string]int{}
		for range 90 {
			h.call("c", "sales")
			a := h.serve("c", time.Second)
			each[a]++
			all += a + " "
		}
		return all, each
	}
	first, each := run()
	if second, _ := run(); first != second {
		t.Error("the same seed chose otherwise")
	}
	for _, name := range []string{"ann", "bob", "cid"} {
		if each[name] < 15 {
			t.Errorf("%s had %d of 90 calls", name, each[name])
		}
	}
}

func TestRingingOneAfterTheOtherAddsPhonesUntilSomebodyAnswers(t *testing.T) {
	h := open(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "ring_progressively"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.expects("one", "ann")
	h.pass(5 * time.Second)
	h.expects("one", "ann bob")
	h.pass(5 * time.Second)
	h.expects("one", "ann bob")
	h.ready("cid")
	h.pass(5 * time.Second)
	h.expects("one", "ann bob cid")
	h.answer("one", "bob")
	h.state("ann", "ready idle")
	h.state("cid", "ready idle")
	h.state("bob", "ready talking")
}

func TestWhoBecomesFreeRingsAlongWhereAllAreRung(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "ring_all"`))
	h.ready("ann")
	h.call("one", "sales")
	h.pass(6 * time.Second)
	h.ready("bob")
	h.expects("one", "ann bob")
	offers := done[Offer](h)
	if last := offers[len(offers)-1]; !last.More || last.ID != offers[0].ID || last.Ring > 14*time.Second {
		t.Errorf("bob joins by %+v", last)
	}
}

func TestOnlyAgentsWithTheSkillAreRungAndLaterThoseWithLess(t *testing.T) {
	h := open(t, people("ann skills = { claims = 4 }", "bob skills = { claims = 1 }", "cid")+
		queueOf("claims", "ann bob", "skills = { claims = 3 }; widen {; after = \"30s\"; skills = { claims = 1 }; }; widen {; after = \"60s\"; agents = [agent.cid]; skills = { claims = 0 }; }"))
	h.ready("bob", "cid")
	h.call("one", "claims")
	h.expects("one", "")
	h.pass(29 * time.Second)
	h.expects("one", "")
	h.pass(time.Second)
	h.expects("one", "bob")
	h.tell(OfferRejected{Offer: h.rings["one"].ID})
	h.expects("one", "")
	h.tell(ChooseStatus{Agent: "bob", Status: Offline})
	h.pass(30 * time.Second)
	h.expects("one", "cid")
}

func TestACallMayAskForMoreThanItsQueue(t *testing.T) {
	h := open(t, people("ann skills = { claims = 3 }", "bob skills = { claims = 3, french = 2 }")+queueOf("claims", "ann bob", "skills = { claims = 2 }"))
	h.ready("ann")
	h.tell(Enter{Call: "one", Queue: "claims", Skills: map[string]int{"french": 2, "claims": 1}})
	h.expects("one", "")
	h.ready("bob")
	h.expects("one", "bob")
}

func TestPriorityIsMinutesOfWaiting(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	p := func(minutes float64) *float64 { return &minutes }
	h.call("plain", "sales")
	h.pass(29 * time.Minute)
	h.tell(Enter{Call: "gold", Queue: "sales", Priority: p(30)})
	h.pass(time.Minute)
	h.tell(Enter{Call: "late", Queue: "sales", Priority: p(30)})
	order := ""
	h.ready("ann")
	for range 3 {
		for _, id := range []string{"plain", "gold", "late"} {
			if h.rung(id) != "" {
				order += id + " "
				h.serve(id, time.Second)
				break
			}
		}
	}
	if order != "gold plain late " {
		t.Errorf("served in the order %q", order)
	}
}

func TestQueuesOfDifferentWeightShareTheirAgents(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "priority = 5")+queueOf("support", "ann", ""))
	h.call("old", "support")
	h.pass(4 * time.Minute)
	h.call("weighty", "sales")
	h.ready("ann")
	h.expects("weighty", "ann")
	h.serve("weighty", 2*time.Minute)
	h.expects("old", "ann")
}

func TestCallersAreServedInTheirLanguageWhileAnybodyWhoIsThereSpeaksIt(t *testing.T) {
	h := open(t, people(`ann languages = ["en"]`, `bob languages = ["zh-Hans"]`)+queueOf("sales", "ann bob", ""))
	h.ready("ann")
	h.tell(Enter{Call: "one", Queue: "sales", Language: "zh-Hant"})
	h.expects("one", "ann") // nobody who speaks it is signed in
	h.tell(CallEnded{"one"})
	h.tell(ChooseStatus{Agent: "bob", Status: Paused, Reason: "lunch"})
	h.tell(Enter{Call: "two", Queue: "sales", Language: "zh-Hant"})
	h.expects("two", "")
	h.tell(ChooseStatus{Agent: "bob", Status: Ready})
	h.expects("two", "bob")
	h.tell(CallEnded{"two"})
	h.tell(ChooseStatus{Agent: "bob", Status: Paused, Reason: "lunch"})
	h.tell(Enter{Call: "three", Queue: "sales", Language: "zh-Hant"})
	h.expects("three", "")
	h.tell(ChooseStatus{Agent: "bob", Status: Offline})
	h.expects("three", "ann")
}

func TestACallerIsKeptForTheAgentWhoKnowsHimAndThenGoesToAny(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", "last_agent {; within = \"24h\"; wait = \"10s\"; }"))
	h.ready("bob")
	h.call("first", "sales")
	h.serve("first", time.Minute)
	h.ready("ann")
	h.pass(time.Hour)
	h.call("again", "sales")
	h.expects("again", "bob") // though ann is idle for as long
	h.serve("again", time.Minute)
	h.call("other", "sales")
	h.expects("other", "bob")
	h.answer("other", "bob")
	h.call("third", "sales")
	h.expects("third", "") // waits for bob
	h.pass(10 * time.Second)
	h.expects("third", "ann")
	h.serve("third", time.Second)
	h.call("fourth", "sales") // ann knows him now
	h.expects("fourth", "ann")
	h.tell(CallEnded{"fourth"})
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.tell(CallEnded{"other"})
	h.call("fifth", "sales")
	h.expects("fifth", "bob") // nobody waits for who is at lunch
}

func TestWhoDoesNotAnswerTwiceIsPaused(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "missed {; limit = 2; pause = \"missed\"; }"))
	h.ready("ann")
	h.call("one", "sales")
	for range 2 {
		h.expects("one", "ann")
		h.pass(20 * time.Second)
		h.tell(OfferMissed{Offer: h.rings["one"].ID})
	}
	h.expects("one", "")
	h.state("ann", "paused idle")
	if v, _ := h.f.View("ann"); v.Reason != "missed" {
		t.Errorf("paused for %q", v.Reason)
	}
	h.ready("ann")
	h.expects("one", "ann")
}

func TestSomebodyElseIsRungBeforeWhoDidNotAnswer(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	h.expects("one", "ann")
	h.pass(20 * time.Second)
	h.tell(OfferMissed{Offer: h.rings["one"].ID})
	h.expects("one", "bob")
}

func TestWhoDeclinesHasAMomentOfPeaceAndWhoIsBusyALonger(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	h.tell(OfferRejected{Offer: h.rings["one"].ID})
	h.expects("one", "")
	h.pass(5 * time.Second)
	h.expects("one", "ann")
	h.tell(OfferRejected{Offer: h.rings["one"].ID, Busy: true})
	h.pass(9 * time.Second)
	h.expects("one", "")
	h.pass(time.Second)
	h.expects("one", "ann")
	if got := happened[journal.QueueRejected](h, "one"); len(got) != 2 || got[0].Why != "declined" || got[1].Why != "busy" {
		t.Errorf("written down: %+v", got)
	}
}

func TestAPhoneThatCannotBeReachedMakesAnAgentFaultyAndTheCallerLosesNothing(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
	h.ready("ann")
	h.call("one", "sales")
	h.call("two", "sales")
	h.expects("one", "ann")
	h.tell(OfferFailed{Offer: h.rings["one"].ID, Why: "the phone does not react"})
	h.state("ann", "ready fault")
	if v, _ := h.f.View("ann"); v.Why != "the phone does not react" {
		t.Errorf("the supervisor sees %q", v.Why)
	}
	h.ready("bob")
	h.expects("one", "bob") // still the first
	h.pass(time.Minute)     // tried again by itself
	h.expects("two", "ann")
	h.tell(OfferFailed{Offer: h.rings["two"].ID, Why: "the phone does not react"})
	h.pass(time.Minute)
	h.state("ann", "ready fault") // longer the second time
	h.tell(Phone{Extension: "1001", Up: true})
	h.expects("two", "ann")
}

func TestAnAgentWhosePhoneIsNotThereIsNotRung(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.tell(Phone{Extension: "1001"})
	h.ready("ann")
	h.state("ann", "ready fault")
	h.call("one", "sales")
	h.pass(time.Hour)
	h.expects("one", "")
	h.tell(Phone{Extension: "1001", Up: true})
	h.expects("one", "ann")
}

func TestACallerWhoseAgentVanishedIsServedNext(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", "wrap_up {; mode = \"required\"; }; priority = 100"))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	p := 500.0
	h.tell(Enter{Call: "important", Queue: "sales", Priority: &p})
	h.pass(time.Minute)
	h.tell(Vanished{"one"})
	h.state("ann", "ready fault")
	h.tell(Enter{Call: "one", Queue: "sales", Front: true})
	if _, position, _ := h.f.Where("one"); position != 1 {
		t.Errorf("the caller is number %d", position)
	}
	h.ready("bob")
	h.expects("one", "bob")
}
