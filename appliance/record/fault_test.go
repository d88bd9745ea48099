package record

import (
	"context"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

// watching is a line that tells what is said before it is.
type watching struct {
	line
	when func(said string)
}

func (l *watching) Say(ctx context.Context, u call.Utterance, barge bool) error {
	l.when(shown(u))
	return l.line.Say(ctx, u, barge)
}

// serve is call for a line of the test's own.
func (w *world) serve(l call.Line, inner *line, first call.Stage) {
	w.t.Helper()
	plan := &call.Plan{Generation: 1, Config: w.cfg, Resolve: func(hcl.Destination) call.Stage { return nil }}
	box := &call.Box{Journal: w.books, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)}
	var err error
	inner.c, err = call.On(context.Background(), l, box, plan, inner.caller.start)
	must(w.t, err)
	inner.c.PickedUp()
	inner.c.Serve(first)
}

// badDisk is a shelf on a disk that is full after so many bytes of a file.
type badDisk struct {
	shelf
	after int
	hang  chan struct{} // not nil: a sync waits for it
	syncs atomic.Int64
}

func (d *badDisk) create(name string) (file, error) {
	f, err := d.shelf.create(name)
	return &badFile{f, d, 0}, err
}

type badFile struct {
	file
	disk    *badDisk
	written int
}

func (f *badFile) Write(p []byte) (int, error) {
	if f.written += len(p); f.disk.after > 0 && f.written > f.disk.after {
		return 0, syscall.ENOSPC
	}
	return f.file.Write(p)
}

func (f *badFile) Sync() error {
	f.disk.syncs.Add(1)
	if f.disk.hang != nil {
		<-f.disk.hang
	}
	return f.file.Sync()
}
