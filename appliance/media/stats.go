package media

import "net/netip"

// Stats is what a stream has seen so far.
type Stats struct {
	Codec                string // "opus", "g722", "pcma", "pcmu", empty before the first negotiation
	PacketsIn, BytesIn   uint64 // RTP that was heard; bytes of payload
	PacketsOut, BytesOut uint64
	Lost                 uint64 // packets of the peer that never came
	Foreign              uint64 // datagrams of strangers, dropped (see the rules in latch.go)
	Refused              uint64 // encrypted packets and checks that were not authentic, or replayed; dropped
	Missed               uint64 // frames that the reader of Capture did not take
	JitterMS             float64
	RTTMS                float64 // from RTCP, 0 while unknown
	MOS                  float64 // 1.0–4.4, an estimate of what is heard here; 0 while nothing was
	Peer                 netip.AddrPort
	Suite                string // that encrypts the sound, as "AEAD_AES_128_GCM"; empty while it is plain or has no keys yet

	// Of sound that is decoded for the other side, because that speaks another codec; 0 where packets pass as they are.
	ConcealedMS uint64  // that were made up in place of what was lost or late
	Late        uint64  // packets that came when their turn was over
	BufferMS    float64 // that the sound is held back now to make it even, 20–200
}

func (f *flow) stats() Stats {
	s := Stats{
		Codec:     f.route.codec.Name,
		PacketsIn: f.in.packets, BytesIn: f.in.bytes,
		PacketsOut: f.out.packets, BytesOut: f.out.bytes,
		Lost: f.in.lost(), Late: f.late, Foreign: f.in.foreign, Missed: f.missed,
		JitterMS: f.in.jitterMS(),
		RTTMS:    float64(f.reports.rtt) / float64(ms),
		Peer:     f.latch.peer().addrPort(),
	}
	if f.shield != nil {
		s.Refused = f.shield.refused
		if f.shield.suite != nil {
			s.Suite = f.shield.suite.name
		}
	}
	concealed := f.concealed
	if b := f.playout; b != nil {
		concealed += b.concealed
		s.Late += b.late
		s.BufferMS = float64(b.delay) / float64(ms)
	}
	s.ConcealedMS = uint64(concealed / ms)
	if expected := f.in.expected(); expected > 0 {
		s.MOS = mos(float64(s.Lost)/float64(expected), s.RTTMS, s.JitterMS)
	}
	return s
}

// mos estimates the mean opinion score of G.711 by a simplified E-model (ITU-T G.107): everything that a switch cannot
// measure keeps its default, so R = 93.2 − Id − Ie,eff, where
//
//	Id     = 0.024·d + 0.11·(d − 177.3) beyond 177.3 ms, for the one-way delay d: half the round trip, a frame, and a
//	         jitter buffer of twice the jitter
//	Ie,eff = 95·loss / (loss + Bpl), loss in percent, random, with G.711's Ie = 0 and Bpl = 25.1 (concealment,
//	         ITU-T G.113 appendix I)
//	MOS    = 1 + 0.035·R + 7·10⁻⁶·R·(R − 60)·(100 − R)
func mos(loss, rtt, jitter float64) float64 {
	delay := rtt/2 + frame + 2*jitter
	r := 93.2 - 0.024*delay
	if delay > 177.3 {
		r -= 0.11 * (delay - 177.3)
	}
	percent := 100 * loss
	r -= 95 * percent / (percent + 25.1)
	if r <= 0 {
		return 1
	}
	return max(1, 1+0.035*r+7e-6*r*(r-60)*(100-r))
}
