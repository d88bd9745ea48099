package media

import "math"

// Keys as tones in the sound itself (ITU-T Q.23), for peers with whom RFC 4733 was not agreed on: each key is one low
// and one high tone. The limits are those that Q.24 lists for the networks of the world, the more tolerant where they
// differ, and beyond them that a tone must stand as still as no voice does.

var (
	touchLow  = [4]float64{697, 770, 852, 941}
	touchHigh = [4]float64{1209, 1336, 1477, 1633}
)

const (
	touchKeys = "123A456B789C*0#D" // by row and column

	touchBlock   = 51                               // samples, 6.4 ms; always two blocks in a row are looked at together
	touchBlocks  = float64(sampleRate) / touchBlock // a second; as many Hz off turn the phase once a block
	touchHits    = 4                                // pairs in a row that have the key: 25 ms at least, 40 ms are always enough
	touchMisses  = 4                                // pairs that have it no more: a gap of 10 ms is none, one of 40 ms always is
	touchLevel   = 510                              // amplitude of either tone at least, −33 dBm0
	touchShare   = 0.74                             // of the energy at least
	touchAlone   = 3                                // times the energy of every other tone of its group
	touchSteady  = 0.9                              // how much the phases agree
	touchOff     = 0.025                            // by which a frequency may be wrong: 1.5 % has to be taken, 3.5 % not
	touchLowMore = 14                               // times the energy of the high tone: the line swallows 8 dB of that
	touchHiMore  = 4                                // times the energy of the low tone: phones make up for it by 4 dB
)

// touchTone is one of the eight: its turn by sample of a block, and how far a whole block turns it.
type touchTone struct {
	hz   float64
	turn [touchBlock]struct{ re, im float32 }
	next complex64
}

var touchTones = func() (tones [8]touchTone) {
	for i := range tones {
		t := &tones[i]
		if t.hz = touchLow[i%4]; i >= 4 {
			t.hz = touchHigh[i%4]
		}
		angle := 2 * math.Pi * t.hz / sampleRate
		for at := range t.turn {
			s, c := math.Sincos(-angle * float64(at))
			t.turn[at].re, t.turn[at].im = float32(c), float32(s)
		}
		s, c := math.Sincos(-angle * touchBlock)
		t.next = complex(float32(c), float32(s))
	}
	return tones
}()

// touch finds keys in sound at 8 kHz.
type touch struct {
	block [touchBlock]int16
	n     int
	one   [8]complex64 // what the newest block has of each tone
	power float32      // its energy

	row, column int          // of the newest pair of blocks
	pair        [2]complex64 // what it has of both tones
	hits        int          // pairs in a row that had them
	drift       [2]complex64 // the sum of how they moved from pair to pair …
	weight      [2]float32   // … which is that long if they always moved alike
	misses      int
	key         byte // that is down, 0 when none is
}

// hear takes sound and returns the key that went down in it, 0 when none did.
func (t *touch) hear(pcm []int16) (down byte) {
	for len(pcm) > 0 {
		n := copy(t.block[t.n:], pcm)
		pcm, t.n = pcm[n:], t.n+n
		if t.n == touchBlock {
			t.n = 0
			if key := t.weigh(); key != 0 {
				down = key
			}
		}
	}
	return down
}

// weigh looks at the newest two blocks.
func (t *touch) weigh() (down byte) {
	pair, power := t.measure()
	row, column, heard := strongest(&pair, power)
	key := touchKeys[4*row+column]
	switch {
	case !heard || key != t.key:
		if t.misses++; t.misses >= touchMisses {
			t.key = 0
		}
	default:
		t.misses = 0
	}
	if !heard {
		t.hits = 0
		return 0
	}
	now := [2]complex64{pair[row], pair[4+column]}
	if t.hits == 0 || row != t.row || column != t.column {
		t.row, t.column, t.hits = row, column, 0
		t.drift, t.weight = [2]complex64{}, [2]float32{}
	} else {
		for i, tone := range [2]int{row, 4 + column} {
			was := t.pair[i]
			t.drift[i] += now[i] * complex(real(was), -imag(was)) * touchTones[tone].next
			t.weight[i] += float32(math.Sqrt(float64(square(now[i]) * square(was))))
		}
	}
	t.pair = now
	if t.hits++; t.hits < touchHits || t.key != 0 || !t.steady() {
		return 0
	}
	t.key, t.misses = key, 0
	return key
}

