package sip

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// stage is a box in which a call from a carrier is up and one to it rings, and a way to hand it what the carrier says.
// Its socket is on the loopback, from where nothing leaves for the addresses that a fuzzer finds.
type stage struct {
	*Server
	told    chan Event
	way     flow
	up, out *Dialog
	cseq    int
}

func newStage(f *testing.F) *stage {
	carrier, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		f.Fatal(err)
	}
	go io.Copy(io.Discard, carrier)
	f.Cleanup(func() { carrier.Close() })
	calls := make(chan *Dialog, 1)
	s := &stage{told: make(chan Event, 1000), cseq: 1}
	s.Server = newServer(Options{OnInvite: func(d *Dialog) { d.Attach(s.told); calls <- d }}, standardTimings)
	f.Cleanup(func() { s.Close() })
	c, err := s.Prepare(Settings{Listen: []string{"udp://127.0.0.1:0"}, Trunks: []Trunk{{
		Name: "carrier", Address: carrier.LocalAddr().String(), AcceptFrom: fromHere, Username: "us", Password: "pw", Health: -1}}})
	if err != nil {
		f.Fatal(err)
	}
	c.Commit()
	s.way = flow{udp: s.live.Load().sorted[0].udp, remote: carrier.LocalAddr().(*net.UDPAddr).AddrPort()}
	s.hear("INVITE sip:100@box SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKup\r\nFrom: <sip:1@c>;tag=theirs\r\nTo: <sip:100@box>\r\nCall-ID: up\r\nCSeq: 1 INVITE\r\n" +
		"Contact: <sip:1@" + s.way.remote.String() + ">\r\nAllow: UPDATE\r\n\r\n")
	s.up = <-calls
	s.up.Answer([]byte("v=0"))
	s.settle()
	s.within("ACK", 1, "", nil)
	s.out = s.calls()
	return s
}

// calls has the box call the carrier.
func (s *stage) calls() *Dialog {
	d, err := s.Dial(DialRequest{Events: s.told, Trunk: "carrier", Number: "5", Offer: func(netip.Addr) []byte { return []byte("v=0") }})
	if err != nil {
		panic(err)
	}
	s.settle()
	return d
}

// each has the shards do something, one after the other, after all that they had to do.
func (s *stage) each(do func(*shard)) {
	for _, sh := range s.shards {
		done := make(chan struct{})
		sh.post(func() { defer close(done); do(sh) })
		<-done
	}
}

// settle answers what the owners of the calls are asked, until nothing is left to do.
func (s *stage) settle() {
	for {
		s.each(func(*shard) {})
		s.each(func(*shard) {}) // one may have asked another
		if len(s.told) == 0 {
			return
		}
		e := <-s.told
		if e.Reply != nil {
			e.Reply(200, []byte("v=0"))
		}
		if e.Refer != nil {
			e.Refer.Progress(200)
		}
	}
}

// hear takes a message of the carrier.
func (s *stage) hear(m string) {
	if read, why := parse([]byte(m)); why == nil {
		s.shardOf(read.CallID().Value()).deliver(s.way, read, len(m))
		s.settle()
	}
}

// within is a request of the carrier in its call.
func (s *stage) within(method string, cseq int, headers string, body []byte) {
	s.hear(fmt.Sprintf("%s sip:box SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKin%d\r\nMax-Forwards: 70\r\nFrom: <sip:1@c>;tag=theirs\r\nTo: <sip:100@box>;tag=%s\r\nCall-ID: up\r\nCSeq: %d %s\r\n%sContent-Length: %d\r\n\r\n%s",
		method, cseq, s.up.tag, cseq, method, headers, len(body), body))
}

// answers is the carrier's answer to our INVITE.
func (s *stage) answers(d *Dialog, code uint16, tag uint8, headers string, body []byte) {
	o := d.call.out
	s.hear(fmt.Sprintf("SIP/2.0 %d x\r\nVia: SIP/2.0/%s;branch=%s\r\nFrom: %s\r\nTo: %s;tag=t%d\r\nCall-ID: %s\r\nCSeq: %d INVITE\r\n%sContent-Length: %d\r\n\r\n%s",
		code, o.via, o.branch, o.from, o.to, tag, o.callID, o.cseq, headers, len(body), body))
}

// clean forgets what a fuzzer's million messages leave and a call's few do not, and stops the timers of its minutes.
func (s *stage) clean() {
	s.each(func(sh *shard) {
		for _, t := range sh.servers {
			t.end()
		}
		for _, t := range sh.clients {
			if t != s.out.asking {
				t.end()
			}
		}
		for _, d := range sh.dialogs {
			if d != s.up && d != s.out {
				d.over()
			}
		}
		s.up.session.due.stop()
	})
}

