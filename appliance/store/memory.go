package store

import (
	"slices"
	"strings"
	"sync"
)

// memory is the engine without a disk: a sorted slice. Nothing in it waits, so it is at home in a synctest bubble.
type memory struct {
	mu     sync.Mutex
	pairs  []pair
	closed bool
}

type pair struct {
	key   string
	value []byte // never changed once it is here
}

func newMemory() *memory { return &memory{} }

func (m *memory) find(key string) (int, bool) {
	return slices.BinarySearchFunc(m.pairs, key, func(p pair, k string) int { return strings.Compare(p.key, k) })
}

func (m *memory) get(key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, false, ErrClosed
	}
	i, found := m.find(key)
	if !found {
		return nil, false, nil
	}
	return m.pairs[i].value, true, nil
}

func (m *memory) scan(from, to string, down bool, yield func(string, []byte) bool) error {
	seen, err := m.span(from, to)
	if err != nil {
		return err
	}
	if down {
		slices.Reverse(seen)
	}
	for _, p := range seen {
		if !yield(p.key, p.value) {
			return nil
		}
	}
	return nil
}

// span copies a stretch, so that the reader's loop neither holds the lock nor sees later writes.
func (m *memory) span(from, to string) ([]pair, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	i, _ := m.find(from)
	j, _ := m.find(to)
	return slices.Clone(m.pairs[i:max(i, j)]), nil
}

func (m *memory) write(_ Class, ops []Op) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	for _, op := range ops {
		i, found := m.find(op.key)
		switch {
		case op.remove && found:
			m.pairs = slices.Delete(m.pairs, i, i+1)
		case op.remove:
		case found:
			m.pairs[i].value = op.value
		default:
			m.pairs = slices.Insert(m.pairs, i, pair{op.key, op.value})
		}
	}
	return nil
}

func (m *memory) settle()        {}
func (m *memory) health() Health { return Health{State: OK} }
func (m *memory) tidy() error    { return nil }

func (m *memory) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.pairs = true, nil
	return nil
}
