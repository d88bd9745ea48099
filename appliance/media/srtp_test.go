package media

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/srtp/v3"
	"golang.org/x/sys/unix"
)

// secured is a phone that encrypts by itself, with one secret each way.
type secured struct {
	*phone
	mine     *cryptoLine
	out, in  *srtp.Context
	password string
}

func newSecured(t testing.TB, suite string) *secured {
	t.Helper()
	s := &secured{phone: newPhone(t)}
	s.seq = 5
	for _, known := range suites {
		if known.name == suite {
			s.rekey(known)
		}
	}
	return s
}

func (s *secured) rekey(suite *suite) {
	s.t.Helper()
	s.mine = newCrypto(3, suite)
	var err error
	if s.out, err = srtp.CreateContext(s.mine.secret[:suite.key], s.mine.secret[suite.key:], suite.profile); err != nil {
		s.t.Fatal(err)
	}
}

// call has the box answer the phone's offer.
func (s *secured) call(leg *Stream, more string) {
	s.t.Helper()
	offer := strings.Replace(string(s.sdp("sendrecv")), "RTP/AVP", "RTP/SAVP", 1) + s.mine.attribute() + more
	answer, err := leg.Answer([]byte(offer), localhost, []Codec{PCMA, PCMU}, SendRecv)
	if err != nil {
		s.t.Fatal(err)
	}
	lines, err := parseSDP(answer)
	if err != nil || len(lines[0].crypto) != 1 || lines[0].crypto[0].tag != 3 {
		s.t.Fatalf("%v\n%s", err, answer)
	}
	if theirs := lines[0].crypto[0]; s.password != string(theirs.secret) {
		s.password = string(theirs.secret)
		if s.in, err = srtp.CreateContext(theirs.secret[:theirs.suite.key], theirs.secret[theirs.suite.key:], theirs.suite.profile); err != nil {
			s.t.Fatal(err)
		}
	}
	s.leg = addrOf(leg)
	leg.Stats() // the worker knows
}

// made is the next packet, encrypted.
func (s *secured) made(payload byte) []byte {
	s.t.Helper()
	plain := make([]byte, headerSize+160)
	for i := range plain[headerSize:] {
		plain[headerSize+i] = payload
	}
	s.seq++
	s.ts += 160
	putHeader(plain, s.pt, false, s.seq, s.ts, s.ssrc)
	sealed, err := s.out.EncryptRTP(nil, plain, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

func (s *secured) say(payload byte) []byte {
	s.t.Helper()
	b := s.made(payload)
	s.raw(b)
	return b
}

// hear returns the next packet that reaches the phone, decrypted.
func (s *secured) hear() packet {
	s.t.Helper()
	b := make([]byte, largest)
	s.rtp.SetReadDeadline(time.Now().Add(patience))
	n, err := s.rtp.Read(b)
	if err != nil {
		s.t.Fatalf("nothing reached the phone: %v", err)
	}
	plain, err := s.in.DecryptRTP(nil, b[:n], nil)
	if err != nil {
		s.t.Fatalf("what reached the phone is not for it: %v", err)
	}
	p, ok := parseRTP(plain)
	if !ok {
		s.t.Fatalf("what reached the phone is no RTP: %x", plain)
	}
	return p
}

func TestPlainAndEncryptedPhonesHearEachOther(t *testing.T) {
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			e := box(t, Options{Workers: 1})
			a, _ := open(t, e)
			b, _ := open(t, e)
			a.Secure(SecureOptional)
			one, two := newSecured(t, suite.name), newPhone(t)
			one.call(a, "")
			if _, err := b.Answer(two.sdp("sendrecv"), localhost, []Codec{PCMU}, SendRecv); err != nil { // the other law
				t.Fatal(err)
			}
			two.leg, two.pt = addrOf(b), 0
			Join(a, b)
			one.say(0x11)
			if got := two.hear(); got.payload[0] != alawToUlaw[0x11] {
				t.Errorf("the plain phone heard %x", got.payload[0])
			}
			two.say(0x22)
			if got := one.hear(); got.payload[0] != ulawToAlaw[0x22] {
				t.Errorf("the encrypted phone heard %x", got.payload[0])
			}
			one.raw(keyPacketSealed(one, 7))
			if got := two.hear(); got.pt != 96 || got.payload[0] != 7 {
				t.Errorf("the key went by as %+v", got)
			}
		})
	}
}

