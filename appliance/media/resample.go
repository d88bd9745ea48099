package media

import (
	"math"
	"sync"
)

const (
	// kernelReach is how far the low pass looks to each side, in samples of the slower of the two rates. With the Kaiser window
	// below, 20 of them leave 3400 Hz untouched and put what would fold back to under 3700 Hz 60 dB down.
	kernelReach  = 20
	kernelCutoff = 0.4785 // of the slower rate: 3828 Hz for 8 kHz
	kernelBeta   = 6.4    // Kaiser: side lobes at about −68 dB
	// maxPhases bounds the table for awkward rates (44056 Hz); the nearest of 512 phases is then 60 dB true.
	maxPhases = 512
)

// resampler turns a stream of one rate into another: a windowed sinc, tabulated for each position an output sample can
// have between two input samples.
type resampler struct {
	step, den int         // one output sample is step/den input samples
	taps      int         // length of a kernel, even
	kernels   [][]float32 // by phase; shared, never written to again
	held      []float32   // input not yet done with; held[0] is the first a kernel needs
	phase     int         // of the next output sample, in 1/den of an input sample after the middle of held[:taps]
	in, out   int         // samples so far
}

func newResampler(from, to int) *resampler {
	divisor := gcd(from, to)
	r := &resampler{step: from / divisor, den: to / divisor}
	if from == to { // nothing to do, and nothing to soften
		r.taps, r.kernels = 1, [][]float32{{1}}
		return r
	}
	slower := float64(min(from, to))
	reach := int(math.Ceil(kernelReach * float64(from) / slower))
	r.taps = 2 * reach
	r.kernels = make([][]float32, min(r.den, maxPhases))
	for phase := range r.kernels {
		r.kernels[phase] = kernel(r.taps, float64(phase)/float64(len(r.kernels)), kernelCutoff*slower/float64(from))
	}
	r.held = make([]float32, reach-1) // the silence before the first sample
	return r
}

// The two resamplers of live sound, of which each stream takes a copy.
var (
	widening  = sync.OnceValue(func() *resampler { return newResampler(sampleRate, wideRate) })
	narrowing = sync.OnceValue(func() *resampler { return newResampler(wideRate, sampleRate) })
)

// newLiveResampler gives as much as it takes from the first sample on, 2.5 ms late, and allocates nothing more while it
// takes at most 60 ms at once. It knows the rates of the codecs spoken here; nil when there is nothing to do.
func newLiveResampler(from, to int) *resampler {
	var r resampler
	switch {
	case from == sampleRate && to == wideRate:
		r = *widening()
	case from == wideRate && to == sampleRate:
		r = *narrowing()
	default:
		return nil
	}
	r.held = make([]float32, r.taps-1, r.taps+2*longestFrame)
	return &r
}

// through appends what pcm becomes.
func (r *resampler) through(out, pcm []int16) []int16 {
	r.in += len(pcm)
	for _, sample := range pcm {
		r.held = append(r.held, float32(sample)/32768)
	}
	return r.drain(out)
}

// kernel tabulates the low pass for an output sample that lies at (0 to 1) after the middle tap; cutoff in cycles a sample. The
// gain at 0 Hz is exactly one in every phase, so that a constant stays constant.
func kernel(taps int, at, cutoff float64) []float32 {
	weights := make([]float64, taps)
	var sum float64
	reach := float64(taps / 2)
	for i := range weights {
		x := float64(i-taps/2+1) - at
		weights[i] = sinc(2*cutoff*x) * kaiser(x/reach)
		sum += weights[i]
	}
	table := make([]float32, taps)
	for i, w := range weights {
		table[i] = float32(w / sum)
	}
	return table
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window of that name at x, −1 to 1.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(kernelBeta * math.Sqrt(1-x*x)) // the kernel is scaled to a gain of one anyway
}

// bessel is the modified Bessel function I0, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-9*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

// feed takes input and appends what it completes to out.
func (r *resampler) feed(out []int16, input []float32) []int16 {
	r.in += len(input)
	r.held = append(r.held, input...)
	return r.drain(out)
}

// finish appends the rest: as many samples in all as the input lasted.
func (r *resampler) finish(out []int16) []int16 {
	total := (r.in*r.den + r.step - 1) / r.step
	if r.taps > 1 {
		r.held = append(r.held, make([]float32, r.taps)...)
		out = r.drain(out)
	}
	return out[:len(out)-max(0, r.out-total)]
}

func (r *resampler) drain(out []int16) []int16 {
	first := 0
	for first+r.taps <= len(r.held) {
		weights := r.kernels[r.phase*len(r.kernels)/r.den]
		out = append(out, toSample(dot(r.held[first:first+r.taps], weights)))
		r.out++
		r.phase += r.step
		first += r.phase / r.den
		r.phase %= r.den
	}
	r.held = append(r.held[:0], r.held[first:]...)
	return out
}

func dot(samples, weights []float32) float32 {
	var a, b, c, d float32
	for len(samples) >= 4 && len(weights) >= 4 {
		a += samples[0] * weights[0]
		b += samples[1] * weights[1]
		c += samples[2] * weights[2]
		d += samples[3] * weights[3]
		samples, weights = samples[4:], weights[4:]
	}
	for i, s := range samples {
		a += s * weights[i]
	}
	return a + b + c + d
}

// toSample turns −1 … 1 into 16 bits, cutting what is louder.
func toSample(x float32) int16 {
	return int16(math.Round(float64(min(max(x*32768, math.MinInt16), math.MaxInt16))))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
