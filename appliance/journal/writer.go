package journal

import (
	"errors"
	"fmt"
	"time"

	"callbox/appliance/store"
)

const (
	// draftBytes ends a transaction: one more event and its CDR still fit into what the store takes.
	draftBytes = 512 << 10
	// draftOps likewise: an event is at most six operations.
	draftOps = 3000
	// retry is how long the writer waits before it tries a failing disk again.
	retry = 250 * time.Millisecond
	// company is how long the end of a call waits for the beginning of another.
	company = 25 * time.Millisecond
)

// writer is the one goroutine that owns the tail of the journal and the folds of open calls.
type writer struct {
	j       *Journal
	seq     uint64 // last number given
	calls   map[string]*Folder
	draft   draft
	backlog []item    // taken from the queue while the disk failed
	beat    time.Time // last heartbeat
}

// draft is a transaction in the making.
type draft struct {
	ops    []store.Op
	items  []item
	errors []error         // of the items, where they were left out
	ended  map[string]bool // calls
	size   int             // bytes of ops
	taken  int             // bytes of the items' bodies
}

// ticket is one Commit that waits. Only the writer changes it.
type ticket struct {
	missing int
	err     error
	done    chan error // capacity 1
	gone    bool       // done was sent to
}

func (t *ticket) settle(err error, stalled bool) {
	if t == nil || t.gone {
		return
	}
	if !stalled {
		t.missing--
	}
	t.err = errors.Join(t.err, err)
	if t.missing == 0 || stalled {
		t.gone = true
		t.done <- t.err
	}
}

// run ends when the queue is closed and empty, or when it is closed and the disk takes nothing.
func (w *writer) run() {
	defer close(w.j.written)
	beat := time.NewTicker(w.j.o.Beat)
	defer beat.Stop()
	for {
		var beats <-chan time.Time
		if len(w.calls) > 0 {
			beats = beat.C
		}
		select {
		case it, ok := <-w.j.queue:
			if !ok {
				return
			}
			w.j.since.Store(w.j.o.Now().UnixNano())
			w.gather(it)
			if !w.flush() || !w.catchUp() {
				w.giveUp()
				return
			}
			w.j.since.Store(0)
		case <-beats:
			w.heartbeat()
		}
	}
}

// giveUp tells everybody who still waits. The journal is closing, so the queue ends.
func (w *writer) giveUp() {
	for _, it := range w.backlog {
		it.told.settle(ErrClosed, true)
	}
	for it := range w.j.queue {
		it.told.settle(ErrClosed, true)
	}
}

// gather drafts the item and what else is there, and waits for more as long as nobody in the draft minds.
func (w *writer) gather(it item) {
	w.add(it)
	deadline := time.Now().Add(w.patience(it))
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for !w.draft.full() {
		it, ok := w.next(timer.C, time.Now().Before(deadline))
		if !ok {
			return
		}
		w.add(it)
		if by := time.Now().Add(w.patience(it)); by.Before(deadline) {
			deadline = by
			timer.Reset(time.Until(by))
		}
	}
}

// patience is how long an event may wait for others to share its sync. Who hears that a call has begun waits for
// nobody; who hung up does not notice, and the sync of the next call's beginning serves both.
func (w *writer) patience(it item) time.Duration {
	switch {
	case it.told == nil:
		return w.j.o.Linger
	case it.event.Type == TypeCallEnded:
		return min(w.j.o.Linger, company)
	}
	return 0
}

// next takes what is there; with patience it waits for more until the deadline.
func (w *writer) next(deadline <-chan time.Time, patient bool) (item, bool) {
	select {
	case it, ok := <-w.j.queue:
		return it, ok
	default:
	}
	if !patient {
		return item{}, false
	}
	select {
	case it, ok := <-w.j.queue:
		return it, ok
	case <-deadline:
		return item{}, false
	}
}

func (d *draft) full() bool { return d.size >= draftBytes || len(d.ops) >= draftOps }

func (d *draft) op(o store.Op, bytes int) {
	d.ops = append(d.ops, o)
	d.size += bytes
}

// add gives the event its number, folds it and drafts what is to be written.
func (w *writer) add(it item) {
	err := w.admit(it.event)
	if err == nil {
		it.event.Seq = w.seq + 1
		err = w.write(it)
	}
	if err != nil {
		w.j.refused.Add(1)
		w.j.o.Log.Error("journal: event left out", "type", it.event.Type, "call", it.event.Call, "err", err)
	}
	w.draft.items = append(w.draft.items, it)
	w.draft.errors = append(w.draft.errors, err)
	w.draft.taken += len(it.body)
}

