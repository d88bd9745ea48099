package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// class is what a byte may be part of (RFC 3261 section 25.1).
type class uint8

const (
	inToken class = 1 << iota
	inUser
	inPassword
	inParam  // of a URI
	inHeader // of a URI
	inHost
	inWord // a parameter of a header without quotes; more than the RFC allows, but nothing that ends it
)

var classes = func() (t [256]class) {
	set := func(c class, more string) {
		for b := range 128 {
			if b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || strings.IndexByte(more, byte(b)) >= 0 {
				t[b] |= c
			}
		}
	}
	const mark = "-_.!~*'()"
	set(inToken, "-.!%*_+`'~")
	set(inUser, mark+"&=+$,;?/#") // # is not allowed, but dialled
	set(inPassword, mark+"&=+$,")
	set(inParam, mark+"[]/:&+$=")
	set(inHeader, mark+"[]/?:+$=")
	set(inHost, "-._")
	set(inWord, mark+"%+`[]:/@&=$#?^|{}")
	return t
}()

// only reports whether s has at least one byte, and only such of that class.
func only(s string, c class) bool {
	for i := range len(s) {
		if classes[s[i]]&c == 0 {
			return false
		}
	}
	return s != ""
}

// escaped is only, for text in which %xx may stand for any byte.
func escaped(s string, c class) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			i += 2
		} else if classes[s[i]]&c == 0 {
			return false
		}
	}
	return s != ""
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f' }

// isToken reports whether s is a token (RFC 3261 section 25.1).
func isToken(s string) bool { return only(s, inToken) }

// visible is true for ASCII that can be seen.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// printable is true for text without control characters other than those after a backslash, and never for line ends.
// Bytes above ASCII pass whether they are UTF-8 or not: phones that write names in Latin-1 are heard too.
func printable(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < ' ' && b != '\t' || b == 0x7f {
			if b == '\n' || b == '\r' || i == 0 || s[i-1] != '\\' {
				return false
			}
		}
	}
	return true
}

// number reads decimal digits up to a limit. Zeros in front are allowed, a sign is not.
func number(s string, most uint64) (uint64, bool) {
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if n = n*10 + uint64(s[i]-'0'); n > most {
			return 0, false
		}
	}
	return n, s != ""
}

func port(s string) (int, bool) {
	n, ok := number(s, 65535)
	return int(n), ok && n > 0
}

// cursor is a place in a header value.
type cursor struct {
	s string
	i int
}

func (c *cursor) done() bool { c.space(); return c.i == len(c.s) }

func (c *cursor) at(b byte) bool { return c.i < len(c.s) && c.s[c.i] == b }

// space skips white space and reports whether there was some.
func (c *cursor) space() bool {
	start := c.i
	for c.i < len(c.s) && isBlank(c.s[c.i]) {
		c.i++
	}
	return c.i > start
}

// take skips a separator with the white space around it, when it is there.
func (c *cursor) take(b byte) bool {
	c.space()
	if !c.at(b) {
		return false
	}
	c.i++
	c.space()
	return true
}

// run takes what is of a class.
func (c *cursor) run(k class) string {
	start := c.i
	for c.i < len(c.s) && classes[c.s[c.i]]&k != 0 {
		c.i++
	}
	return c.s[start:c.i]
}

func (c *cursor) token() string { return c.run(inToken) }

func (c *cursor) digits() string {
	start := c.i
	for c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' {
		c.i++
	}
	return c.s[start:c.i]
}

// quoted takes a quoted string with its quotes.
func (c *cursor) quoted() (string, bool) {
	start := c.i
	for c.i++; c.i < len(c.s); c.i++ {
		switch c.s[c.i] {
		case '\\':
			c.i++
		case '"':
			c.i++
			return c.s[start:c.i], true
		}
	}
	return "", false
}

// host takes a name, an IPv4 address, or an IPv6 address in brackets, which stay. That an address is one is not
// checked: RFC 5118 section 4.10 wants one with three colons tolerated, and we send to none of them.
func (c *cursor) host() (string, bool) {
	if !c.at('[') {
		h := c.run(inHost)
		return h, h != ""
	}
	const longest = 47 // [ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]
	end := strings.IndexByte(c.s[c.i:min(len(c.s), c.i+longest)], ']')
	if end < 0 {
		return "", false
	}
	h := c.s[c.i : c.i+end+1]
	c.i += end + 1
	for i := 1; i < end; i++ {
		if !isHex(h[i]) && h[i] != ':' && h[i] != '.' {
			return "", false
		}
	}
	return h, strings.Count(h, ":") >= 2
}

