package media

import (
	"math/rand/v2"
	"sync"
	"time"
)

// ports is the free list of port pairs: RTP on an even port, RTCP on the next (RFC 3550 section 11). A pair is drawn at
// random, so that nobody can guess the next one, and rests after use, so that the late packets of one call are never
// heard in another.
type ports struct {
	rest time.Duration // how long a returned pair stays away

	mu        sync.Mutex // guards what follows; taken when a stream opens or closes, never for a packet
	low, high int
	free      []int
	used      map[int]bool
	resting   []resting // in the order of return
}

type resting struct {
	port  int
	until time.Time
}

func newPorts(low, high int, rest time.Duration) *ports {
	p := &ports{rest: rest, used: make(map[int]bool)}
	p.set(low, high)
	return p
}

// set changes the range for new streams. Pairs in use outside of it stay with their calls and do not come back.
func (p *ports) set(low, high int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.low, p.high = (low+1)&^1, min(high, 65535)
	away := make(map[int]bool, len(p.resting))
	for _, r := range p.resting {
		away[r.port] = true
	}
	p.free = p.free[:0]
	for port := p.low; port+1 <= p.high; port += 2 {
		if !p.used[port] && !away[port] {
			p.free = append(p.free, port)
		}
	}
}

// take draws a free pair and returns its even port.
func (p *ports) take(now time.Time) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake(now)
	if len(p.free) == 0 {
		return 0, false
	}
	i, last := rand.IntN(len(p.free)), len(p.free)-1
	port := p.free[i]
	p.free[i] = p.free[last]
	p.free = p.free[:last]
	p.used[port] = true
	return port, true
}

// give returns a pair, which rests from now on.
func (p *ports) give(port int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.used[port] {
		return
	}
	delete(p.used, port)
	p.resting = append(p.resting, resting{port: port, until: now.Add(p.rest)})
}

// wake puts pairs that have rested long enough back on the free list, if they still are in the range.
func (p *ports) wake(now time.Time) {
	n := 0
	for n < len(p.resting) && !now.Before(p.resting[n].until) {
		if port := p.resting[n].port; port >= p.low && port+1 <= p.high {
			p.free = append(p.free, port)
		}
		n++
	}
	p.resting = append(p.resting[:0], p.resting[n:]...)
}

// count returns how many pairs calls hold and how many the range has.
func (p *ports) count() (used, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.used), max(0, (p.high-p.low+1)/2)
}
