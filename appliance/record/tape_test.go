package record

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/media"
)

// waiting is a shelf in memory whose files are written as those on a disk are.
type waiting struct{ *memory }

func (waiting) waits() bool { return true }

func (w *world) onBadDisk(d *badDisk) *badDisk {
	d.shelf = waiting{newMemory()}
	w.boxes.shelf = d
	return d
}

func TestADiskThatHangsDoesNotHoldTheCallerForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		d := w.onBadDisk(&badDisk{hang: make(chan struct{})})
		began := time.Now()
		l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 3 * time.Second, "#"}}})
		if l.phrases("not_kept") != 1 || l.phrases("kept") != 0 {
			t.Errorf("heard %v", l.heard)
		}
		if took := time.Since(began); took > sealTime+slowTime {
			t.Errorf("it took %v", took)
		}
		logged(t, w, "does not answer")
		close(d.hang)
		synctest.Wait()
		if files, _ := d.names(); len(files) != 0 || len(w.boxes.busy) != 0 {
			t.Errorf("a message that is said to be lost is there: %v %v", files, w.boxes.busy)
		}
	})
}

func TestADiskThatDoesNotKeepUpEndsTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		d := w.onBadDisk(&badDisk{hang: make(chan struct{})})
		l := w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 30 * time.Second, "#"}}})
		if l.phrases("not_kept") != 1 {
			t.Errorf("heard %v", l.heard)
		}
		logged(t, w, "does not keep up")
		close(d.hang)
		synctest.Wait()
		if files, _ := d.names(); len(files) != 0 {
			t.Errorf("files %v", files)
		}
	})
}

func TestWhatIsSpokenIsSyncedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		d := w.onBadDisk(&badDisk{})
		w.leave("sales", 1000, 10*time.Second)
		if n := d.syncs.Load(); n != 11 {
			t.Errorf("10 s of speech were synced %d times", n)
		}
	})
}

func TestATapeEndsOnce(t *testing.T) {
	freed := 0
	tp, err := newTape(newMemory(), Message{ID: "x", Box: "sales"}, func() { freed++ })
	must(t, err)
	must(t, tp.Write(media.ToneSound(2*time.Second, 440).PCM()))
	_, err = tp.seal(2 * time.Second)
	must(t, err)
	tp.discard()
	if _, err := tp.seal(time.Second); !errors.Is(err, errClosed) || freed != 0 {
		t.Error(err, freed)
	}
}

func FuzzHeadersOfFiles(f *testing.F) {
	good, err := header(Message{ID: "01", Box: "sales", From: "+886912345678"}, 3200)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(good, make([]byte, 3200)...))
	f.Add(good[:60])
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVE"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, at, err := readHeader(bytes.NewReader(data))
		if err != nil {
			return
		}
		if m.ID == "" || at <= 0 || at > int64(len(data)) {
			t.Fatalf("%+v at %d of %d", m, at, len(data))
		}
		if _, err := spoken(bytes.NewReader(data), at, int64(len(data))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAFileOfAStrangerIsNoMessageWhateverItSays(t *testing.T) {
	w := newWorld(t, "")
	head, err := header(Message{ID: "../../etc/x", Box: "sales"}, unfinished)
	must(t, err)
	for name, data := range map[string][]byte{"a.wav": head, "b.wav": nil, "c.wav": bytes.Repeat([]byte{7}, 100000)} {
		f, err := w.boxes.shelf.create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	n, err := w.boxes.Recover(context.Background())
	if n != 0 || err != nil || w.boxes.Stats().Cleaned != 3 {
		t.Error(n, err, w.boxes.Stats())
	}
}
