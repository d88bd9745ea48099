package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"callbox/appliance/store"
)

// Counts are how many messages of a box are new and old.
func (b *Boxes) Counts(box string) (fresh, old int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.kept[box] {
		switch {
		case b.lost[m.ID]:
		case m.New:
			fresh++
		default:
			old++
		}
	}
	return fresh, old
}

// Lamp is what the message lamp of an extension shows: the messages of all boxes that belong to it.
func (b *Boxes) Lamp(extension string) (fresh, old int) {
	cfg := b.config.Load()
	if cfg == nil {
		return 0, 0
	}
	for _, box := range boxesOf(cfg, extension) {
		n, o := b.Counts(box)
		fresh, old = fresh+n, old+o
	}
	return fresh, old
}

// Lamps are the extensions whose lamps show a box.
func (b *Boxes) Lamps(box string) []string {
	cfg := b.config.Load()
	if cfg == nil {
		return nil
	}
	v, ok := boxOf(cfg, box)
	if !ok {
		return nil
	}
	return phonesOf(cfg, v)
}

// List gives the messages of a box, the oldest first. Those whose sound is not there are left out.
func (b *Boxes) List(box string) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.kept[box]), func(m Message) bool { return b.lost[m.ID] })
}

// Message gives one message by its id.
func (b *Boxes) Message(id string) (Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	box, i := b.find(id)
	if i < 0 {
		return Message{}, ErrNotFound
	}
	return b.kept[box][i], nil
}

// find tells where a message is; -1: nowhere. mu is held.
func (b *Boxes) find(id string) (box string, i int) {
	for box, all := range b.kept {
		if i := slices.IndexFunc(all, func(m Message) bool { return m.ID == id }); i >= 0 {
			return box, i
		}
	}
	return "", -1
}

// Open gives the sound of a message as a WAVE file. Sound that is not as it was sealed is given all the same, and said in the
// log: somebody may still understand it.
func (b *Boxes) Open(id string) (io.ReadCloser, error) {
	m, err := b.Message(id)
	if err != nil {
		return nil, err
	}
	r, err := b.read(m)
	if err != nil { // not to give back a nil *reading
		return nil, err
	}
	return r, nil
}

func (b *Boxes) read(m Message) (*reading, error) {
	f, err := b.shelf.open(m.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", m.ID, ErrGone)
	}
	if err != nil {
		return nil, err
	}
	return &reading{b: b, m: m, f: f, in: io.NewSectionReader(f, 0, m.Size), sum: sha256.New()}, nil
}

// reading is a message that is read, and compared with what was sealed when it is read to its end.
type reading struct {
	b    *Boxes
	m    Message
	f    file
	in   *io.SectionReader
	sum  hash.Hash
	read int64
	over bool // it was read to its end
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.sum.Write(p[:n])
	r.read += int64(n)
	if (r.read == r.m.Size || errors.Is(err, io.EOF)) && !r.over {
		if r.over = true; hex.EncodeToString(r.sum.Sum(nil)) != r.m.Hash {
			r.b.damaged(r.m)
		}
	}
	return n, err
}

func (r *reading) Close() error { return r.f.Close() }

func (b *Boxes) damaged(m Message) {
	b.log.Error("voicemail: a message is not what was recorded; check the disk", "voicemail", m.Box, "message", m.ID)
}

// Mark says that a message has been heard, or is new again.
func (b *Boxes) Mark(id string, fresh bool) error {
	b.mu.Lock()
	box, i := b.find(id)
	if i < 0 {
		b.mu.Unlock()
		return ErrNotFound
	}
	m := b.kept[box][i]
	if m.New == fresh {
		b.mu.Unlock()
		return nil
	}
	m.New = fresh
	err := b.messages.Put(m.key(), m) // under mu: who deletes it meanwhile must not be undone
	if err == nil {
		b.kept[box][i] = m
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("voicemail: %w", err)
	}
	b.changed(box)
	return nil
}

// Delete deletes a message and its sound, and returns when it cannot come back.
func (b *Boxes) Delete(id string) error {
	b.mu.Lock()
	box, i := b.find(id)
	if i < 0 {
		b.mu.Unlock()
		return ErrNotFound
	}
	m := b.kept[box][i]
	err := b.erase(m)
	if err == nil {
		if b.kept[box] = slices.Delete(b.kept[box], i, i+1); len(b.kept[box]) == 0 {
			delete(b.kept, box)
		}
		delete(b.lost, m.ID)
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("voicemail: %w", err)
	}
	b.changed(box)
	return nil
}

// erase deletes a message for good. Its sound goes first: a file without an entry would be found at the next start, and be a
// message again. mu is held, so that nobody writes the entry anew.
func (b *Boxes) erase(m Message) error {
	if err := b.shelf.remove(m.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.lost[m.ID] = true
	if err := b.shelf.sync(); err != nil {
		return err
	}
	return b.o.DB.Write(store.Told, b.messages.DeleteOp(m.key()), b.owed.DeleteOp(m.ID))
}
