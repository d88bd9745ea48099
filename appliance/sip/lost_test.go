package sip

import (
	"runtime"
	"testing"
)

func rowS26ACallOverALostConnectionFailsAtOnce(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	u.close()
	if e := wantEvent(t, events, EventFailed); e.Code != 503 {
		t.Errorf("%+v", e)
	}
}

func rowS26ACallerWhoseConnectionIsLostHasGivenUp(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	u.user, u.password = "1001", "secret-one"
	b.dialled(u, "1002", "v=0")
	u.close()
	if e := b.event(EventCancelled); e.Code != 503 {
		t.Errorf("%+v", e)
	}
}

func rowS26APhoneThatConnectedAnewIsHungUpThere(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	u.user = "1001"
	uri := u.contactURI()
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	u.close()
	v := streamPeer(t, "TCP", b.at("tcp"))
	v.user, v.password = "1001", "secret-one"
	r := v.call("1001")
	r.contact, r.target = "<"+uri+">", "sip:"+v.box
	r.authed("REGISTER", "", "200", "Expires: 600")
	for b.conns.get("tcp", mustAddr(t, u.local)) != nil {
		runtime.Gosched()
	}
	d.Hangup(Reason{})
	l.u = v
	l.answer(v.expect("BYE"), 200, "")
}

func rowS26ACallOutlivesItsConnection(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	u.register("1001", "secret-one")
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	u.close()
	v := streamPeer(t, "TCP", b.at("tcp")) // it comes back, with the same contact
	v.user, v.local = u.user, u.local
	v.register("1001", "secret-one")
	d.Hangup(Reason{})
	l.u = v
	l.answer(v.expect("BYE"), 200, "")
}

func rowS27APhoneThatMovesIsAnsweredWhereItIs(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking()
	v := udpPeer(t, b.at("udp")) // another network: other address and port
	v.user = l.u.user
	l.u, l.contact = v, "<"+v.contactURI()+">"
	l.send("INVITE", "v=0 from elsewhere")
	b.event(EventReinvite).Reply(200, []byte("v=0"))
	v.expect("200")
	l.send("ACK", "")
	d.Hangup(Reason{})
	l.answer(v.expect("BYE "+v.contactURI()), 200, "")
}
