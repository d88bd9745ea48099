package sip

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	expiresLeast   = time.Minute // asked for less: 423
	expiresDefault = time.Hour
	expiresMost    = time.Hour // a phone that vanished is believed in no longer than this
	expiresSpread  = 0.2       // the share of a lifetime that chance takes off

	contactsDefault = 10 // phones an account may have
	uriLimit        = 512
	callIDLimit     = 256
	agentLimit      = 128 // bytes of a User-Agent that are kept
)

// contactUpdate is one Contact of a REGISTER.
type contactUpdate struct {
	uri, source, local, transport, userAgent, path string

	instance string        // +sip.instance (RFC 5626), "" when the phone has none
	regID    int           // reg-id (RFC 5626), 0 when not given
	q        float64       // 0 to 1; anything else counts as 1
	expires  time.Duration // asked for; 0 removes, negative: not said
}

// refusal is why a REGISTER changed nothing. Its text may go to the phone as reason phrase.
type refusal struct {
	code       int // SIP status
	text       string
	minExpires time.Duration // with 423: what the Min-Expires header says
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.code, r.text) }

var (
	errStar       = &refusal{code: 400, text: "Contact * needs Expires 0 and no other contact"}
	errContact    = &refusal{code: 400, text: "Bad contact"}
	errCallID     = &refusal{code: 400, text: "Bad Call-ID"}
	errTooMany    = &refusal{code: 403, text: "Too many contacts"}
	errTooBrief   = &refusal{code: 423, text: "Interval Too Brief", minExpires: expiresLeast}
	errOutOfOrder = &refusal{code: 500, text: "Out of order"}
)

// registrar knows where accounts can be reached (RFC 3261 section 10). Who may register is decided before it is asked.
// It grows with the accounts that registered, each of which has no more than its contacts; drop takes one away.
type registrar struct {
	now func() time.Time

	mu       sync.Mutex
	accounts map[string][]Binding // least recently registered first; never an empty slice
}

// newRegistrar begins with what all() returned before a restart, or what is still valid of it.
func newRegistrar(now func() time.Time, restored []Binding) *registrar {
	r := &registrar{now: now, accounts: map[string][]Binding{}}
	t := now()
	for _, b := range restored {
		if _, ok := splitURI(b.Contact); ok && b.Account != "" && b.Expires.After(t) && b.Expires.Sub(t) <= expiresMost {
			r.accounts[b.Account] = append(r.accounts[b.Account], b)
		}
	}
	return r
}

