package acd

import (
	"context"
	"slices"
	"sync"
	"time"
)

// bell wakes a call's script out of what it waits in when the floor has something that cannot wait: an offer during an
// announcement, a withdrawal during ringing. The floor's goroutine rings it; everything else is the script's.
type bell struct {
	mu    sync.Mutex
	stop  context.CancelFunc // of what the script waits in now
	hears func(any) bool     // what ends it
	more  []Offer            // agents who join in
	gone  []Withdraw         // agents who ring no more
	last  uint64             // offer that came
	taken uint64             // and that the script has taken
	away  bool               // the call overflows
}

// ring notes what is posted, and wakes.
func (b *bell) ring(x any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch x := x.(type) {
	case Withdraw:
		b.gone = append(b.gone, x)
	case Offer:
		if b.last = x.ID; x.More {
			b.more = append(b.more, x)
		}
	case Overflow:
		b.away = true
	}
	if b.stop != nil && b.hears(x) {
		b.stop()
	}
}

func isOverflow(x any) bool {
	_, is := x.(Overflow)
	return is
}

func isUrgent(x any) bool {
	_, is := x.(Offer)
	return is || isOverflow(x)
}

// until is a context that ends when something comes that is heard. There is one at a time.
func (b *bell) until(ctx context.Context, hears func(any) bool) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(ctx)
	b.mu.Lock()
	b.stop, b.hears = cancel, hears
	b.mu.Unlock()
	return inner, func() {
		b.mu.Lock()
		b.stop = nil
		b.mu.Unlock()
		cancel()
	}
}

// overflowed tells whether the call is to go elsewhere.
func (b *bell) overflowed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.away
}

// waits tells whether an offer waits for the script, or it is to go elsewhere.
func (b *bell) waits() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.away || b.last > b.taken
}

// took notes that the script has an offer.
func (b *bell) took(o Offer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = max(b.taken, o.ID)
}

// ringing is an offer that the script serves.
type ringing struct {
	offer  Offer
	agents []Rung
	until  time.Time
}

func (r *ringing) concerns(x any) bool {
	switch x := x.(type) {
	case Withdraw:
		return x.Offer == r.offer.ID
	case Offer:
		return x.ID == r.offer.ID
	}
	return false
}

// rang tells whether something about an offer has come since bring.
func (b *bell) rang(r *ringing) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.more, func(o Offer) bool { return r.concerns(o) }) ||
		slices.ContainsFunc(b.gone, func(x Withdraw) bool { return r.concerns(x) })
}

// bring brings an offer up to date with what has come.
func (b *bell) bring(r *ringing, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.more {
		if r.concerns(o) {
			r.agents = append(slices.Clip(r.agents), o.Agents...)
			if until := now.Add(o.Ring); until.After(r.until) {
				r.until = until
			}
		}
	}
	for _, x := range b.gone {
		if r.concerns(x) {
			r.agents = slices.DeleteFunc(slices.Clone(r.agents), func(a Rung) bool { return x.Agent == a.Agent || x.Agent == "" })
		}
	}
	b.more = slices.DeleteFunc(b.more, func(o Offer) bool { return o.ID <= r.offer.ID }) // later ones are for later
	b.gone = slices.DeleteFunc(b.gone, func(x Withdraw) bool { return x.Offer <= r.offer.ID })
}
