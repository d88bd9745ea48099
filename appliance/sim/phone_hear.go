package sim

import (
	"cmp"
	"maps"
	"slices"

	"callbox/appliance/media"
)

const (
	hearBlock  = sampleRate / 10 // long enough to tell tones apart that lie 10 Hz from each other
	hearLow    = 100             // Hz
	hearHigh   = 3400
	hearStep   = 5
	hearBeside = 30   // Hz beside a tone that are the same tone, as far as so short a block can tell
	hearSilent = 60   // root mean square under which nothing is heard
	hearShare  = 0.3  // of the energy that a tone has in its block
	hearPure   = 0.75 // of the energy that the tones of a block have together; speech and music are less pure
	hearOften  = 10   // a tone is in one of so many loud blocks
	hearBlocks = 100  // the last ten seconds of sound are enough
	hearMost   = 3    // tones that a signal is made of: more is a melody
)

// HeardTones are the steady tones in what was heard, in Hz to the next 5, lowest first: one for a test tone, two for most
// ringing and engaged tones, three for the notes of "this number is not in use". None in silence, speech and music.
func HeardTones(pcm []int16) []int {
	blocks := loudBlocks(pcm)
	in := map[int]int{} // tone to the blocks that have it
	pure := 0
	for _, block := range blocks {
		tones := tonesOf(block)
		for _, hz := range tones {
			in[closest(in, hz)]++
		}
		pure += min(len(tones), 1)
	}
	// Where one tone ends and the next begins, a block has some of both; hence not all blocks are pure.
	if len(blocks) == 0 || pure < len(blocks)/2 {
		return nil
	}
	maps.DeleteFunc(in, func(_, n int) bool { return n*hearOften < len(blocks) })
	if len(in) > hearMost {
		return nil
	}
	return slices.Sorted(maps.Keys(in))
}

// loudBlocks are the last blocks in which something is heard.
func loudBlocks(pcm []int16) [][]int16 {
	var loud [][]int16
	for block := range slices.Chunk(pcm, hearBlock) {
		if len(block) == hearBlock && media.RMS(block) >= hearSilent {
			loud = append(loud, block)
		}
	}
	return loud[max(0, len(loud)-hearBlocks):]
}

// tonesOf are the one or two tones that a block consists of, strongest first; none when it is no tone.
func tonesOf(block []int16) []int {
	type note struct {
		hz    int
		share float64
	}
	var notes []note
	for hz := hearLow; hz <= hearHigh; hz += hearStep {
		notes = append(notes, note{hz, media.Goertzel(block, float64(hz))})
	}
	slices.SortFunc(notes, func(a, b note) int { return cmp.Compare(b.share, a.share) })
	var tones []int
	sum := 0.0
	for _, n := range notes {
		if n.share < hearShare || len(tones) == 2 {
			break
		}
		if slices.ContainsFunc(tones, func(hz int) bool { return max(hz-n.hz, n.hz-hz) <= hearBeside }) {
			continue
		}
		tones = append(tones, n.hz)
		sum += n.share
	}
	if sum < hearPure {
		return nil
	}
	return tones
}

// closest is the tone that was found before within one step, because blocks do not agree on the last 5 Hz; or hz.
func closest(found map[int]int, hz int) int {
	for _, near := range []int{hz, hz - hearStep, hz + hearStep} {
		if found[near] > 0 {
			return near
		}
	}
	return hz
}

// Silent is true when nothing was heard at all.
func Silent(pcm []int16) bool { return len(loudBlocks(pcm)) == 0 }