// register does what a REGISTER asks for, all of it or nothing (RFC 3261 section 10.3). Without contacts it only asks
// what there is. star is a Contact of *, which may also be in contacts, for its expires. most is how many contacts the
// account may have, 0 for 10. It returns what the account has now, whether that is to be kept anew (refreshed counts),
// and on failure a *refusal.
func (r *registrar) register(account string, contacts []contactUpdate, star bool, callID string, cseq uint32, most int) (current []Binding, changed bool, err error) {
	if most <= 0 {
		most = contactsDefault
	}
	if err := check(contacts, star, callID, most); err != nil {
		return nil, false, err
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.accounts[account]
	after := live(before, now)
	if len(contacts) == 0 && !star {
		return after, false, nil
	}
	// One Call-ID is one phone counting up: an equal or lower CSeq is older than what we know.
	for _, b := range after {
		if b.CallID == callID && cseq <= b.CSeq {
			return nil, false, errOutOfOrder
		}
	}
	if star {
		after = nil
	} else {
		for _, u := range contacts {
			after = apply(after, u, r.binding(account, u, callID, cseq, now))
		}
	}
	if len(after) > most {
		return nil, false, errTooMany
	}
	r.set(account, after)
	return slices.Clone(after), !slices.Equal(before, after), nil
}

// check finds what is wrong with a REGISTER whatever is registered.
func check(contacts []contactUpdate, star bool, callID string, most int) error {
	if callID == "" || len(callID) > callIDLimit {
		return errCallID
	}
	if star {
		if len(contacts) > 1 || len(contacts) == 1 && contacts[0].expires != 0 {
			return errStar
		}
		return nil
	}
	if len(contacts) > 2*most { // as many new ones, and as many to remove
		return errTooMany
	}
	for _, u := range contacts {
		if _, ok := splitURI(u.uri); !ok || len(u.instance) > uriLimit || u.regID < 0 {
			return errContact
		}
		if u.expires > 0 && u.expires < expiresLeast {
			return errTooBrief
		}
	}
	return nil
}

// binding makes what is kept of a contact. Strings are copied: they are cut from a message that need not live on.
func (r *registrar) binding(account string, u contactUpdate, callID string, cseq uint32, now time.Time) Binding {
	if !(u.q >= 0 && u.q <= 1) {
		u.q = 1
	}
	instance := u.instance
	if instance != "" && u.regID > 0 {
		instance += ";reg-id=" + strconv.Itoa(u.regID)
	}
	return Binding{
		Account: strings.Clone(account), Contact: strings.Clone(u.uri), Source: strings.Clone(u.source), Local: strings.Clone(u.local),
		Transport: strings.Clone(u.transport), UserAgent: strings.Clone(strings.ToValidUTF8(u.userAgent[:min(len(u.userAgent), agentLimit)], "")),
		CallID: strings.Clone(callID), CSeq: cseq, Expires: now.Add(lifetime(u, callID, cseq)), Q: u.q, Instance: strings.Clone(instance), Path: strings.Clone(u.path),
	}
}

// lifetime grants what was asked for, within bounds, less a share that differs from phone to phone and from one time to
// the next: phones that all came back together after a power cut do not come back together for ever.
func lifetime(u contactUpdate, callID string, cseq uint32) time.Duration {
	asked := u.expires
	if asked < 0 {
		asked = expiresDefault
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "%s\x00%s\x00%d", u.uri, callID, cseq)
	asked = min(asked, expiresMost)
	less := time.Duration(float64(asked) * expiresSpread * float64(h.Sum32()) / (1 << 32))
	return max(asked-less, expiresLeast).Truncate(time.Second)
}

// apply puts b in the place of the bindings of the same phone, or takes those away when u asks for it.
func apply(bindings []Binding, u contactUpdate, b Binding) []Binding {
	bindings = slices.DeleteFunc(bindings, func(old Binding) bool { return replaces(b, old, u.expires == 0) })
	if u.expires == 0 {
		return bindings
	}
	return append(bindings, b)
}

// replaces reports whether b is another word on the phone of old. Phones that name themselves are told by instance and
// reg-id alone (RFC 5626 section 6): in two homes the same private address is two phones. Others are told by their URI,
// or by their Call-ID when the URI differs in its port only, as after a lost connection; but what one REGISTER names
// side by side stays so. Removing is stricter: a late goodbye to a phone's old address must not remove its new one.
func replaces(b, old Binding, removing bool) bool {
	mine, _ := splitURI(b.Contact)
	its, _ := splitURI(old.Contact)
	same := mine.same(its)
	if b.Instance != "" && old.Instance != "" {
		return b.Instance == old.Instance && (same || !removing || b.CallID == old.CallID)
	}
	moved := mine.scheme == its.scheme && mine.user == its.user && mine.host == its.host
	return same || moved && !removing && b.CallID == old.CallID && b.CSeq != old.CSeq
}

// contacts returns where an account can be reached now: highest q first, then the newest. Of a phone with several flows
// only the newest is returned, so that it rings once (RFC 5626 section 5.3).
func (r *registrar) contacts(account string) []Binding {
	now := r.now()
	r.mu.Lock()
	bindings := live(r.accounts[account], now)
	r.mu.Unlock()
	slices.Reverse(bindings)
	seen := map[string]bool{}
	bindings = slices.DeleteFunc(bindings, func(b Binding) bool {
		phone, _, _ := strings.Cut(b.Instance, ";reg-id=")
		again := phone != "" && seen[phone]
		seen[phone] = true
		return again
	})
	slices.SortStableFunc(bindings, func(a, b Binding) int { return cmp.Compare(b.Q, a.Q) })
	return bindings
}

// siblings are the other flows of a phone that keeps several, the newest first.
func (r *registrar) siblings(b Binding) []Binding {
	phone, _, several := strings.Cut(b.Instance, ";reg-id=")
	if !several {
		return nil
	}
	now := r.now()
	r.mu.Lock()
	bindings := live(r.accounts[b.Account], now)
	r.mu.Unlock()
	slices.Reverse(bindings)
	return slices.DeleteFunc(bindings, func(x Binding) bool {
		return x.Instance == b.Instance || !strings.HasPrefix(x.Instance, phone+";reg-id=")
	})
}

// expire forgets bindings whose time is over and returns the accounts that lost one.
func (r *registrar) expire(now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var changed []string
	for account, bindings := range r.accounts {
		if left := live(bindings, now); len(left) < len(bindings) {
			r.set(account, left)
			changed = append(changed, account)
		}
	}
	slices.Sort(changed)
	return changed
}

// all returns the bindings of every account that has any, least recently registered first.
func (r *registrar) all() map[string][]Binding {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string][]Binding, len(r.accounts))
	for account, bindings := range r.accounts {
		if left := live(bindings, now); len(left) > 0 {
			all[account] = left
		}
	}
	return all
}

