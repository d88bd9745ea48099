package media

const (
	playoutSlots = 64          // packets that may wait: more than mostDelay of 10 ms packets
	longestHeard = 120         // ms of sound in a packet that is played
	slipEvery    = 80 * ms     // between two changes that make the delay smaller …
	growEvery    = 40 * ms     // … and greater
	slipSlack    = 15 * ms     // what the delay may be above its target before it is made smaller …
	growSlack    = 10 * ms     // … and below it before it is made greater …
	waitSlack    = 40 * ms     // … or the sound waits, because there must have been a pause
	dropSlack    = 150 * ms    // above that, packets that crowd are dropped until the rest fits
	crowd        = 3           // packets
	starveMost   = 100 * ms    // of made-up sound before the peer is taken for silent …
	quietMost    = 1_000 * ms  // … and of an Opus decoder's noise: its encoder says a word every 400 ms
	madeUp       = 10          // ms that are made up at once
	clockLeap    = 2_000 * ms  // by which timestamps may move otherwise than time before they count anew
	lostFor      = 10_000 * ms // that a lost packet is remembered
	playoutRoom  = 250         // ms that may be ready: a frame, the longest packet, and half of it that lengthening adds
)

// playout turns the packets of a peer into even sound: ordered by number, held back just long enough that most are
// there when their turn comes, made up where they are not. Only sound that has to be decoded goes this way.
//
// Its delay is that of the sound which is given next, behind the moment when the quickest packet would have brought it.
// It starts at the target and is brought back to it by leaving out and putting in single periods of the voice, which
// nobody hears; that also absorbs the difference between the peer's clock and ours.
type playout struct {
	slots   [playoutSlots]slot
	waiting int    // slots that hold a packet to come
	next    uint16 // number of the packet whose turn it is
	doubt   uint16 // number that would prove a packet right that made no sense
	ssrc    uint32
	codec   kind // of the sound

	due     int64 // timestamp, 64 bits wide, of the sound that comes next
	span    int64 // timestamp units of the newest packet
	newest  int64 // timestamp that arrived last …
	arrived int64 // … and when
	changed int64 // when the delay was changed last
	starved int64 // ns made up since the last packet
	lostAt  int64 // when a packet was missed last, 0 for never
	frame   int64 // ns that are asked for at once

	started bool
	running bool // sound follows on sound; otherwise there is a pause
	joined  bool // the packet before next was there, so that a leap of timestamps is a pause and not a loss
	quiet   bool // the pause is one that an Opus encoder makes

	punctual punctuality
	noise    comfort
	decoder  decoder
	made     concealer

	room  [playoutRoom * wideRate / 1000]int16
	ready int // samples in room

	fault     error  // of a decoder, until it is reported
	concealed int64  // ns made up because packets were lost or late
	late      uint64 // packets that came when their turn was over
	delay     int64  // ns, when last looked at
}

// slot is a packet that waits, or the memory of one that does not any more.
type slot struct {
	data []byte
	ts   int64
	seq  uint16
	kind kind
	full bool // it waits
	used bool // it was played: another of its number is a duplicate
}

// outcome is what a playout has to give.
type outcome uint8

const (
	outcomeRest outcome = iota // nothing, and nothing waits
	outcomeWait                // nothing yet
	outcomeSound
)

// put takes a packet: of sound, of comfort noise, or of a key, which is silence here but has a number.
func (b *playout) put(p *packet, what kind, now int64) {
	if span := what.span(p.payload); what.speaks() && (span == 0 || span > longestHeard*what.clock()) {
		return
	}
	ahead := int(int16(p.seq - b.next))
	ts := b.newest + int64(int32(p.ts-uint32(b.newest)))
	if b.isNew(p, what, ahead, ts, now) {
		sure := !b.started || p.seq == b.doubt
		if b.doubt = p.seq + 1; !sure || !what.speaks() {
			return // one packet that makes no sense is no new beginning, two in a row are
		}
		b.begin(p, what, now)
		ahead, ts = 0, b.newest
	}
	s := &b.slots[p.seq%playoutSlots]
	if s.seq == p.seq && (s.full || s.used) {
		return // a duplicate
	}
	if what.speaks() {
		b.newest, b.arrived = ts, now
		b.punctual.observe(now-b.time(ts), now)
	}
	if ahead < 0 {
		b.late++
		return
	}
	if !s.full {
		b.waiting++
	}
	*s = slot{data: append(s.data[:0], p.payload...), ts: ts, seq: p.seq, kind: what, full: true}
}

