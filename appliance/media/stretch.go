package media

import "math"

const (
	shortestPeriod = 5  // ms that are looked for in what is repeated: those of a higher voice come as multiples
	longestPeriod  = 15 // ms: a voice of 67 Hz
	slip           = 2  // ms: the least that stretching and shortening change at once
	likeEnough     = 0.5
	nearlySilent   = 60 // RMS under which any change goes unheard
)

// period finds by how many samples, from low to high, the end of pcm repeats itself best.
func period(pcm []int16, low, high int) int {
	span := min(len(pcm)-high, 2*high)
	end := pcm[len(pcm)-span:]
	best, most := low, float32(-2)
	for lag := low; lag <= high; lag += 2 {
		if like := likeness(end, pcm[len(pcm)-span-lag:], 3); like > most {
			best, most = lag, like
		}
	}
	most = -2
	for lag := max(low, best-2); lag <= min(high, best+2); lag++ {
		if like := likeness(end, pcm[len(pcm)-span-lag:], 1); like > most {
			best, most = lag, like
		}
	}
	return best
}

// likeness is the correlation of a with the beginning of b, −1 to 1, taken at every stride-th sample.
func likeness(a, b []int16, stride int) float32 {
	var ab, aa, bb int64
	for i := 0; i < len(a); i += stride {
		x, y := int64(a[i]), int64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float32(float64(ab) / math.Sqrt(float64(aa)*float64(bb)))
}

// slipLag finds how many samples can be taken out of pcm, or put in, without being heard; 0 when none can.
func slipLag(pcm []int16, perMS int) int {
	low, high := slip*perMS, len(pcm)/2
	if high <= low {
		return 0
	}
	span := len(pcm) - high
	best, most := 0, float32(likeEnough)
	for lag := high; lag >= low; lag -= perMS / 8 {
		if like := likeness(pcm[:span], pcm[lag:], 2); like > most {
			best, most = lag, like
		}
	}
	if best == 0 && RMS(pcm) < nearlySilent {
		return high
	}
	return best
}

// shorten takes one period out of pcm, blending over the seam, and returns what is left.
func shorten(pcm []int16, perMS int) []int16 {
	lag := slipLag(pcm, perMS)
	if lag == 0 {
		return pcm
	}
	for i := range lag {
		pcm[i] = blend(pcm[i], pcm[lag+i], i, lag)
	}
	return append(pcm[:lag], pcm[2*lag:]...)
}

// lengthen puts one period more into pcm, which has room for half as much again.
func lengthen(pcm []int16, perMS int) []int16 {
	lag := slipLag(pcm, perMS)
	if lag == 0 {
		return pcm
	}
	longer := pcm[:len(pcm)+lag]
	copy(longer[2*lag:], pcm[lag:])
	for i := range lag {
		longer[lag+i] = blend(longer[2*lag+i], longer[i], i, lag)
	}
	return longer
}

// blend goes from a to b as i goes through n.
func blend(a, b int16, i, n int) int16 {
	share := float32(i+1) / float32(n+1)
	return int16((1-share)*float32(a) + share*float32(b))
}
