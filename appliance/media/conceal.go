package media

import "math"

// Where a packet is missing, the sound goes on by repeating what it did last, one period of the voice after the other,
// and fades away when nothing comes (the idea of ITU-T G.711 appendix I, at any rate and without its delay).

const (
	holdLost  = 20 // ms that a made-up sound keeps its loudness: one packet
	fadeLost  = 60 // ms in which it then fades to nothing
	blendLost = 4  // ms in which the sound that comes back replaces it …
	blendMost = 10 // … and more the longer it was away, up to this
	keepHeard = 50 // ms of the past that are looked at
)

// concealer knows the newest sound of one direction and can go on with it.
type concealer struct {
	perMS int                                // samples
	past  [keepHeard * wideRate / 1000]int16 // the newest last; at 8 kHz only the second half is in use
	cycle [2 * longestPeriod * wideRate / 1000]int16
	size  int     // of the cycle; what is repeated
	at    int     // in the cycle
	made  int     // samples made up since the last real one
	step  float32 // from the last real sample to where the cycle goes on; smoothed away
	any   bool    // there is a past
}

func (c *concealer) reset(rate int) { *c = concealer{perMS: rate / 1000} }

func (c *concealer) heardPast() []int16 { return c.past[len(c.past)-keepHeard*c.perMS:] }

// heard takes real sound, and blends its beginning with what was made up before it.
func (c *concealer) heard(pcm []int16) {
	if c.made > 0 {
		blend := min(len(pcm), c.perMS*min(blendMost, blendLost+c.made/c.perMS/5))
		for i := range pcm[:blend] {
			share := float32(i+1) / float32(blend+1)
			pcm[i] = int16(share*float32(pcm[i]) + (1-share)*c.next())
		}
		c.made = 0
	}
	c.any = true
	c.push(pcm)
}

// broken says that the next real sound does not follow on the last, though nothing was made up between them.
func (c *concealer) broken() {
	if c.made == 0 && c.any {
		c.begin()
		c.made = 1
	}
}

// conceal makes up sound.
func (c *concealer) conceal(pcm []int16) {
	if c.made == 0 {
		c.begin()
	}
	for i := range pcm {
		pcm[i] = int16(c.next())
	}
	c.push(pcm)
}

// faded tells that nothing is left to hear of what is made up.
func (c *concealer) faded() bool { return !c.any || c.made >= (holdLost+fadeLost)*c.perMS }

func (c *concealer) push(pcm []int16) {
	past := c.heardPast()
	if len(pcm) >= len(past) {
		copy(past, pcm[len(pcm)-len(past):])
		return
	}
	copy(past, past[len(pcm):])
	copy(past[len(past)-len(pcm):], pcm)
}

// begin finds the period of the sound and prepares the cycle: as many periods as fill 10 ms, so that it does not buzz,
// and its end bent towards what came before its beginning, so that it repeats without a seam.
func (c *concealer) begin() {
	past := c.heardPast()
	lag := period(past, shortestPeriod*c.perMS, longestPeriod*c.perMS)
	c.size = lag
	for c.size < 10*c.perMS {
		c.size += lag
	}
	cycle := c.cycle[:c.size]
	start := len(past) - c.size
	copy(cycle, past[start:])
	bend := lag / 4
	for i := range bend {
		share := float32(i+1) / float32(bend+1)
		end := c.size - bend + i
		cycle[end] = int16((1-share)*float32(cycle[end]) + share*float32(past[start-bend+i]))
	}
	c.at = 0
	c.step = float32(past[len(past)-1]) - float32(past[start-1])
}

func (c *concealer) next() float32 {
	sample := float32(c.cycle[c.at])
	if c.at++; c.at >= c.size {
		c.at = 0
	}
	if soft := 2 * c.perMS; c.made < soft {
		sample += c.step * float32(soft-c.made) / float32(soft)
	}
	if over := c.made - holdLost*c.perMS; over > 0 {
		sample *= max(0, 1-float32(over)/float32(fadeLost*c.perMS))
	}
	c.made++
	return min(max(sample, math.MinInt16), math.MaxInt16)
}
