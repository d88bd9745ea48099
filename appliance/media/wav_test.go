package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// wave describes a file for the tests: one tone in a format.
type wave struct {
	tag            uint16
	bits, channels int
	rate           int
	hz             float64
	extensible     bool
}

// tone is a quarter of full scale: RMS 8192/√2.
const waveRMS = 8192 / math.Sqrt2

func (w wave) sound(d time.Duration) []byte {
	var data []byte
	for i := range int(d.Seconds() * float64(w.rate)) {
		x := math.Sin(2*math.Pi*w.hz*float64(i)/float64(w.rate)) / 4
		for range w.channels {
			data = w.sample(data, x)
		}
	}
	return data
}

func (w wave) sample(data []byte, x float64) []byte {
	linear := int16(math.Round(x * 32767))
	switch {
	case w.tag == wavAlaw:
		return append(data, linearToAlaw(linear))
	case w.tag == wavUlaw:
		return append(data, linearToUlaw(linear))
	case w.tag == wavFloat && w.bits == 64:
		return binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
	case w.tag == wavFloat:
		return binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(x)))
	case w.bits == 8:
		return append(data, byte(128+math.Round(x*127)))
	case w.bits == 16:
		return binary.LittleEndian.AppendUint16(data, uint16(linear))
	}
	wide := binary.LittleEndian.AppendUint32(nil, uint32(int32(x*math.MaxInt32)))
	return append(data, wide[4-w.bits/8:]...)
}

