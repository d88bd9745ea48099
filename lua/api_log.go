package lua

import (
	lua "github.com/yuin/gopher-lua"
)

const maxLogText = 1000 // bytes of a line

var logFunctions = []declaration{
	logFunction("debug", "Writes what only developers want to see.", `log.debug("asking", { number = number })`),
	logFunction("info", "Writes what operators may want to know.", `log.info("call ended", { call = event.call })`),
	logFunction("warn", "Writes what somebody should look at.", `log.warn("slow answer", { seconds = 2 })`),
	logFunction("error", "Writes what somebody must look at.", `log.error("no answer", { reason = err })`),
}

func logFunction(level, doc, example string) declaration {
	return declaration{module: "log", name: level, doc: doc + " 100 lines a call at most.", phases: always, example: example,
		params: []param{{name: "text", kind: "string", doc: "One line."}, {name: "fields", kind: "table<string, any>", doc: "Values beside it.", optional: true}},
		local: func(L *lua.LState) int {
			stateOf(L).log(L, level, L.CheckString(1), L.OptTable(2, nil))
			return 0
		}}
}

// log sends a line to the box and does not wait. The box counts again.
func (s *state) log(L *lua.LState, level, text string, fields *lua.LTable) {
	if s.lines++; s.lines > maxLines || s.phase == phaseLoad && s.quiet {
		return
	}
	e := begin(frameLog, s.id)
	e.max = 8 << 10
	e.text(s.program.name)
	e.text(level)
	e.text(clip(text, maxLogText))
	values := lua.LValue(lua.LNil)
	if fields != nil {
		values = fields
	}
	if err := e.lua(values, 0, "fields"); err != nil {
		L.RaiseError("%s", err.Error())
	}
	s.child.send(e)
}

func clip(s string, most int) string {
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
