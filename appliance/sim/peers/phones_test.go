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

	talked := talk(t, mei, jun, mei.HangUp)
	cdr := box.CDR(1)
	answered(t, cdr, talked)
	if cdr.Cause != (peers.Cause{Who: "caller", Why: "hung_up", SIP: 200}) || cdr.From != "1001" || cdr.Dialled != "1002" {
		t.Errorf("the first call's CDR: %+v", cdr)
	}

	talked = talk(t, mei, jun, jun.HangUp)
	if cdr = box.CDR(2); cdr.Cause.Who != "callee" || cdr.Cause.Why != "hung_up" {
		t.Errorf("the callee hung up, the CDR says %+v", cdr.Cause)
	}
	answered(t, cdr, talked)
	if status := box.Status(); status.Calls != 0 || status.PortsUsed != 0 || status.Phones != 2 {
		t.Errorf("after the calls: %+v", status)
	}
}

// talk is a call in which both sides hear each other's tone, and for how long it was answered.
func talk(t *testing.T, caller, callee *peers.Phone, end func()) time.Duration {
	t.Helper()
	caller.Dial(callee.Number)
	if incoming := callee.Event("CALL_INCOMING"); incoming.Name != "Mei Lin" {
		t.Errorf("the callee sees %q calling", incoming.Name)
	}
	caller.Event("CALL_RINGING")
	callee.Answer()
	caller.Talks()
	callee.Talks()
	began := time.Now()
	<-time.After(time.Second) // people talk for a while
	caller.Hears(callee.Hz)
	callee.Hears(caller.Hz)
	end()
	talked := time.Since(began)
	caller.Ends()
	callee.Ends()
	return talked
}

// answered checks what every CDR of an answered call must hold. A machine that is busy lets phones send late and fewer
// packets, but what one leg got the other one was sent.
func answered(t *testing.T, c peers.CDR, talked time.Duration) {
	t.Helper()
	if c.Outcome != "answered" || c.Answered == nil || c.Ended == nil {
		t.Fatalf("not the CDR of an answered call: %+v", c)
	}
	if c.Answered.Before(c.Started) || c.Ended.Before(*c.Answered) {
		t.Errorf("started %v, answered %v, ended %v", c.Started, c.Answered, c.Ended)
	}
	if d := c.Talk + c.Hold - talked.Seconds(); d < -1 || d > 3 {
		t.Errorf("talked %.1f s and held %.1f s, the phones %v", c.Talk, c.Hold, talked)
	}
	if len(c.Legs) != 2 {
		t.Fatalf("legs: %+v", c.Legs)
	}
	for i, leg := range c.Legs {
		passed := leg.PacketsIn - c.Legs[1-i].PacketsOut
		if leg.Codec != "pcma" || leg.PacketsIn < 25 || passed < -10 || passed > 10 || leg.Lost > 0 || leg.MOS < 3.5 {
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
	mei.Talks()
	mei.Hears(800)
	jun.Hold()
	began := time.Now()
	mei.HearsOther(800)
	<-time.After(2 * time.Second) // the music goes on
	mei.HearsOther(800)
	jun.Resume()
	held := time.Since(began)
	mei.Hears(800)
	mei.HangUp()
	jun.Ends()
	if cdr := box.CDR(1); cdr.Hold < held.Seconds()-1 || cdr.Hold > held.Seconds()+3 {
		t.Errorf("held for %v, the CDR says %.1f s", held, cdr.Hold)
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
	began := time.Now()
	mei.Hears(900)
	home.Hears(500)
	mei.HangUp()
	talked := time.Since(began)
	home.Ends()
	answered(t, box.CDR(1), talked)
}
