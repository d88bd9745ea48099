package lua

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The functions of string, all of them ours: the interpreter's ignore every limit, print memory, and cost the square of what they
// replace. Letters are those of ASCII and a text is bytes, as in Lua 5.1.
var stringFunctions = map[string]lua.LGFunction{
	"byte": stringByte, "char": stringChar, "find": stringFind, "format": stringFormat, "gmatch": stringGmatch, "gsub": stringGsub,
	"len": func(L *lua.LState) int {
		L.Push(lua.LNumber(len(L.CheckString(1))))
		return 1
	},
	"lower": func(L *lua.LState) int { return mapped(L, 'A', 'Z') },
	"match": stringMatch, "rep": stringRep,
	"reverse": func(L *lua.LState) int {
		b := []byte(L.CheckString(1))
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return pushText(L, string(b))
	},
	"sub": func(L *lua.LState) int {
		text := L.CheckString(1)
		from, to := span(L, len(text), index(L, 2, 1), index(L, 3, -1))
		L.Push(lua.LString(text[from:to]))
		return 1
	},
	"upper": func(L *lua.LState) int { return mapped(L, 'a', 'z') },
}

// pushText returns a text that was made, at its price.
func pushText(L *lua.LState, text string) int {
	s := stateOf(L)
	s.charge(L, len(text)/64)
	L.Push(lua.LString(text))
	return 1
}

// fit refuses a text that would be longer than the plugin's memory, before it is made.
func (s *state) fit(L *lua.LState, what string, bytes float64) {
	if most := float64(s.program.limits.Memory); bytes > most {
		L.RaiseError("%s would make a text of %.0f kB; the plugin's memory is %.0f kB", what, bytes/1000, most/1000)
	}
}

// index is an optional place in a text; what is no whole number is cut.
func index(L *lua.LState, at, otherwise int) int {
	f := float64(L.OptNumber(at, lua.LNumber(otherwise)))
	if math.IsNaN(f) {
		return 0
	}
	return int(max(-1<<40, min(1<<40, f)))
}

// span makes places that count from 1, or from the end, bounds of a slice.
func span(_ *lua.LState, n, from, to int) (int, int) {
	if from < 0 {
		from = max(n+from+1, 1)
	}
	if to < 0 {
		to = n + to + 1
	}
	from, to = max(from, 1), min(to, n)
	if from > to {
		return 0, 0
	}
	return from - 1, to
}

func mapped(L *lua.LState, from, to byte) int {
	b := []byte(L.CheckString(1))
	for i, c := range b {
		if c >= from && c <= to {
			b[i] ^= 0x20
		}
	}
	return pushText(L, string(b))
}

func stringByte(L *lua.LState) int {
	text := L.CheckString(1)
	first := index(L, 2, 1)
	from, to := span(L, len(text), first, index(L, 3, first))
	if to-from > 4096 {
		L.RaiseError("string.byte: more than 4096 results")
	}
	for _, c := range []byte(text[from:to]) {
		L.Push(lua.LNumber(c))
	}
	return to - from
}

func stringChar(L *lua.LState) int {
	b := make([]byte, L.GetTop())
	for i := range b {
		n := L.CheckNumber(i + 1)
		if n < 0 || n > 255 || n != lua.LNumber(int(n)) {
			L.ArgError(i+1, "invalid value")
		}
		b[i] = byte(n)
	}
	return pushText(L, string(b))
}

func stringRep(L *lua.LState) int {
	text, n := L.CheckString(1), float64(L.CheckNumber(2))
	if !(n >= 1) || text == "" {
		L.Push(lua.LString(""))
		return 1
	}
	s, bytes := stateOf(L), math.Floor(n)*float64(len(text))
	s.fit(L, "string.rep", bytes)
	s.charge(L, int(bytes)/64)
	L.Push(lua.LString(strings.Repeat(text, int(n))))
	return 1
}

// matcher prepares to look for a pattern. What goes wrong in it is raised at the plugin's line.
func matcher(L *lua.LState, text, pat string) *pattern {
	if len(pat) > maxPattern {
		L.RaiseError("a pattern has %d bytes at most", maxPattern)
	}
	s := stateOf(L)
	return &pattern{text: text, pat: pat, tick: func(steps int) { s.charge(L, steps/8) }}
}

func (m *pattern) mustFind(L *lua.LState, from int) (start, end int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case patternError:
			L.RaiseError("%s", r.Error())
		default:
			panic(r)
		}
	}()
	start, end = m.find(from)
	if start >= 0 {
		for _, c := range m.captures {
			if c.length == open {
				malformed("unfinished capture")
			}
		}
	}
	return start, end
}

// capture gives one of the captures; where there are none, the first is the whole match.
func (m *pattern) capture(i, start, end int) lua.LValue {
	if i == 0 && len(m.captures) == 0 {
		return lua.LString(m.text[start:end])
	}
	c := m.captures[i]
	if c.length == position {
		return lua.LNumber(c.from + 1)
	}
	return lua.LString(m.text[c.from : c.from+c.length])
}

