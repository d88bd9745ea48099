package media

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

const (
	reportEvery    = 5_000 * ms // RFC 3550 section 6.2: the minimum interval, which a call's two members always reach
	reportSender   = 200
	reportReceiver = 201
	reportSource   = 202
	blockSize      = 24
	longestRTT     = 10 << 16 // in 1/65536 s; more is a lie or a clock that jumped
)

// reports is what a flow knows from RTCP and when it tells its own.
type reports struct {
	to      endpoint // where the peer said it wants them
	learned endpoint // where its own come from, when that is another port or a NAT's
	next    int64
	told    uint64 // packets sent at the last report

	lsr   uint32 // middle of the NTP time in the peer's last sender report
	lsrAt int64
	rtt   int64 // ns, 0 while unknown
	cname [16]byte
}

// due tells whether a report should go now, and picks the moment of the next at random around the interval, so that
// the streams of a box do not report in step.
func (r *reports) due(now int64) bool {
	if r.next == 0 {
		r.next = now + reportEvery/4 + rand.Int64N(reportEvery/2)
		for i := range r.cname {
			r.cname[i] = "0123456789abcdef"[rand.IntN(16)] // RFC 7022: short-lived and unguessable
		}
		return false
	}
	if now < r.next {
		return false
	}
	r.next = now + reportEvery*3/4 + rand.Int64N(reportEvery/2)
	return true
}

// control takes an RTCP datagram. It counts as a sign of life only when it comes from the peer's host: on a shared port
// from the very address that sends the sound.
func (f *flow) control(w *worker, b []byte, shared bool) {
	if !f.knows(&w.from, shared) {
		f.in.foreign++
		return
	}
	if f.arrived++; f.arrived > flood {
		w.engine.flooded.Add(1)
		return
	}
	if len(b) < 8 || b[0]>>6 != 2 || !isRTCP(b) {
		w.engine.malformed.Add(1)
		return
	}
	if f.shield != nil {
		if b = f.shield.openRTCP(w, b); b == nil {
			return
		}
	}
	f.alive(w.now)
	if !shared {
		f.reports.learned = w.from
	}
	f.readReports(b, w.now)
}

func (f *flow) knows(from *endpoint, shared bool) bool {
	if !f.route.ready {
		return false
	}
	if shared {
		return *from == *f.latch.peer()
	}
	return *from == f.reports.to || from.sameHost(f.latch.peer())
}

// readReports walks a compound packet (RFC 3550 section 6.1) as far as its lengths are true. BYE is not obeyed: calls
// end by signalling, and anybody on the peer's host could send one.
func (f *flow) readReports(b []byte, now int64) {
	for len(b) >= 8 && b[0]>>6 == 2 {
		size := 4 * (1 + int(binary.BigEndian.Uint16(b[2:])))
		if size > len(b) || size < 8 {
			return
		}
		one, blocks := b[:size], []byte(nil)
		switch {
		case one[1] == reportSender && size >= 28:
			f.reports.lsr, f.reports.lsrAt = binary.BigEndian.Uint32(one[10:]), now
			blocks = one[28:]
		case one[1] == reportReceiver:
			blocks = one[8:]
		}
		for n := int(one[0] & 0x1f); n > 0 && len(blocks) >= blockSize; n-- {
			f.readBlock(blocks[:blockSize])
			blocks = blocks[blockSize:]
		}
		b = b[size:]
	}
}

// readBlock learns the round trip from a report on what we sent (RFC 3550 section 6.4.1).
func (f *flow) readBlock(block []byte) {
	lsr := binary.BigEndian.Uint32(block[16:])
	if binary.BigEndian.Uint32(block) != f.out.ssrc || lsr == 0 {
		return
	}
	trip := ntpMiddle(time.Now()) - lsr - binary.BigEndian.Uint32(block[20:])
	switch {
	case trip < longestRTT:
		f.reports.rtt = max(1, int64(trip)*int64(time.Second)>>16)
	case trip > 1<<32-1-1<<12: // the peer rounds its delay up by less than 1/16 s
		f.reports.rtt = 1
	}
}

// ntpTime is the wall clock in the format of RFC 3550 section 4: seconds since 1900 and a binary fraction.
func ntpTime(t time.Time) uint64 {
	const since1900 = 2_208_988_800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

func ntpMiddle(t time.Time) uint32 { return uint32(ntpTime(t) >> 16) }

// sendReport sends what RFC 3550 section 6.1 asks for: a sender's or receiver's report, then the CNAME.
func (f *flow) sendReport(w *worker) {
	fd, to := f.rtcp, f.reportTo()
	if f.route.mux {
		fd, to = f.rtp, *f.latch.peer()
	}
	if !to.valid() {
		return
	}
	b := f.report(w.out[:0], time.Now(), w.now)
	if f.shield != nil {
		b = f.shield.sealRTCP(w, b)
	}
	if b != nil {
		transmit(fd, b, &to)
	}
}

// reportTo is where reports go: where the peer's come from, else where it asked for them, else the port next to the
// sound of a peer that turned out to be elsewhere.
func (f *flow) reportTo() endpoint {
	switch {
	case f.reports.learned.valid():
		return f.reports.learned
	case !f.latch.learned.valid() || f.latch.learned.sameHost(&f.latch.signalled):
		return f.reports.to
	}
	next := f.latch.learned
	binary.BigEndian.PutUint16(next[2:], binary.BigEndian.Uint16(next[2:])+1)
	return next
}

func (f *flow) report(b []byte, wall time.Time, now int64) []byte {
	be := binary.BigEndian
	kind, blocks := byte(reportReceiver), byte(0)
	if f.out.packets > f.reports.told {
		kind = reportSender
	}
	f.reports.told = f.out.packets
	if f.in.started {
		blocks = 1
	}
	b = append(b, 2<<6|blocks, kind, 0, 0)
	b = be.AppendUint32(b, f.out.ssrc)
	if kind == reportSender {
		b = be.AppendUint64(b, ntpTime(wall))
		b = be.AppendUint32(b, f.out.ts+uint32((now-f.out.at)/ms*f.out.khz))
		b = be.AppendUint32(b, uint32(f.out.packets))
		b = be.AppendUint32(b, uint32(f.out.bytes))
	}
	if blocks > 0 {
		b = f.appendBlock(b, now)
	}
	be.PutUint16(b[2:], uint16(len(b)/4-1))
	b = append(b, 2<<6|1, reportSource, 0, 6)
	b = be.AppendUint32(b, f.out.ssrc)
	b = append(b, 1, byte(len(f.reports.cname)))
	b = append(b, f.reports.cname[:]...)
	return append(b, 0, 0)
}

func (f *flow) appendBlock(b []byte, now int64) []byte {
	be := binary.BigEndian
	b = be.AppendUint32(b, f.in.ssrc)
	b = be.AppendUint32(b, uint32(f.in.fraction())<<24|uint32(min(f.in.lost(), 0x7fffff)))
	b = be.AppendUint32(b, f.in.highest())
	b = be.AppendUint32(b, uint32(f.in.jitter))
	since := uint32(0)
	if f.reports.lsr != 0 {
		since = uint32((now - f.reports.lsrAt) << 16 / int64(time.Second))
	}
	b = be.AppendUint32(b, f.reports.lsr)
	return be.AppendUint32(b, since)
}
