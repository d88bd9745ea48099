package record

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"callbox/appliance/store"
)

func TestLampsShowTheMessagesOfAllBoxesOfAPhone(t *testing.T) {
	w := newWorld(t, "")
	first := w.leave("sales", 1000, 2*time.Second)
	w.leave("1003", 1000, 2*time.Second)
	w.leave("claims", 1000, 2*time.Second)
	must(t, w.boxes.Mark(first.ID, false))
	for extension, want := range map[string][2]int{"1001": {1, 0}, "1002": {0, 1}, "1003": {1, 1}, "1004": {0, 0}, "none": {0, 0}} {
		if fresh, old := w.boxes.Lamp(extension); fresh != want[0] || old != want[1] {
			t.Errorf("%s shows %d new and %d old", extension, fresh, old)
		}
	}
	if got := w.boxes.Lamps("sales"); !slices.Equal(got, []string{"1002", "1003"}) {
		t.Errorf("sales lights %v", got)
	}
	if got := w.boxes.Lamps("1003"); !slices.Equal(got, []string{"1003"}) {
		t.Errorf("1003 lights %v", got)
	}
	if len(w.boxes.Lamps("none")) != 0 {
		t.Error("a box that is not there lights a lamp")
	}
	if want := []string{"sales", "1003", "claims", "sales"}; !slices.Equal(w.changes, want) {
		t.Errorf("told of %v", w.changes)
	}
	must(t, w.boxes.Mark(first.ID, false))
	must(t, w.boxes.Delete(first.ID))
	if len(w.changes) != 5 {
		t.Errorf("told of %v", w.changes)
	}
}

func TestALampIsToldAsRFC3842HasIt(t *testing.T) {
	for want, got := range map[string][]byte{
		"Messages-Waiting: yes\r\nMessage-Account: sip:*97@192.0.2.1\r\nVoice-Message: 2/8 (0/0)\r\n": Summary("sip:*97@192.0.2.1", 2, 8),
		"Messages-Waiting: no\r\nVoice-Message: 0/3 (0/0)\r\n":                                        Summary("", 0, 3),
	} {
		if string(got) != want {
			t.Errorf("%q", got)
		}
	}
}

func TestMessagesCanBeListedReadMarkedAndDeleted(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		w := newWorld(t, folder)
		first, second := w.leave("sales", 440, 2*time.Second), w.leave("sales", 1000, 2*time.Second)
		all := w.boxes.List("sales")
		if len(all) != 2 || all[0].ID != first.ID || all[1].ID != second.ID {
			t.Fatalf("%+v", all)
		}
		r, err := w.boxes.Open(second.ID)
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, errors.Join(err, r.Close()))
		if int64(len(data)) != second.Size || !bytes.HasPrefix(data, []byte("RIFF")) {
			t.Errorf("%d bytes", len(data))
		}
		must(t, w.boxes.Mark(first.ID, false))
		if m, err := w.boxes.Message(first.ID); err != nil || m.New {
			t.Errorf("%+v %v", m, err)
		}
		must(t, w.boxes.Mark(first.ID, true))
		must(t, w.boxes.Delete(first.ID))
		for _, err := range []error{w.boxes.Delete(first.ID), w.boxes.Mark(first.ID, true), opens(w, first.ID), opens(w, "../../etc/passwd"), opens(w, "")} {
			if !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
		}
		if files, _ := w.boxes.shelf.names(); len(files) != 1 {
			t.Errorf("files %v", files)
		}
		must(t, w.boxes.shelf.remove(second.file()))
		if err := opens(w, second.ID); !errors.Is(err, ErrGone) {
			t.Error(err)
		}
	}
}

func opens(w *world, id string) error {
	r, err := w.boxes.Open(id)
	if err == nil {
		r.Close()
	}
	return err
}

func TestWhatIsInTheIndexOutlivesTheBox(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	var id string
	for life := range 2 {
		db, err := store.Open(store.Options{Dir: dir, Ballast: -1})
		must(t, err)
		w := newWorld(t, folder, func(o *Options) { o.DB = db })
		if life == 0 {
			id = w.leave("sales", 1000, 2*time.Second).ID
			must(t, w.boxes.Mark(id, false))
		} else {
			_, err := w.boxes.Recover(t.Context())
			must(t, err)
			if all := w.boxes.List("sales"); len(all) != 1 || all[0].ID != id || all[0].New || len(w.books.left()) != 0 {
				t.Errorf("%+v, facts %v", all, w.books.left())
			}
			isTone(t, w.sound(id), 1000, 2*time.Second)
		}
		must(t, db.Close())
	}
}

func TestTheOutboxShowsWhatWaits(t *testing.T) {
	w := newWorld(t, "")
	m := w.leave("claims", 1000, 2*time.Second)
	got := w.boxes.Outbox()
	if len(got) != 1 || got[0].To != "claims@example.com" || got[0].Message != m.ID || got[0].Box != "claims" || got[0].Subject == "" {
		t.Errorf("%+v", got)
	}
}

func TestABoxKeepsItsMessagesAsLongAsRetentionSaysWhereItSaysNothing(t *testing.T) {
	cfg := configure(t, office+"\nretention { voicemail = \"7d\" }\n")
	for box, want := range map[string]time.Duration{"claims": 7 * 24 * time.Hour, "sales": 48 * time.Hour, "1003": 7 * 24 * time.Hour, "gone": 7 * 24 * time.Hour} {
		if got := keepOf(cfg, box); got != want {
			t.Errorf("%s keeps %v", box, got)
		}
	}
}
