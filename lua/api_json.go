package lua

import (
	lua "github.com/yuin/gopher-lua"
)

var jsonFunctions = []declaration{
	{module: "json", name: "encode", doc: "Writes a value as JSON, in the order in which its keys were set. An empty table is {}.", phases: always,
		params: []param{{name: "value", kind: "any", doc: "Text, number, boolean, table, json.null.", optional: true}}, returns: []param{{name: "text", kind: "string", doc: "JSON."}},
		example: `local text = json.encode{ policy = number }`, local: func(L *lua.LState) int {
			L.Push(lua.LString(stateOf(L).encodeJSON(L, L.Get(1))))
			return 1
		}},
	{module: "json", name: "decode", doc: "Reads JSON. null in an object is left out, in an array it is json.null; whole numbers too long to be exact stay text.", phases: always, fails: true,
		params: []param{{name: "text", kind: "string", doc: "JSON."}}, returns: []param{{name: "value", kind: "any", doc: "What it says."}},
		example: `local value, err = json.decode(text)`, local: func(L *lua.LState) int {
			s, text := stateOf(L), L.CheckString(1)
			s.charge(L, len(text)/16)
			value, err := s.decodeJSON(L, text)
			if err != nil {
				L.Push(lua.LNil)
				L.Push(lua.LString(err.Error()))
				return 2
			}
			L.Push(value)
			return 1
		}},
	{module: "json", name: "array", doc: "Marks a table as an array, so that it is [] when it is empty.", phases: always,
		params: []param{{name: "list", kind: "any[]", doc: "A new one when left out.", optional: true}}, returns: []param{{name: "list", kind: "any[]", doc: "The same table."}},
		example: `local rows = json.array()`, local: func(L *lua.LState) int {
			list := L.OptTable(1, nil)
			if list == nil {
				list = L.CreateTable(8, 0)
			}
			if frozen(list) {
				L.RaiseError("this table belongs to the box")
			}
			list.Metatable = stateOf(L).child.world.array
			L.Push(list)
			return 1
		}},
}
