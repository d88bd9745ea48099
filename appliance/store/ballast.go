package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// ballast is room that nobody else can take: a file, allocated for real, that is given up when Badger needs room that is not there.
type ballast struct {
	path string
	size int64 // negative: none

	mu sync.Mutex // one look at a time makes or drops it
}

func ballastPath(dir string) string { return filepath.Join(dir, "ballast") }

// tend makes the file when there is plenty of room, and gives it up when even the reserve is half gone.
func (b *ballast) tend(space Space, floor uint64) error {
	if b.size < 0 || space.ReadOnly {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case space.Free < floor/4:
		return b.drop()
	case space.Free >= floor+uint64(b.size):
		return b.make()
	}
	return nil
}

func (b *ballast) drop() error {
	if err := os.Remove(b.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (b *ballast) make() error {
	if s, err := os.Stat(b.path); err == nil && s.Size() == b.size {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = allocate(f, b.size)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("cannot set %s aside: %w", mega(uint64(b.size)), err), b.drop())
	}
	return nil
}

// allocate makes blocks stand behind a file; a sparse one would hold no room.
func allocate(f *os.File, size int64) error {
	err := syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.ENOSYS) {
		return err
	}
	chunk := bytes.Repeat([]byte("ballast\n"), 8<<10)
	for at := int64(0); at < size; at += int64(len(chunk)) {
		if _, err := f.WriteAt(chunk[:min(int64(len(chunk)), size-at)], at); err != nil {
			return err
		}
	}
	return f.Sync()
}
