package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// Bucket holds values of one type under one prefix. Its declarer is its one writer.
type Bucket[T any] struct {
	db     *DB
	prefix string // with the zero byte
	class  Class
}

// Entry is one key of a bucket with its value.
type Entry[T any] struct {
	Key   string
	Value T
}

// Op is one step of a transaction, made by PutOp or DeleteOp.
type Op struct {
	key    string // whole
	value  []byte
	remove bool
	err    error // why the value could not be encoded
}

func (o Op) size() int { return len(o.key) + len(o.value) + opOverhead }

// opOverhead is what an operation costs beside its bytes, as Badger counts a transaction, rounded up.
const opOverhead = 32

// Declare makes a bucket. It panics when prefix is empty, has a zero byte, or was declared before on this db: two writers of one
// prefix are a mistake in our code.
func Declare[T any](db *DB, prefix string, class Class) *Bucket[T] {
	if prefix == "" || strings.IndexByte(prefix, 0) >= 0 {
		panic(fmt.Sprintf("store: %q cannot be a prefix", prefix))
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.declared[prefix] {
		panic(fmt.Sprintf("store: prefix %q has a writer already", prefix))
	}
	db.declared[prefix] = true
	return &Bucket[T]{db: db, prefix: prefix + "\x00", class: class}
}

// Get returns the value of key, and whether there is one.
func (b *Bucket[T]) Get(key string) (T, bool, error) {
	var v T
	if b.class == Rebuilt {
		b.db.engine.settle()
	}
	raw, found, err := b.db.engine.get(b.prefix + key)
	if err != nil {
		return v, false, fmt.Errorf("store: %s: %w", b.name(), err)
	}
	if !found {
		return v, false, nil
	}
	if err := decode(raw, &v); err != nil {
		return v, false, fmt.Errorf("store: %s: %w", b.name(), err)
	}
	return v, true, nil
}

// Put sets the value of key; when it returns depends on the bucket's class.
func (b *Bucket[T]) Put(key string, v T) error { return b.db.Write(b.class, b.PutOp(key, v)) }

// Delete removes key; that it was not there is no error.
func (b *Bucket[T]) Delete(key string) error { return b.db.Write(b.class, b.DeleteOp(key)) }

// PutOp is Put as part of a transaction. A value that cannot be encoded makes the whole Write fail.
func (b *Bucket[T]) PutOp(key string, v T) Op {
	raw, err := encode(v)
	if err != nil {
		err = fmt.Errorf("%s: %w", b.name(), err)
	}
	return Op{key: b.prefix + key, value: raw, err: err}
}

// DeleteOp is Delete as part of a transaction.
func (b *Bucket[T]) DeleteOp(key string) Op { return Op{key: b.prefix + key, remove: true} }

// All yields the entries with from ≤ key < to in the order of their bytes, or backwards. An empty to means up to the end. It shows
// the bucket as it was when the loop began; the loop's body may write. A value that does not decode is yielded with its key and an
// error, and the loop can go on; any other error ends it.
func (b *Bucket[T]) All(from, to string, newestFirst bool) iter.Seq2[Entry[T], error] {
	return func(yield func(Entry[T], error) bool) {
		if b.class == Rebuilt {
			b.db.engine.settle()
		}
		end := b.prefix + to
		if to == "" {
			end = b.prefix[:len(b.prefix)-1] + "\x01"
		}
		stopped := false
		err := b.db.engine.scan(b.prefix+from, end, newestFirst, func(key string, raw []byte) bool {
			e := Entry[T]{Key: key[len(b.prefix):]}
			err := decode(raw, &e.Value)
			if err != nil {
				err = fmt.Errorf("store: %s: %w", b.name(), err)
			}
			stopped = !yield(e, err)
			return !stopped
		})
		if err != nil && !stopped {
			yield(Entry[T]{}, fmt.Errorf("store: %s: %w", b.name(), err))
		}
	}
}

func (b *Bucket[T]) name() string { return b.prefix[:len(b.prefix)-1] }

// encode keeps byte slices as they are and everything else as JSON.
func encode(v any) ([]byte, error) {
	if raw, ok := v.([]byte); ok {
		return append([]byte{}, raw...), nil
	}
	return json.Marshal(v)
}

func decode(raw []byte, v any) error {
	if p, ok := v.(*[]byte); ok {
		*p = append([]byte{}, raw...)
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
