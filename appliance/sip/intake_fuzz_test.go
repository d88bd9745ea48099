package sip

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// FuzzRegister has a phone that knows its password register whatever it likes: it gets no more bindings than it may,
// and each can be called without breaking a line of ours.
func FuzzRegister(f *testing.F) {
	f.Add("Contact: <sip:1001@192.0.2.7:5060;transport=tcp>;q=0.7;expires=60;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\nSupported: outbound, path\r\nPath: <sip:edge;lr>\r\n")
	f.Add("Contact: *\r\nExpires: 0\r\n")
	f.Add("m: sip:%31@[::1], \"a,b\" <sips:x@y;z?Route=%3Csip:evil%3E>;expires=4294967296\r\nk: path\r\n")
	for _, m := range allTortures(f) {
		head, _, _ := bytes.Cut(m.wire(), []byte("\r\n\r\n"))
		_, headers, _ := bytes.Cut(head, []byte("\r\n"))
		f.Add(string(headers) + "\r\n")
	}
	now := time.Now()
	s := newServer(Options{Now: func() time.Time { return now }}, standardTimings)
	f.Cleanup(func() { s.Close() })
	c, err := s.Prepare(Settings{Listen: []string{"udp://127.0.0.1:0"}, Accounts: []Account{{Name: "1001", Password: "x"}}})
	if err != nil {
		f.Fatal(err)
	}
	c.Commit()
	way := flow{udp: s.live.Load().sorted[0].udp, remote: netip.MustParseAddrPort("127.0.0.1:9")}
	challenge, err := digest.ParseChallenge(s.live.Load().challenger.challenges(false, false)[0])
	if err != nil {
		f.Fatal(err)
	}
	challenge.QOP = []string{"auth"}
	count := 0
	f.Fuzz(func(t *testing.T, headers string) {
		count++
		s.registrar.drop("1001")
		cred, err := digest.Digest(challenge, digest.Options{Method: "REGISTER", URI: "sip:box", Username: "1001", Password: "x", Count: count})
		if err != nil {
			t.Fatal(err)
		}
		m, why := parse(fmt.Appendf(nil, "REGISTER sip:box SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%d\r\nFrom: <sip:1001@box>;tag=1\r\nTo: <sip:1001@box>\r\nCall-ID: r%d\r\nCSeq: 1 REGISTER\r\nAuthorization: %s\r\n%s\r\n",
			count, count, cred, headers))
		if why != nil {
			return
		}
		sh := s.shardOf(m.CallID().Value())
		done := make(chan struct{})
		sh.deliver(way, m, 1)
		sh.post(func() {
			defer close(done)
			for _, t := range sh.servers {
				t.end()
			}
		})
		<-done
		bindings := s.Contacts("1001")
		if c := s.Counters(); c.Panics > 0 || c.Unauthorized > 0 || len(bindings) > 10 {
			t.Fatalf("%d bindings, %+v", len(bindings), c)
		}
		for _, b := range bindings {
			d := &Dialog{s: s, id: "c"}
			if _, err := s.routeToPhone(d, b); err != nil {
				continue
			}
			d.flow = way
			o := d.compose("OPTIONS", &d.peer, 1)
			o.from = "<sip:a@b>;tag=1"
			if read, why := parse(o.bytes()); why != nil || len(read.GetHeaders("via")) != 1 {
				t.Fatalf("%+v is called with %q: %v", b, o.bytes(), why)
			}
		}
	})
}

// FuzzUpgrade reads what a WebSocket may begin with. Who gets one asked for it in every way that it must.
func FuzzUpgrade(f *testing.F) {
	f.Add(upgradeHead + "\r\n")
	f.Add(upgradeHead + "Origin: https://127.0.0.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	f.Add(strings.Replace(upgradeHead, "GET", "POST", 1) + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	s := newServer(Options{}, standardTimings)
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, head string) {
		var answer bytes.Buffer
		begun := s.upgrade(bufio.NewReader(strings.NewReader(head)), &recorder{out: &answer})
		r, err := http.ReadResponse(bufio.NewReader(&answer), nil)
		if err != nil {
			t.Fatalf("the answer cannot be read: %v", err)
		}
		r.Body.Close()
		if begun != (r.StatusCode == 101) {
			t.Fatalf("begun: %v, answered %s", begun, r.Status)
		}
		low := strings.ToLower(head)
		for _, must := range []string{"upgrade", "websocket", "13", "sip", "sec-websocket-key"} {
			if begun && !strings.Contains(low, must) {
				t.Fatalf("%q got a WebSocket without %s", head, must)
			}
		}
		if !begun && r.StatusCode < 400 {
			t.Fatalf("refused with %s", r.Status)
		}
	})
}

// recorder is a connection that keeps what is written.
type recorder struct {
	net.Conn
	out *bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) { return r.out.Write(b) }
