package record

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"time"

	"callbox/appliance/media"
)

// Sound lies in RIFF WAVE files of 16 bits, mono, 8 kHz. Before the sound stands a chunk of ours that says what it is, so that a
// file tells by itself whose message it holds. While it is written its sizes are the largest there are, which players take for
// "to the end of the file"; the true ones are put in when it is sealed, or mended.
const (
	sampleRate  = 8000
	sampleBytes = 2
	unfinished  = math.MaxUint32 // a size that is not known yet
	noteChunk   = "cbox"
	mostNote    = 4096 // bytes of the chunk of ours

	riffHead = 12 // RIFF, size, WAVE
	fmtChunk = 8 + 16
	chunk    = 8 // name, size
)

// header is what stands before the sound of m, when that has so many bytes.
func header(m Message, sound uint32) ([]byte, error) {
	note, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(note)%2 == 1 {
		note = append(note, ' ')
	}
	if len(note) > mostNote {
		return nil, errors.New("too much is known of the message")
	}
	whole := uint32(unfinished)
	if sound != unfinished {
		whole = uint32(riffHead-8+fmtChunk+chunk+len(note)+chunk) + sound
	}
	h := binary.LittleEndian.AppendUint32([]byte("RIFF"), whole)
	h = append(h, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...) // PCM, one channel
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, sampleBytes*sampleRate)
	h = append(h, "\x02\x00\x10\x00"+noteChunk...) // 2 bytes a frame, 16 bits a sample
	h = binary.LittleEndian.AppendUint32(h, uint32(len(note)))
	h = append(append(h, note...), "data"...)
	return binary.LittleEndian.AppendUint32(h, sound), nil
}

var errNoWave = errors.New("it is no message of ours")

// readHeader reads what header wrote, and tells where the sound begins.
func readHeader(r io.ReaderAt) (m Message, at int64, err error) {
	head := make([]byte, riffHead+fmtChunk+chunk+mostNote+chunk)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, 0, err
	}
	head = head[:n]
	const note = riffHead + fmtChunk
	if n < note+chunk || string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE" || string(head[note:note+4]) != noteChunk {
		return m, 0, errNoWave
	}
	size := binary.LittleEndian.Uint32(head[note+4:])
	end := note + chunk + int(min(size, mostNote))
	if size > mostNote || end+chunk > n || string(head[end:end+4]) != "data" {
		return m, 0, errNoWave
	}
	if err := json.Unmarshal(head[note+chunk:end], &m); err != nil || m.ID == "" || m.Box == "" {
		return m, 0, errNoWave
	}
	return m, int64(end + chunk), nil
}

// encode appends samples as the file has them.
func encode(to []byte, pcm []int16) []byte {
	for _, sample := range pcm {
		to = binary.LittleEndian.AppendUint16(to, uint16(sample))
	}
	return to
}

// decode gives the samples of a piece of a file.
func decode(sound []byte) []int16 {
	pcm := make([]int16, len(sound)/sampleBytes)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(sound[i*sampleBytes:]))
	}
	return pcm
}

// bytesOf is how much sound of that length takes.
func bytesOf(d time.Duration) int64 { return int64(d*sampleRate/time.Second) * sampleBytes }

// lengthOf is how long so many bytes of sound are.
func lengthOf(bytes int64) time.Duration {
	return time.Duration(bytes/sampleBytes) * time.Second / sampleRate
}

// quiet is the level below which a line is silent: -45 dB of full scale, as for the call's recordings.
const quiet = 184

// spoken is how many bytes of sound lie before the silence at the end of a file, whose sound begins at at.
func spoken(r io.ReaderAt, at, end int64) (int64, error) {
	const frame = sampleRate / 50 * sampleBytes
	block := make([]byte, 100*frame)
	last := int64(0)
	for from := at; from < end; from += int64(len(block)) {
		n, err := r.ReadAt(block[:min(int64(len(block)), end-from)], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := 0; i < n; i += frame {
			piece := block[i:min(i+frame, n)]
			if media.RMS(decode(piece)) >= quiet {
				last = from + int64(i+len(piece)) - at
			}
		}
	}
	return last, nil
}
