package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
)

func TestASecondProcessIsToldWhoHasTheStore(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir)
	defer db.Close()
	_, err := Open(Options{Dir: dir})
	if !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	me, _ := os.ReadFile("/proc/self/comm")
	if text := err.Error(); !strings.Contains(text, "process ") || !strings.Contains(text, strings.TrimSpace(string(me))) || strings.Contains(text, "\n") {
		t.Errorf("says %q", text)
	}
	if got := openInChild(t, dir)[0]; !strings.HasPrefix(got, "refused") || !strings.Contains(got, "end it") {
		t.Errorf("the other process says %q", got)
	}
}

func TestALockLeftBehindKeepsNobodyOut(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "lock"), []byte("1\n"), 0o600))
	must(t, openIn(t, dir).Close())
}

// fakeDisk is a disk whose room a test decides.
type fakeDisk struct{ free, readOnly atomic.Int64 }

func (f *fakeDisk) statfs(string) (Space, error) {
	return Space{Free: uint64(f.free.Load()), ReadOnly: f.readOnly.Load() != 0}, nil
}

func TestAFullDiskIsRefusedInTimeAndRecoversByItself(t *testing.T) {
	const mb = 1 << 20
	room := &fakeDisk{}
	room.free.Store(1000 * mb)
	db, err := Open(Options{Dir: t.TempDir(), FreeFloor: 100 * mb, Ballast: 1 * mb, Every: time.Hour, Statfs: room.statfs})
	must(t, err)
	defer db.Close()
	d := db.engine.(*disk)
	told, soft := Declare[int](db, "told", Told), Declare[int](db, "soft", Rebuilt)
	for _, step := range []struct {
		free, readOnly int64
		state          State
		told, soft     error
		ballast        bool
	}{
		{1000 * mb, 0, OK, nil, nil, true},
		{100 * mb, 0, OK, nil, nil, true},
		{99 * mb, 0, Low, nil, ErrNoRoom, true},
		{50 * mb, 0, Low, nil, ErrNoRoom, true},
		{49 * mb, 0, Full, ErrNoRoom, ErrNoRoom, true},
		{24 * mb, 0, Full, ErrNoRoom, ErrNoRoom, false},
		{0, 0, Full, ErrNoRoom, ErrNoRoom, false},
		{60 * mb, 0, Low, nil, ErrNoRoom, false},
		{100 * mb, 0, OK, nil, nil, false},
		{101 * mb, 0, OK, nil, nil, true},
		{500 * mb, 1, ReadOnly, ErrReadOnly, ErrReadOnly, true},
		{500 * mb, 0, OK, nil, nil, true},
	} {
		room.free.Store(step.free)
		room.readOnly.Store(step.readOnly)
		d.guard.look()
		h := db.Health()
		if h.State != step.state || (h.Reason == "") != (step.state == OK) {
			t.Errorf("%d MB: %+v", step.free/mb, h)
		}
		if err := told.Put("k", 1); !errors.Is(err, step.told) {
			t.Errorf("%d MB: told %v", step.free/mb, err)
		}
		if err := soft.Put("k", 1); !errors.Is(err, step.soft) {
			t.Errorf("%d MB: rebuilt %v", step.free/mb, err)
		}
		if _, found, err := told.Get("k"); !found || err != nil {
			t.Errorf("%d MB: reading stopped: %v", step.free/mb, err)
		}
		if _, err := os.Stat(d.guard.ballast.path); (err == nil) != step.ballast {
			t.Errorf("%d MB: ballast %v", step.free/mb, err)
		}
	}
}

