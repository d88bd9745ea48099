package media

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	maxSoundBytes   = 50 << 20 // of a file
	maxSoundSeconds = 600
	wavRemedy       = "convert it with: ffmpeg -i IN -ac 1 -ar 8000 -c:a pcm_s16le OUT.wav"
)

// The format tags of WAVE that we read (RFC 2361).
const (
	wavPCM        = 0x0001
	wavFloat      = 0x0003
	wavAlaw       = 0x0006
	wavUlaw       = 0x0007
	wavExtensible = 0xfffe
)

// LoadWAV reads a RIFF WAVE file into a Sound: PCM of 8 to 32 bits, float, A-law or µ-law, 4 to 192 kHz, 1 to 8 channels,
// mixed down and brought to 8 kHz as it streams in. It takes what writers get wrong (sizes that lie or were never filled
// in, a file cut short, unknown chunks) and refuses what it cannot play, what lasts over ten minutes or is over 50 MB,
// saying what to do about it.
func LoadWAV(r io.Reader) (*Sound, error) {
	limited := &io.LimitedReader{R: r, N: maxSoundBytes + 1}
	w := wavReader{in: bufio.NewReaderSize(limited, 64<<10)}
	pcm, err := w.load()
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("wav: larger than %d MB: shorten it, or %s", maxSoundBytes>>20, wavRemedy)
	case err != nil:
		return nil, fmt.Errorf("wav: %w", err)
	case len(pcm) == 0:
		return nil, errors.New("wav: there is no sound in it: record it again")
	}
	return ownSound(pcm), nil
}

type wavReader struct {
	in     *bufio.Reader
	format wavFormat
}

// wavFormat is the fmt chunk.
type wavFormat struct {
	tag      uint16
	channels int
	rate     int // Hz
	bytes    int // a sample of one channel
}

func (w *wavReader) load() ([]int16, error) {
	if err := w.riff(); err != nil {
		return nil, err
	}
	for {
		name, size, err := w.chunk()
		switch {
		case err != nil:
			return nil, errors.New("it ends before its sound: the file is cut short, copy it again")
		case name == "fmt ":
			if err := w.readFormat(size); err != nil {
				return nil, err
			}
		case name == "data" && w.format.rate == 0:
			return nil, errors.New("its sound comes before the description of its format: " + wavRemedy)
		case name == "data":
			return w.readSound(size)
		default:
			if err := w.skip(size); err != nil {
				return nil, err
			}
		}
	}
}

// riff reads the first twelve bytes. RF64 and BW64 are the same with sizes elsewhere, which we do not need.
func (w *wavReader) riff() error {
	var head [12]byte
	n, _ := io.ReadFull(w.in, head[:])
	switch form := string(head[:4]); {
	case n == 0:
		return errors.New("the file is empty")
	case n == len(head) && (form == "RIFF" || form == "RF64" || form == "BW64") && string(head[8:]) == "WAVE":
		return nil
	case form == "RIFX":
		return errors.New("it is big-endian (RIFX): " + wavRemedy)
	default:
		return fmt.Errorf("it is %s, not a RIFF WAVE file: %s", fileKind(head[:n]), wavRemedy)
	}
}

// fileKind names what people most often take for WAV.
func fileKind(head []byte) string {
	for _, kind := range []struct{ magic, name string }{
		{"ID3", "MP3"}, {"\xff\xfb", "MP3"}, {"\xff\xf3", "MP3"}, {"\xff\xf1", "AAC"}, {"OggS", "Ogg"}, {"fLaC", "FLAC"},
		{"FORM", "AIFF"}, {"#!AMR", "AMR"}, {".snd", "AU"}, {"RIFF", "some other RIFF file"},
	} {
		if len(head) >= len(kind.magic) && string(head[:len(kind.magic)]) == kind.magic {
			return kind.name
		}
	}
	return "something else"
}

func (w *wavReader) chunk() (name string, size uint32, err error) {
	var head [8]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return "", 0, err
	}
	return string(head[:4]), binary.LittleEndian.Uint32(head[4:]), nil
}

func (w *wavReader) skip(size uint32) error {
	if _, err := io.CopyN(io.Discard, w.in, int64(size)); err != nil {
		return errors.New("it ends before its sound: the file is cut short, copy it again")
	}
	w.pad(size)
	return nil
}

// pad steps over the zero byte after a chunk of odd size, which some writers forget.
func (w *wavReader) pad(size uint32) {
	if next, _ := w.in.Peek(1); size&1 == 1 && len(next) == 1 && next[0] == 0 {
		_, _ = w.in.Discard(1) // just peeked at: it is there
	}
}

func (w *wavReader) readFormat(size uint32) error {
	if size < 16 || size > 4096 {
		return fmt.Errorf("its format chunk of %d bytes makes no sense: %s", size, wavRemedy)
	}
	chunk := make([]byte, size)
	if _, err := io.ReadFull(w.in, chunk); err != nil {
		return errors.New("it ends in its format chunk: the file is cut short, copy it again")
	}
	w.pad(size)
	f := wavFormat{
		tag:      binary.LittleEndian.Uint16(chunk),
		channels: int(binary.LittleEndian.Uint16(chunk[2:])),
		rate:     int(min(binary.LittleEndian.Uint32(chunk[4:]), math.MaxInt32)),
	}
	bits := int(binary.LittleEndian.Uint16(chunk[14:]))
	f.bytes = (bits + 7) / 8
	if f.tag == wavExtensible && size >= 26 {
		f.tag = binary.LittleEndian.Uint16(chunk[24:]) // the sub-format's GUID begins with the tag it stands for
	}
	w.format = f
	return f.check(bits)
}

