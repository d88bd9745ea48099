package appliance

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"callbox/appliance/store"
	"callbox/lua"
)

// pluginKV keeps what plugins want to find again, each its own: lua.KV over the
// store. Keys are plugin, a zero byte, key; a plugin's name has no zero byte.
type pluginKV struct {
	values *store.Bucket[pluginValue]
	now    func() time.Time

	mu    sync.Mutex
	count map[string]int // keys that a plugin has, counted once
}

// pluginValue is one value of a plugin.
type pluginValue struct {
	Value json.RawMessage `json:"value"`
	Until time.Time       `json:"until,omitzero"` // zero: for ever
}

func newPluginKV(db *store.DB, now func() time.Time) *pluginKV {
	return &pluginKV{values: store.Declare[pluginValue](db, "kv", store.Told), now: now, count: map[string]int{}}
}

func (v pluginValue) over(now time.Time) bool { return !v.Until.IsZero() && !now.Before(v.Until) }

// Get implements lua.KV.
func (k *pluginKV) Get(plugin, key string) (json.RawMessage, bool, error) {
	v, ok, err := k.values.Get(plugin + "\x00" + key)
	if err != nil || !ok || v.over(k.now()) {
		return nil, false, err
	}
	return v.Value, true, nil
}

// Set implements lua.KV.
func (k *pluginKV) Set(plugin, key string, value json.RawMessage, ttl time.Duration) error {
	v := pluginValue{Value: value}
	if ttl > 0 {
		v.Until = k.now().Add(ttl)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, there, err := k.values.Get(plugin + "\x00" + key)
	if err != nil {
		return err
	}
	if !there {
		if err := k.room(plugin); err != nil {
			return err
		}
	}
	if err := k.values.Put(plugin+"\x00"+key, v); err != nil {
		return err
	}
	if !there {
		k.count[plugin]++
	}
	return nil
}

// room makes sure that the plugin may have one key more; what has ended is
// swept out before that is denied.
func (k *pluginKV) room(plugin string) error {
	if _, counted := k.count[plugin]; counted && k.count[plugin] < lua.MaxKeys {
		return nil
	}
	n, now := 0, k.now()
	for e, err := range k.all(plugin, "") {
		switch {
		case err != nil:
			return err
		case e.Value.over(now):
			if err := k.values.Delete(e.Key); err != nil {
				return err
			}
		default:
			n++
		}
	}
	if k.count[plugin] = n; n >= lua.MaxKeys {
		return fmt.Errorf("plugin %s keeps %d values already; delete some, or give them a ttl", plugin, lua.MaxKeys)
	}
	return nil
}

// Delete implements lua.KV.
func (k *pluginKV) Delete(plugin, key string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, there, err := k.values.Get(plugin + "\x00" + key)
	if err != nil || !there {
		return err
	}
	k.count[plugin]--
	return k.values.Delete(plugin + "\x00" + key)
}

// List implements lua.KV.
func (k *pluginKV) List(plugin, prefix string, limit int) ([]string, error) {
	var keys []string
	now := k.now()
	for e, err := range k.all(plugin, prefix) {
		if err != nil || len(keys) >= limit {
			return keys, err
		}
		if !e.Value.over(now) {
			keys = append(keys, strings.TrimPrefix(e.Key, plugin+"\x00"))
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// all are the plugin's keys that begin with prefix, those that have ended too.
func (k *pluginKV) all(plugin, prefix string) iter.Seq2[store.Entry[pluginValue], error] {
	from := plugin + "\x00" + prefix
	return func(yield func(store.Entry[pluginValue], error) bool) {
		for e, err := range k.values.All(from, plugin+"\x01", false) {
			if err == nil && !strings.HasPrefix(e.Key, from) {
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