func (w wave) format() []byte {
	frame := w.channels * w.bits / 8
	tag := w.tag
	if w.extensible {
		tag = wavExtensible
	}
	var f []byte
	f = binary.LittleEndian.AppendUint16(f, tag)
	f = binary.LittleEndian.AppendUint16(f, uint16(w.channels))
	f = binary.LittleEndian.AppendUint32(f, uint32(w.rate))
	f = binary.LittleEndian.AppendUint32(f, uint32(w.rate*frame))
	f = binary.LittleEndian.AppendUint16(f, uint16(frame))
	f = binary.LittleEndian.AppendUint16(f, uint16(w.bits))
	if w.extensible {
		f = append(f, 22, 0, byte(w.bits), 0, 0, 0, 0, 0)
		f = binary.LittleEndian.AppendUint16(f, w.tag)
		f = append(f, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	return f
}

func (w wave) file(d time.Duration) []byte {
	return riff(chunk("fmt ", w.format()), chunk("data", w.sound(d)))
}

func chunk(name string, body []byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	c = append(c, body...)
	if len(body)%2 == 1 {
		c = append(c, 0)
	}
	return c
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// sized puts another size into the header of the chunk of that name.
func sized(file []byte, name string, size uint32) []byte {
	file = bytes.Clone(file)
	binary.LittleEndian.PutUint32(file[bytes.Index(file, []byte(name))+4:], size)
	return file
}

func TestATonePlaysAtItsPitchAndLevelWhateverFileItCameIn(t *testing.T) {
	for _, w := range []wave{
		{tag: wavPCM, bits: 16, channels: 1, rate: 8000, hz: 1000},
		{tag: wavPCM, bits: 8, channels: 1, rate: 8000, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 2, rate: 44100, hz: 1000},
		{tag: wavPCM, bits: 24, channels: 2, rate: 48000, hz: 1000},
		{tag: wavPCM, bits: 24, channels: 1, rate: 96000, hz: 1000, extensible: true},
		{tag: wavPCM, bits: 32, channels: 1, rate: 192000, hz: 1000},
		{tag: wavFloat, bits: 32, channels: 8, rate: 48000, hz: 1000, extensible: true},
		{tag: wavFloat, bits: 64, channels: 1, rate: 16000, hz: 1000},
		{tag: wavAlaw, bits: 8, channels: 1, rate: 8000, hz: 1000},
		{tag: wavUlaw, bits: 8, channels: 2, rate: 8000, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 4000, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 6000, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 11025, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 22050, hz: 3300},
		{tag: wavPCM, bits: 16, channels: 1, rate: 32000, hz: 300},
		{tag: wavPCM, bits: 16, channels: 1, rate: 44056, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 191999, hz: 1000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 7999, hz: 1000},
	} {
		sound, err := LoadWAV(bytes.NewReader(w.file(500 * time.Millisecond)))
		if err != nil {
			t.Errorf("%+v: %v", w, err)
			continue
		}
		if d := sound.Duration() - 500*time.Millisecond; d.Abs() > time.Millisecond {
			t.Errorf("%+v lasts %v", w, sound.Duration())
		}
		pcm := sound.PCM()[80 : len(sound.PCM())-80] // without the edges, where the filter meets silence
		if share := Goertzel(pcm, w.hz); share < 0.999 && w.bits > 8 || share < 0.99 {
			t.Errorf("%+v has %.4f of its energy at its pitch", w, share)
		}
		if level := 20 * math.Log10(RMS(pcm)/waveRMS); math.Abs(level) > 0.2 {
			t.Errorf("%+v is %.2f dB off its level", w, level)
		}
	}
}

func TestWhatAPhoneCannotCarryIsTakenOutInsteadOfFoldedBack(t *testing.T) {
	for _, w := range []wave{
		{tag: wavPCM, bits: 16, channels: 1, rate: 48000, hz: 6000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 44100, hz: 5000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 16000, hz: 4700},
		{tag: wavPCM, bits: 16, channels: 1, rate: 192000, hz: 15500},
		{tag: wavPCM, bits: 16, channels: 1, rate: 44056, hz: 7000},
		{tag: wavPCM, bits: 16, channels: 1, rate: 48000, hz: 9000},
	} {
		sound, err := LoadWAV(bytes.NewReader(w.file(500 * time.Millisecond)))
		if err != nil {
			t.Fatal(err)
		}
		pcm := sound.PCM()[80 : len(sound.PCM())-80]
		if level := 20 * math.Log10((RMS(pcm)+0.1)/waveRMS); level > -55 {
			t.Errorf("%+v comes out at %.1f dB", w, level)
		}
	}
}

func TestAnEightKilohertzFileIsPlayedToTheBit(t *testing.T) {
	want := ToneSound(time.Second, 440, 3900).PCM()
	var file bytes.Buffer
	if err := WriteWAV(&file, want); err != nil {
		t.Fatal(err)
	}
	sound, err := LoadWAV(iotest.OneByteReader(&file))
	if err != nil {
		t.Fatal(err)
	}
	if len(sound.PCM()) != len(want) {
		t.Fatalf("%d samples became %d", len(want), len(sound.PCM()))
	}
	for i, sample := range sound.PCM() {
		if sample != want[i] {
			t.Fatalf("sample %d was %d and is %d", i, want[i], sample)
		}
	}
}

func TestFilesThatWritersGotWrongStillPlay(t *testing.T) {
	w := wave{tag: wavPCM, bits: 16, channels: 1, rate: 8000, hz: 1000}
	good := w.file(500 * time.Millisecond)
	odd := append([]byte("LIST\x05\x00\x00\x00INFOx"), chunk("fmt ", w.format())...) // no padding after an odd size
	for name, file := range map[string][]byte{
		"a size of 4 GB":                     sized(sized(good, "data", math.MaxUint32), "RIFF", math.MaxUint32),
		"sizes never filled in":              sized(sized(good, "data", 0), "RIFF", 0),
		"a size beyond the end":              sized(good, "data", 8100),
		"half a sample at the end":           append(sized(good, "data", 8001), 1),
		"a chunk nobody knows":               riff(chunk("bext", make([]byte, 603)), chunk("fmt ", w.format()), chunk("fact", make([]byte, 4)), chunk("data", w.sound(500*time.Millisecond))),
		"an odd chunk without its padding":   riff(odd, chunk("data", w.sound(500*time.Millisecond))),
		"a list after the sound":             riff(chunk("fmt ", w.format()), chunk("data", w.sound(500*time.Millisecond)), chunk("LIST", make([]byte, 100))),
		"RF64":                               append([]byte("RF64\xff\xff\xff\xffWAVE"), append(chunk("ds64", make([]byte, 28)), sized(good, "data", math.MaxUint32)[12:]...)...),
		"a format chunk with an empty extra": riff(chunk("fmt ", append(w.format(), 0, 0)), chunk("data", w.sound(500*time.Millisecond))),
	} {
		sound, err := LoadWAV(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if sound.Duration() != 500*time.Millisecond || Goertzel(sound.PCM(), 1000) < 0.999 {
			t.Errorf("%s: it lasts %v, with %.2f at its pitch", name, sound.Duration(), Goertzel(sound.PCM(), 1000))
		}
	}
	cut, err := LoadWAV(bytes.NewReader(good[:44+4001]))
	if err != nil || cut.Duration() != 250*time.Millisecond {
		t.Errorf("a file cut in half plays %v: %v", cut.Duration(), err)
	}
}

func TestAFileThatCannotBePlayedSaysWhatToDo(t *testing.T) {
	w := wave{tag: wavPCM, bits: 16, channels: 1, rate: 8000, hz: 1000}
	good := w.file(10 * time.Millisecond)
	of := func(change func(*wave)) []byte {
		other := w
		change(&other)
		return riff(chunk("fmt ", other.format()), chunk("data", make([]byte, 64)))
	}
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "the file is empty"},
		{[]byte("RIFF"), "some other RIFF file"},
		{[]byte("ID3\x04 and so on and on"), "it is MP3, not a RIFF WAVE file: convert it with: ffmpeg"},
		{[]byte("OggS and so on and on"), "it is Ogg"},
		{[]byte("#!/bin/sh and so on and on"), "it is something else"},
		{append([]byte("RIFX"), good[4:]...), "big-endian"},
		{append([]byte("RIFF____AVI "), good[12:]...), "some other RIFF file"},
		{good[:20], "cut short, copy it again"},
		{good[:40], "cut short, copy it again"},
		{riff(chunk("fmt ", w.format())), "ends before its sound"},
		{sized(good, "fmt ", 5000), "makes no sense"},
		{sized(good, "fmt ", 8), "makes no sense"},
		{riff(chunk("data", make([]byte, 64)), chunk("fmt ", w.format())), "before the description"},
		{riff(chunk("JUNK", nil), sized(chunk("LIST", nil), "LIST", math.MaxUint32)), "cut short"},
		{of(func(w *wave) { w.tag = 0x55 }), "format 0x0055 with 16 bits"},
		{of(func(w *wave) { w.tag = 0x11; w.bits = 4 }), "format 0x0011"},
		{of(func(w *wave) { w.bits = 0 }), "with 0 bits"},
		{of(func(w *wave) { w.bits = 65535 }), "is not played"},
		{of(func(w *wave) { w.channels = 0 }), "0 channels"},
		{of(func(w *wave) { w.channels = 9 }), "9 channels"},
		{of(func(w *wave) { w.rate = 3999 }), "3999 samples a second"},
		{of(func(w *wave) { w.rate = 192001 }), "192001 samples"},
		{of(func(w *wave) { w.rate = -1 }), "samples a second"},
		{riff(chunk("fmt ", w.format()), chunk("data", nil)), "no sound in it"},
		{riff(chunk("fmt ", w.format()), chunk("data", nil), chunk("LIST", make([]byte, 100))), "no sound in it"},
	} {
		sound, err := LoadWAV(bytes.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "wav: ") {
			t.Errorf("%.24q gives %v %v, want it to speak of %q", c.file, sound, err, c.want)
		}
	}
	if _, err := LoadWAV(iotest.TimeoutReader(bytes.NewReader(w.file(20 * time.Second)))); err == nil {
		t.Error("a disk that fails in the middle goes unnoticed")
	}
}

func TestAnEndlessFileIsRefusedInBoundedMemory(t *testing.T) {
	head := wave{tag: wavPCM, bits: 8, channels: 1, rate: 8000}.file(0)
	_, err := LoadWAV(io.MultiReader(bytes.NewReader(sized(head, "data", math.MaxUint32)), endless{}))
	if err == nil || !strings.Contains(err.Error(), "over 10 minutes") {
		t.Errorf("got %v", err)
	}
	head = wave{tag: wavFloat, bits: 64, channels: 8, rate: 8000}.file(0)
	_, err = LoadWAV(io.MultiReader(bytes.NewReader(sized(head, "data", math.MaxUint32)), endless{}))
	if err == nil || !strings.Contains(err.Error(), "larger than 50 MB") {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestNumbersThatAreNoneDoNotSpreadThroughTheSound(t *testing.T) {
	w := wave{tag: wavFloat, bits: 32, channels: 1, rate: 16000, hz: 1000}
	data := w.sound(500 * time.Millisecond)
	for i, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30} {
		binary.LittleEndian.PutUint32(data[4000+1000*i:], math.Float32bits(float32(bad)))
	}
	sound, err := LoadWAV(bytes.NewReader(riff(chunk("fmt ", w.format()), chunk("data", data))))
	if err != nil {
		t.Fatal(err)
	}
	if share := Goertzel(sound.PCM()[2000:], 1000); share < 0.99 {
		t.Errorf("after them %.2f of the energy is at its pitch", share)
	}
}

func FuzzLoadWAV(f *testing.F) {
	for _, w := range []wave{
		{tag: wavPCM, bits: 16, channels: 1, rate: 8000, hz: 1000},
		{tag: wavPCM, bits: 24, channels: 2, rate: 44100, hz: 1000, extensible: true},
		{tag: wavFloat, bits: 32, channels: 1, rate: 191999, hz: 1000},
		{tag: wavUlaw, bits: 8, channels: 3, rate: 4001, hz: 1000},
	} {
		f.Add(w.file(10 * time.Millisecond))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		sound, err := LoadWAV(bytes.NewReader(file))
		if err != nil {
			return
		}
		if n := len(sound.PCM()); n == 0 || n > maxSoundSeconds*sampleRate {
			t.Errorf("a sound of %d samples", n)
		}
		if len(sound.Encoded(PCMA)) != len(sound.PCM()) {
			t.Error("the encoding has another length than the sound")
		}
	})
}
