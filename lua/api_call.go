package lua

import (
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

var callClass = class{name: "Call", doc: "A call. Its fields are as they were when the function began, data as set since.", fields: []param{
	{name: "id", kind: "string", doc: "The call's id."},
	{name: "from", kind: "string", doc: "The caller's number; empty when it is withheld."},
	{name: "to", kind: "string", doc: "The number that was called."},
	{name: "trunk", kind: "string", doc: "The trunk it came by; empty for calls from phones."},
	{name: "language", kind: "string", doc: "The language spoken to the caller, such as zh-Hant."},
	{name: "generation", kind: "number", doc: "The configuration the call is pinned to."},
	{name: "data", kind: "table<string, any>", doc: "What set, plugins and agents attached."},
	{name: "caller", kind: "callbox.Customer", doc: "The customer that the caller's number belongs to."},
}}

var customerClass = class{name: "Customer", doc: "A customer record.", fields: []param{
	{name: "found", kind: "boolean", doc: "Whether there is one."},
	{name: "id", kind: "string", doc: "The record's id.", optional: true},
	{name: "name", kind: "string", doc: "The customer's name.", optional: true},
	{name: "number", kind: "string", doc: "The number in E.164.", optional: true},
	{name: "fields", kind: "table<string, any>", doc: "The record's own fields.", optional: true},
	{name: "tags", kind: "string[]", doc: "The record's tags.", optional: true},
}}

var collectClass = class{name: "Collect", doc: "What call:collect asks for.", closed: true, fields: []param{
	{name: "prompt", kind: "string", doc: "The prompt played first.", optional: true},
	{name: "digits", kind: "string", doc: "How many keys: \"4-12\", or \"6\".", optional: true},
	{name: "end_key", kind: "string", doc: "The key that ends the input, such as \"#\".", optional: true},
	{name: "timeout", kind: "number", doc: "Seconds of silence after the prompt.", optional: true},
	{name: "tries", kind: "number", doc: "How often the caller is asked.", optional: true},
	{name: "secret", kind: "boolean", doc: "Masked everywhere, in recordings too.", optional: true},
}}

var recordClass = class{name: "Record", doc: "What call:record keeps.", closed: true, fields: []param{
	{name: "max", kind: "number", doc: "Seconds at most.", optional: true},
	{name: "end_key", kind: "string", doc: "The key that ends it.", optional: true},
	{name: "beep", kind: "boolean", doc: "Whether a tone comes first.", optional: true},
}}

var queueClass = class{name: "QueueOptions", doc: "What a call brings into a queue.", closed: true, fields: []param{
	{name: "priority", kind: "number", doc: "Minutes of waiting it counts for.", optional: true},
	{name: "skills", kind: "table<string, number>", doc: "Least proficiency by skill.", optional: true},
	{name: "data", kind: "table<string, any>", doc: "Attached to the call.", optional: true},
}}

var callFunctions = []declaration{
	{module: "call", name: "set", doc: "Attaches a value to the call, as the step set does.", phases: onCall, effect: true,
		params:  []param{{name: "key", kind: "string", doc: "A name."}, {name: "value", kind: "any", doc: "Text, number, boolean or table; nil removes it.", optional: true}},
		example: `call:set("holder", policy.holder)`, local: callSet, serve: func(s *service, args []any) ([]any, error) {
			return nil, s.caller.Set(args[0].(string), args[1])
		}},
	{module: "call", name: "tag", doc: "Tags the call, for lists and reports.", phases: onCall, effect: true,
		params: []param{{name: "name", kind: "string", doc: "The tag."}}, example: `call:tag("vip")`,
		serve: func(s *service, args []any) ([]any, error) { return nil, s.caller.Tag(args[0].(string)) }},
	{module: "call", name: "play", doc: "Plays a prompt and waits for its end.", phases: waiting, effect: true, waits: true,
		params:  []param{{name: "prompt", kind: "string", doc: "A prompt of the configuration, by its name."}, {name: "values", kind: "table<string, any>", doc: "For ${…} in its text.", optional: true}},
		example: `call:play("policy_due", { due = policy.due })`, serve: func(s *service, args []any) ([]any, error) {
			values, _ := args[1].(map[string]any)
			return nil, s.caller.Play(s.ctx, strings.TrimPrefix(args[0].(string), "prompt."), values)
		}},
	{module: "call", name: "say", doc: "Speaks a text in the call's language and waits for its end.", phases: waiting, effect: true, waits: true,
		params: []param{{name: "text", kind: "string", doc: "What is said."}}, example: `call:say("Thank you.")`,
		serve: func(s *service, args []any) ([]any, error) { return nil, s.caller.Say(s.ctx, args[0].(string)) }},
	{module: "call", name: "collect", doc: "Asks for keys and waits for them.", phases: waiting, effect: true, waits: true,
		params:  []param{{name: "options", kind: "callbox.Collect", doc: "What to ask for."}},
		returns: []param{{name: "keys", kind: "string", doc: "What was pressed; nil when nothing fitted in all tries.", optional: true}},
		example: `local no = call:collect{ prompt = "ask_policy", digits = "4-12", end_key = "#" }`, serve: serveCollect},
	{module: "call", name: "record", doc: "Records what the caller says and waits for its end.", phases: waiting, effect: true, waits: true,
		params:  []param{{name: "options", kind: "callbox.Record", doc: "How.", optional: true}},
		returns: []param{{name: "recording", kind: "table<string, any>", doc: "id and seconds of the recording."}},
		example: `local note = call:record{ max = 60, beep = true }`, serve: serveRecord},
	{module: "call", name: "queue", doc: "Sends the call to a queue. The function ends here.", phases: waiting, effect: true, waits: true,
		params:  []param{{name: "name", kind: "string", doc: "A queue of the configuration."}, {name: "options", kind: "callbox.QueueOptions", doc: "What the call brings along.", optional: true}},
		example: `call:queue("claims", { priority = 10 })`, serve: func(s *service, args []any) ([]any, error) {
			options, _ := args[1].(map[string]any)
			return nil, s.caller.Queue(s.ctx, strings.TrimPrefix(args[0].(string), "queue."), options)
		}},
	{module: "call", name: "transfer", doc: "Sends the call elsewhere. The function goes on only if that fails.", phases: waiting, effect: true, waits: true, fails: true,
		returns: []param{{name: "done", kind: "boolean", doc: "true, should the call come back from there."}},
		params:  []param{{name: "destination", kind: "string", doc: "As in the configuration: \"extension.1001\", \"ivr.main\", or a number."}}, example: `local _, why = call:transfer("extension.1001")`,
		serve: func(s *service, args []any) ([]any, error) {
			return []any{true}, s.caller.Transfer(s.ctx, args[0].(string))
		}},
	{module: "call", name: "hangup", doc: "Ends the call, and the function with it.", phases: waiting, effect: true, waits: true,
		params: []param{{name: "cause", kind: "string", doc: "Why, as in the step hangup.", optional: true}}, example: `call:hangup()`,
		serve: func(s *service, args []any) ([]any, error) {
			cause, _ := args[0].(string)
			return nil, s.caller.Hangup(s.ctx, cause)
		}},
}

// callSet keeps call.data of this function in step with what it set.
func callSet(L *lua.LState) int {
	s := stateOf(L)
	key, value := L.CheckString(2), L.Get(3)
	s.ask(L, declared["call.set"], lua.LString(key), value)
	if data, ok := s.call.RawGetString("data").(*lua.LTable); ok {
		data.RawSetString(key, value)
	}
	return 0
}

func serveCollect(s *service, args []any) ([]any, error) {
	o, _ := args[0].(map[string]any)
	timeout, err := seconds(o, "timeout", time.Hour)
	if err != nil {
		return nil, err
	}
	tries, err := whole(o, "tries", 100)
	if err != nil {
		return nil, err
	}
	c := Collect{Prompt: strings.TrimPrefix(text(o, "prompt"), "prompt."), Digits: text(o, "digits"), EndKey: text(o, "end_key"), Timeout: timeout, Tries: tries}
	c.Secret, _ = o["secret"].(bool)
	keys, ok, err := s.caller.Collect(s.ctx, c)
	if err != nil || !ok {
		return []any{nil}, err
	}
	return []any{keys}, nil
}

func serveRecord(s *service, args []any) ([]any, error) {
	o, _ := args[0].(map[string]any)
	max, err := seconds(o, "max", time.Hour)
	if err != nil {
		return nil, err
	}
	r := Record{Max: max, EndKey: text(o, "end_key")}
	r.Beep, _ = o["beep"].(bool)
	recording, err := s.caller.Record(s.ctx, r)
	return []any{recording}, err
}

func text(o map[string]any, name string) string {
	s, _ := o[name].(string)
	return s
}

// seconds reads a length of time out of options; absent is zero.
func seconds(o map[string]any, name string, most time.Duration) (time.Duration, error) {
	n, _ := o[name].(float64)
	if n < 0 || n > most.Seconds() {
		return 0, misusef("%s is %v; it is in seconds, from 0 to %v", name, n, most.Seconds())
	}
	return time.Duration(n * float64(time.Second)), nil
}

func whole(o map[string]any, name string, most int) (int, error) {
	n, _ := o[name].(float64)
	if n < 0 || n > float64(most) || n != math.Trunc(n) {
		return 0, misusef("%s is %v; it is a whole number from 0 to %s", name, n, fmt.Sprint(most))
	}
	return int(n), nil
}
