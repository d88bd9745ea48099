package peers_test

import (
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// twoDesks is an office of two people who may call each other.
const twoDesks = `
appliance {
  country  = "TW"
  timezone = "Asia/Taipei"
}
extension "1001" {
  name     = "Mei Lin"
  password = "nobody-may-see-1001"
}
extension "1002" {
  name     = "Jun Wu"
  password = "nobody-may-see-1002"
}
`

func TestTwoPhonesTalkOverUDP(t *testing.T) { t.Parallel(); twoPhonesTalk(t, "udp") }
func TestTwoPhonesTalkOverTCP(t *testing.T) { t.Parallel(); twoPhonesTalk(t, "tcp") }
func TestTwoPhonesTalkOverTLS(t *testing.T) { t.Parallel(); twoPhonesTalk(t, "tls") }

// twoPhonesTalk has the caller hang up first, then the callee, and listens on both sides each time.
func twoPhonesTalk(t *testing.T, transport string) {
	box := peers.NewBox(t, twoDesks)
	mei, jun := box.Phone("1001", transport, 500), box.Phone("1002", transport, 800)

	talk(t, mei, jun, 2*time.Second, mei.HangUp)
	cdr := box.CDR(1)
	answered(t, cdr, 2*time.Second)
	if cdr.Cause != (peers.Cause{Who: "caller", Why: "hung_up", SIP: 200}) || cdr.From != "1001" || cdr.Dialled != "1002" {
		t.Errorf("the first call's CDR: %+v", cdr)
	}

	talk(t, mei, jun, time.Second, jun.HangUp)
	if cdr = box.CDR(2); cdr.Cause.Who != "callee" || cdr.Cause.Why != "hung_up" {
		t.Errorf("the callee hung up, the CDR says %+v", cdr.Cause)
	}
	answered(t, cdr, time.Second)
	if status := box.Status(); status.Calls != 0 || status.PortsUsed != 0 || status.Phones != 2 {
		t.Errorf("after the calls: %+v", status)
	}
}

// talk is a call in which both sides hear each other's tone.
func talk(t *testing.T, caller, callee *peers.Phone, length time.Duration, end func()) {
	t.Helper()
	caller.Dial(callee.Number)
	incoming := callee.Event("CALL_INCOMING")
	if incoming.Name != "Mei Lin" {
		t.Errorf("the callee sees %q calling", incoming.Name)
	}
	caller.Event("CALL_RINGING")
	callee.Answer()
	caller.Event("CALL_ESTABLISHED")
	callee.Event("CALL_ESTABLISHED")
	<-time.After(length) // people talk for a while
	end()
	caller.Event("CALL_CLOSED")
	callee.Event("CALL_CLOSED")
	hears(t, caller, callee.Hz)
	hears(t, callee, caller.Hz)
}

func hears(t *testing.T, p *peers.Phone, hz float64) {
	t.Helper()
	if share := peers.Share(p.Heard(), hz); share < 0.85 {
		t.Errorf("%s heard the other side in %.0f %% of the call", p.Number, share*100)
	}
}

// answered checks what every CDR of an answered call must hold.
func answered(t *testing.T, c peers.CDR, talk time.Duration) {
	t.Helper()
	if c.Outcome != "answered" || c.Answered == nil || c.Ended == nil {
		t.Fatalf("not the CDR of an answered call: %+v", c)
	}
	if c.Answered.Before(c.Started) || c.Ended.Before(*c.Answered) {
		t.Errorf("started %v, answered %v, ended %v", c.Started, c.Answered, c.Ended)
	}
	if d := c.Talk + c.Hold - talk.Seconds(); d < -0.2 || d > 1.5 {
		t.Errorf("talked %.1f s and held %.1f s, the phones %v", c.Talk, c.Hold, talk)
	}
	if len(c.Legs) != 2 {
		t.Fatalf("legs: %+v", c.Legs)
	}
	for _, leg := range c.Legs {
		least := int(talk.Seconds()*50) * 8 / 10
		if leg.Codec != "pcma" || leg.PacketsIn < least || leg.PacketsOut < least || leg.Lost > 0 || leg.MOS < 4 {
			t.Errorf("a leg of a call without trouble: %+v", leg)
		}
	}
}

func TestACallerOnHoldHearsMusicAndThenTheOtherSideAgain(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, twoDesks)
	mei, jun := box.Phone("1001", "udp", 500), box.Phone("1002", "udp", 800)

	mei.Dial("1002")
	jun.Event("CALL_INCOMING")
	jun.Answer()
	mei.Event("CALL_ESTABLISHED")
	<-time.After(2 * time.Second)
	jun.Hold()
	<-time.After(3 * time.Second)
	jun.Resume()
	<-time.After(2 * time.Second)
	mei.HangUp()
	jun.Event("CALL_CLOSED")

	heard := mei.Heard()
	second := func(n float64) int { return min(int(n*8000), len(heard)) }
	if share := peers.Share(heard[:second(1.8)], 800); share < 0.8 {
		t.Errorf("before the hold the caller heard the callee in %.0f %%", share*100)
	}
	held := heard[second(2.5):second(4.5)]
	if music, callee := peers.LoudShare(held), peers.Share(held, 800); music < 0.8 || callee > 0.2 {
		t.Errorf("on hold there was sound in %.0f %%, the callee in %.0f %%", music*100, callee*100)
	}
	if share := peers.Share(heard[second(5.5):], 800); share < 0.8 {
		t.Errorf("after the hold the caller heard the callee in %.0f %%", share*100)
	}
	cdr := box.CDR(1)
	if cdr.Hold < 2.5 || cdr.Hold > 3.6 {
		t.Errorf("held for 3 s, the CDR says %.1f s", cdr.Hold)
	}
}

func TestAllPhonesOfAnExtensionRingAndTheFirstToAnswerHasTheCall(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, twoDesks)
	mei, desk, home := box.Phone("1001", "udp", 500), box.Phone("1002", "udp", 800), box.Phone("1002", "tcp", 900)

	mei.Dial("1002")
	desk.Event("CALL_INCOMING")
	home.Event("CALL_INCOMING")
	home.Answer()
	mei.Event("CALL_ESTABLISHED")
	if closed := desk.Event("CALL_CLOSED"); closed.Param == "" {
		t.Error("the other phone was not told why it stopped ringing")
	}
	<-time.After(time.Second)
	mei.HangUp()
	home.Event("CALL_CLOSED")
	hears(t, mei, 900)
	answered(t, box.CDR(1), time.Second)
}
