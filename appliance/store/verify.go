package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

const (
	// readFirst is how much of the tables is read before the store opens: a fraction of a second on a slow card.
	readFirst = 16 << 20
	// readPause is how long the guard rests between two of the others.
	readPause = 100 * time.Millisecond
)

// tableFile is one table of Badger's.
type tableFile struct {
	id   uint64
	path string
	kind options.CompressionType
}

// readTables opens every table, because one that is cut short would panic where nobody can recover, and reads the newest through.
// Badger's iterators end silently at a block that does not match its checksum, so bad blocks have to be looked for.
func readTables(dir string, manifest badger.Manifest) (unread []tableFile, err error) {
	var all []tableFile
	for id, t := range manifest.Tables {
		all = append(all, tableFile{id: id, path: table.NewFilename(id, dir), kind: t.Compression})
	}
	slices.SortFunc(all, func(a, b tableFile) int { return cmp.Compare(b.id, a.id) })
	read := int64(0)
	for _, t := range all {
		whole := read < readFirst
		size, err := t.check(whole)
		if err != nil {
			return nil, err
		}
		if whole {
			read += size
		} else {
			unread = append(unread, t)
		}
	}
	return unread, nil
}

// check reads a table's index and the block with its last key, or the whole of it.
func (t tableFile) check(whole bool) (size int64, err error) {
	err = shielded(func() error {
		f, err := z.OpenMmapFile(t.path, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		opened, err := table.OpenTable(f, table.Options{Compression: t.kind, BlockSize: 4 << 10, ChkMode: options.OnBlockRead})
		if err != nil {
			return err
		}
		size = opened.Size()
		if whole {
			err = opened.VerifyChecksum()
		}
		return errors.Join(err, opened.Close(-1))
	})
	if err != nil {
		return 0, fmt.Errorf("%w: table %d: %w", ErrDamaged, t.id, err)
	}
	return size, nil
}

// verify reads, bit by bit, the tables for which there was no time before the store opened.
func (d *disk) verify() {
	for _, t := range d.unread {
		select {
		case <-d.stop:
			return
		case <-time.After(readPause):
		}
		// A table that is gone was compacted in the meantime; compaction reads all of it.
		if _, err := t.check(true); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.guard.doubt(firstLine(err.Error()))
		}
	}
	d.unread = nil
}

// missing counts the tables that are there and not listed.
func missing(there []uint64, manifest badger.Manifest) (n int) {
	for _, id := range there {
		if _, listed := manifest.Tables[id]; !listed {
			n++
		}
	}
	return n
}
