package sip

import (
	"cmp"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxForks is how many answers to one call of ours are acknowledged; a proxy that sends more is broken.
const maxForks = 16

// maxLonger is how often a call is tried with a longer session timer after a 422: each proxy on the way may want more.
const maxLonger = 4

// placing is a call on its way out.
type placing struct {
	out      *outgoing
	tries    int               // with credentials
	patience *alarm            // no response at all by then: someone else is called instead
	heard    bool              // a provisional response came
	given    bool              // nobody wants the call any more
	why      Reason            // of the CANCEL
	sent     bool              // the CANCEL
	acks     map[string][]byte // of each 2xx, by its tag
	byUDP    func() *outgoing  // the same INVITE for UDP, when TCP was only tried for its size
	forks    map[string]*peer  // early dialogs, by their tag; nil when one became the call
	longer   int               // tries with a longer session timer
}

// Dial places a call. It returns at once; everything that happens is told by Events. ErrTrunkDown, ErrUnknownTrunk,
// ErrUnreachable, ErrFull and ErrClosed mean that nothing was sent and no Event will come.
func (s *Server) Dial(r DialRequest) (*Dialog, error) {
	if s.life.Err() != nil {
		return nil, ErrClosed
	}
	if s.dialogs.Load() >= maxDialogs {
		return nil, ErrFull
	}
	id := token(15)
	d := s.shardOf(id).newDialog(id)
	f, err := s.route(d, r)
	if err != nil {
		return nil, err
	}
	d.flow, d.local = f, s.contactAt(f).Addr()
	d.cseq = uint32(1 + rand.IntN(1<<16))
	d.address(r)
	var body []byte
	if r.Offer != nil {
		body = r.Offer(d.local)
		d.say(body)
	}
	d.call = &placing{out: d.invitation(r, body), acks: map[string][]byte{}}
	if size := len(d.call.out.bytes()); d.trunk != nil && size > maxDatagram {
		d.widen(r, body, size)
	}
	d.mail.ch = r.Events
	s.dialogs.Add(1)
	if !d.sh.post(func() { d.place(r.Answer) }) {
		s.dialogs.Add(-1)
		return nil, ErrClosed
	}
	return d, nil
}

// route finds the way to who is called.
func (s *Server) route(d *Dialog, r DialRequest) (flow, error) {
	if r.Contact != nil {
		return s.routeToPhone(d, *r.Contact)
	}
	t := s.live.Load().trunks[r.Trunk]
	if t == nil {
		return flow{}, ErrUnknownTrunk
	}
	if t.set.Address == "" {
		return flow{}, ErrUnreachable
	}
	if !t.usable.Load() && !r.Force {
		return flow{}, ErrTrunkDown
	}
	d.trunk, d.peer.target, d.them = t, t.uri(r.Number), "<"+t.uri(r.Number)+">"
	return t.flow(0)
}

// routeToPhone takes the flow of a binding, or another one of the same phone when that is gone (RFC 5626 section 5.3),
// by the proxies that it registered through (RFC 3327).
func (s *Server) routeToPhone(d *Dialog, b Binding) (flow, error) {
	for _, b := range append([]Binding{b}, s.registrar.siblings(b)...) {
		u, ok := parseURI(b.Contact)
		if !ok {
			return flow{}, ErrUnreachable
		}
		f, err := s.flowOf(&b)
		if err != nil {
			continue
		}
		d.phone, d.peer.target, d.them = &b, requestURI(&u), "<"+u.Addr()+">"
		d.peer.routes = nil
		if b.Path != "" {
			d.peer.routes = list(b.Path)
		}
		return f, nil
	}
	return flow{}, ErrUnreachable
}

// address writes who calls and who is called.
func (d *Dialog) address(r DialRequest) {
	us := d.s.contactAt(d.flow)
	domain := hostOf(us.Addr())
	d.user = r.From.Number
	if d.trunk != nil && d.trunk.set.Username != "" {
		domain, d.user = d.trunk.domain(), d.trunk.set.Username
	}
	if r.From.Hidden {
		if d.trunk == nil || d.trunk.set.Username == "" {
			d.user = "" // of the Contact
		}
		d.us = `"Anonymous" <sip:anonymous@anonymous.invalid>`
		return
	}
	d.us = nameAddr(r.From.Name, cmp.Or(r.From.Number, d.user), domain)
}

func nameAddr(name, user, domain string) string {
	u := "<sip:"
	if user != "" {
		u += escapeUser(user) + "@"
	}
	u += domain + ">"
	if name == "" {
		return u
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + u
}

// invitation is the INVITE.
func (d *Dialog) invitation(r DialRequest, body []byte) *outgoing {
	o := d.compose("INVITE", &d.peer, d.cseq)
	o.maxForwards = r.MaxForwards
	o.headers = append(append(d.dialogHeaders()[:2], o.headers...), d.session.ask()...)
	known := supported
	if len(body) == 0 { // a provisional response could bring an offer then, and its PRACK would owe the answer
		known = strings.TrimPrefix(supported, "100rel, ")
	}
	o.headers = append(o.headers, [2]string{"Supported", known})
	if d.trunk != nil {
		o.headers = append(o.headers, d.identity(r)...)
	}
	if r.From.Hidden {
		o.headers = append(o.headers, [2]string{"Privacy", "id"})
	}
	for _, h := range r.Headers {
		if extra(h[0]) && (!tellsWho(h[0]) || d.trunk != nil && !d.trunk.set.Untrusted) {
			o.headers = append(o.headers, h)
		}
	}
	if len(body) > 0 {
		o.contentType, o.body = "application/sdp", body
	}
	return o
}

// identity tells a trunk who calls, and by whom the call was forwarded. One that is not trusted is not told what shall
// stay hidden.
func (d *Dialog) identity(r DialRequest) (hs [][2]string) {
	untrusted := d.trunk.set.Untrusted
	if r.From.Number != "" && !(untrusted && r.From.Hidden) {
		hs = append(hs, [2]string{"P-Asserted-Identity", nameAddr(r.From.Name, r.From.Number, hostOf(d.local))})
	}
	if untrusted {
		return hs
	}
	return append(hs, diversions(r.Diverted, d.trunk.domain(), d.trunk.uri(r.Number))...)
}

// extra is true for header names that a DialRequest may add.
func extra(name string) bool {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c) }) {
		return false
	}
	switch strings.ToLower(name) {
	case "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "route", "record-route", "max-forwards",
		"content-length", "l", "content-type", "c", "authorization", "proxy-authorization", "require", "allow", "user-agent",
		"supported", "k", "session-expires", "x", "min-se", "rseq", "rack", "replaces":
		return false
	}
	return true
}

