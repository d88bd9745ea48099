package sip

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

func webSettings() Settings {
	set := twoPhones()
	set.Listen = []string{"udp://127.0.0.1:0", "ws://127.0.0.1:0", "wss://127.0.0.1:0"}
	return set
}

const upgradeHead = "GET /sip HTTP/1.1\r\nHost: 127.0.0.1:80\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"

// browser is a WebSocket client that speaks frames.
type browser struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dialWeb(t *testing.T, scheme, addr, head string) (*browser, string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if scheme == "wss" {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, head+"\r\n")
	b := &browser{t, c, bufio.NewReader(c)}
	var answer strings.Builder
	for !strings.HasSuffix(answer.String(), "\r\n\r\n") {
		line, err := b.r.ReadString('\n')
		answer.WriteString(line)
		if err != nil {
			t.Fatalf("%v after %q", err, answer.String())
		}
	}
	return b, answer.String()
}

func (b *browser) send(f ws.Frame) {
	b.t.Helper()
	if err := ws.WriteFrame(b, ws.MaskFrame(f)); err != nil {
		b.t.Fatal(err)
	}
}

// closes waits for a close frame with that code, and the end of the connection.
func (b *browser) closes(code ws.StatusCode) {
	b.t.Helper()
	for {
		f, err := ws.ReadFrame(b.r)
		if err != nil {
			b.t.Fatalf("no close frame: %v", err)
		}
		if f.Header.OpCode != ws.OpClose {
			continue
		}
		if got, why := ws.ParseCloseFrameData(f.Payload); got != code {
			b.t.Errorf("closed with %d %q, want %d", got, why, code)
		}
		break
	}
	if _, err := b.r.ReadByte(); !errors.Is(err, io.EOF) && err == nil {
		b.t.Error("the connection goes on after its close")
	}
}

// webPeer is a phone in a browser: it has no address of its own.
func webPeer(t *testing.T, scheme, addr string) *raw {
	t.Helper()
	b, answer := dialWeb(t, scheme, addr, upgradeHead)
	if !strings.HasPrefix(answer, "HTTP/1.1 101") || !strings.Contains(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") || !strings.Contains(answer, "Sec-WebSocket-Protocol: sip\r\n") {
		t.Fatalf("upgrade: %q", answer)
	}
	b.SetDeadline(time.Time{})
	u := newRaw(t, strings.ToUpper(scheme), unique()+".invalid", addr)
	u.write = func(s string) { b.send(ws.NewTextFrame([]byte(s))) }
	u.close = func() { b.Close() }
	go func() {
		defer close(u.in)
		for {
			f, err := ws.ReadFrame(b.r)
			if err != nil {
				return
			}
			if f.Header.Masked {
				t.Error("a server does not mask")
			}
			if f.Header.OpCode.IsData() {
				u.in <- text(f.Payload)
			}
		}
	}()
	return u
}

func TestABrowserRegistersCallsAndIsCalledOverItsConnection(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		b := startBox(t, Options{}, webSettings())
		u := webPeer(t, scheme, b.at(scheme))
		u.register("1001", "secret-one")
		if got := b.Contacts("1001")[0]; got.Transport != scheme || !strings.Contains(got.Contact, ".invalid") {
			t.Fatalf("%+v", got)
		}
		l, d := b.dialled(u, "1002", "v=0 offer")
		if d.Invite().Transport != scheme {
			t.Errorf("transport %q", d.Invite().Transport)
		}
		d.Answer([]byte("v=0 answer"))
		l.learn(u.expect("200"))
		l.send("ACK", "")
		b.event(EventConfirmed)
		d.Hangup(Reason{})
		l.answer(u.expect("BYE "+u.contactURI()), 200, "")

		events := make(chan Event, 10)
		d, err := b.Dial(DialRequest{Events: events, Contact: &b.Contacts("1001")[0], Offer: func(netip.Addr) []byte { return []byte("v=0") }})
		if err != nil {
			t.Fatal(err)
		}
		l = u.called()
		if !strings.HasPrefix(l.invite.get("Via"), "SIP/2.0/"+u.transport+" ") {
			t.Errorf("Via %q", l.invite.get("Via"))
		}
		if want := "sip:" + b.at(scheme) + ";transport=ws"; l.invite.uri("Contact") != want {
			t.Errorf("Contact %q, want %q", l.invite.uri("Contact"), want)
		}
		l.answer(l.invite, 200, "v=0")
		u.expect("ACK")
		wantEvent(t, events, EventAnswered)
		// the page is loaded anew: the phone comes back by another connection, and its call goes on there
		u.close()
		for deadline := time.Now().Add(patience); b.conns.len() > 0 && time.Now().Before(deadline); {
			<-time.After(time.Millisecond)
		}
		again := webPeer(t, scheme, b.at(scheme))
		again.local = u.local
		again.register("1001", "secret-one")
		d.Hangup(Reason{})
		l.u = again
		l.answer(again.expect("BYE"), 200, "")
	}
}

