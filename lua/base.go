package lua

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxArrayIndex = 1 << 20 // the interpreter fills an array up to the index that is set: 16 MB
	maxNest       = 64      // coroutines that wait for one another: each is a stack of ours
	maxThreads    = 10_000  // coroutines of one call
)

// keptBase are functions of the interpreter that are safe as they are. The rest reads files or source, prints, shows memory, or
// reaches into other functions' environments.
var keptBase = []string{"error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "select", "type", "unpack", "xpcall"}

// ownBase are functions that the interpreter has in a form that is not.
var ownBase = map[string]lua.LGFunction{
	"assert": func(L *lua.LState) int {
		if L.CheckAny(1); !L.ToBool(1) {
			if L.GetTop() > 1 {
				L.Error(L.Get(2), 0)
			}
			L.Error(lua.LString("assertion failed!"), 0)
		}
		return L.GetTop()
	},
	"getmetatable": func(L *lua.LState) int {
		L.Push(L.GetMetatable(L.CheckAny(1)))
		return 1
	},
	"print": func(L *lua.LState) int {
		parts := make([]string, L.GetTop())
		for i := range parts {
			parts[i] = spell(L, L.Get(i+1))
		}
		stateOf(L).log(L, "info", strings.Join(parts, "\t"), nil)
		return 0
	},
	"rawset": func(L *lua.LState) int {
		t := writable(L, 1)
		L.RawSet(t, L.CheckAny(2), L.CheckAny(3))
		L.SetTop(1)
		return 1
	},
	"require": require,
	"setmetatable": func(L *lua.LState) int {
		t := writable(L, 1)
		L.CheckTypes(2, lua.LTNil, lua.LTTable)
		if meta, ok := t.Metatable.(*lua.LTable); ok && meta.RawGetString("__metatable") != lua.LNil {
			L.RaiseError("cannot change a protected metatable")
		}
		t.Metatable = L.Get(2)
		L.SetTop(1)
		return 1
	},
	"tonumber": toNumber,
	"tostring": func(L *lua.LState) int {
		L.Push(lua.LString(spell(L, L.CheckAny(1))))
		return 1
	},
}

func baseTable(L *lua.LState) *lua.LTable {
	t := table(ownBase)
	for _, name := range keptBase {
		t.RawSetString(name, L.GetGlobal(name))
	}
	t.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	return t
}

// writable is a table argument that does not belong to the box.
func writable(L *lua.LState, at int) *lua.LTable {
	t := L.CheckTable(at)
	if frozen(t) {
		L.RaiseError("this table belongs to the box and cannot be changed")
	}
	return t
}

// spell is tostring.
func spell(L *lua.LState, v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if f, ok := L.GetMetaField(t, "__tostring").(*lua.LFunction); ok {
			L.Push(f)
			L.Push(t)
			L.Call(1, 1)
			v = L.Get(-1)
			L.Pop(1)
			if v.Type() != lua.LTString {
				L.RaiseError("'tostring' must return a string")
			}
		}
	}
	return printable(v)
}

// toNumber is tonumber; the interpreter's knows no exponents without a point.
func toNumber(L *lua.LState) int {
	v := L.CheckAny(1)
	base := L.OptInt(2, 10)
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	if n, ok := v.(lua.LNumber); ok && base == 10 {
		L.Push(n)
		return 1
	}
	L.Push(lua.LNil)
	if v.Type() != lua.LTString && v.Type() != lua.LTNumber {
		return 1
	}
	text := strings.ToLower(strings.Trim(v.String(), " \t\n\r\v\f"))
	if strings.ContainsAny(text, "_pni") && base == 10 { // Go's spellings of digits, exponents, inf and nan
		return 1
	}
	if base != 10 || strings.HasPrefix(text, "0x") {
		if rest, hex := strings.CutPrefix(text, "0x"); hex && (base == 10 || base == 16) {
			text, base = rest, 16
		}
		if n, err := strconv.ParseUint(text, base, 64); err == nil {
			L.Push(lua.LNumber(n))
		}
		return 1
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil || math.IsInf(f, 0) {
		L.Push(lua.LNumber(f))
	}
	return 1
}

// mathTable is the interpreter's, with the box's chance and with infinity as Lua has it.
func mathTable(L *lua.LState) *lua.LTable {
	given := L.GetGlobal("math").(*lua.LTable)
	t := &lua.LTable{Metatable: lua.LNil}
	given.ForEach(func(k, v lua.LValue) { t.RawSet(k, v) })
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
	t.RawSetString("random", goFunction(random))
	t.RawSetString("randomseed", goFunction(func(L *lua.LState) int {
		s := stateOf(L)
		s.seed, s.random = int64(L.CheckNumber(1)), nil
		return 0
	}))
	return t
}

func random(L *lua.LState) int {
	s := stateOf(L)
	if s.phase == phaseLoad {
		L.RaiseError("math.random cannot be called while the plugin loads: a run could not be repeated; call it in a function")
	}
	if L.GetTop() == 0 {
		L.Push(lua.LNumber(s.chance().Float64()))
		return 1
	}
	low, high := 1.0, math.Floor(float64(L.CheckNumber(1)))
	if L.GetTop() > 1 {
		low, high = high, math.Floor(float64(L.CheckNumber(2)))
	}
	if !(low <= high && high-low < wholeFloat) {
		L.ArgError(L.GetTop(), "interval is empty")
	}
	L.Push(lua.LNumber(low + float64(s.chance().Int64N(int64(high-low)+1))))
	return 1
}

// coroutines are the interpreter's, counted.
func (w *world) coroutines(L *lua.LState) *lua.LTable {
	given := L.GetGlobal("coroutine").(*lua.LTable)
	of := func(name string) lua.LGFunction { return given.RawGetString(name).(*lua.LFunction).GFunction }
	w.create, w.wrap, w.resume = of("create"), of("wrap"), of("resume")
	return table(map[string]lua.LGFunction{
		"create": func(L *lua.LState) int {
			s := stateOf(L)
			n := s.newThread(L, w.create)
			L.Get(-1).(*lua.LState).SetContext(s)
			return n
		},
		"wrap": func(L *lua.LState) int {
			s := stateOf(L)
			s.newThread(L, w.wrap)
			thread := L.Get(-1).(*lua.LFunction).Upvalues[0].Value().(*lua.LState)
			thread.SetContext(s)
			L.Push(L.NewClosure(func(L *lua.LState) int {
				L.Insert(thread, 1)
				return s.nested(L, w.resume)
			}))
			return 1
		},
		"resume":  func(L *lua.LState) int { return stateOf(L).nested(L, w.resume) },
		"running": of("running"), "status": of("status"), "yield": of("yield"),
	})
}

func (s *state) newThread(L *lua.LState, create lua.LGFunction) int {
	if s.threads++; s.threads > maxThreads {
		L.RaiseError("more than %d coroutines in one call", maxThreads)
	}
	s.charge(L, 200) // a stack is made
	return create(L)
}

func (s *state) nested(L *lua.LState, resume lua.LGFunction) int {
	if s.nest++; s.nest > maxNest {
		s.nest--
		L.RaiseError("more than %d coroutines that resume one another", maxNest)
	}
	defer func() { s.nest-- }()
	return resume(L)
}
