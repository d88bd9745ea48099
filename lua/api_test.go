package lua

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// staying is a call that goes nowhere.
type staying struct{ Caller }

func (staying) Fields() CallFields                   { return CallFields{} }
func (staying) Hangup(context.Context, string) error { return nil }

// Each function of the box in each phase: it is either there, or says where it is.
func TestEveryFunctionSaysInWhichPhasesItMayBeCalled(t *testing.T) {
	var b strings.Builder
	b.WriteString("local M = {}\nlocal function try(call)\nlocal out = {}\n")
	for _, d := range declarations {
		if d.module == "call" {
			fmt.Fprintf(&b, "if call then out[%q] = tostring(select(2, pcall(call.%s, call))) end\n", d.id(), d.name)
		} else {
			fmt.Fprintf(&b, "out[%q] = tostring(select(2, pcall(require(%q).%s)))\n", d.id(), "callbox."+d.module, d.name)
		}
	}
	b.WriteString("return out end\nlocal loading = try()\nfunction M.loading() return loading end\nfunction M.f(call) return try(call) end\nfunction M.on_call_ended(e) local t = try() e.report(t) end\n")
	for hook := range hooks {
		if hook == HookDial {
			fmt.Fprintf(&b, "function M.%s() return try() end\n", hook)
		} else {
			fmt.Fprintf(&b, "function M.%s(call) return try(call) end\n", hook)
		}
	}
	b.WriteString("return M")
	source := strings.Replace(b.String(), "e.report(t)", `for k, v in pairs(t) do require("callbox.log").info(k, { said = v }) end`, 1)
	p := single("p", source)
	p.Allow.HTTP = []string{"https://erp.example/"}
	office := with(t, p)
	ask := func(hook string, when phase, c Caller) map[string]any {
		values, err := office.Host.invoke(t.Context(), "p", hook, when, c, 0)
		if err != nil {
			t.Fatal(hook, err)
		}
		return values[0].(map[string]any)
	}
	got := map[phase]map[string]any{phaseLoad: ask("loading", phaseRun, staying{}), phaseRun: ask("f", phaseRun, staying{})}
	for name, hook := range hooks {
		var c Caller = staying{}
		if name == HookDial {
			c = nil
		}
		got[hook.phase] = ask(name, hook.phase, c)
	}
	for when, answers := range got {
		for _, d := range declarations {
			said, there := answers[d.id()].(string)
			if !there && d.module == "call" && (when == phaseLoad || when == phaseDial) {
				continue // there is no call to ask
			}
			refused := strings.Contains(said, fmt.Sprintf("%s cannot be called %s (only %s)", d.spoken(), when, d.phases))
			if allowed := d.phases&when != 0; refused == allowed {
				t.Errorf("%s %s: %q", d.id(), when, said)
			}
		}
	}
}

func TestNothingIsAllowedThatTheConfigurationDoesNotName(t *testing.T) {
	args := map[string]string{"http": `"https://erp.example/"`, "kv": `"key", "value"`, "crm": `{}`, "tickets": `{}`, "sms": `"1", "x"`, "mail": `{ to = "a@b", subject = "s", text = "t" }`}
	special := map[string]string{"crm.get": `"1"`, "tickets.get": `"1"`, "tickets.update": `"1", {}`, "kv.get": `"key"`, "kv.delete": `"key"`, "kv.list": `"k"`}
	for _, d := range declarations {
		if d.needs == "" {
			continue
		}
		given := args[d.module]
		if s, ok := special[d.id()]; ok {
			given = s
		}
		p := single("p", fmt.Sprintf("local m = require %q\nreturn { f = function()\nm.%s(%s)\nend }", "callbox."+d.module, d.name, given))
		p.Allow = Allow{}
		switch d.needs {
		case grantCRMWrite:
			p.Allow.CRM = "read"
		case grantTicketsWrite:
			p.Allow.Tickets = "read"
		}
		_, err := with(t, p).run(t, nil)
		if kind(err) != KindDenied {
			t.Errorf("%s: %v", d.id(), err)
		}
		says(t, err, "plugin p.f: plugins/p.lua:3: "+d.spoken(), "allow block")
	}
}

