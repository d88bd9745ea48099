package media

import (
	"math"
	"testing"
)

func TestEveryCodeComesBackFromItsOwnValue(t *testing.T) {
	for code := range 256 {
		if got := linearToAlaw(alawToLinear[code]); got != byte(code) {
			t.Errorf("A-law %#02x stands for %d, which becomes %#02x", code, alawToLinear[code], got)
		}
		want := byte(code)
		if want == 0x7f {
			want = 0xff // µ-law has two zeros; the positive one is written
		}
		if got := linearToUlaw(ulawToLinear[code]); got != want {
			t.Errorf("µ-law %#02x stands for %d, which becomes %#02x", code, ulawToLinear[code], got)
		}
	}
}

// Half a step of the segment: A-law's steps are 1/16 of where the segment starts, µ-law's are that of the biased value.
func TestEverySampleIsWrittenWithinHalfAStep(t *testing.T) {
	for sample := math.MinInt16; sample <= math.MaxInt16; sample++ {
		if got := int(alawToLinear[linearToAlaw(int16(sample))]); abs(sample-got) > max(8, abs(sample)/32) {
			t.Fatalf("A-law writes %d as %d", sample, got)
		}
		if got := int(ulawToLinear[linearToUlaw(int16(sample))]); abs(sample-got) > (abs(sample)+4*ulawBias)/32 {
			t.Fatalf("µ-law writes %d as %d", sample, got)
		}
	}
}

func abs(x int) int { return max(x, -x) }

// The decision values and outputs of tables 1a, 1b, 2a and 2b of G.711, in 16 bits: A-law's times 8, µ-law's times 4.
func TestKnownValuesOfTheRecommendation(t *testing.T) {
	alaw := []struct {
		code  byte
		value int16
	}{{0xd5, 8}, {0x55, -8}, {0xd4, 24}, {0xc5, 264}, {0xf5, 528}, {0xaa, 32256}, {0x2a, -32256}, {0x80, 5504}, {0x00, -5504}}
	for _, known := range alaw {
		if got := alawToLinear[known.code]; got != known.value {
			t.Errorf("A-law %#02x is %d, want %d", known.code, got, known.value)
		}
	}
	ulaw := []struct {
		code  byte
		value int16
	}{{0xff, 0}, {0x7f, 0}, {0xfe, 8}, {0xf0, 120}, {0xef, 132}, {0xdf, 396}, {0x8f, 16764}, {0x80, 32124}, {0x00, -32124}}
	for _, known := range ulaw {
		if got := ulawToLinear[known.code]; got != known.value {
			t.Errorf("µ-law %#02x is %d, want %d", known.code, got, known.value)
		}
	}
	for _, edge := range []struct {
		sample     int16
		alaw, ulaw byte
	}{
		{0, 0xd5, 0xff}, {-1, 0x55, 0x7f}, {15, 0xd5, 0xfd}, {16, 0xd4, 0xfd},
		{32767, 0xaa, 0x80}, {-32768, 0x2a, 0x00}, {31744, 0xaa, 0x80}, {31743, 0xab, 0x80}, {31611, 0xab, 0x81}, {31612, 0xab, 0x80},
	} {
		if got := linearToAlaw(edge.sample); got != edge.alaw {
			t.Errorf("%d is A-law %#02x, want %#02x", edge.sample, got, edge.alaw)
		}
		if got := linearToUlaw(edge.sample); got != edge.ulaw {
			t.Errorf("%d is µ-law %#02x, want %#02x", edge.sample, got, edge.ulaw)
		}
	}
}

// A digital milliwatt (G.711, tables 5 and 6) is 1 kHz at 0 dBm0: 3.14 dB under what A-law, 3.17 dB under what µ-law can carry.
func TestTheDigitalMilliwattHasItsLevel(t *testing.T) {
	alaw := [8]byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}
	ulaw := [8]byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}
	var fromAlaw, fromUlaw []int16
	for i := range 800 {
		fromAlaw = append(fromAlaw, alawToLinear[alaw[i%8]])
		fromUlaw = append(fromUlaw, ulawToLinear[ulaw[i%8]])
	}
	for name, c := range map[string]struct {
		pcm  []int16
		down float64
	}{"A-law": {fromAlaw, 3.14}, "µ-law": {fromUlaw, 3.17}} {
		level := 20 * math.Log10(RMS(c.pcm)*math.Sqrt2/32768)
		if math.Abs(level+c.down) > 0.3 {
			t.Errorf("the %s milliwatt has %.2f dB of full scale, want −%.2f", name, level, c.down)
		}
		if share := Goertzel(c.pcm, 1000); share < 0.99 {
			t.Errorf("the %s milliwatt has %.3f of its energy at 1 kHz", name, share)
		}
	}
}

func TestTranscodingKeepsSignLoudnessAndOrder(t *testing.T) {
	for code := range 256 {
		toUlaw, toAlaw := alawToUlaw[code], ulawToAlaw[code]
		if toUlaw&0x80 != byte(code)&0x80 || toAlaw&0x80 != byte(code)&0x80 {
			t.Errorf("code %#02x changes its sign", code)
		}
		if alawToUlaw[code^0x80] != toUlaw^0x80 || ulawToAlaw[code^0x80] != toAlaw^0x80 {
			t.Errorf("code %#02x is not the mirror of its negative", code)
		}
		checkNear(t, "A to µ", int(alawToLinear[code]), int(ulawToLinear[toUlaw]))
		checkNear(t, "µ to A", int(ulawToLinear[code]), int(alawToLinear[toAlaw]))
	}
	for number := range 127 {
		if ulawToLinear[alawToUlaw[byte(0x80|number)^alawFlip]] > ulawToLinear[alawToUlaw[byte(0x81+number)^alawFlip]] {
			t.Errorf("A-law %d is louder in µ-law than its louder neighbour", number)
		}
	}
}

// checkNear allows half a step of the coarser law, which is at most 1/32 of the value, and the coarse steps near zero.
func checkNear(t *testing.T, way string, before, after int) {
	t.Helper()
	if abs(before-after) > max(8, abs(before)/25) {
		t.Errorf("%s turns %d into %d", way, before, after)
	}
}

func TestACodeThatWentThroughTheOtherLawOnceStaysTheSameAfterwards(t *testing.T) {
	var changedUlaw, changedAlaw int
	for code := range 256 {
		there := ulawToAlaw[code]
		back := alawToUlaw[there]
		if ulawToAlaw[back] != there {
			t.Errorf("µ-law %#02x drifts with every further transcoding", code)
		}
		if back != byte(code) {
			changedUlaw++
		}
		if ulawToAlaw[alawToUlaw[code]] != byte(code) {
			changedAlaw++
		}
	}
	// Each law has values the other cannot tell apart: µ-law is finer near zero, A-law in the middle.
	if changedUlaw > 2*12 || changedAlaw > 2*12 {
		t.Errorf("%d µ-law and %d A-law codes do not survive the other law", changedUlaw, changedAlaw)
	}
}
