package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

const (
	tapeChunk = sampleRate / 10 * sampleBytes // bytes that are written at once
	tapeDepth = 100                           // chunks that may wait for the disk: ten seconds
	slowTime  = 2 * time.Second               // that a caller waits when so many do; he is not heard meanwhile
	syncEvery = sampleRate * sampleBytes      // bytes between two syncs: a second
	sealTime  = 10 * time.Second              // how long a caller waits for the disk
	tail      = 300 * time.Millisecond        // that is kept after the last word
)

var (
	errSlow   = errors.New("the disk does not keep up")
	errHangs  = errors.New("the disk does not answer")
	errClosed = errors.New("the recording is over")
)

// tape is one file of sound that is being written. The call's script calls Write, and then seal or discard, once. Where writing
// may wait for a disk, a goroutine of the tape's own does it, so that no caller is deaf for it; it ends with seal or discard.
type tape struct {
	m     Message
	shelf shelf
	f     file
	at    int64  // where the sound begins
	size  int64  // of it, in bytes, as written
	dirty int64  // of it, not synced
	rest  []byte // not written yet

	chunks chan []byte // nil: what is written is written at once
	end    ending      // set before chunks is closed
	result chan sealed
	fault  atomic.Pointer[error] // what went wrong so far
	over   atomic.Bool           // the result is decided: delivered, or nobody waits for it
	freed  func()                // called when the file is at rest, or gone
}

// ending is what becomes of a tape.
type ending struct {
	keep int64 // bytes of sound; 0: nothing is kept
}

type sealed struct {
	m   Message
	err error
}

// newTape begins the sound of m.
func newTape(s shelf, m Message, freed func()) (*tape, error) {
	head, err := header(m, unfinished)
	if err != nil {
		return nil, err
	}
	f, err := s.create(m.file())
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(head); err != nil {
		return nil, errors.Join(err, f.Close(), s.remove(m.file()))
	}
	t := &tape{m: m, shelf: s, f: f, at: int64(len(head)), result: make(chan sealed, 1), freed: freed}
	if s.waits() {
		t.chunks = make(chan []byte, tapeDepth)
		go t.run()
	}
	return t, nil
}

// Write takes sound. It waits for the disk only when that is ten seconds behind; an error ends the recording.
func (t *tape) Write(pcm []int16) error {
	if fault := t.fault.Load(); fault != nil {
		return *fault
	}
	if t.rest = encode(t.rest, pcm); len(t.rest) < tapeChunk {
		return nil
	}
	return t.flush()
}

func (t *tape) flush() error {
	piece := t.rest
	t.rest = nil
	if len(piece) == 0 {
		return nil
	}
	if t.chunks == nil {
		return t.put(piece)
	}
	select {
	case t.chunks <- piece:
		return nil
	default:
	}
	patience := time.NewTimer(slowTime)
	defer patience.Stop()
	select {
	case t.chunks <- piece:
		return nil
	case <-patience.C:
		return errSlow
	}
}

func (t *tape) put(piece []byte) error {
	n, err := t.f.Write(piece)
	t.size += int64(n)
	if t.dirty += int64(n); err == nil && t.dirty >= syncEvery {
		t.dirty = 0
		err = t.f.Sync()
	}
	return err
}

// run is the goroutine of a tape.
func (t *tape) run() {
	note := func(err error) {
		if err != nil && t.fault.Load() == nil {
			t.fault.Store(&err)
		}
	}
	note(t.shelf.sync())
	for piece := range t.chunks {
		if t.fault.Load() == nil {
			note(t.put(piece))
		}
	}
	t.deliver(t.finish())
}

// deliver hands the outcome to who waits for it. When nobody does any more, the caller was told that nothing is kept.
func (t *tape) deliver(s sealed) {
	if t.over.CompareAndSwap(false, true) {
		t.result <- s
		return
	}
	if s.err == nil {
		_ = t.shelf.remove(t.m.file()) // else finish removed it
	}
	t.freed()
}

// seal ends the tape and keeps sound of that length: what it returns is on disk, with its true sizes and its hash. After an
// error nothing is there.
func (t *tape) seal(length time.Duration) (Message, error) {
	s := t.finally(ending{keep: bytesOf(length + tail)})
	return s.m, s.err
}

// discard ends the tape and deletes it.
func (t *tape) discard() { t.finally(ending{}) }

func (t *tape) finally(e ending) sealed {
	if t.result == nil {
		return sealed{err: errClosed}
	}
	defer func() { t.result = nil }()
	if err := t.flush(); err != nil {
		t.fault.CompareAndSwap(nil, &err)
	}
	t.end = e
	if t.chunks == nil {
		s := t.finish()
		if s.err != nil || e.keep == 0 {
			t.freed()
		}
		return s
	}
	result := t.result
	close(t.chunks)
	patience := time.NewTimer(sealTime)
	defer patience.Stop()
	select {
	case s := <-result:
		if s.err != nil || e.keep == 0 {
			t.freed()
		}
		return s
	case <-patience.C:
		if t.over.CompareAndSwap(false, true) {
			return sealed{err: errHangs}
		}
		return <-result // in the same instant
	}
}

// finish seals the file or removes it.
func (t *tape) finish() (s sealed) {
	s.m = t.m
	if fault := t.fault.Load(); fault != nil {
		s.err = *fault
	}
	if s.err == nil && t.end.keep > 0 {
		s.m, s.err = complete(t.f, t.m, t.at, min(t.end.keep, t.size))
	}
	s.err = errors.Join(s.err, t.f.Close())
	if s.err != nil || t.end.keep == 0 {
		s.err = errors.Join(s.err, t.shelf.remove(t.m.file()))
	}
	return s
}

// complete gives a file its true sizes, has it on disk, and tells its length, size and hash. Head is as it was written first.
func complete(f file, head Message, at, sound int64) (Message, error) {
	sound -= sound % sampleBytes
	h, err := header(head, uint32(sound))
	if err == nil && int64(len(h)) != at {
		err = errNoWave
	}
	if err == nil {
		err = f.Truncate(at + sound)
	}
	if err == nil {
		_, err = f.WriteAt(h, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	m := head
	m.Length, m.Size = lengthOf(sound), at+sound
	if err == nil {
		m.Hash, err = hashOf(f, m.Size)
	}
	return m, err
}

func hashOf(f io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(f, 0, size))
	return hex.EncodeToString(h.Sum(nil)), err
}
