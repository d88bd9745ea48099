package peers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// Trunks are told by their address, so carriers live on other addresses of the loopback network than phones.
const (
	carrier = "127.0.0.2"
	backup  = "127.0.0.3"
)

// outside is an office with two trunks. Its ports are put in by the test.
const outside = `
appliance {
  country  = "TW"
  timezone = "Asia/Taipei"
}
extension "1001" {
  name     = "Mei Lin"
  password = "nobody-may-see-1001"
  allow    = ["internal", "national"]
}
trunk "first" {
  address     = "sip:127.0.0.2:%d"
  accept_from = ["127.0.0.2/32"]
  channels    = 1
  caller_id   = "+886227009999"
}
trunk "second" {
  address     = "sip:127.0.0.3:%d"
  accept_from = ["127.0.0.3/32"]
}
route "in" {
  from   = trunk.first
  number = "0227001234"
  to     = extension.1001
}
route "out" {
  from            = phones
  number_matching = "^0[2-9][0-9]{7,8}$"
  class           = "national"
  to              = [trunk.first, trunk.second]
}
`

func TestACallFromTheCarrierReachesThePhoneAndBothHearEachOther(t *testing.T) {
	t.Parallel()
	port := peers.Ports(t, 1)
	line := peers.Answer(t, peers.Callee{}, peers.Run{Address: carrier, Port: port}) // answers the box's OPTIONS
	box := peers.NewBox(t, fmt.Sprintf(outside, port, peers.Ports(t, 1)))
	phone := box.Phone("1001", "udp", 500)
	line.Stop()

	ear := peers.NewEar(t, 800)
	call := peers.Call(t, box.Address(), peers.Caller{From: "0912345678", Name: "Chen", Number: "0227001234", Waits: true},
		peers.Run{Address: carrier, Port: port, Ears: []*peers.Ear{ear}})
	if incoming := phone.Event("CALL_INCOMING"); !strings.Contains(incoming.Peer, "912345678") {
		t.Errorf("the phone shows %s", incoming.Peer)
	}
	phone.Answer()
	phone.Talks()
	began := time.Now()
	ear.Hears(t, "the carrier hears the phone", 500, patience)
	phone.Hears(800)
	phone.HangUp()
	talked := time.Since(began)
	call.Done(patience)

	cdr := box.CDR(1)
	answered(t, cdr, talked)
	if cdr.Direction != "in" || cdr.Trunk != "first" || cdr.Extension != "1001" || cdr.From != "+886912345678" ||
		cdr.Dialled != "0227001234" || cdr.To != "+886227001234" || cdr.Cause.Who != "callee" {
		t.Errorf("the CDR: %+v", cdr)
	}
}

func TestACallToTheOutsideShowsTheTrunksNumberAndBothHearEachOther(t *testing.T) {
	t.Parallel()
	ear := peers.NewEar(t, 800)
	port := peers.Ports(t, 1)
	line := peers.Answer(t, peers.Callee{Ring: 500 * time.Millisecond, HangsUp: true, Talk: 4 * time.Second},
		peers.Run{Address: carrier, Port: port, Ears: []*peers.Ear{ear}})
	box := peers.NewBox(t, fmt.Sprintf(outside, port, peers.Ports(t, 1)))
	phone := box.Phone("1001", "udp", 500)

	phone.Dial("0227005678")
	phone.Event("CALL_RINGING")
	phone.Talks()
	ear.Hears(t, "the carrier hears the phone", 500, patience)
	phone.Hears(800)
	phone.Ends()
	line.Await("done", 1, patience)
	line.Stop()
	invite := line.Await("invite", 1, time.Second).Fields
	if from := strings.Join(invite[1:], " "); invite[0] != "0227005678" || !strings.Contains(from, "+886227009999") {
		t.Errorf("the carrier was asked for %v", invite)
	}
	cdr := box.CDR(1)
	answered(t, cdr, 4*time.Second)
	if cdr.Direction != "out" || cdr.Trunk != "first" || cdr.From != "1001" || cdr.To != "+886227005678" || cdr.Cause.Who != "callee" {
		t.Errorf("the CDR: %+v", cdr)
	}
}

