package lua

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// stringFormat knows what C's printf does with the letters that Lua 5.1 names, and nothing of Go's.
func stringFormat(L *lua.LState) int {
	format := L.CheckString(1)
	var b strings.Builder
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i+1 < len(format) && format[i+1] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		n := 1
		for i+n < len(format) && strings.IndexByte("-+ #0123456789.", format[i+n]) >= 0 {
			n++
		}
		if i+n >= len(format) || n > 12 {
			L.RaiseError("invalid option '%s' to 'format'", clip(format[i:], 20))
		}
		arg++
		b.WriteString(formatted(L, format[i:i+n], format[i+n], arg))
		stateOf(L).fit(L, "string.format", float64(b.Len()))
		i += n
	}
	return pushText(L, b.String())
}

func formatted(L *lua.LState, spec string, verb byte, arg int) string {
	for number := range strings.FieldsFuncSeq(spec, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(strings.TrimLeft(number, "0")) > 2 {
			L.RaiseError("invalid format (width or precision too long)")
		}
	}
	if arg > L.GetTop() {
		L.ArgError(arg, "no value")
	}
	switch verb {
	case 'd', 'i', 'u', 'c', 'o', 'x', 'X':
		n := float64(L.CheckNumber(arg))
		if math.IsNaN(n) || math.Abs(n) >= 1<<63 {
			L.ArgError(arg, "number has no integer representation")
		}
		switch verb {
		case 'c':
			return fmt.Sprintf(spec+"s", string([]byte{byte(int64(n))}))
		case 'i', 'u':
			verb = 'd'
		}
		if verb != 'd' && n < 0 {
			return fmt.Sprintf(spec+string(verb), uint64(int64(n)))
		}
		return fmt.Sprintf(spec+string(verb), int64(n))
	case 'e', 'E', 'f', 'g', 'G':
		n := float64(L.CheckNumber(arg))
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return formatNumber(n)
		}
		if verb|0x20 == 'g' && !strings.Contains(spec, ".") {
			spec += ".6" // Go's own default is as many as it takes
		}
		return fmt.Sprintf(spec+string(verb), n)
	case 's':
		text := spell(L, L.Get(arg))
		if strings.ContainsAny(spec, "123456789.") {
			return padded(spec[1:], text)
		}
		return text
	case 'q':
		return quoted(L.CheckString(arg))
	}
	L.RaiseError("invalid option '%%%c' to 'format'", verb)
	return ""
}

// padded counts bytes, as Lua does; Go counts characters.
func padded(spec, text string) string {
	left := strings.Contains(spec, "-")
	width, precision, cut := strings.Cut(strings.TrimLeft(spec, "-+ #0"), ".")
	if n := whole32(precision); cut && n < len(text) {
		text = text[:n]
	}
	fill := strings.Repeat(" ", max(0, whole32(width)-len(text)))
	if left {
		return text + fill
	}
	return fill + text
}

func whole32(s string) (n int) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return n
		}
		n = min(n*10+int(c-'0'), 1000)
	}
	return n
}

// quoted is a text as Lua would read it again.
func quoted(s string) string {
	r := strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", "\\\n", "\r", `\r`, "\x00", `\000`)
	return `"` + r.Replace(s) + `"`
}
