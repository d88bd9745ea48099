package store

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Class says how much a write may lose.
type Class int

const (
	// Told is synced to the disk before the write returns.
	Told Class = iota
	// Rebuilt may lose the last second in a crash; the write returns at once.
	Rebuilt
)

func (c Class) String() string {
	if c == Told {
		return "told"
	}
	return "rebuilt"
}

// Limits of what one write may hold; they are the same on disk and in memory.
const (
	MaxKey   = 4 << 10   // bytes of one key
	MaxValue = 512 << 10 // bytes of one encoded value
	MaxWrite = 1 << 20   // bytes of one transaction, keys and values together
	MaxOps   = 4096      // operations of one transaction
)

// What a write or an Open can be refused for. Every error of this package that is one of these says in its text what to do.
var (
	ErrNoRoom   = errors.New("no room on the disk")
	ErrReadOnly = errors.New("the disk is read-only")
	ErrBroken   = errors.New("the disk failed")
	ErrDamaged  = errors.New("the database is damaged")
	ErrLocked   = errors.New("another process has the store open")
	ErrNewer    = errors.New("the store was written by a newer version")
	ErrTooBig   = errors.New("too big for the store")
	ErrClosed   = errors.New("the store is closed")
)

// Options say where a database lives and how it looks after its room. Only Dir is needed.
type Options struct {
	Dir       string        // folder of its own; made when missing
	Log       *slog.Logger  // default: discard
	FreeFloor uint64        // bytes free below which Rebuilt writes are refused, and Told ones below half of it; default 256 MiB
	Ballast   int64         // bytes given up at start when there is no room to open; default 16 MiB, negative: none
	Every     time.Duration // between two looks at the free space, default 5 s

	// Statfs tells how much room a folder has; default: ask the kernel. Tests fill a disk with it.
	Statfs func(dir string) (Space, error)
}

// Space is what the file system of a folder has left.
type Space struct {
	Free     uint64 // bytes that we may use
	ReadOnly bool
}

// State of the store, worst last.
type State string

const (
	OK       State = "ok"
	Low      State = "low"      // Rebuilt writes are refused
	Full     State = "full"     // all writes are refused
	ReadOnly State = "readonly" // the file system takes no writes
	Torn     State = "torn"     // a sync failed or a checksum did not match; being opened anew
)

// Health is what the box says about its store.
type Health struct {
	Free   uint64 // bytes
	Floor  uint64 // bytes; below it the state is low
	State  State
	Reason string // one line with what to do, empty when ok
	Lost   uint64 // Rebuilt writes that were accepted and could not be kept
}

// engine is what differs between the disk and memory. Keys are whole: prefix, zero byte, key.
type engine interface {
	get(key string) (value []byte, found bool, err error)
	// scan yields what was there when it began, in order; writes during a scan neither disturb it nor wait for it.
	scan(from, to string, down bool, yield func(key string, value []byte) bool) error
	write(class Class, ops []Op) error
	settle() // returns when every Rebuilt write that was accepted before can be read
	health() Health
	tidy() error
	close() error
}

// DB is one store. Its methods may be called from any goroutine.
type DB struct {
	engine engine

	mu       sync.Mutex
	declared map[string]bool
}

func newDB(e engine) *DB { return &DB{engine: e, declared: map[string]bool{metaPrefix: true}} }

// Memory returns an empty store that lives in memory and needs no goroutine.
func Memory() *DB { return newDB(newMemory()) }

// Open opens or makes the store in o.Dir, in well under a second also after a crash. Its errors are one line that says what to do,
// and one of ErrLocked, ErrNoRoom, ErrReadOnly, ErrDamaged, ErrNewer where that is the reason.
func Open(o Options) (*DB, error) {
	d, err := openDisk(o, migrations)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return newDB(d), nil
}

// Write does all ops in one transaction, across buckets: all of them or none. With class Told it returns when they are on disk.
// An error means that nothing may be relied on: usually nothing was written, after ErrBroken it may have been.
func (db *DB) Write(class Class, ops ...Op) error {
	if len(ops) == 0 {
		return nil
	}
	if err := checkOps(ops); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := db.engine.write(class, ops); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Health says how the store is, from the last look at the disk.
func (db *DB) Health() Health { return db.engine.health() }

// Tidy collects garbage. It costs reading and writing, so call it when the floor is quiet; once an hour is plenty.
func (db *DB) Tidy() error { return db.engine.tidy() }

// Close commits what is queued and gives the folder back. Further calls return ErrClosed.
func (db *DB) Close() error { return db.engine.close() }

func checkOps(ops []Op) error {
	if len(ops) > MaxOps {
		return fmt.Errorf("%d operations, %d fit in one transaction: %w", len(ops), MaxOps, ErrTooBig)
	}
	total := 0
	for _, op := range ops {
		switch {
		case op.err != nil:
			return op.err
		case len(op.key) > MaxKey:
			return fmt.Errorf("key of %d bytes, at most %d: %w", len(op.key), MaxKey, ErrTooBig)
		case len(op.value) > MaxValue:
			return fmt.Errorf("value of %d bytes, at most %d: %w", len(op.value), MaxValue, ErrTooBig)
		}
		total += op.size()
	}
	if total > MaxWrite {
		return fmt.Errorf("transaction of %d bytes, at most %d: %w", total, MaxWrite, ErrTooBig)
	}
	return nil
}