func TestMistakesInArgumentsAreRaisedAtTheLineThatMakesThem(t *testing.T) {
	for lua, want := range map[string]string{
		`call:collect{ promt = "x" }`:              "plugins/p.lua:3: call:collect: there is no option promt; did you mean prompt?",
		`call:collect{ tries = "three" }`:          "call:collect: tries is a string; it is a number",
		`call:collect{ timeout = -1 }`:             "timeout is -1; it is in seconds",
		`call:collect{ tries = 1.5 }`:              "tries is 1.5; it is a whole number",
		`call:play()`:                              "call:play: prompt is a nil; it is text",
		`call.play("welcome")`:                     "call.play is called with a colon: call:play(…)",
		`call:set("x", function() end)`:            "value is a function, which cannot leave the plugin",
		`call.from = "1"`:                          `call.from cannot be set; what belongs to the call is attached by call:set("from", value)`,
		`require("callbox.kv").set("", 1)`:         "the key has 0 bytes",
		`require("callbox.kv").set("x", 0/0)`:      "value is nan, which JSON has nothing for",
		`require("callbox.htp")`:                   `there is no module "callbox.htp"; did you mean callbox.http?`,
		`require("callbox.queues").stats("clams")`: `there is no queue "clams"`,
		`counter = 1`:                              "the global counter cannot be set: globals are frozen after load",
		`require("callbox.time").format("x")`:      "time.format: seconds is a string; it is a number",
		`require("callbox.time").format(1, "%Q")`:  "%Q is no part of a time",
		`local x = nil; return x.y.z`:              "attempt to index a non-table object(nil) with key 'y'",
		`error({ message = "sorry" })`:             "plugins/p.lua:3: sorry",
		`error("plain", 0)`:                        "plugins/p.lua:3: plain",
		`call:tag(("x"):rep(1200000))`:             "more than",
	} {
		_, err := with(t, body(lua)).run(t, nil)
		says(t, err, want, "plugin p.f: plugins/p.lua:3: ")
	}
}

