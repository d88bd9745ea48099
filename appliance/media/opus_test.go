package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

func opusPair(t testing.TB, wishes opusWishes) (*opusEncoder, *opusDecoder) {
	t.Helper()
	e, err := newOpusEncoder(wishes)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newOpusDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return e, d
}

func TestOpusCarriesTonesThatATelephoneHas(t *testing.T) {
	for _, hz := range []float64{300, 440, 1000, 3000, 6000} {
		e, d := opusPair(t, opusWishes{repair: true})
		var heard []int16
		out, pcm := make([]byte, opusLargest), make([]int16, 1920)
		tone := sine(1, wideRate, hz, 8000)
		for ; len(tone) > 0; tone = tone[320:] {
			n, err := e.encode(out, tone[:320])
			if err != nil || opusSpan(out[:n]) != 960 {
				t.Fatalf("%d bytes of %d/48 ms, %v", n, opusSpan(out[:n]), err)
			}
			n, err = d.decode(pcm, out[:n])
			if err != nil || n != 320 {
				t.Fatalf("%d samples, %v", n, err)
			}
			heard = append(heard, pcm[:n]...)
		}
		if got := toneToRest(heard[3200:], wideRate, hz); got < 10 {
			t.Errorf("%v Hz is %.1f dB over the rest", hz, got)
		}
		if got := RMS(heard[3200:]) * math.Sqrt2 / 8000; got < 0.7 || got > 1.3 {
			t.Errorf("%v Hz came out %.2f times as loud", hz, got)
		}
	}
}

func TestALostOpusPacketIsRepairedFromTheNext(t *testing.T) {
	e, d := opusPair(t, opusWishes{repair: true})
	out, pcm := make([]byte, opusLargest), make([]int16, 1920)
	speech := babble(2, wideRate)
	var whole, holed []int16
	for i := 0; len(speech) > 0; i, speech = i+1, speech[320:] {
		n, err := e.encode(out, speech[:320])
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, speech[:320]...)
		if i%10 == 5 {
			continue
		}
		if i%10 == 6 {
			if err := d.repair(pcm[:320], out[:n]); err != nil {
				t.Fatal(err)
			}
			holed = append(holed, pcm[:320]...)
		}
		if n, err = d.decode(pcm, out[:n]); err != nil {
			t.Fatal(err)
		}
		holed = append(holed, pcm[:n]...)
	}
	if len(holed) != len(whole) {
		t.Fatalf("%d samples for %d", len(holed), len(whole))
	}
	if loud := RMS(holed) / RMS(whole); loud < 0.6 || loud > 1.4 {
		t.Errorf("%.2f times as loud", loud)
	}
}

func TestOpusPacketsThatLieAreErrors(t *testing.T) {
	_, d := opusPair(t, opusWishes{})
	pcm := make([]int16, 1920)
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		data := make([]byte, r.IntN(300))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		n, err := d.decode(pcm, data)
		if err == nil && n*3 != int(opusSpan(data)) {
			t.Fatalf("%d samples for a packet of %d/48 ms", n, opusSpan(data))
		}
		if err := d.repair(pcm[:320], data); err != nil && opusSpan(data) == 0 {
			continue
		}
	}
	for _, data := range [][]byte{nil, {}, {3}, {0xff, 0x3f}} {
		if _, err := d.decode(pcm, data); err == nil {
			t.Errorf("% x was taken", data)
		}
	}
}

// babble is a signal with the shape of speech: syllables of a voice whose pitch and four formants glide, hisses, pauses.
// It is made by chance, but by the same chance each time.
func babble(seconds float64, rate int) []int16 {
	r := rand.New(rand.NewPCG(7, 11))
	pcm := make([]int16, 0, int(seconds*float64(rate)))
	var phase, flow float64
	for len(pcm) < cap(pcm) {
		length := rate * (60 + r.IntN(180)) / 1000
		pitch, glide := 90+r.Float64()*150, 0.7+r.Float64()*0.6
		formants := [4]resonance{{hz: 300 + r.Float64()*500}, {hz: 900 + r.Float64()*1300}, {hz: 2300 + r.Float64()*500}, {hz: 3300}}
		moves := [4]float64{0.7 + r.Float64()*0.6, 0.7 + r.Float64()*0.6, 0.9 + r.Float64()*0.2, 1}
		manner := r.IntN(10) // 0: pause, 1 and 2: hiss, else a vowel
		for i := range min(length, cap(pcm)-len(pcm)) {
			at := float64(i) / float64(length)
			x := (r.Float64() - 0.5) * 3000
			if manner > 2 {
				pulse := 0.0
				if phase += pitch * (1 + (glide-1)*at) / float64(rate); phase >= 1 {
					phase--
					pulse = 3000 / pitch * float64(rate) / 100
				}
				flow = 0.9*flow + pulse // a voice is softer the higher it gets
				x = flow + (r.Float64()-0.5)*60
				for k := range formants {
					if i%(rate/1000) == 0 {
						formants[k].tune(formants[k].hz*(1+(moves[k]-1)*at), rate)
					}
					x = formants[k].through(x)
				}
			} else if manner == 0 {
				x = 0
			}
			pcm = append(pcm, int16(min(max(x*math.Sin(math.Pi*at), -32000), 32000)))
		}
	}
	return pcm
}

// resonance is one formant; it moves, as those of people do who speak.
type resonance struct{ hz, gain, turn, damp, last, before float64 }

func (f *resonance) tune(hz float64, rate int) {
	decay := math.Exp(-math.Pi * (60 + hz/30) / float64(rate))
	f.turn, f.damp = 2*decay*math.Cos(2*math.Pi*hz/float64(rate)), decay*decay
	f.gain = 1 - f.turn + f.damp
}

func (f *resonance) through(x float64) float64 {
	f.last, f.before = f.gain*x+f.turn*f.last-f.damp*f.before, f.last
	return f.last
}
