package media

import "math"

// ITU-T G.722 at 64 kbit/s: 16,000 samples a second are split into a lower and an upper band of 8,000 each, and each
// band is written as the difference from what its past foretells, the lower with six bits and the upper with two. One
// byte carries two samples, so 20 ms are 160 bytes as with G.711; the RTP clock says 8,000 for the same reason
// (RFC 3551 section 4.5.2). All arithmetic is that of the recommendation, to the bit.

// longestFrame is how many bytes one call of a codec may make or take: 60 ms, the longest packet that is agreed on.
const longestFrame = 60 * 8

// g722Encoder turns sound at 16 kHz into bytes.
type g722Encoder struct {
	low, high band
	work      [22 + 2*longestFrame]int32 // begins with the input that the filter still needs
}

// g722Decoder turns bytes into sound at 16 kHz.
type g722Decoder struct {
	low, high   band
	sums, diffs [11 + longestFrame]int32 // of both bands; they begin with what the filter still needs
}

// reset is how both begin, and have to: their pasts must be the same.
func (e *g722Encoder) reset() {
	*e = g722Encoder{low: band{step: lowFirst}, high: band{step: highFirst}}
}
func (d *g722Decoder) reset() {
	*d = g722Decoder{low: band{step: lowFirst}, high: band{step: highFirst}}
}

// mirror is the filter that splits and joins the bands (table 11), in 1/8192: its even taps, which are its odd ones
// backwards.
var mirror = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// encode writes a byte for every two samples; both sides hold at most longestFrame bytes' worth.
func (e *g722Encoder) encode(out []byte, pcm []int16) {
	const past = 22
	for i, sample := range pcm[:2*len(out)] {
		e.work[past+i] = int32(sample)
	}
	for i := range out {
		x := (*[24]int32)(e.work[2*i:])
		var older, newer int32
		for k, weight := range &mirror {
			older += x[2*k] * weight
			newer += x[23-2*k] * weight
		}
		out[i] = e.low.write6((newer+older)>>14) | e.high.write2((newer-older)>>14)<<6
	}
	copy(e.work[:past], e.work[2*len(out):])
}

// decode writes two samples for every byte, of which there are at most longestFrame.
func (d *g722Decoder) decode(pcm []int16, data []byte) {
	const past = 11
	for i, code := range data {
		low, high := d.low.read6(code&0x3f), d.high.read2(code>>6)
		d.sums[past+i], d.diffs[past+i] = low+high, low-high
		sums, diffs := (*[12]int32)(d.sums[i:]), (*[12]int32)(d.diffs[i:])
		var first, second int32
		for k, weight := range &mirror {
			first += diffs[11-k] * weight
			second += sums[k] * weight
		}
		pcm[2*i], pcm[2*i+1] = int16(clip(first>>11, math.MaxInt16)), int16(clip(second>>11, math.MaxInt16))
	}
	copy(d.sums[:past], d.sums[len(data):])
	copy(d.diffs[:past], d.diffs[len(data):])
}

// band is what coder and decoder both know of the past of one band.
type band struct {
	foretold int32 // the next sample
	zeros    int32 // the part of it that comes from the differences
	step     int32 // of the quantiser
	log      int32 // of the step, in 1/2048

	poles   [2]int32 // weights of the samples, in 1/16384
	weights [6]int32 // weights of the differences, in 1/16384
	heard   [2]int32 // the newest samples as the decoder hears them
	rest    [2]int32 // the newest differences and what the zeros foretold
	moved   [6]int32 // the newest differences
}

const (
	lowFirst, lowTop   = 32, 18432 // the first step; the largest logarithm
	highFirst, highTop = 8, 22528
)

