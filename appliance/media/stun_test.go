package media

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

var testSession = &session{
	own:  credentials{ufrag: "ours", pwd: "oursoursoursoursoursours"},
	peer: credentials{ufrag: "theirs", pwd: "theirstheirstheirstheirs"},
}

// checkOf is a browser's check, made by a library that is not ours.
func checkOf(t testing.TB, user, pwd string, more ...stun.Setter) []byte {
	t.Helper()
	setters := append([]stun.Setter{stun.BindingRequest, stun.TransactionID, stun.NewUsername(user),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{1, 2, 3, 4}}}, more...)
	m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func goodCheck(t testing.TB, more ...stun.Setter) []byte {
	t.Helper()
	return checkOf(t, "ours:theirs", testSession.own.pwd, more...)
}

func TestACheckIsAnsweredAsEveryBrowserExpects(t *testing.T) {
	for _, at := range []string{"192.0.2.7:4000", "[2001:db8::7]:4001"} {
		c := newChecks(testSession)
		from := endpointOf(netip.MustParseAddrPort(at), unix.AF_INET6)
		b := goodCheck(t)
		q, ok := parseBinding(b)
		if !ok {
			t.Fatal("a good check is no check")
		}
		reply, ok := c.answer(make([]byte, 0, stunReplyMax), &q, b, &from, ms)
		if !ok || !c.has(&from) {
			t.Fatal("a good check was refused")
		}
		m := &stun.Message{Raw: reply}
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
		var seen stun.XORMappedAddress
		err1, err2 := stun.NewShortTermIntegrity(testSession.own.pwd).Check(m), stun.Fingerprint.Check(m)
		if err := seen.GetFrom(m); err != nil || err1 != nil || err2 != nil {
			t.Fatal(err, err1, err2)
		}
		want := netip.MustParseAddrPort(at)
		if m.Type != stun.BindingSuccess || !seen.IP.Equal(net.IP(want.Addr().AsSlice())) || seen.Port != int(want.Port()) ||
			string(m.TransactionID[:]) != string(b[8:20]) {
			t.Errorf("%v %v", m, seen)
		}
	}
}

