package peers_test

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// These two hold the measuring instruments against each other, without a box between them.

func TestAPhoneAndACarrierHearEachOtherWhenThePhoneCalls(t *testing.T) {
	t.Parallel()
	ear := peers.NewEar(t, 800)
	carrier := peers.Answer(t, peers.Callee{Ring: 200 * time.Millisecond}, peers.Run{Ears: []*peers.Ear{ear}})
	phone := peers.NewPhone(t, peers.PhoneOptions{Server: "127.0.0.1:5060", Transport: "udp", Number: "100", Hz: 500, Silent: true})

	phone.Dial(fmt.Sprintf("sip:0227001234@127.0.0.1:%d", carrier.Port))
	phone.Event("CALL_RINGING")
	phone.Event("CALL_ESTABLISHED")
	ear.Hears(t, "the carrier hears the phone", 500, patience)
	phone.Hears(800)
	if invite := carrier.Await("invite", 1, time.Second); invite.Fields[0] != "0227001234" {
		t.Errorf("the carrier was asked for %v", invite.Fields)
	}
	phone.HangUp()
	carrier.Await("done", 1, patience)
	carrier.Stop()
}

func TestAPhoneAndACarrierHearEachOtherWhenTheCarrierCalls(t *testing.T) {
	t.Parallel()
	phone := peers.NewPhone(t, peers.PhoneOptions{Server: "127.0.0.1:5060", Transport: "udp", Number: "100", Hz: 500, Silent: true})
	ear := peers.NewEar(t, 800)
	carrier := peers.Call(t, phone.Address(), peers.Caller{From: "0912345678", Number: "100", Waits: true}, peers.Run{Ears: []*peers.Ear{ear}})

	phone.Event("CALL_INCOMING")
	phone.Answer()
	carrier.Await("answered", 1, patience)
	ear.Hears(t, "the carrier hears the phone", 500, patience)
	phone.Hears(800)
	phone.HangUp()
	carrier.Done(patience)
}

func TestACallerThatGivesUpAndOneThatIsRefusedAreToldSo(t *testing.T) {
	t.Parallel()
	rings := peers.Answer(t, peers.Callee{Rings: true}, peers.Run{})
	peers.Call(t, fmt.Sprintf("127.0.0.1:%d", rings.Port), peers.Caller{From: "1", Number: "2", Cancel: 300 * time.Millisecond}, peers.Run{}).Done(patience)
	rings.Await("cancelled", 1, patience)

	busy := peers.Answer(t, peers.Callee{Code: 486}, peers.Run{})
	call := peers.Call(t, fmt.Sprintf("127.0.0.1:%d", busy.Port), peers.Caller{From: "1", Number: "2", Code: 486}, peers.Run{})
	call.Await("refused", 1, patience)
	call.Done(patience)
}
