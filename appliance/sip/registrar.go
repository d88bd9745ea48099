package sip

import (
	"sync"
	"time"
)

// contactUpdate is one Contact of a REGISTER.
type contactUpdate struct {
	uri, source, local, transport, userAgent string

	instance string        // +sip.instance (RFC 5626), "" when the phone has none
	regID    int           // reg-id (RFC 5626), 0 when not given
	q        float64       // 0 to 1
	expires  time.Duration // asked for; 0 removes, negative: not said
}

// refusal is why a REGISTER changes nothing. Its text may go to the phone.
type refusal struct {
	code       int           // SIP status
	text       string        // reason phrase
	minExpires time.Duration // with 423: what the Min-Expires header says, whole seconds
}

func (r *refusal) Error() string { return r.text }

// registrar knows where the accounts can be reached (RFC 3261 section 10).
type registrar struct {
	now func() time.Time

	mu       sync.Mutex
	accounts map[string][]Binding // oldest registration first
}

func newRegistrar(now func() time.Time, restored []Binding) *registrar {
	return &registrar{now: now, accounts: map[string][]Binding{}}
}

func (r *registrar) register(account string, contacts []contactUpdate, star bool, callID string, cseq uint32, max int) (current []Binding, changed bool, err error) {
	return nil, false, nil
}

func (r *registrar) contacts(account string) []Binding { return nil }
func (r *registrar) expire(now time.Time) []string     { return nil }
func (r *registrar) all() map[string][]Binding         { return nil }
func (r *registrar) drop(account string)               {}
