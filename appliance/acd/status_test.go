package acd

import (
	"testing"
	"time"

	"callbox/appliance/journal"
)

func TestAStatusChosenDuringACallTakesEffectAfterIt(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.state("ann", "ready talking")
	if v, _ := h.f.View("ann"); v.Next != Paused {
		t.Errorf("next is %q", v.Next)
	}
	h.call("two", "sales")
	h.tell(CallEnded{"one"})
	h.state("ann", "paused idle")
	h.expects("two", "")
}

func TestAStatusChosenDuringACallWaitsForTheWrapUpToo(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "wrap_up {; time = \"30s\"; }"))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.tell(ChooseStatus{Agent: "ann", Status: Offline})
	h.tell(CallEnded{"one"})
	h.state("ann", "ready wrap_up")
	h.pass(30 * time.Second)
	h.state("ann", "offline idle")
}

func TestWhoPausesWhileThePhoneRingsIsNotRungAnyMore(t *testing.T) {
	h := open(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
	h.ready("ann", "bob")
	h.call("one", "sales")
	id := h.rings["one"].ID
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.expects("one", "bob")
	if w := done[Withdraw](h); len(w) != 1 || w[0].Offer != id || w[0].Agent != "ann" {
		t.Errorf("withdrawn: %+v", w)
	}
}

func TestWrapUpLastsAsItsModeSays(t *testing.T) {
	for mode, ends := range map[string]func(*hall){
		"none":     func(*hall) {},
		"optional": func(*hall) {},
		"timed":    func(h *hall) { h.state("ann", "ready wrap_up"); h.pass(40 * time.Second) },
		"required": func(h *hall) {
			h.pass(time.Hour)
			h.state("ann", "ready wrap_up")
			h.tell(ChooseStatus{Agent: "ann", Status: Ready})
			h.state("ann", "ready wrap_up")
			h.tell(Finish{"ann"})
		},
	} {
		t.Run(mode, func(t *testing.T) {
			h := open(t, people("ann")+queueOf("sales", "ann", "wrap_up {; time = \"40s\"; mode = \""+mode+"\"; }"))
			h.ready("ann")
			h.call("one", "sales")
			h.serve("one", time.Minute)
			h.call("two", "sales")
			ends(h)
			h.expects("two", "ann")
		})
	}
}

func TestAnAgentWhoWantsTimeAfterACallHasItWhereThatIsOptional(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "wrap_up {; time = \"40s\"; mode = \"optional\"; }"))
	h.ready("ann")
	h.call("one", "sales")
	h.answer("one", "ann")
	h.tell(WantWrapUp{"ann"})
	h.tell(CallEnded{"one"})
	h.state("ann", "ready wrap_up")
	h.tell(Finish{"ann"})
	h.state("ann", "ready idle")
}

func TestASupervisorMayEndAWrapUpThatWaitsForAForm(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", "wrap_up {; mode = \"required\"; }"))
	h.ready("ann")
	h.call("one", "sales")
	h.serve("one", time.Minute)
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "coaching", By: "boss"})
	h.state("ann", "paused idle")
}

func TestAnAgentsOwnCallsMakeHimBusy(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.tell(AgentBusy{"ann", "own"})
	h.state("ann", "ready talking")
	h.call("one", "sales")
	h.expects("one", "")
	h.tell(AgentFree{"ann", "own"})
	h.expects("one", "ann")
	h.tell(AgentBusy{"ann", "other"}) // picks up the phone to call somebody while it rings
	h.expects("one", "")
	h.tell(AgentFree{"ann", "other"})
	h.expects("one", "ann")
	h.answer("one", "ann")
	h.tell(AgentBusy{"ann", "expert"})
	h.state("ann", "ready consulting")
	h.tell(AgentFree{"ann", "expert"})
	h.tell(Hold{"one", true})
	h.state("ann", "ready holding")
	h.tell(Hold{"one", false})
	h.state("ann", "ready talking")
}

func TestSigningInAndOutIsWrittenDown(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.pass(time.Hour)
	h.tell(ChooseStatus{Agent: "ann", Status: Paused, Reason: "lunch"})
	h.pass(time.Hour)
	h.tell(ChooseStatus{Agent: "ann", Status: Offline, By: "boss"})
	if n := len(happened[journal.AgentLogin](h, "")); n != 1 {
		t.Errorf("signed in %d times", n)
	}
	out := happened[journal.AgentLogout](h, "")
	if len(out) != 1 || out[0].Seconds < 7200 || out[0].Seconds > 7201 {
		t.Errorf("signed off as %+v", out)
	}
	got := happened[journal.AgentStatus](h, "")
	want := []journal.AgentStatus{{Status: "ready"}, {Status: "paused", Reason: "lunch"}, {Status: "offline", By: "boss"}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("statuses: %+v", got)
	}
}

func TestCountersBeginAnewAtMidnightOfTheOffice(t *testing.T) {
	h := open(t, people("ann")+queueOf("sales", "ann", ""))
	h.ready("ann")
	h.call("one", "sales")
	h.serve("one", time.Minute)
	if v, _ := h.f.View("ann"); v.Calls != 1 || v.Talk != time.Minute {
		t.Errorf("today: %d calls, %s", v.Calls, v.Talk)
	}
	h.pass(14 * time.Hour) // past midnight in Taipei, not in Greenwich
	if v, _ := h.f.View("ann"); v.Calls != 0 {
		t.Errorf("tomorrow: %d calls", v.Calls)
	}
}
