package sip

import (
	"strings"
	"testing"
)

// replaces writes the Replaces value by which a third party names the box's side of a call from the peer.
func (l *leg) replaces() string {
	_, theirs, _ := strings.Cut(l.from, ";tag=")
	_, ours, _ := strings.Cut(l.to, ";tag=")
	return l.callID + ";to-tag=" + ours + ";from-tag=" + theirs
}

func rowS15ACallThatTakesThePlaceOfAnotherIsMatched(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking()
	_, again := b.caller("Replaces: "+l.replaces(), "Require: replaces")
	if again.Invite().Replaces != d {
		t.Errorf("it replaces %v, want %v", again.Invite().Replaces, d)
	}
	early, _ := b.caller() // we have not answered it
	early.learn(text("To: " + early.to))
	for _, c := range []struct{ want, header string }{
		{"481", "Replaces: nobody;to-tag=1;from-tag=2"},
		{"481", "Replaces: " + l.callID + ";to-tag=wrong;from-tag=2"},
		{"481", "Replaces: " + strings.Replace(l.replaces(), "from-tag=", "from-tag=x", 1)},
		{"486", "Replaces: " + l.replaces() + ";early-only"},
		{"400", "Replaces: " + l.callID + ";to-tag=1"},
	} {
		u := udpPeer(t, b.at("udp"))
		u.user, u.password = "1002", "secret-two"
		u.call("1001").authed("INVITE", "v=0", c.want, c.header)
	}
	twice := udpPeer(t, b.at("udp"))
	twice.user = "1002"
	twice.call("1001").send("INVITE", "v=0", "Replaces: a;to-tag=1;from-tag=2", "Replaces: b;to-tag=1;from-tag=2")
	twice.expect("400")
	stranger := udpPeer(t, b.at("udp"))
	stranger.user = "nobody"
	stranger.call("1").send("INVITE", "v=0", "Replaces: "+l.replaces())
	stranger.expect("401")
}

func rowS15ARingingPhoneOfOursMayBeReplacedAndACallThatWaitsForUsMayNot(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	l.to = l.invite.get("From")
	_, again := b.caller("Replaces: " + l.replaces() + ";early-only")
	if again.Invite().Replaces != d {
		t.Errorf("it replaces %v", again.Invite().Replaces)
	}
	waiting, dw := b.caller()
	dw.Progress(180, nil)
	waiting.learn(waiting.u.expect("180"))
	v := udpPeer(t, b.at("udp"))
	v.user, v.password = "1002", "secret-two"
	v.call("1001").authed("INVITE", "v=0", "481", "Replaces: "+waiting.replaces())
}

func rowS15ACarrierTakesOverNoCallsOfOthers(t *testing.T) {
	b := newBox(t, Trunk{Name: "in", AcceptFrom: fromHere})
	l, _, _ := b.talking()
	u := udpPeer(t, b.at("udp"))
	u.user = "carrier"
	u.call("1").send("INVITE", "v=0", "Replaces: "+l.replaces())
	u.expect("403")
}

func rowS14ABlindTransferIsToldHowItGoes(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking()
	l.send("REFER", "", "Refer-To: <sip:+4930%23@box;user=phone>", "Referred-By: <sip:1001@box>")
	e := b.event(EventRefer)
	if e.Dialog != d || e.Refer.Number != "+4930#" || e.Refer.Replaces != nil || e.Refer.By != "<sip:1001@box>" {
		t.Errorf("%+v", e.Refer)
	}
	e.Reply(202, nil)
	l.u.expect("202")
	sent := func(want, state string) text {
		t.Helper()
		m := l.u.expect("NOTIFY")
		if m.body() != want+"\r\n" || !strings.HasPrefix(m.get("Subscription-State"), state) || m.get("Event") != "refer" || !strings.HasPrefix(m.get("Content-Type"), "message/sipfrag") {
			t.Errorf("NOTIFY %q, want %q", m, want)
		}
		l.answer(m, 200, "")
		return m
	}
	sent("SIP/2.0 100 Trying", "active")
	l.send("REFER", "", "Refer-To: <sip:2@box>") // one at a time
	l.u.expect("500")
	e.Refer.Progress(180)
	sent("SIP/2.0 180 Ringing", "active")
	e.Refer.Progress(486)
	e.Refer.Progress(200) // too late
	sent("SIP/2.0 486 Busy Here", "terminated")
	l.send("REFER", "", "Refer-To: sip:3@box", "Refer-Sub: false")
	e = b.event(EventRefer)
	e.Reply(202, nil)
	if m := l.u.expect("202"); m.get("Refer-Sub") != "false" {
		t.Errorf("%q", m)
	}
	e.Refer.Progress(200)
	l.send("REFER", "", "Refer-To: <sip:4@box>")
	b.event(EventRefer).Reply(603, nil)
	l.u.expect("603")
}

func rowS14AnAttendedTransferNamesTheOtherCall(t *testing.T) {
	b := newBox(t)
	l, _, _ := b.talking()
	other, d, _ := b.talking()
	v := strings.NewReplacer("=", "%3D", ";", "%3B", "@", "%40").Replace(other.replaces())
	l.send("REFER", "", "Refer-To: <sip:1002@box?Replaces="+v+">")
	e := b.event(EventRefer)
	if e.Refer.Replaces != d || e.Refer.Target != "sip:1002@box" || e.Refer.Header != "" {
		t.Errorf("%+v", e.Refer)
	}
	e.Reply(202, nil)
	l.u.expect("202")
	l.answer(l.u.expect("NOTIFY"), 200, "")
	e.Refer.Progress(200)
	l.answer(l.u.expect("NOTIFY"), 200, "")
	l.send("REFER", "", "Refer-To: <sip:1002@box?Replaces=elsewhere%3Bto-tag%3D1%3Bfrom-tag%3D2>")
	if e := b.event(EventRefer); e.Refer.Replaces != nil || e.Refer.Header != "elsewhere;to-tag=1;from-tag=2" {
		t.Errorf("%+v", e.Refer)
	}
}

func rowS14TransfersThatMakeNoSenseAreRefused(t *testing.T) {
	b := newBox(t)
	l, _, _ := b.talking()
	for _, h := range [][]string{
		{}, {"Refer-To: <sip:1@a>", "Refer-To: <sip:2@a>"}, {"Refer-To: <sip:1@a>, <sip:2@a>"}, {"Refer-To: <sip:x?Replaces=>"}, {"Refer-To: <sip:x?Replaces=a%3Bto-tag%3D1>"},
		{"Refer-To: <http://x>"}, {"Refer-To: "}, {"Refer-To: <sip:>"},
	} {
		l.send("REFER", "", h...)
		l.u.expect("400")
	}
	early, d := b.caller()
	d.Progress(180, nil)
	early.learn(early.u.expect("180"))
	early.send("REFER", "", "Refer-To: <sip:1@a>")
	early.u.expect("403")
	outside := l.u.call("1002")
	outside.send("REFER", "", "Refer-To: <sip:1@a>")
	l.u.expect("403")
	l.send("REFER", "", "Refer-To: <sip:9@a>") // nobody decides
	b.event(EventRefer)
	l.send("BYE", "")
	b.event(EventBye).Reply(200, nil)
}
