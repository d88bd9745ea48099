package lua

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryKV keeps values until the process ends, for tests and simulations. It is bounded by maxKeys a plugin.
type MemoryKV struct {
	wall func() time.Time

	mu  sync.Mutex // guards all
	all map[string]map[string]kept
}

type kept struct {
	value json.RawMessage
	until time.Time // zero: for ever
}

// MaxKeys is how many keys a plugin may keep.
const MaxKeys = 10_000

var _ KV = (*MemoryKV)(nil)

// NewMemoryKV makes an empty one whose values end by the clock wall.
func NewMemoryKV(wall func() time.Time) *MemoryKV {
	return &MemoryKV{wall: wall, all: map[string]map[string]kept{}}
}

// Get is that of [KV].
func (m *MemoryKV) Get(plugin, key string) (json.RawMessage, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.all[plugin][key]
	if !ok || m.over(v) {
		delete(m.all[plugin], key)
		return nil, false, nil
	}
	return v.value, true, nil
}

func (m *MemoryKV) over(v kept) bool { return !v.until.IsZero() && !m.wall().Before(v.until) }

// Set is that of [KV].
func (m *MemoryKV) Set(plugin, key string, value json.RawMessage, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.all[plugin]
	if own == nil {
		own = map[string]kept{}
		m.all[plugin] = own
	}
	if _, there := own[key]; !there && len(own) >= MaxKeys {
		maps.DeleteFunc(own, func(_ string, v kept) bool { return m.over(v) })
		if len(own) >= MaxKeys {
			return fmt.Errorf("plugin %s keeps %d values already; delete some, or give them a ttl", plugin, MaxKeys)
		}
	}
	v := kept{value: slices.Clone(value)}
	if ttl > 0 {
		v.until = m.wall().Add(ttl)
	}
	own[key] = v
	return nil
}

// Delete is that of [KV].
func (m *MemoryKV) Delete(plugin, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all[plugin], key)
	return nil
}

// List is that of [KV].
func (m *MemoryKV) List(plugin, prefix string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := []string{}
	for _, key := range slices.Sorted(maps.Keys(m.all[plugin])) {
		if strings.HasPrefix(key, prefix) && !m.over(m.all[plugin][key]) && len(keys) < limit {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
