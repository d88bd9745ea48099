package appliance_test

import "testing"

const floorOf = `
agent "mei" {
  name      = "Mei Lin"
  number    = "7"
  extension = extension.1002
}
queue "claims" {
  agents        = [agent.mei]
  offer_timeout = "20s"
}
route "claims" {
  from   = phones
  number = "700"
  class  = "internal"
  to     = queue.claims
}
`

func TestACallerWaitsWithMusicUntilAnAgentSignsInAndTheyTalk(t *testing.T) {
	o := newOffice(t, floorOf)
	mei := o.phone("1002")
	a := o.call(o.phone("1001"), "700")
	o.answered(a)
	a.PlayTone(440)
	o.eventually("music is heard", func() bool { return loud(lately(a.Heard())) })
	sign := o.call(mei, "*61")
	o.answered(sign)
	o.gone(sign)
	b := o.rings(mei)
	b.PlayTone(880)
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.hears(a, 880)
	o.hears(b, 440)
	a.Hangup()
	o.gone(b)
	o.cdr(2)
	c := o.cdrs()[0] // they stand in the order of their beginnings
	if c.Outcome != "answered" || c.Wait == 0 || c.Talk == 0 {
		t.Errorf("CDR %+v", c)
	}
	o.balances(c)
}

func TestACallerWhoGivesUpInTheQueueHasAbandonedIt(t *testing.T) {
	o := newOffice(t, floorOf)
	a := o.call(o.phone("1001"), "700")
	o.answered(a)
	o.eventually("music is heard", func() bool { return loud(lately(a.Heard())) })
	a.Hangup()
	if c := o.cdr(1); c.Outcome != "abandoned" || c.Answered != nil {
		t.Errorf("CDR %+v", c)
	}
}

func TestAnAgentWhosePhoneWasOffIsRungAgainWhenItIsBack(t *testing.T) {
	o := newOffice(t, floorOf)
	var set map[string]any
	if code := o.ask("PUT", "/v1/agents/mei/status", map[string]string{"status": "ready"}, &set); code != 200 {
		t.Fatalf("status %d: %v", code, set)
	}
	a := o.call(o.phone("1001"), "700")
	o.answered(a)
	o.eventually("the agent's phone is missed", func() bool {
		var agents []struct{ Activity string }
		o.ask("GET", "/v1/agents", nil, &agents)
		return agents[0].Activity == "fault"
	})
	b := o.rings(o.phone("1002"))
	b.PlayTone(880)
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.hears(a, 880)
	a.Hangup()
	o.gone(b)
	if c := o.cdr(1); c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

// lately is the last half second.
func lately(heard []int16) []int16 { return heard[max(0, len(heard)-4000):] }
