package journal

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

const (
	maxLegs  = 64        // legs of one CDR
	maxExtra = 128 << 10 // bytes of Data, Tags, Recordings and Linked of one CDR
)

// Folder is Fold, one event at a time in the order of their numbers. The zero value is ready.
//
// Time is counted between events: until the first call.answered it is wait, from then on talk, or hold while anybody holds. A clock
// that goes back between two events stands still instead, so the three always add up to the whole.
type Folder struct {
	cdr              CDR
	begun, over      bool
	last             time.Time // up to here time has been counted
	wait, talk, hold time.Duration
	holders          map[string]bool
	extra            int // bytes of Data, Tags, Recordings and Linked
}

// Over says whether call.ended was added; what comes later changes nothing.
func (f *Folder) Over() bool { return f.over }

// Add takes the next event of the call.
func (f *Folder) Add(e Event) {
	if f.over {
		return
	}
	f.count(happened(e))
	f.head(e)
	switch b := e.Body.(type) {
	case CallStarted:
		f.cdr.Direction, f.cdr.From, f.cdr.To, f.cdr.Dialled = b.Direction, b.From, b.To, b.Dialled
		f.via(b.Trunk, b.Extension)
		f.link(b.Linked...)
	case CallAnswered:
		if f.cdr.Answered == nil {
			at := f.last
			f.cdr.Answered = &at
		}
		f.via(b.Trunk, b.Extension)
	case CallEntered:
		f.via(b.Trunk, b.Extension)
	case CallData:
		f.learn(b)
	case CallTransferred:
		f.link(b.Linked)
	case CallHeld:
		if f.holders == nil {
			f.holders = map[string]bool{}
		}
		f.holders[b.By] = true
	case CallResumed:
		delete(f.holders, b.By)
	case CallRecorded:
		f.cdr.Recordings = f.list(f.cdr.Recordings, b.Recording)
	case CallEnded:
		f.over = true
		f.cdr.Outcome, f.cdr.Cause, f.cdr.Estimated = b.Outcome, b.Cause, b.Estimated
		f.cdr.Legs = slices.Clone(b.Legs[:min(len(b.Legs), maxLegs)])
		f.link(b.Linked...)
	}
}

// happened is when an event took place, which for a call that was cut off is before it was written.
func happened(e Event) time.Time {
	if b, ok := e.Body.(CallEnded); ok && b.At != nil {
		return moment(b.At.Time)
	}
	return moment(e.Time)
}

// count adds the time since the last event to what the call was doing in it.
func (f *Folder) count(now time.Time) {
	if !f.begun {
		f.begun, f.last, f.cdr.Started = true, now, now
	}
	d := max(now.Sub(f.last), 0)
	switch {
	case f.cdr.Answered == nil:
		f.wait += d
	case len(f.holders) > 0:
		f.hold += d
	default:
		f.talk += d
	}
	f.last = f.last.Add(d)
}

func (f *Folder) head(e Event) {
	set(&f.cdr.ID, e.Call)
	set(&f.cdr.Box, e.Box)
	set(&f.cdr.Queue, e.Queue)
	switch e.Body.(type) {
	case QueueOffered, QueueMissed, QueueRejected: // whom the call might have come to
	default:
		set(&f.cdr.Agent, e.Agent)
	}
	if f.cdr.Generation == 0 {
		f.cdr.Generation = e.Generation
	}
}

func (f *Folder) via(trunk, extension string) {
	set(&f.cdr.Trunk, trunk)
	set(&f.cdr.Extension, extension)
}

// set keeps what was known when an event says nothing.
func set(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func (f *Folder) learn(b CallData) {
	for _, name := range slices.Sorted(maps.Keys(b.Data)) {
		learn(f, &f.cdr.Data, name, b.Data[name])
	}
	for _, name := range slices.Sorted(maps.Keys(b.Tags)) {
		learn(f, &f.cdr.Tags, name, b.Tags[name])
	}
}

// learn sets a value where it fits; the one it replaces makes room.
func learn[V any](f *Folder, m *map[string]V, name string, value V) {
	gone := 0
	if old, had := (*m)[name]; had {
		gone = size(name) + size(old)
	}
	if f.fits(size(name)+size(value), gone) {
		put(m, name, value)
	}
}

// size is how many bytes a value has in JSON, with what stands around it.
func size(value any) int {
	raw, err := json.Marshal(value)
	if err != nil {
		return maxExtra + 1
	}
	return len(raw) + len(": ")
}

func put[V any](m *map[string]V, name string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = value
}

func (f *Folder) link(calls ...string) {
	for _, call := range calls {
		f.cdr.Linked = f.list(f.cdr.Linked, call)
	}
}

// list adds an id that is not there yet.
func (f *Folder) list(ids []string, id string) []string {
	if id == "" || slices.Contains(ids, id) || !f.fits(size(id), 0) {
		return ids
	}
	return append(ids, id)
}

// fits counts bytes against what a CDR holds beside its own fields.
func (f *Folder) fits(bytes, gone int) bool {
	if f.extra+bytes-gone > maxExtra {
		f.cdr.Truncated = true
		return false
	}
	f.extra += bytes - gone
	return true
}

// CDR returns what the events so far amount to; until the call is over, Ended is the last event's time.
func (f *Folder) CDR() CDR {
	c := f.cdr
	c.Ended = f.last
	c.WaitSeconds, c.TalkSeconds, c.HoldSeconds = seconds(f.wait), seconds(f.talk), seconds(f.hold)
	if c.Answered != nil {
		at := *c.Answered
		c.Answered = &at
	}
	c.Legs, c.Recordings, c.Linked = slices.Clone(c.Legs), slices.Clone(c.Recordings), slices.Clone(c.Linked)
	c.Data, c.Tags = maps.Clone(c.Data), maps.Clone(c.Tags)
	return c
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