func keyPacketSealed(s *secured, number byte) []byte {
	s.seq++
	sealed, err := s.out.EncryptRTP(nil, keyPacket(96, s.seq, s.ts, s.ssrc, number, 160, false), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

// M-04 as well: nothing that is forged, repeated or plain is heard, learned from or a reason to end the call.
func rowM06ForgedAndRepeatedPacketsAreRefusedAndTheCallLives(t *testing.T) {
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			e := box(t, Options{Workers: 1})
			leg, events := open(t, e)
			leg.Secure(SecureRequired)
			one, stranger := newSecured(t, suite.name), newPhone(t)
			one.call(leg, "")
			leg.Echo(true)
			stranger.leg, stranger.seq, stranger.ts, stranger.ssrc = one.leg, one.seq, one.ts, one.ssrc
			stranger.say(0x66) // plain, and the window is open: neither heard nor learned
			until(t, "it is refused", func() bool { return leg.Stats().Refused == 1 })
			if got := leg.Stats(); got.Peer != one.addr() || got.PacketsIn != 0 {
				t.Fatalf("%+v", got)
			}
			first := one.say(1)
			one.hear()
			var sent uint64 = 1
			bad := func(b []byte) {
				one.raw(b)
				if sent++; sent%20 == 0 { // no more than the socket holds
					until(t, "they are refused", func() bool { return leg.Stats().Refused == sent })
				}
			}
			bad(first) // a replay
			for i := range 200 {
				b := one.made(byte(i))
				one.seq--
				b[len(b)-1-i%40] ^= 1 << (i % 8)
				bad(b)
			}
			padded := one.made(1)
			one.seq--
			padded[0] |= 0x20
			bad(padded)
			bad(padded[:headerSize+3])
			stolen := append([]byte(nil), first...) // another SSRC under the same tag
			stolen[11]++
			bad(stolen)
			until(t, "all are refused", func() bool { return leg.Stats().Refused == sent })
			one.say(2)
			if got := one.hear(); got.payload[0] != 2 {
				t.Errorf("heard %x", got.payload[0])
			}
			one.ssrc, one.seq = 0xbeef, 100 // the phone begins a new stream
			one.say(3)
			if got := one.hear(); got.payload[0] != 3 {
				t.Errorf("heard %x", got.payload[0])
			}
			for len(events) > 0 {
				if got := <-events; got.Kind != EventFirst {
					t.Errorf("event %+v", got)
				}
			}
		})
	}
}

func rowM06NumbersThatRollOverAreCountedWhileSourcesChange(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	a.Secure(SecureRequired)
	b.Secure(SecureRequired)
	one, two := newSecured(t, "AES_CM_128_HMAC_SHA1_80"), newSecured(t, "AEAD_AES_128_GCM")
	one.seq = 65535 - 6
	one.call(a, "")
	two.call(b, "")
	b.command(func(_ *worker, f *flow) { f.out.seq = 65535 - 10 - fresherSeq })
	Join(a, b)
	b.Stats()
	two.in.SetROC(0, 0)
	var last uint16
	for i := range fresherSeq + 30 {
		one.say(byte(i))
		p := two.hear()
		if p.payload[0] != byte(i) || (i > 0 && p.seq != last+1) {
			t.Fatalf("packet %d: %x, number %d after %d", i, p.payload[0], p.seq, last)
		}
		last = p.seq
		switch i {
		case 3: // music in between, while the phone's numbers wrap
			b.Play(ToneSound(20*time.Millisecond, 440), false)
			last = two.hear().seq
		case fresherSeq + 5: // a phone that begins anew, while ours wrap
			one.ssrc++
			one.seq = 9
		}
		if i%400 == 399 {
			b.command(func(_ *worker, f *flow) { f.arrived = 0 })
			a.command(func(_ *worker, f *flow) { f.arrived = 0 })
		}
	}
	if last > 100 {
		t.Errorf("the numbers did not wrap: %d", last)
	}
}

func TestAPhoneMayChangeItsSecretInACall(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	leg.Secure(SecureRequired)
	leg.Echo(true)
	one := newSecured(t, "AEAD_AES_128_GCM")
	echo := func(payload byte) {
		t.Helper()
		one.say(payload)
		if got := one.hear(); got.payload[0] != payload {
			t.Fatalf("heard %x", got.payload[0])
		}
	}
	one.call(leg, "")
	echo(1)
	was := one.password
	one.call(leg, "") // the same again: hold and resume
	if one.password != was {
		t.Error("our secret changed while the phone's did not")
	}
	echo(2)
	late := one.made(3)
	one.rekey(suites[0])
	one.call(leg, "")
	if one.password == was {
		t.Error("our secret is the old one although another device may be there now")
	}
	one.raw(late) // it was on its way
	if got := one.hear(); got.payload[0] != 3 {
		t.Fatalf("heard %x", got.payload[0])
	}
	echo(4)
	one.rekey(suites[2]) // and another suite
	one.call(leg, "")
	echo(5)
	leg.command(func(w *worker, f *flow) { f.shield.until = w.now })
	one.raw(late)
	until(t, "the former secret is forgotten", func() bool { return leg.Stats().Refused == 1 })
}

