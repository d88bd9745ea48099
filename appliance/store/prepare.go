package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// prepare does before Badger opens what Badger would die of, or lose data over: room, files that a kill left empty, a list of tables
// that is gone (Badger would make a new one and delete the tables), tables that are cut short (they would panic in a
// goroutine of Badger's).
func (d *disk) prepare() error {
	dir := databasePath(d.dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if err := d.makeRoom(entries); err != nil {
		return err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext == ".mem" || ext == ".vlog" {
			if err := d.dropEmpty(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	d.unread, err = checkTables(dir, tablesOf(entries))
	return err
}

// openRoom is what Badger needs to open beside what its logs hold: new logs, the list of tables, the pid file.
const openRoom = 4 << 20

// makeRoom gives up the ballast when Badger needs it, and refuses when that is not enough.
func (d *disk) makeRoom(entries []fs.DirEntry) error {
	need := uint64(openRoom)
	for _, e := range entries {
		// What is in the logs is written once more, as tables.
		if info, err := e.Info(); err == nil && filepath.Ext(e.Name()) == ".mem" {
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				need += uint64(s.Blocks) * 512
			}
		}
	}
	space, err := d.guard.statfs(d.dir)
	if err != nil {
		return err
	}
	if space.ReadOnly {
		return fmt.Errorf("%w; mount it for writing", ErrReadOnly)
	}
	if space.Free >= need {
		return nil
	}
	if err := d.guard.ballast.drop(); err != nil {
		return err
	}
	if space, err = d.guard.statfs(d.dir); err != nil {
		return err
	}
	if space.Free < need {
		return fmt.Errorf("%w: %s free, %s needed to open; delete recordings or logs", ErrNoRoom, mega(space.Free), mega(need))
	}
	d.log.Warn("store: gave up the ballast so that the store can open; delete recordings or logs", "free", space.Free)
	return nil
}

// dropEmpty removes a log of Badger's that was made and never written to. Badger refuses to open over it.
func (d *disk) dropEmpty(path string) error {
	const header = 20
	s, err := os.Stat(path)
	if err != nil || s.Size() >= header {
		return err
	}
	d.log.Info("store: removed a log that a kill left empty", "file", filepath.Base(path))
	return os.Remove(path)
}

func tablesOf(entries []fs.DirEntry) (ids []uint64) {
	for _, e := range entries {
		if id, ok := table.ParseFileID(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// checkTables holds the tables that are there against the list of them, and reads the newest. It returns what it had no time for.
func checkTables(dir string, there []uint64) (unread []tableFile, err error) {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) && len(there) > 0 {
		return nil, fmt.Errorf("%w: %s is gone and %d tables are there", ErrDamaged, badger.ManifestFilename, len(there))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	manifest, end, err := badger.ReplayManifestFile(f, 0, settings(dir, nil))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, badger.ManifestFilename, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// A kill leaves tables that are not listed yet, a torn list alone is no harm; both together mean that Badger would delete facts.
	if stray := missing(there, manifest); info.Size() > end && stray > 0 {
		return nil, fmt.Errorf("%w: %s is cut short and does not list %d tables", ErrDamaged, badger.ManifestFilename, stray)
	}
	return readTables(dir, manifest)
}
