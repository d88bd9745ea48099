package sip

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// compose begins a request inside the dialog (RFC 3261 section 12.2.1.1).
func (d *Dialog) compose(method string, p *peer, cseq uint32) *outgoing {
	us := d.s.contactAt(d.flow)
	o := &outgoing{
		method: method, uri: p.target, via: d.s.viaAt(d.flow, us), branch: newBranch(), callID: d.id, cseq: cseq,
		from: d.us + ";tag=" + d.tag, to: d.them, routes: p.routes,
		headers: [][2]string{{"User-Agent", d.s.o.UserAgent}},
	}
	if p.tag != "" {
		o.to += ";tag=" + p.tag
	}
	if len(p.routes) > 0 { // RFC 2543 routers want their own address as Request-URI
		if n, ok := parseAddress(p.routes[0]); ok && !n.uri.UriParams.Has("lr") {
			o.uri = requestURI(&n.uri)
			o.routes = append(append([]string{}, p.routes[1:]...), "<"+p.target+">")
		}
	}
	return o
}

// way is the flow for a request to p. A trunk is reached where its route or Contact says; a phone where its packets
// come from, because its Contact may be an address behind a NAT.
func (d *Dialog) way(p *peer) flow {
	hop := p.target
	if len(p.routes) > 0 {
		hop = p.routes[0]
	}
	to, ok := hopAddr(hop, d.flow.transport())
	if d.flow.lost() {
		if f, found := d.reopen(to, ok); found {
			d.move(f)
		}
		return d.flow
	}
	if d.phone != nil || !ok || d.flow.udp == nil || hidden(to.Addr(), d.flow.remote.Addr()) {
		return d.flow
	}
	return flow{udp: d.flow.udp, remote: to}
}

// reopen finds another way when the connection is gone: the one by which the phone registered since, or a new one.
func (d *Dialog) reopen(to netip.AddrPort, ok bool) (flow, bool) {
	if d.phone != nil {
		for _, b := range d.s.registrar.contacts(d.phone.Account) {
			if b.Contact == d.phone.Contact || b.Instance != "" && b.Instance == d.phone.Instance {
				f, err := d.s.flowOf(&b)
				return f, err == nil
			}
		}
		return flow{}, false
	}
	if !ok {
		return flow{}, false
	}
	f, err := d.s.flowTo(d.flow.transport(), to, "")
	return f, err == nil
}

// hidden is true for an address that cannot be reached from where the peer's packets come from.
func hidden(contact, source netip.Addr) bool {
	private := func(a netip.Addr) bool {
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
	}
	return private(contact) && !private(source)
}

// hopAddr is the address in a URI when it names one, and not a host.
func hopAddr(uri, transport string) (netip.AddrPort, bool) {
	n, ok := name{}, false
	if strings.Contains(uri, "<") {
		n, ok = parseAddress(uri)
	} else {
		n.uri, ok = parseURI(uri)
	}
	if !ok {
		return netip.AddrPort{}, false
	}
	u := &n.uri
	a, err := netip.ParseAddr(strings.Trim(u.Host, "[]"))
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := u.Port
	if port == 0 {
		port = sip.DefaultPort(transport)
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), true
}

// transact sends a request inside the dialog and tells its final response; code 408 or 503 when none came. A trunk that
// wants credentials gets ours.
func (d *Dialog) transact(o *outgoing, done func(code int, r *sip.Response)) *clientTx {
	return d.attempt(&d.peer, o, 0, done)
}

// transactWith is transact with one of the phones that a call of ours rings.
func (d *Dialog) transactWith(p *peer, o *outgoing, done func(code int, r *sip.Response)) *clientTx {
	return d.attempt(p, o, 0, done)
}

func (d *Dialog) attempt(p *peer, o *outgoing, tries int, done func(code int, r *sip.Response)) *clientTx {
	return d.sh.request(d.way(p), o, func(r *sip.Response) {
		if r.IsProvisional() {
			return
		}
		if next := d.retry(o, r, tries); next != nil {
			d.attempt(p, next, tries+1, done)
			return
		}
		done(r.StatusCode, r)
	}, func(code int, why string) { done(code, nil) })
}

