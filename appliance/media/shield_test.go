package media

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

// besieged is a flow without sockets whose sound is encrypted, and what the world can throw at it.
type besieged struct {
	t *testing.T
	w *worker
	f *flow
	s *sealer // of the real peer
	n uint16
}

const told, nearby, faraway = "198.51.100.7:4000", "198.51.100.7:61000", "203.0.113.9:5000"

func besiege(t *testing.T, a *agreement) *besieged {
	t.Helper()
	secret := newCrypto(1, suites[0])
	b := &besieged{t: t}
	var err error
	if b.s, err = newSealer(secret.suite, secret.secret); err != nil {
		t.Fatal(err)
	}
	if a.association == nil || a.ice != nil { // as after the handshake
		if a.seal, err = newSealer(secret.suite, newCrypto(1, secret.suite).secret); err != nil {
			t.Fatal(err)
		}
		if a.open, err = newOpener(secret.suite, secret.secret, nil); err != nil {
			t.Fatal(err)
		}
		a.theirs = secret
	}
	b.w, b.f = bench()
	b.f.part(b.w)
	b.f.latch = latch{}
	r := b.f.route
	r.safe, r.rtp = a, endpointOf(netip.MustParseAddrPort(told), unix.AF_INET)
	b.f.negotiate(b.w, r)
	if a.association != nil && a.ice != nil {
		b.f.shield.made = true
		b.f.shield.install(b.f, secret.suite, a.seal, a.open, b.w.now)
	}
	return b
}

// from puts a datagram into the flow's hands and tells whether it was heard as sound.
func (b *besieged) from(source string, datagram []byte) bool {
	before := b.f.in.packets
	b.w.from = endpointOf(netip.MustParseAddrPort(source), unix.AF_INET)
	b.f.datagram(b.w, copy(b.w.buf[:], datagram))
	return b.f.in.packets > before
}

// sound is an authentic packet.
func (b *besieged) sound() []byte {
	plain := make([]byte, headerSize+160)
	b.n++
	putHeader(plain, 8, false, b.n, uint32(b.n)*160, 7)
	return b.s.rtp(&b.w.scratch, plain)
}

// forged is one that only looks like it.
func (b *besieged) forged() []byte {
	sound := b.sound()
	sound[len(sound)-1]++
	b.n--
	b.s.used = 0
	return sound
}

func (b *besieged) peer() string {
	if to := b.f.latch.peer(); to.valid() {
		return to.addrPort().String()
	}
	return ""
}

func (b *besieged) want(what string, is bool) {
	b.t.Helper()
	if !is {
		b.t.Errorf("not so: %s (sent to %q, foreign %d, refused %d)", what, b.peer(), b.f.in.foreign, b.f.shield.refused)
	}
}

