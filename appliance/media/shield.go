package media

import (
	"context"
	"errors"
)

const (
	overlap      = 2_000 * ms // how long packets under the peer's former secret are still taken: those on their way
	mostAttempts = 8          // handshakes that may fail before we give up
	contentShake = 22         // of a DTLS record: a handshake message (RFC 6347 section 4.1)
	clientHello  = 1
)

// shield stands between a flow and the network once its sound is encrypted. Nothing passes it in plain, in neither
// direction, from the moment when encryption was agreed on: not while keys are missing, and not when none can be had.
type shield struct {
	seal    *sealer // nil until keys are there
	open    *opener
	suite   *suite
	former  *opener // of the peer's secret before this one
	until   int64   // when former ends
	refused uint64  // packets that were not authentic, or came before

	association *association // DTLS to be made, or made; nil with SDES
	handshake   *handshake   // under way
	made        bool
	failed      bool
	attempts    int
	flight      [][]byte // our last one, for a peer who missed it

	lost bool // the peer's consent ended and that was told
}

// waiting tells whether keys are still to come.
func (s *shield) waiting() bool { return s != nil && s.seal == nil }

// protect takes what a negotiation agreed on about encryption. Nil is plain sound, which only comes before anything
// else, or of another branch of a forked call (see safety).
func (f *flow) protect(w *worker, a *agreement) {
	if a == nil {
		f.shield.abandon()
		f.shield = nil
		f.latch.follow(nil)
		return
	}
	if f.shield == nil {
		f.shield = &shield{}
	}
	s := f.shield
	f.latch.follow(a.ice)
	s.lost = false
	switch {
	case a.association == nil:
		s.abandon()
		s.association = nil
		s.install(f, a.theirs.suite, a.seal, a.open, w.now)
	case a.association != s.association:
		s.abandon()
		s.association, s.made, s.failed, s.attempts, s.flight = a.association, false, false, 0, nil
	}
}

// install begins to use secrets. The same ones go on as they were.
func (s *shield) install(f *flow, suite *suite, seal *sealer, open *opener, now int64) {
	if seal != s.seal {
		// A receiver that misses the wrap of the numbers counts a roll-over less than we do and hears nothing ever after
		// (RFC 3711 section 3.3.1), so no secret begins right before one.
		if f.out.seq > 1<<16-1-fresherSeq {
			f.out.seq += fresherSeq
		}
		f.out.source = sourceNone
	}
	if s.open != nil && open != s.open {
		s.former, s.until = s.open, now+overlap
	}
	s.suite, s.seal, s.open = suite, seal, open
}

// abandon ends a handshake that is under way.
func (s *shield) abandon() {
	if s != nil && s.handshake != nil {
		s.handshake.cancel()
		s.handshake = nil
	}
}

// unseal sorts what came to the sound's port by its first byte (RFC 7983) and returns a packet of sound, decrypted where
// it lay; nil when it was something else or nothing for us, and is dealt with.
func (f *flow) unseal(w *worker, b []byte) []byte {
	switch {
	case len(b) == 0:
		w.engine.malformed.Add(1)
	case b[0] < 4:
		f.check(w, b)
	case b[0] >= 20 && b[0] < 64:
		f.shake(w, b)
	case b[0]>>6 != 2 || len(b) <= headerSize:
		w.engine.malformed.Add(1)
	case f.route.mux && isRTCP(b):
		f.control(w, b, true)
	case !f.latch.welcome(&w.from, f.route.kinds[b[1]&0x7f] != kindUnknown, w.now):
		f.in.foreign++
	default:
		return f.shield.openRTP(w, b)
	}
	return nil
}

func (s *shield) openRTP(w *worker, b []byte) []byte {
	return s.authentic(w, b, func(o *opener, b []byte) []byte { return o.rtp(&w.scratch, b) })
}

func (s *shield) openRTCP(w *worker, b []byte) []byte {
	return s.authentic(w, b, func(o *opener, b []byte) []byte { return o.rtcp(&w.scratch, b) })
}

// authentic decrypts with the secret of now, or for a moment with the one before; nil and counted when neither fits.
func (s *shield) authentic(w *worker, b []byte, by func(*opener, []byte) []byte) []byte {
	var plain []byte
	if s.former != nil && w.now >= s.until {
		s.former = nil
	}
	switch {
	case s.open == nil:
	case s.former == nil:
		plain = by(s.open, b)
	default:
		kept := append(w.scratch.out[:0], b...) // a failed attempt may leave nothing of it
		if plain = by(s.open, b); plain == nil {
			plain = by(s.former, b[:copy(b, kept)])
		}
	}
	if plain == nil {
		s.refused++
	}
	return plain
}

func (s *shield) sealRTP(w *worker, b []byte) []byte {
	if s.seal == nil {
		return nil
	}
	return s.seal.rtp(&w.scratch, b)
}

func (s *shield) sealRTCP(w *worker, b []byte) []byte {
	if s.seal == nil {
		return nil
	}
	return s.seal.rtcp(&w.scratch, b)
}

