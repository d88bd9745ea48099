package sip

import "github.com/emiago/sipgo/sip"

// Call-ID and tags of a call cannot be guessed, but they can be read on the way. Whoever sends a request with them from
// elsewhere than the peer must prove to be the peer (RFC 3261 section 26.1.4): a phone by its password, which it has at
// hand when it has moved to another network. A trunk without one is where its configuration says.

// near reports whether a request inside the dialog comes from where its peer is.
func (d *Dialog) near(f flow, p *peer) bool {
	a := f.remote.Addr()
	if a == d.flow.remote.Addr() || d.trunk != nil && d.trunk.owns(a) {
		return true
	}
	hop := p.target
	if len(p.routes) > 0 {
		hop = p.routes[0]
	}
	for _, uri := range []string{hop, p.target} { // a carrier's own gateway, as it named it itself
		if at, ok := hopAddr(uri, f.transport()); ok && at.Addr() == a {
			return true
		}
	}
	return false
}

// proven reports whether whoever sends r from elsewhere is the peer of the dialog all the same. When not, the sender has
// been answered.
func (sh *shard) proven(d *Dialog, f flow, r *sip.Request) bool {
	if d.phone != nil || d.trunk != nil && d.trunk.set.Username != "" {
		who, ok := sh.authenticate(f, r)
		if !ok {
			return false
		}
		if d.phone != nil && who.account == d.phone.Account || d.trunk != nil && who.trunk == d.trunk {
			return true
		}
	}
	sh.reply(f, r, response{code: 403})
	return false
}

// nearTx reports whether a CANCEL comes from where its INVITE came from. It cannot be challenged (RFC 3261 section 22.1).
func (sh *shard) nearTx(f flow, t *serverTx) bool {
	a, b := f.remote.Addr(), t.flow.remote.Addr()
	if a == b {
		return true
	}
	for _, k := range sh.s.live.Load().order {
		if k.owns(a) && k.owns(b) {
			return true
		}
	}
	return false
}
