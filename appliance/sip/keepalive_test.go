package sip

import (
	"bufio"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

func rowM01ThePhoneBehindARouterIsPinged(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1001")
	l.contact, l.target = "<sip:1001@192.168.77.5:5062;line=1>", "sip:"+u.box // what it knows of itself
	l.authed("REGISTER", "", "200")
	now := time.Now()
	for range int(pingEvery / time.Second) {
		b.ping(now)
		now = now.Add(time.Second)
	}
	m := get(t, u.in, "ping")
	if m.first() != "OPTIONS sip:1001@192.168.77.5:5062;line=1 SIP/2.0" {
		t.Errorf("got %q", m)
	}
	if len(u.in) != 0 {
		t.Error("it was pinged twice in one round")
	}
	events := make(chan Event, 10) // and it is called where its packets came from
	if _, err := b.Dial(DialRequest{Events: events, Contact: &b.Contacts("1001")[0]}); err != nil {
		t.Fatal(err)
	}
	c := u.called()
	c.contact = "<sip:1001@192.168.77.5:5062>"
	c.answer(c.invite, 200, "v=0")
	u.expect("ACK sip:1001@192.168.77.5:5062")
}

func rowM01APhoneWithTwoFlowsIsReachedByTheOneThatLives(t *testing.T) {
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

func rowM01APingIsAnsweredByAPong(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.write("\r\n\r\n")
	if m := get(t, u.in, "pong"); m != "\r\n" {
		t.Errorf("got %q", m)
	}
}

func rowM01KeepAlivesAreAnswered(t *testing.T) {
	b := newBox(t)
	c, err := net.Dial("udp", b.at("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := net.Dial("tcp", b.at("tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, conn := range []net.Conn{c, s} {
		buf := make([]byte, 100)
		conn.SetDeadline(time.Now().Add(patience))
		conn.Write([]byte("\r\n\r\n"))
		if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "\r\n" {
			t.Errorf("%s: pong %q, %v", conn.LocalAddr().Network(), buf[:n], err)
		}
	}
	s.Write([]byte("\r\n")) // half a ping before a request is nothing
	u := newRaw(t, "TCP", s.LocalAddr().String(), b.at("tcp"))
	s.SetDeadline(time.Time{})
	u.attach(s)
	u.call("x").send("OPTIONS", "")
	u.expect("200")
}

func rowM01AConnectionToATrunkIsKeptOpen(t *testing.T) {
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

// A phone behind a router knows its inner address only. It is answered where it came from, and told how it is seen.
func rowM01APhoneBehindARouterIsAnsweredWhereItCameFrom(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	outside := mustAddr(t, u.local)
	inner := "192.168.1.77:5060"
	for ask, want := range map[string]string{";rport": ";rport=" + strconv.Itoa(int(outside.Port())), "": ""} {
		request, _ := sentinel("UDP", inner)
		u.write(strings.Replace(request, ";rport", ask, 1))
		via := u.expect("200").get("Via") // also for those who ask for nothing: where else?
		if !strings.Contains(via, ";received=127.0.0.1") || !strings.Contains(via, want) || strings.Contains(via, "rport") != (ask != "") {
			t.Errorf("Via %q", via)
		}
	}
	u.user, u.password = "1001", "secret-one"
	l := u.call("1001")
	l.target, l.contact = "sip:"+u.box, "<sip:1001@"+inner+">"
	l.authed("REGISTER", "", "200", "Expires: 600")
	if _, err := b.Dial(DialRequest{Events: make(chan Event, 10), Contact: &b.Contacts("1001")[0]}); err != nil {
		t.Fatal(err)
	}
	u.expect("INVITE sip:1001@" + inner)
}

// STUN as a keep-alive (RFC 5626 section 3.5.2) is no garbage.
func rowM01STUNKeepsAHoleOpenAndIsNoGarbage(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.register("1001", "secret-one")
	for range 20 {
		u.write("\x00\x01\x00\x00\x21\x12\xa4\x42twelve bytes")
	}
	u.call("x").send("OPTIONS", "")
	u.expect("200")
	if c := b.Counters(); c.Malformed != 0 || len(b.Blocks()) != 0 {
		t.Errorf("%+v", c)
	}
}
