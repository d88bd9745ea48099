package media

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	choreEvery = 500 // ms between looks at a flow's silence, reports and waiting events
	flood      = 500 // packets taken from one peer between two chores: ten times the rate of 10 ms packets
	keptEvents = 16
)

// route is what offer and answer agreed on: made outside, handed to the flow, never changed there.
type route struct {
	ready     bool
	codec     Codec // what we send, by the peer's payload number
	kind      kind  // the same as a kind
	opus      opusWishes
	keys      uint8     // payload number for key presses towards the peer, 0 when it does not want them
	keysKind  kind      // on which clock
	kinds     [128]kind // what arrives under each payload number
	step      int64     // ms of one packet that we make
	samples   uint32    // the same on the RTP clock
	sends     bool      // we may send: we said so and the peer listens
	hears     bool      // we listen and the peer said that it sends
	mux       bool      // RTCP shares the RTP port (RFC 5761)
	peerSends bool      // the peer said that it sends
	expects   bool      // nobody is on hold, so a silent peer is a dead one
	rtp, rtcp endpoint  // where the peer said it listens; zero when it named no usable address

	safe *agreement // how sound is encrypted; nil when it is plain
}

// flow is a stream as its worker sees it. Only that worker touches it; when its worker has let go of it, so may
// whoever waited for that.
type flow struct {
	stream     *Stream
	events     chan<- Event
	unsent     []Event // that did not fit into events, at most keptEvents
	rtp, rtcp  int
	family     int
	slot       int32 // in its worker's table, -1 while it has no worker
	generation int32
	phase      int64 // ms within the frame at which this flow sends

	route    route
	latch    latch
	shield   *shield // nil while sound is plain
	hello    *early  // that came before the answer did; nil when none did
	in       incoming
	out      outgoing
	reports  reports
	keypad   keypad // keys that we send
	pressed  pressed
	keysAway bool // keys reach this peer by another way than its sound
	informed bool // and so do its own
	playing  playing
	pace     timer // every packet that we make, parked when there is none
	chores   timer

	peer    *flow // joined with
	echo    bool
	ear     ear
	capture chan []int16
	missed  uint64 // frames that the reader of capture did not take

	playout *playout // of our sound, where the other side speaks another codec; nil until then
	encoder encoder  // of what we do not relay

	concealed int64   // ns, by playouts before this one
	late      uint64  // the same
	noise     comfort // instead of the peer, while it pauses

	heard   int64 // when RTP or RTCP last came, or silence began to count
	silent  bool  // that was told
	first   bool  // RTP was heard and that was told
	arrived int   // packets since the last chore
}

func newFlow(s *Stream, events chan<- Event, rtp, rtcp, family int) *flow {
	f := &flow{stream: s, events: events, rtp: rtp, rtcp: rtcp, family: family, slot: -1, out: newOutgoing()}
	f.pace = timer{flow: f, fire: onPace}
	f.chores = timer{flow: f, fire: onChores}
	return f
}

// shut closes what a flow without a worker holds: its sockets, its ports, which rest now, and its listener.
func (f *flow) shut() {
	f.shield.abandon()
	unix.Close(f.rtp)
	unix.Close(f.rtcp)
	f.stream.engine.ports.give(f.stream.port, time.Now())
	if f.capture != nil {
		close(f.capture)
		f.capture = nil
	}
}

// readRTP takes one datagram. Sockets are level-triggered, so what else waits shows in the next turn, after the packets
// of others: one peer that floods does not make the rest late.
func (f *flow) readRTP(w *worker) {
	if n, errno := receive(f.rtp, w.buf[:], &w.from); errno == 0 {
		f.datagram(w, n)
	}
}

// readRTCP takes one datagram of the control port.
func (f *flow) readRTCP(w *worker) {
	if n, errno := receive(f.rtcp, w.buf[:], &w.from); errno == 0 {
		f.control(w, w.buf[:min(n, len(w.buf))], false)
	}
}

// datagram sorts what lies in the worker's buffer.
func (f *flow) datagram(w *worker, n int) {
	if n > len(w.buf) {
		w.engine.malformed.Add(1)
		return
	}
	b := w.buf[:n]
	if f.shield != nil {
		if b = f.unseal(w, b); b == nil {
			return
		}
	} else if f.route.mux && isRTCP(b) {
		f.control(w, b, true)
		return
	}
	p, ok := parseRTP(b)
	if !ok {
		f.keepHello(w, b)
		w.engine.malformed.Add(1)
		return
	}
	f.hear(w, &p)
}

// hear takes a packet of the peer: count it, tell of it, pass it on.
func (f *flow) hear(w *worker, p *packet) {
	what := f.route.kinds[p.pt]
	if !f.latch.admit(&w.from, what != kindUnknown, w.now) {
		f.in.foreign++
		return
	}
	// Counted only now: strangers may flood the port without costing the peer its packets.
	if f.arrived++; f.arrived > flood {
		w.engine.flooded.Add(1)
		return
	}
	f.alive(w.now)
	f.in.count(p, what, w.now)
	if !f.first {
		f.first = true
		f.tell(w, Event{Kind: EventFirst})
	}
	if !f.route.hears {
		return
	}
	if what.keys() {
		f.keyed(w, p)
	}
	f.listen(w, p, what)
	switch {
	case f.echo:
		f.relay(w, p, what, f.route.keysKind)
	case f.peer != nil:
		f.pass(w, p, what)
	}
}

