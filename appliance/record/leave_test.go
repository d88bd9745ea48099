package record

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/sip"
	"callbox/appliance/store"
)

func TestWhatACallerSaysAfterTheBeepIsThereToBeHeard(t *testing.T) {
	for name, folder := range map[string]string{"on disk": t.TempDir(), "in memory": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, folder)
			l := w.call(Leave{Boxes: w.boxes, Box: "claims"}, caller{start: outside, speaks: []says{{1000, 3 * time.Second, "hangup"}}})
			heard(t, l, "prompt away", "beep")
			all := w.boxes.List("claims")
			if len(all) != 1 {
				t.Fatalf("%d messages: %s", len(all), w.log.String())
			}
			m := all[0]
			if m.From != "+886912345678" || m.Name != "Mr. Chen" || !m.New || m.Length < 3*time.Second || len(m.Hash) != 64 || m.Call != l.c.ID || m.Left.Before(start) {
				t.Errorf("%+v", m)
			}
			isTone(t, w.sound(m.ID), 1000, 3*time.Second)
			if got := w.books.left(); len(got) != 1 || got[0].Box != "claims" || got[0].Message != m.ID || got[0].From != m.From || got[0].Seconds < 3 || got[0].Recovered {
				t.Errorf("facts %+v", got)
			}
			if w.books.ended() != journal.OutcomeVoicemail {
				t.Errorf("the call ended %q", w.books.ended())
			}
			if fresh, old := w.boxes.Counts("claims"); fresh != 1 || old != 0 || len(w.changes) != 1 {
				t.Errorf("%d new, %d old, told %v", fresh, old, w.changes)
			}
			if strings.Contains(w.log.String(), "level=ERROR") {
				t.Error(w.log.String())
			}
		})
	}
}

func TestACallerWhoStaysHearsHisMessageBeforeHeKeepsIt(t *testing.T) {
	w := newWorld(t, t.TempDir())
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{
		start: outside, speaks: []says{{1000, 2 * time.Second, "#"}, {440, 2 * time.Second, ""}},
		answers: map[string][]string{"review": {"2", "3", "7", "1"}},
	})
	heard(t, l, "greeting", "after_tone", "beep", "review", "1000 Hz", "review", "beep", "review", "invalid_entry", "review", "kept")
	all := w.boxes.List("sales")
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	isTone(t, w.sound(all[0].ID), 440, 2*time.Second)
	if files, _ := w.boxes.shelf.names(); len(files) != 1 {
		t.Errorf("files %v", files)
	}
}

func TestAMessageIsOnDiskBeforeTheCallerHearsThatItIsKept(t *testing.T) {
	folder := t.TempDir()
	db, err := store.Open(store.Options{Dir: filepath.Join(t.TempDir(), "store")})
	must(t, err)
	defer db.Close()
	w := newWorld(t, folder, func(o *Options) { o.DB = db })
	w.boxes.Apply(w.cfg)
	kept := -1
	l := &watching{line: line{w: w, caller: caller{start: outside, speaks: []says{{1000, 2 * time.Second, "#"}}}}}
	l.when = func(said string) {
		if said == "kept" {
			kept = 0
			for _, err := range w.boxes.messages.All("", "", false) {
				must(t, err)
				kept++
			}
			kept += 10 * len(w.books.left())
		}
	}
	w.serve(l, &l.line, Leave{Boxes: w.boxes, Box: "sales"})
	if kept != 11 {
		t.Errorf("when the caller heard it, %d entries and facts were there", kept)
	}
}

func TestACallerWhoSaysNothingLeavesNoMessage(t *testing.T) {
	w := newWorld(t, t.TempDir())
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 500 * time.Millisecond, "#"}}})
	heard(t, l, "greeting", "after_tone", "beep", "too_short", "beep", "too_short", "beep", "too_short")
	w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 900 * time.Millisecond, "hangup"}}})
	if w.books.ended() != journal.OutcomeAbandoned {
		t.Errorf("who hung up ended %q", w.books.ended())
	}
	if files, _ := w.boxes.shelf.names(); len(files)+len(w.boxes.List("sales"))+len(w.books.left()) != 0 {
		t.Errorf("files %v", files)
	}
}

func TestACallerWhoHangsUpDuringTheGreetingLeavesNothing(t *testing.T) {
	w := newWorld(t, t.TempDir())
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, answers: map[string][]string{"greeting": {"hangup"}}})
	heard(t, l, "greeting")
	if files, _ := w.boxes.shelf.names(); len(files) != 0 || w.books.ended() != journal.OutcomeAbandoned {
		t.Errorf("files %v, ended %q", files, w.books.ended())
	}
}

