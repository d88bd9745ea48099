package sip

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// carrier answers OPTIONS and REGISTER by itself; everything else goes to the test.
func carrier(u *raw, respond func(m text) (code int, headers []string)) *raw {
	front := newRaw(u.t, u.transport, u.local, u.box)
	front.write, front.user = u.write, "carrier"
	l := &leg{u: u}
	forward(u, func(m text) {
		if code, headers := respond(m); code != 0 {
			l.answer(m, code, "", headers...)
			return
		}
		front.in <- m
	})
	return front
}

// forward hands what reaches u to somebody else, until the test ends.
func forward(u *raw, to func(text)) {
	over := make(chan struct{})
	u.t.Cleanup(func() { close(over) })
	go func() {
		for {
			select {
			case m := <-u.in:
				to(m)
			case <-over:
				return
			}
		}
	}()
}

func healthy(m text) (int, []string) {
	if strings.HasPrefix(string(m), "OPTIONS") {
		return 200, nil
	}
	return 0, nil
}

func rowS22ACallGoesOutByATrunk(t *testing.T) {
	u := udpPeer(t, "")
	c := carrier(u, healthy)
	b := newBox(t, Trunk{Name: "carrier", Address: u.local, Username: "acme", Password: "pw"})
	if n := b.notice(TrunkUp); n.Trunk != "carrier" {
		t.Errorf("%+v", n)
	}
	events := make(chan Event, 10)
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "carrier", Number: "+4930#1", From: Party{Name: "Me", Number: "+49891", Hidden: true}}); err != nil {
		t.Fatal(err)
	}
	l := c.called()
	if want := "INVITE sip:+4930%231@" + u.local + " SIP/2.0"; l.invite.first() != want {
		t.Errorf("%q, want %q", l.invite.first(), want)
	}
	if !strings.Contains(l.invite.get("From"), "anonymous@anonymous.invalid") || l.invite.get("Privacy") != "id" ||
		l.invite.get("P-Asserted-Identity") != `"Me" <sip:+49891@127.0.0.1>` || l.invite.uri("Contact") != "sip:acme@"+b.at("udp") {
		t.Errorf("identity in %q", l.invite)
	}
	chal := `Digest realm="carrier", nonce="n1", qop="auth", algorithm=`
	l.answer(l.invite, 407, "", "Proxy-Authenticate: "+chal+"MD5", "Proxy-Authenticate: "+chal+"SHA-256")
	c.expect("ACK")
	again := c.expect("INVITE")
	cred, err := digest.ParseCredentials(again.get("Proxy-Authorization"))
	if err != nil || cred.Algorithm != "SHA-256" || cred.Username != "acme" {
		t.Errorf("credentials %+v, %v", cred, err)
	}
	if again.get("CSeq") == l.invite.get("CSeq") || again.get("Call-ID") != l.invite.get("Call-ID") {
		t.Errorf("second INVITE %q", again)
	}
	l.answer(again, 407, "", "Proxy-Authenticate: "+chal+"MD5")
	c.expect("ACK")
	l.answer(c.expect("INVITE"), 407, "", "Proxy-Authenticate: "+chal+"MD5")
	c.expect("ACK")
	if e := wantEvent(t, events, EventFailed); e.Code != 407 {
		t.Errorf("%+v: it must stop after two tries", e)
	}
}

func rowS22APhoneNeverGetsOurCredentials(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 401, "", `WWW-Authenticate: Digest realm="x", nonce="y"`)
	if e := wantEvent(t, events, EventFailed); e.Code != 401 {
		t.Errorf("%+v", e)
	}
}

