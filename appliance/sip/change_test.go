package sip

import (
	"strings"
	"testing"
	"time"
)

func rowS01HoldByThePeerAndByUs(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)

	l.send("INVITE", "v=0 hold")
	e := wantEvent(t, events, EventReinvite)
	e.Reply(200, []byte("v=0 held"))
	e.Reply(488, nil) // only the first counts
	if m := u.expect("200"); m.body() != "v=0 held" {
		t.Errorf("answer %q", m.body())
	}
	l.send("ACK", "")

	moved := l.contact
	l.contact = "<sip:elsewhere@" + u.local + ">"
	l.send("UPDATE", "")
	u.expect("200")
	d.Reinvite([]byte("v=0 resume"))
	m := u.expect("INVITE sip:elsewhere@")
	l.contact = moved
	if m.body() != "v=0 resume" {
		t.Errorf("offer %q", m.body())
	}
	l.answer(m, 200, "v=0 resumed")
	if ack := u.expect("ACK"); !strings.Contains(ack.first(), moved[1:len(moved)-1]) {
		t.Errorf("ACK goes to %q, want %q", ack.first(), moved)
	}
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 200 || string(e.Body) != "v=0 resumed" {
		t.Errorf("%+v", e)
	}
	d.Reinvite([]byte("v=0 no"))
	m = u.expect("INVITE")
	l.answer(m, 488, "")
	u.expect("ACK")
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 488 {
		t.Errorf("%+v", e)
	}
}

func rowS01APhoneThatAsksForOurOfferAnswersItInItsAck(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	l.send("INVITE", "")
	wantEvent(t, events, EventReinvite).Reply(200, []byte("v=0 offer"))
	u.expect("200")
	l.send("ACK", "v=0 answer")
	if e := wantEvent(t, events, EventConfirmed); string(e.Body) != "v=0 answer" {
		t.Errorf("the answer came as %+v", e)
	}
}

func rowS09AHangupCrossesAChange(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking()
	d.Reinvite([]byte("v=0 new"))
	m := l.u.expect("INVITE")
	l.send("BYE", "")
	b.event(EventBye).Reply(200, nil)
	l.u.expect("200")
	l.answer(m, 487, "")
	l.u.expect("ACK")
}

func rowS09BothHangUpAtOnce(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking()
	d.Hangup(Reason{})
	bye := l.u.expect("BYE")
	l.send("BYE", "")
	l.u.expect("200")
	l.answer(bye, 200, "")
	l.u.silence(2 * quick.t1)
	for deadline := time.Now().Add(patience); b.Counters().Dialogs > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d dialogs are left", b.Counters().Dialogs)
		}
		<-time.After(time.Millisecond)
	}
}

func rowS10BothSidesHoldAtTheSameMoment(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	d.Reinvite([]byte("v=0 ours"))
	ours := u.expect("INVITE")
	l.send("INVITE", "v=0 theirs")
	u.expect("491")
	l.send("ACK", "", "same-branch")
	l.answer(ours, 491, "")
	u.expect("ACK")
	again := u.expect("INVITE")
	if again.body() != "v=0 ours" || again.get("CSeq") == ours.get("CSeq") {
		t.Errorf("second try %q", again)
	}
	l.answer(again, 200, "v=0 fine")
	u.expect("ACK")
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 200 {
		t.Errorf("%+v", e)
	}
}

func rowS10WhoBeganTheCallWaitsLonger(t *testing.T) {
	b := newBox(t)
	glare := func(l *leg, d *Dialog) time.Duration {
		d.Reinvite([]byte("v=0 ours"))
		l.answer(l.u.expect("INVITE"), 491, "")
		l.u.expect("ACK")
		began := time.Now()
		m := l.u.expect("INVITE")
		l.answer(m, 200, "v=0")
		l.u.expect("ACK")
		return time.Since(began)
	}
	scale := func(d time.Duration) time.Duration { return d * quick.t1 / standardTimings.t1 }
	l, d, _ := b.talkingTo()
	if took := glare(l, d); took < scale(2100*time.Millisecond)-5*time.Millisecond {
		t.Errorf("the caller tried again after %v", took)
	}
	l, d, _ = b.talking()
	if took := glare(l, d); took > scale(2*time.Second)+time.Second {
		t.Errorf("the callee tried again after %v", took)
	}
}

func rowS11ASecondChangeDuringTheFirstIsPutOff(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	l.send("INVITE", "v=0 one")
	e := wantEvent(t, events, EventReinvite)
	u.expect("100")
	l.send("INVITE", "v=0 two")
	if m := u.expect("500"); m.get("Retry-After") == "" {
		t.Error("500 without Retry-After")
	}
	l.send("ACK", "", "same-branch")
	e.Reply(200, []byte("v=0"))
	u.expect("200")
}
