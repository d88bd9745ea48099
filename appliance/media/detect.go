package media

import (
	"math"
	"time"
)

// Goertzel gives the share of pcm's energy that lies at hz: 1 for a pure tone, near 0 for anything else, 0 for silence.
// It resolves about 8000/len(pcm) Hz.
func Goertzel(pcm []int16, hz float64) float64 {
	turn := 2 * math.Cos(2*math.Pi*hz/sampleRate)
	var last, before, energy float64
	for _, sample := range pcm {
		x := float64(sample)
		last, before = x+turn*last-before, last
		energy += x * x
	}
	if energy == 0 {
		return 0
	}
	power := last*last + before*before - turn*last*before
	return min(max(2*power/(float64(len(pcm))*energy), 0), 1)
}

// DominantTone tells which of the candidates is strongest in pcm, and its share of the energy. (0, 0) for silence.
func DominantTone(pcm []int16, candidates ...float64) (hz, share float64) {
	for _, candidate := range candidates {
		if found := Goertzel(pcm, candidate); found > share {
			hz, share = candidate, found
		}
	}
	return hz, share
}

// RMS is the root of the mean square of pcm, 0 to 32768. A full-scale sine has 23170.
func RMS(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	var energy float64
	for _, sample := range pcm {
		energy += float64(sample) * float64(sample)
	}
	return math.Sqrt(energy / float64(len(pcm)))
}

// ToneSound makes a steady tone of these frequencies, at the level of a country's tones, faded at both ends. For the softphone
// and for tests that ask who hears whom.
func ToneSound(d time.Duration, hz ...float64) *Sound {
	pcm := make([]int16, max(0, d)*sampleRate/time.Second)
	voice{hz: hz}.into(pcm, true)
	return ownSound(pcm)
}