// check takes a STUN message.
func (f *flow) check(w *worker, b []byte) {
	c := f.latch.checks
	if c == nil {
		if !isReply(b) {
			f.in.foreign++
		}
		return
	}
	q, ok := parseBinding(b)
	if !ok {
		if !isReply(b) {
			w.engine.malformed.Add(1)
		}
		return
	}
	reply, ok := c.answer(w.out[:0], &q, b, &w.from, w.now)
	if !ok {
		f.shield.refused++
		return
	}
	if f.arrived++; f.arrived > flood {
		w.engine.flooded.Add(1)
		return
	}
	transmit(f.rtp, reply, &w.from)
	f.latch.learned = c.best(w.now)
	f.shield.lost = false
	f.begin(w)
}

// begin starts the handshake that is ours to start, once somebody is there to have it with.
func (f *flow) begin(w *worker) {
	s := f.shield
	if s.association == nil || !s.association.client || s.made || s.failed || s.handshake != nil {
		return
	}
	if to := f.latch.peer(); to.valid() {
		s.handshake = newHandshake(w.engine, f.stream, s.association, to, false)
	}
}

// shake takes a DTLS record. With ICE only who proved himself is listened to. Without it the rules of the latch hold,
// and one handshake is with one source: a nearer one takes its place, another has to wait until it fails.
func (f *flow) shake(w *worker, b []byte) {
	s := f.shield
	if s.association == nil || s.failed || !f.latch.welcome(&w.from, true, w.now) {
		f.in.foreign++
		return
	}
	if f.arrived++; f.arrived > flood {
		w.engine.flooded.Add(1)
		return
	}
	if s.made {
		// The peer repeats its last flight because it missed ours.
		if b[0] == contentShake && w.from == *f.latch.peer() {
			for _, said := range s.flight {
				transmit(f.rtp, said, &w.from)
			}
		}
		return
	}
	if h := s.handshake; h != nil && h.source != w.from && f.latch.checks == nil {
		if f.latch.nearness(&w.from) <= f.latch.nearness(&h.source) {
			f.in.foreign++
			return
		}
		if !s.association.client {
			s.abandon()
		}
	}
	if s.handshake == nil && !s.association.client && isHello(b) {
		s.handshake = newHandshake(w.engine, f.stream, s.association, &w.from, f.latch.checks == nil)
	}
	if h := s.handshake; h != nil && h.takes(len(b)) {
		h.source = w.from
		_, _ = h.inbox.Write(b) // what does not fit is lost, and sent again
	}
}

// early is the first word of a handshake and who said it.
type early struct {
	from endpoint
	said []byte
}

// isHello tells whether a datagram begins a handshake.
func isHello(b []byte) bool { return len(b) > 13 && b[0] == contentShake && b[13] == clientHello }

// keepHello keeps the first word of a peer whose answer to our offer is still on its way: packets are faster than
// signalling, and said again it would come a second late.
func (f *flow) keepHello(w *worker, b []byte) {
	if !f.route.ready && isHello(b) {
		f.hello = &early{from: w.from, said: append([]byte(nil), b...)}
	}
}

// recall takes what was kept, by the same rules as if it came now.
func (f *flow) recall(w *worker) {
	if f.hello != nil && f.shield != nil {
		w.from = f.hello.from
		f.shake(w, f.hello.said)
	}
	f.hello = nil
}

// say sends what a handshake has to say, if it still is the one.
func (f *flow) say(h *handshake, b []byte) {
	if s := f.shield; s != nil && s.handshake == h {
		transmit(f.rtp, b, &h.source)
	}
}

// shaken takes what came of a handshake. A wrong certificate from where the peer must be is the end; what strangers do
// is not, so others may try again.
func (f *flow) shaken(w *worker, h *handshake, k *harvest, err error) {
	s := f.shield
	if s == nil || s.handshake != h {
		return
	}
	s.handshake = nil
	if err == nil {
		s.made, s.flight = true, k.flight
		s.install(f, k.suite, k.seal, k.open, w.now)
		if f.latch.checks == nil {
			f.latch.prove(&h.source, w.now)
		}
		f.resume(w)
		return
	}
	if w.engine.mayWarn() {
		w.engine.options.Log.Warn("no keys for encrypted sound", "port", f.stream.port, "error", err.Error())
	}
	if !errors.Is(err, context.DeadlineExceeded) { // a peer who is merely not there yet is EventSilent's affair
		s.attempts++
	}
	if s.attempts >= mostAttempts || (h.bad.Load() && (f.latch.checks != nil || h.source == f.latch.signalled)) {
		s.failed = true
		f.tell(w, Event{Kind: EventInsecure})
	}
}

// onShield is what encryption has to do now and then.
func (f *flow) onShield(w *worker) {
	s := f.shield
	if c := f.latch.checks; c != nil {
		f.latch.learned = c.best(w.now)
		if c.any && !f.latch.learned.valid() && !s.lost {
			s.lost = true
			f.tell(w, Event{Kind: EventLost})
		}
	}
	f.begin(w)
}
