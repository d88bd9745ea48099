package media

import (
	"errors"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPeopleHearEachOtherWhateverTheirPhonesSpeak(t *testing.T) {
	phones, e := box(t, Options{}), box(t, Options{Workers: 2, PortLow: 10000, PortHigh: 15999})
	type call struct {
		one, other                   Codec
		a, b                         *Stream
		heardByCaller, heardByCalled <-chan []int16
	}
	var calls []call
	for _, one := range spoken {
		for _, other := range spoken {
			caller, a, _, _ := phoneAndLeg(t, phones, e, one, "rfc4733")
			called, b, _, _ := phoneAndLeg(t, phones, e, other, "rfc4733")
			Join(a, b)
			caller.Play(ToneSound(time.Second, 440), true)
			called.Play(ToneSound(time.Second, 1000), true)
			calls = append(calls, call{one, other, a, b, caller.Capture(), called.Capture()})
		}
	}
	for _, c := range calls {
		t.Run(c.one.Name+" and "+c.other.Name, func(t *testing.T) {
			hearsTone(t, c.heardByCaller, 1000)
			hearsTone(t, c.heardByCalled, 440)
			direct := alike(kindOf(c.one), kindOf(c.other))
			for _, leg := range []*Stream{c.a, c.b} {
				if s := leg.Stats(); s.PacketsIn == 0 || s.PacketsOut == 0 || (direct && s.BufferMS > 0) {
					t.Errorf("stats of a good call: %+v", s)
				}
			}
		})
	}
}

// keyless is a description without any word of key events.
func keyless(description []byte) []byte {
	text := regexp.MustCompile("a=rtpmap:(101|110) telephone-event.*\r\na=fmtp.*\r\n").ReplaceAll(description, nil)
	return regexp.MustCompile("(m=audio.*) 101( 110)?\r").ReplaceAll(text, []byte("$1\r"))
}

// phoneAndLeg are connected, with events for keys or without.
func phoneAndLeg(t *testing.T, phones, e *Engine, codec Codec, by string) (phone, leg *Stream, atPhone, atLeg chan Event) {
	t.Helper()
	phone, atPhone = open(t, phones)
	leg, atLeg = open(t, e)
	offer := phone.Offer(localhost, []Codec{codec}, SendRecv)
	if by == "inband" {
		offer = keyless(offer)
	}
	answer, err := leg.Answer(offer, localhost, spoken, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.Accept(answer); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Stream{phone, leg} {
		if s.KeysBy() != by {
			t.Fatalf("keys by %q, want %q", s.KeysBy(), by)
		}
	}
	return phone, leg, atPhone, atLeg
}

func TestKeysReachEachSideInTheWayItAgreedOn(t *testing.T) {
	type call struct {
		codec                  Codec
		by                     string
		other                  Codec
		way                    string
		atOne, atA, atTwo, atB chan Event
	}
	calls := []*call{
		{codec: PCMA, by: "inband", other: PCMA, way: "rfc4733"}, {codec: PCMU, by: "inband", other: PCMA, way: "inband"}, {codec: PCMA, by: "rfc4733", other: G722, way: "rfc4733"}, {codec: G722, by: "inband", other: PCMU, way: "rfc4733"},
		{codec: PCMA, by: "inband", other: G722, way: "inband"}, {codec: Opus, by: "inband", other: PCMA, way: "rfc4733"}, {codec: Opus, by: "rfc4733", other: PCMU, way: "inband"}, {codec: Opus, by: "rfc4733", other: Opus, way: "rfc4733"},
		{codec: Opus, by: "rfc4733", other: G722, way: "rfc4733"},
	}
	phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
	for _, c := range calls {
		var one, a, two, b *Stream
		one, a, c.atOne, c.atA = phoneAndLeg(t, phones, e, c.codec, c.by)
		two, b, c.atTwo, c.atB = phoneAndLeg(t, phones, e, c.other, c.way)
		Join(a, b)
		one.Play(Music(), true)
		two.Play(Music(), true)
		one.Send("17*")
		two.Send("D05")
	}
	for _, c := range calls {
		t.Run(c.codec.Name+" "+c.by+", "+c.other.Name+" "+c.way, func(t *testing.T) {
			for keys, hears := range map[string][]chan Event{"17*": {c.atA, c.atTwo}, "D05": {c.atB, c.atOne}} {
				for _, key := range []byte(keys) {
					for _, events := range hears {
						if got := wantEvent(t, events, EventDigit); got.Digit != key {
							t.Errorf("heard %c, not %c", got.Digit, key)
						}
					}
				}
			}
			for _, events := range []chan Event{c.atA, c.atB, c.atOne, c.atTwo} {
				for len(events) > 0 {
					if got := <-events; got.Kind == EventDigit {
						t.Errorf("heard %c once more", got.Digit)
					}
				}
			}
		})
	}
}

func TestWhoHasEventsForKeysHearsNextToNothingOfTheirTones(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		most  int // frames of 20 ms
	}{{PCMA, 3}, {G722, 2}} { // without a jitter buffer, the tone passes until it is known for one
		t.Run(c.codec.Name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			one, a, _, _ := phoneAndLeg(t, phones, e, PCMA, "inband")
			two, b, atTwo, _ := phoneAndLeg(t, phones, e, c.codec, "rfc4733")
			Join(a, b)
			heard := two.Capture()
			one.Play(ToneSound(time.Second, 500), true)
			hearFrames(t, heard, 20)
			least := 100
			for try := 0; try < 3 && least > c.most; try++ { // a machine that stops for a moment makes up more of it
				one.Send("9")
				wantEvent(t, atTwo, EventDigit)
				tones := 0
				for frame := range slices.Chunk(hearFrames(t, heard, 30), 160) {
					if Goertzel(frame, 852) > 0.15 && Goertzel(frame, 1477) > 0.15 {
						tones++
					}
				}
				least = min(least, tones)
			}
			if least > c.most {
				t.Errorf("%d ms of the tone came through", 20*least)
			}
		})
	}
}

