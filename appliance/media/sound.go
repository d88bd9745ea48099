package media

import (
	"slices"
	"sync"
	"time"
)

const (
	// sampleRate is that of everything that is stored, played or captured: 8000 samples a second, 8 to the millisecond.
	sampleRate = 8000
	// wideRate is that of sound on its way between two legs that can carry more than 3.4 kHz.
	wideRate = 16000
)

// Sound is something to play: 8 kHz mono, never changed after it was made, shared by every call that plays it.
type Sound struct {
	pcm     []int16
	encoded [kindOpus + 1]func() encoding // by kind; made at most once, on first use
}

// encoding is a sound in one codec: size bytes of an eighth of a millisecond each, with some silence behind them for the
// last packet, or Opus packets of 20 ms.
type encoding struct {
	data    []byte
	size    int
	packets [][]byte
}

// NewSound makes a Sound of a copy of pcm.
func NewSound(pcm []int16) *Sound { return ownSound(slices.Clone(pcm)) }

// ownSound makes a Sound of pcm itself, which nobody may write to any more.
func ownSound(pcm []int16) *Sound {
	s := &Sound{pcm: pcm}
	for _, c := range spoken {
		s.encoded[kindOf(c)] = sync.OnceValue(func() encoding { return encode(pcm, kindOf(c)) })
	}
	return s
}

// encode writes a sound from beginning to end. A codec with a memory first hears how the sound ends, so that a loop has no
// seam; and who plays it once comes from something else anyway.
func encode(pcm []int16, what kind) (whole encoding) {
	const piece = sampleRate * frame / 1000
	e := encoder{kind: what, wishes: opusWishes{repair: true}}
	var in [piece]int16
	var out [opusLargest]byte
	end := len(pcm)
	if what != kindOpus {
		end += longestFrame
	}
	for at := -min(len(pcm), sampleRate/2) / piece * piece; at < end; at += piece {
		from := min(at, len(pcm))
		if at < 0 {
			from += len(pcm)
		}
		clear(in[copy(in[:], pcm[from:]):])
		n, err := e.encode(out[:], in[:], sampleRate)
		switch {
		case err != nil:
			return encoding{} // nothing to play; only a fault of the codec could cause it
		case at < 0:
		case what == kindOpus:
			whole.packets = append(whole.packets, slices.Clone(out[:n]))
		default:
			whole.data = append(whole.data, out[:n]...)
		}
	}
	whole.size = len(pcm)
	return whole
}

// PCM gives the samples. They are shared: read only.
func (s *Sound) PCM() []int16 { return s.pcm }

// Duration is the time it takes to play the sound once.
func (s *Sound) Duration() time.Duration {
	return time.Duration(len(s.pcm)) * time.Second / sampleRate
}

// Encoded gives the sound as G.711 and G.722 carry it, 160 bytes for 20 ms; nil for other codecs. The bytes are shared:
// read only.
func (s *Sound) Encoded(c Codec) []byte {
	e := s.as(kindOf(c))
	return e.data[:min(e.size, len(e.data))]
}

// Prepare encodes the sound for these codecs now, instead of when it is first played to somebody who speaks one: a second
// of Opus takes 6 ms of a core, a minute 0.4 s.
func (s *Sound) Prepare(codecs []Codec) {
	for _, c := range codecs {
		s.as(kindOf(c))
	}
}

func (s *Sound) as(what kind) encoding {
	if !what.speaks() {
		return encoding{}
	}
	return s.encoded[what]()
}
