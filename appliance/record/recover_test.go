package record

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/store"
)

// box opens what a box keeps in a folder: store, journal, messages.
func box(t testing.TB, dir string) (*world, *journal.Journal, func()) {
	db, err := store.Open(store.Options{Dir: filepath.Join(dir, "store"), Ballast: -1})
	must(t, err)
	j, err := journal.Open(db, journal.Options{Linger: -1})
	must(t, err)
	_, err = j.Recover(context.Background())
	must(t, err)
	w := &world{t: t, cfg: configure(t, office), now: time.Now()}
	w.boxes, err = Open(Options{Folder: filepath.Join(dir, "voicemail"), DB: db, Facts: j, Known: func(call, message string) bool {
		for e, err := range j.Events(journal.EventQuery{Call: call, Types: []journal.Type{journal.TypeVoicemailLeft}}) {
			must(t, err)
			if e.Body.(journal.VoicemailLeft).Message == message {
				return true
			}
		}
		return false
	}})
	must(t, err)
	w.boxes.Apply(w.cfg)
	return w, j, func() { must(t, errors.Join(w.boxes.Close(), j.Close(), db.Close())) }
}

// dying ends the child at its first fault, and says which.
type dying struct{ testing.TB }

func (dying) Helper() {}
func (dying) Fatal(what ...any) {
	fmt.Println(what...)
	os.Exit(1)
}

// leaveUntilKilled has three callers leave messages, one after the other, and prints the id of each when its caller hears that
// it is kept.
func leaveUntilKilled(dir string) {
	t := dying{}
	shared, j, _ := box(t, dir)
	_, err := shared.boxes.Recover(context.Background())
	must(t, err)
	for n := range 3 {
		go func() {
			for i := 0; ; i++ {
				w := &world{t: t, cfg: shared.cfg, boxes: shared.boxes, books: &books{through: j}, now: time.Now()}
				who := caller{start: outside, speaks: []says{{tones[n], time.Duration(1200+rand.IntN(4000)) * time.Millisecond, "#"}}}
				l := &watching{line: line{w: w, caller: who}}
				l.when = func(said string) {
					if all := w.books.left(); said == "kept" && len(all) == 1 {
						fmt.Println(all[0].Message, tones[n]) // one write to the pipe
					}
				}
				w.serve(l, &l.line, Leave{Boxes: w.boxes, Box: []string{"sales", "1003", "claims"}[n]})
				for _, m := range w.boxes.List("sales") { // they would be full soon
					if len(w.boxes.List("sales")) > 50 {
						_ = w.boxes.Delete(m.ID)
						fmt.Println("deleted", m.ID)
					}
				}
			}
		}()
	}
	select {}
}

func TestWhatWasConfirmedIsThereAfterEveryKillAndTheRestIsPlayableOrGone(t *testing.T) {
	dir := t.TempDir()
	told := map[string]float64{}
	found, cut := 0, 0
	for round := range 20 {
		kill(t, dir, told)
		w, j, end := box(t, dir)
		n, err := w.boxes.Recover(t.Context())
		must(t, err)
		found += n
		there := map[string]bool{}
		for _, name := range boxNames(w.cfg) {
			for _, m := range w.boxes.List(name) {
				there[m.ID] = true
				cut += checkKept(t, w, j, m, told)
			}
		}
		for id := range told {
			if !there[id] {
				t.Fatalf("round %d: %s was confirmed and is lost", round, id)
			}
		}
		files, err := w.boxes.shelf.names()
		must(t, err)
		if len(files) != len(there) {
			t.Errorf("round %d: %d files of %d messages", round, len(files), len(there))
		}
		for id := range there { // the boxes would be full at last
			if rand.IntN(2) == 0 {
				must(t, w.boxes.Delete(id))
				delete(told, id)
			}
		}
		end()
	}
	if found == 0 {
		t.Error("no kill came while somebody spoke")
	}
	t.Logf("%d messages were found after 20 kills; of all that were there %d had not been confirmed", found, cut)
}

// kill starts a box, kills it after a random number of messages, and adds those to told.
func kill(t *testing.T, dir string, told map[string]float64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=leave", "DIR="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	limit := 1 + rand.IntN(12)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "deleted "); ok {
			delete(told, id)
			continue
		}
		var id string
		var hz float64
		if _, err := fmt.Sscan(lines.Text(), &id, &hz); err != nil {
			t.Errorf("%q", lines.Text())
			continue
		}
		told[id] = hz
		if limit--; limit == 0 {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
}