func TestABrowserThatIsGoneCannotBeCalled(t *testing.T) {
	b := startBox(t, Options{}, webSettings())
	u := webPeer(t, "ws", b.at("ws"))
	u.register("1001", "secret-one")
	u.close()
	for deadline := time.Now().Add(patience); b.conns.len() > 0 && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
	if _, err := b.Dial(DialRequest{Contact: &b.Contacts("1001")[0]}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyPagesThatMayOpenAConnection(t *testing.T) {
	set := webSettings()
	b := startBox(t, Options{}, set)
	without := func(line string) string { return strings.Replace(upgradeHead, line+"\r\n", "", 1) }
	for want, heads := range map[string][]string{
		"101": {upgradeHead, upgradeHead + "Origin: https://127.0.0.1\r\n", upgradeHead + "Origin: http://127.0.0.1:8080\r\n"},
		"403": {upgradeHead + "Origin: https://evil.example\r\n", upgradeHead + "Origin: null\r\n", upgradeHead + "Origin: https://127.0.0.1.evil.example\r\n",
			upgradeHead + "Origin: https://127.0.0.1\r\nOrigin: https://evil.example\r\n"},
		"400": {without("Sec-WebSocket-Protocol: sip"), without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "nonsense\r\n", upgradeHead + "Content-Length: 5\r\n",
			strings.Replace(upgradeHead, "Protocol: sip", "Protocol: chat", 1), upgradeHead + "X: " + strings.Repeat("x", maxUpgrade) + "\r\n"},
		"426": {without("Upgrade: websocket"), strings.Replace(upgradeHead, "Version: 13", "Version: 8", 1)},
		"405": {strings.Replace(upgradeHead, "GET", "POST", 1)},
	} {
		for _, head := range heads {
			if _, answer := dialWeb(t, "ws", b.at("ws"), head); !strings.HasPrefix(answer, "HTTP/1.1 "+want) {
				t.Errorf("%.300q: got %q, want %s", head, answer, want)
			}
		}
	}
	set.Origins = []string{"https://desk.example"}
	b.apply(set)
	if _, answer := dialWeb(t, "ws", b.at("ws"), upgradeHead+"Origin: https://127.0.0.1\r\n"); !strings.Contains(answer, "403") {
		t.Errorf("%q", answer)
	}
	if _, answer := dialWeb(t, "ws", b.at("ws"), upgradeHead+"Origin: https://Desk.example\r\n"); !strings.Contains(answer, "101") {
		t.Errorf("%q", answer)
	}
}

func TestASilentBrowserHoldsUpNobody(t *testing.T) {
	b := startBox(t, Options{}, webSettings())
	for range 5 { // they connect and say nothing
		for _, scheme := range []string{"ws", "wss"} {
			c, err := net.Dial("tcp", b.at(scheme))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
	}
	webPeer(t, "wss", b.at("wss")).register("1001", "secret-one")
}

func TestFramesArePutTogetherAndPingsAnswered(t *testing.T) {
	b := startBox(t, Options{}, webSettings())
	c, _ := dialWeb(t, "ws", b.at("ws"), upgradeHead)
	l := &leg{u: &raw{transport: "WS", local: "x.invalid"}, callID: "1", from: "<sip:a@b>;tag=1", to: "<sip:b@c>", target: "sip:b@c"}
	m := []byte(strings.Replace(l.build("OPTIONS", ""), "Content-Length: 0\r\n", "", 1)) // RFC 7118 section 5: a frame needs none
	c.send(ws.NewFrame(ws.OpText, false, m[:20]))
	c.send(ws.NewFrame(ws.OpContinuation, false, nil))
	c.send(ws.NewPingFrame([]byte("between")))
	c.send(ws.NewFrame(ws.OpContinuation, true, m[20:]))
	f, err := ws.ReadFrame(c.r)
	if err != nil || f.Header.OpCode != ws.OpPong || string(f.Payload) != "between" {
		t.Fatalf("%+v %v", f, err)
	}
	if f, err = ws.ReadFrame(c.r); err != nil || !bytes.HasPrefix(f.Payload, []byte("SIP/2.0 200")) {
		t.Fatalf("%q %v", f.Payload, err)
	}
	c.send(ws.NewTextFrame([]byte("\r\n\r\n")))
	if f, err = ws.ReadFrame(c.r); err != nil || string(f.Payload) != "\r\n" {
		t.Fatalf("%q %v", f.Payload, err)
	}
	c.send(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")))
	c.closes(ws.StatusNormalClosure)
}

func TestFramesThatLieAreClosedWithTheRightCode(t *testing.T) {
	b := startBox(t, Options{}, webSettings())
	for what, c := range map[string]struct {
		code ws.StatusCode
		send func(*browser)
	}{
		"not masked":   {ws.StatusProtocolError, func(c *browser) { ws.WriteFrame(c, ws.NewTextFrame([]byte("x"))) }},
		"continuation": {ws.StatusProtocolError, func(c *browser) { c.send(ws.NewFrame(ws.OpContinuation, true, nil)) }},
		"reserved":     {ws.StatusProtocolError, func(c *browser) { c.send(ws.NewFrame(3, true, nil)) }},
		"long ping":    {ws.StatusProtocolError, func(c *browser) { c.send(ws.NewPingFrame(make([]byte, 126))) }},
		"bad close":    {ws.StatusProtocolError, func(c *browser) { c.send(ws.NewCloseFrame([]byte{1})) }},
		"two gigabytes": {ws.StatusMessageTooBig, func(c *browser) {
			ws.WriteHeader(c, ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Length: 2 << 30})
		}},
		"too large in pieces": {ws.StatusMessageTooBig, func(c *browser) {
			c.send(ws.NewFrame(ws.OpText, false, bytes.Repeat([]byte("x"), 40000)))
			ws.WriteHeader(c, ws.Header{Fin: true, OpCode: ws.OpContinuation, Masked: true, Length: 40000})
		}},
		"endless pieces": {ws.StatusPolicyViolation, func(c *browser) {
			c.send(ws.NewFrame(ws.OpText, false, nil))
			for range maxFrames - 1 { // all are read: what is not would take the close frame with it
				c.send(ws.NewFrame(ws.OpContinuation, false, nil))
			}
		}},
		"not UTF-8": {ws.StatusInvalidFramePayloadData, func(c *browser) { c.send(ws.NewTextFrame([]byte{0xff, 0xfe})) }},
		"not SIP":   {ws.StatusPolicyViolation, func(c *browser) { c.send(ws.NewTextFrame([]byte("hello, is there anybody at home?"))) }},
	} {
		t.Run(what, func(t *testing.T) {
			x, _ := dialWeb(t, "ws", b.at("ws"), upgradeHead)
			x.t = t
			c.send(x)
			x.closes(c.code)
		})
	}
}

func TestABrowserThatFallsSilentIsPingedAndThenForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{}, standardTimings)
		defer s.Close()
		here, there := net.Pipe()
		defer there.Close()
		c := newStream("ws", netip.MustParseAddrPort("192.0.2.1:1"))
		s.conns.add(c, false)
		s.work.Go(func() { s.runSocket(c, here) })
		r := bufio.NewReader(there)
		io.WriteString(there, upgradeHead+"\r\n")
		for line := ""; line != "\r\n"; {
			line, _ = r.ReadString('\n')
		}
		c.friend.Store(true)
		began, pings := time.Now(), 0
		for {
			f, err := ws.ReadFrame(r)
			if err != nil {
				t.Fatal(err)
			}
			if f.Header.OpCode == ws.OpClose {
				break
			}
			if pings++; pings == 1 {
				ws.WriteFrame(there, ws.MaskFrame(ws.NewPongFrame(nil)))
			}
		}
		if took := time.Since(began); pings < 4 || took < 4*socketPing || took > 5*socketPing {
			t.Errorf("%d pings, closed after %v", pings, took)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x81, 0x81, 1, 2, 3, 4, 5})
	f.Add([]byte{0x01, 0xff, 0, 0, 0, 0, 0x80, 0, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		here, there := net.Pipe()
		go io.Copy(io.Discard, there)
		defer there.Close()
		w := &socket{Conn: here}
		r := bufio.NewReader(bytes.NewReader(data))
		for {
			m, err := w.message(r)
			if len(m) > maxMessage || len(m) > len(data) {
				t.Fatalf("%d bytes of %d", len(m), len(data))
			}
			if err != nil {
				return
			}
		}
	})
}
