package peers_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sim/peers"
)

// refusals is an office in which 1001 calls and everybody else is not to be had, each for another reason.
const refusals = `
appliance {
  country  = "TW"
  timezone = "Asia/Taipei"
}
extension "1001" {
  password = "nobody-may-see-1001"
  allow    = ["internal", "national"]
}
extension "2001" {
  password  = "nobody-may-see-2001"
  no_answer = "5s"
}
extension "2002" {
  password  = "nobody-may-see-2002"
  no_answer = "5s"
  forward {
    when = "no_answer"
    to   = extension.2003
  }
}
extension "2003" {
  password = "nobody-may-see-2003"
}
trunk "carrier" {
  address     = "sip:127.0.0.2:9"
  accept_from = ["127.0.0.2/32"]
}
route "out" {
  from            = phones
  number_matching = "^0[0-9]{8,9}$"
  to              = trunk.carrier
}
`

// refusal is what a caller gets: a status, a tone, and a cause in the CDR.
type refusal struct {
	number string
	status int
	tone   media.Tone
	cause  peers.Cause
}

func TestACallerOfABusyPhoneHearsSo(t *testing.T) {
	t.Parallel()
	refusedBy(t, peers.Callee{Code: 486}, refusal{"2001", 486, media.ToneBusy, peers.Cause{Who: "callee", Why: "busy", SIP: 486}})
}

func TestACallerWhoIsDeclinedHearsSo(t *testing.T) {
	t.Parallel()
	refusedBy(t, peers.Callee{Code: 603}, refusal{"2001", 603, media.ToneBusy, peers.Cause{Who: "callee", Why: "declined", SIP: 603}})
}

func TestACallerWhomNobodyAnswersHearsSo(t *testing.T) {
	t.Parallel()
	refusedBy(t, peers.Callee{Rings: true}, refusal{"2001", 480, media.ToneBusy, peers.Cause{Who: "callee", Why: "no_answer", SIP: 480}})
}

func TestACallerOfAPhoneWithAFaultHearsSo(t *testing.T) {
	t.Parallel()
	refusedBy(t, peers.Callee{Code: 500}, refusal{"2001", 480, media.ToneCongestion, peers.Cause{Who: "callee", Why: "failed", SIP: 500}})
}

// refusedBy registers a phone for 2001 that does as it is told, and calls it.
func refusedBy(t *testing.T, phone peers.Callee, want refusal) {
	t.Helper()
	box := peers.NewBox(t, refusals)
	port := peers.Ports(t, 1)
	peers.Register(t, box.Address(), "2001", peers.Secret+"2001", peers.Run{Port: port})
	peers.Answer(t, phone, peers.Run{Port: port})
	refused(t, box, want)
}

func TestACallerOfAPhoneThatIsSwitchedOffHearsSo(t *testing.T) {
	t.Parallel()
	refused(t, peers.NewBox(t, refusals), refusal{"2001", 480, media.ToneCongestion, peers.Cause{Who: "callee", Why: "offline", SIP: 480}})
}

func TestACallerOfAPhoneThatVanishedHearsSo(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, refusals)
	port := peers.Ports(t, 1)
	peers.Register(t, box.Address(), "2003", peers.Secret+"2003", peers.Run{Port: port})
	silent, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port)) // takes everything and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	refused(t, box, refusal{"2003", 480, media.ToneCongestion, peers.Cause{Who: "network", Why: "unreachable", SIP: 480}})
}

func TestANumberThatIsNotInUseSoundsLikeIt(t *testing.T) {
	t.Parallel()
	refused(t, peers.NewBox(t, refusals), refusal{"7777", 404, media.ToneUnobtainable, peers.Cause{Who: "box", Why: "not_in_use", SIP: 404}})
}

func TestAnExtensionMayNotCallWhatItWasNotAllowed(t *testing.T) {
	t.Parallel()
	refused(t, peers.NewBox(t, refusals), refusal{"0912345678", 403, media.ToneUnobtainable, peers.Cause{Who: "box", Why: "not_allowed", SIP: 403}})
}

func TestACallWithoutALivingTrunkIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	refused(t, peers.NewBox(t, refusals), refusal{"0227001234", 480, media.ToneCongestion, peers.Cause{Who: "trunk", Why: "down", SIP: 480}})
}

// refused calls from 1001 and holds what the caller is told and hears, and what is written down, against the refusal.
func refused(t *testing.T, box *peers.Box, want refusal) {
	t.Helper()
	found := want.sounds(t, box)
	// A tone has a rhythm, and on a machine that leaves a box no time there is none: then we listen again.
	for again := 0; found < 0.8 && again < 3 && box.Idle() > 100*time.Millisecond; again++ {
		found = want.sounds(t, box)
	}
	if found < 0.8 {
		t.Errorf("what the caller heard resembles %s by %.2f", want.tone, found)
	}
	cdr := box.CDR(1)
	if cdr.Cause != want.cause || cdr.Outcome == "answered" || cdr.Answered != nil {
		t.Errorf("the CDR says %+v, outcome %s; expected %+v", cdr.Cause, cdr.Outcome, want.cause)
	}
	if cdr.From != "1001" || cdr.Dialled != want.number || cdr.Talk != 0 {
		t.Errorf("the CDR: %+v", cdr)
	}
}

// sounds calls and says how much what is heard resembles the tone of the refusal.
func (r refusal) sounds(t *testing.T, box *peers.Box) float64 {
	t.Helper()
	ear := peers.NewEar(t, 500)
	call := peers.Call(t, box.Address(), peers.Caller{From: "1001", Number: r.number, Password: peers.Secret + "1001", Code: r.status},
		peers.Run{Ears: []*peers.Ear{ear}})
	call.Await("refused", 1, 45*time.Second)
	call.Done(patience)
	return peers.Resembles(ear.Heard(t), media.CountryTone("TW", r.tone).PCM())
}

func TestACallThatNobodyAnswersGoesWhereTheExtensionForwardsIt(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, refusals)
	port := peers.Ports(t, 1)
	peers.Register(t, box.Address(), "2002", peers.Secret+"2002", peers.Run{Port: port})
	rings := peers.Answer(t, peers.Callee{Rings: true}, peers.Run{Port: port})
	stands := box.Phone("2003", "udp", 800)
	caller := box.Phone("1001", "udp", 500)

	caller.Dial("2002")
	stands.Event("CALL_INCOMING")
	rings.Await("cancelled", 1, patience)
	stands.Answer()
	caller.Talks()
	began := time.Now()
	caller.Hears(800)
	stands.Hears(500)
	stands.HangUp()
	talked := time.Since(began)
	caller.Ends()
	cdr := box.CDR(1)
	answered(t, cdr, talked)
	if cdr.Extension != "2003" || cdr.Dialled != "2002" || cdr.Wait < 5 || cdr.Wait > 8 {
		t.Errorf("the CDR of a call that was forwarded after 5 s: %+v", cdr)
	}
}

func TestACallerWhoGivesUpStopsThePhoneFromRinging(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, twoDesks)
	jun := box.Phone("1002", "udp", 800)
	call := peers.Call(t, box.Address(), peers.Caller{From: "1001", Number: "1002", Password: peers.Secret + "1001", Cancel: time.Second}, peers.Run{})
	jun.Event("CALL_INCOMING")
	jun.Event("CALL_CLOSED")
	call.Done(patience)
	if cdr := box.CDR(1); cdr.Cause != (peers.Cause{Who: "caller", Why: "cancelled", SIP: 487}) || cdr.Outcome != "abandoned" {
		t.Errorf("the CDR: %+v", cdr)
	}
}