func rowS24ASilentTrunkIsLeftWithinTwoSeconds(t *testing.T) {
	dead, alive := udpPeer(t, ""), udpPeer(t, "")
	c := carrier(alive, healthy)
	b := newBox(t, Trunk{Name: "dead", Address: dead.local, Health: -1}, Trunk{Name: "alive", Address: alive.local, Health: -1})
	began := time.Now()
	events := make(chan Event, 10)
	for _, name := range []string{"dead", "alive"} {
		if _, err := b.Dial(DialRequest{Events: events, Trunk: name, Number: "1", Answer: 500 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		if name == "dead" {
			wantEvent(t, events, EventFailed)
		}
	}
	c.called()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the second trunk was called after %v", took)
	}
}

func TestATrunkThatIsDownIsNotTriedExceptInAnEmergency(t *testing.T) {
	dead := udpPeer(t, "")
	b := newBox(t, Trunk{Name: "dead", Address: dead.local})
	n := b.notice(TrunkDown)
	if n.Reason == "" {
		t.Errorf("%+v", n)
	}
	events := make(chan Event, 10)
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "dead", Number: "1"}); !errors.Is(err, ErrTrunkDown) {
		t.Errorf("got %v, want %v", err, ErrTrunkDown)
	}
	if st := b.Trunks()[0]; st.Up || st.Address != "udp://"+dead.local || st.Reason == "" {
		t.Errorf("%+v", st)
	}
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "dead", Number: "112", Force: true}); err != nil {
		t.Error(err)
	}
	l := dead.called()
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	l.answer(l.invite, 486, "")
	wantEvent(t, events, EventFailed)
	b.notice(TrunkUp) // the call showed that it lives
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "nobody", Number: "1"}); !errors.Is(err, ErrUnknownTrunk) {
		t.Errorf("got %v, want %v", err, ErrUnknownTrunk)
	}
}

func TestATrunkRegistersAndIsCalledByItsUserName(t *testing.T) {
	u := udpPeer(t, "")
	registered := make(chan text, 10)
	c := carrier(u, func(m text) (int, []string) {
		switch {
		case !strings.HasPrefix(string(m), "REGISTER"):
			return healthy(m)
		case m.get("Authorization") == "":
			return 401, []string{`WWW-Authenticate: Digest realm="carrier", nonce="n1", qop="auth", algorithm=MD5`}
		case m.get("Expires") != "0" && m.get("Expires") != "120":
			return 423, []string{"Min-Expires: 120"}
		}
		registered <- m
		return 200, []string{"Contact: " + m.get("Contact") + ";expires=120"}
	})
	set := Trunk{Name: "carrier", Address: u.local, Username: "acme", Password: "pw", Register: true, Expires: time.Minute}
	b := newBox(t, set)
	m := get(t, registered, "registration")
	cred, err := digest.ParseCredentials(m.get("Authorization"))
	if err != nil || cred.Username != "acme" || m.first() != "REGISTER sip:"+u.local+" SIP/2.0" {
		t.Errorf("%q, %v", m, err)
	}
	b.notice(TrunkUp)
	c.box = b.at("udp")
	l := c.call("acme")
	l.target, l.to = m.uri("Contact"), "<sip:+498912345@carrier>"
	l.send("INVITE", "v=0")
	c.expect("100")
	if in := get(t, b.invites, "call").Invite(); in.Number != "+498912345" || in.Trunk != "carrier" {
		t.Errorf("%+v", in)
	}
	b.apply(twoPhones(set)) // nothing changed: no new registration
	b.apply(twoPhones())
	for get(t, registered, "removal").get("Expires") != "0" {
	}
}

func rowT09ALargeInviteGoesByTCPAndFallsBackToUDP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	b := newBox(t, Trunk{Name: "both", Address: listener.Addr().String(), Health: -1})
	dial := func(name string) chan Event {
		events := make(chan Event, 10)
		_, err := b.Dial(DialRequest{Events: events, Trunk: name, Number: "1", Headers: [][2]string{{"X-Large", strings.Repeat("x", 1500)}}})
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	dial("both")
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newRaw(t, "TCP", conn.LocalAddr().String(), "")
	p.attach(conn)
	l := p.called()
	if !strings.HasPrefix(l.invite.get("Via"), "SIP/2.0/TCP ") || l.invite.uri("Contact") != "sip:"+b.at("tcp")+";transport=tcp" {
		t.Errorf("%q", l.invite)
	}
	l.answer(l.invite, 486, "")
	p.expect("ACK")

	udp := udpPeer(t, "")
	b.apply(twoPhones(Trunk{Name: "udp", Address: udp.local, Health: -1}))
	events := dial("udp")
	l = udp.called()
	if !strings.HasPrefix(l.invite.get("Via"), "SIP/2.0/UDP ") {
		t.Errorf("Via %q", l.invite.get("Via"))
	}
	l.answer(l.invite, 404, "")
	if e := wantEvent(t, events, EventFailed); e.Code != 404 {
		t.Errorf("%+v", e)
	}
}

