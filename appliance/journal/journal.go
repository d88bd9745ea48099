package journal

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"time"

	"callbox/appliance/store"

	"github.com/oklog/ulid/v2"
)

var (
	// ErrFull means that the disk does not keep up: refuse the new call, and look at Busy.
	ErrFull = errors.New("journal: the queue is full")
	// ErrClosed means that the journal was closed before the event was taken.
	ErrClosed = errors.New("journal: closed")
	// ErrNotOpen means that call.ended came for a call that has not started, or has ended already.
	ErrNotOpen = errors.New("journal: the call is not open")
	// ErrStarted means that call.started came for a call that has a beginning already.
	ErrStarted = errors.New("journal: the call has started before")
	// ErrTooBig means that an event is larger than MaxEvent.
	ErrTooBig = errors.New("journal: event too big")
)

// Options say how a journal works. All of them have defaults.
type Options struct {
	Box    string           // id of this box; empty: the one kept in the store, made at first
	Now    func() time.Time // the Wall; default time.Now
	Log    *slog.Logger     // default: discard
	Queue  int              // events that may wait for the disk, default 8192
	Linger time.Duration    // how long an appended event waits for company before it is synced, default 20 ms, negative: not at all
}

// Journal is the log of one box. Its methods may be called from any goroutine.
type Journal struct {
	box string
}

// Query selects CDRs. The zero value selects all.
type Query struct {
	From, To time.Time // started in [From, To); zero: no bound
	Last     int       // only the last so many; 0: all
	Call     string    // only this one
}

// EventQuery selects events. The zero value selects all.
type EventQuery struct {
	From, To uint64 // sequence numbers in [From, To); zero: no bound
	Call     string // only of this call
	Types    []Type // only of these types
	Last     int    // only the last so many; 0: all
}

// Open continues the journal in db.
func Open(db *store.DB, o Options) (*Journal, error) { return &Journal{box: o.Box}, nil }

// Append queues an event and never waits.
func (j *Journal) Append(e Event) error { return nil }

// Commit returns when the events are on disk.
func (j *Journal) Commit(ctx context.Context, events ...Event) error { return nil }

// Busy says that new calls should be refused.
func (j *Journal) Busy() bool { return false }

// Recover ends the calls that a crash cut off.
func (j *Journal) Recover(ctx context.Context) (ended int, err error) { return 0, nil }

// CDRs yields what the query selects, newest last.
func (j *Journal) CDRs(q Query) iter.Seq2[CDR, error] { return func(func(CDR, error) bool) {} }

// Events yields what the query selects, newest last.
func (j *Journal) Events(q EventQuery) iter.Seq2[Event, error] {
	return func(func(Event, error) bool) {}
}

// Trim removes events from before a moment.
func (j *Journal) Trim(ctx context.Context, before time.Time) (removed int, err error) { return 0, nil }

// Box returns this box's id, a ULID.
func (j *Journal) Box() string { return j.box }

// Seq returns the number of the last event on disk.
func (j *Journal) Seq() uint64 { return 0 }

// Close writes what is queued. The store stays open.
func (j *Journal) Close() error { return nil }

// NewID makes an id for anything that happens at now: a ULID, so that ids sort by time and two boxes never make the same.
func NewID(now time.Time) string {
	ms := uint64(max(now.UnixMilli(), 0))
	return ulid.MustNew(min(ms, ulid.MaxTime()), entropy).String()
}

var entropy io.Reader = ulid.DefaultEntropy()
