package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const progressAgain = time.Minute // proxies forget a call that only rings after 3 minutes (RFC 3261 section 13.3.1.1)

// answer is a 2xx of ours until its ACK (RFC 3261 section 13.3.1.4).
type answer struct {
	bytes  []byte
	cseq   uint32
	first  bool // of the call, not of a re-INVITE
	repeat *alarm
	expiry *alarm
	why    *Reason // we hung up meanwhile: the BYE follows the ACK
}

func (a *answer) stop() {
	if a != nil {
		a.repeat.stop()
		a.expiry.stop()
	}
}

// invite takes a new call.
func (sh *shard) invite(f flow, r *sip.Request) {
	if code := sh.refusable(f, r); code != 0 {
		sh.reply(f, r, response{code: code, headers: refusalHeaders(code)})
		return
	}
	who, ok := sh.caller(f, r)
	if !ok {
		return
	}
	s := sh.s
	if readSession(r).tooShort() {
		sh.reply(f, r, response{code: 422, headers: tooSmall()})
		return
	}
	ref, code := replacing(r)
	if code != 0 {
		sh.reply(f, r, response{code: code})
		return
	}
	number := s.dialled(r, who)
	if s.dialogs.Load() >= maxDialogs || sh.crowded() && !s.live.Load().emergency[number] {
		s.count.shed.Add(1)
		sh.reply(f, r, response{code: 503, headers: [][2]string{{"Retry-After", strconv.Itoa(2 + rand.IntN(9))}}})
		return
	}
	d := sh.newDialog(r.CallID().Value())
	t := sh.newServerTx(f, r, d.tag)
	t.respond(response{code: 100})
	if ref == nil {
		sh.begin(f, t, r, d, who, number)
		go s.offer(d)
		return
	}
	t.cancelled = func(*sip.Request) { t.respond(response{code: 487}) }
	sh.resolve(*ref, func(other *Dialog, code int) {
		switch {
		case t.state != txProceeding || t.req == nil:
		case code != 0:
			t.respond(response{code: code})
		case who.trunk != nil && other.trunk != who.trunk: // a carrier may not take over the calls of others
			t.respond(response{code: 403})
		default:
			sh.begin(f, t, r, d, who, number).invite.Replaces = other
			go s.offer(d)
		}
	})
}

// begin makes the dialog of a new call.
func (sh *shard) begin(f flow, t *serverTx, r *sip.Request, d *Dialog, who identity, number string) *Dialog {
	s := sh.s
	us := s.contactAt(f)
	d.uas, d.local, d.flow = true, us.Addr(), f
	d.us, d.them = withoutTag(r.To().DisplayName, r.To().Address, r.To().Params), withoutTag(r.From().DisplayName, r.From().Address, r.From().Params)
	d.peer = peer{tag: tagOf(r.From().Params), target: targetOf(r), routes: recordRoutes(r.GetHeaders("record-route"), false)}
	d.peer.theirs, d.peer.updates = r.CSeq().SeqNo, allows(r, "UPDATE")
	d.askedAt, d.asked, d.asks, d.late, d.promise = r.CSeq().SeqNo, t, readSession(r), len(r.Body()) == 0, promises(r)
	d.hear(r.Body())
	d.user, d.trunk = number, who.trunk
	d.cseq = uint32(1 + rand.IntN(1<<16))
	if who.account != "" {
		d.phone = &Binding{Account: who.account, Contact: d.peer.target, Transport: f.transport()}
	}
	d.invite = s.read(f, r, who, number)
	t.cancelled = d.cancelled
	s.dialogs.Add(1)
	d.enter()
	s.begun.Add(1)
	s.count.invites.Add(1)
	return d
}

// offer hands a new call to its owner. A call whose owner panics, or does not attach to it, is ended.
func (s *Server) offer(d *Dialog) {
	defer s.begun.Add(-1)
	taken := false
	defer d.sh.post(func() {
		if !taken || d.mail.ch == nil {
			d.reject(500, Reason{})
			d.hangup(Reason{})
		}
	})
	defer s.recovered("OnInvite")
	if s.o.OnInvite != nil {
		s.o.OnInvite(d)
		taken = true
	}
}