// One test a row of the second table in latch.go.
func TestWhoIsHeardWhenSoundIsEncrypted(t *testing.T) {
	chosen := stun.RawAttribute{Type: attrChosen}
	byICE := func(t *testing.T) *besieged {
		return besiege(t, &agreement{association: &association{}, ice: testSession})
	}
	t.Run("14: a wrong tag teaches nothing, wherever it comes from", func(t *testing.T) {
		b := besiege(t, &agreement{})
		for _, source := range []string{faraway, nearby, told} {
			b.want("forged sound from "+source+" is not heard", !b.from(source, b.forged()))
		}
		b.want("nobody was learned", !b.f.latch.learned.valid() && b.peer() == told && b.f.shield.refused == 3)
		b.want("the peer is heard", b.from(told, b.sound()))
		b.want("a stranger is foreign once the window is closed", !b.from(faraway, b.sound()) && b.f.in.foreign == 1)
	})
	t.Run("15: a right tag counts as sound always did", func(t *testing.T) {
		b := besiege(t, &agreement{})
		b.want("the NAT's address is heard and learned", b.from(faraway, b.sound()) && b.peer() == faraway)
		b.want("the signalled one takes over", b.from(told, b.sound()) && b.peer() == told)
		b.w.now += window
		b.want("after the window strangers are foreign, whatever they know", !b.from(faraway, b.sound()))
	})
	t.Run("16: without keys nothing comes and nothing goes", func(t *testing.T) {
		b := besiege(t, &agreement{association: &association{}})
		b.want("neither sealed nor plain is heard", !b.from(told, b.sound()) && !b.from(told, keyPacket(101, 1, 1, 1, 5, 160, false)) && b.f.shield.refused == 2)
		b.f.send(b.w, b.w.out[:headerSize+160])
		b.f.play(b.w, playing{sound: ToneSound(time.Second, 440)})
		b.want("what plays waits, and nothing is sent", !b.f.pace.set && b.f.out.packets == 0)
	})
	t.Run("17: with ICE, whom no check proved is foreign", func(t *testing.T) {
		b := byICE(t)
		b.want("also the signalled one, in the window", !b.from(told, b.sound()) && b.f.in.foreign == 1)
		b.from(told, checkOf(t, "ours:theirs", "wrongwrongwrongwrongwrong"))
		b.want("a wrong password proves nothing", b.f.shield.refused == 1 && !b.from(told, b.sound()) && b.peer() == "")
	})
	t.Run("18: who was checked is heard, and sent to while none is chosen", func(t *testing.T) {
		b := byICE(t)
		b.from(faraway, goodCheck(t))
		b.want("checked", b.from(faraway, b.sound()) && b.peer() == faraway)
		b.w.now++
		b.from(nearby, goodCheck(t))
		b.want("a second is heard, the first is sent to", b.from(nearby, b.sound()) && b.peer() == faraway)
		b.want("a forged packet of his is not", !b.from(faraway, b.forged()) && b.f.shield.refused == 1)
	})
	t.Run("19: who is chosen is sent to", func(t *testing.T) {
		b := byICE(t)
		b.from(faraway, goodCheck(t))
		b.from(nearby, goodCheck(t, chosen))
		b.want("chosen", b.from(nearby, b.sound()) && b.peer() == nearby && b.from(faraway, b.sound()))
		b.w.now++
		b.from(faraway, goodCheck(t, chosen))
		b.want("chosen later", b.peer() == faraway)
	})
	t.Run("20: who was not checked for half a minute is forgotten", func(t *testing.T) {
		b := byICE(t)
		b.from(faraway, goodCheck(t, chosen))
		b.w.now += consent / 2
		b.from(nearby, goodCheck(t))
		b.w.now += consent / 2
		b.f.onShield(b.w)
		b.want("the other is sent to", !b.from(faraway, b.sound()) && b.from(nearby, b.sound()) && b.peer() == nearby && !b.f.shield.lost)
		b.w.now += consent / 2
		b.f.onShield(b.w)
		b.want("nobody is", !b.from(nearby, b.sound()) && b.peer() == "" && b.f.shield.lost)
		b.from(nearby, goodCheck(t))
		b.want("who comes back is", b.from(nearby, b.sound()) && b.peer() == nearby && !b.f.shield.lost)
	})
	t.Run("21: ICE anew asks for the new password and goes on with the old paths", func(t *testing.T) {
		b := byICE(t)
		b.from(faraway, goodCheck(t, chosen))
		r := b.f.route
		again := *r.safe
		again.ice = &session{own: credentials{"anew", "anewanewanewanewanewanew"}, peer: testSession.peer}
		r.safe = &again
		b.f.negotiate(b.w, r)
		b.want("heard and sent to", b.from(faraway, b.sound()) && b.peer() == faraway)
		b.from(nearby, goodCheck(t, chosen))
		b.want("the old password is worth nothing", b.f.shield.refused == 1 && b.peer() == faraway)
		b.w.now++
		b.from(nearby, checkOf(t, "anew:theirs", "anewanewanewanewanewanew", chosen))
		b.want("the new one is", b.peer() == nearby)
	})
}

// helloOf is the first word of a DTLS client.
func helloOf(t testing.TB) []byte {
	t.Helper()
	own, err := newIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &handshake{plan: &association{client: true}}
	from, to := newPhone(t).rtp, newPhone(t).rtp
	c, err := dtls.ClientWithOptions(from, to.LocalAddr(), h.clientOptions(own)...)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Handshake() }()
	hello := make([]byte, largest)
	to.SetReadDeadline(time.Now().Add(patience))
	n, err := to.Read(hello)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-done
	return hello[:n]
}

func rowM08HalfOpenHandshakesAreBoundedAndOthersGetTheirTurn(t *testing.T) {
	e := box(t, Options{Workers: 1})
	hello := helloOf(t)
	p := newPhone(t)
	var legs []*Stream
	for range mostHandshakes + 40 {
		leg, _ := open(t, e)
		p.overDTLS(leg, "active")
		p.raw(hello)
		legs = append(legs, leg)
	}
	until(t, "all places are taken", func() bool { return len(e.handshakes) == mostHandshakes })
	last := legs[len(legs)-1]
	shaking := func() (is bool) {
		last.command(func(_ *worker, f *flow) { is = f.shield.handshake != nil })
		last.Stats()
		return is
	}
	if shaking() {
		t.Error("there was room for one more")
	}
	for range 5 { // the same again begins nothing again
		p.raw(hello)
	}
	legs[0].Close()
	until(t, "the last one gets a place", func() bool { p.raw(hello); return shaking() })
	e.Close()
	if n := len(e.handshakes); n != 0 {
		t.Errorf("%d handshakes outlive the engine", n)
	}
}

