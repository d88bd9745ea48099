package media

import (
	"slices"
	"sync"
	"time"
)

// sampleRate is that of everything inside this package: 8000 samples a second, 8 to the millisecond.
const sampleRate = 8000

// Sound is something to play: 8 kHz mono, never changed after it was made, shared by every call that plays it.
type Sound struct {
	pcm        []int16
	alaw, ulaw func() []byte // encoded at most once, on first use
}

// NewSound makes a Sound of a copy of pcm.
func NewSound(pcm []int16) *Sound { return ownSound(slices.Clone(pcm)) }

// ownSound makes a Sound of pcm itself, which nobody may write to any more.
func ownSound(pcm []int16) *Sound {
	return &Sound{
		pcm:  pcm,
		alaw: sync.OnceValue(func() []byte { return encode(pcm, linearToAlaw) }),
		ulaw: sync.OnceValue(func() []byte { return encode(pcm, linearToUlaw) }),
	}
}

func encode(pcm []int16, code func(int16) byte) []byte {
	encoded := make([]byte, len(pcm))
	for i, sample := range pcm {
		encoded[i] = code(sample)
	}
	return encoded
}

// PCM gives the samples. They are shared: read only.
func (s *Sound) PCM() []int16 { return s.pcm }

// Duration is the time it takes to play the sound once.
func (s *Sound) Duration() time.Duration {
	return time.Duration(len(s.pcm)) * time.Second / sampleRate
}

// Encoded gives the sound as c carries it, for G.711 one byte a sample; nil for a codec this build cannot encode.
// The bytes are shared: read only.
func (s *Sound) Encoded(c Codec) []byte {
	switch c.Name {
	case PCMA.Name:
		return s.alaw()
	case PCMU.Name:
		return s.ulaw()
	}
	return nil
}