// The lower band's quantiser (tables 14 to 17): its decision levels in 1/4096 of a step, what its codes stand for in
// 1/32768 of a step with all six bits and with the four that count for the prediction, and how loud each of these is.
var (
	lowLevels = [...]int32{
		35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
		1458, 1612, 1765, 1980, 2195, 2557, 2919,
	}
	lowSix = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	lowFour = [16]int32{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	lowGrowth = [16]int32{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}

	highTwo    = [4]int32{-7408, -1616, 7408, 1616}
	highGrowth = [4]int32{798, -214, 798, -214}
	highLevel  = int32(564)

	// stepSizes are 2048 times the powers of two from 0 to 31/32 (table 18).
	stepSizes = [32]int32{
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
	}
)

// write6 gives the lower band's code for a sample.
func (b *band) write6(sample int32) byte {
	off := clip(sample-b.foretold, math.MaxInt16)
	size := off
	if off < 0 {
		size = ^off
	}
	level, over := 0, len(lowLevels) // the first decision level beyond size
	for level < over {
		if middle := (level + over) / 2; lowLevels[middle]*b.step>>12 <= size {
			level = middle + 1
		} else {
			over = middle
		}
	}
	code := byte(61 - level)
	if off < 0 {
		if code = byte(63 - level); level >= 2 {
			code = byte(33 - level)
		}
	}
	b.low4(code >> 2)
	return code
}

// read6 gives the sample for the lower band's code.
func (b *band) read6(code byte) int32 {
	sample := clip(b.foretold+b.step*lowSix[code]>>15, 1<<14-1)
	b.low4(code >> 2)
	return sample
}

func (b *band) low4(code byte) {
	moved := b.step * lowFour[code] >> 15
	b.log = min(max(b.log*127>>7+lowGrowth[code], 0), lowTop)
	b.step = stepSize(b.log, 8)
	b.learn(moved)
}

// write2 gives the upper band's code for a sample.
func (b *band) write2(sample int32) byte {
	off := clip(sample-b.foretold, math.MaxInt16)
	code, size := byte(3), off
	if off < 0 {
		code, size = 1, ^off
	}
	if size >= highLevel*b.step>>12 {
		code--
	}
	b.high2(code)
	return code
}

// read2 gives the sample for the upper band's code.
func (b *band) read2(code byte) int32 {
	sample := clip(b.foretold+b.step*highTwo[code]>>15, 1<<14-1)
	b.high2(code)
	return sample
}

func (b *band) high2(code byte) {
	moved := b.step * highTwo[code] >> 15
	b.log = min(max(b.log*127>>7+highGrowth[code], 0), highTop)
	b.step = stepSize(b.log, 10)
	b.learn(moved)
}

func stepSize(log, octaves int32) int32 {
	size := stepSizes[log>>6&31]
	if down := octaves - log>>11; down >= 0 {
		return size >> down << 2
	}
	return size << (log>>11 - octaves) << 2
}

// learn takes the difference that a code stood for and foretells the next sample from it.
func (b *band) learn(moved int32) {
	heard := clip(b.foretold+moved, math.MaxInt16)
	rest := clip(b.zeros+moved, math.MaxInt16)
	b.turnPoles(rest)
	b.turnZeros(moved)
	b.heard[1], b.heard[0] = b.heard[0], heard
	b.rest[1], b.rest[0] = b.rest[0], rest

	poles := b.poles[0]*clip(2*b.heard[0], math.MaxInt16)>>15 + b.poles[1]*clip(2*b.heard[1], math.MaxInt16)>>15
	b.foretold = clip(clip(poles, math.MaxInt16)+b.zeros, math.MaxInt16)
}

// turnPoles turns the weights of the samples a little towards what would have foretold this one, and keeps them where
// the filter is stable.
func (b *band) turnPoles(rest int32) {
	sign := rest >> 31
	nudge := clip(4*b.poles[0], math.MaxInt16)
	if sign == b.rest[0]>>31 {
		nudge = min(-nudge, math.MaxInt16)
	}
	second := nudge>>7 - 128 + b.poles[1]*32512>>15
	if sign == b.rest[1]>>31 {
		second += 256
	}
	second = min(max(second, -12288), 12288)

	first := b.poles[0] * 32640 >> 15
	if sign == b.rest[0]>>31 {
		first += 192
	} else {
		first -= 192
	}
	bound := 15360 - second
	b.poles[0], b.poles[1] = min(max(clip(first, math.MaxInt16), -bound), bound), second
}

// turnZeros does the same for the weights of the differences, and sums up what they foretell.
func (b *band) turnZeros(moved int32) {
	nudge := int32(128)
	if moved == 0 {
		nudge = 0
	}
	sign := moved >> 31
	b.zeros = 0
	newer := moved
	for i, was := range b.moved {
		weight := b.weights[i] * 32640 >> 15
		if sign == was>>31 {
			weight += nudge
		} else {
			weight -= nudge
		}
		b.weights[i] = clip(weight, math.MaxInt16)
		b.zeros += b.weights[i] * clip(2*newer, math.MaxInt16) >> 15
		b.moved[i], newer = newer, was
	}
	b.zeros = clip(b.zeros, math.MaxInt16)
}

// clip bounds x to what top and one sign bit can hold: −top−1 to top.
func clip(x, top int32) int32 { return min(max(x, ^top), top) }
