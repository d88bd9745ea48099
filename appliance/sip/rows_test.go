package sip

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// The rows S and M of the catalogue of what a switch gets wrong, as far as other files have none of them.

func TestS01ARefusalReachesTheCallerAsItWas(t *testing.T) {
	b := newBox(t)
	for _, c := range []struct{ code, q850 int }{{486, 17}, {480, 18}, {404, 1}, {603, 21}} {
		u := udpPeer(t, b.at("udp"))
		l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
		l.answer(l.invite, c.code, "", fmt.Sprintf("Reason: Q.850;cause=%d", c.q850))
		u.expect("ACK")
		if e := wantEvent(t, events, EventFailed); e.Code != c.code || e.Q850 != c.q850 {
			t.Errorf("%+v", e)
		}
		a, d := b.caller()
		d.Reject(c.code, Reason{Q850: c.q850})
		if m := a.u.expect(fmt.Sprint("SIP/2.0 ", c.code)); m.get("Reason") != fmt.Sprintf("Q.850;cause=%d", c.q850) {
			t.Errorf("%q", m)
		}
		a.send("ACK", "", "same-branch")
	}
}

func TestS03ACancelWithAnotherViaIsMatchedByItsBranch(t *testing.T) {
	b := newBox(t)
	l, _ := b.caller()
	l.u.write(strings.Replace(l.build("CANCEL", ""), "UDP "+l.u.local, "UDP 203.0.113.9:1024", 1))
	l.u.expect("200")
	l.u.expect("487")
	b.event(EventCancelled)
}

func TestS06EveryRepeatedAnswerGetsTheSameAck(t *testing.T) {
	b := newBox(t)
	l, _, events := b.talkingTo()
	for range 5 {
		l.answer(l.invite, 200, "v=0 theirs")
		select {
		case m := <-l.u.in:
			if !strings.HasPrefix(string(m), "ACK") {
				t.Errorf("got %q", m.first())
			}
		case <-time.After(patience):
			t.Fatal("no ACK")
		}
	}
	if len(events) > 0 {
		t.Errorf("got %+v", <-events)
	}
}

func TestS07AnInviteRepeatedAfterItsAnswerIsNoSecondCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.send("INVITE", "v=0")
	m := u.expect("401")
	to := l.to
	l.to = m.get("To")
	l.send("ACK", "", "same-branch")
	l.to = to
	again := l.build("INVITE", "v=0", u.credentials(m, "SHA-256", "INVITE", l.target))
	u.write(again)
	d := get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	for range 3 {
		u.write(again)
	}
	u.silence(3 * quick.t1)
	if len(b.invites) > 0 {
		t.Error("it became a second call")
	}
}