func TestWhenTheFirstTrunkDiesTheSecondHasTheCallWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	ports := []int{peers.Ports(t, 1), peers.Ports(t, 1)}
	first := peers.Answer(t, peers.Callee{}, peers.Run{Address: carrier, Port: ports[0]})
	second := peers.Answer(t, peers.Callee{HangsUp: true, Talk: time.Second}, peers.Run{Address: backup, Port: ports[1]})
	box := peers.NewBox(t, fmt.Sprintf(outside, ports[0], ports[1]))
	phone := box.Phone("1001", "udp", 500)
	peers.Await(t, "both trunks are up", patience, func() bool { return box.Status().TrunksUp == 2 })
	first.Kill() // the box does not know yet

	dialled := time.Now()
	phone.Dial("0227005678")
	if at := second.Await("invite", 1, patience).At.Sub(dialled); at > 2*time.Second {
		t.Errorf("the second trunk was tried after %v", at)
	}
	phone.Event("CALL_ESTABLISHED")
	phone.Event("CALL_CLOSED")
	if cdr := box.CDR(1); cdr.Trunk != "second" || cdr.Outcome != "answered" {
		t.Errorf("the CDR: %+v", cdr)
	}
}

func TestWhenTheFirstTrunkRefusesTheSecondHasTheCall(t *testing.T) {
	t.Parallel()
	ports := []int{peers.Ports(t, 1), peers.Ports(t, 1)}
	peers.Answer(t, peers.Callee{Code: 503}, peers.Run{Address: carrier, Port: ports[0]})
	peers.Answer(t, peers.Callee{HangsUp: true, Talk: time.Second}, peers.Run{Address: backup, Port: ports[1]})
	box := peers.NewBox(t, fmt.Sprintf(outside, ports[0], ports[1]))
	phone := box.Phone("1001", "udp", 500)

	phone.Dial("0227005678")
	phone.Event("CALL_ESTABLISHED")
	phone.Event("CALL_CLOSED")
	if cdr := box.CDR(1); cdr.Trunk != "second" || cdr.Outcome != "answered" {
		t.Errorf("the CDR: %+v", cdr)
	}
}

func TestABusyNumberIsBusyByEveryTrunk(t *testing.T) {
	t.Parallel()
	ports := []int{peers.Ports(t, 1), peers.Ports(t, 1)}
	peers.Answer(t, peers.Callee{Code: 486}, peers.Run{Address: carrier, Port: ports[0]})
	second := peers.Answer(t, peers.Callee{}, peers.Run{Address: backup, Port: ports[1]})
	box := peers.NewBox(t, fmt.Sprintf(outside, ports[0], ports[1]))
	phone := box.Phone("1001", "udp", 500)

	phone.Dial("0227005678")
	if closed := phone.Event("CALL_CLOSED"); !strings.HasPrefix(closed.Param, "486") {
		t.Errorf("the phone was told %q", closed.Param)
	}
	if cdr := box.CDR(1); cdr.Cause != (peers.Cause{Who: "callee", Why: "busy", SIP: 486}) {
		t.Errorf("the CDR: %+v", cdr)
	}
	if tried := second.Notes("invite"); len(tried) > 0 {
		t.Error("the second trunk was tried for a number that is busy")
	}
}

func TestACarrierThatBringsMoreCallsThanItHasLinesIsToldSo(t *testing.T) {
	t.Parallel()
	port := peers.Ports(t, 1)
	box := peers.NewBox(t, fmt.Sprintf(outside, port, peers.Ports(t, 1)))
	phone := box.Phone("1001", "udp", 500)
	first := peers.Call(t, box.Address(), peers.Caller{From: "0912345678", Number: "0227001234", Waits: true}, peers.Run{Address: carrier})
	phone.Event("CALL_INCOMING")
	peers.Call(t, box.Address(), peers.Caller{From: "0912345679", Number: "0227001234", Code: 503}, peers.Run{Address: carrier}).Done(patience)
	phone.Answer()
	phone.Event("CALL_ESTABLISHED")
	phone.HangUp()
	first.Done(patience)
	box.CDR(2)
	for _, cdr := range box.CDRs() {
		want := peers.Cause{Who: "callee", Why: "hung_up", SIP: 200}
		if cdr.From == "+886912345679" {
			want = peers.Cause{Who: "trunk", Why: "over_limit", SIP: 503}
		}
		if cdr.Cause != want {
			t.Errorf("the CDR of %s: %+v", cdr.From, cdr)
		}
	}
}

func TestANumberOfOursThatNobodyRoutedIsNotInUse(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, fmt.Sprintf(outside, peers.Ports(t, 1), peers.Ports(t, 1)))
	peers.Call(t, box.Address(), peers.Caller{From: "0912345678", Number: "0227000000", Code: 404}, peers.Run{Address: carrier}).Done(patience)
	if cdr := box.CDR(1); cdr.Cause != (peers.Cause{Who: "box", Why: "not_in_use", SIP: 404}) || cdr.Direction != "in" {
		t.Errorf("the CDR: %+v", cdr)
	}
}