func TestWhatAFlowRunsPlaysCollectsAndLeaves(t *testing.T) {
	office := with(t, body(`
		call:set("holder", "陳") call:tag("vip")
		call:play("prompt.welcome", { due = 5 }) call:say("Hello")
		local no = call:collect{ prompt = "ask", digits = "4-12", end_key = "#", timeout = 2.5, tries = 2, secret = true }
		local rec = call:record{ max = 60, beep = true }
		local _, why = call:transfer("extension.1001")
		return { no = no, rec = rec.id, holder = call.data.holder, lane = call.data.lane, name = call.caller.name, tag = call.caller.tags[1],
			from = call.from, generation = call.generation, why = why, language = call.language }`))
	c := &fakeCall{keys: "1234"}
	got, err := office.Host.Run(t.Context(), "p", "f", c, nil, 0)
	want := map[string]any{"no": "1234", "rec": "rec1", "holder": "陳", "lane": "day", "name": "陳小姐", "tag": "vip", "from": "+886912345678",
		"generation": 7.0, "why": "nobody answers", "language": "zh-Hant"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	did := []string{"set holder=陳", "tag vip", "play welcome map[due:5]", "say Hello",
		"collect {Prompt:ask Digits:4-12 EndKey:# Timeout:2.5s Tries:2 Secret:true}", "record {Max:1m0s EndKey: Beep:true}", "transfer extension.1001"}
	if !reflect.DeepEqual(c.did, did) {
		t.Errorf("it did %q", c.did)
	}
}

func TestAFunctionEndsWhereTheCallGoes(t *testing.T) {
	for _, lua := range []string{`call:hangup("busy")`, `pcall(call.hangup, call)`, `pcall(function() call:queue("claims", { priority = 5 }) end)`, `coroutine.wrap(function() call:hangup() end)()`} {
		c := &fakeCall{queue: ErrLeft}
		_, err := with(t, body(lua+` call:say("still here")`)).Host.Run(t.Context(), "p", "f", c, nil, 0)
		if !errors.Is(err, ErrLeft) || len(c.did) != 1 {
			t.Errorf("%s: %v, did %q", lua, err, c.did)
		}
	}
}

func TestTheTimeThatACallerTakesIsTheCallers(t *testing.T) {
	p := body(`call:play("long") local n = 0 for i = 1, 1000 do n = n + i end call:play("long") return { n = n }`)
	p.Limits.Time = 150 * time.Millisecond
	c := &fakeCall{playing: func(context.Context) error {
		<-time.After(300 * time.Millisecond)
		return nil
	}}
	got, err := with(t, p).Host.Run(t.Context(), "p", "f", c, nil, 0)
	if err != nil || got["n"] != 500500.0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTheTimeThatTheBoxTakesIsThePlugins(t *testing.T) {
	o, log := options()
	p := body(`local res, err = require("callbox.http").get("https://erp.example/") return { err = err }`)
	p.Allow.HTTP, p.Limits.Time = []string{"https://erp.example/"}, 200*time.Millisecond
	o.Plugins = []Plugin{p}
	o.Services.HTTP = func(ctx context.Context, _ string, _ HTTPRequest) (HTTPResponse, error) {
		<-ctx.Done()
		return HTTPResponse{}, ctx.Err()
	}
	began := time.Now()
	got, err := opened(t, o, log).run(t, nil)
	if kind(err) != KindTimeout && got["err"] != "timeout" || time.Since(began) > 5*time.Second {
		t.Errorf("%v, %v after %v", got, err, time.Since(began))
	}
}

func TestARunCanBeRepeated(t *testing.T) {
	p := body(`
		local time, kv = require "callbox.time", require "callbox.kv"
		local t = {} for i = 1, 20 do t["k" .. math.random(1000)] = i end
		local order = {} for k in pairs(t) do order[#order + 1] = k end
		for k in pairs(args) do order[#order + 1] = k end
		return { now = time.now(), order = table.concat(order, " "), pick = math.random(5, 9), real = math.random(), text = time.format(time.now()) }`)
	args := map[string]any{}
	for i := range 30 {
		args[fmt.Sprint("a", i)] = i
	}
	first, err := with(t, p).run(t, args)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, err := with(t, p).run(t, args); err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("%v, then %v: %v", first, again, err)
		}
	}
	if first["now"] != float64(noon.Unix()) || first["text"] != "2026-03-02T12:00:00+08:00" {
		t.Errorf("it is %v, %v", first["now"], first["text"])
	}
}

func TestNothingOfOneCallIsThereInTheNext(t *testing.T) {
	office := with(t, single("p", `local seen, M = {}, {}
function M.f(call, args) seen[#seen + 1] = args.card return { seen = #seen } end return M`))
	for range 20 {
		if got, err := office.run(t, map[string]any{"card": "4111"}); err != nil || got["seen"] != 1.0 {
			t.Fatalf("%v, %v", got, err)
		}
	}
}

