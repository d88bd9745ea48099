package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/store"
)

func openOn(t *testing.T, db *store.DB, o Options) *Journal {
	t.Helper()
	j, err := Open(db, o)
	must(t, err)
	return j
}

// inBubble runs a test on an empty journal in memory, in virtual time.
func inBubble(t *testing.T, o Options, test func(t *testing.T, j *Journal)) {
	synctest.Test(t, func(t *testing.T) {
		j := openOn(t, store.Memory(), o)
		test(t, j)
		must(t, j.Close())
	})
}

func started(call string) Event {
	return Event{Call: call, Generation: 1, Body: CallStarted{Direction: In, From: call}}
}
func answered(call string) Event {
	return Event{Call: call, Body: CallAnswered{Who: "extension.1001"}}
}
func ended(call string) Event {
	return Event{Call: call, Body: CallEnded{Outcome: OutcomeAnswered, Cause: Cause{Who: "caller", Why: "hung_up"}}}
}

func cdrs(t *testing.T, j *Journal, q Query) (all []CDR) {
	t.Helper()
	for c, err := range j.CDRs(q) {
		must(t, err)
		all = append(all, c)
	}
	return all
}

func ids(all []CDR) string {
	var out []string
	for _, c := range all {
		out = append(out, c.ID)
	}
	return strings.Join(out, " ")
}

func events(t *testing.T, j *Journal, q EventQuery) (all []Event) {
	t.Helper()
	for e, err := range j.Events(q) {
		must(t, err)
		all = append(all, e)
	}
	return all
}

func seqs(all []Event) string {
	var out []string
	for _, e := range all {
		out = append(out, fmt.Sprint(e.Seq))
	}
	return strings.Join(out, " ")
}

func TestACommittedEndHasItsCDR(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		must(t, j.Append(started("c1")))
		pass(3 * time.Second)
		must(t, j.Append(answered("c1")))
		pass(5 * time.Second)
		must(t, j.Commit(t.Context(), ended("c1")))
		all := cdrs(t, j, Query{Call: "c1"})
		if len(all) != 1 || all[0].WaitSeconds != 3 || all[0].TalkSeconds != 5 || all[0].Generation != 1 || all[0].Box != j.Box() {
			t.Fatalf("%+v", all)
		}
		if got := events(t, j, EventQuery{Call: "c1"}); seqs(got) != "1 2 3" || got[1].Body.(CallAnswered).Who != "extension.1001" {
			t.Errorf("%+v", got)
		}
		if s := j.State(); s.Open != 0 || s.Waiting != 0 || s.Seq != 3 || j.Seq() != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestACallStartsAndEndsOnce(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		ctx := t.Context()
		for _, c := range []struct {
			events []Event
			want   error
		}{
			{[]Event{ended("never")}, ErrNotOpen},
			{[]Event{started("c1")}, nil},
			{[]Event{started("c1")}, ErrStarted},
			{[]Event{ended("c1"), ended("c1"), started("c1")}, ErrNotOpen},
			{[]Event{ended("c1")}, ErrNotOpen},
			{[]Event{started("c1")}, ErrStarted},
			{[]Event{started("c2"), ended("c2"), started("c2"), ended("c2")}, ErrStarted},
		} {
			if err := j.Commit(ctx, c.events...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.events[0].Call, err)
			}
		}
		if got := ids(cdrs(t, j, Query{})); got != "c1 c2" {
			t.Errorf("CDRs %s", got)
		}
		if got := seqs(events(t, j, EventQuery{})); got != "1 2 3 4" {
			t.Errorf("numbers %s", got)
		}
		if s := j.State(); s.Refused != 8 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhatIsNotAnEventIsRefused(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		for _, e := range []Event{
			{}, {Type: TypeTrunkUp, Body: TrunkDown{}}, {Body: CallStarted{}}, {Call: "a\x00b", Body: CallDigit{}},
			{Call: strings.Repeat("c", 65), Body: CallDigit{}}, {Body: TrunkDown{Reason: strings.Repeat("x", MaxEvent)}},
			{Call: "c", Body: &CallHeld{}}, {Call: "c", Body: CallData{Data: map[string]any{"f": func() {}}}},
		} {
			if j.Append(e) == nil || j.Commit(t.Context(), e) == nil {
				t.Errorf("took %+v", e)
			}
		}
		must(t, j.Commit(t.Context()))
		must(t, j.Commit(t.Context(), Event{Type: "fax.received", Body: Unknown{Kind: "fax.received"}}))
		if s := j.State(); s.Waiting != 0 || s.Seq != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAppendedEventsShareASyncAndACommitHurriesThem(t *testing.T) {
	inBubble(t, Options{Linger: 20 * time.Millisecond}, func(t *testing.T, j *Journal) {
		began := time.Now()
		must(t, j.Append(started("c1")))
		pass(19 * time.Millisecond)
		if j.Seq() != 0 {
			t.Error("did not wait for others")
		}
		pass(2 * time.Millisecond)
		if j.Seq() != 1 {
			t.Error("waited too long")
		}
		must(t, j.Append(answered("c1")))
		must(t, j.Commit(t.Context(), started("c2")))
		if took := time.Since(began); took > 21*time.Millisecond {
			t.Errorf("the commit waited, %v", took)
		}
	})
}

func TestAnEndWaitsForABeginningToShareItsSyncButNotLong(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		must(t, j.Commit(t.Context(), started("c1"), started("c2")))
		began := time.Now()
		must(t, j.Commit(t.Context(), ended("c1")))
		if took := time.Since(began); took != company {
			t.Errorf("the end of a call alone waited %v, want %v", took, company)
		}
		over := make(chan error, 1)
		go func() { over <- j.Commit(t.Context(), ended("c2")) }()
		pass(company / 5)
		began = time.Now()
		must(t, j.Commit(t.Context(), started("c3")))
		must(t, <-over)
		if took := time.Since(began); took != 0 {
			t.Errorf("a beginning and the end that waited for it took %v more", took)
		}
	})
}

