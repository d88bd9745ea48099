package record

import (
	"strconv"
	"testing"
	"time"
)

func TestGuessingAPINCostsTwiceAsLongEachTime(t *testing.T) {
	var g guess
	var locks []time.Duration
	for range 60 {
		var closed bool
		if g, closed = g.add(start); closed {
			locks = append(locks, g.locked.Sub(start))
		}
	}
	want := []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour}
	for i, d := range want {
		if locks[i] != d {
			t.Errorf("lock %d lasts %v, want %v", i+1, locks[i], d)
		}
	}
}

func TestGuessesAreForgottenAfterADay(t *testing.T) {
	w := newWorld(t, "")
	for range mostGuesses - 1 {
		w.boxes.guessed("claims", "", false, start)
	}
	if closed, _ := w.boxes.guessed("claims", "", false, start.Add(25*time.Hour)); closed {
		t.Error("yesterday's guesses close the box")
	}
}

func TestManyGuessersFillNoMemory(t *testing.T) {
	w := newWorld(t, "")
	for range mostGuesses {
		w.boxes.guessed("claims", "", false, start.Add(time.Hour))
	}
	for i := range mostGuessed + 100 {
		w.boxes.guessed(strconv.Itoa(i), "", false, start)
	}
	if n := len(w.boxes.guesses); n > mostGuessed {
		t.Errorf("%d are remembered", n)
	}
	if !w.boxes.locked("claims", "", start.Add(time.Hour)) {
		t.Error("others' guesses opened a closed box")
	}
}

func TestARightPINIsRightAndNothingElseIs(t *testing.T) {
	for keyed, want := range map[string]bool{"471100": true, "47110": false, "4711000": false, "": false} {
		if same(keyed, "471100") != want {
			t.Errorf("%q", keyed)
		}
	}
	if same("", "") {
		t.Error("no PIN opens")
	}
}
