package media

import "math/rand/v2"

// Sources of an outgoing stream. A relayed one carries the SSRC it came with in its low 32 bits.
const (
	sourceNone uint64 = iota << 32
	sourcePlay
	sourceKeys
	sourceConvert
	sourceComfort
	sourceRelay
)

const (
	reorder = 1000 // packets that a source may be behind its newest, or jump ahead, and still be the same run
	tsLeap  = 5000 // ms that a source's timestamps may jump without being taken for those of a new one
)

// outgoing is what the receiver sees as one sender: one SSRC from the first packet to the last, sequence numbers and
// timestamps that go on when the source behind it changes between relayed peers, played sounds and key presses
// (RFC 3550 section 5.1). A source's own gaps and reordering are kept: the receiver's jitter buffer knows what to do
// with them, and its loss report shall be true.
type outgoing struct {
	ssrc   uint32
	khz    int64  // the clock of the timestamps
	seq    uint16 // of the newest packet
	ts     uint32 // of the newest packet
	span   uint32 // timestamp units that the newest packet lasts
	at     int64  // the moment that its timestamp stands for; 0 before the first
	source uint64
	run    int // packets of this source so far, up to reorder

	inSeq uint16 // newest of the relayed source
	inTS  uint32
	dSeq  uint16 // what is added to the source's numbers
	dTS   uint32

	packets, bytes uint64 // sent; bytes of payload
}

func newOutgoing() outgoing {
	// Numbers begin in the lower half, so that none wraps before encryption has settled (RFC 3711 section 3.3.1).
	return outgoing{ssrc: rand.Uint32(), khz: 8, seq: uint16(rand.Uint32() >> 17), ts: rand.Uint32()}
}

// begin returns the first numbers of another source: the next sequence number, and a timestamp as much later as time
// has passed.
func (o *outgoing) begin(source uint64, now int64) (seq uint16, ts uint32) {
	o.source, o.run = source, 0
	if o.at == 0 {
		return o.seq, o.ts
	}
	passed := uint32((now - o.at) / ms * o.khz)
	return o.seq + 1, o.ts + max(passed, o.span)
}

// follow gives a relayed packet its numbers; not ok when it is late from before the source's run, where its number
// belongs to somebody else by now.
func (o *outgoing) follow(source uint64, p *packet, span uint32, now int64) (seq uint16, ts uint32, marker, ok bool) {
	marker = p.marker
	if source != o.source || o.leapt(p, now) {
		seq, ts = o.begin(source, now)
		o.dSeq, o.dTS = seq-p.seq, ts-p.ts
		o.inSeq, o.inTS = p.seq-1, p.ts
		marker = true
	}
	seq, ts = p.seq+o.dSeq, p.ts+o.dTS
	ahead := int(int16(p.seq - o.inSeq))
	if ahead <= 0 {
		return seq, ts, marker, -ahead < o.run
	}
	o.inSeq, o.inTS = p.seq, p.ts
	o.run = min(o.run+ahead, reorder)
	o.sent(seq, ts, span, now)
	return seq, ts, marker, true
}

// leapt tells whether a source's numbers jumped so far that it must have begun anew under its old SSRC.
func (o *outgoing) leapt(p *packet, now int64) bool {
	if ahead := int16(p.seq - o.inSeq); ahead > reorder || ahead < -reorder {
		return true
	}
	step := int64(int32(p.ts - o.inTS))
	return step < -tsLeap*o.khz || step > (tsLeap+(now-o.at)/ms)*o.khz
}

// skip leaves out a packet of the current source on purpose, without a gap that the receiver would take for loss.
func (o *outgoing) skip(source uint64, p *packet) {
	if source == o.source && int16(p.seq-o.inSeq) > 0 {
		o.dSeq--
		o.inSeq, o.run = p.seq, 0 // what is late from before this would get numbers that were used
	}
}

// next numbers a packet that we make ourselves.
func (o *outgoing) next(source uint64, samples uint32, now int64) (seq uint16, ts uint32, marker bool) {
	if source != o.source {
		seq, ts = o.begin(source, now)
		marker = true
	} else {
		seq, ts = o.seq+1, o.ts+o.span
	}
	o.sent(seq, ts, samples, now)
	return seq, ts, marker
}

func (o *outgoing) sent(seq uint16, ts, span uint32, now int64) {
	o.seq, o.ts, o.span, o.at = seq, ts, span, now
}
