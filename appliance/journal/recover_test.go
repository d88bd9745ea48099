package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"callbox/appliance/store"
)

func openStore(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(store.Options{Dir: dir, Ballast: -1})
	must(t, err)
	return db
}

// lives opens the same folder again and again, each time with a clock of its own.
func life(t *testing.T, dir string, now func() time.Time, live func(j *Journal)) {
	t.Helper()
	db := openStore(t, dir)
	j := openOn(t, db, Options{Now: now, Linger: -1, Beat: 10 * time.Second})
	live(j)
	must(t, j.Close())
	must(t, db.Close())
}

func at(s int) func() time.Time {
	return func() time.Time { return noon.Add(time.Duration(s) * time.Second) }
}

func TestCallsThatWereCutOffEndOnceAndSaySo(t *testing.T) {
	dir := t.TempDir()
	var box string
	life(t, dir, at(0), func(j *Journal) {
		box = j.Box()
		must(t, j.Commit(t.Context(), started("talking"), started("ringing"), started("over")))
	})
	now := 5
	life(t, dir, func() time.Time { return at(now)() }, func(j *Journal) {
		// The box stays down no longer than this; the calls of its former life are not recovered yet.
		must(t, j.Commit(t.Context(), answered("talking"), ended("over")))
		now = 17 // more than a beat after the last: the journal notes that the box is up
		must(t, j.Commit(t.Context(), Event{Body: TrunkUp{Trunk: "pstn"}}))
	})
	for range 2 {
		life(t, dir, at(3600), func(j *Journal) {
			if j.Box() != box {
				t.Errorf("box %s was %s", j.Box(), box)
			}
			for range 2 {
				_, err := j.Recover(t.Context())
				must(t, err)
			}
			if s := j.State(); s.Open != 0 || s.Seq != 8 {
				t.Errorf("%+v", s)
			}
		})
	}
	life(t, dir, at(4000), func(j *Journal) {
		all := map[string]CDR{}
		for _, c := range cdrs(t, j, Query{}) {
			if _, twice := all[c.ID]; twice {
				t.Errorf("%s has two CDRs", c.ID)
			}
			all[c.ID] = c
		}
		if len(all) != 3 || all["over"].Cause.Who != "caller" || all["over"].Estimated {
			t.Errorf("%+v", all)
		}
		for id, outcome := range map[string]Outcome{"talking": OutcomeAnswered, "ringing": OutcomeFailed} {
			c := all[id]
			if c.Outcome != outcome || c.Cause != (Cause{Who: "box", Why: Restarted}) || !c.Estimated || !c.Ended.Equal(at(17)()) {
				t.Errorf("%s: %+v", id, c)
			}
		}
		if c := all["talking"]; c.WaitSeconds != 5 || c.TalkSeconds != 12 {
			t.Errorf("%+v", c)
		}
		last := events(t, j, EventQuery{Call: "talking", Last: 1})
		if e := last[0]; !e.Time.Equal(at(3600)()) || !e.Body.(CallEnded).At.Equal(at(17)()) {
			t.Errorf("%+v", e)
		}
	})
}

// liveUntilKilled lives as a box does: it recovers, then runs calls, and prints what it may tell the outside.
func liveUntilKilled(dir string) {
	db, err := store.Open(store.Options{Dir: dir, Ballast: -1})
	exitOn(err)
	j, err := Open(db, Options{})
	exitOn(err)
	fmt.Println("up")
	ctx := context.Background()
	_, err = j.Recover(ctx)
	exitOn(err)
	fmt.Println("recovered")
	for range 6 {
		go func() {
			for {
				id := NewID(time.Now())
				exitOn(j.Commit(ctx, started(id)))
				fmt.Println("started " + id)
				exitOn(j.Append(answered(id)))
				exitOn(j.Append(Event{Call: id, Body: CallDigit{Digit: "1"}}))
				if rand.IntN(4) == 0 {
					continue // up until the end
				}
				exitOn(j.Commit(ctx, ended(id)))
				fmt.Println("ended " + id)
			}
		}()
	}
	select {}
}

func exitOn(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func TestNoKillLosesOrDoublesACDR(t *testing.T) {
	dir := t.TempDir()
	told := map[string]string{} // call → the last that the outside heard of it
	for round := range 12 {
		liveAndDie(t, dir, told, round)
		if round%3 != 2 {
			continue // let the next life recover, or be killed while it does
		}
		db := openStore(t, dir)
		j := openOn(t, db, Options{})
		_, err := j.Recover(t.Context())
		must(t, err)
		checkBooks(t, j, told)
		must(t, j.Close())
		must(t, db.Close())
	}
	t.Logf("%d calls in 12 lives", len(told))
}

// liveAndDie starts a box and kills it after a random number of lines; one life in three dies before it has recovered.
func liveAndDie(t *testing.T, dir string, told map[string]string, round int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=1", "DIR="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	limit := 2 + rand.IntN(300)
	if round%3 == 1 {
		limit = 1
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, id, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "error":
			t.Error(lines.Text())
		case "started", "ended":
			told[id] = word
		}
		if n++; n == limit {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
}

func checkBooks(t *testing.T, j *Journal, told map[string]string) {
	t.Helper()
	next := uint64(1)
	ends, begins := map[string]int{}, map[string]int{}
	for _, e := range events(t, j, EventQuery{}) {
		if e.Seq != next {
			t.Fatalf("number %d follows %d", e.Seq, next-1)
		}
		next++
		switch e.Type {
		case TypeCallStarted:
			begins[e.Call]++
		case TypeCallEnded:
			ends[e.Call]++
		}
	}
	have := map[string]CDR{}
	for _, c := range cdrs(t, j, Query{}) {
		if _, twice := have[c.ID]; twice {
			t.Fatalf("two CDRs of %s", c.ID)
		}
		have[c.ID] = c
		if ends[c.ID] != 1 || begins[c.ID] != 1 {
			t.Fatalf("%s began %d times and ended %d times", c.ID, begins[c.ID], ends[c.ID])
		}
	}
	if len(have) != len(begins) {
		t.Fatalf("%d calls began, %d have a CDR", len(begins), len(have))
	}
	for id, word := range told {
		c, ok := have[id]
		if !ok {
			t.Fatalf("%s was %s, and has no CDR", id, word)
		}
		if word == "ended" && c.Cause.Why == Restarted {
			t.Fatalf("%s had ended, and its CDR says it was cut off", id)
		}
	}
}
