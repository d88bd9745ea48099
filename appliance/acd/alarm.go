package acd

import "time"

// alarm is when something is due for an entry, an agent or an offer: exactly one of the three.
type alarm struct {
	at    time.Time
	n     uint64 // breaks ties in the order in which they were set
	pos   int    // in the heap, from 1; 0: not set
	entry *entry
	agent *agent
	offer *offer
}

// alarms are all that is due, the next first: a heap in which each alarm knows its place.
type alarms struct {
	heap []*alarm
	n    uint64
}

// set moves an alarm to a moment; the zero time takes it out.
func (h *alarms) set(a *alarm, at time.Time) {
	if a.pos > 0 && a.at.Equal(at) {
		return
	}
	if a.pos > 0 {
		h.remove(a)
	}
	if at.IsZero() {
		return
	}
	h.n++
	a.at, a.n = at, h.n
	h.heap = append(h.heap, a)
	a.pos = len(h.heap)
	h.up(a.pos - 1)
}

func (h *alarms) remove(a *alarm) {
	i, last := a.pos-1, len(h.heap)-1
	a.pos = 0
	if i != last {
		h.heap[i] = h.heap[last]
		h.heap[i].pos = i + 1
	}
	h.heap[last] = nil
	if h.heap = h.heap[:last]; i != last {
		h.down(i)
		h.up(i)
	}
}

// due takes the next alarm that has come, or nil.
func (h *alarms) due(now time.Time) *alarm {
	if len(h.heap) == 0 || h.heap[0].at.After(now) {
		return nil
	}
	a := h.heap[0]
	h.remove(a)
	return a
}

// next is when the next alarm comes; zero: none is set.
func (h *alarms) next() time.Time {
	if len(h.heap) == 0 {
		return time.Time{}
	}
	return h.heap[0].at
}

func (h *alarms) less(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	if a.at.Equal(b.at) {
		return a.n < b.n
	}
	return a.at.Before(b.at)
}

func (h *alarms) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].pos, h.heap[j].pos = i+1, j+1
}

func (h *alarms) up(i int) {
	for i > 0 && h.less(i, (i-1)/2) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (h *alarms) down(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(h.heap) && h.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
