package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// disk is the engine over Badger. Its goroutines are the committer and the guard; both end in close.
type disk struct {
	dir    string
	log    *slog.Logger
	lock   *lock
	guard  *guard
	badger *badger.DB
	names  *folder
	sync   func(*badger.Txn) error // syncCommit; tests let it fail

	queue     chan request  // to the committer, who takes many at a time; full: Write waits
	committed chan struct{} // closed when the committer has ended
	stop      chan struct{} // closed to end the guard
	guarded   chan struct{} // closed when the guard has ended
	unsettled atomic.Int64  // Rebuilt writes in the queue
	lost      atomic.Uint64 // Rebuilt operations that were accepted and not kept
	removed   atomic.Int64  // keys removed since the last tidy
	unread    []tableFile   // tables not read through before the store opened

	mu     sync.Mutex
	closed bool           // guarded by mu
	inside sync.WaitGroup // calls under way; joined under mu, so that nobody joins after closed
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.FreeFloor == 0 {
		o.FreeFloor = 256 << 20
	}
	if o.Ballast == 0 {
		o.Ballast = 16 << 20
	}
	if o.Every == 0 {
		o.Every = 5 * time.Second
	}
	if o.Statfs == nil {
		o.Statfs = statfs
	}
	return o
}

func openDisk(o Options, steps []migration) (*disk, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, explain(o.Dir, err)
	}
	l, err := takeLock(filepath.Join(o.Dir, "lock"))
	if err != nil {
		return nil, explain(o.Dir, err)
	}
	d := &disk{
		dir: o.Dir, log: o.Log, lock: l, guard: newGuard(o), names: &folder{path: databasePath(o.Dir)},
		queue: make(chan request, waiting), committed: make(chan struct{}),
		stop: make(chan struct{}), guarded: make(chan struct{}),
	}
	d.sync = d.syncCommit
	if err := d.open(steps); err != nil {
		return nil, errors.Join(explain(o.Dir, err), l.release())
	}
	d.guard.look()
	go d.watch(o.Every)
	go d.commit()
	return d, nil
}

// watch is the guard's goroutine.
func (d *disk) watch(every time.Duration) {
	defer close(d.guarded)
	var reading sync.WaitGroup
	reading.Go(d.verify)
	d.guard.run(every, d.stop)
	reading.Wait()
}

func databasePath(dir string) string { return filepath.Join(dir, "badger") }

func (d *disk) open(steps []migration) error {
	began := time.Now()
	if err := d.prepare(); err != nil {
		return err
	}
	bridge := &bridge{log: d.log, guard: d.guard}
	err := shielded(func() (err error) {
		d.badger, err = badger.Open(settings(databasePath(d.dir), bridge))
		return err
	})
	if err != nil {
		return err
	}
	if what := bridge.ignored(); what != "" {
		err = fmt.Errorf("%w: %s", ErrDamaged, what)
	} else {
		err = d.migrate(steps)
	}
	if err != nil {
		return errors.Join(err, d.badger.Close())
	}
	d.log.Debug("store: open", "folder", d.dir, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// settings keep Badger at about 64 MB all told. No value is ever large enough for the value log, whose failed syncs Badger only logs.
func settings(dir string, log badger.Logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithLogger(log).
		WithSyncWrites(true).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithMetricsEnabled(false).
		WithDetectConflicts(false). // one committer
		WithNumVersionsToKeep(1).
		WithMemTableSize(8 << 20). // a transaction may have 15 % of it: more than MaxWrite
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(4).
		WithNumCompactors(2).
		WithBaseTableSize(2 << 20).
		WithBlockCacheSize(8 << 20).
		WithIndexCacheSize(4 << 20).
		WithValueLogFileSize(2 << 20).
		WithValueThreshold(1 << 20)
}

// shielded makes an error of what would end the process: a panic of Badger's over bytes it did not expect, and a fault in a memory
// map whose file was cut short. Faults in goroutines of Badger's own cannot be caught; the guard is there so that they do not happen.
func shielded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			text, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprint(p)), "\n")
			err = fmt.Errorf("%w: %s", ErrDamaged, text)
		}
	}()
	return f()
}

// enter begins a call that needs the database open until leave.
func (d *disk) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.inside.Add(1)
	return nil
}

func (d *disk) leave() { d.inside.Done() }

func (d *disk) health() Health {
	h := d.guard.health()
	h.Lost = d.lost.Load()
	return h
}

// close lets the calls under way finish, then the committer, then Badger.
func (d *disk) close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ErrClosed
	}
	d.closed = true
	d.mu.Unlock()
	d.inside.Wait()
	close(d.queue)
	<-d.committed
	close(d.stop)
	<-d.guarded
	d.guard.look()
	if err := d.guard.refuse(Told); err != nil {
		// Badger's own Close writes, and on a disk that takes nothing it would try for ever or die. Its log has all that was told.
		d.log.Warn("store: closed without flushing", "why", err)
		return errors.Join(err, d.lock.release())
	}
	return errors.Join(shielded(d.badger.Close), d.lock.release())
}
