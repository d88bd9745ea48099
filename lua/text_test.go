package lua

import (
	"fmt"
	"strings"
	"testing"
)

// What Lua 5.1 answers to the left side, by its reference manual.
var texts = []struct{ lua, want string }{
	{`("hello world"):find("o w")`, "5 7"},
	{`("hello world"):find("l+")`, "3 4"},
	{`("hello world"):find("xyz")`, "nil"},
	{`("hello"):find("")`, "1 0"},
	{`("hello"):find("", 10)`, "nil"},
	{`("hello"):find("", 6)`, "6 5"},
	{`("a.b"):find(".", 1, true)`, "2 2"},
	{`("a+b"):find("+", 1, true)`, "2 2"},
	{`("hello"):find("l", -2)`, "4 4"},
	{`("key = value"):match("^(%w+)%s*=%s*(%w+)$")`, "key value"},
	{`("key = value"):match("()=()")`, "5 6"},
	{`("2026-04-01"):match("(%d+)-(%d+)-(%d+)")`, "2026 04 01"},
	{`("  trim  "):match("^%s*(.-)%s*$")`, "trim"},
	{`("THE (quick) fox"):find("%((%a+)%)")`, "5 11 quick"},
	{`("f(a(b)c)d"):match("%b()")`, "(a(b)c)"},
	{`("THE (quick) fox"):gsub("%f[%a]%a+", "w")`, "w (w) w 3"},
	{`("hello"):match("(h)(.)%2*")`, "nil"},
	{`("abab"):match("(ab)%1")`, "ab"},
	{`("[]]"):match("[]]+")`, "]]"},
	{`("a-z"):match("[a%-z]+")`, "a-z"},
	{`("x^y"):match("[%^]")`, "^"},
	{`("abc"):match("[^a]+")`, "bc"},
	{`("aaa"):match("a-")`, ""},
	{`("aaab"):match("a-b")`, "aaab"},
	{`("aaa"):match("a?a?a?a?")`, "aaa"},
	{`("\0x"):match("%z")`, "\x00"},
	{`("abc"):match("b", 3)`, "nil"},
	{`("abc"):gsub("", "-")`, "-a-b-c- 4"},
	{`("hello world"):gsub("o", "0", 1)`, "hell0 world 1"},
	{`("hello world"):gsub("(%w+)", "<%1>")`, "<hello> <world> 2"},
	{`("hello"):gsub("l", { l = "L" })`, "heLLo 2"},
	{`("hello"):gsub("l", function(c) return nil end)`, "hello 2"},
	{`("abc"):gsub("%w", "%0%0")`, "aabbcc 3"},
	{`("abc"):gsub("^a", "x")`, "xbc 1"},
	{`("aaa"):gsub("^a", "x")`, "xaa 1"},
	{`("100%"):gsub("%%", "%%%%")`, "100%% 1"},
	{`("x"):rep(3)`, "xxx"},
	{`("x"):rep(0)`, ""},
	{`("x"):rep(-1)`, ""},
	{`("hello"):sub(2, -2)`, "ell"},
	{`("hello"):sub(-3)`, "llo"},
	{`("hello"):sub(0)`, "hello"},
	{`("hello"):sub(4, 2)`, ""},
	{`("hello"):sub(-100, 100)`, "hello"},
	{`("hello"):byte(-1)`, "111"},
	{`("hello"):byte(1, 3)`, "104 101 108"},
	{`("hello"):byte(10)`, "<nothing>"},
	{`string.char(72, 105)`, "Hi"},
	{`("Straße"):upper()`, "STRAßE"},
	{`("ÄBC"):lower()`, "Äbc"},
	{`("abc"):reverse()`, "cba"},
	{`#("陳")`, "3"},
	{`string.format("%d %5d|%-5d|%05d", 3, 4, 5, 6)`, "3     4|5    |00006"},
	{`string.format("%5.2f %g %g %e", 3.14159, 1e20, 0.1, 12345.678)`, " 3.14 1e+20 0.1 1.234568e+04"},
	{`string.format("%s %s %s", nil, true, {})`, "nil true table"},
	{`string.format("%q", 'a"b\\c\n')`, "\"a\\\"b\\\\c\\\n\""},
	{`string.format("%x %X %o %c", 255, 255, 8, 65)`, "ff FF 10 A"},
	{`string.format("%10s|%-10s|%.2s", "hi", "hi", "hello")`, "        hi|hi        |he"},
	{`string.format("%5s|", "陳")`, "  陳|"},
	{`string.format("%i %u", 3.7, 4)`, "3 4"},
	{`string.format("100%%")`, "100%"},
	{`tostring(1e15)`, "1e+15"},
	{`tostring(123456789012)`, "123456789012"},
	{`tostring(0.1)`, "0.1"},
	{`tostring(-0.5)`, "-0.5"},
	{`tostring(0/0) == "nan" or tostring(0/0)`, "true"},
	{`tostring(1/0)`, "inf"},
	{`tonumber("0x10")`, "16"},
	{`tonumber("  12  ")`, "12"},
	{`tonumber("1e5")`, "100000"},
	{`tonumber("1e")`, "nil"},
	{`tonumber("")`, "nil"},
	{`tonumber("inf")`, "nil"},
	{`tonumber("nan")`, "nil"},
	{`tonumber("1_000")`, "nil"},
	{`tonumber("ff", 16)`, "255"},
	{`tonumber("zz", 36)`, "1295"},
	{`tonumber("8", 8)`, "nil"},
	{`tonumber({})`, "nil"},
	{`math.huge == 1/0`, "true"},
	{`select("#", 1, nil, 3)`, "3"},
	{`table.concat({ 1, 2, 3 }, ", ", 2)`, "2, 3"},
	{`table.concat({})`, ""},
	{`pcall(error, { code = 1 })`, "false table"},
	{`pcall(assert, nil, "why")`, "false why"},
	{`pcall(assert, false)`, "false assertion failed!"},
	{`select(2, xpcall(function() error("a", 0) end, function(e) return e .. "!" end))`, "a!"},
	{`coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)(1)`, "2"},
	{`pcall(string.rep)`, "false bad argument #1 to ? (string expected, got nil)"},
}

