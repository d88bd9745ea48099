package lua

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// A frame is its length (4 bytes, big endian, of what follows), one byte that says what it is, the id of the call of a function
// it belongs to (varint), and values one after the other.
type frameKind byte

const (
	frameHello  frameKind = 'H' // child: its protocol, and which doors it could not close
	frameLoad   frameKind = 'L' // host: a plugin's sources, config and limits
	frameLoaded frameKind = 'l' // child: the functions of the plugin, or why it does not load
	frameCall   frameKind = 'C' // host: call this function
	frameDone   frameKind = 'D' // child: what it returned, or why it failed
	frameAsk    frameKind = 'Q' // child: a function of the box, and its arguments
	frameAnswer frameKind = 'A' // host: what that returned
	frameStop   frameKind = 'X' // host: end this call
	frameLog    frameKind = 'G' // child: a line for the log
	frameMemory frameKind = 'M' // child, its last: too much memory is held, and by these calls
)

// protocol is what both halves must agree on; a box that was updated under its feet would start another child.
const protocol = 1

// maxProgram is how many bytes of sources one plugin may have, which travel in one frame.
const maxProgram = 3 << 20

type frame struct {
	kind frameKind
	id   uint64
	body decoder
}

// begin starts a frame; end completes it.
func begin(kind frameKind, id uint64) *encoder {
	e := &encoder{b: make([]byte, 5, 256), max: maxMessage - 1024}
	e.b[4] = byte(kind)
	e.uvarint(id)
	return e
}

func (e *encoder) end() []byte {
	binary.BigEndian.PutUint32(e.b, uint32(len(e.b)-4))
	return e.b
}

// readFrame reads one frame. The error is io.EOF at the end between two frames.
func readFrame(r *bufio.Reader) (frame, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 2 || n > maxMessage {
		return frame{}, fmt.Errorf("%w: a frame of %d bytes", errMalformed, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return frame{}, fmt.Errorf("%w: it breaks off", errMalformed)
	}
	f := frame{kind: frameKind(b[0]), body: decoder{b: b[1:]}}
	var err error
	f.id, err = f.body.uvarint()
	return f, err
}

// rest reads all values that are left.
func (d *decoder) rest() ([]any, error) {
	var all []any
	for len(d.b) > 0 {
		v, err := d.value(0)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// fields reads the values of a frame one by one, and remembers the first that is not what it should be.
type fields struct {
	values []any
	err    error
}

func field[T any](f *fields) (v T) {
	if f.err != nil {
		return v
	}
	if len(f.values) == 0 {
		f.err = errMalformed
		return v
	}
	v, ok := f.values[0].(T)
	if f.values = f.values[1:]; !ok {
		f.err = errMalformed
	}
	return v
}

// frameWriter writes whole frames from many goroutines.
type frameWriter struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (w *frameWriter) send(e *encoder) error {
	b := e.end()
	if len(b) > maxMessage {
		return fmt.Errorf("%w: a frame of %d bytes", errMalformed, len(b))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.w.Write(b)
	return err
}

// textValue reads a value that is a text.
func (d *decoder) textValue() (string, error) {
	v, err := d.value(0)
	s, ok := v.(string)
	if err == nil && !ok {
		err = errMalformed
	}
	return s, err
}

func (d *decoder) floatValue() (float64, error) {
	v, err := d.value(0)
	f, ok := v.(float64)
	if err == nil && !ok {
		err = errMalformed
	}
	return f, err
}

// time appends an instant and the zone it is told in: milliseconds since 1970, the name of the zone, its offset in seconds.
func (e *encoder) time(t time.Time) {
	name, offset := t.Location().String(), 0
	_, offset = t.Zone()
	e.number(float64(t.UnixMilli()))
	e.text(name)
	e.number(float64(offset))
}

// wall reads an instant. The zone of the one before is kept when it is the same, because to find a zone takes time.
func (d *decoder) wall(before time.Time) (time.Time, error) {
	ms, err1 := d.floatValue()
	name, err2 := d.textValue()
	offset, err3 := d.floatValue()
	if err := errors.Join(err1, err2, err3); err != nil {
		return time.Time{}, err
	}
	at := time.UnixMilli(int64(ms)).In(before.Location())
	if _, same := at.Zone(); before.Location().String() == name && same == int(offset) {
		return at, nil
	}
	return at.In(zone(name, int(offset))), nil
}

// zones are those that were found once. Names come from the box, never from a plugin.
var zones sync.Map

func zone(name string, offset int) *time.Location {
	if name == "" || name == "Local" { // the child's own zone is not the box's
		return time.FixedZone(name, offset)
	}
	if found, ok := zones.Load(name); ok {
		return found.(*time.Location)
	}
	found, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, offset)
	}
	zones.Store(name, found)
	return found
}
