package sip

import (
	"slices"
	"strings"
	"testing"
)

func rowS20RoutesAreFollowedBothWays(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	rr := []string{"Record-Route: <sip:" + u.local + ";lr>", "Record-Route: <sip:p2.example;lr>"}
	l.answer(l.invite, 200, "v=0", rr...)
	wantEvent(t, events, EventAnswered)
	for _, m := range []text{u.expect("ACK"), func() text { d.Hangup(Reason{}); return u.expect("BYE") }()} {
		if got := m.all("Route"); len(got) != 2 || got[0] != "<sip:p2.example;lr>" {
			t.Errorf("Route %q in %q", got, m.first())
		}
		if !strings.Contains(m.first(), u.contactURI()) {
			t.Errorf("Request-URI %q", m.first())
		}
	}
	u.user, u.password = "1001", "secret-one"
	c := u.call("1002")
	c.authed("INVITE", "v=0", "100", `Record-Route: "The old <one>" <sip:strict.example;x=1>;y=2`, "Record-Route: <sip:p2.example;lr>")
	d = get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	m := c.learn(u.expect("200"))
	if len(m.all("Record-Route")) != 2 {
		t.Errorf("Record-Route %q", m.all("Record-Route"))
	}
	c.send("ACK", "")
	b.event(EventConfirmed)
	d.Hangup(Reason{})
	bye := u.expect("BYE sip:strict.example;x=1 SIP/2.0")
	if got := bye.all("Route"); len(got) != 2 || got[1] != "<"+u.contactURI()+">" {
		t.Errorf("Route %q", got)
	}
}

func rowS20ThePathOfARegistrationIsTheRouteOfItsCalls(t *testing.T) {
	b := newBox(t)
	proxy := udpPeer(t, b.at("udp"))
	proxy.user, proxy.password = "1001", "secret-one"
	l := proxy.call("1001")
	l.target, l.contact = "sip:"+proxy.box, "<sip:1001@10.9.8.7:5060>"
	m := l.authed("REGISTER", "", "200", "Supported: path", "Path: <sip:edge.example;lr>, <sip:inner.example;lr;x=y>")
	if m.get("Path") != "<sip:edge.example;lr>, <sip:inner.example;lr;x=y>" {
		t.Errorf("the 200 has Path %q", m.get("Path"))
	}
	if _, err := b.Dial(DialRequest{Events: make(chan Event, 10), Contact: &b.Contacts("1001")[0]}); err != nil {
		t.Fatal(err)
	}
	m = proxy.expect("INVITE sip:1001@10.9.8.7:5060")
	if got := m.all("Route"); !slices.Equal(got, []string{"<sip:edge.example;lr>", "<sip:inner.example;lr;x=y>"}) {
		t.Errorf("Route %q", got)
	}
	l.authed("REGISTER", "", "400", "Path: nonsense without brackets")
}

func rowS20AChangedContactIsFollowed(t *testing.T) {
	b := newBox(t)
	l, d, events := b.talkingTo("Record-Route: <sip:proxy.example;lr;transport=tcp>, <sip:[2001:db8::9]:5070;lr>")
	l.contact = "<sip:moved@" + l.u.local + ";x=1>"
	l.send("INVITE", "v=0 moved")
	wantEvent(t, events, EventReinvite).Reply(200, []byte("v=0"))
	l.u.expect("200")
	l.send("ACK", "")
	d.Hangup(Reason{})
	bye := l.u.expect("BYE sip:moved@" + l.u.local + ";x=1 ")
	if got := strings.Join(bye.all("Route"), ", "); got != "<sip:[2001:db8::9]:5070;lr>, <sip:proxy.example;lr;transport=tcp>" {
		t.Errorf("Route %q", got)
	}
}

func rowS20AnAnswerThatCrossesOurCancelIsHungUpAlongItsRoute(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	d.Hangup(Reason{})
	l.answer(u.expect("CANCEL"), 200, "")
	l.answer(l.invite, 200, "v=0", "Record-Route: <sip:proxy.example;lr;transport=tcp>, <sip:[2001:db8::9]:5070;lr>")
	for _, method := range []string{"ACK", "BYE"} {
		m := u.expect(method)
		if got := strings.Join(m.all("Route"), ", "); got != "<sip:[2001:db8::9]:5070;lr>, <sip:proxy.example;lr;transport=tcp>" || !strings.Contains(m.first(), u.contactURI()) {
			t.Errorf("%q by %q", m.first(), got)
		}
		if method == "BYE" {
			l.answer(m, 200, "")
		}
	}
}
