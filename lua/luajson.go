package lua

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const maxJSON = 1 << 20 // bytes of a text of JSON

// encodeJSON writes a value as JSON and raises what cannot be written.
func (s *state) encodeJSON(L *lua.LState, v lua.LValue) string {
	var b bytes.Buffer
	if err := appendJSON(&b, v, 0, "value"); err != nil {
		L.RaiseError("%s", err.Error())
	}
	s.charge(L, b.Len()/16)
	return b.String()
}

func appendJSON(b *bytes.Buffer, v lua.LValue, depth int, path string) error {
	if depth > maxDepth {
		return fmt.Errorf("%s is nested more than %d deep, or holds itself", path, maxDepth)
	}
	if b.Len() > maxJSON {
		return fmt.Errorf("%s: more than %d kB of JSON", path, maxJSON>>10)
	}
	switch v := v.(type) {
	case *lua.LNilType:
		b.WriteString("null")
	case lua.LBool:
		b.WriteString(v.String())
	case lua.LNumber:
		f := float64(v)
		switch {
		case math.IsNaN(f) || math.IsInf(f, 0):
			return fmt.Errorf("%s is %s, which JSON has nothing for", path, formatNumber(f))
		case f == math.Trunc(f) && math.Abs(f) < wholeFloat:
			b.WriteString(strconv.FormatInt(int64(f), 10))
		default:
			b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
		}
	case lua.LString:
		appendText(b, string(v))
	case *lua.LTable:
		return appendTable(b, v, depth, path)
	default:
		if v != lua.LValue(null) {
			return fmt.Errorf("%s is a %s, which JSON has nothing for", path, v.Type())
		}
		b.WriteString("null")
	}
	return nil
}

func appendText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(strings.ToValidUTF8(s, "\uFFFD")) // a buffer takes everything
	b.Truncate(b.Len() - 1)                        // the line's end
}

func appendTable(b *bytes.Buffer, t *lua.LTable, depth int, path string) error {
	if frozen(t) {
		return fmt.Errorf("%s belongs to the box and cannot be written; write fields of it", path)
	}
	n, list, err := shape(t, path)
	if err != nil {
		return err
	}
	ends := "{}"
	if list {
		ends = "[]"
	}
	b.WriteByte(ends[0])
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name := printable(key)
		if !list {
			appendText(b, name)
			b.WriteByte(':')
		}
		if err := appendJSON(b, value, depth+1, path+"."+clip(name, 40)); err != nil {
			return err
		}
		if n--; n > 0 {
			b.WriteByte(',')
		}
	}
	b.WriteByte(ends[1])
	return nil
}

// decodeJSON reads JSON into tables, keys in their order.
func (s *state) decodeJSON(L *lua.LState, text string) (lua.LValue, error) {
	if len(text) > maxJSON {
		return nil, fmt.Errorf("the JSON has %d kB; %d kB at most", len(text)>>10, maxJSON>>10)
	}
	d := jsonReader{json.NewDecoder(strings.NewReader(text)), L, s.child.world.array, 0}
	d.UseNumber()
	v, err := d.value(0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("this is no JSON: %s near byte %d", strings.TrimPrefix(err.Error(), "json: "), d.InputOffset())
	}
	if v == lua.LNil {
		return null, nil
	}
	return v, nil
}

type jsonReader struct {
	*json.Decoder
	L     *lua.LState
	array *lua.LTable
	nodes int
}

func (d *jsonReader) value(depth int) (lua.LValue, error) {
	token, err := d.Token()
	if err != nil {
		return nil, unexpected(err)
	}
	if d.nodes++; depth > 2*maxDepth || d.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d values, or nested more than %d deep", maxNodes, 2*maxDepth)
	}
	switch v := token.(type) {
	case bool:
		return lua.LBool(v), nil
	case string:
		return lua.LString(v), nil
	case json.Number:
		return number(v.String()), nil
	case json.Delim:
		if v == '[' {
			return d.list(depth)
		}
		if v == '{' {
			return d.object(depth)
		}
		return nil, fmt.Errorf("unexpected %s", v)
	}
	return lua.LNil, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it breaks off")
	}
	return err
}

// number keeps the digits of whole numbers that a float64 would round: they are ids, and an id that is nearly right is wrong.
func number(s string) lua.LValue {
	f, err := strconv.ParseFloat(s, 64)
	if whole := !strings.ContainsAny(s, ".eE"); err != nil || whole && math.Abs(f) >= wholeFloat {
		return lua.LString(s)
	}
	return lua.LNumber(f)
}

func (d *jsonReader) list(depth int) (lua.LValue, error) {
	t := d.L.CreateTable(8, 0)
	t.Metatable = d.array
	for d.More() {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if v == lua.LNil {
			v = null
		}
		t.Append(v)
	}
	_, err := d.Token()
	return t, unexpected(err)
}

func (d *jsonReader) object(depth int) (lua.LValue, error) {
	t := d.L.CreateTable(0, 8)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("a key that is no text")
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t.RawSetString(name, v)
	}
	_, err := d.Token()
	return t, unexpected(err)
}
