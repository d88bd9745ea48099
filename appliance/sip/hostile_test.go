package sip

import (
	"bytes"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAGuesserIsBlockedSeenAndLetInAgain(t *testing.T) {
	var clock atomic.Int64 // a patient guesser: one try in 5 s
	began := time.Now()
	b := startBox(t, Options{Now: func() time.Time { return began.Add(time.Duration(clock.Load())) }}, twoPhones())
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "guess"
	for range 20 {
		clock.Add(int64(5 * time.Second))
		l := u.call("1001")
		l.send("REGISTER", "")
		if len(b.Blocks()) > 0 {
			break
		}
		m := get(t, u.in, "challenge")
		l.send("REGISTER", "", u.credentials(m, "SHA-256", "REGISTER", l.target))
		get(t, u.in, "answer")
	}
	n := b.notice(Blocked)
	if n.Source != "127.0.0.1" || len(b.Blocks()) != 1 {
		t.Fatalf("notice %+v, blocks %+v", n, b.Blocks())
	}
	if !b.Unblock(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the source could not be unblocked")
	}
	v := udpPeer(t, b.at("udp"))
	v.register("1001", "secret-one")
}

func TestAnAccountThatLeavesTheConfigurationIsForgotten(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.register("1002", "secret-two")
	set := twoPhones()
	set.Accounts = set.Accounts[:1]
	b.apply(set)
	if n := b.notice(Expired); n.Account != "1002" || len(n.Bindings) != 0 {
		t.Errorf("%+v", n)
	}
	if len(b.Contacts("1002")) != 0 {
		t.Error("it is still registered")
	}
}

// FuzzDatagram throws at the box what may come from the network: nothing may panic, and an answer to what cannot be
// parsed may not be larger than the question.
func FuzzDatagram(f *testing.F) {
	l := &leg{u: &raw{transport: "UDP", local: "127.0.0.1:9"}, callID: "c", from: "<sip:a@b>;tag=1", to: "<sip:b@c>", target: "sip:b@c", contact: "<sip:a@127.0.0.1:9>", contentType: "application/sdp"}
	for _, m := range []string{"INVITE", "REGISTER", "OPTIONS", "ACK", "CANCEL", "BYE"} {
		f.Add([]byte(l.build(m, "v=0", "Require: x", "Record-Route: <sip:x;lr>", "P-Asserted-Identity: tel:+1", `Authorization: Digest username="1001", realm="callbox", nonce="x", uri="sip:b@c", response="00"`)))
	}
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"))
	f.Add([]byte("INVITE sip:\r\n"))
	s := newServer(Options{}, quick)
	f.Cleanup(func() { s.Close() })
	change, err := s.Prepare(Settings{Listen: []string{"udp://127.0.0.1:0"}, Accounts: []Account{{Name: "1001", Password: "x"}}, Trunks: []Trunk{{Name: "in", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}})
	if err != nil {
		f.Fatal(err)
	}
	change.Commit()
	way := flow{udp: s.live.Load().sorted[0].udp, remote: netip.MustParseAddrPort("127.0.0.1:9")}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, why := parse(data)
		if why != nil {
			if b := rawReply(data, bad("Bad Request")); len(b) > 2*len(data)+100 {
				t.Errorf("%d bytes answered with %d", len(data), len(b))
			}
			return
		}
		done := make(chan struct{})
		sh := s.shardOf(m.CallID().Value())
		sh.deliver(way, m, len(data))
		sh.post(func() { close(done) })
		<-done
		if n := s.Counters().Panics; n > 0 {
			t.Errorf("%d panics", n)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add(`Q.850;cause=16;text="a;b"`)
	f.Add("%30%00;x=y")
	f.Fuzz(func(t *testing.T, s string) {
		q, _ := parseReason(s)
		if q < 0 || q > 127 {
			t.Errorf("cause %d", q)
		}
		if u := escapeUser(s); strings.ContainsAny(u, " \r\n<>@;?\"") {
			t.Errorf("%q escaped as %q", s, u)
		}
		unescapeUser(s)
		seconds(s)
		hopAddr(s, "udp")
		var d draft
		d.line("X", s)
		if bytes.Count(d.end("", nil), []byte("\n")) != 3 {
			t.Errorf("%q became a header of its own", s)
		}
	})
}