func TestAWriterThatFillsTheDiskBetweenTwoLooksIsStopped(t *testing.T) {
	room := &fakeDisk{}
	room.free.Store(1 << 30)
	db, err := Open(Options{Dir: t.TempDir(), FreeFloor: 100 << 20, Ballast: -1, Every: time.Hour, Statfs: room.statfs})
	must(t, err)
	defer db.Close()
	b := Declare[[]byte](db, "b", Told)
	must(t, b.Put("k", nil))
	room.free.Store(0)
	for range 10 {
		if err = b.Put("k", make([]byte, MaxValue)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrNoRoom) {
		t.Error(err)
	}
	room.free.Store(1 << 30)
	db.engine.(*disk).guard.look()
	must(t, b.Put("k", nil))
}

func TestABoxWithAFullDiskStartsByItsBallast(t *testing.T) {
	dir := t.TempDir()
	room := &fakeDisk{}
	room.free.Store(1 << 30)
	o := Options{Dir: dir, Ballast: 8 << 20, Every: time.Hour}
	o.Statfs = func(string) (Space, error) { // full but for what the ballast gave back
		if _, err := os.Stat(ballastPath(dir)); err != nil && room.free.Load() == 0 {
			return Space{Free: 8 << 20}, nil
		}
		return room.statfs("")
	}
	db, err := Open(o)
	must(t, err)
	b := Declare[int](db, "n", Told)
	must(t, b.Put("k", 7))
	room.free.Store(0)
	if err := db.Close(); !errors.Is(err, ErrNoRoom) {
		t.Errorf("closed a full disk with %v", err)
	}
	abandon(db)

	db, err = Open(o)
	must(t, err)
	if v, _, err := Declare[int](db, "n", Told).Get("k"); v != 7 || err != nil {
		t.Errorf("got %d %v", v, err)
	}
	if s := db.Health().State; s != Full {
		t.Errorf("state %s", s)
	}
	room.free.Store(1 << 30)
	must(t, db.Close())

	must(t, os.Remove(ballastPath(dir)))
	o.Statfs = room.statfs
	room.free.Store(0)
	if _, err = Open(o); !errors.Is(err, ErrNoRoom) || strings.Contains(err.Error(), "\n") {
		t.Errorf("opened without room: %v", err)
	}
}

// abandon ends Badger's goroutines where Close had to leave them, so that the leak check sees only ours.
func abandon(db *DB) { _ = db.engine.(*disk).badger.Close() }

func TestAfterAFailedSyncNothingIsAcknowledged(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir)
	d := db.engine.(*disk)
	b, soft := Declare[int](db, "n", Told), Declare[int](db, "soft", Rebuilt)
	must(t, b.Put("before", 1))
	d.sync = func(txn *badger.Txn) error { txn.Discard(); return errors.New("input/output error") }
	must(t, soft.Put("k", 1))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := b.Put("k", 1); !errors.Is(err, ErrBroken) {
				t.Errorf("acknowledged: %v", err)
			}
		})
	}
	wg.Wait()
	d.sync = d.syncCommit
	if err := b.Put("k", 1); !errors.Is(err, ErrBroken) {
		t.Errorf("a disk that failed was trusted again: %v", err)
	}
	h := db.Health()
	if h.State != Torn || h.Lost != 1 || !strings.Contains(h.Reason, "restart") {
		t.Errorf("health %+v", h)
	}
	if v, _, err := b.Get("before"); v != 1 || err != nil {
		t.Errorf("reading: %d %v", v, err)
	}
	if err := db.Close(); !errors.Is(err, ErrBroken) {
		t.Errorf("close: %v", err)
	}
	abandon(db)

	db = openIn(t, dir)
	defer db.Close()
	if _, found, _ := Declare[int](db, "n", Told).Get("k"); found {
		t.Error("a failed write is there")
	}
}

