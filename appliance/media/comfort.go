package media

import "math"

const (
	comfortOrder = 10 // reflection coefficients that are taken; those beyond shape what nobody hears
	comfortMost  = 45 // −dBov: nobody is comforted by louder noise
)

// comfort makes the noise that a peer describes instead of sending it (RFC 3389).
type comfort struct {
	on        bool
	order     int
	reflected [comfortOrder]float32
	delayed   [comfortOrder]float32
	gain      float32
	chance    uint32
}

// describe takes the payload of a comfort noise packet: a level in −dBov, then the reflection coefficients of its
// spectrum.
func (c *comfort) describe(payload []byte) {
	if len(payload) == 0 {
		return
	}
	if c.chance == 0 {
		c.chance = 0x9e3779b9
	}
	level := max(comfortMost, int(payload[0]&0x7f))
	c.on, c.order = true, min(len(payload)-1, comfortOrder)
	whole := 1.0
	for i := range c.order {
		k := min(max((float64(payload[1+i])-127)/128, -0.9), 0.9) // beyond, it would ring and be no noise
		c.reflected[i] = float32(k)
		whole *= 1 - k*k
	}
	// Even noise from −1 to 1 has an RMS of 1/√3, and the filter makes it louder by 1/√whole.
	c.gain = float32(32768 * math.Pow(10, -float64(level)/20) * math.Sqrt(3*whole))
}

// into fills pcm.
func (c *comfort) into(pcm []int16) {
	for i := range pcm {
		c.chance ^= c.chance << 13
		c.chance ^= c.chance >> 17
		c.chance ^= c.chance << 5
		x := c.gain * float32(int32(c.chance)) / (1 << 31)
		for k := c.order - 1; k >= 0; k-- {
			x -= c.reflected[k] * c.delayed[k]
			if k+1 < c.order {
				c.delayed[k+1] = c.delayed[k] + c.reflected[k]*x
			}
		}
		if c.order > 0 {
			c.delayed[0] = x
		}
		pcm[i] = int16(min(max(x, math.MinInt16), math.MaxInt16))
	}
}
