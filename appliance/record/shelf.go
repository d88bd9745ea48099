package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"callbox/appliance/store"
)

// shelf is where files of sound lie: a folder, or memory for the virtual floor and for boxes without a disk.
type shelf interface {
	create(name string) (file, error)
	open(name string) (file, error)
	remove(name string) error
	names() ([]string, error)
	sync() error                // makes the names survive a power cut
	room() (store.Space, error) // what is left
	waits() bool                // a write may wait for a disk
	close() error
}

// file is a file on a shelf. Write appends.
type file interface {
	io.ReaderAt
	io.Writer
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Size() (int64, error)
	Close() error
}

// folder is a shelf on disk. Nothing outside of it can be reached through it.
type folder struct {
	root *os.Root
	dir  *os.File
}

func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	dir, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &folder{root, dir}, nil
}

type onDisk struct{ *os.File }

func (f onDisk) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *folder) create(name string) (file, error) {
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return onDisk{f}, nil
}

func (s *folder) open(name string) (file, error) {
	f, err := s.root.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		f, err = s.root.Open(name)
	}
	if err != nil {
		return nil, err
	}
	return onDisk{f}, nil
}

func (s *folder) remove(name string) error { return s.root.Remove(name) }

func (s *folder) names() (names []string, err error) {
	all, err := fs.ReadDir(s.root.FS(), ".")
	for _, e := range all {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), soundSuffix) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (s *folder) sync() error { return s.dir.Sync() }

func (s *folder) room() (store.Space, error) {
	var f syscall.Statfs_t
	if err := syscall.Fstatfs(int(s.dir.Fd()), &f); err != nil {
		return store.Space{}, err
	}
	const readOnly = 1 // ST_RDONLY
	return store.Space{Free: f.Bavail * uint64(f.Bsize), ReadOnly: f.Flags&readOnly != 0}, nil
}

func (s *folder) waits() bool { return true }

func (s *folder) close() error { return errors.Join(s.dir.Close(), s.root.Close()) }

// memory is a shelf that ends with the process.
type memory struct {
	mu    sync.Mutex
	files map[string]*inMemory
}

func newMemory() *memory { return &memory{files: map[string]*inMemory{}} }

func (s *memory) create(name string) (file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[name] != nil {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	s.files[name] = &inMemory{}
	return s.files[name], nil
}

func (s *memory) open(name string) (file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

func (s *memory) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, name)
	return nil
}

func (s *memory) names() (names []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.files {
		names = append(names, name)
	}
	return names, nil
}

func (s *memory) sync() error                { return nil }
func (s *memory) room() (store.Space, error) { return store.Space{Free: 1 << 40}, nil }
func (s *memory) waits() bool                { return false }
func (s *memory) close() error               { return nil }

// inMemory is a file that one writer fills before others read it.
type inMemory struct {
	mu   sync.Mutex
	data []byte
}

func (f *inMemory) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *inMemory) WriteAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copy(f.data[at:], p), nil
}

func (f *inMemory) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.NewReader(f.data).ReadAt(p, at)
}

func (f *inMemory) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = f.data[:size]
	return nil
}

func (f *inMemory) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.data)), nil
}

func (f *inMemory) Sync() error  { return nil }
func (f *inMemory) Close() error { return nil }
