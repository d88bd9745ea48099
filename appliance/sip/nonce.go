package sip

import "time"

// verdict is what credentials are worth.
type verdict struct {
	ok      bool
	user    string // who the credentials claim to be, right or wrong
	stale   bool   // the password is right, the nonce too old or used: challenge again with stale=true
	guessed bool   // complete credentials with a wrong password: this counts against the source
	reason  string // for logs, never for the peer
}

// challenger is the server side of digest authentication (RFC 7616, RFC 8760).
type challenger struct {
	now   func() time.Time
	realm string
}

func newChallenger(now func() time.Time, realm string) *challenger {
	return &challenger{now: now, realm: realm}
}

// challenges returns the values of the WWW-Authenticate headers, best algorithm first.
func (c *challenger) challenges(stale bool) []string { return nil }

// verify judges an Authorization value; uri is the Request-URI.
func (c *challenger) verify(authorization, method, uri string, lookup func(user string) (password string, ok bool)) verdict {
	return verdict{}
}