func TestAKeyDuringTheGreetingLeadsToTheBeepAtOnce(t *testing.T) {
	w := newWorld(t, t.TempDir())
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{
		start: outside, answers: map[string][]string{"greeting": {"#"}}, speaks: []says{{1000, 2 * time.Second, "hangup"}},
	})
	heard(t, l, "greeting", "beep")
}

func TestAMessageEndsAtTheLongestThatTheBoxTakes(t *testing.T) {
	w := newWorld(t, t.TempDir())
	l := w.call(Leave{Boxes: w.boxes, Box: "claims"}, caller{start: outside, speaks: []says{{1000, time.Hour, ""}}})
	heard(t, l, "prompt away", "beep", "review", "review", "review", "kept")
	isTone(t, w.sound(w.boxes.List("claims")[0].ID), 1000, time.Minute)
}

func TestACallerToAFullBoxIsToldSo(t *testing.T) {
	w := newWorld(t, "")
	for range MaxMessages {
		w.leave("sales", 1000, time.Second)
	}
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 2 * time.Second, "#"}}})
	heard(t, l, "full")
	logged(t, w, "the box is full")
	if w.books.ended() != journal.OutcomeFailed || len(w.boxes.List("sales")) != MaxMessages {
		t.Errorf("ended %q with %d messages", w.books.ended(), len(w.boxes.List("sales")))
	}
	must(t, w.boxes.Delete(w.boxes.List("sales")[0].ID))
	w.leave("sales", 1000, 2*time.Second)
}

func TestABoxIsFullOfLongMessagesToo(t *testing.T) {
	w := newWorld(t, "")
	m := w.leave("sales", 1000, 2*time.Second)
	w.boxes.kept["sales"][0].Size = MaxBytes
	if l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside}); l.phrases("full") != 1 {
		t.Errorf("heard %v", l.heard)
	}
	must(t, w.boxes.Delete(m.ID))
}

func TestCallersWhoSpeakAtOnceDoNotOverfillABox(t *testing.T) {
	w := newWorld(t, "")
	for range MaxMessages {
		must(t, w.boxes.admit("sales"))
	}
	if err := w.boxes.admit("sales"); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	must(t, w.boxes.admit("claims"))
	w.boxes.release("sales")
	must(t, w.boxes.admit("sales"))
}

func TestACallerIsToldWhenTheDiskTakesNoMessages(t *testing.T) {
	w := newWorld(t, t.TempDir(), func(o *Options) {
		o.Room = func() (store.Space, error) { return store.Space{Free: 1 << 20}, nil }
	})
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 2 * time.Second, "#"}}})
	heard(t, l, "closed")
	logged(t, w, "there is no room for messages on the disk")
	if w.boxes.Stats().Refused != 1 {
		t.Errorf("%+v", w.boxes.Stats())
	}
}

// disk is a store on a disk whose room the test decides.
func disk(t *testing.T, free *atomic.Uint64) *store.DB {
	db, err := store.Open(store.Options{
		Dir: filepath.Join(t.TempDir(), "store"), FreeFloor: 100 << 20, Ballast: -1, Every: 2 * time.Millisecond,
		Statfs: func(string) (store.Space, error) { return store.Space{Free: free.Load()}, nil },
	})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func TestBelowTheStoresFloorNoMessageIsTaken(t *testing.T) {
	free := &atomic.Uint64{}
	free.Store(99 << 20)
	w := newWorld(t, t.TempDir(), func(o *Options) { o.DB = disk(t, free) })
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside})
	heard(t, l, "closed")
	logged(t, w, "103.8 MB free")
}

func TestACallerWhoseMessageCannotBeKeptIsToldSoAndNothingOfItComesBack(t *testing.T) {
	w := newWorld(t, t.TempDir())
	broken := &badDisk{shelf: w.boxes.shelf, after: 16000}
	w.boxes.shelf = broken
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{
		start: outside, speaks: []says{{1000, 20 * time.Second, "#"}},
	})
	if l.phrases("not_kept") != 1 || l.phrases("kept") != 0 {
		t.Errorf("heard %v", l.heard)
	}
	logged(t, w, "could not be kept")
	if files, _ := w.boxes.shelf.names(); len(files) != 0 || w.books.ended() != journal.OutcomeFailed || len(w.books.left()) != 0 {
		t.Errorf("files %v, ended %q", files, w.books.ended())
	}
	if found, err := w.boxes.Recover(t.Context()); found != 0 || err != nil {
		t.Error(found, err)
	}
}

