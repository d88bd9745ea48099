package sip

import (
	"hash/maphash"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	replyTime = 10 * time.Second // for Event.Reply; then the change is refused for us
	maxGlares = 5                // a change of ours is sent that often at most
)

// wish is a change of the session that we want to make, or a refresh that changes nothing.
type wish struct {
	body    []byte
	update  bool // by UPDATE, when the peer takes it
	refresh bool // of the session timer: nobody waits for its outcome
	tries   int
}

// open tells whose offer is still without an answer (RFC 3311 section 5.2): 491 ours, 500 theirs, 0 nobody's.
func (d *Dialog) open(p *peer) int {
	switch {
	case d.updating != nil && len(d.updating.out.body) > 0:
		return 491
	case d.deciding:
		return 500
	case d.phase == phaseEarly && d.uas:
		if d.promise == nil || !d.promise.settled {
			return 500
		}
	case d.phase == phaseEarly:
		if p.described == nil {
			return 491
		}
	case d.asking != nil && d.asking.state == txProceeding:
		return 491
	case d.asked != nil || d.answer != nil:
		return 500
	}
	return 0
}

// crossing refuses a change that comes while another is on its way.
func crossing(code int) response {
	a := response{code: code}
	if code == 500 {
		a.headers = [][2]string{{"Retry-After", strconv.Itoa(rand.IntN(10))}}
	}
	return a
}

// reinvited is the peer changing the session (RFC 3261 section 14.2).
func (d *Dialog) reinvited(t *serverTx, r *sip.Request) {
	a := readSession(r)
	switch code := d.open(&d.peer); {
	case d.phase == phaseEnding:
		t.respond(response{code: 481})
		return
	case d.phase == phaseEarly && !d.uas:
		t.respond(crossing(491))
		return
	case d.phase == phaseEarly:
		t.respond(crossing(500))
		return
	case code != 0:
		t.respond(crossing(code))
		return
	case a.tooShort():
		t.respond(response{code: 422, headers: tooSmall()})
		return
	case len(r.Body()) > 0 && !isSDP(r):
		t.respond(response{code: 415, headers: refusalHeaders(415)})
		return
	}
	t.respond(response{code: 100})
	d.refresh(&d.peer, r)
	d.asked, d.askedAt, d.asks = t, r.CSeq().SeqNo, a
	t.cancelled = func(*sip.Request) {
		d.asked = nil
		t.respond(response{code: 487})
		d.next()
	}
	d.ask(t, r, func(code int, body []byte) {
		switch {
		case code < 300:
			d.send2xx(body, false)
		default:
			d.asked = nil
			t.respond(response{code: code})
			d.next()
		}
	})
}

// updated is UPDATE (RFC 3311): without SDP only a refresh, with SDP a change like that of a re-INVITE, which may come
// before the call is answered.
func (d *Dialog) updated(p *peer, t *serverTx, r *sip.Request) {
	a := readSession(r)
	code := d.open(p)
	switch {
	case d.phase == phaseEnding:
		t.respond(response{code: 481})
	case a.tooShort():
		t.respond(response{code: 422, headers: tooSmall()})
	case len(r.Body()) == 0:
		d.refresh(p, r)
		t.respond(response{code: 200, headers: append(d.dialogHeaders(), d.regrant(a)...)})
	case !isSDP(r):
		t.respond(response{code: 415, headers: refusalHeaders(415)})
	case code != 0:
		t.respond(crossing(code))
	default:
		d.refresh(p, r)
		d.decideUpdate(t, r)
	}
}

// regrant settles the timer within the call; before the answer there is none to settle.
func (d *Dialog) regrant(a sessionAsk) [][2]string {
	if d.phase != phaseUp {
		return nil
	}
	return d.grant(a)
}

// decideUpdate has our side decide about the offer in an UPDATE or a PRACK.
func (d *Dialog) decideUpdate(t *serverTx, r *sip.Request) {
	asks := readSession(r)
	update := r.Method == sip.UPDATE
	d.deciding = true
	d.ask(t, r, func(code int, body []byte) {
		a := response{code: code}
		if code < 300 {
			d.say(body)
			a.headers, a.body = d.dialogHeaders(), body
			if update {
				a.headers = append(a.headers, d.regrant(asks)...)
			}
		}
		d.deciding = false
		t.respond(a)
		d.next()
	})
}

// ask has our side decide about an offer. Whoever does not decide in time declines.
func (d *Dialog) ask(t *serverTx, r *sip.Request, decide func(code int, body []byte)) {
	var once sync.Once
	reply := func(code int, body []byte) {
		if code < 200 || code > 699 {
			code = 500
		}
		switch {
		case t.state != txProceeding:
		case d.phase <= phaseUp:
			decide(code, body)
		default:
			t.respond(response{code: 481})
		}
	}
	d.hear(r.Body())
	late := d.sh.after(replyTime, func() { once.Do(func() { reply(500, nil) }) })
	d.emit(Event{
		Kind: EventReinvite, Body: r.Body(), ContentType: contentType(r), Branch: d.branchTag(r),
		Reply: func(code int, body []byte) {
			once.Do(func() {
				d.sh.post(func() {
					late.stop()
					reply(code, body)
				})
			})
		},
	})
}

// branchTag tells the phones apart that a call of ours rings.
func (d *Dialog) branchTag(r *sip.Request) string {
	if d.uas || d.phase != phaseEarly {
		return ""
	}
	return tagOf(r.From().Params)
}

