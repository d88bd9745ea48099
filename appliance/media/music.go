package media

import (
	"math"
	"strings"
	"sync"
)

// The built-in music on hold. It is written for a telephone: nothing of it lies outside 300 to 3400 Hz, the bass is heard by its
// overtones alone, nothing beats hard or starts with a bang, and the last bar leads back into the first.

// Music is the built-in music on hold, 36 s, made to be played in a loop: always the same Sound, composed on first use.
func Music() *Sound { return music() }

var music = sync.OnceValue(func() *Sound { return ownSound(perform(score)) })

const (
	eighth    = 3000                     // samples: 80 quarters a minute
	lowestHz  = 300                      // of what a phone carries
	highestHz = 3400                     //
	musicRMS  = 32768 * 0.1              // −20 dBFS: as loud as speech, with room for its peaks
	loopSize  = 12 /*bars*/ * 8 * eighth // 36 s, also a whole number of 20 ms packets
)

// bar is one bar of eight eighths.
type bar struct {
	chords []chord
	tune   string // note:eighths
}

type chord struct {
	eighths int
	bass    string
	voices  string // low to high; led so that each moves by a step where it can
}

// score is a ballad in G: four bars that open, four that answer, four that climb and come home.
var score = []bar{
	{[]chord{{8, "G3", "F#4 B4 D5"}}, "D5:3 B4:1 D5:2 F#5:2"},                       // Gmaj7
	{[]chord{{8, "E3", "G4 B4 D5"}}, "G5:3 F#5:1 E5:2 B4:2"},                        // Em7
	{[]chord{{8, "C3", "G4 B4 E5"}}, "E5:3 D5:1 E5:2 G5:2"},                         // Cmaj7
	{[]chord{{4, "D3", "G4 A4 D5"}, {4, "D3", "F#4 A4 D5"}}, "A5:4 F#5:2 E5:2"},     // Dsus4 D
	{[]chord{{8, "B3", "F#4 A4 D5"}}, "D5:3 E5:1 F#5:2 A5:2"},                       // Bm7
	{[]chord{{8, "E3", "G4 B4 D5"}}, "G5:4 E5:2 B4:2"},                              // Em7
	{[]chord{{8, "A3", "G4 C5 E5"}}, "C5:3 D5:1 E5:2 G5:2"},                         // Am7
	{[]chord{{8, "D3", "F#4 A4 C5"}}, "F#5:3 E5:1 D5:4"},                            // D7
	{[]chord{{8, "C3", "G4 B4 E5"}}, "E5:2 G5:2 B5:3 A5:1"},                         // Cmaj7
	{[]chord{{8, "B3", "F#4 A4 D5"}}, "A5:2 F#5:2 D5:4"},                            // Bm7
	{[]chord{{8, "A3", "E4 G4 C5"}}, "C5:2 E5:2 A5:3 G5:1"},                         // Am7
	{[]chord{{4, "D3", "G4 A4 C5"}, {4, "D3", "F#4 A4 C5"}}, "G5:2 E5:2 F#5:3 -:1"}, // D7sus4 D7
}

// picking is the order in which a chord's voices are plucked, an eighth each, and how firmly.
var picking = [...]struct {
	voice int
	force float64
}{{0, 1}, {1, 0.7}, {2, 0.85}, {1, 0.65}, {0, 0.8}, {1, 0.7}, {2, 0.9}, {1, 0.65}}

// The players: how strong each overtone is, and how they ring.
var (
	lead   = instrument{overtones: []float64{1, 0.28, 0.10, 0.05}, level: 1, ring: 1.3, attack: 0.012}
	guitar = instrument{overtones: []float64{1, 0.5, 0.3, 0.16, 0.08}, level: 0.42, ring: 0.8, attack: 0.004}
	bass   = instrument{overtones: []float64{1, 0.8, 0.6, 0.4, 0.25, 0.12}, level: 0.55, ring: 1.1, attack: 0.008}
	choir  = instrument{overtones: []float64{1, 0.35, 0.12}, level: 0.13, attack: 0.45, chorus: 0.0013}
)

// instrument is plucked when it rings, and held as long as its note when not.
type instrument struct {
	overtones []float64 // strength of the fundamental and what lies above it
	level     float64
	ring      float64 // s until the fundamental has faded by 20 dB; 0: held
	attack    float64 // s
	chorus    float64 // two of them, this much off pitch to each side
}

// perform plays all bars into one loop. What rings beyond the end rings into the beginning, so there is no seam.
func perform(bars []bar) []int16 {
	loop := make([]float64, loopSize)
	at := 0
	for _, b := range bars {
		next := at
		for note := range strings.FieldsSeq(b.tune) {
			name, length, _ := strings.Cut(note, ":")
			lead.play(loop, next, int(length[0]-'0')*eighth, name, 1)
			next += int(length[0]-'0') * eighth
		}
		for _, c := range b.chords {
			c.play(loop, at)
			at += c.eighths * eighth
		}
	}
	return mastered(roomed(loop))
}