// params takes the parameters of a header value.
func (c *cursor) params(to *sip.HeaderParams) bool {
	for c.take(';') {
		name, value := lowerKnown(c.token()), ""
		if c.take('=') {
			ok := true
			if c.at('"') {
				value, ok = c.quoted()
			} else {
				value = c.run(inWord)
			}
			if !ok || value == "" {
				return false
			}
			if value[0] == '"' && strings.ContainsAny(value, " \t") { // sipgo writes the quotes of such values itself
				value = value[1 : len(value)-1]
			}
		}
		if name == "" || to.Has(name) || len(*to) >= maxParams {
			return false
		}
		*to = append(*to, sip.HeaderKV{K: name, V: value})
	}
	return true
}

// lowerKnown writes the parameters that are looked up by name in the one way that they are looked up.
func lowerKnown(name string) string {
	for i := range len(name) {
		if name[i] >= 'A' && name[i] <= 'Z' {
			switch low := strings.ToLower(name); low {
			case "tag", "branch", "rport", "received", "maddr", "ttl", "lr", "transport", "user", "method", "expires", "q", "ob", "reg-id", "+sip.instance":
				return low
			}
			break
		}
	}
	return name
}

// readURI takes a URI apart (RFC 3261 section 19.1.1). One of another scheme than sip and sips is only checked for
// characters that could not stand there.
func readURI(s string, u *sip.Uri) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || len(s) > maxURI || !visible(s) || !isScheme(scheme) {
		return false
	}
	scheme = strings.ToLower(scheme)
	if scheme != "sip" && scheme != "sips" {
		ok = !strings.ContainsAny(rest, `<>"\`) && sip.ParseUri("any:"+rest, u) == nil // sipgo takes letters only
		u.Scheme = scheme
		return ok
	}
	u.Scheme = scheme
	if user, host, ok := strings.Cut(rest, "@"); ok {
		name, password, _ := strings.Cut(user, ":")
		if name != "" && !escaped(name, inUser) || password != "" && !escaped(password, inPassword) {
			return false // gateways without a caller's number write sip:@host
		}
		u.User, u.Password, rest = name, password, host
	}
	c := cursor{s: rest}
	if u.Host, ok = c.host(); !ok {
		return false
	}
	if c.at(':') {
		c.i++
		if u.Port, ok = port(c.digits()); !ok {
			return false
		}
	}
	params, headers, asked := strings.Cut(rest[c.i:], "?")
	return splitPairs(params, ';', inParam, &u.UriParams) && (!asked || splitPairs("&"+headers, '&', inHeader, &u.Headers))
}

// parseURI reads a URI that was kept as text. sipgo would take a question mark behind a parameter for part of it, and
// with it headers that lead past our routes.
func parseURI(s string) (u sip.Uri, ok bool) {
	ok = readURI(s, &u)
	return u, ok
}

// parseAddress reads a name-addr or addr-spec that stands alone.
func parseAddress(s string) (n name, ok bool) {
	c := cursor{s: s}
	_, ok = c.address(&n.shown, &n.uri, &n.params)
	return n, ok && c.done()
}

func isScheme(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (i == 0 || (b < '0' || b > '9') && b != '+' && b != '-' && b != '.') {
			return false
		}
	}
	return s != ""
}

// splitPairs reads name=value after each separator, of which one stands in front.
func splitPairs(s string, by byte, k class, to *sip.HeaderParams) bool {
	for s != "" {
		if s[0] != by || len(*to) >= maxParams {
			return false
		}
		s = s[1:]
		end := strings.IndexByte(s, by)
		if end < 0 {
			end = len(s)
		}
		name, value, given := strings.Cut(s[:end], "=")
		name = lowerKnown(name)
		if !escaped(name, k) || given && value != "" && !escaped(value, k) || by == ';' && to.Has(name) {
			return false
		}
		*to = append(*to, sip.HeaderKV{K: name, V: value})
		s = s[end:]
	}
	return true
}