// measure takes the block in and returns what it and the one before have together.
func (t *touch) measure() (pair [8]complex64, power float32) {
	power = t.power
	t.power = 0
	for _, sample := range &t.block {
		t.power += float32(sample) * float32(sample)
	}
	for i := range touchTones {
		tone := &touchTones[i]
		var re, im float32
		for at := range tone.turn {
			x := float32(t.block[at])
			re += x * tone.turn[at].re
			im += x * tone.turn[at].im
		}
		before := t.one[i]
		t.one[i] = complex(re, im)
		pair[i] = before + t.one[i]*tone.next
	}
	return pair, power + t.power
}

// strongest finds the key in a pair of blocks, if there is one.
func strongest(pair *[8]complex64, power float32) (row, column int, heard bool) {
	var size [8]float32
	for i, tone := range pair {
		size[i] = square(tone)
	}
	for i := range 4 {
		if size[i] > size[row] {
			row = i
		}
		if size[4+i] > size[4+column] {
			column = i
		}
	}
	low, high := size[row], size[4+column]
	// A tone of amplitude a measures a·n/2 over n samples, whose energy is a²·n/2.
	if min(low, high) < (touchLevel*touchBlock)*(touchLevel*touchBlock) || low+high < touchShare*touchBlock*power ||
		low > touchLowMore*high || high > touchHiMore*low {
		return row, column, false
	}
	for i := range 4 {
		if (i != row && size[i]*touchAlone > low) || (i != column && size[4+i]*touchAlone > high) {
			return row, column, false
		}
	}
	return row, column, true
}

// steady tells that both tones moved alike from pair to pair, and have the frequencies they should.
func (t *touch) steady() bool {
	for i, tone := range [2]int{t.row, 4 + t.column} {
		d := t.drift[i]
		off := math.Atan2(float64(imag(d)), float64(real(d))) / (2 * math.Pi) * touchBlocks
		if square(d) < touchSteady*touchSteady*t.weight[i]*t.weight[i] || math.Abs(off) > touchOff*touchTones[tone].hz {
			return false
		}
	}
	return true
}

func square(x complex64) float32 { return real(x)*real(x) + imag(x)*imag(x) }

// touchSound makes the tones of keys, piece by piece.
type touchSound struct {
	angle, turn [2]float64
	faded       float64 // how much of it sounds, 0 to 1
}

// The level of both tones is −9 and −7 dBm0: phones make the higher one louder by as much as the line swallows of it.
var touchPeak = [2]float64{32768 * 0.2472, 32768 * 0.3112}

const touchFade = 20 // samples to rise and to fall, 2.5 ms

// press begins a key; one that is none sounds of nothing.
func (t *touchSound) press(key byte) {
	*t = touchSound{}
	for i := range touchKeys {
		if touchKeys[i] == key {
			t.turn = [2]float64{2 * math.Pi * touchLow[i/4] / sampleRate, 2 * math.Pi * touchHigh[i%4] / sampleRate}
		}
	}
}

// into fills pcm at 8 kHz, rising when the key is down and falling to silence when it is not.
func (t *touchSound) into(pcm []int16, down bool) {
	for i := range pcm {
		if t.faded = max(0, t.faded-1.0/touchFade); down {
			t.faded = min(1, t.faded+2.0/touchFade)
		}
		var x float64
		for tone := range t.angle {
			x += touchPeak[tone] * math.Sin(t.angle[tone])
			t.angle[tone] += t.turn[tone]
		}
		pcm[i] = int16(x * t.faded)
	}
}
