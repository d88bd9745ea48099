package peers

import (
	"bytes"
	"errors"
	"math"
	"net"
	"os"
	"slices"
	"testing"

	"callbox/appliance/media"
)

const wavHeader = 44 // bytes

// Sounds says whether a stretch of sound is the tone of hz: loud enough, and most of its energy there.
func Sounds(pcm []int16, hz float64) bool {
	return media.RMS(pcm) > 1000 && media.Goertzel(pcm, hz) > 0.5
}

// Share is the part of the tenths of a second in which the tone of hz is heard, from 0 to 1.
func Share(pcm []int16, hz float64) float64 {
	return share(pcm, func(tenth []int16) bool { return Sounds(tenth, hz) })
}

// LoudShare is the part of the tenths of a second in which there is any sound at all, from 0 to 1.
func LoudShare(pcm []int16) float64 {
	return share(pcm, func(tenth []int16) bool { return media.RMS(tenth) > 100 })
}

func share(pcm []int16, is func([]int16) bool) float64 {
	const tenth = rate / 10
	all, with := 0, 0
	for ; len(pcm) >= tenth; pcm = pcm[tenth:] {
		all++
		if is(pcm[:tenth]) {
			with++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(with) / float64(all)
}

// readWAV reads a recording. One with nothing but a header is of a call without sound.
func readWAV(t testing.TB, path string) []int16 {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) <= wavHeader {
		return nil
	}
	sound, err := media.LoadWAV(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return sound.PCM()
}

// writeWAV writes sound for a phone to play.
func writeWAV(t testing.TB, path string, pcm []int16) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := media.WriteWAV(f, pcm); err != nil {
		t.Fatal(err)
	}
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }

// Resembles says how much of what was heard is the tone, played again and again from wherever it was when the ear
// began to hear it: 1 for all of it in the right rhythm, near 0 for anything else.
func Resembles(heard, tone []int16) float64 {
	loud := slices.IndexFunc(heard, func(s int16) bool { return s > 500 || s < -500 })
	if loud < 0 || len(tone) == 0 || len(heard)-loud < rate {
		return 0
	}
	heard = heard[loud:]
	best, at := 0.0, 0
	for shift := range tone {
		if found := alike(heard[:rate/8], tone, shift); found > best {
			best, at = found, shift
		}
	}
	return alike(heard, tone, at)
}

// alike is the correlation of what was heard with the tone as it sounds from shift on, -1 to 1.
func alike(heard, tone []int16, shift int) float64 {
	var product, a, b float64
	for i, s := range heard {
		x, y := float64(s), float64(tone[(i+shift)%len(tone)])
		product, a, b = product+x*y, a+x*x, b+y*y
	}
	if a == 0 || b == 0 {
		return 0
	}
	return product / math.Sqrt(a*b)
}
