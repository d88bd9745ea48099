package media

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// weather is what a network does to packets.
type weather struct {
	loss      float64 // share that is lost
	burst     float64 // chance that a loss is followed by another
	jitter    float64 // ms by which a packet is late at most, evenly spread; beyond 20 they overtake each other
	twice     float64 // share that arrives twice
	drift     float64 // parts of a million by which the sender's clock is fast
	stall     int     // packets after which nothing arrives for 300 ms, and then all at once; 0: never
	seed      uint64
	codec     Codec
	packetMS  int
	frameMS   int
	silenceMS [2]int // from when to when the sender sends nothing
}

// journey is what became of the sound.
type journey struct {
	heard   []int16 // at the playout's rate
	frames  int     // pulled while there was sound
	playout *playout
	delays  []float64 // ms
	sent    int
	lost    int
}

// travel sends sound through the weather into a playout, with nothing but numbers for time.
func (n weather) travel(t rapid.TB, sound []int16) journey {
	t.Helper()
	r := rand.New(rand.NewPCG(n.seed, 99))
	packetMS, frameMS := n.packetMS, n.frameMS
	if packetMS == 0 {
		packetMS = 20
	}
	if frameMS == 0 {
		frameMS = 20
	}
	what := kindOf(n.codec)
	type arrival struct {
		at int64
		p  packet
	}
	var arrivals []arrival
	e := encoder{kind: what, wishes: opusWishes{repair: true}}
	out := make([]byte, 4096)
	j := journey{playout: new(playout)}
	step, losing := packetMS*what.rate()/1000, false
	var stalled int64
	for i := 0; (i+1)*step <= len(sound); i++ {
		size, err := e.encode(out, sound[i*step:(i+1)*step], what.rate())
		if err != nil {
			t.Fatal(err)
		}
		sentMS := float64(i*packetMS) / (1 + n.drift/1e6)
		if at := i * packetMS; at >= n.silenceMS[0] && at < n.silenceMS[1] {
			continue
		}
		j.sent++
		if losing = r.Float64() < n.loss || (losing && r.Float64() < n.burst); losing {
			j.lost++
			continue
		}
		at := int64((sentMS + r.Float64()*n.jitter + 40) * float64(ms))
		if n.stall > 0 && i%n.stall == n.stall-1 {
			stalled = at + 300*ms
		}
		at = max(at, stalled)
		p := packet{seq: uint16(65500 + j.sent - 1), ts: uint32(math.MaxUint32-5000) + uint32(i*packetMS)*uint32(what.clock()), ssrc: 1, payload: slices.Clone(out[:size])}
		arrivals = append(arrivals, arrival{at, p})
		if r.Float64() < n.twice {
			arrivals = append(arrivals, arrival{at + int64(r.IntN(40))*ms, p})
		}
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return int(a.at - b.at) })
	pcm := make([]int16, frameMS*what.rate()/1000)
	end := arrivals[len(arrivals)-1].at
	for now := 53 * ms; now < end; now += int64(frameMS) * ms {
		for len(arrivals) > 0 && arrivals[0].at <= now {
			j.playout.put(&arrivals[0].p, what, arrivals[0].at)
			arrivals = arrivals[1:]
		}
		if j.playout.pull(pcm, now) == outcomeSound {
			j.heard = append(j.heard, pcm...)
			j.frames++
			j.delays = append(j.delays, float64(j.playout.delay)/float64(ms))
		}
	}
	return j
}

// roughest is the largest bend of a signal: a click is a sample that leaves the line of its neighbours.
func roughest(pcm []int16) (bend int, at int) {
	for i := 2; i < len(pcm); i++ {
		if b := abs(int(pcm[i]) - 2*int(pcm[i-1]) + int(pcm[i-2])); b > bend {
			bend, at = b, i
		}
	}
	return bend, at
}

