package sip

import (
	"strings"
	"testing"
	"time"
)

// caller begins a call to the box from a phone that says what it can do.
func (b *box) caller(headers ...string) (*leg, *Dialog) {
	b.t.Helper()
	u := udpPeer(b.t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.authed("INVITE", "v=0 offer", "100", headers...)
	return l, get(b.t, b.invites, "call")
}

// prack acknowledges a provisional response of the box.
func (l *leg) prack(m text, body string) {
	l.learn(m)
	l.send("PRACK", body, "RAck: "+m.get("RSeq")+" "+m.get("CSeq"))
}

func rowS16ACallerThatRequiresItGetsEveryRingReliablyAndInOrder(t *testing.T) {
	b := newBox(t)
	l, d := b.caller("Require: 100rel")
	d.Progress(180, nil)
	d.Progress(183, []byte("v=0 early"))
	first := l.u.expect("180")
	if first.get("Require") != "100rel" || first.get("RSeq") == "" {
		t.Fatalf("180 is not reliable: %q", first)
	}
	l.u.again(first) // lost: it is repeated, and the 183 waits
	l.prack(first, "")
	l.u.expect("200")
	second := l.u.expect("183")
	if second.body() != "v=0 early" {
		t.Errorf("second response %q", second)
	}
	wrong := strings.Replace(string(second), "RSeq: "+second.get("RSeq"), "RSeq: 77", 1)
	l.prack(text(wrong), "")
	l.u.expect("481")
	l.prack(second, "")
	l.u.expect("200")
	l.prack(second, "") // once more: there is nothing left to acknowledge
	l.u.expect("481")
	d.Answer([]byte("v=0 early"))
	m := l.u.expect("200")
	invite := strings.Fields(m.get("CSeq"))[0]
	l.learn(m)
	ack := l.build("ACK", "")
	l.u.write(strings.Replace(ack, "CSeq: "+strings.Fields(text(ack).get("CSeq"))[0], "CSeq: "+invite, 1))
	b.event(EventConfirmed)
}

func rowS16TheAnswerDoesNotOvertakeEarlySound(t *testing.T) {
	b := newBox(t)
	l, d := b.caller("Supported: 100rel")
	d.Progress(180, nil)
	if m := l.u.expect("180"); m.get("Require") != "" {
		t.Errorf("a ring without sound needs no PRACK: %q", m)
	}
	d.Progress(183, []byte("v=0 early"))
	m := l.u.expect("183")
	d.Answer([]byte("v=0 early"))
	l.u.again(m)
	l.prack(m, "")
	l.u.expect("200 OK")
	if m := l.u.expect("200 OK"); !strings.HasSuffix(m.get("CSeq"), "INVITE") {
		t.Errorf("got the answer to %s", m.get("CSeq"))
	}
}

func rowS16AnAnswerNeedNotWaitForThePrackOfARing(t *testing.T) {
	b := newBox(t)
	l, d := b.caller("Require: 100rel")
	d.Progress(180, nil)
	l.u.expect("180")
	d.Answer([]byte("v=0"))
	if m := l.u.expect("200"); !strings.HasSuffix(m.get("CSeq"), "INVITE") {
		t.Errorf("got the answer to %s", m.get("CSeq"))
	}
}

func rowS16ACallerThatNeverSendsPrackIsRefused(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	l, d := b.caller("Require: 100rel")
	d.Progress(180, nil)
	l.u.expect("180")
	l.u.expect("504")
	if e := b.event(EventCancelled); e.Code != 408 {
		t.Errorf("%+v", e)
	}
}

func rowS16ACallerWithoutPrackIsNotAskedForIt(t *testing.T) {
	b := newBox(t)
	l, d := b.caller()
	d.Progress(183, []byte("v=0"))
	if m := l.u.expect("183"); m.get("Require") != "" || m.get("RSeq") != "" {
		t.Errorf("%q", m)
	}
	l.send("PRACK", "", "RAck: 1 1 INVITE")
	l.u.expect("481")
}

func rowS16WeAcknowledgeReliableRingsOnceAndInOrder(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	if !strings.Contains(l.invite.get("Supported"), "100rel") {
		t.Errorf("Supported %q", l.invite.get("Supported"))
	}
	rel := func(n string) []string { return []string{"Require: 100rel", "RSeq: " + n} }
	l.answer(l.invite, 183, "v=0 early", rel("10")...)
	prack := u.expect("PRACK")
	if want := "10 " + l.invite.get("CSeq"); prack.get("RAck") != want {
		t.Errorf("RAck %q, want %q", prack.get("RAck"), want)
	}
	wantEvent(t, events, EventProgress)
	u.again(prack) // lost: it comes again
	l.answer(prack, 200, "")
	l.answer(l.invite, 183, "v=0 early", rel("10")...) // a repetition
	l.answer(l.invite, 180, "", rel("12")...)          // before its turn
	u.silence(60 * time.Millisecond)
	l.answer(l.invite, 180, "", rel("11")...)
	second := u.expect("PRACK")
	if second.get("RAck") != "11 "+l.invite.get("CSeq") || second.get("CSeq") == prack.get("CSeq") {
		t.Errorf("second PRACK %q", second)
	}
	l.answer(second, 200, "")
	if e := wantEvent(t, events, EventProgress); e.Code != 180 {
		t.Errorf("%+v", e)
	}
	l.answer(l.invite, 200, "") // the answer was in the 183
	ack := u.expect("ACK")
	if ack.get("CSeq") != strings.Replace(l.invite.get("CSeq"), "INVITE", "ACK", 1) {
		t.Errorf("ACK has CSeq %q", ack.get("CSeq"))
	}
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 early" {
		t.Errorf("answered with %q", e.Body)
	}
}

