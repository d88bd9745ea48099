package sip

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	nonceLife   = 5 * time.Minute // a phone that re-registers every minute needs no second round for this long
	nonceTables = 8192            // nonces whose use is remembered at once
	nonceWindow = 64              // how far behind the highest nc a packet that was overtaken may come

	credentialsLimit = 4096 // bytes of an Authorization value
	fieldLimit       = 512  // bytes of one of its fields
	fieldsLimit      = 32
)

// verdict is what credentials are worth.
type verdict struct {
	ok      bool
	user    string // who the credentials claim to be, right or wrong
	stale   bool   // the password is right, the nonce too old or used up: challenge again with stale=true
	guessed bool   // complete credentials with a wrong password: this is what counts against the source
	reason  string // for logs, never for the peer
}

// challenger is the server side of digest authentication (RFC 7616 as RFC 8760 brings it to SIP). Nonces are signed and
// not kept, so that a flood of requests without credentials costs no memory. What is kept is the use of nonces by those
// who knew the password: a replay is told by its nonce count. A nonce is not bound to a source, because phones behind
// NAT change theirs; what a replay from elsewhere may do is bounded by the count, the method and the URI in the digest.
type challenger struct {
	now   func() time.Time
	realm string
	start time.Time
	key   [32]byte
	dummy string // the password of those who do not exist

	mu    sync.Mutex
	used  map[string]*nonceUse
	order []string      // ring of the nonces in used, by first use
	head  int           // the oldest of a full ring
	floor time.Duration // nonces this old or older whose use is not in the map were forgotten, or may have been
}

// nonceUse is which counts of a nonce were seen: the highest, and a bit for each of those just below.
type nonceUse struct {
	issued time.Duration
	high   uint32
	seen   uint64
}

func newChallenger(now func() time.Time, realm string) *challenger {
	c := &challenger{now: now, realm: realm, start: now(), dummy: rand.Text(), used: map[string]*nonceUse{}, floor: -1}
	rand.Read(c.key[:]) // never fails: crypto/rand ends the process instead
	return c
}

// challenges returns the values of the WWW-Authenticate headers, best algorithm first (RFC 8760 section 2.4), SHA-256 only
// for those that understand it. stale tells a phone to try again with the same password.
func (c *challenger) challenges(stale, sha256 bool) []string {
	rest := fmt.Sprintf(`Digest realm=%s, nonce="%s", qop="auth", `, quoted(c.realm), c.nonce())
	if stale {
		rest += "stale=true, "
	}
	if !sha256 {
		return []string{rest + "algorithm=MD5"}
	}
	return []string{rest + "algorithm=SHA-256", rest + "algorithm=MD5"}
}

// verify judges an Authorization value; uri is the Request-URI. lookup returns the password of a user. Everything that
// depends on lookup takes the same path for users that exist and users that do not.
func (c *challenger) verify(authorization, method, uri string, lookup func(user string) (password string, ok bool)) verdict {
	if authorization == "" {
		return verdict{reason: "no credentials"}
	}
	f, err := parseCredentials(authorization)
	if err != nil {
		return verdict{reason: err.Error()}
	}
	v := verdict{user: f["username"]}
	newHash, count, response, reason := c.examine(f, uri)
	if reason != "" {
		v.reason = reason
		return v
	}
	password, known := lookup(v.user)
	if !known {
		password = c.dummy
	}
	right := subtle.ConstantTimeCompare(response, c.response(newHash, f, password, method)) == 1
	issued, ours := c.issued(f["nonce"])
	if !right || !known {
		v.guessed, v.reason = true, "wrong user or password"
		return v
	}
	if !ours {
		v.stale, v.reason = true, "nonce is not ours, or too old"
		return v
	}
	if !c.fresh(f["nonce"], issued, count) {
		v.stale, v.reason = true, "nonce count was used before"
		return v
	}
	v.ok = true
	return v
}

// examine checks all that can be checked without knowing the user.
//
// Credentials without qop (RFC 2069) are refused. They carry no nonce count, so that a replay could be told only by
// letting each nonce serve once, and RFC 7616 section 3.4 and RFC 8760 section 2.6 want qop from whoever was offered it,
// as everyone is by us. auth-int and the session algorithms were not offered.
func (c *challenger) examine(f map[string]string, uri string) (newHash func() hash.Hash, count uint32, response []byte, reason string) {
	switch strings.ToUpper(f["algorithm"]) {
	case "", "MD5":
		newHash = md5.New
	case "SHA-256":
		newHash = sha256.New
	default:
		return nil, 0, nil, "algorithm was not offered"
	}
	n, err := strconv.ParseUint(f["nc"], 16, 32)
	response, hexErr := hex.DecodeString(f["response"])
	switch {
	case f["username"] == "":
		reason = "no username"
	case f["realm"] != c.realm:
		reason = "another realm"
	case !strings.EqualFold(f["qop"], "auth"):
		reason = "qop is not auth"
	case err != nil || len(f["nc"]) != 8 || n == 0:
		reason = "nonce count is not 8 hexadecimal digits"
	case f["cnonce"] == "":
		reason = "no cnonce"
	case hexErr != nil || len(response) != newHash().Size():
		reason = "response has the wrong length"
	case !sameTarget(f["uri"], uri):
		reason = "uri is not that of the request"
	}
	return newHash, uint32(n), response, reason
}

