package journal

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/store"
)

// TestABoxThatCannotKeepUpSaysSoWhileThereIsRoomForCallsThatAreUp fills the queue while nobody reads it.
func TestABoxThatCannotKeepUpSaysSoWhileThereIsRoomForCallsThatAreUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openOn(t, store.Memory(), Options{Queue: 100, Linger: time.Hour})
		for i := range 75 {
			if j.Busy() {
				t.Fatalf("busy after %d", i)
			}
			must(t, j.Append(started(fmt.Sprint("c", i))))
		}
		if !j.Busy() {
			t.Error("new calls are still welcome")
		}
		for i := range 25 {
			must(t, j.Append(ended(fmt.Sprint("c", i))))
		}
		if err := j.Append(ended("c70")); !errors.Is(err, ErrFull) {
			t.Errorf("over the brim: %v", err)
		}
		if err := j.Commit(t.Context(), ended("c70")); !errors.Is(err, ErrFull) {
			t.Errorf("over the brim: %v", err)
		}
		pass(time.Hour)
		synctest.Wait()
		if j.Busy() {
			t.Errorf("still busy: %+v", j.State())
		}
		must(t, j.Append(started("new")))
		must(t, j.Close())
		if err := j.Append(ended("c70")); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if err := j.Close(); !errors.Is(err, ErrClosed) {
			t.Errorf("closed twice: %v", err)
		}
		if n := j.Seq(); n != 101 {
			t.Errorf("%d written", n)
		}
	})
}

// fullDisk is a store on a disk whose room a test decides.
func fullDisk(t *testing.T) (db *store.DB, free *atomic.Uint64) {
	free = &atomic.Uint64{}
	free.Store(1 << 40)
	db, err := store.Open(store.Options{
		Dir: t.TempDir(), Ballast: -1, Every: time.Millisecond,
		Statfs: func(string) (store.Space, error) { return store.Space{Free: free.Load()}, nil },
	})
	must(t, err)
	return db, free
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !what() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never came")
		}
	}
}

func inState(db *store.DB, s store.State) func() bool {
	return func() bool { return db.Health().State == s }
}

func TestOnAFullDiskFactsAreKeptAndWrittenLater(t *testing.T) {
	db, free := fullDisk(t)
	j := openOn(t, db, Options{})
	must(t, j.Commit(t.Context(), started("c1"), started("c2")))
	free.Store(0)
	waitFor(t, inState(db, store.Full))
	for _, e := range []Event{answered("c1"), ended("c1"), started("c3"), ended("c3")} {
		if err := j.Commit(t.Context(), e); !errors.Is(err, ErrStalled) {
			t.Errorf("acknowledged on a full disk: %v", err)
		}
	}
	must(t, j.Append(ended("c2")))
	if s := j.State(); !s.Stalled || s.Seq != 2 || s.Waiting != 5 {
		t.Errorf("%+v", s)
	}
	lag := j.State().Lag
	waitFor(t, func() bool { return j.State().Lag > lag })
	free.Store(1 << 40)
	waitFor(t, func() bool { s := j.State(); return !s.Stalled && s.Lag == 0 })
	must(t, j.Commit(t.Context(), Event{Body: TrunkUp{Trunk: "pstn"}}, Event{Body: TrunkUp{Trunk: "gsm"}}))
	if got := ids(cdrs(t, j, Query{})); len(strings.Fields(got)) != 3 {
		t.Errorf("CDRs %s", got)
	}
	if got := seqs(events(t, j, EventQuery{})); got != "1 2 3 4 5 6 7 8 9" {
		t.Errorf("numbers %s", got)
	}
	must(t, j.Close())
	must(t, db.Close())
}

func TestAJournalClosesOnAFullDiskAndSaysWhatIsLost(t *testing.T) {
	db, free := fullDisk(t)
	j := openOn(t, db, Options{})
	free.Store(0)
	waitFor(t, inState(db, store.Full))
	must(t, j.Append(started("c1")))
	must(t, j.Append(ended("c1")))
	if err := j.Close(); err == nil || !strings.Contains(err.Error(), "2 events") {
		t.Errorf("close: %v", err)
	}
	free.Store(1 << 40)
	waitFor(t, inState(db, store.OK))
	if n := len(events(t, j, EventQuery{})); n != 0 {
		t.Errorf("%d written after all", n)
	}
	must(t, db.Close())
}
