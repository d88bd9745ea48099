package lua

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// world is what all states of a child share: the library of Lua as far as it is safe, and the modules of the box. It is built
// once and only read afterwards. A plugin sees each table of it through an empty one that reads from it and refuses to be written.
type world struct {
	base    *lua.LTable            // pairs, pcall, string, …
	modules map[string]*lua.LTable // "callbox.http"
	methods *lua.LTable            // of the call
	strings *lua.LTable            // metatable of texts
	array   *lua.LTable            // metatable of tables that are arrays in JSON

	create, wrap, resume lua.LGFunction // of coroutines
}

// goFunction is a function of the box. Those of the world belong to no state.
func goFunction(f lua.LGFunction) *lua.LFunction { return &lua.LFunction{IsG: true, GFunction: f} }

// refuse is what happens to writes into what the box owns; its address marks such tables.
var refuse = goFunction(func(L *lua.LState) int {
	L.RaiseError("%s cannot be set: this table belongs to the box", printable(L.Get(2)))
	return 0
})

// frozenView is an empty table through which another can be read.
func frozenView(t *lua.LTable) *lua.LTable {
	meta := &lua.LTable{Metatable: lua.LNil}
	meta.RawSetString("__index", t)
	meta.RawSetString("__newindex", refuse)
	meta.RawSetString("__metatable", lua.LFalse)
	return &lua.LTable{Metatable: meta}
}

// frozen says whether a table is a view of something of the box.
func frozen(t *lua.LTable) bool {
	meta, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return false
	}
	switch meta.RawGetString("__newindex") {
	case refuse, refuseGlobal, refuseField:
		return true
	}
	return false
}

func isArray(t *lua.LTable) bool {
	meta, ok := t.Metatable.(*lua.LTable)
	return ok && meta.RawGetString("__name") == lua.LString("array")
}

func table(entries map[string]lua.LGFunction) *lua.LTable {
	t := &lua.LTable{Metatable: lua.LNil}
	for name, f := range entries {
		t.RawSetString(name, goFunction(f))
	}
	return t
}

func newWorld() *world {
	w := &world{modules: map[string]*lua.LTable{}}
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	for _, open := range []lua.LGFunction{lua.OpenBase, lua.OpenTable, lua.OpenMath, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	w.base = baseTable(L)
	text := table(stringFunctions)
	w.strings = &lua.LTable{Metatable: lua.LNil}
	w.strings.RawSetString("__index", text)
	w.strings.RawSetString("__metatable", lua.LFalse)
	w.array = &lua.LTable{Metatable: lua.LNil}
	w.array.RawSetString("__name", lua.LString("array"))
	w.array.RawSetString("__metatable", lua.LFalse)
	w.base.RawSetString("string", frozenView(text))
	w.base.RawSetString("table", frozenView(tableTable(L)))
	w.base.RawSetString("math", frozenView(mathTable(L)))
	w.base.RawSetString("coroutine", frozenView(w.coroutines(L)))
	w.bind()
	return w
}

// bind makes a function of each declaration.
func (w *world) bind() {
	tables := map[string]*lua.LTable{}
	for i := range declarations {
		d := &declarations[i]
		if tables[d.module] == nil {
			tables[d.module] = &lua.LTable{Metatable: lua.LNil}
		}
		tables[d.module].RawSetString(d.name, goFunction(d.bound()))
	}
	tables["json"].RawSetString("null", null)
	for name, t := range tables {
		if name == "call" {
			w.methods = t
		} else {
			w.modules["callbox."+name] = frozenView(t)
		}
	}
}

// bound checks what every call of a function of the box must fulfil, then makes it.
func (d *declaration) bound() lua.LGFunction {
	first := 1
	if d.module == "call" {
		first = 2
	}
	return func(L *lua.LState) int {
		s := stateOf(L)
		if s.phase&d.phases == 0 {
			L.RaiseError("%s cannot be called %s (only %s)", d.spoken(), s.phase, d.phases)
		}
		if first == 2 && (s.call == nil || !s.isCall(L.Get(1))) {
			L.RaiseError("%s is called with a colon: %s(…)", strings.Replace(d.spoken(), ":", ".", 1), d.spoken())
		}
		for i := range d.params {
			d.params[i].check(L, d, first+i)
		}
		if d.local != nil {
			return d.local(L)
		}
		args := make([]lua.LValue, len(d.params))
		for i := range args {
			args[i] = L.Get(first + i)
		}
		values := s.ask(L, d, args...)
		for _, v := range values {
			L.Push(v)
		}
		return len(values)
	}
}

func (s *state) isCall(v lua.LValue) bool {
	t, ok := v.(*lua.LTable)
	if !ok {
		return false
	}
	meta, ok := t.Metatable.(*lua.LTable)
	return ok && meta.RawGetString("__index") == lua.LValue(s.call)
}

// check raises a mistake in an argument at the line that makes it.
func (p *param) check(L *lua.LState, d *declaration, at int) {
	v := L.Get(at)
	if v == lua.LNil && (p.optional || p.kind == "any") {
		return
	}
	if !fits(v, p.kind) {
		L.RaiseError("%s: %s is a %s; it is %s", d.spoken(), p.name, v.Type(), spokenKind(p.kind))
	}
	c := declaredType[p.kind]
	if c == nil || !c.closed {
		return
	}
	t := v.(*lua.LTable)
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name := printable(key)
		at := slices.IndexFunc(c.fields, func(f param) bool { return f.name == name })
		if at < 0 {
			L.RaiseError("%s: there is no option %s%s", d.spoken(), clip(name, 40), meant(name, c.names()))
		}
		if f := c.fields[at]; !fits(value, f.kind) {
			L.RaiseError("%s: %s is a %s; it is %s", d.spoken(), f.name, value.Type(), spokenKind(f.kind))
		}
	}
}

func (c *class) names() (names []string) {
	for _, f := range c.fields {
		names = append(names, f.name)
	}
	return names
}

// fits says whether a value is of a type, as the editor spells it.
func fits(v lua.LValue, kind string) bool {
	for alternative := range strings.SplitSeq(kind, "|") {
		switch {
		case alternative == "any",
			alternative == "string" && (v.Type() == lua.LTString || v.Type() == lua.LTNumber),
			alternative == "number" && v.Type() == lua.LTNumber,
			alternative == "boolean" && v.Type() == lua.LTBool,
			alternative != "string" && alternative != "number" && alternative != "boolean" && v.Type() == lua.LTTable:
			return true
		}
	}
	return false
}

func spokenKind(kind string) string {
	switch {
	case kind == "string":
		return "text"
	case kind == "number" || kind == "boolean":
		return "a " + kind
	case kind == "string|string[]":
		return "text or a list of texts"
	case strings.HasSuffix(kind, "[]"):
		return "a list"
	}
	return "a table"
}

// meant is a hint at the name that was probably meant.
func meant(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		d := distance(name, k)
		if strings.HasPrefix(k, name) {
			d-- // it was not finished
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; there are " + strings.Join(known, ", ")
	}
	return "; did you mean " + best + "?"
}

// distance counts the edits between two short names (Levenshtein).
func distance(a, b string) int {
	a, b = a[:min(len(a), 40)], b[:min(len(b), 40)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost = min(before, row[j], row[j+1]) + 1
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
