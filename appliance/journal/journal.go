package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"callbox/appliance/store"

	"github.com/oklog/ulid/v2"
)

var (
	// ErrFull means that the disk does not keep up: refuse the new call, and look at Busy.
	ErrFull = errors.New("journal: the queue is full")
	// ErrStalled means that the disk takes nothing: the events are kept in memory and written when it does again. A call goes on.
	ErrStalled = errors.New("journal: the disk takes nothing now")
	// ErrClosed means that the journal was closed before the event was written.
	ErrClosed = errors.New("journal: closed")
	// ErrNotOpen means that call.ended came for a call that has not started, or has ended already.
	ErrNotOpen = errors.New("journal: the call is not open")
	// ErrStarted means that call.started came for a call that has a beginning already.
	ErrStarted = errors.New("journal: the call has started before")
	// ErrTooBig means that an event's body is larger than MaxEvent.
	ErrTooBig = errors.New("journal: event too big")
)

// maxWaiting is how many bytes of events may wait for the disk.
const maxWaiting = 16 << 20

// Options say how a journal works. All of them have defaults.
type Options struct {
	Box    string           // id of this box; empty: the one kept in the store, made at first
	Now    func() time.Time // the Wall; default time.Now
	Log    *slog.Logger     // default: discard
	Queue  int              // events that may wait for the disk, default 8192
	Linger time.Duration    // how long an appended event waits for others to share its sync, default 100 ms, negative: not at all
	Beat   time.Duration    // how exact the end of a call that is cut off is known, default 10 s
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queue <= 0 {
		o.Queue = 8192
	}
	if o.Linger == 0 {
		o.Linger = 100 * time.Millisecond
	}
	if o.Beat <= 0 {
		o.Beat = 10 * time.Second
	}
	return o
}

// Journal is the log of one box. Its methods may be called from any goroutine.
type Journal struct {
	buckets
	db      *store.DB
	o       Options
	box     string
	queue   chan item
	written chan struct{} // closed when the writer has ended
	closing chan struct{} // closed when Close was called: a writer that the disk keeps waiting gives up

	waiting atomic.Int64 // events accepted and not on disk
	bytes   atomic.Int64 // of those
	busy    atomic.Bool
	seq     atomic.Uint64 // of the last event on disk
	live    atomic.Int64  // calls that are open
	refused atomic.Uint64 // events that contradicted what is written
	stalled atomic.Bool
	since   atomic.Int64 // ns since 1970: when the writer took up what it is writing; 0: nothing

	mu     sync.RWMutex
	closed bool    // while mu is held for reading nobody closes the queue
	cut    []Event // how the calls end that were open when the box was cut off
}

// item is one event on its way to the writer.
type item struct {
	event Event
	body  []byte  // its own fields, encoded
	told  *ticket // who waits for it, or nil
}

// State is what the box says about its journal.
type State struct {
	Seq     uint64        // of the last event on disk
	Waiting int           // events accepted and not on disk
	Lag     time.Duration // how long the writer has been about the oldest of them
	Open    int           // calls that have started and not ended
	Refused uint64        // events that contradicted what is written: a second end, a second start
	Stalled bool          // the disk takes nothing now
}

