package speech

import (
	"math"
	"time"

	"callbox/appliance/media"
)

const (
	rate  = 8000       // samples a second, of every media.Sound
	block = rate / 100 // 10 ms, by which loudness is judged

	spokenLevel = 2600.0  // RMS of speech while it lasts: −22 dBov, as loud as a country's tones
	mostPeak    = 29000.0 // what gain may bring the loudest sample to
	mostGain    = 20.0    // 26 dB: what needs more is noise
	faintest    = 24.0    // RMS of the loudest block below which there is nothing to hear: −63 dBov
	silentBelow = 0.01    // of the loudest block's RMS, −40 dB: silence between and around words
	activeAbove = 0.1     // of the same, −20 dB: speech that counts for its level

	leadIn  = 5 * block  // of silence kept before the first word
	leadOut = 15 * block // and after the last
	edge    = block      // over which the ends rise and fall
)

// polish brings what an engine gave to the level of all other prompts, trims the silence around it and fades its ends. Nil when
// there is nothing to hear in it.
func polish(pcm []int16) []int16 {
	levels := make([]float64, 0, len(pcm)/block+1)
	loudest := 0.0
	for at := 0; at < len(pcm); at += block {
		level := media.RMS(pcm[at:min(at+block, len(pcm))])
		levels = append(levels, level)
		loudest = max(loudest, level)
	}
	if loudest < faintest {
		return nil
	}
	first, last := -1, 0
	var energy float64
	active := 0
	for i, level := range levels {
		if level >= silentBelow*loudest {
			last = i
			if first < 0 {
				first = i
			}
		}
		if level >= activeAbove*loudest {
			energy += level * level
			active++
		}
	}
	from, to := max(0, first*block-leadIn), min(len(pcm), (last+1)*block+leadOut)
	return louder(pcm[from:to], min(spokenLevel/math.Sqrt(energy/float64(active)), mostGain))
}

// louder gives a copy with that gain, or less where it would clip, and with its ends faded.
func louder(pcm []int16, gain float64) []int16 {
	peak := 0.0
	for _, x := range pcm {
		peak = max(peak, math.Abs(float64(x)))
	}
	gain = min(gain, mostPeak/peak)
	out := make([]int16, len(pcm))
	for i, x := range pcm {
		y := gain * float64(x)
		if near := min(i, len(pcm)-1-i); near < edge {
			y *= float64(near) / edge
		}
		out[i] = int16(math.Round(y))
	}
	return out
}

// Beep is the tone before a message is recorded: 1 kHz, 0.4 s, as loud as a country's tones.
func Beep() *media.Sound { return beep }

var beep = media.ToneSound(400*time.Millisecond, 1000)