// purity is the mean share that a tone has in each tenth of a second.
func purity(pcm []int16, rate int, hz float64) float64 {
	var sum float64
	tenths := 0
	for tenth := range slices.Chunk(pcm[:len(pcm)/(rate/10)*(rate/10)], rate/10) {
		sum += Goertzel(tenth, hz*sampleRate/float64(rate))
		tenths++
	}
	return sum / float64(tenths)
}

func TestSoundComesThroughAnyWeather(t *testing.T) {
	for name, c := range map[string]struct {
		weather
		pure    float64 // share of the tone with G.711 and G.722; Opus makes tones up badly and is asked for three quarters of it
		delay   float64 // ms, median, at most
		unheard float64 // times what was lost, made up at most
	}{
		"fair":                        {weather{}, 0.99, 40, 0},
		"5 ms of jitter":              {weather{jitter: 5}, 0.99, 45, 0},
		"20 ms of jitter":             {weather{jitter: 20}, 0.99, 60, 0},
		"60 ms of jitter":             {weather{jitter: 60}, 0.98, 105, 0},
		"1 % lost":                    {weather{loss: 0.01}, 0.98, 60, 1.2},
		"5 % lost":                    {weather{loss: 0.05}, 0.96, 60, 1.1},
		"20 % lost":                   {weather{loss: 0.2}, 0.88, 60, 1.1},
		"5 % lost, jitter":            {weather{loss: 0.05, jitter: 30}, 0.96, 85, 1.1},
		"10 % lost in bursts, jitter": {weather{loss: 0.05, burst: 0.5, jitter: 30}, 0.90, 85, 1.1},
		"packets that come twice":     {weather{twice: 0.2, jitter: 30}, 0.98, 85, 0},
		"a quick clock":               {weather{drift: 500}, 0.99, 45, 0},
		"a slow clock":                {weather{drift: -500}, 0.99, 45, 0},
		"packets of 60 ms":            {weather{packetMS: 60, jitter: 10}, 0.99, 60, 0},
		"packets of 10 ms":            {weather{packetMS: 10, jitter: 10}, 0.99, 60, 0},
		"a listener of 60 ms":         {weather{frameMS: 60, jitter: 10}, 0.98, 130, 0},
		"standstills of 300 ms":       {weather{stall: 400}, 0.95, 210, 0},
	} {
		for _, codec := range []Codec{PCMA, G722, Opus} {
			if codec == Opus && c.packetMS != 0 {
				continue // we make none like that
			}
			t.Run(name+", "+codec.Name, func(t *testing.T) {
				t.Parallel()
				c := c
				c.codec, c.seed = codec, 5
				rate := kindOf(codec).rate()
				j := c.travel(t, sine(10, rate, 440, 8000))
				heard := j.heard[rate:]
				pure, smooth := c.pure, 4.0
				if codec == Opus && c.loss > 0 {
					pure, smooth = 0.75*pure, 40
				}
				if got := purity(heard, rate, 440); got < pure {
					t.Errorf("the tone is %.3f of what is heard, want %.2f", got, pure)
				}
				if bend, at := roughest(heard); float64(bend) > smooth*8000*math.Pow(2*math.Pi*440/float64(rate), 2) {
					t.Errorf("a click of %d after %.3f s", bend, float64(at)/float64(rate))
				}
				if seconds := float64(len(j.heard)) / float64(rate); seconds < 9.8-float64(c.stall) || seconds > 10.1+0.3*10/8 {
					t.Errorf("10 s lasted %.2f s", seconds)
				}
				if got := float64(j.playout.concealed / ms); got > c.unheard*20*float64(j.lost)+450 || (c.stall == 0 && got > c.unheard*20*float64(j.lost)+150) {
					t.Errorf("%v ms made up for %d packets lost", got, j.lost)
				}
				slices.Sort(j.delays)
				if got := j.delays[len(j.delays)/2]; got > c.delay {
					t.Errorf("held back by %.0f ms", got)
				}
			})
		}
	}
}