// refresh takes the peer's new Contact.
func (d *Dialog) refresh(p *peer, m interface {
	Contact() *sip.ContactHeader
	GetHeaders(string) []sip.Header
}) {
	if target := targetOf(m); target != "" {
		p.target = target
	}
	if len(m.GetHeaders("allow")) > 0 {
		p.updates = allows(m, "UPDATE")
	}
}

// say and hear remember the session descriptions of both sides, for refreshes. heard is true when the peer's is new.
func (d *Dialog) say(body []byte) {
	if len(body) > 0 {
		d.said = body
	}
}

func (d *Dialog) hear(body []byte) (changed bool) {
	if len(body) == 0 {
		return false
	}
	h := maphash.Bytes(shardSeed, body)
	changed, d.heard = h != d.heard, h
	return changed
}

// change makes a change when nothing else changes the session.
func (d *Dialog) change(w *wish) {
	switch {
	case d.phase == phaseUp:
		d.pause.stop()
		d.wanted = w
		d.next()
	case d.phase == phaseEarly && w.update:
		p := d.earlyPeer()
		if p == nil || d.updating != nil || d.open(p) != 0 {
			d.emit(Event{Kind: EventReinviteDone, Code: 405, Text: "the peer takes no UPDATE now"})
			return
		}
		d.sendUpdate(p, w)
	}
}

// earlyPeer is whom an UPDATE can go to before the answer, nil when that is nobody or not certain.
func (d *Dialog) earlyPeer() *peer {
	p := &d.peer
	if !d.uas {
		if len(d.call.forks) != 1 {
			return nil
		}
		for _, p = range d.call.forks {
		}
	}
	if !p.updates {
		return nil
	}
	return p
}

// next sends the change that waits, when its turn has come.
func (d *Dialog) next() {
	w := d.wanted
	if w == nil || d.phase != phaseUp || d.pause.pending() || d.updating != nil || d.open(&d.peer) != 0 {
		return
	}
	d.wanted = nil
	if w.update && d.peer.updates {
		d.sendUpdate(&d.peer, w)
		return
	}
	body := w.body
	if w.refresh {
		body = d.said
	}
	d.sendReinvite(d.changing("INVITE", &d.peer, body), w, 0)
}

// changing is the request for a change.
func (d *Dialog) changing(method string, p *peer, body []byte) *outgoing {
	d.cseq++
	o := d.compose(method, p, d.cseq)
	o.headers = append(d.dialogHeaders()[:3], o.headers...)
	if d.phase == phaseUp && d.session.interval > 0 {
		o.put(d.session.ask())
	}
	if len(body) > 0 {
		d.say(body)
		o.contentType, o.body = "application/sdp", body
	}
	return o
}

func (d *Dialog) sendUpdate(p *peer, w *wish) {
	d.updating = d.transactWith(p, d.changing("UPDATE", p, w.body), func(code int, r *sip.Response) {
		d.updating = nil
		switch {
		case r == nil && d.deadOn(408):
		case r == nil:
			d.done(w, Event{Kind: EventReinviteDone, Code: code, Text: "no response"}, false)
		case r.IsSuccess():
			d.refresh(p, r)
			if d.phase == phaseUp {
				d.granted(r)
			}
			d.done(w, Event{Kind: EventReinviteDone, Code: r.StatusCode, Text: r.Reason, Body: r.Body(), ContentType: contentType(r)}, d.hear(r.Body()))
		default:
			d.refused(w, r)
		}
	})
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
				d.refresh(&d.peer, r)
				ack = d.ackFor(o, &d.peer)
			}
			d.way(&d.peer).send(ack)
			if first && d.phase == phaseUp {
				d.granted(r)
				d.done(w, Event{Kind: EventReinviteDone, Code: r.StatusCode, Text: r.Reason, Body: r.Body(), ContentType: contentType(r)}, d.hear(r.Body()))
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
			d.done(w, Event{Kind: EventReinviteDone, Code: code, Text: why}, false)
		}
	})
}

// done tells the outcome of a change. A refresh is told only when the peer took the occasion to change something.
func (d *Dialog) done(w *wish, e Event, changed bool) {
	if !w.refresh || changed {
		d.emit(e)
	}
	d.next()
}

// refused is the end of a change that was not accepted: the session stays as it was. After a glare it is sent again
// (RFC 3261 section 14.1); who began the call waits longer.
func (d *Dialog) refused(w *wish, r *sip.Response) {
	again := d.phase == phaseUp && d.wanted == nil && w.tries+1 < maxGlares
	switch {
	case r.StatusCode == 491 && again:
		wait := time.Duration(rand.IntN(200)) * 10 * time.Millisecond
		if !d.uas {
			wait = 2100*time.Millisecond + time.Duration(rand.IntN(190))*10*time.Millisecond
		}
		d.pause.stop()
		d.pause = d.sh.after(wait*d.s.timers.t1/standardTimings.t1, d.next)
	case (r.StatusCode == 405 || r.StatusCode == 501) && w.update && d.peer.updates && again:
		d.peer.updates = false
	case d.session.longer(r) && again:
	case d.deadOn(r.StatusCode):
		return
	default:
		d.done(w, Event{Kind: EventReinviteDone, Code: r.StatusCode, Text: r.Reason}, false)
		return
	}
	w.tries++
	d.wanted = w
	d.next()
}
