package lua

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// tableTable is the interpreter's, with what belongs to the box guarded and long work paid for.
func tableTable(L *lua.LState) *lua.LTable {
	given := L.GetGlobal("table").(*lua.LTable)
	guarded := func(name string, grows int) lua.LGFunction {
		f := given.RawGetString(name).(*lua.LFunction).GFunction
		return func(L *lua.LState) int {
			t := writable(L, 1)
			n := t.Len()
			if n+grows >= maxArrayIndex {
				L.RaiseError("table.%s: a list has less than %d entries", name, maxArrayIndex)
			}
			if L.GetTop() > 1+grows { // what is behind the place moves
				stateOf(L).charge(L, n/64)
			}
			return f(L)
		}
	}
	return table(map[string]lua.LGFunction{
		"concat": tableConcat, "insert": guarded("insert", 1), "remove": guarded("remove", 0),
		"sort": func(L *lua.LState) int {
			t := writable(L, 1)
			stateOf(L).charge(L, t.Len())
			return given.RawGetString("sort").(*lua.LFunction).GFunction(L)
		},
		"maxn": given.RawGetString("maxn").(*lua.LFunction).GFunction,
		"getn": given.RawGetString("getn").(*lua.LFunction).GFunction,
	})
}

// tableConcat joins without the registers of the interpreter, which hold a few thousand values.
func tableConcat(L *lua.LState) int {
	t, separator := L.CheckTable(1), L.OptString(2, "")
	from, to := index(L, 3, 1), index(L, 4, t.Len())
	s := stateOf(L)
	var b strings.Builder
	for i := from; i <= to; i++ {
		v := t.RawGet(lua.LNumber(i))
		if v.Type() != lua.LTString && v.Type() != lua.LTNumber {
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		if i > from {
			b.WriteString(separator)
		}
		text := printable(v)
		s.fit(L, "table.concat", float64(b.Len()+len(text)))
		b.WriteString(text)
		if i%256 == 0 {
			s.charge(L, 64)
		}
	}
	return pushText(L, b.String())
}
