package media

import (
	"bytes"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/srtp/v3"
	"golang.org/x/sys/unix"
)

// agree has one stream offer and the other answer; between them change may rewrite the offer and the answer.
func agree(t testing.TB, caller, called *Stream, local netip.Addr, change func(string) string) error {
	t.Helper()
	answer, err := called.Answer([]byte(change(string(caller.Offer(local, []Codec{PCMA}, SendRecv)))), local, []Codec{PCMA}, SendRecv)
	if err != nil {
		return err
	}
	return caller.Accept([]byte(change(string(answer))))
}

func asItIs(s string) string { return s }

// onlySuite leaves the a=crypto line of one suite.
func onlySuite(name string) func(string) string {
	return func(s string) string {
		return regexp.MustCompile(`a=crypto:\d+ (\S+) .*\r\n`).ReplaceAllStringFunc(s, func(l string) string {
			if strings.Contains(l, " "+name+" ") {
				return l
			}
			return ""
		})
	}
}

func TestTwoPeopleHearEachOtherHoweverTheirSoundIsEncrypted(t *testing.T) {
	setup := func(role string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, "a=setup:actpass", "a=setup:"+role) }
	}
	for _, c := range []struct {
		name           string
		caller, called Security
		change         func(string) string
		profile, suite string
	}{
		{"not at all", SecureOff, SecureOff, asItIs, "RTP/AVP", ""},
		{"one could, the other not", SecureOptional, SecureOff, asItIs, "RTP/AVP", ""},
		{"both can", SecureOptional, SecureOptional, asItIs, "RTP/AVP", "AEAD_AES_128_GCM"},
		{"the caller insists", SecureRequired, SecureOptional, asItIs, "RTP/SAVP", "AEAD_AES_128_GCM"},
		{"the called insists", SecureOptional, SecureRequired, asItIs, "RTP/AVP", "AEAD_AES_128_GCM"},
		{"AEAD_AES_256_GCM", SecureRequired, SecureRequired, onlySuite("AEAD_AES_256_GCM"), "RTP/SAVP", "AEAD_AES_256_GCM"},
		{"AES_CM_128_HMAC_SHA1_80", SecureRequired, SecureRequired, onlySuite("AES_CM_128_HMAC_SHA1_80"), "RTP/SAVP", "AES_CM_128_HMAC_SHA1_80"},
		{"AES_CM_128_HMAC_SHA1_32", SecureRequired, SecureRequired, onlySuite("AES_CM_128_HMAC_SHA1_32"), "RTP/SAVP", "AES_CM_128_HMAC_SHA1_32"},
		{"with feedback", SecureRequired, SecureRequired, func(s string) string { return strings.ReplaceAll(s, "RTP/SAVP ", "RTP/SAVPF ") }, "RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS, the caller begins", SecureBrowser, SecureRequired, asItIs, "UDP/TLS/RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS, the called begins", SecureBrowser, SecureRequired, setup(setupPassive), "UDP/TLS/RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS without ICE and without feedback", SecureBrowser, SecureOptional, func(s string) string {
			s = regexp.MustCompile(`a=(ice|candidate|group|mid).*\r\n`).ReplaceAllString(s, "")
			return strings.ReplaceAll(s, "/SAVPF", "/SAVP")
		}, "UDP/TLS/RTP/SAVP", "AEAD_AES_128_GCM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{Workers: 1}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			caller, _ := open(t, phones)
			called, _ := open(t, e)
			caller.Secure(c.caller)
			called.Secure(c.called)
			var said string
			if err := agree(t, caller, called, localhost, func(s string) string { said = c.change(s); return said }); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(said, " "+c.profile+" ") {
				t.Errorf("the answer is not %s:\n%s", c.profile, said)
			}
			caller.Play(ToneSound(time.Second, 440), true)
			called.Play(ToneSound(time.Second, 1000), true)
			heardByCaller, heardByCalled := caller.Capture(), called.Capture()
			wantTone(t, hearFrames(t, heardByCaller, 10), 1000)
			wantTone(t, hearFrames(t, heardByCalled, 10), 440)
			var early uint64 // who has the keys first may speak before the other has them
			if strings.Contains(c.name, "DTLS") {
				early = 1
			}
			for _, s := range []Stats{caller.Stats(), called.Stats()} {
				if s.Suite != c.suite || s.Refused > early || s.Foreign != 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func TestWhoDoesNotAgreeOnEncryptionHasNoCall(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for _, c := range []struct {
		name           string
		caller, called Security
		change         func(string) string
		want           error
	}{
		{"the called insists and the caller has none", SecureOff, SecureRequired, asItIs, ErrInsecure},
		{"the caller insists and the called has none", SecureRequired, SecureOff, asItIs, ErrNoCodec},
		{"nobody shares a suite", SecureRequired, SecureOptional, onlySuite("AES_192"), ErrInsecure},
		{"a page calls a phone that knows no DTLS", SecureBrowser, SecureOff, asItIs, ErrNoCodec},
		{"a phone calls a page", SecureRequired, SecureBrowser, asItIs, ErrInsecure},
		{"no fingerprint", SecureBrowser, SecureOptional, func(s string) string { return strings.ReplaceAll(s, "a=fingerprint:sha-256", "a=fingerprint:sha-1") }, ErrInsecure},
		{"a setup that holds", SecureBrowser, SecureOptional, func(s string) string { return strings.ReplaceAll(s, "a=setup:actpass", "a=setup:holdconn") }, ErrInsecure},
		{"the answer drops the keys", SecureRequired, SecureRequired, func(s string) string {
			if strings.Contains(s, "a=crypto:2") {
				return s
			}
			return onlySuite("")(s)
		}, ErrInsecure},
		{"the answer takes a line that was not offered", SecureRequired, SecureRequired, func(s string) string {
			if strings.Contains(s, "a=crypto:2") {
				return s
			}
			return strings.ReplaceAll(s, "a=crypto:1", "a=crypto:9")
		}, ErrInsecure},
		{"the answer drops the fingerprint", SecureBrowser, SecureBrowser, func(s string) string {
			if strings.Contains(s, "a=setup:actpass") {
				return s
			}
			return regexp.MustCompile(`a=fingerprint.*\r\n`).ReplaceAllString(s, "")
		}, ErrInsecure},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, _ := open(t, e)
			called, _ := open(t, e)
			caller.Secure(c.caller)
			called.Secure(c.called)
			if err := agree(t, caller, called, localhost, c.change); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("our own secret comes back", func(t *testing.T) {
		s, _ := open(t, e)
		s.Secure(SecureRequired)
		if err := s.Accept(s.Offer(localhost, []Codec{PCMA}, SendRecv)); !errors.Is(err, ErrInsecure) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatWasEncryptedIsNeverPlainAgain(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	a.Secure(SecureOptional)
	b.Secure(SecureOptional)
	if err := agree(t, a, b, localhost, asItIs); err != nil {
		t.Fatal(err)
	}
	plain := newPhone(t)
	for _, s := range []*Stream{a, b} {
		if _, err := s.Answer(plain.sdp("sendrecv"), localhost, []Codec{PCMA}, SendRecv); !errors.Is(err, ErrInsecure) {
			t.Errorf("a plain offer: %v", err)
		}
		s.Secure(SecureOff)
		if offer := s.Offer(localhost, []Codec{PCMA}, SendRecv); !bytes.Contains(offer, []byte("a=crypto:1 AEAD_AES_128_GCM ")) {
			t.Errorf("a later offer of ours:\n%s", offer)
		}
		if err := s.Accept(plain.sdp("sendrecv")); !errors.Is(err, ErrInsecure) {
			t.Errorf("a plain answer: %v", err)
		}
	}
	b.Play(ToneSound(time.Second, 440), true)
	wantTone(t, listen(t, a, 10), 440)
}

// Each branch of a forked call answers the one offer as it can, also when another branch answered before.
func TestBranchesOfACallMayDifferInEncryption(t *testing.T) {
	e := box(t, Options{Workers: 1})
	caller, _ := open(t, e)
	able, _ := open(t, e)
	simple := newPhone(t)
	caller.Secure(SecureOptional)
	able.Secure(SecureOptional)
	offer := caller.Offer(localhost, []Codec{PCMA}, SendRecv)
	answer, err := able.Answer(offer, localhost, []Codec{PCMA}, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := caller.Accept(answer); err != nil {
			t.Fatal(err)
		}
		caller.Echo(true)
		able.Play(ToneSound(time.Second, 440), true)
		wantTone(t, listen(t, able, 10), 440)
		able.Stop()
		if err := caller.Accept(simple.sdp("sendrecv")); err != nil {
			t.Fatal(err)
		}
		simple.leg = addrOf(caller)
		caller.Stats()
		simple.say(9)
		if got := simple.hear(); got.payload[0] != 9 {
			t.Errorf("heard %x", got.payload[0])
		}
	}
	caller.Secure(SecureRequired) // but not where somebody insists
	caller.Offer(localhost, []Codec{PCMA}, SendRecv)
	if err := caller.Accept(simple.sdp("sendrecv")); !errors.Is(err, ErrInsecure) {
		t.Errorf("got %v", err)
	}
}

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
func TestM06ForgedAndRepeatedPacketsAreRefusedAndTheCallLives(t *testing.T) {
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

func TestNumbersThatRollOverAreCountedWhileSourcesChange(t *testing.T) {
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

func TestAPacketsNumberIsUsedOnceUnderOneSecret(t *testing.T) {
	var s sealer
	for _, c := range []struct {
		seq uint16
		new bool
	}{
		{65530, true}, {65529, false}, {65530, false}, {65534, true}, {65531, true}, {65531, false}, {2, true}, {65535, true},
		{0, true}, {0, false}, {1, true}, {2, false}, {100, true}, {36, false}, {37, true}, {37, false}, {5000, true}, {4999, true}, {100, false},
	} {
		if got := s.take(c.seq); got != c.new {
			t.Errorf("number %d is new: %v", c.seq, got)
		}
	}
}

func TestAPeerCannotFillOurMemoryWithSources(t *testing.T) {
	c := newCrypto(1, suites[0])
	seal, err := newSealer(c.suite, c.secret)
	if err != nil {
		t.Fatal(err)
	}
	open, err := newOpener(c.suite, c.secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	var there, back scratch
	taken := 0
	for ssrc := range uint32(1000) {
		b := make([]byte, headerSize+1)
		putHeader(b, 8, false, 1, 1, ssrc)
		seal.used = 0
		if open.rtp(&back, append([]byte(nil), seal.rtp(&there, b)...)) != nil {
			taken++
		}
	}
	if taken != mostSources {
		t.Errorf("%d sources", taken)
	}
}

// What is not authentic says nothing.
func TestM05EncryptedControlIsReadAndForgedControlIsNot(t *testing.T) {
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