func TestNoiseInAPauseIsHeardByTheOtherSide(t *testing.T) {
	phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
	speakers, heard := make([]*phone, len(spoken)), make([]<-chan []int16, len(spoken))
	for i, codec := range spoken {
		a, _ := open(t, e)
		one := newPhone(t)
		one.call(a, "sendrecv")
		two, b, _, _ := phoneAndLeg(t, phones, e, codec, "rfc4733")
		Join(a, b)
		speakers[i], heard[i] = one, two.Capture()
		for range 5 {
			one.say(0xd5)
		}
		quiet := make([]byte, headerSize+1)
		putHeader(quiet, 13, false, one.seq+1, one.ts+160, one.ssrc)
		quiet[headerSize] = 50 // −50 dBov
		one.raw(quiet)
	}
	for i, codec := range spoken {
		pcm := hearFrames(t, heard[i], 60)
		if level := 20 * math.Log10(RMS(pcm[len(pcm)-4000:])/32768); level < -53 || level > -47 {
			t.Errorf("%s: the noise has a level of %.1f dB", codec.Name, level)
		}
		one, tone := speakers[i], ToneSound(time.Second, 500).Encoded(PCMA)
		for k := range uint16(25) {
			b := make([]byte, headerSize, headerSize+160)
			putHeader(b, 8, k == 0, one.seq+2+k, one.ts+160*(70+uint32(k)), one.ssrc)
			one.raw(append(b, tone[160*int(k):160*int(k+1)]...))
		}
	}
	for i, codec := range spoken {
		until(t, codec.Name+": the noise ends when the pause does", func() bool { return RMS(hearFrames(t, heard[i], 1)) > 300 })
	}
}

