package sip

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const maxGlares = 5 // a re-INVITE is sent that often at most

// wish is a re-INVITE that we want to send.
type wish struct {
	body  []byte
	tries int
}

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
	if len(p.routes) > 0 && !looseRouter(p.routes[0]) { // RFC 2543 routers want their own address as Request-URI
		o.uri = strings.Trim(p.routes[0], "<>")
		o.routes = append(append([]string{}, p.routes[1:]...), "<"+p.target+">")
	}
	return o
}

func looseRouter(route string) bool {
	var u sip.Uri
	if _, err := sip.ParseAddressValue(route, &u, nil); err != nil {
		return true
	}
	return u.UriParams.Has("lr")
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
	var u sip.Uri
	if _, err := sip.ParseAddressValue(uri, &u, nil); err != nil {
		return netip.AddrPort{}, false
	}
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
	return d.attempt(o, 0, done)
}

func (d *Dialog) attempt(o *outgoing, tries int, done func(code int, r *sip.Response)) *clientTx {
	return d.sh.request(d.way(&d.peer), o, func(r *sip.Response) {
		if r.IsProvisional() {
			return
		}
		if next := d.retry(o, r, tries); next != nil {
			d.attempt(next, tries+1, done)
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

func (d *Dialog) info(contentType string, body []byte) {
	if d.phase != phaseUp {
		return
	}
	d.cseq++
	o := d.compose("INFO", &d.peer, d.cseq)
	o.contentType, o.body = contentType, body
	d.transact(o, func(code int, r *sip.Response) { d.deadOn(code) })
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

// reinvite sends a re-INVITE when nothing else changes the session.
func (d *Dialog) reinvite(w *wish) {
	if d.phase != phaseUp {
		return
	}
	d.again.stop()
	d.wanted = w
	d.next()
}

// next sends the re-INVITE that waits, when its turn has come.
func (d *Dialog) next() {
	w := d.wanted
	if w == nil || d.phase != phaseUp || d.asked != nil || d.answer != nil || d.asking != nil && d.asking.state == txProceeding {
		return
	}
	d.wanted = nil
	d.cseq++
	o := d.compose("INVITE", &d.peer, d.cseq)
	o.headers = append(d.dialogHeaders()[:2], o.headers...)
	if len(w.body) > 0 {
		o.contentType, o.body = "application/sdp", w.body
	}
	d.sendReinvite(o, w, 0)
}

func (d *Dialog) sendReinvite(o *outgoing, w *wish, tries int) {
	var ack []byte
	d.asking = d.sh.request(d.way(&d.peer), o, func(r *sip.Response) {
		switch {
		case r.IsProvisional() || d.phase == phaseOver && !r.IsSuccess():
			return
		case r.IsSuccess():
			first := ack == nil
			if first {
				d.refresh(r)
				ack = d.ackFor(o, &d.peer)
			}
			d.way(&d.peer).send(ack)
			if first && d.phase == phaseUp {
				d.emit(Event{Kind: EventReinviteDone, Code: r.StatusCode, Text: r.Reason, Body: r.Body(), ContentType: contentType(r)})
				d.next()
			}
			return
		}
		if next := d.retry(o, r, tries); next != nil {
			d.sendReinvite(next, w, tries+1)
			return
		}
		d.refused(w, r)
	}, func(code int, why string) {
		if !d.deadOn(408) {
			d.emit(Event{Kind: EventReinviteDone, Code: code, Text: why})
		}
	})
}

// refused is the end of a re-INVITE that was not accepted: the session stays as it was. After a glare it is sent again
// (RFC 3261 section 14.1); who began the call waits longer.
func (d *Dialog) refused(w *wish, r *sip.Response) {
	if r.StatusCode == 491 && w.tries+1 < maxGlares && d.wanted == nil {
		w.tries++
		wait := time.Duration(rand.IntN(200)) * 10 * time.Millisecond
		if !d.uas {
			wait = 2100*time.Millisecond + time.Duration(rand.IntN(190))*10*time.Millisecond
		}
		d.again.stop()
		d.again = d.sh.after(wait*d.s.timers.t1/standardTimings.t1, func() { d.reinvite(w) })
		return
	}
	if d.deadOn(r.StatusCode) {
		return
	}
	d.emit(Event{Kind: EventReinviteDone, Code: r.StatusCode, Text: r.Reason})
	d.next()
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
