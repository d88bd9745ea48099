package media

const (
	maxDropout  = 3000 // RFC 3550 appendix A.1
	maxMisorder = 100
)

// incoming counts what a peer sends: extended sequence numbers, loss and jitter as RFC 3550 appendices A.1, A.3 and A.8
// have them. When the peer changes its SSRC or begins anew the old run is closed and its loss kept.
type incoming struct {
	packets, bytes, foreign uint64 // bytes of payload

	ssrc     uint32
	started  bool
	max      uint16 // highest sequence number
	cycles   uint32 // times 65536 that it wrapped
	base     uint32 // first extended number of the run
	received uint64 // in the run
	bad      uint32 // the number that would prove a jump real, above 65535 when none is expected

	expectedBefore, receivedBefore uint64 // of closed runs
	expectedTold, receivedTold     uint64 // at the last report

	transit int64
	timed   bool
	khz     int64   // of the timestamps, 0 before the first sound
	jitter  float64 // in timestamp units
}

func (in *incoming) jitterMS() float64 { return in.jitter / float64(max(1, in.khz)) }

func (in *incoming) count(p *packet, what kind, now int64) {
	in.packets++
	in.bytes += uint64(len(p.payload))
	if !in.started || p.ssrc != in.ssrc {
		in.restart(p)
	}
	if !in.advance(p) {
		return
	}
	in.received++
	// Key presses repeat one timestamp and comfort noise pauses: neither says anything of the network's timing.
	if !what.speaks() {
		return
	}
	khz := what.clock()
	if khz != in.khz {
		in.khz, in.timed, in.jitter = khz, false, in.jitterMS()*float64(khz)
	}
	transit := now*khz/ms - int64(p.ts)
	if in.timed {
		// Timestamps wrap at 32 bits, so does the difference.
		d := int64(int32(transit - in.transit))
		if d < 0 {
			d = -d
		}
		if d < tsLeap*khz {
			in.jitter += (float64(d) - in.jitter) / 16
		}
	}
	in.transit, in.timed = transit, true
}

// advance moves the highest number on; false for a packet whose number makes no sense yet.
func (in *incoming) advance(p *packet) bool {
	ahead := p.seq - in.max
	switch {
	case ahead < maxDropout:
		if p.seq < in.max {
			in.cycles += 1 << 16
		}
		in.max = p.seq
	case ahead <= 65535-maxMisorder:
		if uint32(p.seq) != in.bad {
			in.bad = uint32(p.seq + 1)
			return false
		}
		in.restart(p)
	}
	return true
}

func (in *incoming) restart(p *packet) {
	in.expectedBefore += in.expectedNow()
	in.receivedBefore += in.received
	in.ssrc, in.started = p.ssrc, true
	in.max, in.cycles, in.base = p.seq, 0, uint32(p.seq)
	in.received, in.bad, in.timed = 0, 1<<16, false
}

// highest is the extended highest sequence number received.
func (in *incoming) highest() uint32 { return in.cycles + uint32(in.max) }

func (in *incoming) expectedNow() uint64 {
	if !in.started {
		return 0
	}
	return uint64(in.highest()-in.base) + 1
}

func (in *incoming) expected() uint64 { return in.expectedBefore + in.expectedNow() }

// lost counts packets that never came. Duplicates can make a run's loss negative; then it is nothing.
func (in *incoming) lost() uint64 {
	expected, received := in.expected(), in.receivedBefore+in.received
	return expected - min(received, expected)
}

// fraction is the share lost since the last report in 256ths (RFC 3550 appendix A.3).
func (in *incoming) fraction() uint8 {
	expected, received := in.expected(), in.receivedBefore+in.received
	due, came := expected-in.expectedTold, received-in.receivedTold
	in.expectedTold, in.receivedTold = expected, received
	if due == 0 || came >= due {
		return 0
	}
	return uint8(min(255, (due-came)<<8/due))
}
