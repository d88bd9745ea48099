package record

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// What guessing a PIN costs. A call ends after three wrong ones; after three such calls in a row nobody gets in from there for a
// quarter of an hour, and twice as long after each further one, up to a day.
const (
	mostTries   = 3
	mostGuesses = 9
	firstLock   = 15 * time.Minute
	longestLock = 24 * time.Hour
	mostGuessed = 10000 // numbers and origins that are remembered
)

// guess is what is known of those who tried to get into one box from one place: an extension, or outside. Strangers so do not
// lock the owner's own phone.
type guess struct {
	wrong  int       // in a row
	last   time.Time // the last of them
	locked time.Time // until then
}

// add counts a wrong PIN, and tells whether that closed the door.
func (g guess) add(now time.Time) (_ guess, closed bool) {
	g.wrong++
	g.last = now
	if g.wrong < mostGuesses || g.wrong%mostTries != 0 {
		return g, false
	}
	lock := firstLock
	for range (g.wrong - mostGuesses) / mostTries {
		lock = min(2*lock, longestLock)
	}
	g.locked = now.Add(lock)
	return g, true
}

// stale guesses are forgotten.
func (g guess) stale(now time.Time) bool {
	return now.Sub(g.last) > longestLock && !now.Before(g.locked)
}

// locked tells whether nobody may try a box from a place now.
func (b *Boxes) locked(box, place string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.guesses[box+"\x00"+place].locked)
}

// guessed counts a try. A wrong one may close the door, until then.
func (b *Boxes) guessed(box, place string, right bool, now time.Time) (closed bool, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := box + "\x00" + place
	if right {
		delete(b.guesses, key)
		return false, until
	}
	b.stats.wrongPINs.Add(1)
	g, known := b.guesses[key]
	if !known && len(b.guesses) >= mostGuessed {
		b.forget(now)
	}
	if g.stale(now) {
		g = guess{}
	}
	g, closed = g.add(now)
	b.guesses[key] = g
	return closed, g.locked
}

// forget makes room among the guesses: those that are stale go, else the one that is longest ago. mu is held.
func (b *Boxes) forget(now time.Time) {
	oldest := ""
	for key, g := range b.guesses {
		if g.stale(now) {
			delete(b.guesses, key)
		} else if oldest == "" || g.last.Before(b.guesses[oldest].last) {
			oldest = key
		}
	}
	if len(b.guesses) >= mostGuessed {
		delete(b.guesses, oldest)
	}
}

// same compares a PIN in the same time whatever was keyed. Without a PIN nothing is right.
func same(keyed, pin string) bool {
	a, b := sha256.Sum256([]byte(keyed)), sha256.Sum256([]byte(pin))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && pin != ""
}
