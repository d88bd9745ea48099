package lua

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each of these is a plugin that nobody should have written. The kinds are those that the author may hear; "" means that it is
// survived with a result.
var zoo = []struct {
	name, lua string
	kinds     string
}{
	{"an endless loop", `while true do end`, "budget timeout"},
	{"an endless loop inside pcall", `while true do pcall(function() while true do end end) end`, "budget timeout"},
	{"an endless loop inside xpcall's handler", `xpcall(function() error("x") end, function() while true do end end) while true do end`, "budget timeout"},
	{"an endless loop by goto", `::top:: goto top`, "budget timeout"},
	{"an endless repeat", `repeat local x = {} until false`, "budget timeout memory"},
	{"an endless loop in a coroutine", `local co = coroutine.wrap(function() while true do end end) co()`, "budget timeout"},
	{"an endless loop in a metamethod", `local t = setmetatable({}, { __index = function() while true do end end }) return t.x`, "budget timeout"},
	{"an endless loop in sort", `local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)`, "budget timeout"},
	{"an endless loop in gsub", `("x"):gsub("x", function() while true do end end)`, "budget timeout"},
	{"an order that is none", `local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end) return { n = #t }`, ""},
	{"endless recursion", `local function r() return 1 + r() end r()`, "error"},
	{"endless recursion by tail calls", `local function r() return r() end r()`, "budget timeout"},
	{"endless recursion by tostring", `local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) return tostring(x) end tostring(t)`, "error"},
	{"an __index loop", `local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return a.x`, "error"},
	{"a tower of coroutines", `local function r() return coroutine.wrap(r)() end r()`, "error memory"},
	{"a crowd of coroutines", `local all = {} for i = 1, 1e6 do all[i] = coroutine.create(function() coroutine.yield() end) coroutine.resume(all[i]) end`, "error budget memory"},
	{"a 4 GB text", `return string.rep("x", 4e9)`, "error"},
	{"a text of infinite length", `return string.rep("x", math.huge)`, "error"},
	{"a text that doubles", `local s = "x" while true do s = s .. s end`, "memory"},
	{"a text that doubles inside pcall", `local s = "x" while true do pcall(function() s = s .. s end) end`, "memory budget timeout"},
	{"many texts at once", `local t = {} for i = 1, 1e6 do t[i] = string.rep("x", 1e6) .. i end`, "memory budget"},
	{"a table that grows", `local t = {} while true do t[#t + 1] = {} end`, "memory budget timeout"},
	{"a table that grows by insert", `local t = {} while true do table.insert(t, { {}, {} }) end`, "memory budget timeout"},
	{"a table with a far place", `local t = {} t[67108000] = 1 t[2^53] = 2 t[-1] = 3 return { n = #t }`, ""},
	{"insertion at a far place", `local t = {} table.insert(t, 1e9, 1) return { n = #t }`, ""},
	{"unpack of everything", `return unpack({}, 1, 1e8)`, "error"},
	{"all bytes of a long text", `return ("x"):rep(1e6):byte(1, -1)`, "error"},
	{"a concat of many", `local t = {} for i = 1, 60000 do t[i] = "abc" end return { n = #table.concat(t, ",") }`, ""},
	{"a concat bomb", `local t, s = {}, string.rep("x", 1e6) for i = 1, 1000 do t[i] = s end return #table.concat(t)`, "error memory"},
	{"a gsub bomb", `local s = string.rep("x", 1e5) return #s:gsub("x", s)`, "error memory timeout"},
	{"a pattern that backtracks for ever", `return string.find(("a"):rep(30), ("a?"):rep(30) .. ("a"):rep(31))`, "budget timeout"},
	{"a pattern that looks everywhere", `return string.find(("a"):rep(1e6), ".-b")`, "budget timeout error"},
	{"a pattern that nests", `return string.find(("a"):rep(1000), ("(a"):rep(100) .. (")"):rep(100))`, "error"},
	{"a long pattern", `return string.find("x", ("a*"):rep(1e5))`, "error"},
	{"a broken pattern", `return string.find("x", "[a")`, "error"},
	{"a format of infinite width", `return string.format("%99999999d", 1)`, "error"},
	{"a shape that leaks memory", `return string.format("%p", {})`, "error"},
	{"a shape of Go", `return string.format("%v %+v %T", {}, {}, {})`, "error"},
	{"a number that is none", `local t = {} t[0/0] = 1`, "error"},
	{"nil as a key", `local t = {} t[nil] = 1`, "error"},
	{"an error that is a table", `error({ message = "sorry", code = 5 })`, "error"},
	{"an error that is nil", `error()`, "error"},
	{"an error that is a function", `error(function() end)`, "error"},
	{"an error with a __tostring that fails", `error(setmetatable({}, { __tostring = function() error("again") end }))`, "error"},
	{"an error in an error handler", `xpcall(function() error("a") end, function() error("b") end) return { ok = true }`, ""},
	{"a yield from no coroutine", `coroutine.yield(1)`, "error"},
	{"a yield across pcall", `local co = coroutine.wrap(function() pcall(function() coroutine.yield(1) end) return 2 end) co() co() return { ok = true }`, " error"},
	{"a yield across sort", `local co = coroutine.wrap(function() table.sort({ 3, 2, 1 }, function(a, b) coroutine.yield() return a < b end) end) co() co() return {}`, " error"},
	{"a coroutine that resumes itself", `local co co = coroutine.create(function() return coroutine.resume(co) end) return { ok = coroutine.resume(co) }`, ""},
	{"a dead coroutine", `local co = coroutine.wrap(function() end) co() co()`, "error"},
	{"a function as a result", `return { f = function() end }`, "error"},
	{"a thread as a result", `return coroutine.create(function() end)`, "error"},
	{"a result that holds itself", `local t = {} t.t = t return t`, "error"},
	{"a result that is too deep", `local t = {} local at = t for i = 1, 100 do at.t = {} at = at.t end return t`, "error"},
	{"a result that is too long", `return { s = string.rep("x", 1e6) }`, "error"},
	{"a result with too many values", `local t = {} for i = 1, 200000 do t[i] = i end return t`, "error"},
	{"a result with a hole", `return { [1] = "a", [3] = "c" }`, "error"},
	{"a result that is NaN", `return { n = 0/0 }`, "error"},
	{"a result that is infinite", `return { n = math.huge }`, "error"},
	{"the call as a result", `return call`, "error"},
	{"many results", `return 1, 2, 3, 4, 5, 6`, ""},
	{"texts that are no UTF-8", `return { s = "\255\254\0x", ["\255"] = "\200" }`, ""},
	{"a text that is everything", `local s = {} for i = 0, 255 do s[#s + 1] = string.char(i) end return { s = table.concat(s) }`, ""},
	{"logs without end", `local log = require "callbox.log" while true do log.info("again and again", { s = ("x"):rep(1000) }) end`, "budget timeout"},
	{"prints without end", `while true do print(("x"):rep(100000)) end`, "budget timeout memory"},
	{"questions without end", `local kv = require "callbox.kv" while true do kv.get("x") end`, "timeout budget"},
	{"values without end", `local kv = require "callbox.kv" for i = 1, 1e9 do kv.set("k" .. i, ("x"):rep(60000)) end`, "timeout budget error"},
	{"JSON of itself", `local json = require "callbox.json" local t = {} t.t = t json.encode(t)`, "error"},
	{"JSON that nests", `local json = require "callbox.json" local v, err = json.decode(("["):rep(100000)) return { err = err }`, ""},
	{"a select from the end", `return select(-5, 1, 2)`, "error"},
	{"rawset into the box", `rawset(string, "rep", nil)`, "error"},
	{"insertion into the box", `table.insert(string, 1)`, "error"},
	{"sorting the box", `table.sort(require "callbox.http")`, "error"},
	{"texts with other methods", `getmetatable("").__index = {} return ("x"):rep(2)`, "error"},
	{"texts with another metatable", `setmetatable("x", {})`, "error"},
	{"another function in string", `string.rep = function() return "evil" end`, "error"},
	{"another function in a module", `require("callbox.http").get = print`, "error"},
	{"a metatable of the box", `setmetatable(string, {})`, "error"},
	{"a metatable of the globals", `setmetatable(_G, nil) x = 1`, "error"},
	{"a global", `x = 1`, "error"},
	{"a global by rawset", `rawset(_G, "x", 1)`, "error"},
	{"a global by _G", `_G.x = 1`, "error"},
	{"a field of the call", `call.from = "0"`, "error"},
	{"the call's metatable", `getmetatable(call).__index = {}`, "error"},
	{"the metatable of JSON's arrays", `getmetatable(require("callbox.json").array()).__index = {}`, "error"},
	{"a metatable for JSON's arrays", `setmetatable(require("callbox.json").array(), {})`, "error"},
	{"a file", `return io.open("/etc/passwd")`, "error"},
	{"a file by require", `return require("/etc/passwd")`, "error"},
	{"a file by dots", `return require("...etc.passwd")`, "error"},
}