// What is not authentic says nothing.
func rowM05EncryptedControlIsReadAndForgedControlIsNot(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	for _, mux := range []string{"on one port", "on its own port"} {
		a.Secure(SecureRequired)
		b.Secure(SecureRequired)
		if err := agree(t, a, b, localhost, func(s string) string {
			if mux == "on one port" {
				return s
			}
			return strings.ReplaceAll(s, "a=rtcp-mux\r\n", "")
		}); err != nil {
			t.Fatal(err)
		}
		a.Play(NewSound(make([]int16, 8000)), true)
		for _, s := range []*Stream{a, b} {
			s.command(func(_ *worker, f *flow) { f.reports.rtt, f.reports.lsr = 0, 0 })
		}
		until(t, "the round trip is known "+mux, func() bool {
			for _, s := range []*Stream{a, b} {
				s.command(func(w *worker, f *flow) {
					f.reports.next = 1
					onChores(w, f)
				})
				s.Stats()
			}
			return a.Stats().RTTMS != 0
		})
		if s := b.Stats(); s.Refused != 0 || s.Foreign != 0 {
			t.Errorf("%s: %+v", mux, s)
		}
	}
	forged := make([]byte, 8)
	forged[0], forged[1], forged[3] = 2<<6, 203, 1 // BYE
	p := newPhone(t)
	p.leg = netip.AddrPortFrom(localhost, uint16(a.Port()+1))
	p.raw(forged)
	p.raw(make([]byte, 4))
	until(t, "the forged one is refused", func() bool { return a.Stats().Refused == 1 })
}

// racing says that the race detector runs, under which pools of the libraries lose on purpose what they hold.
var racing bool

func TestEncryptingAndDecryptingAllocateNothing(t *testing.T) {
	for _, suite := range suites {
		e := box(t, Options{Workers: 1})
		a, _ := open(t, e)
		b, _ := open(t, e)
		a.Secure(SecureRequired)
		b.Secure(SecureRequired)
		one, two := newSecured(t, suite.name), newSecured(t, suite.name)
		one.call(a, "")
		two.call(b, "")
		Join(a, b)
		packets := make([][]byte, flood-50)
		for i := range packets {
			packets[i] = one.made(byte(i))
		}
		from, err := one.rtp.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		to, err := two.rtp.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var out, in int
		from.Control(func(fd uintptr) { out = int(fd) })
		to.Control(func(fd uintptr) { in = int(fd) })
		leg := endpointOf(addrOf(a), unix.AF_INET)
		ready := []unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}}
		buf, next := make([]byte, largest), 0
		var source endpoint
		trip := func() {
			if transmit(out, packets[next], &leg) != 0 {
				t.Fatal("send")
			}
			next++
			for _, err := unix.Poll(ready, int(patience/time.Millisecond)); err == unix.EINTR; {
				_, err = unix.Poll(ready, int(patience/time.Millisecond))
			}
			if _, errno := receive(in, buf, &source); errno != 0 {
				t.Fatal("nothing came through: ", errno)
			}
		}
		trip()
		if n := testing.AllocsPerRun(len(packets)-10, trip); n != 0 && !racing {
			t.Errorf("%s: %v allocations a packet", suite.name, n)
		}
	}
}

func hasIPv6(t testing.TB) bool {
	fd, _, err := openUDP(netip.IPv6Loopback(), 0, rtpQueue)
	if err != nil {
		t.Logf("this host has no IPv6: %v", err)
		return false
	}
	unix.Close(fd)
	return true
}

func TestSoundCrossesFromIPv6ToIPv4Encrypted(t *testing.T) {
	t.Parallel()
	if !hasIPv6(t) {
		return
	}
	phones, e := box(t, Options{Workers: 1}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
	called, _ := open(t, phones)
	b, _ := open(t, e)
	phones.options.Bind, e.options.Bind = netip.IPv6Loopback(), netip.IPv6Loopback()
	caller, _ := open(t, phones)
	a, _ := open(t, e)
	a.Secure(SecureOptional)
	caller.Secure(SecureRequired)
	if err := agree(t, caller, a, netip.IPv6Loopback(), asItIs); err != nil {
		t.Fatal(err)
	}
	if err := agree(t, b, called, localhost, asItIs); err != nil {
		t.Fatal(err)
	}
	Join(a, b)
	caller.Play(ToneSound(time.Second, 440), true)
	called.Play(ToneSound(time.Second, 1000), true)
	wantTone(t, listen(t, called, 10), 440)
	wantTone(t, listen(t, caller, 10), 1000)
	if p := a.Stats().Peer; !p.Addr().Is6() || a.Stats().Suite == "" {
		t.Errorf("%+v", a.Stats())
	}
	if p := b.Stats().Peer; !p.Addr().Is4() {
		t.Errorf("%+v", b.Stats())
	}
}
