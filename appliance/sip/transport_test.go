package sip

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPhoneIsCalledOverTheConnectionItRegisteredOn(t *testing.T) {
	for _, transport := range []string{"TCP", "TLS"} {
		t.Run(transport, func(t *testing.T) {
			b := newBox(t)
			network := strings.ToLower(transport)
			u := streamPeer(t, transport, b.at(network))
			l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
			if want := "sip:" + b.at(network) + ";transport=" + network; l.invite.uri("Contact") != want {
				t.Errorf("Contact %q, want %q", l.invite.uri("Contact"), want)
			}
			l.answer(l.invite, 200, "v=0")
			u.expect("ACK")
			wantEvent(t, events, EventAnswered)
			d.Hangup(Reason{})
			l.answer(u.expect("BYE"), 200, "")

			l, d = b.dialled(u, "1002", "v=0")
			d.Answer([]byte("v=0"))
			l.learn(u.expect("200"))
			l.send("ACK", "")
			b.event(EventConfirmed)
		})
	}
}

func TestACallOverALostConnectionFailsAtOnce(t *testing.T) {
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

func TestACallerWhoseConnectionIsLostHasGivenUp(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	u.user, u.password = "1001", "secret-one"
	b.dialled(u, "1002", "v=0")
	u.close()
	if e := b.event(EventCancelled); e.Code != 503 {
		t.Errorf("%+v", e)
	}
}

func TestABoxThatListensEverywhereNamesTheAddressThatThePeerSees(t *testing.T) {
	set := twoPhones()
	for _, wildcard := range []string{"0.0.0.0", "[::]"} {
		set.Listen = []string{"udp://" + wildcard + ":0", "tcp://" + wildcard + ":0"}
		b := startBox(t, Options{}, set)
		for _, transport := range []string{"udp", "tcp"} {
			_, port, _ := net.SplitHostPort(b.at(transport))
			at := "127.0.0.1:" + port
			u := (*raw)(nil)
			if transport == "udp" {
				u = udpPeer(t, at)
			} else {
				u = streamPeer(t, "TCP", at)
			}
			l, d, _ := b.ring(u, "1001", "secret-one", DialRequest{})
			if d.Local().String() != "127.0.0.1" || !strings.Contains(l.invite.uri("Contact"), "@"+at) && !strings.Contains(l.invite.uri("Contact"), ":"+at) {
				t.Errorf("%s %s: we are %v, Contact %q", wildcard, transport, d.Local(), l.invite.uri("Contact"))
			}
			u.close()
		}
	}
}

func TestAPhoneThatConnectedAnewIsHungUpThere(t *testing.T) {
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

func TestKeepAlivesAreAnswered(t *testing.T) {
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

func TestSomeoneWhoSaysNothingDelaysNobody(t *testing.T) {
	b := newBox(t)
	for _, transport := range []string{"tcp", "tls"} {
		for range 10 { // never a byte, never a handshake
			c, err := net.Dial("tcp", b.at(transport))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "INVITE sip:")
		}
		u := streamPeer(t, strings.ToUpper(transport), b.at(transport))
		u.register("1001", "secret-one")
	}
}

func TestOneSourceHasOnlySoManyConnections(t *testing.T) {
	b := newBox(t)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for range maxConnectionsASource + 20 {
		c, err := net.Dial("tcp", b.at("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	last := open[len(open)-1]
	last.SetReadDeadline(time.Now().Add(patience))
	if _, err := last.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the connection beyond the limit was not closed: %v", err)
	}
	if n := b.Counters().Connections; n > maxConnectionsASource {
		t.Errorf("%d connections", n)
	}
}

func TestLiesAboutLengthCloseTheConnection(t *testing.T) {
	b := newBox(t)
	for _, length := range []string{"Content-Length: -1", "Content-Length: 99999999999", "Content-Length: 4294967296", "l: 0\r\nContent-Length: 5", "X: y", "Content-Length: 70000"} {
		c, err := net.Dial("tcp", b.at("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n%s\r\n\r\n", c.LocalAddr(), length)
		c.SetReadDeadline(time.Now().Add(patience))
		var got strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			got.Write(buf[:n])
			if err != nil {
				if strings.Contains(err.Error(), "timeout") {
					t.Errorf("%s: the connection stays open", length)
				}
				break
			}
		}
		if !strings.HasPrefix(got.String(), "SIP/2.0 400") && !strings.HasPrefix(got.String(), "SIP/2.0 513") {
			t.Errorf("%s: answer %q", length, got.String())
		}
		c.Close()
	}
}

func TestGarbageCostsNoMemoryAndNoCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d := func() (*leg, *Dialog) {
		u.user, u.password = "1001", "secret-one"
		return b.dialled(u, "1002", "v=0")
	}()
	c, err := net.Dial("udp", b.at("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	whole := l.build("OPTIONS", "")
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 20000 {
		junk := []byte(whole)
		for range 1 + i%40 {
			junk[rnd.IntN(len(junk))] = byte(rnd.IntN(256))
		}
		c.Write(junk)
	}
	for _, m := range []string{"INVITE", "SUBSCRIBE", "REGISTER"} { // well formed, and nobody's
		for range 3000 {
			x := &leg{u: u, callID: unique(), from: "<sip:1001@box>;tag=" + unique(), to: "<sip:1@box>", target: "sip:1@" + u.box}
			c.Write([]byte(x.build(m, "")))
		}
	}
	d.Reject(486, Reason{})
	deadline := time.After(patience)
	for done := false; !done; {
		select {
		case m := <-u.in:
			done = strings.Contains(m.first(), "486")
		case <-deadline:
			t.Fatal("the call in progress was lost in the flood")
		}
	}
	if grown := int64(heap()) - int64(before); grown > 4<<20 {
		t.Errorf("the heap grew by %d kB", grown>>10)
	}
	if c := b.Counters(); c.Malformed == 0 && c.Dropped == 0 || c.Panics != 0 {
		t.Errorf("counters %+v", c)
	}
}

func TestSocketsStayWhenTheSettingsChange(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	before := b.Addrs()
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	set := twoPhones(Trunk{Name: "new", AcceptFrom: nil})
	b.apply(set)
	if !slices.Equal(before, b.Addrs()) {
		t.Errorf("addresses %v, were %v", b.Addrs(), before)
	}
	set.Listen = []string{"tcp://127.0.0.1:0"}
	b.apply(set)
	if got := b.Addrs(); len(got) != 1 || got[0] != "tcp://"+b.at("tcp") {
		t.Errorf("addresses %v", got)
	}
	d.Info("text/plain", []byte("still here")) // the call goes on over the socket that left
	l.answer(u.expect("INFO"), 200, "")
	c := u.call("1002")
	c.send("INVITE", "v=0")
	u.expect("503")
	set.Listen = twoPhones().Listen
	b.apply(set)
	if !slices.Equal(before[2:], b.Addrs()[2:]) {
		t.Errorf("the UDP socket that a call held did not come back: %v, was %v", b.Addrs(), before)
	}
	d.Hangup(Reason{})
	l.answer(u.expect("BYE"), 200, "")
	if _, err := b.Prepare(Settings{Listen: []string{"udp://127.0.0.1:0", "udp://nowhere"}}); err == nil {
		t.Error("a bad address was accepted")
	}
	if len(b.Addrs()) != 3 {
		t.Errorf("a refused change left %v", b.Addrs())
	}
}

func TestAnotherCertificateNeedsNoNewSocket(t *testing.T) {
	b := newBox(t)
	cert, err := NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	served := func() []byte {
		c, err := tls.Dial("tcp", b.at("tls"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Raw
	}
	if slices.Equal(served(), cert.Certificate[0]) {
		t.Fatal("the box has our certificate already")
	}
	set := twoPhones()
	set.Certificate = cert
	b.apply(set)
	if !slices.Equal(served(), cert.Certificate[0]) {
		t.Error("the new certificate is not served")
	}
}

func TestClosingEndsEveryCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	_, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	v := udpPeer(t, b.at("udp"))
	v.user, v.password = "1002", "secret-two"
	b.dialled(v, "1001", "v=0")
	b.Close()
	b.Close()
	wantEvent(t, events, EventFailed)
	b.event(EventCancelled)
	if _, err := b.Dial(DialRequest{Trunk: "x"}); err != ErrClosed {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
	if _, err := b.Prepare(twoPhones()); err == nil {
		t.Error("settings were accepted after Close")
	}
}
