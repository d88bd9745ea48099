package record

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/store"
	"callbox/hcl"
)

var (
	// ErrFull means that a box takes no message more.
	ErrFull = errors.New("the mailbox is full")
	// ErrNoRoom means that the disk has no room for messages.
	ErrNoRoom = errors.New("there is no room for messages on the disk")
	// ErrNotFound means that there is no such message, or no such box.
	ErrNotFound = errors.New("there is no such message")
	// ErrGone means that the message is known and its sound is not there.
	ErrGone = errors.New("the sound of the message is not there")
)

// Options say what boxes work with. DB is needed.
type Options struct {
	Folder string    // of the sound, made when missing; empty: sound lies in memory and ends with the process
	DB     *store.DB // of the index and the outbox
	Facts  call.Facts
	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default: discard
	// Known tells whether voicemail.left was written for a message of a call: after a crash it is asked before the fact is
	// written again. Nil: it was not.
	Known func(call, message string) bool
	// Changed is told that the numbers of a box have changed, or may have. It is called from any goroutine, must not wait, and
	// may call Counts and Lamp.
	Changed func(box string)
	// Roots are whom to trust about mail servers; nil: whom the system trusts.
	Roots *x509.CertPool
	// Room tells what the folder has left; nil: the file system is asked.
	Room func() (store.Space, error)
}

// leastRoom is how many bytes must be free before a message is taken, beside what the store's guard asks for.
const leastRoom = 64 << 20

// Boxes are the voicemail boxes of the box. Their methods may be called from any goroutine.
type Boxes struct {
	o        Options
	log      *slog.Logger
	shelf    shelf
	messages *store.Bucket[Message]
	owed     *store.Bucket[string] // messages whose fact may not be written, by id: their key
	outbox   *store.Bucket[letter]
	config   atomic.Pointer[hcl.Config]
	stats    stats
	post     postman

	mu      sync.Mutex
	kept    map[string][]Message // by box, the oldest first; the store has the same
	lost    map[string]bool      // ids of messages without sound
	leaving map[string]int       // by box: messages that are being left
	busy    map[string]bool      // ids of messages whose sound is being written
	guesses map[string]guess     // of PINs
}

type stats struct{ left, refused, failed, recovered, cleaned, wrongPINs, sent, unsent atomic.Uint64 }

// Stats is what happened since the start.
type Stats struct {
	Left      uint64 // messages that were kept
	Refused   uint64 // callers who could leave none: the box or the disk was full
	Failed    uint64 // messages that were spoken and could not be kept
	Recovered uint64 // messages found after a crash
	Cleaned   uint64 // files found after a crash without a message in them
	WrongPINs uint64
	Sent      uint64 // mails
	Unsent    uint64 // mails that were given up
}

// Stats counts what happened since the start.
func (b *Boxes) Stats() Stats {
	s := &b.stats
	return Stats{
		s.left.Load(), s.refused.Load(), s.failed.Load(), s.recovered.Load(), s.cleaned.Load(), s.wrongPINs.Load(), s.sent.Load(), s.unsent.Load(),
	}
}

// Open reads the index. No message is taken before the first Apply; call Recover once after it, and Start to have mail sent and
// old messages deleted.
func Open(o Options) (*Boxes, error) {
	o.Now, o.Log = orNow(o.Now), cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	b := &Boxes{
		o: o, log: o.Log, shelf: newMemory(),
		messages: store.Declare[Message](o.DB, "voicemail", store.Told),
		owed:     store.Declare[string](o.DB, "voicemail_owed", store.Rebuilt),
		outbox:   store.Declare[letter](o.DB, "voicemail_mail", store.Told),
		kept:     map[string][]Message{}, lost: map[string]bool{}, leaving: map[string]int{}, busy: map[string]bool{},
		guesses: map[string]guess{},
	}
	b.post.wake = make(chan struct{}, 1)
	if o.Folder != "" {
		f, err := openFolder(o.Folder)
		if err != nil {
			return nil, fmt.Errorf("voicemail: %w", err)
		}
		b.shelf = f
	}
	for e, err := range b.messages.All("", "", false) {
		if err != nil {
			b.log.Error("voicemail: an entry of the index cannot be read", "key", e.Key, "error", err)
			continue
		}
		b.kept[e.Value.Box] = append(b.kept[e.Value.Box], e.Value)
	}
	for range b.outbox.All("", "", false) {
		b.post.waiting.Add(1)
	}
	return b, nil
}