func TestAHandshakeThatOvertakesTheAnswerIsNotLost(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	leg.Secure(SecureBrowser)
	p := newPhone(t)
	p.leg = addrOf(leg)
	leg.Offer(localhost, []Codec{PCMA}, SendRecv)
	p.raw(helloOf(t))
	until(t, "it arrives", func() bool { return e.Counters().Malformed == 1 })
	answer := strings.Replace(string(p.sdp("sendrecv")), "RTP/AVP", "UDP/TLS/RTP/SAVPF", 1) + "a=setup:active\r\na=fingerprint:" + e.identity.print + "\r\n"
	if err := leg.Accept([]byte(answer)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, largest)
	p.rtp.SetReadDeadline(time.Now().Add(patience))
	if n, err := p.rtp.Read(b); err != nil || b[0] != contentShake {
		t.Errorf("no answer to it: %v %x", err, b[:n])
	}
}

func rowM08AStrangersHandshakeEndsNoCall(t *testing.T) {
	b := besiege(t, &agreement{association: &association{prints: []fingerprint{{bits: 256, sum: "x"}}}})
	b.w.engine.handshakes = make(chan struct{}, 4)
	var err error
	if b.w.engine.identity, err = newIdentity(nil); err != nil {
		t.Fatal(err)
	}
	b.f.stream.closed = true // nobody takes what they have to say
	hello := helloOf(t)
	defer b.w.engine.shaking.Wait()
	defer func() { b.f.shield.abandon() }()
	shaking := func() string {
		if h := b.f.shield.handshake; h != nil {
			return h.source.addrPort().String()
		}
		return ""
	}
	b.from(faraway, append([]byte{22}, make([]byte, 30)...))
	b.want("what is no first word begins nothing", shaking() == "")
	b.from(faraway, hello)
	b.want("a stranger may begin while the peer is silent", shaking() == faraway)
	b.from("203.0.113.10:1", hello)
	b.want("the next stranger waits", shaking() == faraway && b.f.in.foreign == 1)
	strange := b.f.shield.handshake
	strange.bad.Store(true)
	b.from(told, hello)
	b.want("the peer takes the place", shaking() == told)
	b.f.shaken(b.w, strange, nil, errFingerprint)
	b.want("what the stranger did is forgotten", shaking() == told && b.f.shield.attempts == 0)
	h := b.f.shield.handshake
	h.source = endpointOf(netip.MustParseAddrPort(faraway), unix.AF_INET)
	h.bad.Store(true)
	b.f.shaken(b.w, h, nil, errFingerprint)
	b.want("a stranger's certificate is not the end", !b.f.shield.failed)
	for range mostAttempts {
		b.f.shield.handshake = h
		b.f.shaken(b.w, h, nil, errors.New("an alert"))
	}
	b.want("but there is an end", b.f.shield.failed)
	h.cancel()
	b.from(told, hello)
	b.want("after which nobody begins again", shaking() == "")
}

func FuzzSRTP(f *testing.F) {
	seed := make([]byte, headerSize+20)
	putHeader(seed, 8, true, 1, 2, 3)
	f.Add(seed)
	f.Add(append([]byte{0xb1, 8}, seed[2:]...))
	f.Add([]byte{0x80, 200, 0, 6, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > largest-2*overhead {
			return
		}
		for i, suite := range suites {
			secret := benchSecret(i + 1) // nothing at random, so that a fuzzer's finds repeat
			theirs, err1 := newSealer(suite, secret.secret)
			open, err2 := newOpener(suite, secret.secret, nil)
			seal, err3 := newSealer(suite, bytes.Repeat([]byte{1}, suite.key+suite.salt))
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			w, flow := bench()
			r := flow.route
			r.safe = &agreement{seal: seal, open: open, theirs: secret}
			flow.negotiate(w, r)
			flow.datagram(w, copy(w.buf[:], b))
			flow.control(w, w.buf[:copy(w.buf[:], b)], false)
			if flow.in.packets != 0 {
				t.Fatal("what was not encrypted was heard")
			}
			// The same as a peer would send it who means harm.
			if len(b) >= headerSize {
				flow.datagram(w, copy(w.buf[:], theirs.rtp(&w.scratch, b)))
			}
			flow.control(w, w.buf[:copy(w.buf[:], theirs.rtcp(&w.scratch, b))], false)
		}
	})
}