// widen takes TCP for an INVITE that is too large for a datagram, and keeps UDP for a trunk that does not take TCP.
func (d *Dialog) widen(r DialRequest, body []byte, size int) {
	small := d.flow
	f, err := d.trunk.flow(size)
	if err != nil || !f.reliable() || f == small {
		return
	}
	d.flow = f
	d.call.out = d.invitation(r, body)
	d.call.byUDP = func() *outgoing {
		d.trunk.noTCP.Store(time.Now().Add(tcpRefused).Unix())
		d.move(small)
		return d.invitation(r, body)
	}
}

// place sends the INVITE.
func (d *Dialog) place(patience time.Duration) {
	d.enter()
	if patience > 0 {
		d.call.patience = d.sh.after(patience, d.unheard)
	}
	d.send()
}

func (d *Dialog) send() {
	d.cseq, d.call.forks = d.call.out.cseq, nil
	d.asking = d.sh.request(d.flow, d.call.out, d.responded, d.unanswered)
}

// responded takes a response to our INVITE.
func (d *Dialog) responded(r *sip.Response) {
	c := d.call
	c.patience.stop()
	switch {
	case r.IsProvisional():
		c.heard = true
		if c.given {
			d.cancel()
		} else if r.StatusCode > 100 && d.phase == phaseEarly {
			d.progressed(r)
		}
	case r.IsSuccess():
		d.answered(r)
	default:
		d.declined(r)
	}
}