// isNew tells that a packet does not follow on what was heard: the peer, its codec or its clock is another.
func (b *playout) isNew(p *packet, what kind, ahead int, ts, now int64) bool {
	if !b.started || p.ssrc != b.ssrc || ahead >= playoutSlots || ahead < -reorder || (what.speaks() && what != b.codec) {
		return true
	}
	off := b.time(ts-b.newest) - (now - b.arrived)
	return off > clockLeap || off < -clockLeap
}

// time is what a timestamp stands for on the peer's clock, in ns.
func (b *playout) time(ts int64) int64 { return ts * ms / b.codec.clock() }

func (b *playout) rate() int { return b.codec.rate() }

// begin starts anew with a packet. Of what was heard before, only what the new sound blends with is kept.
func (b *playout) begin(p *packet, what kind, now int64) {
	if b.codec == kindUnknown || what.rate() != b.rate() {
		b.made.reset(what.rate())
		b.ready = 0
	}
	for i := range b.slots {
		b.slots[i] = slot{data: b.slots[i].data[:0]}
	}
	b.decoder.reset()
	b.waiting, b.next, b.ssrc, b.codec = 0, p.seq, p.ssrc, what
	b.newest, b.arrived, b.due, b.span = int64(p.ts), now, int64(p.ts), frame*what.clock()
	b.started, b.running, b.joined, b.quiet, b.noise.on = true, false, false, false, false
	b.punctual.begin(now-b.time(b.newest), now)
}

// stop forgets what waits: nobody listens any more.
func (b *playout) stop() {
	b.started, b.ready, b.delay = false, 0, 0
}

// pull fills pcm, a frame at rate, when there is something to hear.
func (b *playout) pull(pcm []int16, now int64) outcome {
	if !b.started {
		return outcomeRest
	}
	b.frame = int64(len(pcm)) * ms / int64(b.rate()/1000)
	for b.ready < len(pcm) {
		got := b.more(now)
		if got == outcomeSound {
			continue
		}
		if b.ready == 0 {
			return got
		}
		b.makeUp(int64(len(pcm)-b.ready), nil) // the last frame before a pause
	}
	copy(pcm, b.room[:len(pcm)])
	b.ready = copy(b.room[:], b.room[len(pcm):b.ready])
	return outcomeSound
}

// more adds to what is ready.
func (b *playout) more(now int64) outcome {
	for {
		s := &b.slots[b.next%playoutSlots]
		switch {
		case !s.full || s.seq != b.next:
			if b.running || b.waiting == 0 {
				return b.missing(now)
			}
			b.next++ // lost in a pause
			b.joined = false
		case s.kind == kindComfort:
			b.noise.describe(s.data)
			b.running = false
			b.pass(s)
		case !s.kind.speaks():
			b.running = false
			b.pass(s)
		case b.running && b.joined && s.ts > b.due+b.span/2:
			b.running = false
		case !b.tooLate(s, now):
			return b.play(s, now)
		}
	}
}

// pass takes a slot's packet away.
func (b *playout) pass(s *slot) {
	s.full, s.used = false, true
	b.waiting--
	b.next++
	b.joined = true
}

// held is the delay that the sound with that timestamp would have if it were made ready now.
func (b *playout) held(ts, now int64) int64 {
	return now + int64(b.ready)*ms/int64(b.rate()/1000) - b.time(ts) - b.punctual.base()
}

// target is what the delay should be. A frame of more than 20 ms is asked for that much before its end is due; and where
// Opus packets are lost, each is held until the next is there, which can repair it.
func (b *playout) target(now int64) int64 {
	target := b.punctual.target() + max(0, b.frame-frame*ms)
	if b.codec == kindOpus && b.lostAt != 0 && now-b.lostAt < lostFor {
		target += frame * ms
	}
	return target
}

