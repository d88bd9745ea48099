package sip

import "time"

// pace is how fast a meter runs empty, a second, and how much it holds.
type pace struct{ leak, most float64 }

// meter is a leaky bucket. Its zero value is empty.
type meter struct {
	level float64
	at    time.Duration // when level was right
}

func (m *meter) read(t time.Duration, p pace) float64 {
	if t > m.at {
		m.level = max(0, m.level-p.leak*(t-m.at).Seconds())
		m.at = t
	}
	return m.level
}

// pour adds n if there is room for it.
func (m *meter) pour(t time.Duration, p pace, n float64) bool {
	if m.read(t, p)+n > p.most {
		return false
	}
	m.level += n
	return true
}

// ledger is a map of a bounded size. Its rows lie in one slice, so that looking at a known one allocates nothing and the
// collector has little to trace. A pointer to a value is good until the next put or remove.
type ledger[K comparable, V any] struct {
	most  int
	index map[K]int32
	rows  []ledgerRow[K, V]
	hand  int
}

type ledgerRow[K comparable, V any] struct {
	key   K
	value V
}

func newLedger[K comparable, V any](most int) ledger[K, V] {
	return ledger[K, V]{most: most, index: map[K]int32{}}
}

func (l *ledger[K, V]) get(k K) *V {
	if i, ok := l.index[k]; ok {
		return &l.rows[i].value
	}
	return nil
}

// put adds a zero value. In a full ledger it takes the place of one that is spare, if there is one among the next few
// rows (the hand goes round, so that each is looked at in turn); otherwise it returns nil.
func (l *ledger[K, V]) put(k K, spare func(*V) bool) *V {
	if len(l.rows) < l.most {
		l.index[k] = int32(len(l.rows))
		l.rows = append(l.rows, ledgerRow[K, V]{key: k})
		return &l.rows[len(l.rows)-1].value
	}
	for range 16 {
		l.hand = (l.hand + 1) % len(l.rows)
		if r := &l.rows[l.hand]; spare(&r.value) {
			delete(l.index, r.key)
			*r = ledgerRow[K, V]{key: k}
			l.index[k] = int32(l.hand)
			return &r.value
		}
	}
	return nil
}

func (l *ledger[K, V]) remove(k K) {
	i, ok := l.index[k]
	if !ok {
		return
	}
	last := len(l.rows) - 1
	l.rows[i] = l.rows[last]
	l.index[l.rows[i].key] = i
	delete(l.index, k)
	l.rows[last] = ledgerRow[K, V]{}
	l.rows = l.rows[:last]
}