// retry is the request with credentials, nil when there are none to give or they were given.
func (d *Dialog) retry(o *outgoing, r *sip.Response, tries int) *outgoing {
	if (r.StatusCode != 401 && r.StatusCode != 407) || d.trunk == nil || tries >= maxAuthTries {
		return nil
	}
	next, err := authorize(o, r, d.trunk.set.Username, d.trunk.set.Password)
	if err != nil {
		return nil
	}
	d.cseq = max(d.cseq, o.cseq) + 1
	if next.cseq != d.cseq {
		next.cseq = d.cseq
	}
	return next
}

// info is a message of ours inside the call.
type info struct {
	contentType string
	body        []byte
}

const maxInfos = 64 // of a dialog that wait

func (d *Dialog) inform(i info) {
	if d.phase != phaseUp || len(d.infos) >= maxInfos {
		d.s.count.infosLost.Add(1)
		return
	}
	if d.infos = append(d.infos, i); len(d.infos) == 1 {
		d.sendInfo()
	}
}

// sendInfo sends the first that waits, and the next when that was answered.
func (d *Dialog) sendInfo() {
	i := d.infos[0]
	d.cseq++
	o := d.compose("INFO", &d.peer, d.cseq)
	o.contentType, o.body = i.contentType, i.body
	d.transact(o, func(code int, r *sip.Response) {
		if d.phase != phaseUp || d.deadOn(code) {
			d.infos = nil
			return
		}
		if code >= 300 {
			d.emit(Event{Kind: EventInfoFailed, Code: code, Text: phrase(code), Body: i.body, ContentType: i.contentType})
		}
		if d.infos = d.infos[1:]; len(d.infos) > 0 {
			d.sendInfo()
		}
	})
}

// deadOn ends a dialog that the peer does not know, or that it does not answer in (RFC 3261 section 12.2.1.2).
func (d *Dialog) deadOn(code int) bool {
	if code != 481 && code != 408 || d.phase != phaseUp {
		return false
	}
	d.last(Event{Kind: EventBye, Code: code, Text: phrase(code)})
	d.bye(Reason{})
	return true
}

// ackFor acknowledges a 2xx: a request of its own, with the CSeq of the INVITE (RFC 3261 section 13.2.2.4).
func (d *Dialog) ackFor(invite *outgoing, p *peer) []byte {
	o := d.compose("ACK", p, invite.cseq)
	o.authName, o.authHeader = invite.authName, invite.authHeader
	return o.bytes()
}

// hangup ends the leg.
func (d *Dialog) hangup(why Reason) {
	d.hush()
	switch {
	case d.phase == phaseEarly && d.uas && d.asked != nil:
		code := 480
		if why.Q850 == 17 {
			code = 486
		}
		d.refuse(code, why)
	case d.phase == phaseEarly && !d.uas:
		d.takeBack(why)
	case d.phase == phaseUp && d.answer != nil && d.answer.first: // a callee must not send BYE before the ACK
		d.phase = phaseEnding
		d.answer.why = &why
	case d.phase == phaseUp:
		d.bye(why)
	}
}

// bye says goodbye. The dialog is over; only its transaction stays, for credentials and repetitions.
func (d *Dialog) bye(why Reason) {
	if d.phase == phaseOver {
		return
	}
	if d.asked != nil {
		d.asked.respond(response{code: 487})
	}
	d.session.due.stop()
	if d.asking != nil && d.call == nil {
		d.asking.quiet()
	}
	d.cseq++
	o := d.compose("BYE", &d.peer, d.cseq)
	if h := why.header(); h != "" {
		o.headers = append(o.headers, [2]string{"Reason", h})
	}
	d.transact(o, func(int, *sip.Response) { d.over() })
	d.phase = phaseEnding
}

// put sets headers, in the place of those of the same name.
func (o *outgoing) put(headers [][2]string) {
	var out [][2]string
	for _, h := range o.headers {
		if !slices.ContainsFunc(headers, func(n [2]string) bool { return n[0] == h[0] }) {
			out = append(out, h)
		}
	}
	o.headers = append(out, headers...)
}
