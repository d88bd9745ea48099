package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

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
