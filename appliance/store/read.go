package store

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
)

func (d *disk) get(key string) (value []byte, found bool, err error) {
	if err := d.enter(); err != nil {
		return nil, false, err
	}
	defer d.leave()
	txn := d.badger.NewTransaction(false)
	defer txn.Discard()
	err = shielded(func() error {
		item, err := txn.Get([]byte(key))
		if err != nil {
			return err
		}
		value, err = item.ValueCopy(nil)
		return err
	})
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, false, nil
	}
	return value, err == nil, d.judge(err)
}

func (d *disk) scan(from, to string, down bool, yield func(string, []byte) bool) error {
	if from >= to {
		return nil
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	txn := d.badger.NewTransaction(false)
	defer txn.Discard()
	s := span{from: from, to: to, down: down}
	if err := shielded(func() error { s.start(txn); return nil }); err != nil {
		return d.judge(err)
	}
	defer func() { _ = shielded(func() error { s.it.Close(); return nil }) }()
	for {
		// Only our own steps are shielded; what the reader's loop does is the reader's.
		if err := shielded(s.next); err != nil {
			return d.judge(err)
		}
		if s.done || !yield(s.key, s.value) {
			return nil
		}
	}
}

// span walks through a stretch of keys.
type span struct {
	from, to string
	down     bool

	it    *badger.Iterator
	begun bool
	done  bool
	key   string
	value []byte
}

func (s *span) start(txn *badger.Txn) {
	// Values are in the tables themselves; prefetching them would start a goroutine for each.
	s.it = txn.NewIterator(badger.IteratorOptions{Reverse: s.down})
}

func (s *span) next() error {
	switch {
	case s.begun:
		s.it.Next()
	case s.down:
		s.it.Seek([]byte(s.to))
		if s.it.Valid() && string(s.it.Item().Key()) == s.to {
			s.it.Next()
		}
	default:
		s.it.Seek([]byte(s.from))
	}
	s.begun = true
	if !s.it.Valid() {
		s.done = true
		return nil
	}
	item := s.it.Item()
	s.key = string(item.Key())
	if s.down && s.key < s.from || !s.down && s.key >= s.to {
		s.done = true
		return nil
	}
	var err error
	s.value, err = item.ValueCopy(nil)
	return err
}

// judge makes Badger's errors ours, and remembers what does not read back.
func (d *disk) judge(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDamaged):
	case errors.Is(err, y.ErrChecksumMismatch):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	default:
		return err
	}
	d.guard.doubt(err.Error())
	return err
}

// tidy reclaims what removed keys held. Rewriting tables wears flash, so it is done only when much was removed.
func (d *disk) tidy() error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	if err := d.guard.refuse(Rebuilt); err != nil {
		return err
	}
	return shielded(func() error {
		err := d.badger.RunValueLogGC(0.5)
		for err == nil {
			err = d.badger.RunValueLogGC(0.5)
		}
		if !errors.Is(err, badger.ErrNoRewrite) {
			return err
		}
		if d.removed.Load() < muchRemoved {
			return nil
		}
		d.removed.Store(0)
		return d.badger.Flatten(1)
	})
}

// muchRemoved is how many removed keys are worth rewriting tables.
const muchRemoved = 10_000

// folder syncs the names in a folder when they have changed.
type folder struct {
	path   string
	synced time.Time // the folder's modification time when it was last synced
}

func (f *folder) sync() error {
	s, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("the folder is gone: %w", err)
	}
	if s.ModTime().Equal(f.synced) {
		return nil
	}
	if err := syncFolder(f.path); err != nil {
		return err
	}
	f.synced = s.ModTime()
	return nil
}