// Open continues the journal in db. No event or CDR is written until Recover, Append or Commit. One db has one journal.
func Open(db *store.DB, o Options) (*Journal, error) {
	o = o.withDefaults()
	j := &Journal{
		buckets: declare(db), db: db, o: o,
		queue: make(chan item, o.Queue), written: make(chan struct{}), closing: make(chan struct{}),
	}
	if err := j.whoAmI(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	seq, err := j.lastSeq()
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	calls, err := j.openCalls()
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := j.planRecovery(calls); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.seq.Store(seq)
	j.live.Store(int64(len(calls)))
	w := &writer{j: j, seq: seq, calls: calls}
	go w.run()
	return j, nil
}

func (j *Journal) whoAmI() error {
	kept, found, err := j.meta.Get(metaBox)
	if err != nil {
		return err
	}
	j.box = j.o.Box
	switch {
	case j.box == "" && found:
		j.box = kept
		return nil
	case j.box == "":
		j.box = NewID(j.o.Now())
	case j.box == kept:
		return nil
	}
	return j.meta.Put(metaBox, j.box)
}

// Append queues an event and never waits. It is written within Options.Linger, or as soon as the disk takes it. ErrFull: it was not
// taken; that does not come to pass where new calls are refused while the journal is Busy. What the body refers to is the journal's
// from now on: do not change it.
func (j *Journal) Append(e Event) error {
	it, err := j.prepare(e)
	if err != nil {
		return err
	}
	return j.push(it)
}

// Commit returns when the events are on disk, which for an end of a call means its CDR too. It returns early when ctx ends and when
// the disk fails (ErrStalled); the events stay queued then. ErrNotOpen and ErrStarted name an event that was left out.
func (j *Journal) Commit(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	items := make([]item, len(events))
	t := &ticket{missing: len(events), done: make(chan error, 1)}
	for i, e := range events {
		it, err := j.prepare(e)
		if err != nil {
			return err
		}
		it.told = t
		items[i] = it
	}
	if err := j.push(items...); err != nil {
		return err
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("journal: %w", context.Cause(ctx))
	}
}

// prepare completes an event and encodes what does not depend on its number.
func (j *Journal) prepare(e Event) (item, error) {
	if v := reflect.ValueOf(e.Body); v.Kind() == reflect.Pointer {
		return item{}, fmt.Errorf("journal: a body is a value, not a %T", e.Body)
	}
	if e.Type == "" && e.Body != nil {
		e.Type = e.Body.Type()
	}
	switch {
	case e.Type == "":
		return item{}, errors.New("journal: an event needs a type")
	case e.Body != nil && e.Body.Type() != e.Type:
		return item{}, fmt.Errorf("journal: event %s has the body of %s", e.Type, e.Body.Type())
	case e.Call == "" && (e.Type == TypeCallStarted || e.Type == TypeCallEnded):
		return item{}, errCallID
	}
	if err := checkCall(e.Call); err != nil {
		return item{}, err
	}
	if e.Time.IsZero() {
		e.Time = j.o.Now()
	}
	e.Time, e.Box = moment(e.Time), j.box
	body, err := e.encodeBody()
	if err != nil {
		return item{}, fmt.Errorf("journal: %w", err)
	}
	if len(body) > MaxEvent {
		return item{}, fmt.Errorf("%w: %s has %d bytes, at most %d", ErrTooBig, e.Type, len(body), MaxEvent)
	}
	return item{event: e, body: body}, nil
}

// push queues all items or none. It never waits, because the queue has a place for everything that may be waiting.
func (j *Journal) push(items ...item) error {
	size := 0
	for _, it := range items {
		size += len(it.body)
	}
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		return ErrClosed
	}
	waiting, bytes := j.waiting.Add(int64(len(items))), j.bytes.Add(int64(size))
	if waiting > int64(j.o.Queue) || bytes > maxWaiting {
		j.landed(len(items), size)
		return ErrFull
	}
	for _, it := range items {
		j.queue <- it
	}
	return nil
}

// landed counts what does not wait any more.
func (j *Journal) landed(events, bytes int) {
	j.waiting.Add(-int64(events))
	j.bytes.Add(-int64(bytes))
}

// Busy says that new calls should be refused: from the moment the queue is three quarters full until it is down to one quarter. The
// last quarter is for what happens to calls already up, and for those that must not be refused.
func (j *Journal) Busy() bool {
	full := max(float64(j.waiting.Load())/float64(j.o.Queue), float64(j.bytes.Load())/maxWaiting)
	switch {
	case full >= 0.75:
		j.busy.Store(true)
	case full <= 0.25:
		j.busy.Store(false)
	}
	return j.busy.Load()
}

// State says how the journal is.
func (j *Journal) State() State {
	var lag time.Duration
	if since := j.since.Load(); since != 0 {
		lag = max(0, j.o.Now().Sub(time.Unix(0, since)))
	}
	return State{
		Lag: lag,
		Seq: j.seq.Load(), Waiting: int(j.waiting.Load()), Open: int(j.live.Load()),
		Refused: j.refused.Load(), Stalled: j.stalled.Load(),
	}
}

// Box returns this box's id, a ULID.
func (j *Journal) Box() string { return j.box }

// Seq returns the number of the last event on disk.
func (j *Journal) Seq() uint64 { return j.seq.Load() }

// Close writes what is queued and ends the writer; a disk that takes nothing is not waited for, and the error says how much was lost.
// The store stays open.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	j.closed = true
	close(j.queue)
	j.mu.Unlock()
	close(j.closing)
	<-j.written
	if n := j.waiting.Load(); n > 0 {
		return fmt.Errorf("journal: %d events were not written, because the disk took nothing", n)
	}
	return nil
}

// entropy makes ids of one millisecond sort in the order in which they were made.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewID makes an id for anything that happens at now: a ULID, so that ids sort by time, those of one millisecond in the order in
// which they were made, and two boxes never make the same.
func NewID(now time.Time) string {
	ms := min(uint64(max(now.UnixMilli(), 0)), ulid.MaxTime())
	id, err := ulid.New(ms, entropy)
	if err != nil { // 80 bits of one millisecond are used up: chance has it that they were nearly so at the first
		id = ulid.MustNew(ms, rand.Reader)
	}
	return id.String()
}