func rowM09ACheckThatProvesNothingIsNotAnswered(t *testing.T) {
	from := endpointOf(netip.MustParseAddrPort("192.0.2.7:4000"), unix.AF_INET)
	change := func(do func(b []byte) []byte) []byte { return do(goodCheck(t)) }
	refit := func(b []byte) []byte { // as if its fingerprint were right
		binary.BigEndian.PutUint32(b[len(b)-4:], crc32.ChecksumIEEE(b[:len(b)-8])^stunMixer)
		return b
	}
	for name, b := range map[string][]byte{
		"the wrong password":                 checkOf(t, "ours:theirs", "anotheranotheranotheranother"),
		"the peer's password":                checkOf(t, "ours:theirs", testSession.peer.pwd),
		"no password":                        checkOf(t, "ours:theirs", ""),
		"another peer":                       checkOf(t, "ours:other", testSession.own.pwd),
		"names in the wrong order":           checkOf(t, "theirs:ours", testSession.own.pwd),
		"no name":                            checkOf(t, "", testSession.own.pwd),
		"a changed byte":                     change(func(b []byte) []byte { b[30]++; return b }),
		"a changed byte, fingerprint mended": change(func(b []byte) []byte { b[30]++; return refit(b) }),
		"a changed integrity":                change(func(b []byte) []byte { b[len(b)-20]++; return refit(b) }),
		"no end":                             change(func(b []byte) []byte { return b[:len(b)-4] }),
		"no fingerprint": change(func(b []byte) []byte {
			b = b[:len(b)-8]
			binary.BigEndian.PutUint16(b[2:], uint16(len(b)-20))
			return b
		}),
		"only a header":      change(func(b []byte) []byte { b[2], b[3] = 0, 0; return b[:20] }),
		"another cookie":     change(func(b []byte) []byte { b[4]++; return refit(b) }),
		"a length that lies": change(func(b []byte) []byte { b[22], b[23] = 0xff, 0xff; return refit(b) }),
		"what comes after the integrity": func() []byte { // the name, uncovered
			m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewShortTermIntegrity(testSession.own.pwd),
				stun.NewUsername("ours:theirs"), stun.Fingerprint)
			if err != nil {
				t.Fatal(err)
			}
			return m.Raw
		}(),
	} {
		c := newChecks(testSession)
		q, ok := parseBinding(b)
		if ok {
			_, ok = c.answer(make([]byte, 0, stunReplyMax), &q, b, &from, ms)
		}
		if ok || c.has(&from) || c.any {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestThePeerIsToldWhatIsWrongWithItsCheck(t *testing.T) {
	from := endpointOf(netip.MustParseAddrPort("192.0.2.7:4000"), unix.AF_INET)
	for _, c := range []struct {
		name string
		more []stun.Setter
		code stun.ErrorCode
	}{
		{"it believes that we choose", []stun.Setter{stun.RawAttribute{Type: attrControlled, Value: make([]byte, 8)}}, codeConflict},
		{"it asks for what we do not know", []stun.Setter{stun.RawAttribute{Type: 0x7001}, stun.RawAttribute{Type: 0x7002}, stun.RawAttribute{Type: 0x7003}}, codeUnknown},
	} {
		checks := newChecks(testSession)
		b := goodCheck(t, c.more...)
		q, _ := parseBinding(b)
		reply, ok := checks.answer(make([]byte, 0, stunReplyMax), &q, b, &from, ms)
		m := &stun.Message{Raw: reply}
		var code stun.ErrorCodeAttribute
		if err := m.Decode(); !ok || err != nil {
			t.Fatalf("%s: %v %v", c.name, ok, err)
		}
		if err := code.GetFrom(m); err != nil || code.Code != c.code || stun.NewShortTermIntegrity(testSession.own.pwd).Check(m) != nil {
			t.Errorf("%s: %v %v", c.name, m, err)
		}
		if checks.has(&from) {
			t.Errorf("%s: taken all the same", c.name)
		}
	}
}

func TestOnlyEightPathsOfAPeerAreKept(t *testing.T) {
	c := newChecks(testSession)
	at := func(port int) *endpoint {
		e := endpointOf(netip.AddrPortFrom(localhost, uint16(port)), unix.AF_INET)
		return &e
	}
	c.confirm(at(1), true, ms)
	for port := 2; port < 100; port++ {
		c.confirm(at(port), false, int64(port)*ms)
		c.confirm(at(1), false, int64(port)*ms) // the one in use
	}
	if !c.has(at(1)) || !c.has(at(99)) || c.has(at(50)) || c.best(100*ms) != *at(1) {
		t.Error("the wrong ones were forgotten")
	}
	c.confirm(at(99), true, 100*ms)
	if c.best(101*ms) != *at(99) || c.best(99*ms+consent) != *at(99) || c.best(100*ms+consent) != (endpoint{}) {
		t.Error("whom to send to is mistaken")
	}
}

func rowM09ThousandsOfCandidatesAreNoBurden(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	leg.Secure(SecureBrowser)
	offer := func(candidates int) []byte {
		return []byte(preamble + "a=fingerprint:" + e.identity.print + "\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:" + strings.Repeat("x", 22) +
			"\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 8\r\na=rtcp-mux\r\n" + strings.Repeat("a=candidate:1 1 udp 1 127.0.0.1 80 typ host\r\n", candidates))
	}
	if _, err := leg.Answer(offer(300), localhost, []Codec{PCMA}, SendRecv); err != nil {
		t.Errorf("300 candidates: %v", err)
	}
	if _, err := leg.Answer(offer(900), localhost, []Codec{PCMA}, SendRecv); err == nil { // more than any description may have bytes
		t.Error("900 candidates were read")
	}
	if got := leg.Stats().PacketsOut; got != 0 || leg.Stats().Peer.IsValid() {
		t.Error("somebody was sent to without having asked")
	}
}

func FuzzSTUN(f *testing.F) {
	f.Add(goodCheck(f))
	f.Add(goodCheck(f, stun.RawAttribute{Type: attrChosen}))
	f.Add(goodCheck(f, stun.RawAttribute{Type: attrControlled, Value: make([]byte, 8)}))
	f.Add(goodCheck(f, stun.RawAttribute{Type: 0x7001, Value: make([]byte, 3)}))
	f.Add(checkOf(f, "", ""))
	f.Add([]byte("\x01\x01\x00\x00\x21\x12\xa4\x42............"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, flow := bench()
		flow.shield = &shield{association: &association{}}
		flow.latch.follow(testSession)
		flow.unseal(w, b)
		// The same with a fingerprint and a password that are right, so that what lies behind them is seen too.
		if len(b) < stunHeader || len(b) > 1000 {
			return
		}
		c := flow.latch.checks
		b = append([]byte(nil), b[:len(b)&^3]...)
		binary.BigEndian.PutUint16(b, stunRequest)
		binary.BigEndian.PutUint32(b[4:], stunCookie)
		b = append(append(b, 0, attrUsername, 0, byte(len(c.user))), c.user...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		b = append(append(b, 0, attrIntegrity, 0, 20), c.sum(b)...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader+8))
		sum := crc32.ChecksumIEEE(b) ^ stunMixer
		b = binary.BigEndian.AppendUint32(append(b, 0x80, 0x28, 0, 4), sum)
		q, ok := parseBinding(b)
		if !ok {
			return
		}
		reply, ok := c.answer(w.out[:0], &q, b, &w.from, w.now)
		if len(reply) > stunReplyMax || ok != (reply != nil) {
			t.Errorf("%v, %d bytes", ok, len(reply))
		}
		if ok {
			m := &stun.Message{Raw: reply}
			if err := m.Decode(); err != nil || stun.NewShortTermIntegrity(testSession.own.pwd).Check(m) != nil {
				t.Errorf("nobody can read our answer: %v %x", err, reply)
			}
		}
	})
}
