package acd

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const office = `
schedule "office" {
  open { days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
}
trunk "pstn" { address = "sip:127.0.0.1:5090" }
route "out" {
  from            = phones
  number_matching = "^\\+?[0-9]+$"
  class           = "national"
  to              = [trunk.pstn]
}
`

func TestACallerMayAskToBeCalledBackAtTheNumberHeCallsFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, office+people("ann")+queueOf("sales", "ann", callbacks))
		c := h.call("sales")
		c.press("1") // too soon: nothing was offered
		pass(65 * time.Second)
		if got := c.l.hears(); got != "music , callback_offermap[key:1], music " {
			t.Errorf("hears %q", got)
		}
		c.press("1")
		pass(5 * time.Second)
		c.press("1")
		pass(5 * time.Second)
		<-c.over
		if got := c.l.hears(); got != "callback_numbermap[number:+886912345678], callback_confirmedmap[]" {
			t.Errorf("hears %q", got)
		}
		kept := slices.Index(h.told, "kept queue.callback")
		if said := slices.Index(h.told, "said callback_confirmed"); kept < 0 || said < kept {
			t.Errorf("the promise is told before it is kept: %v", h.told)
		}
		if outcome, _ := c.Ending(); outcome != "self_service" {
			t.Errorf("it ended as %s", outcome)
		}
		h.ready("ann")
		synctest.Wait()
		if len(h.places) != 1 || h.places[0].Number != "+886912345678" || h.places[0].Linked != c.ID {
			t.Errorf("calls back: %+v", h.places)
		}
		h.close()
	})
}

func TestACallerMayGiveAnotherNumberAndNoDearOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, office+people("ann")+queueOf("sales", "ann", callbacks))
		c := h.call("sales")
		pass(65 * time.Second)
		c.l.hears()
		c.press("1")
		pass(5 * time.Second)
		c.press("2")
		pass(5 * time.Second)
		c.press("00870123456789#") // a satellite
		pass(10 * time.Second)
		c.press("0912000222#")
		pass(5 * time.Second)
		c.press("1")
		pass(10 * time.Second)
		<-c.over
		if got := c.l.hears(); strings.Count(got, "callback_ask_number") != 2 || strings.Contains(got, "00870") {
			t.Errorf("hears %q", got)
		}
		h.ready("ann")
		synctest.Wait()
		if len(h.places) != 1 || h.places[0].Number != "+886912000222" {
			t.Errorf("calls back: %+v", h.places)
		}
		h.close()
	})
}

func TestACallerWhoChangesHisMindStaysInHisPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, office+people("ann")+queueOf("sales", "ann", callbacks))
		c := h.call("sales")
		pass(65 * time.Second)
		c.press("1")
		h.ready("ann")
		if got := c.l.ringing(); got != "" {
			t.Errorf("rings %q while he thinks", got)
		}
		pass(30 * time.Second)
		if got := c.l.ringing(); got != "agent.ann" {
			t.Errorf("rings %q", got)
		}
		c.hangup()
		h.close()
	})
}