// response is the digest that the right password gives (RFC 7616 section 3.4.1).
func (c *challenger) response(newHash func() hash.Hash, f map[string]string, password, method string) []byte {
	digest := func(parts ...string) string {
		h := newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	sum, _ := hex.DecodeString(digest(
		digest(f["username"], c.realm, password), f["nonce"], f["nc"], f["cnonce"], f["qop"], digest(method, f["uri"])))
	return sum
}

// A nonce is when it was made (8 bytes, time since our start, so that no clock change can revive or kill it), 8 random
// bytes that set those of one instant apart, and 16 bytes of HMAC-SHA-256.
func (c *challenger) nonce() string {
	b := make([]byte, 16, 32)
	binary.BigEndian.PutUint64(b, uint64(c.now().Sub(c.start)))
	rand.Read(b[8:16])
	return base64.RawURLEncoding.EncodeToString(append(b, c.sign(b)...))
}

// issued returns when a nonce was made, and whether it is ours and alive.
func (c *challenger) issued(nonce string) (time.Duration, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(nonce) != 43 || !hmac.Equal(b[16:], c.sign(b[:16])) {
		return 0, false
	}
	at := time.Duration(binary.BigEndian.Uint64(b))
	age := c.now().Sub(c.start) - at
	return at, age >= 0 && age <= nonceLife
}

func (c *challenger) sign(b []byte) []byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write(b)
	return h.Sum(nil)[:16]
}

// fresh notes the use of a nonce count and reports whether it is the first. When the map is full the nonce used first is
// forgotten, and with it all of its age: their owners are asked once more, but no replay passes.
func (c *challenger) fresh(nonce string, issued time.Duration, count uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	use := c.used[nonce]
	if use == nil {
		if issued <= c.floor {
			return false
		}
		c.remember(strings.Clone(nonce), &nonceUse{issued: issued, high: count, seen: 1})
		return true
	}
	if count > use.high {
		use.seen = use.seen<<(count-use.high) | 1
		use.high = count
		return true
	}
	bit := uint64(1) << (use.high - count)
	if use.high-count >= nonceWindow || use.seen&bit != 0 {
		return false
	}
	use.seen |= bit
	return true
}

// remember needs a nonce that does not hold on to the whole message it came in.
func (c *challenger) remember(nonce string, use *nonceUse) {
	if len(c.order) < nonceTables {
		c.order = append(c.order, nonce)
	} else {
		oldest := c.order[c.head]
		c.floor = max(c.floor, c.used[oldest].issued)
		delete(c.used, oldest)
		c.order[c.head] = nonce
		c.head = (c.head + 1) % nonceTables
	}
	c.used[nonce] = use
}

// parseCredentials reads the fields of an Authorization value (RFC 3261 section 25.1, credentials). Names come out in
// lower case, quoted strings without their quotes. A field that appears twice is refused: two readers would read it
// differently.
func parseCredentials(s string) (map[string]string, error) {
	if len(s) > credentialsLimit {
		return nil, fmt.Errorf("credentials longer than %d bytes", credentialsLimit)
	}
	scheme, rest, _ := strings.Cut(strings.TrimLeft(s, " \t"), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil, fmt.Errorf("scheme is not Digest")
	}
	fields := make(map[string]string, 12)
	for {
		rest = strings.TrimLeft(rest, " \t\r\n,")
		if rest == "" {
			return fields, nil
		}
		name, value, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.TrimRight(name, " \t\r\n"))
		if !ok || !isToken(name) {
			return nil, fmt.Errorf("field without a name or a value")
		}
		if value, rest, ok = fieldValue(strings.TrimLeft(value, " \t\r\n")); !ok || len(value) > fieldLimit {
			return nil, fmt.Errorf("field with a bad value")
		}
		if _, twice := fields[name]; twice || len(fields) == fieldsLimit {
			return nil, fmt.Errorf("field twice, or too many fields")
		}
		fields[name] = value
	}
}

// fieldValue reads a token or a quoted string and returns what follows its comma.
func fieldValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		value = strings.TrimRight(value, " \t\r\n")
		return value, rest, value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '"':
			rest = strings.TrimLeft(s[i+1:], " \t\r\n")
			return b.String(), rest, rest == "" || rest[0] == ','
		case ch == '\\' && i+1 < len(s) && s[i+1] >= ' ' && s[i+1] != 0x7f:
			i++
			b.WriteByte(s[i])
		case ch < ' ' || ch == 0x7f || ch == '\\':
			return "", "", false
		default:
			b.WriteByte(ch)
		}
	}
	return "", "", false
}

// quoted writes s as a quoted string.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
