package media

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

const (
	mostCrypto    = 16      // a=crypto lines of a peer that are looked at
	shortestLife  = 1 << 20 // packets that a secret must be good for: less than six hours of sound is no call's length
	longestMKI    = 4       // bytes; RFC 4568 allows 128, nobody needs them
	optionalParam = '-'     // begins a session parameter that may be ignored (RFC 4568 section 6.3.7)
)

// cryptoLine is one a=crypto attribute (RFC 4568 section 9.1): a suite and the secret of whoever wrote it.
type cryptoLine struct {
	tag    int
	suite  *suite
	secret []byte  // master key, then master salt
	mki    []byte  // that every packet carries; nil for none
	seal   *sealer // of a line of ours once it is in use, so that no secret is ever begun twice
}

// newCrypto makes a line of ours.
func newCrypto(tag int, s *suite) *cryptoLine {
	c := &cryptoLine{tag: tag, suite: s, secret: make([]byte, s.key+s.salt)}
	_, _ = rand.Read(c.secret) // never fails: without chance the program ends
	return c
}

func (c *cryptoLine) attribute() string {
	return fmt.Sprintf("a=crypto:%d %s inline:%s\r\n", c.tag, c.suite.name, base64.StdEncoding.EncodeToString(c.secret))
}

// same tells whether two lines mean the same packets, whatever their tags.
func (c *cryptoLine) same(o *cryptoLine) bool {
	return c.suite == o.suite && bytes.Equal(c.secret, o.secret) && bytes.Equal(c.mki, o.mki)
}

// parseCrypto reads the value of an a=crypto attribute; not ok when it asks for anything that we do not do. Whoever
// offered it has other lines for us, or is refused.
func parseCrypto(value string) (*cryptoLine, bool) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return nil, false
	}
	tag, err := strconv.ParseUint(fields[0], 10, 30)
	if err != nil || len(fields[0]) > 9 {
		return nil, false
	}
	c := &cryptoLine{tag: int(tag)}
	for _, s := range suites {
		if strings.EqualFold(fields[1], s.name) {
			c.suite = s
		}
	}
	if c.suite == nil || !c.readKey(fields[2]) {
		return nil, false
	}
	for _, param := range fields[3:] {
		// A hint at the peer's own replay window means nothing to us; key derivation rates, unencrypted or unauthenticated
		// streams and forward error correction we do not do.
		if param[0] != optionalParam && !strings.HasPrefix(param, "WSH=") && param != "KDR=0" {
			return nil, false
		}
	}
	return c, true
}

// readKey reads "inline:" with the secret in base64, then, each after a bar, how many packets it lives and the MKI that
// they carry. Several keys in one line (RFC 4568 section 6.1) are refused.
func (c *cryptoLine) readKey(text string) bool {
	const method = "inline:"
	if len(text) < len(method) || !strings.EqualFold(text[:len(method)], method) || strings.Contains(text, ";") {
		return false
	}
	parts := strings.Split(text[len(method):], "|")
	secret, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	if err != nil || len(secret) != c.suite.key+c.suite.salt || len(parts) > 3 {
		return false
	}
	c.secret = secret
	for _, part := range parts[1:] {
		if mki, length, is := strings.Cut(part, ":"); is {
			if !c.readMKI(mki, length) {
				return false
			}
		} else if !lives(part) {
			return false
		}
	}
	return true
}

// readMKI reads the number by which packets name their secret, and its length in bytes.
func (c *cryptoLine) readMKI(number, length string) bool {
	n, err1 := strconv.ParseUint(number, 10, 32)
	size, err2 := strconv.ParseUint(length, 10, 8)
	if err1 != nil || err2 != nil || size == 0 || size > longestMKI || n>>(8*size) != 0 || c.mki != nil {
		return false
	}
	for i := range size {
		c.mki = append(c.mki, byte(n>>(8*(size-1-i))))
	}
	return true
}

// lives tells whether a lifetime, "2^31" or a plain number of packets, is long enough for a call. Nobody counts: the
// longest call stays far below.
func lives(text string) bool {
	if power, is := strings.CutPrefix(text, "2^"); is {
		n, err := strconv.ParseUint(power, 10, 8)
		return err == nil && n >= 20 && n <= 48
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return err == nil && n >= shortestLife && n <= 1<<48
}

// chooseCrypto returns the line of the peer's with the suite that we like best.
func chooseCrypto(lines []*cryptoLine) *cryptoLine {
	for _, s := range suites {
		for _, c := range lines {
			if c.suite == s {
				return c
			}
		}
	}
	return nil
}