// tooLate drops a packet when others crowd behind it, as after a standstill. When none do, the way to us has become
// longer, or the peer stopped its clock for a while, and that is how it is from now on.
func (b *playout) tooLate(s *slot, now int64) bool {
	if b.held(s.ts, now) <= b.target(now)+dropSlack {
		return false
	}
	if b.waiting <= crowd {
		b.punctual.begin(now-b.time(s.ts), now)
		return false
	}
	b.due = s.ts + s.kind.span(s.data)
	b.pass(s)
	b.made.broken()
	return true
}

// play makes a packet ready whose turn it is.
func (b *playout) play(s *slot, now int64) outcome {
	target := b.target(now)
	b.delay = b.held(s.ts, now)
	if b.delay < target && (!b.running || b.delay < target-waitSlack) {
		b.running = false
		return b.pause(outcomeWait)
	}
	b.span = s.kind.span(s.data)
	fresh := b.room[b.ready:]
	if n, err := b.decoder.decode(fresh, s.data, s.kind); err == nil {
		b.made.heard(fresh[:n])
		b.ready += len(b.slip(fresh[:n], b.delay-target, now))
	} else {
		b.fault = err
		b.lose(nil)
	}
	b.due = s.ts + b.span
	b.quiet = s.kind == kindOpus && len(s.data) <= 2 // such a packet is the last before a pause (RFC 7587 section 3.1.3)
	b.running, b.noise.on, b.starved = true, false, 0
	b.pass(s)
	return outcomeSound
}

// slip brings the delay nearer to its target.
func (b *playout) slip(pcm []int16, excess, now int64) []int16 {
	before := len(pcm)
	switch since := now - b.changed; {
	case excess > slipSlack && since >= slipEvery:
		pcm = shorten(pcm, b.rate()/1000)
	case excess < -growSlack && since >= growEvery:
		pcm = lengthen(pcm, b.rate()/1000)
	}
	if len(pcm) != before {
		b.changed = now
	}
	return pcm
}

// missing does without the packet whose turn it is. While none after it is there, it may still come, and the delay grows
// by what is made up for it; otherwise it is lost, and where the delay is too great anyway it is not even made up.
func (b *playout) missing(now int64) outcome {
	switch {
	case b.waiting > 0:
		b.lostAt = now
		if b.held(b.due, now)-b.time(b.span) >= b.target(now) {
			b.made.broken()
		} else {
			b.lose(b.follower())
		}
		b.due += b.span
		b.next++
		b.joined, b.starved = false, 0
	case b.running && b.starved < starveMost:
		b.starved += madeUp * ms
		b.concealed += madeUp * ms
		b.makeUp(madeUp*int64(b.rate())/1000, nil)
	default:
		b.running = false
		return b.pause(outcomeRest)
	}
	return outcomeSound
}

// follower is the packet after the one whose turn it is, or nil.
func (b *playout) follower() []byte {
	if s := &b.slots[(b.next+1)%playoutSlots]; s.full && s.seq == b.next+1 && s.kind == b.codec {
		return s.data
	}
	return nil
}

// lose makes up a packet.
func (b *playout) lose(next []byte) {
	b.concealed += b.time(b.span)
	b.makeUp(b.span*int64(b.rate())/1000/b.codec.clock(), next)
}

// pause fills a pause as long as there is something to fill it with.
func (b *playout) pause(otherwise outcome) outcome {
	switch {
	case b.noise.on:
		pcm := b.room[b.ready:][:madeUp*b.rate()/1000]
		b.noise.into(pcm)
		b.made.broken()
		b.made.heard(pcm)
		b.ready += len(pcm)
	case b.quiet && b.starved < quietMost, b.codec != kindOpus && !b.made.faded():
		b.starved += madeUp * ms
		b.makeUp(madeUp*int64(b.rate())/1000, nil)
	default:
		return otherwise
	}
	return outcomeSound
}

// makeUp adds so many samples that nobody sent; next is the packet behind the gap, when it is there.
func (b *playout) makeUp(samples int64, next []byte) {
	pcm := b.room[b.ready:][:samples]
	if b.codec == kindOpus && b.decoder.conceal(pcm, next) == nil {
		b.made.heard(pcm)
	} else {
		b.made.conceal(pcm)
	}
	b.ready += len(pcm)
}
