package call

import "sync"

// Lines counts the calls that each trunk carries, in and out together, against
// the channels it has. Limits are live: a reload changes them for the next call.
type Lines struct {
	mu    sync.Mutex
	limit map[string]int // 0 or absent: no limit
	used  map[string]int
}

// SetLimits replaces the limits. Calls above a lowered limit go on.
func (l *Lines) SetLimits(limits map[string]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limits
}

// Take seizes a line of the trunk, or says that none is free. An emergency
// call is never refused for want of a line.
func (l *Lines) Take(trunk string, emergency bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if max := l.limit[trunk]; max > 0 && l.used[trunk] >= max && !emergency {
		return false
	}
	if l.used == nil {
		l.used = map[string]int{}
	}
	l.used[trunk]++
	return true
}

// Give returns a line.
func (l *Lines) Give(trunk string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used[trunk]--; l.used[trunk] <= 0 {
		delete(l.used, trunk)
	}
}

// Used is how many lines of the trunk are taken now.
func (l *Lines) Used(trunk string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used[trunk]
}
