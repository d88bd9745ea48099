package record

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"callbox/appliance/store"
	"callbox/hcl"
)

// postman is the one goroutine of Boxes: it brings letters to the mail server, one after the other, and looks after the boxes
// now and then. It ends with Close, which gives up the letter that is on its way; that one is sent again after the next start.
type postman struct {
	waiting atomic.Int64  // letters in the outbox
	wake    chan struct{} // something has changed
	mu      sync.Mutex
	stop    context.CancelFunc // nil: it does not run
	done    chan struct{}

	fails  int       // of the server in a row; the goroutine's own
	closed time.Time // the server is left alone until then
}

const (
	tidyTime = 10 * time.Minute
	mailTime = 3 * time.Minute // for one mail
)

func (p *postman) start(run func(context.Context)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop, p.done = stop, make(chan struct{})
	go func() {
		defer close(p.done)
		run(ctx)
	}()
}

func (p *postman) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		p.stop()
		<-p.done
		p.stop = nil
	}
}

// nudge has the postman look.
func (p *postman) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// deliver is the postman.
func (b *Boxes) deliver(ctx context.Context) {
	tidy := time.NewTicker(tidyTime)
	defer tidy.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	b.tidy(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tidy.C:
			b.tidy(ctx)
			continue
		case <-b.post.wake:
		case <-next.C:
		}
		if at := b.round(ctx, b.o.Now()); !at.IsZero() {
			next.Reset(max(at.Sub(b.o.Now()), time.Second))
		}
	}
}

func (b *Boxes) tidy(ctx context.Context) {
	defer b.survive()
	if err := b.Tidy(ctx); err != nil && ctx.Err() == nil {
		b.log.Error("voicemail: upkeep", "error", err)
	}
}

// survive keeps a fault of ours from ending the box: what a stranger left is read here.
func (b *Boxes) survive() {
	if p := recover(); p != nil {
		b.log.Error("voicemail: a fault in callbox", "fault", p, "stack", string(debug.Stack()))
	}
}

// round sends what is due, and tells when the next is; zero: nothing waits.
func (b *Boxes) round(ctx context.Context, now time.Time) (next time.Time) {
	defer b.survive()
	cfg := b.config.Load()
	if cfg == nil {
		return next
	}
	count := int64(0)
	defer func() { b.post.waiting.Store(count) }()
	for e, err := range b.outbox.All("", "", false) {
		if err != nil {
			b.log.Error("voicemail: the outbox cannot be read", "key", e.Key, "error", err)
			b.settle(e.Key, nil)
			continue
		}
		l := e.Value
		if ctx.Err() != nil || l.Next.After(now) || b.post.closed.After(now) || cfg.SMTP == nil {
			if now.Sub(l.Written) < maxAge {
				count++
				next = sooner(next, latest(l.Next, b.post.closed))
				continue
			}
		}
		if again := b.carry(ctx, cfg, l, now); again != nil {
			count++
			next = sooner(next, latest(again.Next, b.post.closed))
			b.settle(l.ID, again)
			continue
		}
		b.settle(l.ID, nil)
	}
	return next
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// settle writes down what became of a letter; nil: it is over.
func (b *Boxes) settle(id string, again *letter) {
	var err error
	if again == nil {
		err = b.outbox.Delete(id)
	} else {
		err = b.outbox.Put(id, *again)
	}
	if err != nil && !errors.Is(err, store.ErrClosed) {
		b.log.Error("voicemail: the outbox could not be written; a mail may go out twice", "error", err)
	}
}

// carry brings one letter to the server. It returns the letter as it is tried again, or nil.
func (b *Boxes) carry(ctx context.Context, cfg *hcl.Config, l letter, now time.Time) *letter {
	m, err := b.Message(l.Message)
	if err != nil {
		return nil // deleted before it was mailed
	}
	give := func(up error) *letter {
		b.stats.unsent.Add(1)
		b.log.Error("voicemail: a message is not mailed", "voicemail", m.Box, "message", m.ID, "to", l.To, "tries", l.Tries, "error", up)
		return nil
	}
	if now.Sub(l.Written) >= maxAge {
		return give(fmt.Errorf("the mail server did not take it for %d days", maxAge/(24*time.Hour)))
	}
	err = b.mail(ctx, cfg, l, m)
	if err == nil {
		b.stats.sent.Add(1)
		b.post.fails, b.post.closed = 0, time.Time{}
		return nil
	}
	l.Tries++
	switch v := verdictOf(err); {
	case ctx.Err() != nil: // the box stops
		l.Tries--
		return &l
	case v == tooLarge && !l.Bare:
		l.Bare = true
		l.Next = now
	case v == refused || v == tooLarge:
		return give(err)
	case v == later:
		l.Next = now.Add(pause(l.Tries))
	default:
		b.post.fails++
		b.post.closed = now.Add(pause(b.post.fails))
		l.Next = b.post.closed
	}
	b.log.Warn("voicemail: a mail is tried again", "voicemail", m.Box, "message", m.ID, "to", l.To, "tries", l.Tries, "at", l.Next.Format(time.RFC3339), "error", err)
	return &l
}

// Mail is one mail that waits for the mail server.
type Mail struct {
	To, Subject  string
	Box, Message string
	Tries        int
	Next         time.Time // not sooner
}

// Outbox lists the mails that wait, the oldest first.
func (b *Boxes) Outbox() (all []Mail) {
	cfg := b.config.Load()
	for e, err := range b.outbox.All("", "", false) {
		l := e.Value
		m, gone := b.Message(l.Message)
		if err != nil || gone != nil || cfg == nil {
			continue
		}
		all = append(all, Mail{To: l.To, Subject: compose(cfg, m, l.Bare).subject, Box: m.Box, Message: m.ID, Tries: l.Tries, Next: l.Next})
	}
	return all
}
