package sip

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// ring has a phone registered at u and calls it; the INVITE arrived there.
func (b *box) ring(u *raw, user, password string, r DialRequest) (*leg, *Dialog, chan Event) {
	b.t.Helper()
	u.register(user, password)
	events := make(chan Event, 100)
	r.Events, r.Contact = events, &b.Contacts(user)[0]
	if r.Offer == nil {
		r.Offer = func(netip.Addr) []byte { return []byte("v=0 offer") }
	}
	d, err := b.Dial(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return u.called(), d, events
}

func rowS01ACallToAPhoneIsAnsweredAndHungUpByUs(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{From: Party{Name: `A "B"`, Number: "+49 1"}, Headers: [][2]string{{"Alert-Info", "x\r\nEvil: 1"}, {"Via", "no"}}})
	if f := l.invite.get("From"); !strings.HasPrefix(f, `"A \"B\"" <sip:+49%201@`) {
		t.Errorf("From %q", f)
	}
	if l.invite.get("Evil") != "" || l.invite.get("Alert-Info") != "x  Evil: 1" || len(l.invite.all("Via")) != 1 {
		t.Errorf("headers leaked: %q", l.invite)
	}
	if l.invite.body() != "v=0 offer" || d.Local() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("offer %q from %v", l.invite.body(), d.Local())
	}
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	l.answer(l.invite, 183, "v=0 early")
	if e := wantEvent(t, events, EventProgress); e.Code != 183 || string(e.Body) != "v=0 early" {
		t.Errorf("progress %+v", e)
	}
	l.answer(l.invite, 200, "v=0 answer")
	ack := u.expect("ACK")
	if ack.get("CSeq") != strings.Replace(l.invite.get("CSeq"), "INVITE", "ACK", 1) {
		t.Errorf("ACK CSeq %q for %q", ack.get("CSeq"), l.invite.get("CSeq"))
	}
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 answer" {
		t.Errorf("answered %+v", e)
	}
	l.answer(l.invite, 200, "v=0 answer")
	u.again(ack) // our ACK was lost: it is sent again
	d.Info("application/dtmf-relay", []byte("Signal=5"))
	m := u.expect("INFO")
	if m.body() != "Signal=5" || m.get("Content-Type") != "application/dtmf-relay" {
		t.Errorf("INFO %q", m)
	}
	l.answer(m, 200, "")
	d.Hangup(Reason{Q850: 16, Text: "done"})
	d.Hangup(Reason{})
	bye := u.expect("BYE")
	if bye.get("Reason") != `Q.850;cause=16;text="done"` {
		t.Errorf("Reason %q", bye.get("Reason"))
	}
	l.answer(bye, 200, "")
	u.silence(100 * time.Millisecond)
}

func rowS02WeCancelOnlyAfterTheFirstSignOfLife(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	d.Hangup(Reason{Q850: 26, Text: "answered elsewhere"})
	u.silence(150 * time.Millisecond) // neither a CANCEL nor the INVITE again
	l.answer(l.invite, 180, "")
	cancel := u.expect("CANCEL")
	if cancel.get("Reason") != `Q.850;cause=26;text="answered elsewhere"` || cancel.get("Via") != l.invite.get("Via") {
		t.Errorf("CANCEL %q", cancel)
	}
	if cancel.get("CSeq") != strings.Replace(l.invite.get("CSeq"), "INVITE", "CANCEL", 1) {
		t.Errorf("CSeq %q", cancel.get("CSeq"))
	}
	l.answer(cancel, 200, "")
	l.answer(l.invite, 487, "")
	u.expect("ACK")
	if len(events) > 0 {
		t.Errorf("an event came after our own hangup: %+v", <-events)
	}
}

func rowS02AnAnswerThatCrossesOurCancelIsHungUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	d.Hangup(Reason{})
	l.answer(u.expect("CANCEL"), 200, "")
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	l.answer(u.expect("BYE"), 200, "")
}

func rowS06EveryRepeatedAnswerGetsTheSameAck(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0 theirs")
	ack := u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	for range 5 {
		l.answer(l.invite, 200, "v=0 theirs")
		if m := get(t, u.in, "ACK"); m != ack {
			t.Errorf("got %q, was %q", m, ack)
		}
	}
	if len(events) > 0 {
		t.Errorf("got %+v", <-events)
	}
}

func rowS08OfTwoAnswersTheFirstIsTheCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	other := *l
	other.from = l.invite.get("To") + ";tag=other" + unique()
	l.answer(l.invite, 200, "v=0 one")
	u.expect("ACK")
	other.answer(l.invite, 200, "v=0 two")
	ack := u.expect("ACK")
	bye := u.expect("BYE")
	if ack.get("To") != other.from || bye.get("To") != other.from {
		t.Errorf("ACK to %q and BYE to %q, want %q", ack.get("To"), bye.get("To"), other.from)
	}
	other.answer(bye, 200, "")
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 one" {
		t.Errorf("answered %+v", e)
	}
	u.silence(50 * time.Millisecond)
	if len(events) > 0 {
		t.Errorf("got %+v", <-events)
	}
}

func TestAPhoneThatDoesNotRespondIsGivenUpInTime(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	began := time.Now()
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{Answer: 200 * time.Millisecond})
	if e := wantEvent(t, events, EventFailed); e.Code != 408 || e.Text != "no response" {
		t.Errorf("%+v", e)
	}
	if took := time.Since(began); took < 150*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	l.answer(l.invite, 180, "") // it wakes up: too late
	l.answer(u.expect("CANCEL"), 200, "")
}

func TestARingingPhoneIsNotGivenUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{Answer: 100 * time.Millisecond})
	l.answer(l.invite, 100, "")
	time.AfterFunc(300*time.Millisecond, func() { l.answer(l.invite, 486, "") })
	if e := wantEvent(t, events, EventFailed); e.Code != 486 {
		t.Errorf("%+v", e)
	}
	u.expect("ACK")
}

func TestAReceiverThatDoesNotReadHoldsUpNobody(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	events := make(chan Event) // nobody reads yet
	u.register("1001", "secret-one")
	_, err := b.Dial(DialRequest{Events: events, Contact: &b.Contacts("1001")[0]})
	if err != nil {
		t.Fatal(err)
	}
	l := u.called()
	for range maxMail + 10 {
		l.answer(l.invite, 180, "")
	}
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	progress := 0
	for {
		e := get(t, events, "event")
		if e.Kind == EventAnswered {
			break
		}
		progress++
	}
	if progress != maxMail || b.Counters().EventsLost != 10 {
		t.Errorf("%d progress events and %d lost, want %d and 10", progress, b.Counters().EventsLost, maxMail)
	}
}