// gone are functions of Lua 5.1 and of the interpreter that plugins do not have.
var gone = strings.Fields(`io os debug package load loadstring loadfile dofile module collectgarbage newproxy getfenv setfenv _printregs
	channel _GOPHER_LUA_VERSION string.dump string.gfind`)

func TestNoPluginHarmsTheBoxOrAnotherPlugin(t *testing.T) {
	for _, animal := range zoo {
		t.Run(animal.name, func(t *testing.T) {
			t.Parallel()
			p := body(animal.lua)
			p.Limits = Limits{Time: 500 * time.Millisecond, Instructions: 2_000_000}
			office := with(t, p, single("other", trivial))
			began := time.Now()
			_, err := office.run(t, nil)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			if got := kind(err); !isOneOf(got, animal.kinds, err) {
				t.Errorf("it ended with %v, wanted kind %q", err, animal.kinds)
			}
			if strings.Contains(fmt.Sprint(err), "0xc0") {
				t.Errorf("it tells where memory lies: %v", err)
			}
			result, err := office.Host.Run(t.Context(), "other", "f", &fakeCall{}, map[string]any{"number": "1"}, 0)
			if err != nil || result["holder"] != "Chen" {
				t.Errorf("the other plugin: %v, %v", result, err)
			}
		})
	}
}