func TestCDRsAndEventsAreFoundByWhatIsAsked(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		for _, c := range []struct{ start, end int }{{0, 50}, {10, 20}, {30, 31}, {40, 45}} {
			id := fmt.Sprint("c", c.start)
			s, e := started(id), ended(id)
			s.Time, e.Time = at(c.start), at(c.end)
			must(t, j.Commit(t.Context(), s, e))
		}
		for _, c := range []struct {
			q    Query
			want string
		}{
			{Query{}, "c0 c10 c30 c40"},
			{Query{Last: 2}, "c30 c40"},
			{Query{Last: 9}, "c0 c10 c30 c40"},
			{Query{From: at(10)}, "c10 c30 c40"},
			{Query{From: at(10).Add(1)}, "c30 c40"},
			{Query{To: at(30)}, "c0 c10"},
			{Query{To: at(30).Add(1)}, "c0 c10 c30"},
			{Query{From: at(5), To: at(35), Last: 1}, "c30"},
			{Query{Call: "c10"}, "c10"},
			{Query{Call: "c1"}, ""},
			{Query{Call: "c10", Last: 5, From: at(5), To: at(11)}, "c10"},
			{Query{Call: "c10", From: at(11)}, ""},
		} {
			if got := ids(cdrs(t, j, c.q)); got != c.want {
				t.Errorf("%+v: %s, want %s", c.q, got, c.want)
			}
		}
		for _, c := range []struct {
			q    EventQuery
			want string
		}{
			{EventQuery{From: 3, To: 6}, "3 4 5"},
			{EventQuery{Last: 3}, "6 7 8"},
			{EventQuery{Types: []Type{TypeCallEnded}}, "2 4 6 8"},
			{EventQuery{Types: []Type{TypeCallEnded}, Last: 1}, "8"},
			{EventQuery{Call: "c10"}, "3 4"},
			{EventQuery{Call: "c10", From: 4}, "4"},
			{EventQuery{Call: "c10", To: 4}, "3"},
			{EventQuery{Call: "c1"}, ""},
		} {
			if got := seqs(events(t, j, c.q)); got != c.want {
				t.Errorf("%+v: %s, want %s", c.q, got, c.want)
			}
		}
		for range j.CDRs(Query{Last: 3}) {
			break
		}
		for range j.Events(EventQuery{}) {
			break
		}
	})
}

