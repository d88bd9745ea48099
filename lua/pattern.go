package lua

import (
	"errors"
	"strings"
)

// pattern matches texts against patterns of Lua 5.1 (reference manual section 5.4.1). The interpreter's own matcher cannot be
// stopped: a short pattern on a short text may take longer than the universe. This one counts its steps and is asked each
// thousand of them whether it may go on.
type pattern struct {
	text, pat string
	captures  []capture
	steps     int
	depth     int
	tick      func(steps int) // called now and then; it panics to end the match
}

type capture struct{ from, length int }

const (
	open        = -1 // length of a capture that is not closed yet
	position    = -2 // length of a capture of a place
	maxCaptures = 32
	maxNesting  = 200 // of parts that may be tried again
	maxPattern  = 4096
	tickEvery   = 1000
)

// patternError is a pattern that means nothing.
type patternError struct{ error }

func malformed(text string) { panic(patternError{errors.New(text)}) }

func (m *pattern) step() {
	if m.steps++; m.steps >= tickEvery {
		m.tick(m.steps)
		m.steps = 0
	}
}

// find gives the first place at or after from where the pattern matches, or -1. Captures are those of that match.
func (m *pattern) find(from int) (start, end int) {
	pat := 0
	anchored := strings.HasPrefix(m.pat, "^")
	if anchored {
		pat = 1
	}
	for start = from; start <= len(m.text); start++ {
		m.captures = m.captures[:0]
		if end = m.match(start, pat); end >= 0 {
			return start, end
		}
		if anchored {
			break
		}
		m.step()
	}
	return -1, -1
}

// match tries the pattern from p on at the place s of the text, and gives where the match ends, or -1.
func (m *pattern) match(s, p int) int {
	if m.depth++; m.depth > maxNesting {
		malformed("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pat) {
		m.step()
		switch c := m.pat[p]; {
		case c == '(':
			return m.start(s, p)
		case c == ')':
			return m.finish(s, p)
		case c == '$' && p == len(m.pat)-1:
			if s == len(m.text) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'b':
			if s = m.balance(s, p+2); s < 0 {
				return -1
			}
			p += 4
			continue
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'f':
			next := m.item(p + 2)
			if !m.frontier(s, p+2, next) {
				return -1
			}
			p = next
			continue
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] >= '0' && m.pat[p+1] <= '9':
			again := m.captured(m.pat[p+1])
			if !strings.HasPrefix(m.text[s:], again) {
				return -1
			}
			s, p = s+len(again), p+2
			continue
		}
		next := m.item(p)
		suffix := byte(0)
		if next < len(m.pat) {
			suffix = m.pat[next]
		}
		switch suffix {
		case '?':
			if m.fits(s, p, next) {
				if end := m.match(s+1, next+1); end >= 0 {
					return end
				}
			}
			p = next + 1
		case '+':
			if !m.fits(s, p, next) {
				return -1
			}
			return m.most(s, s+1, p, next)
		case '*':
			return m.most(s, s, p, next)
		case '-':
			return m.least(s, p, next)
		default:
			if !m.fits(s, p, next) {
				return -1
			}
			s, p = s+1, next
		}
	}
	return s
}

// most takes as many as it can, at least up to least, then gives back one after the other.
func (m *pattern) most(s, least, p, next int) int {
	end := s
	for m.fits(end, p, next) {
		end++
	}
	for ; end >= least; end-- {
		if found := m.match(end, next+1); found >= 0 {
			return found
		}
	}
	return -1
}

// least takes as few as it can.
func (m *pattern) least(s, p, next int) int {
	for {
		if end := m.match(s, next+1); end >= 0 {
			return end
		}
		if !m.fits(s, p, next) {
			return -1
		}
		s++
	}
}

