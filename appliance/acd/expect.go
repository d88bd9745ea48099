package acd

import "time"

// mostRecent is how many of anything the forecasts look at, and recentTime how old they may be.
const (
	mostRecent = 20
	recentTime = 2 * time.Hour
)

// recent are the latest durations of something.
type recent struct {
	at   [mostRecent]time.Time
	took [mostRecent]time.Duration
	n    int // ever
}

func (r *recent) add(now time.Time, d time.Duration) {
	r.at[r.n%mostRecent], r.took[r.n%mostRecent] = now, max(0, d)
	r.n++
}

// sum adds up those that are recent.
func (r *recent) sum(now time.Time) (sum time.Duration, n int) {
	for i := range min(r.n, mostRecent) {
		if now.Sub(r.at[i]) <= recentTime {
			sum += r.took[i]
			n++
		}
	}
	return sum, n
}

// served notes that one who waited has an agent. The time since the one before counts when the line was not empty in
// between: it is how fast the line moves.
func (f *Floor) served(e *entry) {
	q := e.queue
	if !q.lastFrom.IsZero() && !e.since.After(q.lastFrom) {
		q.served.add(f.now, f.now.Sub(q.lastFrom))
	}
	q.lastFrom = f.now
}

// fewest is how many samples a forecast needs to be honest.
const fewest = 3

// expected is how long who stands at a position will wait yet: as the line has moved of late, and if nothing has moved
// for longer than that, slower. Where no line was there to see, as long as talks take, shared by those who work. Negative:
// there is nothing to go by.
func (q *queue) expected(now time.Time, position int) time.Duration {
	if sum, n := q.served.sum(now); n >= fewest {
		mean := sum / time.Duration(n)
		if still := now.Sub(q.lastFrom); still > mean {
			mean = (sum + still) / time.Duration(n+1)
		}
		return time.Duration(position) * mean
	}
	sum, n := q.handled.sum(now)
	if n < fewest || q.ready == 0 {
		return -1
	}
	mean := sum / time.Duration(n)
	if w := q.cfg.WrapUp; w != nil && w.Mode == "timed" {
		mean += w.Time
	}
	return time.Duration(position) * mean / time.Duration(q.ready)
}

// level is one call for the service level.
type level struct {
	at       time.Time
	answered bool
	waited   time.Duration
}

const (
	mostLevels = 500
	levelTime  = time.Hour
)

func (q *queue) level(now time.Time, answered bool, waited time.Duration) {
	if len(q.levels) >= mostLevels {
		q.levels = append(q.levels[:0], q.levels[1:]...)
	}
	q.levels = append(q.levels, level{now, answered, waited})
}

// serviceLevel is the share of the last hour's calls that were answered in time; those who hung up at once are left out.
// Negative: there was none.
func (q *queue) serviceLevel(now time.Time) float64 {
	within, short := 20*time.Second, 5*time.Second
	if s := q.cfg.ServiceLevel; s != nil {
		within, short = s.Within, s.ShortAbandon
	}
	good, all := 0, 0
	for _, l := range q.levels {
		switch {
		case now.Sub(l.at) > levelTime, !l.answered && l.waited < short:
			continue
		case l.answered && l.waited <= within:
			good++
		}
		all++
	}
	if all == 0 {
		return -1
	}
	return float64(good) / float64(all)
}

// memory is whom callers spoke to last, of so many callers.
type memory struct {
	last  map[string]Spoke
	order []string // of callers, the oldest first
}

const mostRemembered = 10000

func (m *memory) of(caller string) (Spoke, bool) {
	s, ok := m.last[caller]
	return s, ok
}

func (m *memory) note(s Spoke) {
	if s.Caller == "" {
		return
	}
	if m.last == nil {
		m.last = map[string]Spoke{}
	}
	if _, known := m.last[s.Caller]; !known {
		if len(m.order) >= mostRemembered {
			delete(m.last, m.order[0])
			m.order = m.order[1:]
		}
		m.order = append(m.order, s.Caller)
	}
	m.last[s.Caller] = s
}