// drop forgets an account that left the configuration.
func (r *registrar) drop(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.accounts, account)
}

func (r *registrar) set(account string, bindings []Binding) {
	if len(bindings) == 0 {
		delete(r.accounts, account)
		return
	}
	r.accounts[strings.Clone(account)] = bindings
}

// live returns a copy of the bindings that have not expired.
func live(bindings []Binding, now time.Time) []Binding {
	return slices.DeleteFunc(slices.Clone(bindings), func(b Binding) bool { return !b.Expires.After(now) })
}

// uriParts is a sip or sips URI taken apart for comparison: scheme, host and parameter names in lower case, the user
// without escapes.
type uriParts struct {
	scheme, user, host, port, headers string
	params                            map[string]string
}

// splitURI takes apart a sip or sips URI. It refuses what could not be written into a header as it stands.
func splitURI(s string) (uriParts, bool) {
	if len(s) > uriLimit || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' }) {
		return uriParts{}, false
	}
	scheme, rest, _ := strings.Cut(s, ":")
	u := uriParts{scheme: strings.ToLower(scheme), params: map[string]string{}}
	if u.scheme != "sip" && u.scheme != "sips" {
		return uriParts{}, false
	}
	if user, after, ok := strings.Cut(rest, "@"); ok { // first: a ; or ? before it belongs to the user
		plain, err := url.PathUnescape(user)
		if err != nil || user == "" {
			return uriParts{}, false
		}
		u.user, rest = plain, after
	}
	rest, u.headers, _ = strings.Cut(rest, "?")
	rest, params, _ := strings.Cut(rest, ";")
	for p := range strings.SplitSeq(params, ";") {
		if name, value, _ := strings.Cut(p, "="); name != "" {
			u.params[strings.ToLower(name)] = strings.ToLower(value)
		}
	}
	return u, u.splitHost(rest)
}

func (u *uriParts) splitHost(s string) bool {
	u.host = strings.ToLower(s)
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		u.host, u.port = strings.ToLower(s[:i]), s[i+1:]
		if n, err := strconv.ParseUint(u.port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(u.host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		u.host = addr.String()
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	return u.host != "" && !strings.ContainsFunc(u.host, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '.' && r != '-' && r != '_'
	})
}

// same is the comparison of RFC 3261 section 19.1.4, by which sip:a and sip:a:5060 differ.
func (u uriParts) same(v uriParts) bool {
	if u.scheme != v.scheme || u.user != v.user || u.host != v.host || u.port != v.port || u.headers != v.headers {
		return false
	}
	for name, mine := range u.params {
		if its, ok := v.params[name]; ok && its != mine {
			return false
		}
	}
	for _, name := range []string{"user", "ttl", "method", "maddr", "transport"} {
		_, mine := u.params[name]
		if _, its := v.params[name]; mine != its {
			return false
		}
	}
	return true
}

// sameTarget reports whether the uri of a digest is the Request-URI as far as it matters to whom it goes. Some phones
// leave out parameters, or write the port that is meant anyway; a proxy may have done the same (RFC 3261 section 22.4).
func sameTarget(digest, request string) bool {
	if digest == request {
		return true
	}
	a, ok := splitURI(digest)
	b, too := splitURI(request)
	port := func(u uriParts) string {
		return cmp.Or(u.port, map[string]string{"sip": "5060", "sips": "5061"}[u.scheme])
	}
	return ok && too && a.scheme == b.scheme && a.user == b.user && a.host == b.host && port(a) == port(b)
}