// admit keeps a call from starting or ending twice.
func (w *writer) admit(e Event) error {
	_, open := w.calls[e.Call]
	switch e.Type {
	case TypeCallEnded:
		if !open {
			return fmt.Errorf("%w: %s", ErrNotOpen, e.Call)
		}
	case TypeCallStarted:
		if open {
			return fmt.Errorf("%w: %s", ErrStarted, e.Call)
		}
		// A store that cannot be read keeps no call from starting.
		if _, ended, _ := w.j.cdrCall.Get(e.Call); ended || w.draft.ended[e.Call] {
			return fmt.Errorf("%w: %s", ErrStarted, e.Call)
		}
	}
	return nil
}

// write drafts one event: itself, its place among its call's, and what it does to the call.
func (w *writer) write(it item) error {
	e, d := it.event, &w.draft
	raw, err := e.encode(it.body)
	if err != nil {
		return err
	}
	f := w.calls[e.Call]
	if e.Type == TypeCallStarted {
		f = &Folder{}
		w.calls[e.Call] = f
		d.op(w.j.open.PutOp(e.Call, mark{e.Seq}), 2*len(e.Call))
	}
	if f != nil {
		f.Add(e)
	}
	if e.Type == TypeCallEnded {
		if err := w.finish(f.CDR()); err != nil {
			return err
		}
	}
	d.op(w.j.event.PutOp(seqKey(e.Seq), raw), len(raw))
	if e.Call != "" {
		d.op(w.j.eventCall.PutOp(eventCallKey(e.Call, e.Seq), nil), 2*len(e.Call))
	}
	w.seq = e.Seq
	w.j.live.Store(int64(len(w.calls)))
	return nil
}

// finish drafts the CDR and the end of the call's mark, which go with call.ended or not at all.
func (w *writer) finish(c CDR) error {
	raw, err := c.MarshalJSON()
	if err != nil {
		return err
	}
	key := cdrKey(c.Started, c.ID)
	w.draft.op(w.j.cdr.PutOp(key, raw), len(raw))
	w.draft.op(w.j.cdrCall.PutOp(c.ID, []byte(key)), 3*len(c.ID))
	w.draft.op(w.j.open.DeleteOp(c.ID), len(c.ID))
	delete(w.calls, c.ID)
	put(&w.draft.ended, c.ID, true)
	return nil
}

// flush writes the draft and does not let go of it until it is written. It returns false when the journal closes before that.
func (w *writer) flush() bool {
	d := w.draft
	w.draft = draft{}
	if now := w.j.o.Now(); len(w.calls) > 0 && now.Sub(w.beat) >= w.j.o.Beat {
		d.ops = append(d.ops, w.beatOp(now))
	}
	for {
		err := w.j.db.Write(store.Told, d.ops...)
		if err == nil {
			break
		}
		w.stall(err, d.items)
		if !w.wait() {
			return false
		}
	}
	if w.j.stalled.Swap(false) {
		w.j.o.Log.Info("journal: the disk takes facts again", "waited", len(d.items)+len(w.backlog))
	}
	w.j.seq.Store(w.seq)
	w.j.landed(len(d.items), d.taken)
	d.settle()
	return true
}

// settle tells those who wait for the draft that it is written.
func (d *draft) settle() {
	for i, it := range d.items {
		it.told.settle(d.errors[i], false)
	}
}

// stall says that the disk takes nothing, once to the log and to everybody who waits.
func (w *writer) stall(err error, items []item) {
	if !w.j.stalled.Swap(true) {
		w.j.o.Log.Error("journal: facts are kept in memory until the disk takes them", "err", err)
	}
	for _, it := range items {
		it.told.settle(fmt.Errorf("%w: %w", ErrStalled, err), true)
	}
}

// wait lets a failing disk rest while it takes what comes, so that nobody waits for what cannot be. It returns false when the journal
// closes.
func (w *writer) wait() bool {
	again := time.After(retry)
	for {
		select {
		case it, ok := <-w.j.queue:
			if !ok {
				return false
			}
			it.told.settle(ErrStalled, true)
			w.backlog = append(w.backlog, it)
		case <-w.j.closing:
			return false
		case <-again:
			return true
		}
	}
}

// catchUp writes what came while the disk failed.
func (w *writer) catchUp() bool {
	for len(w.backlog) > 0 {
		it := w.backlog[0]
		w.backlog = w.backlog[1:]
		w.add(it)
		if (w.draft.full() || len(w.backlog) == 0) && !w.flush() {
			return false
		}
	}
	return true
}

// heartbeat notes that the box is up, so that a call that is cut off ends when it did and not with its last event.
func (w *writer) heartbeat() {
	now := w.j.o.Now()
	if len(w.calls) == 0 || now.Sub(w.beat) < w.j.o.Beat {
		return
	}
	if err := w.j.db.Write(store.Rebuilt, w.beatOp(now)); err != nil {
		w.j.o.Log.Debug("journal: heartbeat", "err", err)
	}
}

func (w *writer) beatOp(now time.Time) store.Op {
	w.beat = now
	return w.j.meta.PutOp(metaBeat, moment(now).Format(time.RFC3339Nano))
}
