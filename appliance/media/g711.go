package media

import "math/bits"

// ITU-T G.711 in numbers: one byte a sample, a sign, three bits of segment, four bits of step. Inside the box a
// sample is a 16 bit integer; A-law fills its upper 13 bits, µ-law its upper 14.

const (
	alawFlip = 0x55 // every second bit of A-law is inverted on the line (G.711, table 1a, note 2)
	ulawBias = 33   // µ-law's segments double in length only after this is added (in 14 bit units)
	ulawTop  = 8191 // largest biased magnitude that has a code
)

var (
	alawToLinear           = decodeTable(expandAlaw)
	ulawToLinear           = decodeTable(expandUlaw)
	alawToUlaw, ulawToAlaw = crossTables()
)

func decodeTable(expand func(byte) int16) (table [256]int16) {
	for code := range table {
		table[code] = expand(byte(code))
	}
	return table
}

func expandAlaw(code byte) int16 {
	code ^= alawFlip
	segment := code >> 4 & 7
	value := int16(code&15)<<4 + 8
	if segment > 0 {
		value = (value + 256) << (segment - 1)
	}
	if code&0x80 == 0 {
		return -value
	}
	return value
}

func expandUlaw(code byte) int16 {
	code = ^code
	value := ((int16(code&15)<<1+ulawBias)<<(code>>4&7) - ulawBias) << 2
	if code&0x80 != 0 {
		return -value
	}
	return value
}

// linearToAlaw gives the A-law code whose interval holds the sample.
func linearToAlaw(sample int16) byte {
	sign := byte(0x80)
	if sample < 0 {
		sign = 0
		sample = ^sample // mirrors the intervals, so that −1 lies where 0 lies
	}
	magnitude := uint16(sample) >> 4 // 0 … 2047
	if magnitude < 32 {              // the two lowest segments share one step size
		return (sign | byte(magnitude)) ^ alawFlip
	}
	segment := bits.Len16(magnitude) - 4
	return (sign | byte(segment)<<4 | byte(magnitude>>(segment-1))&15) ^ alawFlip
}

// linearToUlaw gives the µ-law code whose interval holds the sample.
func linearToUlaw(sample int16) byte {
	sign := byte(0x80)
	if sample < 0 {
		sign = 0
		sample = ^sample
	}
	magnitude := min(uint16(sample)>>2+ulawBias, ulawTop) // 33 … 8191
	segment := bits.Len16(magnitude) - 6
	return sign | ^(byte(segment)<<4|byte(magnitude>>(segment+1))&15)&0x7f
}

// run is a stretch of a conversion table: first, first+step … last, each of them repeat times.
type run struct{ first, last, step, repeat int }

// Tables 3 and 4 of G.711, with the misprint around their entry 80 put right. Each differs from going through linear
// values in about twenty places: the recommendation would rather have a code come back unchanged from the other law
// than be nearest once. µ-law numbers its outputs from 0, A-law from 1.
var (
	ulawInAlaw = []run{
		{1, 8, 1, 2}, {9, 25, 1, 1}, {27, 31, 2, 1}, {33, 44, 1, 1}, {46, 46, 1, 1}, {48, 62, 1, 1}, {64, 80, 1, 1}, {82, 128, 1, 1},
	}
	alawInUlaw = []run{
		{1, 15, 2, 1}, {16, 31, 1, 1}, {32, 35, 1, 2}, {36, 47, 1, 1}, {48, 49, 1, 2},
		{50, 63, 1, 1}, {64, 64, 1, 2}, {65, 79, 1, 1}, {80, 80, 1, 2}, {81, 127, 1, 1},
	}
)

func crossTables() (toUlaw, toAlaw [256]byte) {
	alawCode := func(sign byte, number int) byte { return (sign | byte(number)) ^ alawFlip }
	ulawCode := func(sign byte, number int) byte { return sign | ^byte(number)&0x7f }
	for _, sign := range []byte{0x80, 0} {
		for number, other := range unroll(alawInUlaw) {
			toUlaw[alawCode(sign, number)] = ulawCode(sign, other)
		}
		for number, other := range unroll(ulawInAlaw) {
			toAlaw[ulawCode(sign, number)] = alawCode(sign, other-1)
		}
	}
	return toUlaw, toAlaw
}

func unroll(runs []run) (numbers []int) {
	for _, r := range runs {
		for n := r.first; n <= r.last; n += r.step {
			for range r.repeat {
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}