func TestS09BothHangUpAtOnce(t *testing.T) {
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

func TestS09AHangupCrossesAChange(t *testing.T) {
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

func TestS10WhoBeganTheCallWaitsLonger(t *testing.T) {
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

func TestS20ThePathOfARegistrationIsTheRouteOfItsCalls(t *testing.T) {
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

func TestM01APhoneWithTwoFlowsIsReachedByTheOneThatLives(t *testing.T) {
	b := newBox(t)
	flowOf := func(id string) *raw {
		u := streamPeer(t, "TCP", b.at("tcp"))
		u.user, u.password = "1001", "secret-one"
		l := u.call("1001")
		l.target = "sip:" + u.box
		l.contact = "<sip:1001@10.0.0.1:5060;transport=tcp;ob>;reg-id=" + id + `;+sip.instance="<urn:uuid:1>"`
		m := l.authed("REGISTER", "", "200", "Supported: outbound, path")
		if m.get("Require") != "outbound" || m.get("Flow-Timer") == "" {
			t.Errorf("%q", m)
		}
		return u
	}
	one, two := flowOf("1"), flowOf("2")
	if got := b.Contacts("1001"); len(got) != 1 || !strings.HasSuffix(got[0].Instance, "reg-id=2") {
		t.Fatalf("it would ring twice: %+v", got)
	}
	two.close()
	for deadline := time.Now().Add(patience); b.conns.len() > 1 && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
	if _, err := b.Dial(DialRequest{Events: make(chan Event, 10), Contact: &b.Contacts("1001")[0]}); err != nil {
		t.Fatal(err)
	}
	one.expect("INVITE")
}

func TestM01APingIsAnsweredByAPong(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.write("\r\n\r\n")
	if m := get(t, u.in, "pong"); m != "\r\n" {
		t.Errorf("got %q", m)
	}
}

func TestM01AConnectionToATrunkIsKeptOpen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := newBox(t, Trunk{Name: "carrier", Address: "tcp://" + l.Addr().String()})
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(conn)
	if _, err := readMessage(r); err != nil { // OPTIONS
		t.Fatal(err)
	}
	now := time.Now()
	for range int(pingEvery / time.Second) {
		b.ping(now)
		now = now.Add(time.Second)
	}
	if p, err := r.Peek(4); err != nil || string(p) != "\r\n\r\n" {
		t.Errorf("got %q, %v", p, err)
	}
}

func TestS18ACallThatHasNoHopsLeftEnds(t *testing.T) {
	b := newBox(t)
	l, d := b.caller()
	if d.Invite().MaxForwards != 70 {
		t.Errorf("%d", d.Invite().MaxForwards)
	}
	l.send("CANCEL", "")
	u := udpPeer(t, b.at("udp"))
	c, _, _ := b.ring(u, "1001", "secret-one", DialRequest{MaxForwards: 1})
	if c.invite.get("Max-Forwards") != "1" {
		t.Errorf("Max-Forwards %q", c.invite.get("Max-Forwards"))
	}
	v := udpPeer(t, b.at("udp"))
	v.user, v.password = "1001", "secret-one"
	m := v.call("1002")
	v.write(strings.Replace(m.build("INVITE", "v=0"), "Max-Forwards: 70", "Max-Forwards: 0", 1))
	v.expect("483")
}

func TestS20AChangedContactIsFollowed(t *testing.T) {
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

func TestS22ATrunkMayAskForCredentialsInACall(t *testing.T) {
	u := udpPeer(t, "")
	c := carrier(u, healthy)
	b := newBox(t, Trunk{Name: "carrier", Address: u.local, Username: "acme", Password: "pw"})
	events := make(chan Event, 10)
	d, err := b.Dial(DialRequest{Events: events, Trunk: "carrier", Number: "1", Offer: func(netip.Addr) []byte { return []byte("v=0") }})
	if err != nil {
		t.Fatal(err)
	}
	l := c.called()
	challenge := func(n string) []string {
		return []string{`WWW-Authenticate: Digest realm="carrier", nonce="` + n + `", qop="auth", algorithm=MD5`}
	}
	rel := []string{"Require: 100rel", "RSeq: 1"}
	l.answer(l.invite, 183, "v=0", rel...)
	prack := c.expect("PRACK")
	l.answer(prack, 401, "", challenge("n0")...)
	again := c.expect("PRACK")
	if again.get("Authorization") == "" || again.get("CSeq") == prack.get("CSeq") || again.get("RAck") != prack.get("RAck") {
		t.Errorf("%q", again)
	}
	l.answer(again, 200, "")
	wantEvent(t, events, EventProgress)
	l.answer(l.invite, 200, "v=0", "Allow: UPDATE")
	if ack := c.expect("ACK"); strings.Fields(ack.get("CSeq"))[0] != strings.Fields(l.invite.get("CSeq"))[0] {
		t.Errorf("ACK CSeq %q", ack.get("CSeq"))
	}
	wantEvent(t, events, EventAnswered)
	d.Reinvite([]byte("v=0 hold"))
	l.answer(c.expect("INVITE"), 401, "", challenge("n1")...)
	c.expect("ACK")
	m := c.expect("INVITE")
	if m.get("Authorization") == "" || m.body() != "v=0 hold" {
		t.Errorf("%q", m)
	}
	l.answer(m, 200, "v=0 held")
	c.expect("ACK")
	wantEvent(t, events, EventReinviteDone)
	d.Update([]byte("v=0 more"))
	l.answer(c.expect("UPDATE"), 401, "", challenge("n2")...)
	m = c.expect("UPDATE")
	l.answer(m, 200, "v=0 yes")
	if e := wantEvent(t, events, EventReinviteDone); string(e.Body) != "v=0 yes" {
		t.Errorf("%+v", e)
	}
	d.Hangup(Reason{})
	l.answer(c.expect("BYE"), 401, "", challenge("n3")...)
	m = c.expect("BYE")
	if m.get("Authorization") == "" {
		t.Errorf("%q", m)
	}
	l.answer(m, 200, "")
}

func TestS26ACallOutlivesItsConnection(t *testing.T) {
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

func TestS27APhoneThatMovesIsAnsweredWhereItIs(t *testing.T) {
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

// What one side says of itself must not reach the other: names of its machines, its software, its ids.
func TestNothingOfOneSideReachesTheOther(t *testing.T) {
	b := newBox(t)
	secret := []string{"inside.corp", "10.66.66.66", "SecretPhone", "proxy.corp"}
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.from = "<sip:1001@inside.corp>;tag=inside.corp-tag"
	l.contact = "<sip:1001@10.66.66.66:5060>"
	l.callID = "id-" + unique() + "@inside.corp"
	sdp := "v=0\r\no=SecretPhone 1 1 IN IP4 10.66.66.66\r\ns=SecretPhone\r\n"
	told := []string{"User-Agent: SecretPhone 1.0", "Record-Route: <sip:proxy.corp;lr>", "Subject: inside.corp", "Organization: inside.corp", "Date: Sat, 13 Nov 2010 23:29:00 GMT"}
	l.send("INVITE", sdp, told...)
	m := u.expect("401")
	to := l.to
	l.to = m.get("To")
	l.send("ACK", "", "same-branch")
	l.to = to
	l.send("INVITE", sdp, append(told, u.credentials(m, "MD5", "INVITE", l.target))...)
	a := get(t, b.invites, "call")
	v := udpPeer(t, b.at("udp"))
	c, d, events := b.ring(v, "1002", "secret-two", DialRequest{
		From: a.Invite().From, MaxForwards: a.Invite().MaxForwards - 1,
		Offer: func(local netip.Addr) []byte { return []byte("v=0\r\no=- 1 1 IN IP4 " + local.String() + "\r\n") },
	})
	c.answer(c.invite, 200, "v=0 theirs", "Server: SecretServer", "Record-Route: <sip:proxy.elsewhere;lr>")
	ack := v.expect("ACK")
	wantEvent(t, events, EventAnswered)
	a.Answer([]byte("v=0 ours"))
	ok := l.learn(u.expect("200"))
	d.Hangup(Reason{})
	bye := v.expect("BYE")
	for _, m := range []text{c.invite, ack, bye} {
		for _, s := range append(secret, l.callID) {
			if strings.Contains(string(m), s) {
				t.Errorf("%q reached the called side: %q", s, m)
			}
		}
	}
	for _, s := range []string{"SecretServer", "proxy.elsewhere", v.local, c.callID, "theirs"} {
		if strings.Contains(string(ok), s) {
			t.Errorf("%q reached the caller: %q", s, ok)
		}
	}
	if a.ID() == d.ID() {
		t.Error("both legs have the same Call-ID")
	}
}
