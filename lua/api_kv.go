package lua

import (
	"encoding/json"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxKey   = 256
	maxValue = 64 << 10
	maxList  = 1000
	maxTTL   = 10 * 365 * 24 * time.Hour
)

var keepClass = class{name: "Keep", doc: "How long a value is kept.", closed: true, fields: []param{
	{name: "ttl", kind: "number", doc: "Seconds; without it, for ever.", optional: true},
}}

var keyParam = param{name: "key", kind: "string", doc: "A name of 256 bytes at most."}

var kvFunctions = []declaration{
	{module: "kv", name: "get", doc: "Gets what is kept under a key.", phases: loaded, needs: grantKV, params: []param{keyParam}, example: `local known = kv.get("policy:" .. number)`,
		returns: []param{{name: "value", kind: "any", doc: "nil when there is nothing, or no longer.", optional: true}}, local: kvGet, serve: serveGet},
	{module: "kv", name: "set", doc: "Keeps a value under a key.", phases: loaded, needs: grantKV, effect: true, example: `kv.set("policy:" .. number, policy, { ttl = 3600 })`,
		params: []param{keyParam, {name: "value", kind: "any", doc: "Text, number, boolean or table; 64 kB as JSON at most. nil deletes it.", optional: true}, {name: "options", kind: "callbox.Keep", doc: "How long.", optional: true}},
		local:  kvSet, serve: serveSet},
	{module: "kv", name: "delete", doc: "Forgets what is kept under a key.", phases: loaded, needs: grantKV, effect: true, params: []param{keyParam}, example: `kv.delete("policy:" .. number)`,
		serve: func(s *service, args []any) ([]any, error) {
			key, err := s.key(args[0])
			if err != nil {
				return nil, err
			}
			return nil, s.h.o.Services.KV.Delete(s.plugin.Name, key)
		}},
	{module: "kv", name: "list", doc: "Lists keys, 1,000 at most.", phases: loaded, needs: grantKV, params: []param{{name: "prefix", kind: "string", doc: "What they begin with.", optional: true}},
		returns: []param{{name: "keys", kind: "string[]", doc: "The keys in their order."}}, example: `for _, key in ipairs(kv.list("policy:")) do kv.delete(key) end`, serve: serveList},
}

func kvGet(L *lua.LState) int {
	s := stateOf(L)
	values := s.ask(L, declared["kv.get"], L.Get(1))
	raw, ok := values[0].(lua.LString)
	if !ok {
		return 0
	}
	value, err := s.decodeJSON(L, string(raw))
	if err != nil {
		L.RaiseError("what is kept under %q cannot be read: %v", L.CheckString(1), err)
	}
	L.Push(value)
	return 1
}

func kvSet(L *lua.LState) int {
	s := stateOf(L)
	if L.Get(2) == lua.LNil {
		s.ask(L, declared["kv.delete"], L.Get(1))
		return 0
	}
	s.ask(L, declared["kv.set"], L.Get(1), lua.LString(s.encodeJSON(L, L.Get(2))), L.Get(3))
	return 0
}

func (s *service) key(v any) (string, error) {
	key, _ := v.(string)
	if s.h.o.Services.KV == nil {
		return "", misusef("this box keeps nothing for plugins")
	}
	if key == "" || len(key) > maxKey {
		return "", misusef("the key has %d bytes; it has 1 to %d", len(key), maxKey)
	}
	return key, nil
}

func serveGet(s *service, args []any) ([]any, error) {
	key, err := s.key(args[0])
	if err != nil {
		return nil, err
	}
	value, ok, err := s.h.o.Services.KV.Get(s.plugin.Name, key)
	if err != nil || !ok {
		return []any{nil}, err
	}
	return []any{string(value)}, nil
}

func serveSet(s *service, args []any) ([]any, error) {
	key, err := s.key(args[0])
	if err != nil {
		return nil, err
	}
	value, _ := args[1].(string)
	options, _ := args[2].(map[string]any)
	ttl, err := seconds(options, "ttl", maxTTL)
	switch {
	case err != nil:
		return nil, err
	case len(value) > maxValue:
		return nil, misusef("the value has %d kB as JSON; it has %d kB at most", len(value)>>10, maxValue>>10)
	case !json.Valid([]byte(value)):
		return nil, misusef("the value is no JSON")
	}
	return nil, s.h.o.Services.KV.Set(s.plugin.Name, key, json.RawMessage(value), ttl)
}

func serveList(s *service, args []any) ([]any, error) {
	prefix, _ := args[0].(string)
	if _, err := s.key("x" + prefix); err != nil {
		return nil, err
	}
	keys, err := s.h.o.Services.KV.List(s.plugin.Name, prefix, maxList)
	return []any{keys}, err
}
