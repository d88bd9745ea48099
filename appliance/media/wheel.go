package media

import "math/bits"

const (
	wheelSlots = 1024 // of 1 ms; no timer is set further ahead than that
	frame      = 20   // ms between packets unless the peer asked otherwise
)

// timer is one entry of a wheel, part of the flow that it wakes.
type timer struct {
	next, prev *timer
	at         int64 // ms since the engine began
	fire       func(*worker, *flow)
	flow       *flow
	set        bool
}

// wheel orders the deadlines of one worker in slots of a millisecond. Deadlines are absolute, so being late once does
// not make the next one late, and setting or clearing one costs the same however many there are.
type wheel struct {
	slots  [wheelSlots]*timer
	filled [wheelSlots / 64]uint64 // one bit a slot
	tick   int64                   // ms; slots up to here have fired
	count  int
}

// set arms t for the millisecond at, or for the next one when that has passed.
func (w *wheel) set(t *timer, at int64) {
	w.clear(t)
	t.at = min(max(at, w.tick+1), w.tick+wheelSlots-1)
	t.set = true
	slot := t.at % wheelSlots
	t.next = w.slots[slot]
	if t.next != nil {
		t.next.prev = t
	}
	w.slots[slot] = t
	w.filled[slot/64] |= 1 << (slot % 64)
	w.count++
}

func (w *wheel) clear(t *timer) {
	if !t.set {
		return
	}
	slot := t.at % wheelSlots
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		w.slots[slot] = t.next
		if t.next == nil {
			w.filled[slot/64] &^= 1 << (slot % 64)
		}
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.next, t.prev, t.set = nil, nil, false
	w.count--
}

// pop takes out one timer that is due at now, or returns nil when there is none.
func (w *wheel) pop(now int64) *timer {
	if w.count == 0 || now-w.tick >= 2*wheelSlots {
		w.tick = max(w.tick, now-wheelSlots)
		if w.count == 0 {
			w.tick = max(w.tick, now)
			return nil
		}
	}
	for {
		if t := w.slots[w.tick%wheelSlots]; t != nil && t.at <= w.tick {
			w.clear(t)
			return t
		}
		if w.tick >= now {
			return nil
		}
		w.tick = min(now, w.following())
	}
}

// following returns the tick of the next filled slot after the current one, or a far one when none is filled.
func (w *wheel) following() int64 {
	from := w.tick + 1
	for ahead := int64(0); ahead < wheelSlots; {
		slot := (from + ahead) % wheelSlots
		if rest := w.filled[slot/64] >> (slot % 64); rest != 0 {
			return from + ahead + int64(bits.TrailingZeros64(rest))
		}
		ahead += 64 - slot%64
	}
	return w.tick + wheelSlots
}

// wait returns how many milliseconds the worker may sleep at now, -1 for as long as nothing else wakes it.
func (w *wheel) wait(now int64) int {
	if w.count == 0 {
		return -1
	}
	if t := w.slots[w.tick%wheelSlots]; t != nil && t.at <= w.tick {
		return 0 // left over from a turn that panicked
	}
	return int(max(0, w.following()-now))
}
