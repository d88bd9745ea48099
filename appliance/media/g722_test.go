package media

import (
	"math"
	"slices"
	"testing"
)

// The numbers agree with another implementation, which passes the recommendation's own sequences.
func TestG722WritesAndReadsWhatOthersDo(t *testing.T) {
	pcm := make([]int16, 64)
	for i := range pcm { // loud, then soft
		pcm[i] = int16((i*i*7919+i*104729)%20011 - 10005)
		if i >= 32 {
			pcm[i] /= 16
		}
	}
	bytes := []byte{
		0x2a, 0x84, 0x21, 0x87, 0x26, 0x84, 0x86, 0x89, 0x17, 0x0d, 0x3c, 0x2f, 0x29, 0x95, 0x94, 0x35,
		0x35, 0xb8, 0x18, 0xe9, 0x99, 0x9f, 0x7b, 0xbd, 0xdf, 0x7e, 0xfb, 0xfc, 0xbf, 0x3d, 0xff, 0xde,
	}
	heard := []int16{
		0, -1, -1, 0, 0, -2, -1, 5, 0, -18, 4, 57, -1, -137, -6, 259, 39, -476, -131, 785, 380, -1515, -2445, -2427, -4534, -7534,
		-6419, -2527, -3035, -7614, -7326, -1653, 1945, 1993, 4976, 8878, 6919, -712, -6149, -5673, -2608, 1101, 3151, 2029,
	}
	if got := g722Bytes(pcm)[:len(bytes)]; !slices.Equal(got, bytes) {
		t.Errorf("written as % x, want % x", got, bytes)
	}
	if got := g722Sound(g722Bytes(pcm))[:len(heard)]; !slices.Equal(got, heard) {
		t.Errorf("heard as %d, want %d", got, heard)
	}
}

func g722Bytes(pcm []int16) (data []byte) {
	var e g722Encoder
	e.reset()
	for len(pcm) > 1 {
		out := make([]byte, min(longestFrame, len(pcm)/2))
		e.encode(out, pcm)
		data, pcm = append(data, out...), pcm[2*len(out):]
	}
	return data
}

func g722Sound(data []byte) (pcm []int16) {
	var d g722Decoder
	d.reset()
	for piece := range slices.Chunk(data, 160) {
		out := make([]int16, 2*len(piece))
		d.decode(out, piece)
		pcm = append(pcm, out...)
	}
	return pcm
}

// sine is a tone at any rate; peak in samples.
func sine(seconds float64, rate int, hz, peak float64) []int16 {
	pcm := make([]int16, int(seconds*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return pcm
}

// toneToRest is the level of the tone at hz in pcm over that of everything else, in dB.
func toneToRest(pcm []int16, rate int, hz float64) float64 {
	var re, im, energy float64
	for i, sample := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im, energy = re+float64(sample)*c, im+float64(sample)*s, energy+float64(sample)*float64(sample)
	}
	tone := 2 * (re*re + im*im) / float64(len(pcm))
	return 10 * math.Log10(tone/max(energy-tone, 1))
}

func TestG722CarriesTonesOfBothBandsAtEveryLoudness(t *testing.T) {
	for _, c := range []struct{ hz, peak, want float64 }{
		{100, 10000, 28}, {440, 10000, 35}, {1000, 10000, 35}, {3000, 10000, 30}, {1000, 32000, 35}, {1000, 300, 28}, {1000, 30, 12},
		{5000, 10000, 15}, {6500, 10000, 15},
	} {
		heard := g722Sound(g722Bytes(sine(1, 16000, c.hz, c.peak)))
		if got := toneToRest(heard[1600:14400], 16000, c.hz); got < c.want {
			t.Errorf("%v Hz at %v: %.1f dB over the rest, want %v", c.hz, c.peak, got, c.want)
		}
		if got := RMS(heard[1600:14400]) * math.Sqrt2 / c.peak; got < 0.8 || got > 1.2 {
			t.Errorf("%v Hz at %v came out %.2f times as loud", c.hz, c.peak, got)
		}
	}
	if got := RMS(g722Sound(g722Bytes(make([]int16, 16000)))); got > 3 {
		t.Errorf("silence has a level of %.1f", got)
	}
}

func TestAG722ListenerWhoComesInLateHearsAfterAMoment(t *testing.T) {
	data := g722Bytes(sine(2, 16000, 1000, 10000))
	heard := g722Sound(data[5000:]) // its past is not the speaker's
	if got := toneToRest(heard[3200:16000], 16000, 1000); got < 30 {
		t.Errorf("%.1f dB over the rest a fifth of a second after coming in", got)
	}
}

func FuzzG722(f *testing.F) {
	f.Add([]byte{0, 0x3f, 0xff, 0x80, 0x41}, []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data, sound []byte) {
		g722Sound(data)
		pcm := make([]int16, len(sound)/2)
		for i := range pcm {
			pcm[i] = int16(uint16(sound[2*i]) | uint16(sound[2*i+1])<<8)
		}
		for _, code := range g722Bytes(pcm) {
			if code&0x3c == 0 {
				t.Fatalf("the code %#02x may not be sent", code) // 0000xx is reserved (table 17)
			}
		}
	})
}
