package store

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

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
