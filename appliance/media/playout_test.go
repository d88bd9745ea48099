package media

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
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
	seconds   float64
	codec     Codec
	packetMS  int
	frameMS   int
	silenceMS [2]int // from when to when the sender sends nothing
}

// journey is what became of the sound.
type journey struct {
	heard     []int16 // at the playout's rate
	frames    int     // pulled while there was sound
	playout   *playout
	delays    []float64 // ms
	sent      int
	lost      int
	overtaken int
}

// travel sends sound through the weather into a playout, with nothing but numbers for time.
func (n weather) travel(t testing.TB, sound []int16) journey {
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

func TestZZExplore(t *testing.T) {
	for _, codec := range []Codec{PCMA, G722, Opus} {
		for _, n := range []weather{
			{}, {jitter: 5}, {jitter: 20}, {jitter: 60}, {loss: .01}, {loss: .05}, {loss: .2}, {loss: .05, jitter: 30}, {loss: .05, burst: .5, jitter: 30},
			{drift: 300}, {drift: -300}, {twice: .1, jitter: 40}, {stall: 200}, {jitter: 10, packetMS: 60}, {jitter: 10, packetMS: 10}, {frameMS: 60},
		} {
			if codec == Opus && (n.packetMS != 0) {
				continue
			}
			n.codec, n.seed = codec, 5
			rate := kindOf(codec).rate()
			tone := sine(20, rate, 440, 8000)
			j := n.travel(t, tone)
			h := j.heard[rate:]
			bend, at := roughest(h)
			clean := 8000 * math.Pow(2*math.Pi*440/float64(rate), 2)
			share := 0.0
			for c := range slices.Chunk(h, rate/10) {
				share += Goertzel16(c, rate, 440)
			}
			share /= float64(len(h) / (rate / 10))
			ds := slices.Clone(j.delays)
			slices.Sort(ds)
			fmt.Printf("%-5s loss %.2f burst %.1f jit %2.0f drift %4.0f p%d f%d stall %d: sent %d lost %d heard %5.2fs share %.3f bend %.1f@%d concealed %d late %d delay p50 %.0f max %.0f\n", codec.Name, n.loss, n.burst, n.jitter, n.drift, n.packetMS, n.frameMS, n.stall, j.sent, j.lost, float64(len(j.heard))/float64(rate), share, float64(bend)/clean, at, j.playout.concealed/ms, j.playout.late, ds[len(ds)/2], ds[len(ds)-1])
		}
	}
}
func Goertzel16(pcm []int16, rate int, hz float64) float64 {
	return Goertzel(pcm, hz*8000/float64(rate))
}