func (m *pattern) start(s, p int) int {
	if len(m.captures) == maxCaptures {
		malformed("too many captures")
	}
	c := capture{s, open}
	if p+1 < len(m.pat) && m.pat[p+1] == ')' {
		c.length = position
		p++
	}
	m.captures = append(m.captures, c)
	n := len(m.captures)
	end := m.match(s, p+1)
	if end < 0 {
		m.captures = m.captures[:n-1]
	}
	return end
}

func (m *pattern) finish(s, p int) int {
	for i := len(m.captures) - 1; i >= 0; i-- {
		if m.captures[i].length == open {
			m.captures[i].length = s - m.captures[i].from
			end := m.match(s, p+1)
			if end < 0 {
				m.captures[i].length = open
			}
			return end
		}
	}
	malformed("invalid pattern capture")
	return -1
}

func (m *pattern) captured(digit byte) string {
	i := int(digit - '1')
	if i < 0 || i >= len(m.captures) || m.captures[i].length < 0 {
		malformed("invalid capture index")
	}
	return m.text[m.captures[i].from : m.captures[i].from+m.captures[i].length]
}

// balance skips what stands between a pair, with pairs in it.
func (m *pattern) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		malformed("unbalanced pattern")
	}
	if s >= len(m.text) || m.text[s] != m.pat[p] {
		return -1
	}
	for depth, i := 1, s+1; i < len(m.text); i++ {
		m.step()
		if m.text[i] == m.pat[p+1] {
			if depth--; depth == 0 {
				return i + 1
			}
		} else if m.text[i] == m.pat[p] {
			depth++
		}
	}
	return -1
}

func (m *pattern) frontier(s, p, next int) bool {
	if m.pat[p] != '[' {
		malformed("missing '[' after '%f' in pattern")
	}
	before, here := byte(0), byte(0)
	if s > 0 {
		before = m.text[s-1]
	}
	if s < len(m.text) {
		here = m.text[s]
	}
	return !m.inSet(before, p, next-1) && m.inSet(here, p, next-1)
}

// item gives where the single character, class or set at p ends.
func (m *pattern) item(p int) int {
	if p >= len(m.pat) {
		malformed("malformed pattern (it ends too early)")
	}
	switch m.pat[p] {
	case '%':
		if p+1 >= len(m.pat) {
			malformed("malformed pattern (ends with '%')")
		}
		return p + 2
	case '[':
		for i := p + 1; i < len(m.pat); i++ {
			switch {
			case m.pat[i] == '%':
				i++
			case m.pat[i] == ']' && i > p+1 && !(i == p+2 && m.pat[p+1] == '^'):
				return i + 1
			}
		}
		malformed("malformed pattern (missing ']')")
	}
	return p + 1
}

// fits says whether the character at s is one of the item from p to next.
func (m *pattern) fits(s, p, next int) bool {
	m.step()
	if s >= len(m.text) {
		return false
	}
	c := m.text[s]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, next-1)
	}
	return m.pat[p] == c
}

// inSet looks a character up in the set that begins with [ at p and ends with ] at end.
func (m *pattern) inSet(c byte, p, end int) bool {
	found, p := true, p+1
	if m.pat[p] == '^' {
		found, p = false, p+1
	}
	for ; p < end; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if inClass(c, m.pat[p]) {
				return found
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return found
			}
			p += 2
		case m.pat[p] == c:
			return found
		}
	}
	return !found
}

// inClass knows the classes of the C locale; the capital letter of a class is its complement.
func inClass(c, class byte) bool {
	lower := class | 0x20
	var in bool
	switch lower {
	case 'a':
		in = c|0x20 >= 'a' && c|0x20 <= 'z'
	case 'c':
		in = c < 0x20 || c == 0x7f
	case 'd':
		in = c >= '0' && c <= '9'
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 0x20 && c < 0x7f && !inClass(c, 'w')
	case 's':
		in = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = inClass(c, 'a') || inClass(c, 'd')
	case 'x':
		in = inClass(c, 'd') || c|0x20 >= 'a' && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if class >= 'A' && class <= 'Z' {
		return !in
	}
	return in && class >= 'a' && class <= 'z'
}