// refusable is what a new call is refused with before anyone is asked who calls, 0 when nothing is wrong.
func (sh *shard) refusable(f flow, r *sip.Request) int {
	switch {
	case f.udp != nil && f.udp.retired.Load():
		return 503
	case sh.merged(r):
		return 482
	case r.MaxForwards() != nil && r.MaxForwards().Val() == 0:
		return 483
	case len(r.Body()) > 0 && !isSDP(r), r.Contact() == nil:
		if r.Contact() == nil {
			return 400
		}
		return 415
	}
	if enc := value(r, "content-encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return 415
	}
	if accept := value(r, "accept"); accept != "" && !strings.Contains(accept, "application/sdp") && !strings.Contains(accept, "*") {
		return 406
	}
	return 0
}

func refusalHeaders(code int) [][2]string {
	switch code {
	case 415:
		return [][2]string{{"Accept", "application/sdp"}, {"Accept-Encoding", "identity"}}
	case 503:
		return [][2]string{{"Retry-After", "5"}}
	}
	return nil
}

// merged finds a request that reaches us twice by different ways (RFC 3261 section 8.2.2.2), or our own call coming back.
func (sh *shard) merged(r *sip.Request) bool {
	k := r.CallID().Value() + "|" + tagOf(r.From().Params)
	if sh.dialogs[k] != nil {
		return true
	}
	d := sh.callers[k]
	return d != nil && d.askedAt == r.CSeq().SeqNo
}

// dialled is the number that the caller wants. Carriers call a trunk that registers by its user name and put the
// number into To.
func (s *Server) dialled(r *sip.Request, who identity) string {
	number := userOf(&r.Recipient)
	if who.trunk != nil && number == who.trunk.set.Username && number != "" {
		if to := userOf(&r.To().Address); to != "" {
			return to
		}
	}
	return number
}

// read makes an Invite of the request. Who a phone is comes from its credential, never from what it says.
func (s *Server) read(f flow, r *sip.Request, who identity, number string) *Invite {
	from := r.From()
	in := &Invite{
		CallID: r.CallID().Value(), FromUser: from.Address.User, Number: number, Account: who.account,
		Source: f.remote, Transport: f.transport(), UserAgent: value(r, "user-agent"), TakesInfo: allows(r, "INFO"),
		MaxForwards: 70, Body: r.Body(),
	}
	if mf := r.MaxForwards(); mf != nil {
		in.MaxForwards = int(mf.Val())
	}
	if who.account != "" {
		in.From = Party{Number: who.account, Hidden: hides(r)}
		in.Preferred = preferred(r)
		return in
	}
	believe := !who.trunk.set.Untrusted
	in.Trunk, in.From = who.trunk.set.Name, asserted(r, believe)
	if believe {
		in.Diverted = diverted(r)
	}
	return in
}

func (d *Dialog) progress(code int, body []byte) {
	if !d.uas || d.phase != phaseEarly || d.asked == nil || code < 101 || code > 199 {
		return
	}
	d.again.stop()
	d.say(body)
	if !d.reliably(provisional{code, body}) {
		d.asked.respond(response{code: code, headers: d.dialogHeaders(), body: body})
	}
	d.again = d.sh.after(progressAgain, func() { d.progress(code, body) })
}

// dialogHeaders go into every answer that makes or refreshes the dialog.
func (d *Dialog) dialogHeaders() [][2]string {
	return [][2]string{{"Contact", "<" + d.contact() + ">"}, {"Allow", allow}, {"Supported", supported}, {"Server", d.s.o.UserAgent}}
}

func (d *Dialog) contact() string { return d.s.contactURI(d.user, d.s.contactAt(d.flow), d.flow) }

// accept answers the call.
func (d *Dialog) accept(body []byte) {
	if !d.uas || d.phase != phaseEarly || d.asked == nil {
		return
	}
	d.again.stop()
	if p := d.promise; p != nil {
		if p.waiting && p.body {
			p.final = func() { d.accept(body) }
			return
		}
		p.stop()
	}
	d.phase = phaseUp
	d.send2xx(body, true)
}

// send2xx answers an INVITE, the first or a later one, until it is acknowledged.
func (d *Dialog) send2xx(body []byte, first bool) {
	d.say(body)
	b := d.asked.respond(response{code: 200, headers: append(d.dialogHeaders(), d.grant(d.asks)...), body: body})
	d.answer.stop()
	d.answer = &answer{bytes: b, cseq: d.askedAt, first: first}
	d.asked = nil
	if b == nil {
		return
	}
	timers := d.s.timers
	d.repeat2xx(d.answer, timers.t1)
	d.answer.expiry = d.sh.after(timers.timeout(), d.noAck)
}