func orNow(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// Apply takes a configuration: what boxes there are for who listens, for mail and for how long messages live. Calls go by the
// configuration they started with.
func (b *Boxes) Apply(cfg *hcl.Config) {
	b.config.Store(cfg)
	b.post.nudge()
}

// Close ends the postman and gives the folder back. Nobody may be leaving a message any more.
func (b *Boxes) Close() error {
	b.post.end()
	return b.shelf.close()
}

// admit takes a place for one more message in a box, which release gives back.
func (b *Boxes) admit(box string) error {
	if err := b.room(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var bytes int64
	for _, m := range b.kept[box] {
		bytes += m.Size
	}
	if len(b.kept[box])+b.leaving[box] >= MaxMessages || bytes >= MaxBytes {
		return ErrFull
	}
	b.leaving[box]++
	return nil
}

func (b *Boxes) release(box string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.leaving[box]--; b.leaving[box] <= 0 {
		delete(b.leaving, box)
	}
}

// room tells whether the disk takes messages. They go before facts do: below the store's floor none is taken.
func (b *Boxes) room() error {
	if h := b.o.DB.Health(); h.State == store.Low || h.State == store.Full || h.State == store.ReadOnly {
		return fmt.Errorf("%w: %s", ErrNoRoom, h.Reason)
	}
	look := b.shelf.room
	if b.o.Room != nil {
		look = b.o.Room
	}
	space, err := look()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	case space.ReadOnly:
		return fmt.Errorf("%w: %w; mount it for writing", ErrNoRoom, store.ErrReadOnly)
	case space.Free < leastRoom:
		return fmt.Errorf("%w: %.1f MB free; delete recordings or logs", ErrNoRoom, float64(space.Free)/1e6)
	}
	return nil
}

// tape begins a message's sound. The message is taken for one that is being left until settled.
func (b *Boxes) tape(m Message) (*tape, error) {
	b.mu.Lock()
	b.busy[m.ID] = true
	b.mu.Unlock()
	t, err := newTape(b.shelf, m, func() { b.settled(m.ID) })
	if err != nil {
		b.settled(m.ID)
	}
	return t, err
}

func (b *Boxes) settled(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, id)
}

// enter puts a message whose sound is sealed into the index, with what goes out by mail and a note that its fact is owed. When
// it returns all of that is on disk.
func (b *Boxes) enter(cfg *hcl.Config, m Message) error {
	defer b.settled(m.ID)
	ops := []store.Op{b.messages.PutOp(m.key(), m), b.owed.PutOp(m.ID, m.key())}
	ops = append(ops, b.letters(cfg, m)...)
	if err := b.o.DB.Write(store.Told, ops...); err != nil {
		return err
	}
	b.mu.Lock()
	b.kept[m.Box] = append(b.kept[m.Box], m)
	slices.SortFunc(b.kept[m.Box], func(x, y Message) int { return cmp.Compare(x.ID, y.ID) })
	b.mu.Unlock()
	b.stats.left.Add(1)
	b.changed(m.Box)
	b.post.nudge()
	return nil
}

// drop deletes the sound of a message that did not come into the index.
func (b *Boxes) drop(m Message) {
	if err := errors.Join(b.shelf.remove(m.file()), b.shelf.sync()); err != nil {
		b.log.Error("voicemail: the sound of a message that nobody wants stays", "voicemail", m.Box, "message", m.ID, "error", err)
	}
	b.settled(m.ID)
}

// tellOf writes the fact of a message down in the call that left it, also when the caller has gone.
func (b *Boxes) tellOf(ctx context.Context, c *call.Call, m Message) {
	if err := c.Commit(context.WithoutCancel(ctx), m.fact(false)); err != nil {
		b.log.Error("voicemail: a message is kept, its fact is written later", "call", c.ID, "message", m.ID, "error", err)
		return
	}
	b.told(m)
}

func (b *Boxes) changed(box string) {
	if b.o.Changed != nil {
		b.o.Changed(box)
	}
}

// told notes that the fact of a message is written.
func (b *Boxes) told(m Message) {
	if err := b.owed.Delete(m.ID); err != nil { // after the next start it is looked up once more
		b.log.Debug("voicemail: the note that a fact is owed stays", "message", m.ID, "error", err)
	}
}

func (m Message) fact(recovered bool) journal.VoicemailLeft {
	return journal.VoicemailLeft{
		Box: m.Box, Message: m.ID, From: m.From, Seconds: float64(m.Length.Round(100*time.Millisecond)) / float64(time.Second),
		Forwarded: m.Forwarded, Recovered: recovered,
	}
}

// Start has mail sent, old messages deleted and leftovers looked for, until Close.
func (b *Boxes) Start() { b.post.start(func(ctx context.Context) { b.deliver(ctx) }) }
