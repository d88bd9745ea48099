package speech

import (
	"bytes"
	"math"
	"testing"
	"time"

	"callbox/appliance/media"
)

func TestLoudAndSoftVoicesAreHeardAlikeWithoutTheirSilence(t *testing.T) {
	for _, level := range []float64{200, 1000, 9000, 20000} {
		sound, err := media.LoadWAV(bytes.NewReader(wav(t, 500, level)))
		if err != nil {
			t.Fatal(err)
		}
		pcm := polish(sound.PCM())
		if d := media.NewSound(pcm).Duration(); d < 1150*time.Millisecond || d > 1250*time.Millisecond {
			t.Errorf("at %.0f: %v are left of a second of sound with one of silence", level, d)
		}
		middle := pcm[len(pcm)/2-rate/4 : len(pcm)/2+rate/4]
		if got := media.RMS(middle); math.Abs(got-spokenLevel) > 100 {
			t.Errorf("at %.0f: it has an RMS of %.0f, want %.0f", level, got, spokenLevel)
		}
	}
}

func TestASoundWithSharpPeaksIsNotClipped(t *testing.T) {
	pcm := make([]int16, rate)
	for i := block / 2; i < len(pcm); i += block {
		pcm[i] = 1400
		if i/block%10 == 5 {
			pcm[i] = 12000
		}
	}
	peak := 0
	for _, x := range polish(pcm) {
		peak = max(peak, int(x))
	}
	if peak > mostPeak || peak < mostPeak*9/10 {
		t.Errorf("it peaks at %d", peak)
	}
}

func TestNothingToHearIsNothing(t *testing.T) {
	for name, pcm := range map[string][]int16{"none": nil, "silence": make([]int16, rate), "a hiss": {3, -3, 5, -5}} {
		if polish(pcm) != nil {
			t.Errorf("%s is something", name)
		}
	}
	if short := polish([]int16{30000, -30000, 30000}); len(short) != 3 || short[0] != 0 || short[2] != 0 {
		t.Errorf("three samples become %v", short)
	}
}

func TestTheBeepBeforeAMessageIsHeard(t *testing.T) {
	pcm := Beep().PCM()
	if hz, share := media.DominantTone(pcm, 425, 1000, 1400); hz != 1000 || share < 0.9 || Beep().Duration() != 400*time.Millisecond || media.RMS(pcm) < 2000 {
		t.Errorf("%v Hz with %.2f of the energy for %v at %.0f", hz, share, Beep().Duration(), media.RMS(pcm))
	}
	if again := Beep(); pcm[0] != 0 || &again.PCM()[0] != &pcm[0] {
		t.Error("it clicks, or is made each time")
	}
}