func TestFilesBesideAPluginAreRequired(t *testing.T) {
	p := Plugin{Name: "p", Files: map[string][]byte{
		"main.lua":      []byte(`local u = require "lib.util" local M = {} function M.f() return { n = u.twice(4), same = require("lib.util") == u } end return M`),
		"lib/util.lua":  []byte(`local b = require "b" return { twice = function(n) return n * b end }`),
		"b.lua":         []byte(`return 2`),
		"broken.lua":    []byte(`return {`),
		"unrelated.txt": []byte(`this is no Lua`),
	}}
	if got, err := with(t, p).run(t, nil); err != nil || got["n"] != 8.0 || got["same"] != true {
		t.Errorf("%v, %v", got, err)
	}
	for name, files := range map[string]map[string][]byte{
		"b.lua:1: ":                   {"main.lua": []byte(`require "lib.util" return {}`), "lib/util.lua": []byte(`return require "b"`), "b.lua": []byte(`return {`)},
		"main.lua:3: unexpected":      {"main.lua": []byte("local M = {}\n\nlocal = 5\nreturn M")},
		"in a circle":                 {"main.lua": []byte(`require "a" return {}`), "a.lua": []byte(`require "b"`), "b.lua": []byte(`require "a"`)},
		"end it with: return M":       {"main.lua": []byte("local M = {}\n")},
		"no such file":                {"other.lua": []byte("return {}")},
		"cannot be called while":      {"main.lua": []byte(`require("callbox.kv").get("x") return {}`)},
		"math.random cannot":          {"main.lua": []byte(`math.random() return {}`)},
		"no path inside":              {"main.lua": []byte("return {}"), "../x.lua": nil},
		"the file ends in the mid":    {"main.lua": []byte("local M = {}\nfunction M.f()\n  if true then\nreturn M")},
		"main.lua:2: attempt to call": {"main.lua": []byte("local M = {}\nM.f()\nreturn M")},
	} {
		o, _ := options()
		o.Plugins = []Plugin{{Name: "p", Files: files, Allow: Allow{KV: true}}}
		h, err := Start(t.Context(), o)
		if err == nil {
			h.Close()
		}
		says(t, err, "plugin p: ")
		if err != nil && !strings.Contains(err.Error(), name) && !strings.Contains(name, "unexpected") {
			t.Errorf("wanted %q: %v", name, err)
		}
		if name == "main.lua:3: unexpected" {
			says(t, err, "main.lua:3: ")
		}
	}
}

func TestAllPluginsThatDoNotLoadAreNamedAtOnce(t *testing.T) {
	o, _ := options()
	o.Plugins = []Plugin{single("a", "return {"), single("b", trivial), single("c", "\n\nerror('no')")}
	_, err := Start(t.Context(), o)
	says(t, err, "plugin a: plugins/a.lua:1: ", "plugin c: plugins/c.lua:3: no")
	o.Plugins = []Plugin{single("a", trivial)}
	o.Child = []string{"/nonexistent"}
	_, err = Start(t.Context(), o)
	says(t, err, "plugins cannot run", "/nonexistent")
	o.Child = []string{"/bin/true"}
	_, err = Start(t.Context(), o)
	says(t, err, "does not answer")
}

func TestAPluginThatWorksWhileItLoadsIsToldWhichLimitItMet(t *testing.T) {
	o, _ := options()
	o.Plugins = []Plugin{single("a", "local M = {}\nwhile true do end\nreturn M")}
	_, err := Start(t.Context(), o)
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindBudget || e.Line != 2 {
		t.Errorf("%+v", e)
	}
}

