package lua

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Values travel between the two halves as a tag and what belongs to it. Numbers that are whole go as zigzag varints, others as
// IEEE 754 in little endian; a text, a list and a map begin with their length. The keys of maps are texts.
const (
	tagNil byte = iota
	tagFalse
	tagTrue
	tagInt
	tagFloat
	tagText
	tagList
	tagMap
	tagNull // json.null; this side makes it nil
)

const (
	maxDepth   = 32        // of values in values
	maxNodes   = 100_000   // values in one message
	maxMessage = 4 << 20   // bytes of one frame
	maxPayload = 512 << 10 // bytes of what a function takes, or gives back
	wholeFloat = 1 << 53   // beyond, a float64 is no exact count any more
)

var errMalformed = errors.New("malformed message")

// encoder appends values and remembers what was wrong with the first one that could not be sent.
type encoder struct {
	b     []byte
	max   int
	nodes int
}

func (e *encoder) uvarint(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) text(s string) {
	e.b = append(e.b, tagText)
	e.raw(s)
}

func (e *encoder) raw(s string) {
	e.uvarint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) number(f float64) {
	if f == math.Trunc(f) && math.Abs(f) < wholeFloat {
		e.b = binary.AppendVarint(append(e.b, tagInt), int64(f))
		return
	}
	e.b = binary.LittleEndian.AppendUint64(append(e.b, tagFloat), math.Float64bits(f))
}

func (e *encoder) boolean(v bool) {
	if v {
		e.b = append(e.b, tagTrue)
	} else {
		e.b = append(e.b, tagFalse)
	}
}

// room counts one more value and says whether it may still be sent.
func (e *encoder) room(depth int, path string) error {
	e.nodes++
	switch {
	case depth > maxDepth:
		return fmt.Errorf("%s is nested more than %d deep, or holds itself", path, maxDepth)
	case e.nodes > maxNodes:
		return fmt.Errorf("%s: more than %d values at once", path, maxNodes)
	case len(e.b) > e.max:
		return fmt.Errorf("%s: more than %d kB at once", path, e.max>>10)
	}
	return nil
}

// value appends what this side hands to Lua. Maps go in the order of their keys, so that a run can be repeated.
func (e *encoder) value(v any, depth int, path string) error {
	if err := e.room(depth, path); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		e.b = append(e.b, tagNil)
	case bool:
		e.boolean(v)
	case string:
		e.text(v)
	case []byte:
		e.text(string(v))
	case []any:
		return encodeList(e, v, depth, path)
	case []string:
		return encodeList(e, v, depth, path)
	case []map[string]any:
		return encodeList(e, v, depth, path)
	case map[string]any:
		return encodeMap(e, v, depth, path)
	case map[string]string:
		return encodeMap(e, v, depth, path)
	case time.Time:
		e.text(v.Format(time.RFC3339Nano))
	case time.Duration:
		e.number(v.Seconds())
	default:
		f, err := float(v)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is a %T, which Lua has nothing for", path, v)
		}
		e.number(f)
	}
	return nil
}

func float(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case float32:
		return float64(v), nil
	case int:
		return float64(v), nil
	case int32:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case uint:
		return float64(v), nil
	case uint32:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case json.Number:
		return v.Float64()
	}
	return 0, errMalformed
}

func encodeList[T any](e *encoder, list []T, depth int, path string) error {
	e.b = append(e.b, tagList)
	e.uvarint(uint64(len(list)))
	for _, v := range list {
		if err := e.value(any(v), depth+1, path); err != nil {
			return err
		}
	}
	return nil
}

func encodeMap[T any](e *encoder, m map[string]T, depth int, path string) error {
	e.b = append(e.b, tagMap)
	e.uvarint(uint64(len(m)))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		e.raw(key)
		if err := e.value(any(m[key]), depth+1, path+"."+key); err != nil {
			return err
		}
	}
	return nil
}

// decoder reads values. It takes every length for a lie until the bytes are there.
type decoder struct {
	b     []byte
	nodes int
}

func (d *decoder) uvarint() (uint64, error) {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		return 0, errMalformed
	}
	d.b = d.b[size:]
	return n, nil
}

// length reads how many of something follow, each of which takes at least least bytes.
func (d *decoder) length(least int) (int, error) {
	n, err := d.uvarint()
	if err != nil || n > uint64(len(d.b)/least) {
		return 0, errMalformed
	}
	return int(n), nil
}

func (d *decoder) raw() (string, error) {
	n, err := d.length(1)
	if err != nil {
		return "", err
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s, nil
}

// tag reads the kind of the next value and counts it.
func (d *decoder) tag(depth int) (byte, error) {
	if d.nodes++; len(d.b) == 0 || depth > maxDepth || d.nodes > maxNodes {
		return 0, errMalformed
	}
	tag := d.b[0]
	d.b = d.b[1:]
	return tag, nil
}

func (d *decoder) number(tag byte) (float64, error) {
	if tag == tagInt {
		n, size := binary.Varint(d.b)
		if size <= 0 {
			return 0, errMalformed
		}
		d.b = d.b[size:]
		return float64(n), nil
	}
	if len(d.b) < 8 {
		return 0, errMalformed
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, errMalformed // expressions and JSON know no such numbers
	}
	return f, nil
}

// value reads what Lua handed over: nil, bool, float64, string, []any or map[string]any.
func (d *decoder) value(depth int) (any, error) {
	tag, err := d.tag(depth)
	if err != nil {
		return nil, err
	}
	switch tag {
	case tagNil, tagNull:
		return nil, nil
	case tagFalse, tagTrue:
		return tag == tagTrue, nil
	case tagInt, tagFloat:
		return d.number(tag)
	case tagText:
		return d.raw()
	case tagList:
		return d.list(depth)
	case tagMap:
		return d.table(depth)
	}
	return nil, errMalformed
}

func (d *decoder) list(depth int) (any, error) {
	n, err := d.length(1)
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, min(n, 64))
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *decoder) table(depth int) (any, error) {
	n, err := d.length(2)
	if err != nil {
		return nil, err
	}
	table := make(map[string]any, min(n, 64))
	for range n {
		key, err := d.raw()
		if err != nil {
			return nil, err
		}
		if table[key], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return table, nil
}
