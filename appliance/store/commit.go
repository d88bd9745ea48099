package store

import (
	"time"

	"github.com/dgraph-io/badger/v4"
)

const (
	// waiting is how many writes may queue for the committer; more wait in Write until it gets to them.
	waiting = 1024
	// company is how long Rebuilt writes alone wait for others to share their sync with; a Told one ends the wait.
	company = 200 * time.Millisecond
)

// request is one transaction that somebody asked for.
type request struct {
	class Class
	ops   []Op       // none: only tell when what came before is done
	done  chan error // capacity 1; nil: nobody waits
}

func (r request) size() (bytes int) {
	for _, op := range r.ops {
		bytes += op.size()
	}
	return bytes
}

// write is what DB.Write does on disk.
func (d *disk) write(class Class, ops []Op) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	if err := d.guard.refuse(class); err != nil {
		return err
	}
	r := request{class: class, ops: ops}
	if class == Rebuilt {
		d.unsettled.Add(1)
		d.queue <- r
		return nil
	}
	r.done = make(chan error, 1)
	d.queue <- r
	return <-r.done
}

// settle waits until the Rebuilt writes that were accepted before have been committed.
func (d *disk) settle() {
	if d.unsettled.Load() == 0 || d.enter() != nil {
		return
	}
	defer d.leave()
	r := request{class: Told, done: make(chan error, 1)}
	d.queue <- r
	<-r.done
}

// commit is the committer: it merges what waits into one transaction after the other until the queue is closed.
func (d *disk) commit() {
	defer close(d.committed)
	var b batch
	for b.gather(d.queue) {
		err := d.apply(b.requests)
		for _, r := range b.requests {
			if r.class == Rebuilt {
				d.unsettled.Add(-1)
			}
			switch {
			case r.done != nil:
				r.done <- err
			case err != nil:
				d.lost.Add(uint64(len(r.ops)))
			}
		}
	}
}

// batch is what goes into one transaction.
type batch struct {
	requests []request
	bytes    int
	ops      int
	over     *request // did not fit; begins the next batch
}

// gather fills the batch anew. It returns false when the queue is closed and empty.
func (b *batch) gather(queue <-chan request) bool {
	first, ok := b.first(queue)
	if !ok {
		return false
	}
	*b = batch{requests: b.requests[:0]}
	b.add(first)
	var alone <-chan time.Time
	if first.class == Rebuilt {
		alone = time.After(company)
	}
	for {
		r, ok := take(queue, alone)
		if !ok {
			return true
		}
		if !b.fits(r) {
			b.over = &r
			return true
		}
		b.add(r)
		if r.class == Told {
			alone = nil
		}
	}
}

func (b *batch) first(queue <-chan request) (request, bool) {
	if b.over != nil {
		return *b.over, true
	}
	r, ok := <-queue
	return r, ok
}

// take receives what is there; while a batch is alone it waits for more.
func take(queue <-chan request, alone <-chan time.Time) (request, bool) {
	if alone == nil {
		select {
		case r, ok := <-queue:
			return r, ok
		default:
			return request{}, false
		}
	}
	select {
	case r, ok := <-queue:
		return r, ok
	case <-alone:
		return request{}, false
	}
}

func (b *batch) fits(r request) bool {
	return b.bytes+r.size() <= MaxWrite && b.ops+len(r.ops) <= MaxOps
}

func (b *batch) add(r request) {
	b.requests = append(b.requests, r)
	b.bytes += r.size()
	b.ops += len(r.ops)
}

// apply commits requests as one synced transaction. After a failed sync nothing is known about what the disk holds, so that is the
// end of writing.
func (d *disk) apply(requests []request) error {
	if err := d.guard.refuse(Told); err != nil {
		return err
	}
	txn := d.badger.NewTransaction(true)
	defer txn.Discard()
	bytes := 0
	for _, r := range requests {
		for _, op := range r.ops {
			if err := stage(txn, op); err != nil {
				return err
			}
			bytes += op.size()
			if op.remove {
				d.removed.Add(1)
			}
		}
	}
	if bytes == 0 {
		return nil
	}
	err := shielded(func() error { return d.sync(txn) })
	if err != nil {
		return d.guard.fail(err)
	}
	d.guard.wrote(bytes)
	return nil
}

func stage(txn *badger.Txn, op Op) error {
	if op.remove {
		return txn.Delete([]byte(op.key))
	}
	return txn.SetEntry(badger.NewEntry([]byte(op.key), op.value))
}

// syncCommit makes a transaction durable: Badger syncs its log, we the folder when a file has been made in it, which Badger does not.
func (d *disk) syncCommit(txn *badger.Txn) error {
	if err := txn.Commit(); err != nil {
		return err
	}
	return d.names.sync()
}
