package lua

import (
	"net/url"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

var requestClass = class{name: "Request", doc: "What goes with a request.", closed: true, fields: []param{
	{name: "headers", kind: "table<string, string>", doc: "Header fields.", optional: true},
	{name: "query", kind: "table<string, any>", doc: "Appended to the address, escaped.", optional: true},
	{name: "json", kind: "any", doc: "Sent as JSON.", optional: true},
	{name: "body", kind: "string", doc: "Sent as it is, instead of json.", optional: true},
	{name: "timeout", kind: "number", doc: "Seconds; the function's own time is the most.", optional: true},
}}

var responseClass = class{name: "Response", doc: "What came back, whatever its status.", fields: []param{
	{name: "status", kind: "number", doc: "The status, such as 200."},
	{name: "headers", kind: "table<string, string>", doc: "Header fields; names in lower case."},
	{name: "body", kind: "string", doc: "The body, 1 MB at most."},
	{name: "json", kind: "any", doc: "The body, read as JSON when it says that it is.", optional: true},
}}

var httpFunctions = []declaration{
	httpFunction("get", "Asks for what is at an address.", `local res, err = http.get(callbox.config.base_url .. "/policies/" .. number)`, false),
	httpFunction("post", "Sends something to an address.", `local res, err = http.post(url, { json = { policy = number } })`, true),
	httpFunction("put", "Puts something at an address.", `local res, err = http.put(url, { json = record })`, true),
	httpFunction("patch", "Changes what is at an address.", `local res, err = http.patch(url, { json = { status = "closed" } })`, true),
	httpFunction("delete", "Removes what is at an address.", `local res, err = http.delete(url)`, true),
}

func httpFunction(name, doc, example string, effect bool) declaration {
	return declaration{module: "http", name: name, doc: doc, phases: loaded, needs: grantHTTP, effect: effect, fails: true, example: example,
		params:  []param{{name: "url", kind: "string", doc: "An address that begins with an allowed prefix."}, {name: "options", kind: "callbox.Request", doc: "What goes with it.", optional: true}},
		returns: []param{{name: "response", kind: "callbox.Response", doc: "The answer; also when its status tells of a failure."}},
		local:   func(L *lua.LState) int { return httpRequest(L, name) }, serve: func(s *service, args []any) ([]any, error) { return s.request(name, args) }}
}

// httpRequest writes JSON here, where the order of a table is known, and reads JSON here, where the process is expendable.
func httpRequest(L *lua.LState, method string) int {
	s := stateOf(L)
	address, sent := L.CheckString(1), L.CreateTable(0, 4)
	if o, ok := L.Get(2).(*lua.LTable); ok {
		address += query(L, o, address)
		headers := L.CreateTable(0, 4)
		if given, ok := o.RawGetString("headers").(*lua.LTable); ok {
			given.ForEach(func(k, v lua.LValue) { headers.RawSet(k, v) })
		}
		if value := o.RawGetString("json"); value != lua.LNil {
			sent.RawSetString("body", lua.LString(s.encodeJSON(L, value)))
			if headers.RawGetString("Content-Type") == lua.LNil {
				headers.RawSetString("Content-Type", lua.LString("application/json"))
			}
		} else {
			sent.RawSetString("body", o.RawGetString("body"))
		}
		sent.RawSetString("headers", headers)
		sent.RawSetString("timeout", o.RawGetString("timeout"))
	}
	values := s.ask(L, declared["http."+method], lua.LString(address), sent)
	if response, ok := values[0].(*lua.LTable); ok {
		s.readJSON(L, response)
	}
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}

func (s *state) readJSON(L *lua.LState, response *lua.LTable) {
	headers, _ := response.RawGetString("headers").(*lua.LTable)
	if headers == nil || !strings.Contains(lua.LVAsString(headers.RawGetString("content-type")), "json") {
		return
	}
	body := lua.LVAsString(response.RawGetString("body"))
	s.charge(L, len(body)/16)
	if value, err := s.decodeJSON(L, body); err == nil {
		response.RawSetString("json", value)
	}
}

func query(L *lua.LState, options *lua.LTable, address string) string {
	given, ok := options.RawGetString("query").(*lua.LTable)
	if !ok {
		return ""
	}
	values := url.Values{}
	given.ForEach(func(k, v lua.LValue) {
		if v.Type() == lua.LTTable || v.Type() == lua.LTFunction {
			L.RaiseError("query.%s is a %s; it is text, a number or a boolean", printable(k), v.Type())
		}
		values.Set(printable(k), printable(v))
	})
	if len(values) == 0 {
		return ""
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return separator + values.Encode() // by key, so that a run can be repeated
}
