package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/store"
)

// shortest is the least that counts as a message.
const shortest = time.Second

// Recover makes index and files agree after whatever ended the last run: files without an entry become messages or go, files
// that were cut short are mended, entries without a file are left out, and facts that may not have been written are. It returns
// how many messages it found, and one line an error. Calls may go on meanwhile.
func (b *Boxes) Recover(ctx context.Context) (found int, err error) {
	all := b.all() // first: what is left from now on has a file
	names, err := b.shelf.names()
	if err != nil {
		return 0, fmt.Errorf("voicemail: %w", err)
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	for _, m := range all {
		if !there[m.file()] {
			b.lose(m, "its sound is not there")
			continue
		}
		b.mend(m)
	}
	found, err = b.adopt(names)
	return found, errors.Join(err, b.tellOwed(ctx))
}

// all are the messages of all boxes.
func (b *Boxes) all() (all []Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, of := range b.kept {
		all = append(all, of...)
	}
	return all
}

// lose leaves a message out until its sound is there again, after another start: a folder that was not mounted must not cost
// the index.
func (b *Boxes) lose(m Message, why string) {
	b.mu.Lock()
	_, i := b.find(m.ID)
	if i >= 0 {
		b.lost[m.ID] = true
	}
	b.mu.Unlock()
	if i < 0 {
		return // deleted meanwhile
	}
	b.log.Error("voicemail: a message cannot be played: "+why, "voicemail", m.Box, "message", m.ID, "from", m.From)
}

// mend makes a file that is shorter than its message playable as far as it goes.
func (b *Boxes) mend(m Message) {
	f, err := b.shelf.open(m.file())
	if err != nil {
		b.lose(m, err.Error())
		return
	}
	defer func() { _ = f.Close() }()
	size, err := f.Size()
	if err == nil && size >= m.Size {
		return
	}
	head, at, bad := readHeader(f)
	if err = errors.Join(err, bad); err != nil || lengthOf(size-at) < shortest {
		b.lose(m, "most of its sound is gone")
		return
	}
	whole, err := complete(f, head, at, size-at)
	if err != nil {
		b.lose(m, err.Error())
		return
	}
	b.log.Error("voicemail: a message lost its end", "voicemail", m.Box, "message", m.ID, "was", m.Length.String(), "is", whole.Length.String())
	b.mu.Lock()
	defer b.mu.Unlock()
	box, i := b.find(m.ID)
	if i < 0 {
		return // deleted meanwhile
	}
	m = b.kept[box][i]
	m.Length, m.Size, m.Hash = whole.Length, whole.Size, whole.Hash
	if err := b.messages.Put(m.key(), m); err != nil {
		b.log.Error("voicemail: the index was not corrected", "voicemail", m.Box, "message", m.ID, "error", err)
		return
	}
	b.kept[box][i] = m
}

// adopt makes messages of the files that have no entry, and removes those in which nobody speaks.
func (b *Boxes) adopt(names []string) (found int, err error) {
	var faults []error
	for _, name := range names {
		id := strings.TrimSuffix(name, soundSuffix)
		if !b.strange(id) {
			continue
		}
		switch m, err := b.examine(name); {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		case errors.Is(err, errNothing):
			b.stats.cleaned.Add(1)
			b.log.Info("voicemail: a file without a message in it was deleted", "file", name)
		case err != nil:
			faults = append(faults, fmt.Errorf("voicemail: %s: %w", name, err))
		default:
			found++
			b.stats.recovered.Add(1)
			b.log.Warn("voicemail: a message was found that a crash had cut off", "voicemail", m.Box, "message", m.ID, "length", m.Length.String())
		}
		b.settled(id)
	}
	return found, errors.Join(faults...)
}

// strange tells whether a file belongs to no message and to nobody who is just leaving one, and takes it for the time being.
func (b *Boxes) strange(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, i := b.find(id); i >= 0 || b.busy[id] {
		return false
	}
	b.busy[id] = true
	return true
}

var errNothing = errors.New("nobody speaks in it")

// examine makes a message of a file, or deletes it.
func (b *Boxes) examine(name string) (m Message, err error) {
	f, err := b.shelf.open(name)
	if err != nil {
		return m, err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if errors.Is(err, errNothing) {
			err = errors.Join(err, b.shelf.remove(name))
		}
	}()
	size, err := f.Size()
	if err != nil {
		return m, err
	}
	head, at, err := readHeader(f)
	if errors.Is(err, errNoWave) || err == nil && head.file() != name {
		return m, errNothing
	} else if err != nil {
		return m, err
	}
	loud, err := spoken(f, at, size)
	switch {
	case err != nil:
		return m, err
	case lengthOf(loud) < shortest:
		return m, errNothing
	}
	if m, err = complete(f, head, at, min(loud+bytesOf(tail), size-at)); err != nil {
		return m, err
	}
	m.New = true
	if err := b.shelf.sync(); err != nil {
		return m, err
	}
	return m, b.enter(b.config.Load(), m)
}

// tellOwed writes the facts that a crash may have kept from being written.
func (b *Boxes) tellOwed(ctx context.Context) error {
	for e, err := range b.owed.All("", "", false) {
		if err != nil {
			return fmt.Errorf("voicemail: %w", err)
		}
		m, found, err := b.messages.Get(e.Value)
		if err != nil {
			return fmt.Errorf("voicemail: %w", err)
		}
		if found && b.o.Facts != nil && (b.o.Known == nil || !b.o.Known(m.Call, m.ID)) {
			fact := journal.Event{Time: b.o.Now(), Call: m.Call, Body: m.fact(true)}
			if err := b.o.Facts.Commit(ctx, fact); err != nil {
				return fmt.Errorf("voicemail: a fact is still owed: %w", err)
			}
		}
		b.told(Message{ID: e.Key})
	}
	return nil
}

// expire deletes what has been kept long enough.
func (b *Boxes) expire(now time.Time) {
	cfg := b.config.Load()
	if cfg == nil {
		return
	}
	for _, m := range b.all() {
		keep := keepOf(cfg, m.Box)
		if keep <= 0 || now.Sub(m.Left) < keep {
			continue
		}
		switch err := b.Delete(m.ID); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			b.log.Error("voicemail: a message that is too old stays", "voicemail", m.Box, "message", m.ID, "error", err)
			if errors.Is(err, store.ErrNoRoom) || errors.Is(err, store.ErrBroken) || errors.Is(err, store.ErrReadOnly) {
				return
			}
		default:
			b.log.Info("voicemail: a message was deleted after its time", "voicemail", m.Box, "message", m.ID, "left", m.Left.Format(time.RFC3339))
		}
	}
}

// Tidy looks for leftovers and deletes what has been kept long enough. The postman does so now and then.
func (b *Boxes) Tidy(ctx context.Context) error {
	b.expire(b.o.Now())
	names, err := b.shelf.names()
	if err != nil {
		return fmt.Errorf("voicemail: %w", err)
	}
	_, err = b.adopt(names)
	return errors.Join(err, b.tellOwed(ctx))
}