func (d *Dialog) repeat2xx(a *answer, wait time.Duration) {
	a.repeat = d.sh.after(wait, func() {
		d.flow.send(a.bytes)
		d.repeat2xx(a, min(2*wait, d.s.timers.t2))
	})
}

// acked takes an ACK; false when it is not for a 2xx of ours.
func (d *Dialog) acked(r *sip.Request) bool {
	a := d.answer
	if a == nil || r.CSeq().SeqNo != a.cseq || tagOf(r.From().Params) != d.peer.tag {
		return false
	}
	a.stop()
	d.answer = nil
	if a.why != nil {
		d.bye(*a.why)
		return true
	}
	d.hear(r.Body())
	if a.first || len(r.Body()) > 0 { // a later ACK matters when it carries the answer to our offer
		d.emit(Event{Kind: EventConfirmed, Code: 200, Body: r.Body(), ContentType: contentType(r)})
	}
	d.next()
	return true
}

// noAck gives a caller up who never acknowledged our answer.
func (d *Dialog) noAck() {
	a := d.answer
	a.stop()
	d.answer = nil
	if a.why != nil {
		d.bye(*a.why)
		return
	}
	d.last(Event{Kind: EventNoAck, Code: 408, Text: "no ACK"})
	d.bye(Reason{Q850: 102, Text: "no ACK"})
}

// reject refuses the call.
func (d *Dialog) reject(code int, why Reason) {
	if !d.uas || d.phase != phaseEarly || d.asked == nil {
		return
	}
	if code < 300 || code > 699 {
		code = 500
	}
	d.hush()
	d.refuse(code, why)
}

func (d *Dialog) refuse(code int, why Reason) {
	a := response{code: code, headers: [][2]string{{"Server", d.s.o.UserAgent}}}
	if h := why.header(); h != "" {
		a.headers = append(a.headers, [2]string{"Reason", h})
	}
	if why.RetryAfter > 0 {
		a.headers = append(a.headers, [2]string{"Retry-After", strconv.Itoa(why.RetryAfter)})
	}
	d.asked.respond(a)
	d.over()
}

// cancelled is the caller giving up before our answer; r is nil when its connection was lost.
func (d *Dialog) cancelled(r *sip.Request) {
	if d.phase != phaseEarly || d.asked == nil {
		return
	}
	e := Event{Kind: EventCancelled, Code: 503, Text: "connection lost"}
	if r != nil {
		e.Code = 487
		e.Q850, e.Text = reasonOf(r)
	}
	d.last(e)
	d.refuse(487, Reason{})
}

func isSDP(r *sip.Request) bool {
	media, _, _ := strings.Cut(contentType(r), ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/sdp")
}

func contentType(m interface {
	ContentType() *sip.ContentTypeHeader
}) string {
	if h := m.ContentType(); h != nil {
		return h.Value()
	}
	return ""
}

func unquote(name string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.Trim(name, `"`))
}

// withoutTag is a From or To value that a tag can be put behind.
func withoutTag(name string, u sip.Uri, params sip.HeaderParams) string {
	h := sip.ToHeader{DisplayName: name, Address: u, Params: params.Clone()}
	h.Params.Remove("tag")
	return h.Value()
}

// targetOf is where later requests go: the Contact, as it was written.
func targetOf(m interface{ Contact() *sip.ContactHeader }) string {
	if c := m.Contact(); c != nil && !c.Address.Wildcard {
		return requestURI(&c.Address)
	}
	return ""
}

// requestURI is the URI without the headers that it may carry: they could name a route past ours.
func requestURI(u *sip.Uri) string {
	plain := *u
	plain.Headers = nil
	return plain.String()
}

// recordRoutes makes a route set; the caller's is in reverse (RFC 3261 section 12.1).
func recordRoutes(hs []sip.Header, reverse bool) []string {
	const most = 32
	var out []string
	for _, h := range hs {
		if len(out) < most {
			out = append(out, h.Value())
		}
	}
	if reverse {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}
