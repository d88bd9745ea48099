package sip

import (
	"errors"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// maxAuthTries is how often one request is sent with credentials: once, and once more for a nonce that went stale.
const maxAuthTries = 2

var errNoCredentials = errors.New("no usable challenge")

// authorize makes o again with credentials for the challenge in r. They are only ever made for the trunk that the
// request went to.
func authorize(o *outgoing, r *sip.Response, user, password string) (*outgoing, error) {
	if user == "" || password == "" {
		return nil, errNoCredentials
	}
	name, answer := "WWW-Authenticate", "Authorization"
	if r.StatusCode == 407 {
		name, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	var best *digest.Challenge
	for _, h := range r.GetHeaders(name) {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil || strength(c.Algorithm) == 0 {
			continue
		}
		if best == nil || strength(c.Algorithm) > strength(best.Algorithm) {
			best = c
		}
	}
	if best == nil {
		return nil, errNoCredentials
	}
	if len(best.QOP) > 0 && !slices.Contains(best.QOP, "auth") {
		return nil, errNoCredentials
	}
	if len(best.QOP) > 0 {
		best.QOP = []string{"auth"}
	}
	cred, err := digest.Digest(best, digest.Options{Method: o.method, URI: o.uri, Username: user, Password: password, Count: 1})
	if err != nil {
		return nil, err
	}
	next := o.again(o.cseq + 1)
	next.authName, next.authHeader = answer, cred.String()
	return next, nil
}

// strength orders the digest algorithms (RFC 8760); 0: not ours.
func strength(algorithm string) int {
	switch strings.ToUpper(algorithm) {
	case "", "MD5":
		return 1
	case "SHA-256":
		return 2
	}
	return 0
}

// identity is who sent a request.
type identity struct {
	account string
	trunk   *trunk
}

// password is the lookup of the digest check: accounts first, then trunks that authenticate.
func (l *setup) password(user string) (string, bool) {
	if a, ok := l.accounts[user]; ok {
		return a.Password, true
	}
	if t, ok := l.byUser[user]; ok {
		return t.set.Password, true
	}
	return "", false
}

// authenticate checks the credentials of r. When they do not do it answers 401, the same for an unknown user, a wrong
// password and none at all, and returns false.
func (sh *shard) authenticate(f flow, r *sip.Request) (identity, bool) {
	s, l := sh.s, sh.s.live.Load()
	header := digestHeader(r)
	src := f.remote.Addr()
	v := verdict{}
	if header != "" {
		v = l.challenger.verify(header, string(r.Method), r.Recipient.String(), l.password)
		switch {
		case !s.guard.allowed(src, v.user): // the work was done all the same: the time tells nothing
			v = verdict{}
		case v.guessed:
			s.count.unauthorized.Add(1)
			s.guard.failed(src, v.user)
		case v.ok:
			s.guard.good(src, v.user)
		}
	}
	if !v.ok {
		sh.challenge(f, r, l, v.stale)
		return identity{}, false
	}
	if f.conn != nil {
		f.conn.friend.Store(true)
	}
	if _, ok := l.accounts[v.user]; ok {
		return identity{account: v.user}, true
	}
	return identity{trunk: l.byUser[v.user]}, true
}

// challenge asks for credentials without keeping anything: a flood of requests costs no memory.
func (sh *shard) challenge(f flow, r *sip.Request, l *setup, stale bool) {
	a := response{code: 401}
	for _, c := range l.challenger.challenges(stale, offersSHA256(value(r, "user-agent"))) {
		a.headers = append(a.headers, [2]string{"WWW-Authenticate", c})
	}
	sh.reply(f, r, a)
}

// digestHeader is the Authorization header to look at, "" when there is none of that scheme.
func digestHeader(r *sip.Request) string {
	for _, h := range r.GetHeaders("authorization") {
		if v := h.Value(); len(v) > 7 && strings.EqualFold(v[:7], "digest ") {
			return v
		}
	}
	return ""
}

// caller tells whose INVITE r is. A trunk is known by its address, and need not show credentials; a phone always must,
// also when it sits behind the same address as a trunk.
func (sh *shard) caller(f flow, r *sip.Request) (identity, bool) {
	l := sh.s.live.Load()
	if t := l.trunkOf(r, func(t *trunk) bool { return t.at(f.remote) }); t != nil {
		return identity{trunk: t}, true
	}
	_, isAccount := l.accounts[r.From().Address.User]
	if digestHeader(r) == "" && !isAccount {
		if t := l.trunkOf(r, func(t *trunk) bool { return t.owns(f.remote.Addr()) }); t != nil {
			return identity{trunk: t}, true
		}
	}
	return sh.authenticate(f, r)
}