func TestManyWritersShareASync(t *testing.T) {
	db := openIn(t, t.TempDir())
	defer db.Close()
	d := db.engine.(*disk)
	syncs, gate, begun := 0, make(chan struct{}), make(chan struct{})
	d.sync = func(txn *badger.Txn) error {
		if syncs++; syncs == 1 {
			close(begun)
			<-gate
		}
		return d.syncCommit(txn)
	}
	b := Declare[int](db, "n", Told)
	var wg sync.WaitGroup
	wg.Go(func() { must(t, b.Put("first", 0)) })
	<-begun
	for i := range 50 {
		wg.Go(func() {
			if err := b.Put(key(i), i); err != nil {
				t.Error(err)
			}
		})
	}
	for len(d.queue) < 50 {
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
	if syncs != 2 {
		t.Errorf("51 writes took %d syncs", syncs)
	}
}

func TestAReadOnlyFolderIsExplained(t *testing.T) {
	o := Options{Dir: t.TempDir(), Statfs: func(string) (Space, error) { return Space{Free: 1 << 40, ReadOnly: true}, nil }}
	if _, err := Open(o); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "mount it") {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := Open(Options{Dir: filepath.Join(file, "store")}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}

func TestTidyGivesRoomBack(t *testing.T) {
	db := openIn(t, t.TempDir())
	defer db.Close()
	b := Declare[int](db, "n", Told)
	for from := 0; from < 12_000; from += 4000 {
		var puts, drops []Op
		for i := range 4000 {
			puts, drops = append(puts, b.PutOp(key(from+i), i)), append(drops, b.DeleteOp(key(from+i)))
		}
		must(t, db.Write(Told, puts...))
		must(t, db.Write(Told, drops...))
	}
	must(t, b.Put("last", 1))
	must(t, db.Tidy())
	must(t, db.Tidy())
	if n := len(values(t, b, "", "", false)); n != 1 {
		t.Errorf("%d are left", n)
	}
}

func TestAFileIsWholeOrTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "greeting.wav")
	must(t, WriteFile(path, []byte("old"), 0o600))
	must(t, WriteFile(path, []byte("new"), 0o640))
	got, err := os.ReadFile(path)
	if string(got) != "new" || err != nil {
		t.Fatal(string(got), err)
	}
	if s, _ := os.Stat(path); s.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", s.Mode())
	}
	if err := WriteFile(filepath.Join(dir, "none", "x"), nil, 0o600); err == nil {
		t.Error("wrote into a folder that is not there")
	}
	must(t, os.Mkdir(filepath.Join(dir, "taken"), 0o700))
	if err := WriteFile(filepath.Join(dir, "taken"), []byte("x"), 0o600); err == nil {
		t.Error("wrote over a folder")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

// smallDisk returns the folder of a real file system of so many bytes, or "" where the test may not mount one; what it would prove
// is then proved by the injected disk of the tests above alone.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	options := fmt.Sprintf("size=%d", size)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Logf("no mount: %v %s", err, out)
		return ""
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", dir).Run(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAStoreThatFillsARealDiskStopsAndOpensAgain(t *testing.T) {
	dir := smallDisk(t, 220<<20)
	if dir == "" {
		return
	}
	o := Options{Dir: filepath.Join(dir, "store"), FreeFloor: 200 << 20, Every: time.Hour}
	db, err := Open(o)
	must(t, err)
	b := Declare[[]byte](db, "b", Told)
	kept := writeUntilRefused(t, b)
	if kept < 50 {
		t.Fatalf("only %d values fit", kept)
	}
	leave(t, db)
	db, err = Open(o)
	must(t, err)
	if n := len(values(t, Declare[[]byte](db, "b", Told), "", "", false)); n != kept {
		t.Errorf("%d of %d are there after the restart", n, kept)
	}
	leave(t, db)
}

// leave closes a store whose disk may be full.
func leave(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		if !errors.Is(err, ErrNoRoom) {
			t.Errorf("close: %v", err)
		}
		abandon(db)
	}
}

func TestADiskThatOthersFillToTheLastByteKillsNobody(t *testing.T) {
	dir := smallDisk(t, 48<<20)
	if dir == "" {
		return
	}
	o := Options{Dir: filepath.Join(dir, "store"), FreeFloor: 24 << 20, Ballast: 6 << 20, Every: time.Hour}
	db, err := Open(o)
	must(t, err)
	b := Declare[[]byte](db, "b", Told)
	hog := filepath.Join(dir, "hog")
	fill(t, hog, 48<<20-16<<20)
	kept := writeUntilRefused(t, b)
	fill(t, hog, 48<<20)
	db.engine.(*disk).guard.look() // gives the ballast up
	for i := range 3 {
		if err := b.Put("more", make([]byte, MaxValue)); !errors.Is(err, ErrNoRoom) {
			t.Fatalf("write %d on a full disk: %v", i, err)
		}
	}
	if n := len(values(t, b, "", "", false)); n != kept || kept == 0 {
		t.Errorf("%d of %d read back", n, kept)
	}
	if err := db.Close(); !errors.Is(err, ErrNoRoom) {
		t.Errorf("close: %v", err)
	}

	fill(t, hog, 48<<20)
	if _, err := Open(o); !errors.Is(err, ErrNoRoom) {
		t.Errorf("opened with no room at all: %v", err)
	}
	must(t, os.Remove(hog))
	abandon(db)
	db, err = Open(o)
	must(t, err)
	if n := len(values(t, Declare[[]byte](db, "b", Told), "", "", false)); n != kept {
		t.Errorf("%d of %d are there after the restart", n, kept)
	}
	leave(t, db)
}

func writeUntilRefused(t *testing.T, b *Bucket[[]byte]) (kept int) {
	t.Helper()
	value := make([]byte, 128<<10)
	_, _ = rand.Read(value)
	for {
		err := b.Put(key(kept), value)
		if errors.Is(err, ErrNoRoom) {
			return kept
		}
		must(t, err)
		kept++
	}
}

// fill makes the file at path grow to limit, or as far as the disk lets it.
func fill(t *testing.T, path string, limit int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	must(t, err)
	for at := 0; at < limit && err == nil; at += 4 << 10 {
		_, err = f.WriteAt(make([]byte, 4<<10), int64(at))
	}
	must(t, f.Close())
}
