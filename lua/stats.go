package lua

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// FunctionStats is what one function of one plugin did since the host started.
type FunctionStats struct {
	Plugin, Function string
	Calls            uint64            // ended
	Running          int               // not ended yet
	Failed           map[string]uint64 // by the kind of their error
	Total, Longest   time.Duration     // from the call to its end, waiting for callers included
	LastError        string            // of the last that failed
}

type stats struct {
	mu  sync.Mutex // guards all
	all map[[2]string]*FunctionStats
}

// maxCounted is how many functions are counted by their names; callers of the host may ask for functions that are not there.
const maxCounted = 10_000

func (s *stats) start() { s.all = map[[2]string]*FunctionStats{} }

// begin counts a call; what it returns is called with how it ended.
func (s *stats) begin(plugin, function string) func(error) {
	began := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{plugin, function}
	f := s.all[key]
	if f == nil {
		if len(s.all) >= maxCounted {
			return func(error) {}
		}
		f = &FunctionStats{Plugin: plugin, Function: function, Failed: map[string]uint64{}}
		s.all[key] = f
	}
	f.Running++
	return func(err error) {
		took := time.Since(began)
		s.mu.Lock()
		defer s.mu.Unlock()
		f.Running--
		f.Calls++
		f.Total += took
		f.Longest = max(f.Longest, took)
		var failed *Error
		if errors.As(err, &failed) {
			f.Failed[failed.Kind]++
			f.LastError = failed.Error()
		}
	}
}

// Stats are the figures of all functions that were called, by plugin and function.
func (h *Host) Stats() []FunctionStats {
	h.stats.mu.Lock()
	defer h.stats.mu.Unlock()
	var all []FunctionStats
	for _, f := range h.stats.all {
		one := *f
		one.Failed = maps.Clone(f.Failed)
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b FunctionStats) int {
		return cmp.Or(cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.Function, b.Function))
	})
	return all
}
