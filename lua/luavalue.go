package lua

import (
	"fmt"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// lua appends what a plugin hands to the box. What the box has nothing for is an error that names the place.
func (e *encoder) lua(v lua.LValue, depth int, path string) error {
	if err := e.room(depth, path); err != nil {
		return err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		e.b = append(e.b, tagNil)
	case lua.LBool:
		e.boolean(bool(v))
	case lua.LNumber:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is %s, which is no number outside Lua", path, formatNumber(f))
		}
		e.number(float64(v))
	case lua.LString:
		e.text(string(v))
	case *lua.LTable:
		return e.luaTable(v, depth, path)
	case *lua.LUserData:
		if v != null {
			return fmt.Errorf("%s is a userdata, which cannot leave the plugin", path)
		}
		e.b = append(e.b, tagNull)
	default:
		return fmt.Errorf("%s is a %s, which cannot leave the plugin", path, v.Type())
	}
	return nil
}

func (e *encoder) luaTable(t *lua.LTable, depth int, path string) error {
	if frozen(t) {
		return fmt.Errorf("%s belongs to the box and cannot be sent; send fields of it", path)
	}
	n, list, err := shape(t, path)
	if err != nil {
		return err
	}
	if list {
		e.b = append(e.b, tagList)
	} else {
		e.b = append(e.b, tagMap)
	}
	e.uvarint(uint64(n))
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name := printable(key)
		if !list {
			e.raw(name)
		}
		if err := e.lua(value, depth+1, path+"."+clip(name, 40)); err != nil {
			return err
		}
	}
	return nil
}

// shape counts a table and says whether it is a list: keys 1 to n and no others. Anything between a list and a map would arrive
// as something else than was sent, so it is refused.
func shape(t *lua.LTable, path string) (n int, list bool, err error) {
	numbers := 0
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		if n++; n > maxNodes {
			return 0, false, fmt.Errorf("%s has more than %d entries", path, maxNodes)
		}
		switch k := key.(type) {
		case lua.LString:
		case lua.LNumber:
			if numbers++; float64(k) != float64(n) {
				return 0, false, fmt.Errorf("%s has numbers as keys that are not 1 to n; use texts as keys, or a list without holes", path)
			}
		default:
			return 0, false, fmt.Errorf("%s has a %s as a key", path, key.Type())
		}
	}
	if numbers != 0 && numbers != n {
		return 0, false, fmt.Errorf("%s has both texts and numbers as keys", path)
	}
	return n, numbers > 0 || n == 0 && isArray(t), nil
}

// lua reads what the box hands to a plugin.
func (d *decoder) lua(L *lua.LState, depth int) (lua.LValue, error) {
	tag, err := d.tag(depth)
	if err != nil {
		return nil, err
	}
	switch tag {
	case tagNil:
		return lua.LNil, nil
	case tagNull:
		return null, nil
	case tagFalse, tagTrue:
		return lua.LBool(tag == tagTrue), nil
	case tagInt, tagFloat:
		f, err := d.number(tag)
		return lua.LNumber(f), err
	case tagText:
		s, err := d.raw()
		return lua.LString(s), err
	case tagList:
		return d.luaList(L, depth)
	case tagMap:
		return d.luaMap(L, depth)
	}
	return nil, errMalformed
}

func (d *decoder) luaList(L *lua.LState, depth int) (lua.LValue, error) {
	n, err := d.length(1)
	if err != nil {
		return nil, err
	}
	t := L.CreateTable(min(n, 64), 0)
	for range n {
		v, err := d.lua(L, depth+1)
		if err != nil {
			return nil, err
		}
		if v == lua.LNil {
			v = null // a hole would end the list
		}
		t.Append(v)
	}
	return t, nil
}

func (d *decoder) luaMap(L *lua.LState, depth int) (lua.LValue, error) {
	n, err := d.length(2)
	if err != nil {
		return nil, err
	}
	t := L.CreateTable(0, min(n, 64))
	for range n {
		key, err := d.raw()
		if err != nil {
			return nil, err
		}
		v, err := d.lua(L, depth+1)
		if err != nil {
			return nil, err
		}
		t.RawSetString(key, v)
	}
	return t, nil
}

// null is json.null: a value that says that there is none.
var null = &lua.LUserData{Metatable: lua.LNil}

// printable is a value as text. Tables and functions have no address: it would differ from run to run, and tell where the memory
// of the process lies.
func printable(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	case lua.LBool, *lua.LNilType:
		return v.String()
	}
	if v == null {
		return "null"
	}
	return v.Type().String()
}

// formatNumber writes a number as Lua 5.1 does: fourteen digits, whole numbers without a point.
func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}
