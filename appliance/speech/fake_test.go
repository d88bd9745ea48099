package speech

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"callbox/appliance/media"
)

// wav is a second of a tone at some level between two half seconds of silence, as an engine would give it.
func wav(t *testing.T, hz, level float64) []byte {
	t.Helper()
	pcm := make([]int16, 2*rate)
	for i := rate / 2; i < 3*rate/2; i++ {
		pcm[i] = int16(level * math.Sqrt2 * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
	var b bytes.Buffer
	if err := media.WriteWAV(&b, pcm); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// opened is a cache for one test.
func opened(t *testing.T, o CacheOptions) *Cache {
	t.Helper()
	c, err := OpenCache(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// speaking is a speaker for one test.
func speaking(t *testing.T, c *Cache, s Settings) *Speaker {
	t.Helper()
	speaker, err := NewSpeaker(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return speaker
}

// soon is a context that no test should need to the end.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// shell is an engine that is a line of shell.
func shell(line string) Settings {
	return Settings{Engine: EngineCommand, Command: []string{"sh", "-c", line}}
}
