package peers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"os"
	"slices"
	"testing"

	"callbox/appliance/media"
)

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

// endsWith says whether the last half second of what was heard is the tone of hz.
func endsWith(heard []int16, hz float64) bool {
	const half = rate / 2
	return len(heard) >= half && Share(heard[len(heard)-half:], hz) == 1
}

// readWAV reads a recording of 16 bits, of one channel or several, at any multiple of 8 kHz, and gives it as 8 kHz mono.
// It may still grow, so what its header says of its length does not count: the sound goes to the end of the file.
func readWAV(t testing.TB, path string) []int16 {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	format, at := bytes.Index(file, []byte("fmt ")), bytes.Index(file, []byte("data"))
	if at < 0 || format < 0 || at < format+24 || len(file) < at+8 {
		return []int16{} // its header is being written
	}
	channels := int(binary.LittleEndian.Uint16(file[format+10:]))
	hz, bits := int(binary.LittleEndian.Uint32(file[format+12:])), binary.LittleEndian.Uint16(file[format+22:])
	if channels == 0 || hz < rate || hz%rate != 0 || bits != 16 {
		t.Fatalf("%s: %d channels of %d bits at %d Hz", path, channels, bits, hz)
	}
	return narrow(file[at+8:], channels*hz/rate)
}

// narrow makes one sample of each group of so many, of 16 bits.
func narrow(samples []byte, group int) []int16 {
	pcm := make([]int16, len(samples)/2/group)
	for i := range pcm {
		sum := 0
		for j := range group {
			sum += int(int16(binary.LittleEndian.Uint16(samples[2*(i*group+j):])))
		}
		pcm[i] = int16(sum / group)
	}
	return pcm
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