// checkKept proves that a message can be heard, is what the index says, and is told exactly once. It gives 1 for one that was
// never confirmed.
func checkKept(t *testing.T, w *world, j *journal.Journal, m Message, told map[string]float64) int {
	t.Helper()
	s := w.sound(m.ID)
	hz, share := media.DominantTone(s.PCM()[:sampleRate], tones...)
	if share < 0.9 || s.Duration() != m.Length || m.Length < shortest {
		t.Errorf("%s: %v, the index says %v, %v Hz with %.2f", m.ID, s.Duration(), m.Length, hz, share)
	}
	if want, confirmed := told[m.ID]; confirmed && hz != want {
		t.Errorf("%s sounds %v Hz, want %v", m.ID, hz, want)
	}
	f, err := w.boxes.shelf.open(m.file())
	must(t, err)
	defer f.Close()
	if sum, err := hashOf(f, m.Size); err != nil || sum != m.Hash {
		t.Errorf("%s has hash %s, the index says %s (%v)", m.ID, sum, m.Hash, err)
	}
	facts := 0
	for e, err := range j.Events(journal.EventQuery{Call: m.Call, Types: []journal.Type{journal.TypeVoicemailLeft}}) {
		must(t, err)
		if e.Body.(journal.VoicemailLeft).Message == m.ID {
			facts++
		}
	}
	if facts != 1 {
		t.Errorf("%s is told %d times", m.ID, facts)
	}
	if _, confirmed := told[m.ID]; confirmed {
		return 0
	}
	return 1
}

// restart opens the boxes of a folder anew, as after a crash, with the same index.
func restart(t *testing.T, w *world, folder string) *world {
	t.Helper()
	again := &world{t: t, cfg: w.cfg, books: &books{}, now: w.now}
	db := store.Memory()
	b, err := Open(Options{Folder: folder, DB: db, Facts: again.books, Now: func() time.Time { return again.now }, Log: logTo(&again.log)})
	must(t, err)
	for _, m := range w.boxes.all() {
		must(t, b.messages.Put(m.key(), m))
		b.kept[m.Box] = append(b.kept[m.Box], m)
	}
	b.Apply(w.cfg)
	again.boxes = b
	t.Cleanup(func() { must(t, b.Close()) })
	return again
}

func TestAMessageThatACrashCutOffIsFoundAndTold(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, folder)
	long := leftBehind(t, w, 1000, 3*time.Second, 2*time.Second)
	short := leftBehind(t, w, 1000, 500*time.Millisecond, 0)
	silent := leftBehind(t, w, 1000, 0, 10*time.Second)
	must(t, os.WriteFile(filepath.Join(folder, "notes.wav"), []byte("RIFF"), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "README"), []byte("mine"), 0o600))

	w = restart(t, w, folder)
	n, err := w.boxes.Recover(t.Context())
	must(t, err)
	all := w.boxes.List("sales")
	if n != 1 || len(all) != 1 || all[0].ID != long || !all[0].New || all[0].From != "+886912345678" || !all[0].Left.Equal(start) {
		t.Fatalf("%d: %+v", n, all)
	}
	isTone(t, w.sound(long), 1000, 3*time.Second)
	if got := w.books.left(); len(got) != 1 || got[0].Message != long || !got[0].Recovered {
		t.Errorf("facts %+v", got)
	}
	for _, id := range []string{short, silent, "notes"} {
		if _, err := os.Stat(filepath.Join(folder, id+".wav")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "README")); err != nil {
		t.Errorf("a file that is not ours was touched: %v", err)
	}
	if s := w.boxes.Stats(); s.Recovered != 1 || s.Cleaned != 3 {
		t.Errorf("%+v", s)
	}
	if n, err := w.boxes.Recover(t.Context()); n != 0 || err != nil || len(w.books.left()) != 1 {
		t.Errorf("the second time: %d, %v", n, err)
	}
}

// leftBehind writes a file as a message looks whose box died while it was spoken.
func leftBehind(t *testing.T, w *world, hz float64, voice, silence time.Duration) (id string) {
	t.Helper()
	id = journal.NewID(w.now)
	head, err := header(Message{ID: id, Box: "sales", Call: "c1", From: "+886912345678", Left: start}, unfinished)
	must(t, err)
	f, err := w.boxes.shelf.create(id + soundSuffix)
	must(t, err)
	sound := encode(head, append(media.ToneSound(voice, hz).PCM(), make([]int16, silence/time.Second*sampleRate)...))
	_, err = f.Write(append(sound, 1)) // and half a sample
	must(t, errors.Join(err, f.Close()))
	return id
}

