package media

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLiveSoundChangesItsRateWithoutLosingAnything(t *testing.T) {
	for _, c := range []struct{ from, to int }{{8000, 16000}, {16000, 8000}} {
		for _, hz := range []float64{200, 1000, 3000} {
			r := newLiveResampler(c.from, c.to)
			var heard []int16
			out := make([]int16, 0, 960)
			for piece := range slices.Chunk(sine(1, c.from, hz, 8000), c.from/50) {
				out = r.through(out[:0], piece)
				if len(out) != c.to/50 {
					t.Fatalf("%d to %d: %d samples for 20 ms", c.from, c.to, len(out))
				}
				heard = append(heard, out...)
			}
			if got := toneToRest(heard[800:], c.to, hz); got < 55 {
				t.Errorf("%d to %d: %v Hz is %.1f dB over the rest", c.from, c.to, hz, got)
			}
		}
	}
	// What a narrow line cannot carry must not fold into what it can.
	r := newLiveResampler(16000, 8000)
	if folded := RMS(r.through(nil, sine(0.05, 16000, 5000, 8000))[100:]); folded > 20 {
		t.Errorf("5 kHz left a level of %.1f", folded)
	}
	if newLiveResampler(8000, 8000) != nil {
		t.Error("there is something to do between a rate and itself")
	}
	for _, c := range []struct{ from, to int }{{48000, 16000}, {16000, 48000}, {48000, 8000}, {8000, 48000}} { // as files need them
		r := newResampler(c.from, c.to)
		heard := r.finish(r.through(nil, sine(1, c.from, 1000, 8000)))
		if got := toneToRest(heard[c.to/10:c.to*9/10], c.to, 1000); got < 55 {
			t.Errorf("%d to %d: %.1f dB over the rest", c.from, c.to, got)
		}
	}
}

func TestAGapSoundsLikeWhatWasBeforeAndFades(t *testing.T) {
	for _, rate := range []int{sampleRate, wideRate} {
		for _, hz := range []float64{90, 150, 210, 440, 1000} {
			var c concealer
			c.reset(rate)
			tone := sine(1, rate, hz, 8000)
			c.heard(slices.Clone(tone[:rate/2]))
			gap := make([]int16, rate/50)
			c.conceal(gap)
			if got := Goertzel(gap, hz*sampleRate/float64(rate)); hz > 100 && got < 0.9 {
				t.Errorf("%v Hz at %d: %.2f of what is made up", hz, rate, got)
			}
			if got := RMS(gap) * math.Sqrt2 / 8000; got < 0.85 || got > 1.15 {
				t.Errorf("%v Hz at %d: made up %.2f times as loud", hz, rate, got)
			}
			all := append(slices.Clone(tone[:rate/2]), gap...)
			back := slices.Clone(tone[rate/2+len(gap):])
			c.heard(back)
			all = append(all, back...)
			if bend, at := roughest(all); float64(bend) > 4*8000*math.Pow(2*math.Pi*hz/float64(rate), 2)+300 {
				t.Errorf("%v Hz at %d: a click of %d at %d of %d", hz, rate, bend, at, rate/2)
			}
			long := make([]int16, rate/5)
			c.conceal(long)
			if !c.faded() || RMS(long[rate/10:]) != 0 {
				t.Errorf("%v Hz at %d: a tenth of a second later it has a level of %v", hz, rate, RMS(long[rate/10:]))
			}
		}
	}
}

func TestAPeriodMoreOrLessIsNotHeard(t *testing.T) {
	for _, rate := range []int{sampleRate, wideRate} {
		for _, hz := range []float64{110, 200, 440} {
			tone := sine(1, rate, hz, 8000)
			step := rate / 50
			var longer, shorter []int16
			for at := 0; at+step <= len(tone); at += step {
				longer = append(longer, lengthen(slices.Grow(slices.Clone(tone[at:at+step]), step), rate/1000)...)
				shorter = append(shorter, shorten(slices.Clone(tone[at:at+step]), rate/1000)...)
			}
			for name, got := range map[string][]int16{"lengthened": longer, "shortened": shorter} {
				if share := Goertzel(got[:step*10], hz*sampleRate/float64(rate)); hz > 150 && share < 0.7 {
					t.Errorf("%s: %v Hz at %d is %.2f of it", name, hz, rate, share)
				}
				if got := RMS(got) * math.Sqrt2 / 8000; got < 0.9 || got > 1.1 {
					t.Errorf("%s: %v Hz at %d is %.2f times as loud", name, hz, rate, got)
				}
			}
			if hz > 150 && (len(longer) <= len(tone) || len(shorter) >= len(tone)) {
				t.Errorf("%v Hz at %d: %d samples became %d and %d", hz, rate, len(tone), len(longer), len(shorter))
			}
		}
	}
	noise, r := make([]int16, 160, 320), rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = int16(r.IntN(20_000) - 10_000)
	}
	if got := len(shorten(noise, 8)); got != 160 {
		t.Errorf("loud noise, where a seam is heard, was cut to %d samples", got)
	}
	if got := len(shorten(make([]int16, 160), 8)); got != 80 {
		t.Errorf("silence was cut to %d samples", got)
	}
}

func TestComfortNoiseHasTheLevelAndTheColourThatWereDescribed(t *testing.T) {
	for _, c := range []struct {
		payload []byte
		level   float64 // dB
	}{{[]byte{60}, -60}, {[]byte{50, 127, 127}, -50}, {[]byte{55, 200, 140, 90}, -55}, {[]byte{0}, -45}} {
		var n comfort
		n.describe(c.payload)
		pcm := make([]int16, 16000)
		n.into(pcm)
		if got := 20 * math.Log10(RMS(pcm)/32768); math.Abs(got-c.level) > 2 {
			t.Errorf("% x: %.1f dB", c.payload, got)
		}
	}
	var n comfort
	n.describe([]byte{60, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0}) // a bell, if it were taken at its word
	pcm := make([]int16, 16000)
	if n.into(pcm); RMS(pcm) > 100 {
		t.Errorf("a nonsensical colour has a level of %.0f", RMS(pcm))
	}
	n = comfort{}
	n.describe(nil)
	if n.on {
		t.Error("noise out of nothing")
	}
}