func (m *pattern) push(L *lua.LState, start, end int) int {
	n := max(1, len(m.captures))
	for i := range n {
		L.Push(m.capture(i, start, end))
	}
	return n
}

// beginning is where a search begins, or -1 when that is beyond the text.
func beginning(L *lua.LState, n int) int {
	at := index(L, 3, 1)
	if at < 0 {
		at = n + at + 1
	}
	if at = max(at, 1); at > n+1 {
		return -1
	}
	return at - 1
}

func stringFind(L *lua.LState) int {
	text, pat := L.CheckString(1), L.CheckString(2)
	from := beginning(L, len(text))
	if from < 0 {
		L.Push(lua.LNil)
		return 1
	}
	if L.ToBool(4) || !strings.ContainsAny(pat, "^$*+?.([%-") {
		stateOf(L).charge(L, len(text)/64)
		at := strings.Index(text[from:], pat)
		if at < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(from + at + 1))
		L.Push(lua.LNumber(from + at + len(pat)))
		return 2
	}
	m := matcher(L, text, pat)
	start, end := m.mustFind(L, from)
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(start + 1))
	L.Push(lua.LNumber(end))
	if len(m.captures) == 0 {
		return 2
	}
	return 2 + m.push(L, start, end)
}

func stringMatch(L *lua.LState) int {
	text, pat := L.CheckString(1), L.CheckString(2)
	if from := beginning(L, len(text)); from >= 0 {
		m := matcher(L, text, pat)
		if start, end := m.mustFind(L, from); start >= 0 {
			return m.push(L, start, end)
		}
	}
	L.Push(lua.LNil)
	return 1
}

func stringGmatch(L *lua.LState) int {
	text, pat := L.CheckString(1), L.CheckString(2)
	at := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if at > len(text) {
			L.Push(lua.LNil)
			return 1
		}
		m := matcher(L, text, pat)
		start, end := m.mustFind(L, at)
		if start < 0 {
			at = len(text) + 1
			L.Push(lua.LNil)
			return 1
		}
		if at = end; start == end {
			at++
		}
		return m.push(L, start, end)
	}))
	return 1
}

func stringGsub(L *lua.LState) int {
	text, pat := L.CheckString(1), L.CheckString(2)
	L.CheckTypes(3, lua.LTString, lua.LTNumber, lua.LTTable, lua.LTFunction)
	most := index(L, 4, len(text)+1)
	s, m := stateOf(L), matcher(L, text, pat)
	var b strings.Builder
	at, n := 0, 0
	for n < most && at <= len(text) {
		start, end := m.mustFind(L, at)
		if start < 0 {
			break
		}
		b.WriteString(text[at:start])
		m.replace(L, &b, start, end)
		s.fit(L, "string.gsub", float64(b.Len()))
		n++
		if at = end; start == end {
			if at < len(text) {
				b.WriteByte(text[at])
			}
			at++
		}
		if strings.HasPrefix(pat, "^") {
			break
		}
	}
	if at < len(text) {
		b.WriteString(text[at:])
	}
	pushText(L, b.String())
	L.Push(lua.LNumber(n))
	return 2
}

// replace writes what stands for a match.
func (m *pattern) replace(L *lua.LState, b *strings.Builder, start, end int) {
	var value lua.LValue
	switch r := L.Get(3).(type) {
	case *lua.LTable:
		value = L.GetTable(r, m.capture(0, start, end))
	case *lua.LFunction:
		captures := append([]capture(nil), m.captures...) // the function may match something, too
		L.Push(r)
		n := m.push(L, start, end)
		L.Call(n, 1)
		value, m.captures = L.Get(-1), captures
		L.Pop(1)
	default:
		m.expand(L, b, r.String(), start, end)
		return
	}
	switch {
	case value == lua.LNil || value == lua.LFalse:
		b.WriteString(m.text[start:end])
	case value.Type() == lua.LTString || value.Type() == lua.LTNumber:
		b.WriteString(printable(value))
	default:
		L.RaiseError("invalid replacement value (a %s)", value.Type())
	}
}

func (m *pattern) expand(L *lua.LState, b *strings.Builder, with string, start, end int) {
	for i := 0; i < len(with); i++ {
		if with[i] != '%' {
			b.WriteByte(with[i])
			continue
		}
		i++
		switch {
		case i == len(with):
			L.RaiseError("invalid use of '%%' in replacement string")
		case with[i] == '0':
			b.WriteString(m.text[start:end])
		case with[i] >= '1' && with[i] <= '9':
			n := int(with[i] - '1')
			if n >= max(1, len(m.captures)) {
				L.RaiseError("invalid capture index")
			}
			b.WriteString(printable(m.capture(n, start, end)))
		default:
			b.WriteByte(with[i])
		}
	}
}