func TestAMessageWhoseEntryCannotBeWrittenIsLostHonestlyOrFoundLater(t *testing.T) {
	free := &atomic.Uint64{}
	free.Store(1000 << 20)
	db := disk(t, free)
	w := newWorld(t, t.TempDir(), func(o *Options) { o.DB = db })
	fill := store.Declare[[]byte](db, "fill", store.Told)
	room := func(bytes uint64, want error) {
		free.Store(bytes)
		for err := fill.Put("x", nil); !errors.Is(err, want); err = fill.Put("x", nil) {
			runtime.Gosched() // until the store has looked at its disk
		}
	}
	l := &watching{line: line{w: w, caller: caller{start: outside, speaks: []says{{1000, 2 * time.Second, "#"}}}}}
	l.when = func(said string) {
		if said == "review" {
			room(10<<20, store.ErrNoRoom)
		}
	}
	w.serve(l, &l.line, Leave{Boxes: w.boxes, Box: "sales"})
	if l.phrases("not_kept") != 1 || l.phrases("kept") != 0 {
		t.Errorf("heard %v", l.heard)
	}
	if files, _ := w.boxes.shelf.names(); len(files) != 0 {
		t.Errorf("he was told that it is lost, and there is %v", files)
	}

	room(1000<<20, nil)
	l = &watching{line: line{w: w, caller: caller{start: outside, speaks: []says{{1000, 2 * time.Second, "hangup"}}}}}
	l.when = func(said string) {
		if said == "beep" {
			room(10<<20, store.ErrNoRoom)
		}
	}
	w.serve(l, &l.line, Leave{Boxes: w.boxes, Box: "sales"})
	if len(w.boxes.List("sales")) != 0 {
		t.Fatal("the disk was full and took it")
	}
	room(1000<<20, nil)
	must(t, w.boxes.Tidy(t.Context()))
	if all := w.boxes.List("sales"); len(all) != 1 {
		t.Errorf("who hung up in good faith has %d messages there", len(all))
	} else {
		isTone(t, w.sound(all[0].ID), 1000, 2*time.Second)
	}
}

func TestAFactThatTheJournalDoesNotTakeIsWrittenLater(t *testing.T) {
	w := newWorld(t, "")
	w.books.refuse = journal.ErrFull
	m := w.leave("sales", 1000, 2*time.Second)
	w.books.refuse = nil
	must(t, w.boxes.Tidy(t.Context()))
	must(t, w.boxes.Tidy(t.Context()))
	if got := w.books.left(); len(got) != 1 || got[0].Message != m.ID || !got[0].Recovered {
		t.Errorf("facts %+v", got)
	}
}

func TestAHiddenCallerStaysHidden(t *testing.T) {
	w := newWorld(t, "")
	from := outside
	from.From.Hidden = true
	w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: from, speaks: []says{{1000, 2 * time.Second, "hangup"}}})
	if m := w.boxes.List("sales")[0]; m.From != "" || m.Name != "" {
		t.Errorf("%+v", m)
	}
}

func TestTheBoxOfAnExtensionGreetsByItsName(t *testing.T) {
	w := newWorld(t, "")
	from := outside
	from.From = sip.Party{Number: "anonymous"}
	l := w.call(Leave{Boxes: w.boxes, Box: "1003"}, caller{start: from, speaks: []says{{1000, 2 * time.Second, "hangup"}}})
	heard(t, l, "greeting_named name=Jun Ho", "after_tone", "beep")
}

func TestAnotherGreetingIsSaidWhereTheStepNamesOne(t *testing.T) {
	w := newWorld(t, "")
	l := w.call(Leave{Boxes: w.boxes, Box: "sales", Greeting: "away"}, caller{start: outside})
	if l.heard[0] != "prompt away" {
		t.Errorf("heard %v", l.heard)
	}
	stage := Leave{Boxes: w.boxes, Box: "claims", Prompt: func(c *call.Call, name string) (call.Utterance, error) {
		return call.Utterance{}, errors.New("no such language")
	}}
	if l = w.call(stage, caller{start: outside}); l.heard[0] != "greeting" {
		t.Errorf("without its prompt heard %v", l.heard)
	}
}

func TestACallToABoxThatIsNotThereIsToldToComeLater(t *testing.T) {
	w := newWorld(t, "")
	heard(t, w.call(Leave{Boxes: w.boxes, Box: "nobody"}, caller{start: outside}), "closed")
}

func TestWhoRecordsAgainAndAgainComesToAnEnd(t *testing.T) {
	w := newWorld(t, "")
	who := caller{start: outside, answers: map[string][]string{}}
	for range 3 * mostTakes {
		who.speaks = append(who.speaks, says{1000, 2 * time.Second, "#"})
		who.answers["review"] = append(who.answers["review"], "3")
	}
	l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, who)
	if l.phrases("beep") != mostTakes || len(w.boxes.List("sales")) != 1 {
		t.Errorf("%d takes, %d messages", l.phrases("beep"), len(w.boxes.List("sales")))
	}
}