func rowS24ATrunkThatRefusesTCPFailsAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	b := newBox(t, Trunk{Name: "gone", Address: "tcp://" + addr, Health: -1})
	events := make(chan Event, 10)
	began := time.Now()
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "gone", Number: "1"}); err != nil {
		t.Fatal(err)
	}
	if e := wantEvent(t, events, EventFailed); e.Code != 503 {
		t.Errorf("%+v", e)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestBadTrunksAndListenersAreToldAllAtOnce(t *testing.T) {
	b := newBox(t)
	set := twoPhones(Trunk{Name: "a", Address: "ftp://x"}, Trunk{Name: "a", Address: "x:99999"}, Trunk{Name: "b", Register: true})
	set.Listen = append(set.Listen, "udp://127.0.0.1", "sctp://127.0.0.1:0", "udp://example.com:1", b.Addrs()[0])
	set.Accounts = append(set.Accounts, Account{Name: "1001", Password: "x"}, Account{Name: "1003"})
	_, err := b.Prepare(set)
	if err == nil {
		t.Fatal("it was accepted")
	}
	for _, want := range []string{`"ftp"`, `"99999"`, `trunk "b"`, `udp://127.0.0.1"`, `"sctp"`, `example.com`, "in use", `"1001"`, `"1003"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	b.apply(twoPhones()) // nothing is left locked, or bound
}

func TestOfTwoTrunksAtOneCarrierTheOneThatIsCalledAnswers(t *testing.T) {
	u := udpPeer(t, "")
	b := newBox(t,
		Trunk{Name: "first", Address: u.local, Username: "acme1", Password: "x", Health: -1},
		Trunk{Name: "second", Address: u.local, Username: "acme2", Password: "x", Health: -1})
	u.box, u.user = b.at("udp"), "+49"
	for number, want := range map[string]string{"acme2": "second", "acme1": "first", "+4989": "first"} {
		l := u.call(number)
		l.send("INVITE", "v=0")
		u.expect("100")
		if in := get(t, b.invites, "call").Invite(); in.Trunk != want {
			t.Errorf("a call to %s is %s's, want %s", number, in.Trunk, want)
		}
	}
}

func rowS22ATrunkMayAskForCredentialsInACall(t *testing.T) {
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

func rowS22ANonceThatGrewOldAndASecondRealmAreNoTrap(t *testing.T) {
	u := udpPeer(t, "")
	c := carrier(u, healthy)
	b := newBox(t, Trunk{Name: "carrier", Address: u.local, Username: "acme", Password: "pw"})
	events := make(chan Event, 10)
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "carrier", Number: "1"}); err != nil {
		t.Fatal(err)
	}
	l := c.called()
	shown := func(m text) *digest.Credentials {
		t.Helper()
		if n := len(m.all("Proxy-Authorization")) + len(m.all("Authorization")); n != 1 {
			t.Fatalf("%d credentials in %q", n, m)
		}
		cred, err := digest.ParseCredentials(m.get("Proxy-Authorization"))
		if err != nil {
			t.Fatal(err)
		}
		return cred
	}
	challenge := func(realm, nonce, more string) string {
		return `Proxy-Authenticate: Digest realm="` + realm + `", nonce="` + nonce + `", qop="auth"` + more
	}
	l.answer(l.invite, 407, "", challenge("one", "n1", ", algorithm=MD5"), challenge("two", "n2", ", algorithm=MD5"))
	c.expect("ACK")
	m := c.expect("INVITE")
	if cred := shown(m); cred.Realm != "one" || cred.Nonce != "n1" || cred.Username != "acme" {
		t.Errorf("%+v", cred)
	}
	l.answer(m, 407, "", challenge("one", "n3", ", stale=true, algorithm=MD5"))
	c.expect("ACK")
	m = c.expect("INVITE")
	if cred := shown(m); cred.Nonce != "n3" || cred.Nc != 1 {
		t.Errorf("%+v", cred)
	}
	l.answer(m, 407, "", challenge("one", "n4", ", stale=true")) // for ever
	c.expect("ACK")
	if e := wantEvent(t, events, EventFailed); e.Code != 407 {
		t.Errorf("%+v", e)
	}
	c.silence(quick.t2)
}