func (f *flow) alive(now int64) {
	f.heard, f.silent = now, false
}

// relay sends on what was heard from another, unless something of our own sounds. The payload stays as it is when both sides
// speak the same codec, and goes through one table between the two laws. Keys says on which clock the other side's are.
func (f *flow) relay(w *worker, p *packet, what, keys kind) {
	if !f.route.sends || f.sounding() {
		return
	}
	source := sourceRelay | uint64(p.ssrc)
	pt, span := f.route.codec.PT, uint32(what.span(p.payload))
	switch {
	case what.speaks():
		f.noise.on = false
		if what != f.route.kind {
			transcode(p.payload, what)
		}
	case what.keys() && f.route.keys != 0:
		rescale(p.payload, keys, f.route.keysKind)
		pt, span = f.route.keys, keyDuration(p.payload)*uint32(f.out.khz/f.route.keysKind.clock())
	case what == kindComfort:
		f.noise.describe(p.payload)
		f.resume(w)
		fallthrough
	default:
		f.out.skip(source, p)
		return
	}
	seq, ts, marker, ok := f.out.follow(source, p, span, w.now)
	if !ok {
		return
	}
	if what.keys() {
		f.out.at = w.now - int64(span)/f.out.khz*ms // its timestamp is of the moment when the key went down
	}
	// The new header goes right before the payload, over whatever extension stood there: its numbers were agreed with
	// the other side, not with this one.
	b := w.buf[p.start-headerSize : p.start+len(p.payload)]
	putHeader(b, pt, marker, seq, ts, f.out.ssrc)
	f.send(w, b)
}

func transcode(payload []byte, from kind) {
	table := &alawToUlaw
	if from == kindPCMU {
		table = &ulawToAlaw
	}
	for i, b := range payload {
		payload[i] = table[b]
	}
}

// send puts a finished RTP packet on the wire. What the kernel refuses is lost, as it would be on the network.
func (f *flow) send(w *worker, b []byte) {
	sealed := b
	if f.shield != nil {
		sealed = f.shield.sealRTP(w, b)
	}
	if to := f.latch.peer(); sealed == nil || !to.valid() || transmit(f.rtp, sealed, to) != 0 {
		return
	}
	f.out.packets++
	f.out.bytes += uint64(len(b) - headerSize)
}

// tell hands an event to the stream's owner without waiting for it. What it does not take at once is kept in order.
func (f *flow) tell(w *worker, e Event) {
	if f.events == nil {
		return
	}
	e.Stream = f.stream
	f.retell()
	if len(f.unsent) == 0 {
		select {
		case f.events <- e:
			return
		default:
		}
	}
	if len(f.unsent) == keptEvents {
		w.engine.lostEvents.Add(1)
		return
	}
	f.unsent = append(f.unsent, e)
}

func (f *flow) retell() {
	for len(f.unsent) > 0 {
		select {
		case f.events <- f.unsent[0]:
			f.unsent = append(f.unsent[:0], f.unsent[1:]...)
		default:
			return
		}
	}
}

// negotiate takes what a new offer and answer agreed on.
func (f *flow) negotiate(w *worker, r route) {
	if f.out.khz != r.kind.clock() {
		f.out.khz, f.out.source = r.kind.clock(), sourceNone
	}
	f.route = r
	f.protect(w, r.safe)
	f.encodes(w, r.kind, r.opus)
	f.mute()
	if f.peer != nil {
		f.peer.noise.on = false // of which we may have spoken before we were put on hold
	}
	f.latch.negotiated(r.rtp, r.peerSends, w.now)
	f.reports.to = r.rtcp
	f.alive(w.now)
	f.playing.encode(r.kind)
	f.recall(w)
	if f.shield != nil {
		f.begin(w)
	}
	f.resume(w)
}

// join makes two flows of one worker hear each other.
func (f *flow) join(w *worker, other *flow) {
	f.part(w)
	other.part(w)
	f.peer, other.peer = other, f
	for _, joined := range []*flow{f, other} {
		joined.out.source = sourceNone
		joined.alive(w.now)
	}
}

// part ends a join, with what was needed for it.
func (f *flow) part(w *worker) {
	if f.peer == nil {
		return
	}
	for _, parted := range []*flow{f, f.peer} {
		parted.out.source = sourceNone
		if b := parted.playout; b != nil {
			parted.concealed, parted.late, parted.playout = parted.concealed+b.concealed, parted.late+b.late, nil
		}
		parted.noise.on = false
		parted.keypad.up()
		parted.encodes(w, kindUnknown, opusWishes{})
		parted.encodes(w, parted.route.kind, parted.route.opus)
	}
	f.peer.peer, f.peer = nil, nil
}

// choreTime is now in ms on a grid of 20: many flows then share one wake-up for what is in no hurry.
func choreTime(now int64) int64 { return now / ms / frame * frame }

// onChores is the slow heartbeat of a flow.
func onChores(w *worker, f *flow) {
	w.wheel.set(&f.chores, choreTime(w.now)+choreEvery)
	f.arrived = 0
	f.retell()
	if f.shield != nil {
		f.onShield(w)
	}
	if !f.route.ready {
		return
	}
	limit := int64(w.engine.options.Silence)
	if f.route.expects && !f.silent && w.now-f.heard >= limit {
		f.silent = true
		f.tell(w, Event{Kind: EventSilent})
	}
	if f.reports.due(w.now) {
		f.sendReport(w)
	}
}