func TestModulesThatComputeDoSoRightly(t *testing.T) {
	got, err := with(t, body(`
		local json, time, crypto, check = require "callbox.json", require "callbox.time", require "callbox.crypto", require "callbox.check"
		local back = json.decode('{"z": 1, "a": [1, null, 12345678901234567890, {}], "n": null, "e": [], "f": 1.5, "t": true, "s": "\\u9673\\n"}')
		local bad, why = json.decode("{'a': 1}")
		local t, nope = time.parse("no time")
		return {
			text = json.encode(back), null = back.a[2] == json.null, none = back.n == nil, big = back.a[3], bad = bad, why = why,
			obj = json.encode({}), arr = json.encode(json.array()), quoted = json.encode('<"\\>'),
			sha = crypto.sha256("abc"), mac = crypto.hmac("key", "The quick brown fox jumps over the lazy dog"), b64 = crypto.base64("a\0b"), un = crypto.unbase64("YQBi") == "a\0b",
			parsed = time.parse("2026-04-01 12:30:00", "%Y-%m-%d %H:%M:%S", "Asia/Taipei"), day = time.format(0, "%A %d %b %Y %H:%M:%S", "UTC"), nope = nope,
			iso = time.parse("2026-03-02T12:00:00+08:00"), zone = time.format(0, nil, "America/New_York"),
			luhn = check.luhn("4111 1111 1111 1111"), tw = check.tw_id("A123456788"), reason = select(2, check.tw_id("A123456788")),
		}`)).run(t, nil)
	want := map[string]any{
		"text": `{"z":1,"a":[1,null,"12345678901234567890",{}],"e":[],"f":1.5,"t":true,"s":"陳\n"}`, "null": true, "none": true, "big": "12345678901234567890",
		"bad": nil, "obj": "{}", "arr": "[]", "quoted": `"<\"\\>"`,
		"sha": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"mac": "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", "b64": "YQBi", "un": true,
		"parsed": 1775017800.0, "day": "Thursday 01 Jan 1970 00:00:00", "nope": "this is no time in the layout of RFC 3339", "iso": float64(noon.Unix()), "zone": "1969-12-31T19:00:00-05:00",
		"luhn": true, "tw": false, "reason": wrongDigit,
	}
	if err != nil {
		t.Fatal(err)
	}
	for key, v := range want {
		if !reflect.DeepEqual(got[key], v) {
			t.Errorf("%s is %#v, wanted %#v", key, got[key], v)
		}
	}
	if !strings.HasPrefix(got["why"].(string), "this is no JSON: ") {
		t.Error(got["why"])
	}
}

// desk keeps what it is told.
type desk struct{ did []string }

func (d *desk) note(what, plugin string, v any) (map[string]any, error) {
	text, _ := json.Marshal(v)
	d.did = append(d.did, what+" "+plugin+" "+string(text))
	if strings.Contains(string(text), "fails") {
		return nil, errors.New("the desk is closed")
	}
	return map[string]any{"id": "7"}, nil
}
func (d *desk) Find(_ context.Context, p string, q map[string]any) ([]map[string]any, error) {
	one, err := d.note("find", p, q)
	return []map[string]any{one}, err
}
func (d *desk) Get(_ context.Context, p, id string) (map[string]any, bool, error) {
	one, err := d.note("get", p, id)
	return one, id == "7", err
}
func (d *desk) Save(_ context.Context, p string, r map[string]any) (map[string]any, error) {
	return d.note("save", p, r)
}
func (d *desk) Open(_ context.Context, p string, r map[string]any) (map[string]any, error) {
	return d.note("open", p, r)
}
func (d *desk) Update(_ context.Context, p, id string, r map[string]any) (map[string]any, error) {
	return d.note("update "+id, p, r)
}
func (d *desk) List(_ context.Context, p string, q map[string]any) ([]map[string]any, error) {
	_, err := d.note("list", p, q)
	return nil, err
}

func TestTheDeskAndMessagesAreReached(t *testing.T) {
	o, log := options()
	d := &desk{}
	var sent []string
	o.Services.CRM, o.Services.Tickets = d, d
	o.Services.SMS = func(_ context.Context, to, text string) error {
		sent = append(sent, to+" "+text)
		return nil
	}
	o.Services.Mail = func(_ context.Context, m Mail) error {
		sent = append(sent, fmt.Sprintf("%v %s %s", m.To, m.Subject, m.Plugin))
		return errors.New("no relay")
	}
	o.Services.Phone = func(number, country string) (string, bool) { return "+886" + country + number, number != "x" }
	o.Plugins = []Plugin{body(`
		local crm, tickets, sms, mail, check = require "callbox.crm", require "callbox.tickets", require "callbox.sms", require "callbox.mail", require "callbox.check"
		local no, why = crm.save{ name = "fails" }
		local unsent, relay = mail.send{ to = { "a@b", "c@d" }, subject = "S", text = "T" }
		local header = select(2, pcall(mail.send, { to = "a@b", subject = "S\r\nBcc: x@y", text = "T" }))
		return { found = crm.find{ number = call.from }[1].id, got = crm.get("7").id, none = crm.get("8") == nil, why = why, relay = relay, header = header,
			ticket = tickets.open{ subject = "S" }.id, changed = tickets.update("7", { a = 1 }).id, list = #tickets.list{ status = "open" },
			sent = sms.send("+1", "hi"), phone = check.phone("2"), nophone = select(2, check.phone("x", "TW")) }`)}
	got, err := opened(t, o, log).run(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got["header"].(string), "single lines") {
		t.Error(got["header"])
	}
	delete(got, "header")
	want := map[string]any{"found": "7", "got": "7", "none": true, "why": "the desk is closed", "relay": "no relay", "ticket": "7", "changed": "7", "list": 0.0, "sent": true, "phone": "+8862",
		"nophone": errNoPhone.Error()}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if !slices.Equal(sent, []string{"[a@b c@d] S p", "+1 hi"}) {
		t.Errorf("sent %q", sent)
	}
}

