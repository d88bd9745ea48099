package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// steps double every number, then add one; each key says how far it is, so that a step can begin again.
var steps = []migration{
	{to: 2, what: "double", run: func(db *badger.DB) error { return stamp(db, "2") }},
	{to: 3, what: "add one", run: func(db *badger.DB) error { return stamp(db, "3") }},
}

func stamp(db *badger.DB, mark string) error {
	for i := range 20 {
		err := db.Update(func(txn *badger.Txn) error { return txn.Set([]byte("n\x00"+key(i)), []byte(mark)) })
		if err != nil {
			return err
		}
		if os.Getenv(child) != "" {
			fmt.Println(mark, i)
		}
	}
	return nil
}

func openWith(dir string, steps []migration) (*DB, error) {
	d, err := openDisk(Options{Dir: dir, Ballast: -1}, steps)
	if err != nil {
		return nil, err
	}
	return newDB(d), nil
}

func TestAnOlderStoreIsBroughtForwardAfterABackup(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir)
	b := Declare[int](db, "n", Told)
	must(t, b.Put(key(3), 1))
	must(t, db.Close())

	db, err := openWith(dir, steps)
	must(t, err)
	if v, _, err := Declare[int](db, "n", Told).Get(key(3)); v != 3 || err != nil {
		t.Errorf("got %d %v", v, err)
	}
	must(t, db.Close())
	checkBackup(t, filepath.Join(dir, "backup-schema-1"))

	if _, err = openWith(dir, nil); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "schema 3") {
		t.Errorf("an older version opened it: %v", err)
	}
	db, err = openWith(dir, steps)
	must(t, err)
	must(t, db.Close())
}

func checkBackup(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	old, err := badger.Open(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil))
	must(t, err)
	defer old.Close()
	must(t, old.Load(f, 4))
	must(t, old.View(func(txn *badger.Txn) error {
		item, err := txn.Get([]byte("n\x00" + key(3)))
		if err != nil {
			return err
		}
		return item.Value(func(v []byte) error {
			if string(v) != "1" {
				t.Errorf("the backup has %s", v)
			}
			return nil
		})
	}))
}

func TestAMigrationThatFailsLeavesTheBackupAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	must(t, openIn(t, dir).Close())
	bad := []migration{{to: 2, what: "double", run: func(*badger.DB) error { return errors.New("no") }}}
	_, err := openWith(dir, bad)
	if err == nil || !strings.Contains(err.Error(), "backup-schema-1") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
	must(t, openIn(t, dir).Close())
}

func migrateUntilKilled(dir string) {
	_, err := openWith(dir, steps)
	fmt.Println("done", err)
}

func TestAMigrationKilledAnywhereComesToTheSameEnd(t *testing.T) {
	for _, after := range []string{"2 0", "2 19", "3 7"} {
		dir := t.TempDir()
		must(t, openIn(t, dir).Close())
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), child+"=migrate", "DIR="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if lines.Text() == after {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
		db, err := openWith(dir, steps)
		must(t, err)
		for _, v := range values(t, Declare[int](db, "n", Told), "", "", false) {
			if v != 3 {
				t.Errorf("killed at %s: %d", after, v)
			}
		}
		must(t, db.Close())
	}
}
