package media

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// elsewhere has the box answer an offer that names another address than the phone's own.
func (p *phone) elsewhere(leg *Stream, signalled netip.AddrPort) {
	p.t.Helper()
	if _, err := leg.Answer(describePhone(signalled, "sendrecv"), localhost, []Codec{PCMA}, SendRecv); err != nil {
		p.t.Fatal(err)
	}
	p.leg = addrOf(leg)
	leg.Stats()
}

func rowM02WhoIsBehindARouterHearsAndIsHeardFromItsFirstPacketOn(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for what, signalled := range map[string]func(*phone) netip.AddrPort{
		"its own address is private": func(*phone) netip.AddrPort { return netip.MustParseAddrPort("10.66.66.66:4000") },
		"its port is another":        func(p *phone) netip.AddrPort { return netip.AddrPortFrom(localhost, p.addr().Port()^1) },
	} {
		for late, passed := range map[string]int64{"at once": 0, "after five seconds": 5_000 * ms} {
			t.Run(what+", it speaks "+late, func(t *testing.T) {
				a, _ := open(t, e)
				b, _ := open(t, e)
				one, two := newPhone(t), newPhone(t)
				one.elsewhere(a, signalled(one))
				two.call(b, "sendrecv")
				Join(a, b)
				two.say(1) // nobody knows yet where to
				until(t, "it is heard", func() bool { return b.Stats().PacketsIn == 1 })
				a.command(func(_ *worker, f *flow) { f.latch.until -= passed })
				one.say(2)
				if got := two.hear(); got.payload[0] != 2 {
					t.Errorf("heard %x", got.payload[0])
				}
				two.say(3)
				if got := one.hear(); got.payload[0] != 3 {
					t.Errorf("the one behind the router heard %x", got.payload[0])
				}
				if s := a.Stats(); s.Peer != one.addr() || s.Foreign != 0 {
					t.Errorf("%+v", s)
				}
			})
		}
	}
	leg, _ := open(t, e)
	one := newPhone(t)
	one.elsewhere(leg, netip.MustParseAddrPort("10.66.66.66:4000"))
	leg.command(func(_ *worker, f *flow) { f.latch.until -= window })
	one.say(1)
	until(t, "who comes too late is foreign", func() bool { return leg.Stats().Foreign == 1 })
}

func rowM05ControlThatLiesEndsNoCall(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for _, mux := range []string{"", "\r\na=rtcp-mux"} {
		leg, events := open(t, e)
		p := newPhone(t)
		p.call(leg, "sendrecv"+mux)
		leg.Echo(true)
		p.say(1)
		ours := p.hear().ssrc
		sound := p.leg
		if mux == "" {
			p.leg = netip.AddrPortFrom(localhost, sound.Port()+1)
		}
		bye := func(ssrc uint32) []byte {
			return []byte{2<<6 | 1, 203, 0, 1, byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc)}
		}
		report := func(head ...byte) []byte { return append(head, make([]byte, 1000)...) }
		for _, b := range [][]byte{
			bye(p.ssrc), bye(ours), bye(0),
			{2 << 6, 200, 0, 0}, {2 << 6, 201}, {2 << 6, 200, 0xff, 0xff, 0, 0, 0, 0},
			report(2<<6|31, 201, 0, 1), report(2<<6|31, 200, 0xff, 0xff), report(2<<6|1, 200, 0, 6), report(2<<6|31, 202, 0, 200),
			report(2<<6, 204, 0, 1), report(2<<6, 205, 0, 2), report(2<<6|15, 206, 0, 2), report(2<<6, 207, 0, 0), report(0, 200, 0, 1),
			append(bye(p.ssrc), bye(ours)...),
		} {
			for n := range min(len(b), 40) { // cut anywhere
				p.raw(b[:n+1])
			}
			p.raw(b)
			leg.command(func(_ *worker, f *flow) { f.arrived = 0 })
			leg.Stats()
		}
		p.leg = sound
		p.say(7)
		if got := p.hear(); got.payload[0] != 7 {
			t.Errorf("heard %x", got.payload[0])
		}
		for len(events) > 0 {
			if got := <-events; got.Kind != EventFirst {
				t.Errorf("event %+v", got)
			}
		}
		if s := leg.Stats(); s.Peer != p.addr() {
			t.Errorf("sent to %v", s.Peer)
		}
	}
}

func rowM09WeCheckNobodysCandidates(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	leg.Secure(SecureBrowser)
	p, bystander := newPhone(t), newPhone(t)
	offer := preamble + "a=fingerprint:" + e.identity.print + "\r\na=setup:actpass\r\na=ice-ufrag:theirs\r\na=ice-pwd:" + testSession.peer.pwd +
		"\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=rtcp-mux\r\n"
	for i, at := range []string{bystander.addr().String(), "[::1]:22", "192.168.0.1:80", "169.254.169.254:80", "0.0.0.0:1", "3f2a0c1e-1111-4222-8333-444455556666.local:5000"} {
		at := at[:strings.LastIndexByte(at, ':')] + " " + at[strings.LastIndexByte(at, ':')+1:]
		offer += "a=candidate:" + itoa(i+1) + " 1 udp 2130706431 " + strings.Trim(at, "[]") + " typ host\r\n"
	}
	offer += "a=candidate:x y z\r\na=candidate:\r\na=remote-candidates:1 127.0.0.1 80\r\na=end-of-candidates\r\n"
	answer, err := leg.Answer([]byte(offer), localhost, []Codec{PCMA}, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := parseSDP(answer)
	if err != nil {
		t.Fatal(err)
	}
	p.leg = addrOf(leg)
	for _, liar := range []string{ // answers that nobody asked for, with an address that is none
		"\x01\x01\x00\x0c\x21\x12\xa4\x42............\x00\x20\x00\x08\x00\x09xxxxxx",
		"\x01\x01\x00\x04\x21\x12\xa4\x42............\x00\x20\xff\xff",
		"\x01\x01\x00\x08\x21\x12\xa4\x42............\x00\x20\x00\x01\x00",
		"\x01\x11\x00\x00\x21\x12\xa4\x42............",
	} {
		p.raw([]byte(liar))
	}
	leg.command(onChores)
	leg.Stats()
	p.raw(checkOf(t, lines[0].peer.ufrag+":theirs", lines[0].peer.pwd)) // and one that is right
	b := make([]byte, largest)
	if n, err := p.rtp.Read(b); err != nil || n < stunHeader || b[0] != 1 || b[1] != 1 {
		t.Fatalf("the first that is answered: %v %x", err, b[:n])
	}
	if n := bystander.waits(b); n > 0 {
		t.Errorf("a candidate was sent %x", b[:n])
	}
	if s := leg.Stats(); s.PacketsOut != 0 || s.Peer != p.addr() {
		t.Errorf("%+v", s)
	}
}

// waits is how many bytes of a packet have come that nobody has heard yet, 0 when there are none.
func (p *phone) waits(b []byte) (n int) {
	p.t.Helper()
	raw, err := p.rtp.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	raw.Read(func(fd uintptr) bool {
		n, _, _ = unix.Recvfrom(int(fd), b, unix.MSG_DONTWAIT)
		return true
	})
	return max(n, 0)
}
