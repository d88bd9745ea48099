package media

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
)

const captured = 64 // frames that Capture holds: a bit more than a second

// EventKind tells what happened to a stream.
//
// EventSilent is told once, and again only after the peer was heard, a negotiation or a Join. It is not told while
// either side is on hold. Before a call is answered nobody has to send, so until then it means nothing.
type EventKind uint8

const (
	EventPlayed   EventKind = iota // a sound that was played once is over
	EventDigit                     // the peer pressed a key: told once, when it goes down
	EventSilent                    // no RTP and no RTCP for Options.Silence from a peer that should send
	EventFirst                     // the peer's first RTP packet was heard
	EventLost                      // a peer that speaks ICE sent no check for 30 s: it is gone, also when on hold (RFC 7675)
	EventInsecure                  // encryption cannot be had: the peer's certificate is not the signalled one, or it fails
)

// Event is what a stream tells its owner.
type Event struct {
	Stream *Stream
	Kind   EventKind
	Play   uint64 // of EventPlayed: what Play returned
	Digit  byte   // of EventDigit: 0-9 * # A-D
}

// Stream is the sound of one leg: a port pair, a peer, what is heard and sent. Its methods may be called from any
// goroutine, also on a closed stream, where they do nothing; none may be called from a worker.
type Stream struct {
	engine *Engine
	serial uint64
	port   int
	flow   *flow // the worker's alone

	mu      sync.Mutex // guards what follows: the control side, which no worker ever takes
	worker  *worker
	closed  bool
	sdp     negotiation
	sound   *Sound // played last, so that its encoding is made here and not in the worker
	plays   uint64
	capture chan []int16
}

// Port is the RTP port, even; RTCP is on the next.
func (s *Stream) Port() int { return s.port }

// command has the worker do something, in the order of the calls.
func (s *Stream) command(do func(w *worker, f *flow)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked(do)
}

// locked is command for who holds mu. Holding it keeps the stream on its worker until the command is queued.
func (s *Stream) locked(do func(w *worker, f *flow)) {
	if w, f := s.worker, s.flow; !s.closed {
		w.post(func() { do(w, f) })
	}
}

// Offer describes what we would like: the codecs in order of preference, key presses, and who sends. Local is our
// address as the peer shall see it. It may be called again for a re-INVITE.
func (s *Stream) Offer(local netip.Addr, codecs []Codec, dir Direction) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sdp.offer(local, s.port, s.affordable(codecs), dir)
}

// Accept takes the answer to our Offer. ErrNoCodec when it refuses the sound, ErrInsecure when it does not encrypt it as
// it must (see Secure), ErrSDP when it cannot be understood; what was agreed before then stays.
func (s *Stream) Accept(answer []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.sdp.accept(answer)
	if err != nil {
		return err
	}
	s.negotiated(l)
	return nil
}

// Answer answers an offer, the first or a later one, with the first of codecs that the offer has. ErrNoCodec when there
// is none; ErrInsecure when the sides want their sound encrypted differently (see Secure); ErrSDP when it cannot be understood; what was agreed before then stays.
func (s *Stream) Answer(offer []byte, local netip.Addr, codecs []Codec, dir Direction) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, answer, err := s.sdp.answer(offer, local, s.port, s.affordable(codecs), dir)
	if errors.Is(err, ErrNoCodec) {
		l, answer, err = s.sdp.answer(offer, local, s.port, codecs, dir)
	}
	if err != nil {
		return nil, err
	}
	s.negotiated(l)
	return answer, nil
}

// affordable leaves Opus out while as many encoders work as may, if there is another codec and the stream has not agreed
// on Opus already. The leg might need one.
func (s *Stream) affordable(codecs []Codec) []Codec {
	if s.engine.encoders.Load() < int64(s.engine.options.Encoders) || kindOf(s.sdp.codec) == kindOpus {
		return codecs
	}
	cheap := slices.DeleteFunc(slices.Clone(codecs), func(c Codec) bool { return kindOf(c) == kindOpus })
	if len(cheap) == 0 {
		return codecs
	}
	return cheap
}

func (s *Stream) negotiated(l line) {
	r := s.sdp.route(l, s.flow.family)
	if s.sound != nil {
		s.sound.as(r.kind)
	}
	s.locked(func(w *worker, f *flow) { f.negotiate(w, r) })
}