func TestAFileThatIsStillBeingSpokenCanBePlayedByAnything(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, folder)
	id := leftBehind(t, w, 1000, 2*time.Second, 0)
	f, err := os.Open(filepath.Join(folder, id+".wav"))
	must(t, err)
	defer f.Close()
	s, err := media.LoadWAV(f)
	must(t, err)
	isTone(t, s, 1000, 2*time.Second)
}

func TestATornMessageIsMendedAsFarAsItGoes(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, folder)
	torn := w.leave("sales", 1000, 5*time.Second)
	stump := w.leave("sales", 1000, 5*time.Second)
	gone := w.leave("sales", 1000, 5*time.Second)
	must(t, os.Truncate(filepath.Join(folder, torn.file()), torn.Size/2))
	must(t, os.Truncate(filepath.Join(folder, stump.file()), 300))
	must(t, os.Remove(filepath.Join(folder, gone.file())))

	w = restart(t, w, folder)
	_, err := w.boxes.Recover(t.Context())
	must(t, err)
	all := w.boxes.List("sales")
	if len(all) != 1 || all[0].ID != torn.ID || all[0].Length > 3*time.Second {
		t.Fatalf("%+v", all)
	}
	s := w.sound(torn.ID)
	if hz, _ := media.DominantTone(s.PCM(), tones...); hz != 1000 || s.Duration() != all[0].Length {
		t.Errorf("%v of %v Hz", s.Duration(), hz)
	}
	for _, said := range []string{"lost its end", "most of its sound is gone", "its sound is not there"} {
		logged(t, w, said)
	}
	if fresh, old := w.boxes.Counts("sales"); fresh != 1 || old != 0 {
		t.Errorf("%d new, %d old", fresh, old)
	}
	if strings.Contains(w.log.String(), "not what was recorded") {
		t.Error("a mended message is said to be damaged")
	}
	must(t, w.boxes.Delete(stump.ID))
	must(t, w.boxes.Delete(gone.ID))
}

func TestAFolderThatWasNotMountedCostsNoMessage(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, folder)
	m := w.leave("sales", 1000, 2*time.Second)
	empty := restart(t, w, t.TempDir())
	_, err := empty.boxes.Recover(t.Context())
	must(t, err)
	if len(empty.boxes.List("sales")) != 0 {
		t.Error("a message without sound is listed")
	}
	w = restart(t, empty, folder)
	_, err = w.boxes.Recover(t.Context())
	must(t, err)
	isTone(t, w.sound(m.ID), 1000, 2*time.Second)
}

func TestAFlippedBitIsSaidAndTheMessageIsPlayed(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, folder)
	m := w.leave("sales", 1000, 2*time.Second)
	path := filepath.Join(folder, m.file())
	data, err := os.ReadFile(path)
	must(t, err)
	data[len(data)/2] ^= 4
	must(t, os.WriteFile(path, data, 0o600))
	isTone(t, w.sound(m.ID), 1000, 2*time.Second)
	logged(t, w, "not what was recorded")
}

func TestMessagesAreDeletedWhenTheirTimeHasCome(t *testing.T) {
	w := newWorld(t, t.TempDir())
	first := w.leave("sales", 1000, 2*time.Second)
	w.leave("claims", 1000, 2*time.Second)
	w.now = w.now.Add(24 * time.Hour)
	w.leave("sales", 1000, 2*time.Second)
	w.now = w.now.Add(24 * time.Hour)
	must(t, w.boxes.Tidy(t.Context()))
	if len(w.boxes.List("sales")) != 1 || len(w.boxes.List("claims")) != 1 {
		t.Errorf("%d and %d are left", len(w.boxes.List("sales")), len(w.boxes.List("claims")))
	}
	if _, err := w.boxes.Message(first.ID); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	logged(t, w, "deleted after its time")
	w.cfg = configure(t, strings.ReplaceAll(strings.ReplaceAll(office, "voicemail \"sales\"", "voicemail \"other\""), "keep   = \"2d\"", ""))
	w.boxes.Apply(w.cfg)
	w.now = w.now.Add(48 * time.Hour)
	must(t, w.boxes.Tidy(t.Context()))
	if len(w.boxes.List("sales")) != 1 {
		t.Error("a box that left the configuration lost its messages at once")
	}
	w.now = w.now.Add(90 * 24 * time.Hour)
	must(t, w.boxes.Tidy(t.Context()))
	if files, _ := w.boxes.shelf.names(); len(files) != 0 {
		t.Errorf("files %v", files)
	}
}