// A phone of a cheap clock loses or wins a packet in some minutes; one of a broken clock in seconds.
func TestClocksThatDifferAreHeardByNobody(t *testing.T) {
	for _, drift := range []float64{3000, -3000} {
		n := weather{drift: drift, codec: PCMA, seed: 2}
		j := n.travel(t, sine(60, sampleRate, 440, 8000))
		heard := j.heard[sampleRate:]
		if got := purity(heard, sampleRate, 440); got < 0.98 {
			t.Errorf("%v: the tone is %.3f of what is heard", drift, got)
		}
		if bend, at := roughest(heard); float64(bend) > 2*8000*math.Pow(2*math.Pi*440/sampleRate, 2) {
			t.Errorf("%v: a click of %d after %.3f s", drift, bend, float64(at)/sampleRate)
		}
		if low, high := slices.Min(j.delays[200:]), slices.Max(j.delays[200:]); low < 5 || high > 60 {
			t.Errorf("%v: held back by %.0f to %.0f ms", drift, low, high)
		}
		if j.playout.concealed > 100*ms {
			t.Errorf("%v: %d ms made up", drift, j.playout.concealed/ms)
		}
	}
}

func TestSpeechKeepsItsShapeThroughSlipsAndLosses(t *testing.T) {
	for _, codec := range []Codec{PCMU, G722, Opus} {
		rate := kindOf(codec).rate()
		speech := babble(8, rate)
		loud := RMS(speech)
		for _, n := range []weather{{}, {jitter: 40}, {loss: 0.05, jitter: 20}, {drift: 2000}} {
			n.codec, n.seed = codec, 8
			j := n.travel(t, speech)
			if got := RMS(j.heard) / loud; got < 0.8 || got > 1.2 {
				t.Errorf("%s in %+v: %.2f times as loud", codec.Name, n, got)
			}
		}
	}
}

func TestAPauseIsNoLossAndSoundComesBackAfterIt(t *testing.T) {
	for _, codec := range []Codec{PCMA, G722, Opus} {
		n := weather{codec: codec, seed: 3, silenceMS: [2]int{2000, 4000}}
		rate := kindOf(codec).rate()
		j := n.travel(t, sine(6, rate, 440, 8000))
		if seconds := float64(len(j.heard)) / float64(rate); seconds < 3.9 || seconds > 4.3 {
			t.Errorf("%s: %.2f s of sound for 4 s", codec.Name, seconds)
		}
		if j.playout.concealed > 110*ms {
			t.Errorf("%s: %d ms of the pause count as lost", codec.Name, j.playout.concealed/ms)
		}
		if got := purity(j.heard[len(j.heard)-rate:], rate, 440); got < 0.98 {
			t.Errorf("%s: after the pause the tone is %.3f of what is heard", codec.Name, got)
		}
	}
}

// say puts one packet of G.711 with that number and timestamp.
func say(b *playout, seq uint16, ts uint32, at int64) {
	payload := make([]byte, 160)
	for i := range payload {
		payload[i] = linearToAlaw(int16(8000 * math.Sin(float64(ts+uint32(i))*0.3)))
	}
	b.put(&packet{seq: seq, ts: ts, ssrc: 7, payload: payload}, kindPCMA, at*ms)
}

func TestAPhoneThatStopsItsClockInAPauseIsHeardAtOnceAfterIt(t *testing.T) {
	var b playout
	pcm := make([]int16, 160)
	for i := range int64(50) {
		say(&b, uint16(i), uint32(i)*160, i*20)
		b.pull(pcm, (i*20+10)*ms)
	}
	for at := int64(1000); at < 2500; at += 20 { // says nothing for a second and a half …
		b.pull(pcm, (at+10)*ms)
	}
	sounds := 0
	for i := range int64(20) { // … and goes on as if no time had passed
		say(&b, uint16(50+i), uint32(50+i)*160, 2500+i*20)
		if b.pull(pcm, (2510+i*20)*ms) == outcomeSound && RMS(pcm) > 4000 {
			sounds++
		}
	}
	if sounds < 17 {
		t.Errorf("%d of 20 frames were heard", sounds)
	}
}