func (f wavFormat) check(bits int) error {
	switch {
	case f.channels < 1 || f.channels > 8:
		return fmt.Errorf("it has %d channels, 1 to 8 can be mixed: %s", f.channels, wavRemedy)
	case f.rate < 4000 || f.rate > 192000:
		return fmt.Errorf("it has %d samples a second, 4000 to 192000 can be played: %s", f.rate, wavRemedy)
	case f.decoder() == nil:
		return fmt.Errorf("it is coded as format 0x%04x with %d bits, which is not played: %s", f.tag, bits, wavRemedy)
	}
	return nil
}

// chunkFollows tells whether what comes next looks like a chunk's name rather than like sound.
func (w *wavReader) chunkFollows() bool {
	name, _ := w.in.Peek(4)
	for _, letter := range name {
		if letter < ' ' || letter > '~' {
			return false
		}
	}
	return true
}

// decoder gives the function that reads one sample of one channel as −1 … 1, nil when there is none.
func (f wavFormat) decoder() func([]byte) float32 {
	switch {
	case f.tag == wavPCM && f.bytes == 1:
		return func(b []byte) float32 { return (float32(b[0]) - 128) / 128 } // the only unsigned one
	case f.tag == wavPCM && f.bytes == 2:
		return func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }
	case f.tag == wavPCM && f.bytes == 3:
		return func(b []byte) float32 {
			return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
		}
	case f.tag == wavPCM && f.bytes == 4:
		return func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }
	case f.tag == wavFloat && f.bytes == 4:
		return func(b []byte) float32 { return bounded(math.Float32frombits(binary.LittleEndian.Uint32(b))) }
	case f.tag == wavFloat && f.bytes == 8:
		return func(b []byte) float32 { return bounded(float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))) }
	case f.tag == wavAlaw && f.bytes == 1:
		return func(b []byte) float32 { return float32(alawToLinear[b[0]]) / (1 << 15) }
	case f.tag == wavUlaw && f.bytes == 1:
		return func(b []byte) float32 { return float32(ulawToLinear[b[0]]) / (1 << 15) }
	}
	return nil
}

// bounded keeps a float file's infinities and not-a-numbers from spreading through the filter.
func bounded(x float32) float32 {
	if x != x {
		return 0
	}
	return min(max(x, -1), 1)
}

// readSound reads to the end of the chunk or of the file, whichever comes first.
func (w *wavReader) readSound(size uint32) (pcm []int16, err error) {
	left := int64(size)
	if size == 0 && !w.chunkFollows() {
		left = math.MaxInt64 // a recorder that crashed or wrote to a pipe never came back to fill the size in
	}
	frame := w.format.channels * w.format.bytes
	decode := w.format.decoder()
	rates := newResampler(w.format.rate, sampleRate)
	block := make([]byte, 1024*frame)
	mono := make([]float32, 1024)
	for left >= int64(frame) {
		n, end := io.ReadFull(w.in, block[:min(int64(len(block)), left/int64(frame)*int64(frame))])
		left -= int64(n)
		frames := n / frame
		for i := range frames {
			mono[i] = mix(block[i*frame:(i+1)*frame], w.format.bytes, w.format.channels, decode)
		}
		if rates.in+frames > maxSoundSeconds*w.format.rate {
			return nil, fmt.Errorf("it lasts over %d minutes: shorten it", maxSoundSeconds/60)
		}
		pcm = rates.feed(pcm, mono[:frames])
		if end != nil {
			if !errors.Is(end, io.EOF) && !errors.Is(end, io.ErrUnexpectedEOF) {
				return nil, end
			}
			break
		}
	}
	return rates.finish(pcm), nil
}

func mix(frame []byte, width, channels int, decode func([]byte) float32) float32 {
	var sum float32
	for c := range channels {
		sum += decode(frame[c*width:])
	}
	return sum / float32(channels)
}

// WriteWAV writes pcm as a WAVE file of 16 bits, mono, 8 kHz.
func WriteWAV(w io.Writer, pcm []int16) error {
	size := 2 * len(pcm)
	if size > math.MaxUint32-36 {
		return errors.New("wav: more than 4 GB do not fit into a WAVE file")
	}
	file := make([]byte, 0, 44+size)
	file = append(file, "RIFF"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(36+size))
	file = append(file, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...) // 16 bytes of format: PCM, one channel
	file = binary.LittleEndian.AppendUint32(file, sampleRate)
	file = binary.LittleEndian.AppendUint32(file, 2*sampleRate)
	file = append(file, "\x02\x00\x10\x00data"...) // 2 bytes a frame, 16 bits a sample
	file = binary.LittleEndian.AppendUint32(file, uint32(size))
	for _, sample := range pcm {
		file = binary.LittleEndian.AppendUint16(file, uint16(sample))
	}
	_, err := w.Write(file)
	return err
}