// FuzzInCall says to the box, within a call and in answer to one of its own, what only a peer can say. Neither call is
// lost but by what ends calls, and nothing panics.
func FuzzInCall(f *testing.F) {
	for i, headers := range []string{
		"Refer-To: <sip:2@box?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\nReferred-By: <sip:1@c>\r\n", "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\nMin-SE: 90\r\n",
		"RAck: 1 1 INVITE\r\n", "Event: refer;id=2\r\nSubscription-State: active\r\n", "Contact: <sip:moved@127.0.0.1:9;transport=tcp>\r\nRecord-Route: <sip:p;lr>\r\n",
		"Require: 100rel\r\nRSeq: 77\r\nAllow: UPDATE\r\n", "Reason: Q.850;cause=16;text=\"bye; bye\", SIP;cause=200\r\n", "Min-SE: 3600\r\n",
		"WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256\r\n", "Contact: <sip:3@x>;q=0.7, <tel:+1>;q=1\r\n",
	} {
		for code := range 7 {
			f.Add(uint8(i), uint16(83+100*code), headers, []byte("v=0\r\n"))
		}
	}
	f.Add(uint8(0), uint16(401), "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=MD5\r\n", []byte{})
	for _, m := range allTortures(f) {
		head, body, _ := bytes.Cut(m.wire(), []byte("\r\n\r\n"))
		_, headers, _ := bytes.Cut(head, []byte("\r\n"))
		f.Add(uint8(len(headers)), uint16(183), string(headers)+"\r\n", body)
	}
	s := newStage(f)
	inside := []string{"INFO", "UPDATE", "REFER", "PRACK", "INVITE", "OPTIONS", "NOTIFY", "MESSAGE", "SUBSCRIBE"}
	f.Fuzz(func(t *testing.T, what uint8, code uint16, headers string, body []byte) {
		s.cseq++
		method := inside[int(what)%len(inside)]
		s.within(method, s.cseq, headers, body)
		if method == "INVITE" { // what was answered must be acknowledged, or no other change is taken
			s.within("ACK", s.cseq, "", nil)
		}
		if code = 101 + code%599; code < 200 {
			s.answers(s.out, code, what, headers, body)
		} else {
			s.answers(s.calls(), code, what, headers, body)
		}
		if s.clean(); s.up.phase != phaseUp || s.out.phase != phaseEarly {
			t.Fatalf("%s: the calls are %v and %v", method, s.up.phase, s.out.phase)
		}
		if c := s.Counters(); c.Panics > 0 || c.Dialogs != 2 {
			t.Fatalf("%+v", c)
		}
	})
}

// FuzzChallenge has a carrier ask for credentials: they are for what it asked, and no line of ours is broken by it.
func FuzzChallenge(f *testing.F) {
	f.Add(`Digest realm="c", nonce="n", qop="auth", algorithm=MD5`, uint16(401))
	f.Add(`Digest realm="a\"b", nonce="", opaque="x", stale=true, qop="auth,auth-int", algorithm=SHA-256`, uint16(407))
	f.Add(`Digest realm=c, nonce=n, domain="sip:x sip:y", userhash=true, charset=UTF-8`, uint16(401))
	f.Fuzz(func(t *testing.T, challenge string, code uint16) {
		name := "WWW-Authenticate"
		if code = 401 + code%2*6; code == 407 {
			name = "Proxy-Authenticate"
		}
		o := &outgoing{method: "INVITE", uri: "sip:5@carrier", via: "UDP x", branch: "z9hG4bK1", from: "<sip:us@c>;tag=1", to: "<sip:5@c>", callID: "c", cseq: 1, headers: [][2]string{{"Contact", "<sip:us@x>"}}}
		m, why := parse(fmt.Appendf(nil, "SIP/2.0 %d x\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: %s\r\nTo: %s\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n%s: %s\r\n\r\n", code, o.from, o.to, name, challenge))
		if why != nil {
			return
		}
		next, err := authorize(o, asResponse(t, m), "us", "the password")
		if err != nil {
			return
		}
		read, why := parse(next.bytes())
		if why != nil {
			t.Fatalf("%v\n%q", why, next.bytes())
		}
		if strings.Contains(string(next.bytes()), "the password") && !strings.Contains(challenge, "the password") {
			t.Fatalf("the password is in %q", next.bytes())
		}
		if len(read.GetHeaders("authorization"))+len(read.GetHeaders("proxy-authorization")) != 1 || len(read.GetHeaders("contact")) != 1 {
			t.Fatalf("%q", next.bytes())
		}
		if _, err := digest.ParseCredentials(next.authHeader); err != nil {
			t.Errorf("nobody can read %q: %v", next.authHeader, err)
		}
	})
}

func asResponse(t *testing.T, m sip.Message) *sip.Response {
	t.Helper()
	r, is := m.(*sip.Response)
	if !is {
		t.Fatal("the answer is a request")
	}
	return r
}
