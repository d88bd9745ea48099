package acd

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

func TestACallerHearsMusicUntilAnAgentAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann number = \"1001\"")+`
prompt "claim" { text = { en = "A claim." } }
prompt "served" { text = { en = "Agent ${agent.number}." } }
`+queueOf("sales", "ann", "tell_agent = prompt.claim; tell_caller = prompt.served; wrap_up {; time = \"30s\"; }"))
		c := h.call("sales")
		if got := c.l.hears(); got != "music " {
			t.Errorf("hears %q", got)
		}
		pass(7 * time.Second)
		h.set("ann", phone{after: 3 * time.Second})
		h.ready("ann")
		if got := c.l.ringing(); got != "agent.ann" {
			t.Errorf("rings %q", got)
		}
		h.state("ann", "ready ringing")
		pass(3 * time.Second)
		h.state("ann", "ready talking")
		if got := c.l.hears(); got != "claim 1001, served 1001" {
			t.Errorf("hears %q", got)
		}
		pass(time.Minute)
		if outcome := c.hangup(); outcome != "answered" {
			t.Errorf("it ended as %s", outcome)
		}
		h.state("ann", "ready wrap_up")
		pass(30 * time.Second)
		h.state("ann", "ready idle")
		cdr := journal.Fold(slices.DeleteFunc(slices.Clone(h.facts), func(e journal.Event) bool { return e.Call != c.ID }))
		if cdr.Queue != "sales" || cdr.Agent != "ann" || cdr.WaitSeconds != 10 || cdr.TalkSeconds != 60 {
			t.Errorf("the CDR has queue %q, agent %q, waited %v s, talked %v s", cdr.Queue, cdr.Agent, cdr.WaitSeconds, cdr.TalkSeconds)
		}
		h.close()
	})
}

func TestACallerWhoHangsUpWhileWaitingHasAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", ""))
		c := h.call("sales")
		pass(time.Minute)
		if outcome := c.hangup(); outcome != "abandoned" {
			t.Errorf("it ended as %s", outcome)
		}
		h.close()
	})
}

func TestACallerWhoHangsUpWhileThePhoneRingsLeavesTheAgentFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", ""))
		h.ready("ann")
		c := h.call("sales")
		h.state("ann", "ready ringing")
		if outcome := c.hangup(); outcome != "abandoned" {
			t.Errorf("it ended as %s", outcome)
		}
		h.state("ann", "ready idle")
		h.close()
	})
}

func TestAnAgentOutsideIsRungByTheTrunkThatIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, `
trunk "down" { address = "sip:127.0.0.1:5091" }
trunk "up" { address = "sip:127.0.0.1:5090" }
route "out" {
  from            = phones
  number_matching = "^\\+?[0-9]+$"
  class           = "national"
  to              = [trunk.down, trunk.up]
}
agent "lee" { phone = "+886912000111" }
`+queueOf("sales", "lee", ""))
		h.ready("lee")
		c := h.call("sales")
		if got := c.l.ringing(); got != "agent.lee by up" {
			t.Errorf("rings %q", got)
		}
		c.hangup()
		h.close()
	})
}

func TestAnnouncementsComeBetweenTheMusicAndAnOfferCutsThemShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+`
prompt "thanks" { text = { en = "Thank you." } }
`+queueOf("sales", "ann", "announce {; position = true; first = \"15s\"; every = \"45s\"; prompts = [prompt.thanks]; }"))
		c := h.call("sales")
		pass(30 * time.Second)
		if got := c.l.hears(); got != "music , position_firstmap[], thanks , music " {
			t.Errorf("hears %q", got)
		}
		pass(31 * time.Second)
		h.ready("ann")
		if got := c.l.ringing(); got != "agent.ann" {
			t.Errorf("rings %q during the announcement", got)
		}
		if got := c.l.hears(); got != "position_firstmap[] (cut), music " && got != "position_firstmap[] (cut)" {
			t.Errorf("hears %q", got)
		}
		c.hangup()
		h.close()
	})
}

