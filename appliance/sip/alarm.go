package sip

import (
	"container/heap"
	"time"
)

// alarm is one thing to do later. It belongs to a shard and is touched by that shard's goroutine only.
type alarm struct {
	at    time.Time
	do    func()
	index int // in the heap, -1 when not there
	heap  *alarms
}

func (a *alarm) stop() {
	if a != nil && a.index >= 0 {
		heap.Remove(a.heap, a.index)
	}
}

// pending is true until it rings or is stopped.
func (a *alarm) pending() bool { return a != nil && a.index >= 0 }

// alarms are a heap by time.
type alarms []*alarm

func (h *alarms) after(d time.Duration, do func()) *alarm {
	a := &alarm{at: time.Now().Add(d), do: do, heap: h}
	heap.Push(h, a)
	return a
}

// due takes the first alarm that is due, nil when there is none; next is how long until then.
func (h *alarms) due(now time.Time) (a *alarm, next time.Duration) {
	if len(*h) == 0 {
		return nil, time.Hour
	}
	if wait := (*h)[0].at.Sub(now); wait > 0 {
		return nil, wait
	}
	return heap.Pop(h).(*alarm), 0
}

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	a.index = len(*h)
	*h = append(*h, a)
}
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.index = -1
	return a
}
