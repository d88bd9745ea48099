package lua

import (
	"math"
	"strings"
	"time"
	_ "time/tzdata" // the child has no files to read zones from

	lua "github.com/yuin/gopher-lua"
)

var layoutParam = param{name: "layout", kind: "string", doc: "Such as \"%Y-%m-%d %H:%M:%S\"; RFC 3339 when left out.", optional: true}

var timeFunctions = []declaration{
	{module: "time", name: "now", doc: "Tells the time of the box, in seconds since 1970, as it was when the function began or last waited.", phases: loaded,
		returns: []param{{name: "seconds", kind: "number", doc: "With milliseconds behind the point."}}, example: `local started = time.now()`,
		local: func(L *lua.LState) int {
			L.Push(lua.LNumber(float64(stateOf(L).wall.UnixMilli()) / 1000))
			return 1
		}},
	{module: "time", name: "format", doc: "Writes a time as text.", phases: always, example: `local today = time.format(time.now(), "%Y-%m-%d")`,
		params:  []param{{name: "seconds", kind: "number", doc: "Since 1970."}, layoutParam, {name: "zone", kind: "string", doc: "Such as \"Asia/Taipei\"; the box's own when left out.", optional: true}},
		returns: []param{{name: "text", kind: "string", doc: "The time."}}, local: timeFormat},
	{module: "time", name: "parse", doc: "Reads a time from text.", phases: always, fails: true, example: `local due = time.parse("2026-04-01", "%Y-%m-%d")`,
		params:  []param{{name: "text", kind: "string", doc: "The time."}, layoutParam, {name: "zone", kind: "string", doc: "Of a text that names none.", optional: true}},
		returns: []param{{name: "seconds", kind: "number", doc: "Since 1970."}}, local: timeParse},
}

func timeFormat(L *lua.LState) int {
	n := float64(L.CheckNumber(1))
	if math.IsNaN(n) || math.Abs(n) > 1e11 {
		L.ArgError(1, "this is no time in seconds since 1970")
	}
	at := time.UnixMilli(int64(math.Round(n * 1000))).In(zoneOf(L, 3))
	L.Push(lua.LString(at.Format(layoutOf(L, 2))))
	return 1
}

func timeParse(L *lua.LState) int {
	at, err := time.ParseInLocation(layoutOf(L, 2), L.CheckString(1), zoneOf(L, 3))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString("this is no time in the layout " + L.OptString(2, "of RFC 3339")))
		return 2
	}
	L.Push(lua.LNumber(float64(at.UnixMilli()) / 1000))
	return 1
}

func zoneOf(L *lua.LState, arg int) *time.Location {
	name := L.OptString(arg, "")
	if name == "" {
		return stateOf(L).wall.Location()
	}
	zone, err := time.LoadLocation(name)
	if err != nil || len(name) > 64 {
		L.ArgError(arg, "there is no time zone of that name; it is written like \"Asia/Taipei\"")
	}
	return zone
}

// layouts are the letters of strftime that stand for the same in every language.
var layouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'z': "-0700", 'Z': "MST",
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05", 'f': "000",
}

func layoutOf(L *lua.LState, arg int) string {
	given := L.OptString(arg, "")
	if given == "" {
		return time.RFC3339
	}
	if len(given) > 100 || strings.ContainsAny(given, "0123456789") {
		L.ArgError(arg, "a layout has letters after %, and neither digits of its own nor more than 100 bytes")
	}
	var b strings.Builder
	for i := 0; i < len(given); i++ {
		if given[i] != '%' {
			b.WriteByte(given[i])
			continue
		}
		if i++; i == len(given) || layouts[given[i]] == "" {
			L.ArgError(arg, "%"+given[min(i, len(given)-1):]+" is no part of a time; there are %Y %m %d %H %M %S and others of strftime")
		}
		b.WriteString(layouts[given[i]])
	}
	return b.String()
}