func TestACallThatOverflowsGoesThroughTheStepsOfItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", "max_wait = \"1m\"; overflow {; goto = hangup; }"))
		c := h.call("sales")
		pass(61 * time.Second)
		<-c.over
		if outcome, _ := c.Ending(); outcome != "overflowed" || !slices.Contains(h.told, "steps") {
			t.Errorf("it ended as %s, after %v", outcome, h.told)
		}
		h.close()
	})
}

func TestAnAgentWhoPausesStopsThePhoneAndAnotherRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann", "bob")+queueOf("sales", "ann bob", `strategy = "top_down"`))
		h.ready("ann", "bob")
		c := h.call("sales")
		if got := c.l.ringing(); got != "agent.ann" {
			t.Errorf("rings %q", got)
		}
		if _, err := h.live.AgentSet("ann", Paused, "lunch", "boss"); err != nil {
			t.Fatal(err)
		}
		if got := c.l.ringing(); got != "agent.bob" {
			t.Errorf("rings %q", got)
		}
		c.hangup()
		h.close()
	})
}

func TestWhereAllAreRungTheFirstToAnswerHasTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "ring_all"`))
		h.ready("ann", "bob")
		h.set("bob", phone{after: 10 * time.Second})
		c := h.call("sales")
		if got := c.l.ringing(); got != "agent.ann agent.bob" {
			t.Errorf("rings %q", got)
		}
		pass(5 * time.Second)
		h.ready("cid")
		if got := c.l.ringing(); got != "agent.ann agent.bob agent.cid" {
			t.Errorf("rings %q", got)
		}
		pass(10 * time.Second)
		h.state("ann", "ready idle")
		h.state("bob", "ready talking")
		h.state("cid", "ready idle")
		c.hangup()
		h.close()
	})
}

func TestWhereAllAreRungEachPhoneAnswersForItsOwnAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann", "bob", "cid")+queueOf("sales", "ann bob cid", `strategy = "ring_all"; missed {; limit = 1; }`))
		h.ready("ann", "bob", "cid")
		h.set("ann", phone{why: &call.CalleeDeclined})
		h.set("bob", phone{why: &call.CalleeOffline})
		c := h.call("sales")
		pass(21 * time.Second)
		h.state("bob", "ready fault")
		h.state("cid", "paused idle") // rang, and nobody answered
		if v, _ := h.live.desk.View("ann"); v.Status != Ready || v.Missed != 0 {
			t.Errorf("ann declined, and is %s with %d missed", v.Status, v.Missed)
		}
		c.hangup()
		h.close()
	})
}

func TestPhonesThatFailAreToldApart(t *testing.T) {
	for want, why := range map[string]call.Cause{
		"ready fault": call.CalleeOffline, "ready idle": call.CalleeDeclined, "paused idle": call.CalleeNoAnswer,
	} {
		t.Run(why.Why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := live(t, people("ann")+queueOf("sales", "ann", "missed {; limit = 1; }"))
				h.set("ann", phone{why: &why})
				if why == call.CalleeNoAnswer {
					h.set("ann", phone{after: time.Hour})
				}
				h.ready("ann")
				c := h.call("sales")
				pass(21 * time.Second)
				if why == call.CalleeDeclined { // it is offered again and again, with rests between
					pass(2 * time.Second)
				}
				h.state("ann", want)
				c.hangup()
				h.close()
			})
		})
	}
}

func TestACallerWhoseAgentVanishesWaitsAtTheFrontAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann", "bob")+queueOf("sales", "ann bob", ""))
		h.set("ann", phone{after: time.Second})
		h.ready("ann")
		c := h.call("sales")
		pass(time.Minute)
		h.state("ann", "ready talking")
		close(c.l.parts)
		h.state("ann", "ready fault")
		if got := c.l.hears(); !strings.HasSuffix(got, "music ") {
			t.Errorf("hears %q", got)
		}
		h.set("bob", phone{after: time.Second})
		h.ready("bob")
		pass(2 * time.Second)
		h.state("bob", "ready talking")
		c.hangup()
		h.close()
	})
}

func TestAFaultOfOursWhileServingACallFreesTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+`
prompt "served" { text = { en = "Agent ${agent.number}." } }
`+queueOf("sales", "ann", "tell_caller = prompt.served"))
		h.off.Utterance = func(*call.Call, string, map[string]any, hcl.AgentScope) (call.Utterance, error) { panic("a fault") }
		h.ready("ann")
		c := h.call("sales")
		<-c.over
		h.state("ann", "ready idle")
		h.close()
	})
}

func TestAScriptThatDoesNotListenKeepsNoAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", ""))
		h.live.Join(Enter{Call: "deaf", Queue: "sales"}, func(any) bool { return false })
		h.ready("ann")
		h.state("ann", "ready idle")
		pass(time.Hour)
		h.live.Tell(CallEnded{"deaf"})
		c := h.call("sales")
		pass(10 * time.Second)
		if got := c.l.ringing(); got != "agent.ann" {
			t.Errorf("rings %q", got)
		}
		c.hangup()
		h.close()
	})
}

func TestAFloorThatIsClosedHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", ""))
		h.live.Close()
		h.live.Close()
		h.live.Tell(Tick{})
		if _, err := h.live.AgentSet("ann", Ready, "", ""); err == nil {
			t.Error("a status was taken")
		}
	})
}

func TestAWrongNameIsSaidToWhoeverChoosesAStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, people("ann")+queueOf("sales", "ann", ""))
		if _, err := h.live.AgentSet("bob", Ready, "", ""); err == nil || !strings.Contains(err.Error(), `"bob"`) {
			t.Errorf("it says %v", err)
		}
		if _, err := h.live.AgentSet("ann", "asleep", "", ""); err == nil || !strings.Contains(err.Error(), `"asleep"`) {
			t.Errorf("it says %v", err)
		}
		h.close()
	})
}

func TestTwoHundredCallsWithMoodyAgentsAllHaveOneOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := strings.Fields("ann bob cid dan eve fay gus hal")
		h := live(t, people(names...)+queueOf("sales", strings.Join(names, " "), "max_wait = \"5m\"; overflow {; goto = hangup; }; missed {; limit = 3; }")+
			queueOf("all", "ann bob cid", `strategy = "ring_all"`)+queueOf("steps", "cid dan eve", `strategy = "ring_progressively"; wrap_up {; time = "10s"; }`))
		chance := rand.New(rand.NewPCG(1, 2))
		h.ready(names...)
		causes := []call.Cause{call.CalleeBusy, call.CalleeDeclined, call.CalleeOffline, call.BoxFull}
		var calls []*caller
		var wait sync.WaitGroup
		for range 200 {
			name := names[chance.IntN(len(names))]
			p := phone{after: time.Duration(chance.IntN(25)) * time.Second}
			if chance.IntN(4) == 0 {
				p = phone{why: &causes[chance.IntN(len(causes))]}
			}
			h.set(name, p)
			_, _ = h.live.AgentSet(names[chance.IntN(len(names))], []Status{Ready, Ready, Ready, Paused, Offline}[chance.IntN(5)], "", "boss")
			if chance.IntN(20) == 0 {
				h.live.Apply(h.cfg)
			}
			c := h.call([]string{"sales", "all", "steps"}[chance.IntN(3)])
			calls = append(calls, c)
			patience := time.Duration(chance.IntN(400)) * time.Second
			wait.Go(func() {
				select {
				case <-time.After(patience):
					c.End(call.CallerHungUp)
				case <-c.over:
				}
			})
			pass(time.Duration(chance.IntN(4000)) * time.Millisecond)
		}
		wait.Wait()
		outcomes := map[string]int{}
		for _, c := range calls {
			<-c.over
			outcome, _ := c.Ending()
			outcomes[outcome]++
		}
		if n := outcomes["answered"] + outcomes["abandoned"] + outcomes["overflowed"]; n != 200 || outcomes["answered"] < 20 {
			t.Errorf("outcomes: %v", outcomes)
		}
		pass(time.Hour)
		h.ready(names...)
		for _, name := range names {
			h.state(name, "ready idle")
		}
		if n := len(h.live.desk.posts); n != 0 {
			t.Errorf("%d calls are still known", n)
		}
		h.close()
	})
}