func TestLateAndDoublePacketsAreCountedAndNotHeard(t *testing.T) {
	var b playout
	pcm := make([]int16, 160)
	for i := range int64(100) {
		if i%10 != 5 {
			say(&b, uint16(i), uint32(i)*160, i*20)
			say(&b, uint16(i), uint32(i)*160, i*20+1)
		}
		if i%10 == 8 && i > 8 {
			say(&b, uint16(i-3), uint32(i-3)*160, i*20) // far too late
		}
		b.pull(pcm, (i*20+10)*ms)
	}
	if b.late < 1 || b.late > 9 || b.concealed == 0 {
		t.Errorf("%d late, %d ms made up", b.late, b.concealed/ms)
	}
}

func TestAnySequenceOfPacketsIsSurvived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := weather{
			loss: rapid.Float64Range(0, 0.5).Draw(t, "loss"), burst: rapid.Float64Range(0, 0.9).Draw(t, "burst"),
			jitter: rapid.Float64Range(0, 400).Draw(t, "jitter"), twice: rapid.Float64Range(0, 0.5).Draw(t, "twice"),
			drift: rapid.Float64Range(-50_000, 50_000).Draw(t, "drift"), seed: rapid.Uint64().Draw(t, "seed"),
			codec: rapid.SampledFrom([]Codec{PCMA, PCMU, G722}).Draw(t, "codec"), frameMS: rapid.SampledFrom([]int{10, 20, 30, 60}).Draw(t, "frame"),
			packetMS: rapid.SampledFrom([]int{10, 20, 30, 60}).Draw(t, "packet"),
		}
		j := n.travel(t, sine(4, kindOf(n.codec).rate(), 300, 9000))
		for i, delay := range j.delays {
			if delay > float64(mostDelay/ms)+200+3*60 {
				t.Fatalf("frame %d held back by %.0f ms", i, delay)
			}
		}
		for _, sample := range j.heard { // after a loss G.722 may overshoot, as its memory is another than the speaker's
			if kindOf(n.codec).narrow() && abs(int(sample)) > 12_000 {
				t.Fatalf("a sample of %d out of a tone of 9000", sample)
			}
		}
		j.playout.consistent(t)
	})
}

// consistent checks what must hold whatever arrived.
func (b *playout) consistent(t rapid.TB) {
	t.Helper()
	full := 0
	for i, s := range b.slots {
		if s.full {
			full++
			if int(s.seq)%playoutSlots != i || int16(s.seq-b.next) < 0 {
				t.Fatalf("packet %d in slot %d while %d is next", s.seq, i, b.next)
			}
		}
	}
	if full != b.waiting || b.ready < 0 || b.ready > len(b.room) {
		t.Fatalf("%d packets wait, %d were counted; %d samples ready", full, b.waiting, b.ready)
	}
}

func FuzzPlayout(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 20, 1, 1, 0, 160, 20, 1, 2, 1, 64, 20, 4, 3, 2, 0, 20})
	f.Fuzz(func(t *testing.T, script []byte) {
		var b playout
		pcm := make([]int16, 960)
		var now int64
		var p packet
		for ; len(script) >= 5; script = script[5:] {
			what := kind(script[0] % uint8(kindComfort+1))
			p.seq += uint16(int8(script[1])) // mostly near the last one
			p.ts += uint32(int32(int8(script[2])) << (script[3] % 16))
			p.ssrc = uint32(script[3] >> 7)
			p.payload = script[4:min(len(script), 4+int(script[2])*4)]
			now += int64(script[4]) * ms / 4
			if what != kindUnknown && len(p.payload) > 0 {
				b.put(&p, what, now)
			}
			b.consistent(t)
			if b.started {
				b.pull(pcm[:int(1+script[0]%6)*10*b.rate()/1000], now)
				b.consistent(t)
			}
		}
	})
}
