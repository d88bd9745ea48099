package sip

import (
	"runtime"
	"strings"
	"testing"
	"time"
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

// everywhere are settings with every transport that is a connection.
func everywhere() Settings {
	set := twoPhones()
	set.Listen = []string{"tcp://127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0", "wss://127.0.0.1:0"}
	return set
}

// connect is a phone over such a transport. Whoever comes back does so under its old address.
func (b *box) connect(scheme, local string) *raw {
	b.t.Helper()
	var u *raw
	if strings.HasPrefix(scheme, "ws") {
		u = webPeer(b.t, scheme, b.at(scheme))
	} else {
		u = streamPeer(b.t, strings.ToUpper(scheme), b.at(scheme))
	}
	if local != "" {
		u.local = local
	}
	u.register("1001", "secret-one")
	return u
}

func rowS26WhereverAConnectionBreaksNobodyHangs(t *testing.T) {
	for _, scheme := range []string{"tcp", "tls", "ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			b := startBox(t, Options{}, everywhere())
			gone := func(u *raw) {
				t.Helper()
				u.close()
				for deadline := time.Now().Add(patience); b.conns.len() > 0; <-time.After(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("the connection stays")
					}
				}
			}
			// after its INVITE
			u := b.connect(scheme, "")
			b.dialled(u, "1002", "v=0")
			gone(u)
			if e := b.event(EventCancelled); e.Code != 503 {
				t.Errorf("%+v", e)
			}
			// while it rings
			u = b.connect(scheme, u.local)
			l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
			l.answer(l.invite, 180, "")
			wantEvent(t, events, EventProgress)
			gone(u)
			if e := wantEvent(t, events, EventFailed); e.Code != 503 {
				t.Errorf("%+v", e)
			}
			// between our answer and its ACK, and it comes back
			u = b.connect(scheme, u.local)
			l, d := b.dialled(u, "1002", "v=0")
			d.Answer([]byte("v=0"))
			l.learn(u.expect("200"))
			gone(u)
			u = b.connect(scheme, u.local)
			l.u = u
			l.send("ACK", "")
			b.event(EventConfirmed)
			// in the call, and it comes back
			gone(u)
			u = b.connect(scheme, u.local)
			d.Info("text/plain", []byte("are you there?"))
			l.u = u
			l.answer(u.expect("INFO"), 200, "")
			// between our answer and its ACK, and it stays away
			_, d = b.dialled(u, "1002", "v=0")
			d.Answer([]byte("v=0"))
			u.expect("200")
			gone(u)
			if e := b.event(EventNoAck); e.Dialog != d {
				t.Errorf("%+v", e)
			}
			if n := b.Counters().Panics; n != 0 {
				t.Errorf("%d panics", n)
			}
		})
	}
}
