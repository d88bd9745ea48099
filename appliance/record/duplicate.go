package record

import (
	"errors"
	"io"
	"time"

	"callbox/appliance/journal"
)

// duplicate writes the sound of a message once more, for another box. Its copy tells who left it and when, and is new.
func (b *Boxes) duplicate(m Message, box, inCall string, now time.Time) (Message, error) {
	from, err := b.read(m)
	if err != nil {
		return Message{}, err
	}
	defer func() { _ = from.Close() }()
	_, at, err := readHeader(from.f)
	if err != nil {
		return Message{}, err
	}
	head := Message{ID: journal.NewID(now), Box: box, Call: inCall, From: m.From, Name: m.Name, Left: m.Left, Forwarded: m.Box}
	first, err := header(head, unfinished)
	if err != nil {
		return Message{}, err
	}
	b.mu.Lock()
	b.busy[head.ID] = true
	b.mu.Unlock()
	to, err := b.shelf.create(head.file())
	if err != nil {
		b.settled(head.ID)
		return Message{}, err
	}
	c, err := fill(to, first, io.NewSectionReader(from.f, at, m.Size-at), head)
	if err = errors.Join(err, to.Close(), b.shelf.sync()); err != nil {
		b.drop(head)
		return Message{}, err
	}
	c.New = true
	return c, nil
}

func fill(to file, first []byte, sound *io.SectionReader, head Message) (Message, error) {
	if _, err := to.Write(first); err != nil {
		return head, err
	}
	n, err := io.Copy(struct{ io.Writer }{to}, sound)
	if err != nil {
		return head, err
	}
	return complete(to, head, int64(len(first)), n)
}
