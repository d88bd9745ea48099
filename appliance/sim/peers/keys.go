package peers

import (
	"strings"
	"testing"
	"time"

	"callbox/appliance/media"
)

// Keys of a telephone are pairs of tones (ITU-T Q.23). Ears make and hear them by themselves.
const keypad = "123A456B789C*0#D"

var (
	keyRows    = []float64{697, 770, 852, 941}
	keyColumns = []float64{1209, 1336, 1477, 1633}
)

const (
	keyDown = 120 * time.Millisecond
	keyUp   = 100 * time.Millisecond
	keyLook = rate / 50 // samples: what is heard is looked at 20 ms at a time
)

// Press lets the ear say the tones of a key in place of its own tone.
func (e *Ear) Press(key string) {
	at := strings.Index(keypad, key)
	row, column := Tone(keyRows[at/4], keyDown), Tone(keyColumns[at%4], keyDown)
	for i := range row {
		row[i] = row[i]/2 + column[i]/2
	}
	sound := media.NewSound(append(row, make([]int16, int(keyUp.Seconds()*rate))...)).Encoded(media.PCMA)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = append(e.next, sound...)
}

// Keys are those whose tones the ear has heard so far.
func (e *Ear) Keys(t testing.TB) string {
	t.Helper()
	var keys strings.Builder
	last, length := byte(0), 0
	for heard := e.Heard(t); len(heard) >= 2*keyLook; heard = heard[keyLook:] {
		key := keyIn(heard[:2*keyLook])
		if key != last {
			last, length = key, 0
		}
		if length++; key != 0 && length == 2 {
			keys.WriteByte(key)
		}
	}
	return keys.String()
}

// keyIn is the key whose two tones are all that is heard, or 0.
func keyIn(pcm []int16) byte {
	if media.RMS(pcm) < 500 {
		return 0
	}
	row, column := loudest(pcm, keyRows), loudest(pcm, keyColumns)
	low, high := media.Goertzel(pcm, keyRows[row]), media.Goertzel(pcm, keyColumns[column])
	if low+high < 0.8 || low < 0.2 || high < 0.2 {
		return 0
	}
	return keypad[row*4+column]
}

func loudest(pcm []int16, tones []float64) (best int) {
	for i, hz := range tones {
		if media.Goertzel(pcm, hz) > media.Goertzel(pcm, tones[best]) {
			best = i
		}
	}
	return best
}
