package sim

import (
	"slices"

	"callbox/appliance/media"
)

const (
	hearBlock  = sampleRate / 10 // long enough to tell tones apart that lie 10 Hz from each other
	hearLow    = 100             // Hz
	hearHigh   = 3400
	hearStep   = 5
	hearSilent = 60  // root mean square under which nothing is heard
	hearShare  = 0.3 // of the energy that a tone must have, in the mean of all loud blocks
	hearBlocks = 50  // the last five seconds of sound are enough
)

// HeardTones are the steady tones in what was heard, in Hz to the next 5, the strongest first, at most two: one for a test tone, two
// for most ringing and engaged tones. None in speech and music.
func HeardTones(pcm []int16) []int {
	var loud [][]int16
	for block := range slices.Chunk(pcm, hearBlock) {
		if len(block) == hearBlock && media.RMS(block) >= hearSilent {
			loud = append(loud, block)
		}
	}
	loud = loud[max(0, len(loud)-hearBlocks):]
	if len(loud) == 0 {
		return nil
	}
	const n = (hearHigh-hearLow)/hearStep + 1
	var shares [n]float64
	for i := range shares {
		for _, block := range loud {
			shares[i] += media.Goertzel(block, float64(hearLow+i*hearStep))
		}
		shares[i] /= float64(len(loud))
	}
	var tones []int
	for len(tones) < 2 {
		best := slices.Index(shares[:], slices.Max(shares[:]))
		if shares[best] < hearShare {
			break
		}
		tones = append(tones, hearLow+best*hearStep)
		// What lies beside a tone is the same tone, as far as this short a block can tell.
		for i := max(0, best-6); i < min(n, best+7); i++ {
			shares[i] = 0
		}
	}
	return tones
}

// Silent is true when nothing was heard at all.
func Silent(pcm []int16) bool {
	for block := range slices.Chunk(pcm, hearBlock) {
		if media.RMS(block) >= hearSilent {
			return false
		}
	}
	return true
}