func TestManyCallsAtOnceAreNumberedWithoutGaps(t *testing.T) {
	db, err := store.Open(store.Options{Dir: t.TempDir(), Ballast: -1})
	must(t, err)
	defer db.Close()
	j := openOn(t, db, Options{})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			id := NewID(time.Now())
			for _, err := range []error{
				j.Append(started(id)), j.Append(answered(id)), j.Append(Event{Body: TrunkUp{Trunk: fmt.Sprint(i)}}), j.Commit(t.Context(), ended(id)),
			} {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	must(t, j.Close())
	for i, e := range events(t, j, EventQuery{}) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
	}
	if n := len(cdrs(t, j, Query{})); n != 60 || j.Seq() != 240 {
		t.Errorf("%d CDRs, %d events", n, j.Seq())
	}
}

func TestACommitDoesNotOutliveItsContext(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, j *Journal) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("the call is gone"))
		err := j.Commit(ctx, started("c1"))
		if err != nil && !strings.Contains(err.Error(), "the call is gone") {
			t.Error(err)
		}
		synctest.Wait()
		if j.Seq() != 1 {
			t.Error("the event is lost")
		}
	})
}

func TestOldEventsAndCDRsGoAndNumbersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := store.Memory()
		j := openOn(t, db, Options{})
		ctx := t.Context()
		must(t, j.Commit(ctx, started("stays")))
		for i := range 700 {
			id := fmt.Sprintf("c%03d", i)
			must(t, j.Commit(ctx, started(id), ended(id)))
		}
		pass(time.Hour)
		midnight := time.Now()
		pass(time.Hour)
		must(t, j.Commit(ctx, started("late"), ended("late")))
		n, err := j.Trim(ctx, midnight)
		if n != 1400 || err != nil {
			t.Errorf("removed %d events, %v", n, err)
		}
		if got := seqs(events(t, j, EventQuery{})); got != "1 1402 1403" {
			t.Errorf("left %s", got)
		}
		if n, err := j.TrimCDRs(ctx, midnight); n != 700 || err != nil {
			t.Errorf("removed %d CDRs, %v", n, err)
		}
		if got := ids(cdrs(t, j, Query{})); got != "late" {
			t.Errorf("left %s", got)
		}
		if len(cdrs(t, j, Query{Call: "c005"})) != 0 || len(events(t, j, EventQuery{Call: "c005"})) != 0 {
			t.Error("an index outlived its record")
		}
		must(t, j.Commit(ctx, ended("stays")))
		if n, err := j.Trim(ctx, time.Now().Add(time.Hour)); n != 4 || err != nil {
			t.Errorf("removed %d events, %v", n, err)
		}
		if n, err := j.Trim(ctx, time.Now().Add(time.Hour)); n != 0 || err != nil {
			t.Errorf("removed %d events, %v", n, err)
		}
		must(t, j.Commit(ctx, Event{Body: TrunkUp{Trunk: "pstn"}}))
		if j.Seq() != 1405 {
			t.Errorf("number %d", j.Seq())
		}
		must(t, j.Close())
	})
}

func TestIdsSortByTimeAndNeverRepeat(t *testing.T) {
	seen := map[string]bool{}
	var all []string
	for i := range 1000 {
		id := NewID(noon.Add(time.Duration(i/100) * time.Millisecond))
		if seen[id] || len(id) != 26 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
		if i%100 == 0 {
			all = append(all, id)
		}
	}
	if !slices.IsSorted(all) {
		t.Error(all)
	}
	if id := NewID(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)); len(id) != 26 {
		t.Errorf("a box without a clock makes %q", id)
	}
}

func TestIDsOfOneMomentSortInTheOrderInWhichTheyWereMade(t *testing.T) {
	last := ""
	for range 1000 {
		id := NewID(noon)
		if id <= last {
			t.Fatalf("%s came after %s", id, last)
		}
		last = id
	}
}