func TestValuesAreKeptForAsLongAsTheyWereMeantTo(t *testing.T) {
	now := noon
	kv := NewMemoryKV(func() time.Time { return now })
	o, log := options()
	o.Services.KV = kv
	o.Plugins = []Plugin{single("a", `local kv = require "callbox.kv" return { set = function() kv.set("x", { n = { 1, 2 }, e = {} }, { ttl = 60 }) kv.set("y", "for ever") end,
		get = function() local x = kv.get("x") return { x = x and #x.n, y = kv.get("y"), keys = kv.list(), some = #kv.list("y") } end,
		clear = function() kv.delete("y") kv.set("x", nil) end }`), single("b", `local kv = require "callbox.kv" return { get = function() return { x = kv.get("x"), keys = #kv.list() } end }`)}
	h := opened(t, o, log).Host
	run := func(plugin, function string) map[string]any {
		got, err := h.Run(t.Context(), plugin, function, nil, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	run("a", "set")
	if got := run("a", "get"); !reflect.DeepEqual(got, map[string]any{"x": 2.0, "y": "for ever", "keys": []any{"x", "y"}, "some": 1.0}) {
		t.Error(got)
	}
	if got := run("b", "get"); !reflect.DeepEqual(got, map[string]any{"keys": 0.0}) {
		t.Errorf("another plugin sees %v", got)
	}
	now = now.Add(time.Minute)
	if got := run("a", "get"); !reflect.DeepEqual(got, map[string]any{"y": "for ever", "keys": []any{"y"}, "some": 1.0}) {
		t.Error(got)
	}
	run("a", "clear")
	if got := run("a", "get"); got["y"] != nil {
		t.Error(got)
	}
}

func TestAPluginDoesNotFillTheLog(t *testing.T) {
	office := with(t, body(`local log = require "callbox.log" for i = 1, 1000 do log.info("line\nplugin=other", { i = i, ["k\n"] = "v\nw" }) end print("never")`))
	for range 5 {
		if _, err := office.run(t, nil); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Count(office.log.String(), "line plugin=other")
	if lines < 100 || lines > 300 || strings.Contains(office.log.String(), "never") {
		t.Errorf("%d lines", lines)
	}
}

func TestWhatFunctionsDidIsCounted(t *testing.T) {
	office := with(t, body(`if args.fail then error("no") end return {}`))
	for i := range 4 {
		office.run(t, map[string]any{"fail": i == 3})
	}
	office.Host.Run(t.Context(), "p", "nope", nil, nil, 0)
	got := office.Host.Stats()
	if len(got) != 2 || got[0].Function != "f" || got[0].Calls != 4 || got[0].Failed[KindError] != 1 || got[0].Running != 0 || got[0].Longest == 0 || !strings.Contains(got[0].LastError, "no") {
		t.Errorf("%+v", got)
	}
	_, err := office.Host.Run(t.Context(), "nobody", "f", nil, nil, 0)
	says(t, err, "there is no such plugin")
}