func (c chord) play(loop []float64, at int) {
	voices := strings.Fields(c.voices)
	for _, name := range voices {
		choir.play(loop, at, c.eighths*eighth, name, 1)
	}
	for i := range c.eighths {
		pick := picking[i%len(picking)]
		guitar.play(loop, at+i*eighth, eighth, voices[pick.voice], pick.force)
	}
	bass.play(loop, at, 4*eighth, c.bass, 1)
	if c.eighths == 8 {
		bass.play(loop, at+5*eighth, 3*eighth, c.bass, 0.6)
	}
}

// play adds a note of this length (samples) to the loop.
func (p instrument) play(loop []float64, at, length int, name string, force float64) {
	hz := pitch(name)
	if hz == 0 {
		return
	}
	for i, strength := range p.overtones {
		n := float64(i + 1)
		strength *= p.level * force
		switch {
		case p.ring > 0:
			p.pluck(loop, at, n*hz, strength, p.ring/math.Sqrt(n)) // what is higher fades faster
		default:
			p.hold(loop, at, length, n*hz*(1-p.chorus), strength)
			p.hold(loop, at, length, n*hz*(1+p.chorus), strength)
		}
	}
}

// pluck adds a sine that fades by itself, as a resonator that is struck once.
func (p instrument) pluck(loop []float64, at int, hz, strength, ring float64) {
	if hz < lowestHz || hz > highestHz {
		return
	}
	decay := math.Pow(10, -1/(ring*sampleRate))
	angle := 2 * math.Pi * hz / sampleRate
	turn, damp := 2*decay*math.Cos(angle), decay*decay
	attack := int(p.attack * sampleRate)
	last, before := 0.0, -math.Sin(angle)/decay
	for i := range int(3 * ring * sampleRate) { // 60 dB
		level := strength
		if i < attack {
			level *= (1 - math.Cos(math.Pi*float64(i)/float64(attack))) / 2
		}
		loop[(at+i)%len(loop)] += level * last
		last, before = turn*last-damp*before, last
	}
}

// hold adds a sine that swells, stays and gives way to the next one.
func (p instrument) hold(loop []float64, at, length int, hz, strength float64) {
	if hz < lowestHz || hz > highestHz {
		return
	}
	angle := 2 * math.Pi * hz / sampleRate
	turn := 2 * math.Cos(angle)
	edge := int(p.attack * sampleRate)
	last, before := 0.0, -math.Sin(angle)
	for i := range length + edge {
		level := strength
		if near := min(i, length+edge-i); near < edge {
			level *= float64(near) / float64(edge)
		}
		loop[(at+i)%len(loop)] += level * last
		last, before = turn*last-before, last
	}
}

// pitch gives the frequency of a note like F#4 in equal temperament, A4 being 440 Hz; 0 for a rest.
func pitch(name string) float64 {
	semitone := strings.Index("C D EF G A B", name[:1])
	if semitone < 0 {
		return 0
	}
	semitone += strings.Count(name, "#") + 12*(int(name[len(name)-1])-'4') - 9
	return 440 * math.Pow(2, float64(semitone)/12)
}

// roomed lets the loop sound in a small room: four echoes that damp, then two that blur. It goes round twice, so that
// the beginning already hears the end.
func roomed(loop []float64) []float64 {
	echoes := [...]echo{{delay: 239}, {delay: 281}, {delay: 317}, {delay: 359}}
	blurs := [...]echo{{delay: 113}, {delay: 41}}
	for i := range echoes {
		echoes[i].line = make([]float64, echoes[i].delay)
	}
	for i := range blurs {
		blurs[i].line = make([]float64, blurs[i].delay)
	}
	wet := make([]float64, len(loop))
	for range 2 {
		for i, dry := range loop {
			var sum float64
			for e := range echoes {
				sum += echoes[e].ring(dry)
			}
			for b := range blurs {
				sum = blurs[b].blur(sum)
			}
			wet[i] = dry + 0.09*sum
		}
	}
	return wet
}

// echo is a delay line that feeds itself.
type echo struct {
	delay, at int // samples
	line      []float64
	dull      float64 // what the walls have swallowed the treble of
}

// ring is a comb filter with a low pass in its loop.
func (e *echo) ring(in float64) float64 {
	out := e.line[e.at]
	e.dull += 0.65 * (out - e.dull)
	e.line[e.at] = in + 0.72*e.dull
	e.step()
	return out
}

// blur is an all-pass filter.
func (e *echo) blur(in float64) float64 {
	held := e.line[e.at]
	out := held - 0.5*in
	e.line[e.at] = in + 0.5*out
	e.step()
	return out
}

func (e *echo) step() {
	if e.at++; e.at == e.delay {
		e.at = 0
	}
}

// mastered brings the loop to its level in 16 bits.
func mastered(loop []float64) []int16 {
	var energy float64
	for _, x := range loop {
		energy += x * x
	}
	gain := musicRMS / math.Sqrt(energy/float64(len(loop)))
	pcm := make([]int16, len(loop))
	for i, x := range loop {
		pcm[i] = int16(math.Round(min(max(gain*x, -32767), 32767)))
	}
	return pcm
}