// answered is a 2xx: the first is the call, another one is a branch of a fork that lost (RFC 3261 section 13.2.2.4).
func (d *Dialog) answered(r *sip.Response) {
	c := d.call
	tag := tagOf(r.To().Params)
	p := peer{tag: tag, target: targetOf(r), routes: recordRoutes(r.GetHeaders("record-route"), true), updates: allows(r, "UPDATE"), informs: allows(r, "INFO")}
	if f := c.forks[tag]; f != nil {
		p.theirs, p.described, p.updates, p.informs = f.theirs, f.described, p.updates || f.updates, p.informs || f.informs
	}
	if p.target == "" {
		p.target = d.call.out.uri
	}
	if ack := c.acks[tag]; ack != nil {
		d.way(&p).send(ack)
		return
	}
	if len(c.acks) >= maxForks {
		return
	}
	ack := d.ackFor(c.out, &p)
	c.acks[tag], c.out.body, c.out.headers = ack, nil, nil // what stays for 64*T1 shall be small
	d.way(&p).send(ack)
	if d.phase == phaseEarly && !c.given {
		d.peer, d.phase = p, phaseUp
		c.forks = nil
		body := r.Body()
		if len(body) == 0 { // the answer came in a provisional response that was reliable
			body = p.described
		}
		d.peer.described = nil
		d.hear(body)
		d.granted(r)
		d.tell(200, r.Reason)
		q850, _ := reasonOf(r)
		d.emit(Event{Kind: EventAnswered, Code: r.StatusCode, Text: r.Reason, Q850: q850, Body: body, ContentType: contentType(r), TakesInfo: d.peer.informs})
		return
	}
	bye := d.compose("BYE", &p, c.out.cseq+1)
	d.sh.request(d.way(&p), bye, func(*sip.Response) {}, nil)
	if c.given {
		d.over()
	}
}

// declined is a final refusal, or a challenge.
func (d *Dialog) declined(r *sip.Response) {
	c := d.call
	if !c.given && d.phase == phaseEarly {
		if next := d.retry(c.out, r, c.tries); next != nil {
			c.tries++
			c.out = next
			d.send()
			return
		}
		if c.longer < maxLonger && d.session.longer(r) {
			c.longer++
			c.out = c.out.again(max(d.cseq, c.out.cseq) + 1)
			c.out.put(d.session.ask())
			d.send()
			return
		}
		d.tell(r.StatusCode, r.Reason)
		q850, _ := reasonOf(r)
		d.last(Event{Kind: EventFailed, Code: r.StatusCode, Text: r.Reason, Q850: q850, Contacts: redirects(r)})
	}
	d.over()
}

// unanswered is our INVITE coming to nothing: time-out, or a connection that is gone.
func (d *Dialog) unanswered(code int, why string) {
	c := d.call
	if code == 503 && c.byUDP != nil && !c.heard && !c.given {
		c.out = c.byUDP()
		c.byUDP = nil
		d.send()
		return
	}
	c.patience.stop()
	if !c.given && d.phase == phaseEarly {
		d.tell(0, why)
		d.last(Event{Kind: EventFailed, Code: code, Text: why})
	}
	if d.phase == phaseEarly {
		d.over()
	}
}

// unheard gives up because nothing at all came. What may still come is cancelled, or answered and hung up.
func (d *Dialog) unheard() {
	d.tell(0, "no response")
	d.last(Event{Kind: EventFailed, Code: 408, Text: "no response"})
	d.takeBack(Reason{})
}

// tell lets the trunk know how it did.
func (d *Dialog) tell(code int, why string) {
	if d.trunk != nil {
		d.trunk.heard(code, d.call.heard, why)
	}
}

// takeBack cancels the call. Before a provisional response nothing may be sent (RFC 3261 section 9.1): the INVITE is no
// longer repeated, and the CANCEL waits for the first sign of life.
func (d *Dialog) takeBack(why Reason) {
	c := d.call
	if c.given {
		return
	}
	c.given, c.why = true, why
	c.patience.stop()
	if c.heard {
		d.cancel()
		return
	}
	d.asking.quiet()
}

func (d *Dialog) cancel() {
	c := d.call
	if c.sent {
		return
	}
	c.sent = true
	tx := d.asking
	d.sh.request(tx.flow, c.out.cancel(c.why), func(*sip.Response) {}, nil)
	d.sh.after(d.s.timers.timeout(), func() { // no answer to the INVITE in spite of the CANCEL
		if tx.state == txProceeding {
			tx.end()
			d.over()
		}
	})
}