func TestTextsAreWhatLuaMakesOfThem(t *testing.T) {
	var b strings.Builder
	b.WriteString("local out = {}\nlocal function add(...) local n, t = select('#', ...), {} for i = 1, n do t[i] = tostring((select(i, ...))) end out[#out + 1] = n == 0 and '<nothing>' or table.concat(t, ' ') end\n")
	for _, text := range texts {
		fmt.Fprintf(&b, "add(%s)\n", text.lua)
	}
	b.WriteString("return out")
	got, ok := with(t, body(b.String())).value(t, nil).([]any)
	if !ok || len(got) != len(texts) {
		t.Fatalf("%v", got)
	}
	for i, text := range texts {
		if strings.HasPrefix(text.lua, "pcall(string.rep)") {
			if !strings.Contains(got[i].(string), "string expected") {
				t.Errorf("%s = %q", text.lua, got[i])
			}
			continue
		}
		if want := strings.ToValidUTF8(text.want, "\uFFFD"); got[i] != want {
			t.Errorf("%s = %q, wanted %q", text.lua, got[i], want)
		}
	}
}

// A pattern and a text that somebody chose end, or are ended, and never panic.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"hello", "(l)(l)"}, {"aaa", "a*a*a*b"}, {"[x]", "%b[]"}, {"x", "%f[%w]x%f[%W]"}, {"x", "[^%]"}, {"", "%"}, {"a", "(()"}, {"a", "%1"}, {"ab", "(a)%1b-$"}} {
		f.Add(seed[0], seed[1])
	}
	type over struct{}
	f.Fuzz(func(t *testing.T, text, pat string) {
		if len(pat) > maxPattern {
			return
		}
		ticks := 0
		m := &pattern{text: text, pat: pat, tick: func(int) {
			if ticks++; ticks > 100 {
				panic(over{})
			}
		}}
		defer func() {
			switch r := recover().(type) {
			case nil, over, patternError:
			default:
				panic(r)
			}
		}()
		start, end := m.find(0)
		if start > end || end > len(text) {
			t.Fatalf("from %d to %d of %d", start, end, len(text))
		}
	})
}
