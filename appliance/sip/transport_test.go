package sip

import (
	"crypto/tls"
	"fmt"
	"net"
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

func rowT07LiesAboutLengthCloseTheConnection(t *testing.T) {
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