func TestASoundIsPlayedToEveryCodecAndGoesOnInAnother(t *testing.T) {
	phones, e := box(t, Options{}), box(t, Options{PortLow: 10000, PortHigh: 15999})
	type call struct {
		phone, leg *Stream
		atLeg      chan Event
		heard      <-chan []int16
		play       uint64
	}
	loop, calls := ToneSound(310*time.Millisecond, 600), make([]call, len(spoken))
	loop.Prepare(spoken)
	for i, codec := range spoken {
		c := &calls[i]
		c.phone, c.leg, _, c.atLeg = phoneAndLeg(t, phones, e, codec, "rfc4733")
		c.heard = c.phone.Capture()
		c.leg.Play(loop, true)
	}
	for i := range calls {
		c := &calls[i]
		hearsTone(t, c.heard, 600)
		c.play = c.leg.Play(ToneSound(910*time.Millisecond, 900), false)
	}
	for _, c := range calls {
		hearFrames(t, c.heard, 10)
		answer, err := c.leg.Answer(c.phone.Offer(localhost, []Codec{PCMU}, SendRecv), localhost, spoken, SendRecv) // in the middle of it
		if err != nil {
			t.Fatal(err)
		}
		if err := c.phone.Accept(answer); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range calls {
		if got := wantEvent(t, c.atLeg, EventPlayed); got.Play != c.play {
			t.Errorf("%s: play %d is over, not %d", spoken[i].Name, got.Play, c.play)
		}
		var late []int16
		for len(c.heard) > 0 {
			late = append(late, <-c.heard...)
		}
		if share := Goertzel(late[len(late)-2400:len(late)-400], 900); share < 0.8 {
			t.Errorf("%s: the sound is %.2f of what is heard after the codec changed", spoken[i].Name, share)
		}
	}
}

// legs are two joined flows without sockets, of these codecs: what arrives is put into their hands.
func legs(one, other Codec) (w *worker, a, b *flow) {
	e := &Engine{options: Options{Silence: time.Minute, Log: slog.New(slog.DiscardHandler)}, origin: time.Now()}
	w = &worker{engine: e, now: ms}
	leg := func(c Codec) *flow {
		k := kindOf(c)
		r := route{ready: true, codec: c, kind: k, keys: 101, keysKind: kindKeys, step: frame, samples: uint32(frame * k.clock()), sends: true, hears: true, peerSends: true}
		r.kinds[c.PT], r.kinds[101], r.kinds[13] = k, kindKeys, kindComfort
		r.rtp[0], r.rtp[3] = unix.AF_INET, 9
		f := newFlow(&Stream{engine: e}, nil, -1, -1, unix.AF_INET)
		f.out = outgoing{ssrc: 1}
		f.negotiate(w, r)
		return f
	}
	a, b = leg(one), leg(other)
	a.join(w, b)
	w.from = a.route.rtp
	return w, a, b
}

func TestConvertingAllocatesNothing(t *testing.T) {
	for _, c := range [][2]Codec{{PCMA, G722}, {G722, PCMU}, {PCMU, PCMA}, {PCMA, Opus}, {Opus, G722}} {
		w, a, b := legs(c[0], c[1])
		e := encoder{kind: kindOf(c[0])}
		tone, out := sine(0.02, e.kind.rate(), 400, 9000), make([]byte, opusLargest)
		n, err := e.encode(out, tone, e.kind.rate())
		if err != nil {
			t.Fatal(err)
		}
		var seq uint16
		turn := func() {
			seq++
			putHeader(w.buf[:], c[0].PT, false, seq, uint32(seq)*a.route.samples, 9)
			copy(w.buf[headerSize:], out[:n])
			a.arrived = 0
			a.datagram(w, headerSize+n)
			w.now += frame * ms
			w.expire()
		}
		for range 200 { // until every slot was used
			turn()
		}
		if got := testing.AllocsPerRun(500, turn); got != 0 {
			t.Errorf("%s to %s: %v allocations a packet", c[0].Name, c[1].Name, got)
		}
		if direct := alike(kindOf(c[0]), kindOf(c[1])); !direct && (!b.converting() || a.playout.concealed > 0 || a.stats().BufferMS < 20) {
			t.Errorf("%s to %s: not converted, or %d ms made up", c[0].Name, c[1].Name, a.playout.concealed/ms)
		}
	}
}

func TestOpusIsLeftOutWhileAsManyEncodersWorkAsMay(t *testing.T) {
	phones, e := box(t, Options{}), box(t, Options{Workers: 1, Encoders: 1, PortLow: 10000, PortHigh: 15999})
	_, a, _, _ := phoneAndLeg(t, phones, e, Opus, "rfc4733")
	two, b, _, _ := phoneAndLeg(t, phones, e, PCMA, "rfc4733")
	Join(a, b)
	two.Play(ToneSound(time.Second, 500), true)
	until(t, "an encoder works", func() bool { return e.Counters().Encoders == 1 })
	third, atThird := open(t, phones)
	leg, _ := open(t, e)
	answer, err := leg.Answer(third.Offer(localhost, []Codec{Opus, PCMU}, SendRecv), localhost, []Codec{Opus, PCMU}, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Accept(answer); err != nil || leg.Codec().Name != "pcmu" {
		t.Errorf("codec %v, %v", leg.Codec(), err)
	}
	_ = atThird
	if _, only, _, _ := phoneAndLeg(t, phones, e, Opus, "rfc4733"); only.Codec().Name != "opus" {
		t.Errorf("a phone that has nothing else got %v", only.Codec())
	}
	a.Part()
	until(t, "the encoder rests", func() bool { return e.Counters().Encoders == 0 })
}

func FuzzConversion(f *testing.F) {
	f.Add([]byte{8, 0, 1, 20, 9, 1, 1, 20, 101, 1, 1, 20, 13, 50, 1, 20, 111, 72, 1, 20}, uint8(3))
	f.Fuzz(func(t *testing.T, script []byte, pair uint8) {
		w, a, b := legs(spoken[pair%4], spoken[pair/4%4])
		if pair > 127 {
			b.route.keys = 0
		}
		var seq uint16
		var ts uint32
		for ; len(script) >= 4; script = script[4:] {
			seq += uint16(int8(script[2]))
			ts += uint32(script[3]) << 4
			n := headerSize + copy(w.buf[headerSize:], script[1:])
			putHeader(w.buf[:], script[0]&0x7f, script[0] > 127, seq, ts, uint32(script[0]>>7))
			a.datagram(w, n)
			w.now += int64(script[3]) * ms / 4
			w.expire()
		}
		a.stats()
		b.part(w)
		if w.engine.recovered.Load() != 0 {
			t.Fatal("the worker recovered")
		}
	})
}

// offer has a leg answer a phone with formats of its own.
func (p *phone) offer(leg *Stream, formats string, lines ...string) {
	p.t.Helper()
	text := "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + itoa(int(p.addr().Port())) + " RTP/AVP " + formats + "\r\n"
	for _, line := range lines {
		text += line + "\r\n"
	}
	if _, err := leg.Answer([]byte(text), localhost, spoken, SendRecv); err != nil {
		p.t.Fatal(err)
	}
	p.leg = addrOf(leg)
}

func rowM15SoundBombsHarmNobody(t *testing.T) {
	for name, text := range map[string]string{
		"opus with 255 channels": "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/255\r\n",
		"a clock of 0":           "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/0/2\r\n",
		"nothing but keys":       "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-4294967295\r\n",
	} {
		n := newNegotiation()
		if _, _, err := n.answer([]byte(preamble+text), localhost, 16384, spoken, SendRecv); !errors.Is(err, ErrNoCodec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"a=ptime:0", "a=ptime:4294967295", "a=maxptime:0", "a=maxptime:1", "a=fmtp:8 0-4294967295", "a=fmtp:x", "a=fmtp:96 maxaveragebitrate=99999999999;=;;"} {
		n := newNegotiation()
		l, _, err := n.answer([]byte(preamble+"m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 opus/48000/2\r\n"+text+"\r\n"), localhost, 16384, spoken, SendRecv)
		if r := n.route(l, unix.AF_INET); err != nil || r.step != frame || r.opus.bitrate != 0 {
			t.Errorf("%s: %v, packets of %d ms", text, err, r.step)
		}
	}
	for _, codec := range spoken {
		w, a, b := legs(codec, spoken[(kindOf(codec)+1)%4])
		if b.route.kind.narrow() && a.route.kind.narrow() {
			continue
		}
		bombs := [][]byte{{1}, make([]byte, 8), make([]byte, 1400), make([]byte, 1900), {0xff, 0x3f}, append([]byte{0xff, 0x30}, make([]byte, 100)...), {0xfb, 0xff, 0xff}}
		for i := range uint16(700) {
			bomb := bombs[int(i)%len(bombs)]
			putHeader(w.buf[:], codec.PT, false, i, uint32(i)*160, 9)
			copy(w.buf[headerSize:], bomb)
			a.arrived = 0
			a.datagram(w, headerSize+len(bomb))
			w.now += ms
			w.expire()
			if p := a.playout; p != nil {
				p.consistent(t)
			}
		}
		if n := w.engine.recovered.Load(); n != 0 {
			t.Errorf("%s: %d faults", codec.Name, n)
		}
	}
}