// PeerDirection is what the peer's last description said: SendOnly and Inactive are hold, and so is the address
// 0.0.0.0, by which older phones say that they do not listen.
func (s *Stream) PeerDirection() Direction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sdp.peer
}

// Codec is what we send since the last negotiation; zero before the first.
func (s *Stream) Codec() Codec {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sdp.codec
}

// Join lets two streams hear each other, and parts each from whom it heard before. Both then live on one worker; the
// busier one gives its stream away. The clock of EventSilent begins anew.
//
// Packets pass as they are when both speak the same codec, or the two laws of G.711; otherwise sound is decoded, evened
// out by a jitter buffer, made up where packets are lost, and encoded. Keys reach each side in the way it agreed on.
func Join(a, b *Stream) {
	if a == b || a.engine != b.engine {
		return
	}
	first, second := a, b
	if b.serial < a.serial {
		first, second = b, a
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.Lock()
	defer second.mu.Unlock()
	if a.closed || b.closed {
		return
	}
	if a.worker != b.worker {
		if a.worker.load.Load() > b.worker.load.Load() {
			a.move(b.worker)
		} else {
			b.move(a.worker)
		}
	}
	if a.closed || b.closed {
		return
	}
	a.locked(func(w *worker, f *flow) { f.join(w, b.flow) })
}

// move takes the stream to another worker. Commands queue while the mover holds mu, so all that were given before run
// on the old worker and all that come later on the new one.
func (s *Stream) move(to *worker) {
	from, f := s.worker, s.flow
	if !from.ask(func() { from.release(f) }) {
		return
	}
	from.load.Add(-1)
	to.load.Add(1)
	s.worker = to
	err := ErrClosed
	to.ask(func() { err = to.adopt(f) })
	if err != nil {
		s.engine.options.Log.Error("media stream cannot move and ends", "port", s.port, "error", err.Error())
		to.load.Add(-1)
		s.closed = true
		f.shut()
	}
}

// Part ends a Join for both streams.
func (s *Stream) Part() { s.command(func(w *worker, f *flow) { f.part(w) }) }

// Play begins a sound in place of the one that plays now and returns its id, which EventPlayed names when a sound that
// does not loop is over. The joined peer is not heard meanwhile. A sound begun before the first negotiation waits for it.
func (s *Stream) Play(p *Sound, loop bool) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == nil || s.closed {
		return 0
	}
	if s.sdp.codec.Name != "" {
		p.as(kindOf(s.sdp.codec))
	}
	s.sound = p
	s.plays++
	next := playing{sound: p, id: s.plays, loop: loop}
	s.locked(func(w *worker, f *flow) { f.play(w, next) })
	return next.id
}

// Stop ends what plays, without an EventPlayed.
func (s *Stream) Stop() { s.command(func(_ *worker, f *flow) { f.playing = playing{} }) }

// Echo sends back what is heard, instead of passing it to the joined peer.
func (s *Stream) Echo(on bool) { s.command(func(_ *worker, f *flow) { f.echo = on }) }

// Send presses keys: 0-9 * # A-D, and a comma for half a second's wait. At most 64 wait; what is left and what is no
// key is dropped. Each sounds for 100 ms, as an event (RFC 4733) or as tones, see Keys; the joined peer is not heard
// meanwhile. With KeysInfo none sounds.
func (s *Stream) Send(digits string) {
	s.command(func(w *worker, f *flow) {
		f.keypad.press(digits)
		f.resume(w)
	})
}

// Capture returns what is heard, decoded at 8 kHz, packet by packet in the order of arrival, whatever the codec. The channel holds a second
// of sound; when its reader is late the oldest goes and counts as Stats.Missed. It is closed with the stream.
func (s *Stream) Capture() <-chan []int16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.capture == nil {
		c := make(chan []int16, captured)
		s.capture = c
		if s.closed || !s.worker.post(func() { s.flow.capture = c }) {
			close(c)
		}
	}
	return s.capture
}

// Stats returns a snapshot, of a closed stream its last one.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	var snapshot Stats
	if s.closed || !s.worker.ask(func() { snapshot = s.flow.stats() }) {
		return s.flow.stats() // its worker has let go of it
	}
	return snapshot
}

// Close ends the stream: its peer is parted from it, its sockets are closed when Close returns, its ports rest for some
// seconds and are free again.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	w := s.worker
	w.ask(func() { w.drop(s.flow) })
}
