package media

import (
	"encoding/binary"
	"log/slog"
	"math"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func rowM06PacketsThatLieAreDropped(t *testing.T) {
	plain := func(change func(b []byte) []byte) []byte {
		b := make([]byte, headerSize+160)
		putHeader(b, 8, true, 1, 2, 3)
		return change(b)
	}
	for name, b := range map[string][]byte{
		"nothing":                        {},
		"four bytes":                     {0x80, 8, 0, 1},
		"a header without sound":         plain(func(b []byte) []byte { return b[:headerSize] }),
		"version 1":                      plain(func(b []byte) []byte { b[0] = 0x40; return b }),
		"sources beyond the end":         plain(func(b []byte) []byte { b[0] |= 15; return b[:40] }),
		"an extension beyond the end":    plain(func(b []byte) []byte { b[0] |= 0x10; b[14], b[15] = 0xff, 0xff; return b }),
		"an extension cut in its header": plain(func(b []byte) []byte { b[0] |= 0x10; return b[:headerSize+2] }),
		"no padding where some is":       plain(func(b []byte) []byte { b[0] |= 0x20; b[len(b)-1] = 0; return b }),
		"more padding than packet":       plain(func(b []byte) []byte { b[0] |= 0x20; b[len(b)-1] = 200; return b }),
		"padding only":                   plain(func(b []byte) []byte { b[0] |= 0x20; b[len(b)-1] = 160; return b }),
	} {
		if p, ok := parseRTP(b); ok {
			t.Errorf("%s: taken as %+v", name, p)
		}
	}
}

func TestSourcesExtensionsAndPaddingAreSteppedOver(t *testing.T) {
	b := make([]byte, headerSize+8+8+5+3)
	putHeader(b, 8, true, 1, 2, 3)
	b[0] |= 0x30 | 2
	b[headerSize+8+3] = 1 // one word of extension
	copy(b[headerSize+16:], "sound")
	b[len(b)-1] = 3
	p, ok := parseRTP(b)
	if !ok || string(p.payload) != "sound" || !p.marker || p.pt != 8 || p.seq != 1 || p.ts != 2 || p.ssrc != 3 {
		t.Errorf("%v %+v", ok, p)
	}
}

// bench is a worker that does not run, with two joined flows without sockets: what arrives is put into its hands.
func bench() (*worker, *flow) {
	e := &Engine{options: Options{Silence: time.Minute, Log: slog.New(slog.DiscardHandler)}, origin: time.Now()}
	w := &worker{engine: e, now: ms}
	r := route{ready: true, codec: PCMA, kind: kindPCMA, keys: 101, keysKind: kindKeys, step: 20, samples: 160, sends: true, hears: true, peerSends: true, mux: true}
	r.kinds[8], r.kinds[0], r.kinds[101], r.kinds[13] = kindPCMA, kindPCMU, kindKeys, kindComfort
	r.rtp[0], r.rtp[3] = unix.AF_INET, 9
	s := &Stream{engine: e}
	a, b := newFlow(s, nil, -1, -1, unix.AF_INET), newFlow(s, nil, -1, -1, unix.AF_INET)
	a.out, b.out = outgoing{ssrc: 1}, outgoing{ssrc: 2} // nothing at random, so that a fuzzer's finds repeat
	a.negotiate(w, r)
	b.negotiate(w, r)
	a.join(w, b)
	a.capture = make(chan []int16, 1)
	w.from = r.rtp
	return w, a
}

func FuzzRTP(f *testing.F) {
	seed := make([]byte, headerSize+160)
	putHeader(seed, 8, true, 1, 2, 3)
	f.Add(seed)
	f.Add(keyPacket(101, 1, 2, 3, 5, 160, true))
	f.Add([]byte{0x80, 200, 0, 6, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, flow := bench()
		for range 3 {
			n := copy(w.buf[:], b)
			flow.datagram(w, max(n, len(b)))
			copy(w.buf[:], b)
			flow.control(w, w.buf[:n], false)
		}
		flow.stats()
		flow.report(w.out[:0], time.Now(), w.now)
	})
}

func TestLossAndJitterAreCountedAsTheReceiverSeesThem(t *testing.T) {
	var in incoming
	arrive := func(seq uint16, ts uint32, at int64) {
		in.count(&packet{seq: seq, ts: ts, ssrc: 1, payload: make([]byte, 160)}, kindPCMA, at*ms)
	}
	ts, at := uint32(math.MaxUint32-800), int64(1000)
	for i := range uint16(100) { // across both wraps
		if i%10 != 5 {
			arrive(65500+i, ts, at)
		}
		ts, at = ts+160, at+20
	}
	if in.lost() != 10 || in.expected() != 100 || in.jitter != 0 {
		t.Errorf("lost %d of %d, jitter %v", in.lost(), in.expected(), in.jitter)
	}
	if got := in.fraction(); got != 25 { // a tenth of 256
		t.Errorf("fraction %d", got)
	}
	if got := in.fraction(); got != 0 {
		t.Errorf("fraction since then %d", got)
	}
	if in.highest() != 65536+63 {
		t.Errorf("highest %d", in.highest())
	}
	arrive(20000, ts, at) // one wild number changes nothing
	arrive(64, ts, at)
	if in.lost() != 10 {
		t.Errorf("lost %d after one wild packet", in.lost())
	}
	arrive(20001, ts, at) // its successor is a new run
	arrive(20002, ts, at)
	if in.lost() != 10 || in.base != 20001 {
		t.Errorf("lost %d, base %d after the peer began anew", in.lost(), in.base)
	}
	in = incoming{}
	for i := range uint32(400) {
		arrive(uint16(i), i*160, 1000+int64(i)*20+int64(i%2)*10)
	}
	if j := in.jitterMS(); j < 9 || j > 10.1 {
		t.Errorf("jitter %v ms of packets that are 10 ms off in turn", j)
	}
}

func TestTheOpinionScoreFallsWithLossAndDelay(t *testing.T) {
	for _, c := range []struct{ loss, rtt, jitter, low, high float64 }{
		{0, 0, 0, 4.35, 4.42}, {0.01, 50, 5, 4.2, 4.4}, {0.05, 100, 10, 3.5, 3.9}, {0, 600, 20, 3.0, 3.9}, {1, 0, 0, 1, 1.8}, {1, 5000, 500, 1, 1},
	} {
		if got := mos(c.loss, c.rtt, c.jitter); got < c.low || got > c.high {
			t.Errorf("loss %v, round trip %v, jitter %v: %.2f", c.loss, c.rtt, c.jitter, got)
		}
	}
}

func TestReportsTellTheRoundTrip(t *testing.T) {
	w, a := bench()
	b := a.peer
	a.out.packets, a.out.at = 5, ms
	b.in.count(&packet{seq: 1, ssrc: a.out.ssrc, payload: make([]byte, 160)}, kindPCMA, ms)
	wall := time.Now().Add(-300 * time.Millisecond)
	sr := a.report(nil, wall, ms)
	if sr[1] != reportSender || len(sr)%4 != 0 || binary.BigEndian.Uint32(sr[16:]) != a.out.ts {
		t.Fatalf("report %x", sr)
	}
	b.readReports(sr, 10*ms)
	rr := b.report(nil, time.Now(), 210*ms) // it kept the report for 200 ms
	if rr[1] != reportReceiver || rr[0]&0x1f != 1 {
		t.Fatalf("report %x", rr)
	}
	a.readReports(rr, w.now)
	if got := a.stats().RTTMS; got < 90 || got > 5000 {
		t.Errorf("round trip %v ms of 100", got)
	}
	for n := range len(rr) {
		a.readReports(rr[:n], w.now) // cut anywhere
	}
}

func TestBothSidesReportToEachOther(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	connect(t, a, b, PCMA)
	a.Play(NewSound(make([]int16, 8000)), true)
	hurry := func(w *worker, f *flow) {
		f.reports.next = 1
		onChores(w, f)
	}
	until(t, "the round trip is known", func() bool {
		a.command(hurry)
		a.Stats()
		b.command(hurry)
		b.Stats()
		return a.Stats().RTTMS != 0
	})
	if got := a.Stats().RTTMS; got > 1000 {
		t.Errorf("round trip %v ms on one machine", got)
	}
	if got := b.Stats().Foreign; got != 0 {
		t.Errorf("%d reports were taken for a stranger's", got)
	}
}

func rowM05SoundAndControlShareAPortWhenThePeerAsksForIt(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv\r\na=rtcp-mux")
	report := make([]byte, 8)
	report[0], report[1], report[3] = 2<<6, reportReceiver, 1
	p.raw(report)
	p.say(1)
	until(t, "the sound arrives", func() bool { return leg.Stats().PacketsIn == 1 })
	if s, c := leg.Stats(), e.Counters(); s.Foreign != 0 || c.Malformed != 0 {
		t.Errorf("the report was mistaken: %+v, %+v", s, c)
	}
	leg.command(func(w *worker, f *flow) { f.sendReport(w) })
	b := make([]byte, 2048)
	p.rtp.SetReadDeadline(time.Now().Add(patience))
	if n, err := p.rtp.Read(b); err != nil || !isRTCP(b[:n]) {
		t.Errorf("our report did not come on the shared port: %v %x", err, b[:n])
	}
}

func TestADroppedPacketLeavesNoGapAndALateOneNoClash(t *testing.T) {
	o := newOutgoing()
	in := func(seq uint16) *packet { return &packet{seq: seq, ts: uint32(seq) * 160, payload: make([]byte, 160)} }
	first, _, _, _ := o.follow(sourceRelay, in(10), 160, ms)
	o.skip(sourceRelay, in(11))
	if seq, _, _, ok := o.follow(sourceRelay, in(12), 160, 40*ms); !ok || seq != first+1 {
		t.Errorf("after a packet left out: %d after %d", seq, first)
	}
	if _, _, _, ok := o.follow(sourceRelay, in(10), 160, 41*ms); ok {
		t.Error("a packet from before the gap took a number that was used")
	}
	if seq, _, _, ok := o.follow(sourceRelay, in(14), 160, 60*ms); !ok || seq != first+3 {
		t.Error("a lost packet was hidden")
	}
	if seq, _, _, ok := o.follow(sourceRelay, in(13), 160, 61*ms); !ok || seq != first+2 {
		t.Error("a packet out of order lost its place")
	}
	if seq, ts, marker, ok := o.follow(sourceRelay, in(40000), 160, 80*ms); !ok || seq != first+4 || !marker || int32(ts-o.ts) != 0 {
		t.Error("a phone that began anew under its old name was not taken on")
	}
}

// Only after a second's stall, when all is late anyway, does the order suffer.
func TestDeadlinesFireInOrderOnceAndNeverEarly(t *testing.T) {
	var w wheel
	timers := make([]timer, 300)
	for now := int64(0); now < 10_000; {
		if w.wait(now) >= 0 && w.count == 0 || w.wait(now) < 0 && w.count != 0 {
			t.Fatal("the worker would sleep wrongly")
		}
		for i := range timers {
			if !timers[i].set {
				w.set(&timers[i], now+int64(i*7)%1000+1)
			}
		}
		w.clear(&timers[int(now)%300])
		step := []int64{1, 3, 20, 900, 2500}[now%5]
		now += step
		last := int64(-1)
		for tm := w.pop(now); tm != nil; tm = w.pop(now) {
			if tm.at > now || (tm.at < last && step < wheelSlots) {
				t.Fatalf("timer of %d fired at %d after one of %d", tm.at, now, last)
			}
			last = tm.at
		}
		for i := range timers {
			if timers[i].set && timers[i].at <= now {
				t.Fatalf("timer of %d forgotten at %d", timers[i].at, now)
			}
		}
	}
}