func isOneOf(got, kinds string, err error) bool {
	if err == nil {
		return kinds == "" || strings.HasPrefix(kinds, " ")
	}
	for want := range strings.FieldsSeq(kinds) {
		if got == want {
			return true
		}
	}
	return false
}

func TestWhatReachesOutsideIsNotThere(t *testing.T) {
	var b strings.Builder
	for _, name := range gone {
		fmt.Fprintf(&b, "if %s ~= nil then return %q end\n", name, name)
	}
	office := with(t, body(b.String()))
	if there := office.value(t, nil); there != nil {
		t.Errorf("%v is there", there)
	}
}

func TestSourcesThatAreBombsDoNotLoadAndHurtNobody(t *testing.T) {
	for name, source := range map[string]string{
		"nested tables":      "return " + strings.Repeat("{", 120_000) + strings.Repeat("}", 120_000),
		"nested parentheses": "return " + strings.Repeat("(", 120_000) + "1" + strings.Repeat(")", 120_000),
		"nested functions":   strings.Repeat("return function() ", 8_000),
		"a long chain":       "return " + strings.Repeat("1 ..", 60_000) + "1",
		"many locals":        strings.Repeat("local a\n", 30_000) + "return {}",
		"an endless loop":    "while true do end return {}",
		"a file too large":   "return {} --" + strings.Repeat("x", maxSource),
		"bytecode":           "\x1bLua\x51\x00",
		"no text":            "\xff\xfe\x00",
		"nothing":            "",
		"a number":           "return 5",
		"half a line":        "return {",
		"memory":             `local s = "x" while true do s = s .. s end`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := options()
			bomb := single("bomb", source)
			bomb.Limits.Time = 300 * time.Millisecond
			o.Plugins = []Plugin{single("other", trivial), bomb}
			h, err := Start(t.Context(), o)
			if err == nil {
				h.Close()
				if name != "nested tables" && name != "nested parentheses" && name != "nested functions" && name != "a long chain" {
					t.Fatal("it loads")
				}
				return
			}
			var failed *Error
			if !errors.As(err, &failed) || failed.Plugin != "bomb" {
				t.Errorf("nobody is blamed: %v", err)
			}
			if len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAPluginThatKillsItsProcessTwiceGetsOneOfItsOwn(t *testing.T) {
	// sixteen times as long in one instruction, where nothing but the kernel can stop it
	bad := single("bad", `return { f = function() local s = "x" while true do s = s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s end end }`)
	bad.Limits = Limits{Memory: 1_000_000_000, Time: 10 * time.Second}
	office := with(t, bad, single("p", trivial))
	home := func(name string) *slot {
		office.Host.mu.Lock()
		defer office.Host.mu.Unlock()
		return office.Host.homes[office.Host.plugins[name]]
	}
	for n := 1; n <= ownAfter+1; n++ {
		_, err := office.Host.Run(t.Context(), "bad", "f", nil, nil, 0)
		if kind(err) != KindMemory {
			t.Fatalf("%v", err)
		}
		if _, err := office.run(t, map[string]any{"number": "1"}); err != nil {
			t.Fatal(err)
		}
		if own := home("bad") != home("p"); own != (n >= ownAfter) {
			t.Errorf("after %d processes: one of its own is %v", n, own)
		}
	}
}