func rowS08EveryPhoneOfAForkIsADialogOfItsOwn(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	var forks []*leg
	for range 3 {
		f := *l
		f.from = l.invite.get("To") + ";tag=" + unique()
		f.contact = "<sip:fork" + unique() + "@" + u.local + ">"
		forks = append(forks, &f)
		f.answer(l.invite, 183, "v=0 of "+f.from, "Require: 100rel", "RSeq: 5", "Allow: UPDATE")
		prack := u.expect("PRACK")
		if prack.get("To") != f.from || !strings.Contains(prack.first(), f.contact[1:len(f.contact)-1]) {
			t.Errorf("PRACK %q, want to %q", prack, f.contact)
		}
		f.answer(prack, 200, "")
		if e := wantEvent(t, events, EventProgress); e.Branch == "" || !strings.HasSuffix(f.from, e.Branch) {
			t.Errorf("branch %q of %q", e.Branch, f.from)
		}
	}
	forks[0].answer(l.invite, 199, "") // this one ended: no event
	forks[1].send("UPDATE", "v=0 moved", "Allow: UPDATE")
	e := wantEvent(t, events, EventReinvite)
	if string(e.Body) != "v=0 moved" || !strings.HasSuffix(forks[1].from, e.Branch) {
		t.Errorf("%+v", e)
	}
	e.Reply(200, []byte("v=0 good"))
	if m := u.expect("200"); m.body() != "v=0 good" {
		t.Errorf("%q", m)
	}
	forks[1].answer(l.invite, 200, "v=0 winner")
	if m := u.expect("ACK"); m.get("To") != forks[1].from {
		t.Errorf("ACK to %q", m.get("To"))
	}
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 winner" {
		t.Errorf("%+v", e)
	}
	forks[2].answer(l.invite, 200, "v=0 loser")
	if m := u.expect("ACK"); m.get("To") != forks[2].from {
		t.Errorf("ACK to %q", m.get("To"))
	}
	bye := u.expect("BYE")
	if bye.get("To") != forks[2].from {
		t.Errorf("BYE to %q", bye.get("To"))
	}
	forks[2].answer(bye, 200, "")
	forks[2].send("INFO", "x") // it is no part of the call
	u.expect("481")
}
