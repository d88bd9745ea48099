package call

import "sync"

// known remembers the numbers that were read last. An office is called at the
// same few numbers all day, mostly by the same people, and reading a number by
// the plan of its country costs a twentieth of a whole call.
var known numbers

// remembered is how many numbers each half of the memory holds. Strangers
// choose what they dial: when a half is full the older one is forgotten.
const remembered = 2048

// longestKnown keeps what is no number from filling the memory.
const longestKnown = 32

type spelling struct{ dialled, country string }

// numbers is a memory of bounded size. What is asked for stays, as long as
// fewer than remembered others are asked for between.
type numbers struct {
	mu       sync.Mutex
	new, old map[spelling]Number
}

func (k *numbers) read(dialled, country string) Number {
	as := spelling{dialled, country}
	if len(dialled) > longestKnown {
		return parseNumber(dialled, country)
	}
	k.mu.Lock()
	n, ok := k.new[as]
	if !ok {
		n, ok = k.old[as]
	}
	k.mu.Unlock()
	if !ok {
		n = parseNumber(dialled, country)
	}
	k.keep(as, n)
	return n
}

func (k *numbers) keep(as spelling, n Number) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.new[as]; ok {
		return
	}
	if len(k.new) >= remembered || k.new == nil {
		k.old, k.new = k.new, make(map[spelling]Number, 64)
	}
	k.new[as] = n
}
