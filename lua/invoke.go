package lua

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const maxResults = 4 // of a function

// run makes the call and gives what to tell the box of it.
func (s *state) run(c *callFrame) func(*encoder) {
	s.arm(c)
	L := s.l
	f, ok := s.module.RawGetString(c.function).(*lua.LFunction)
	if !ok {
		return failed{kind: KindError, file: s.program.main, text: fmt.Sprintf("there is no function %s%s", c.function, meant(c.function, s.functions()))}.encode
	}
	args, err := s.arguments(L, &c.arguments)
	if err != nil {
		return failed{kind: KindError, text: "its arguments did not arrive: " + err.Error()}.encode
	}
	if err := s.protect(func() error { return L.CallByParam(lua.P{Fn: f, NRet: lua.MultRet, Protect: true}, args...) }); err != nil {
		return s.failure(err).encode
	}
	e := &encoder{max: maxPayload}
	e.boolean(true)
	for i := 1; i <= min(L.GetTop(), maxResults); i++ {
		if err := e.lua(L.Get(i), 0, "the result"); err != nil {
			at := failed{kind: KindError, file: s.program.main, text: err.Error()}
			if f.Proto != nil {
				at.file, at.line = f.Proto.SourceName, f.Proto.LineDefined
			}
			return at.encode
		}
	}
	if len(e.b) > e.max {
		return failed{kind: KindError, file: s.program.main, text: fmt.Sprintf("the result has more than %d kB", e.max>>10)}.encode
	}
	return func(out *encoder) { out.b = append(out.b, e.b...) }
}

func (s *state) functions() (names []string) {
	for key, value := s.module.Next(lua.LNil); key != lua.LNil; key, value = s.module.Next(key) {
		if value.Type() == lua.LTFunction {
			names = append(names, printable(key))
		}
	}
	return names
}

// arguments reads the call's fields, which become the call, and what follows.
func (s *state) arguments(L *lua.LState, b *decoder) (args []lua.LValue, err error) {
	first, err := b.lua(L, 0)
	if err != nil {
		return nil, err
	}
	if fields, ok := first.(*lua.LTable); ok {
		args = append(args, s.makeCall(L, fields))
	} else if s.phase&onCall != 0 {
		args = append(args, lua.LNil) // a function about a call that has none keeps its other arguments in place
	}
	for len(b.b) > 0 {
		v, err := b.lua(L, 0)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	return args, nil
}

// makeCall shows the fields and methods of the call, and refuses to be written: a field that is set would change nothing.
func (s *state) makeCall(L *lua.LState, fields *lua.LTable) *lua.LTable {
	s.call = fields
	methods := L.CreateTable(0, 1)
	methods.RawSetString("__index", s.child.world.methods)
	methods.RawSetString("__metatable", lua.LFalse)
	fields.Metatable = methods
	call := L.CreateTable(0, 0)
	meta := L.CreateTable(0, 3)
	meta.RawSetString("__index", fields)
	meta.RawSetString("__newindex", refuseField)
	meta.RawSetString("__metatable", lua.LFalse)
	call.Metatable = meta
	return call
}

var refuseField = goFunction(func(L *lua.LState) int {
	name := printable(L.Get(2))
	if strings.ContainsAny(name, " \n") || len(name) > 40 {
		name = "…"
	}
	L.RaiseError("call.%s cannot be set; what belongs to the call is attached by call:set(%q, value)", name, name)
	return 0
})
