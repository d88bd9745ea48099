package sip

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const replyTime = 10 * time.Second // for Event.Reply; then the change is refused for us

// isPeer checks that a request comes from the one we talk to.
func (d *Dialog) isPeer(r *sip.Request) bool {
	return d.peer.tag == tagOf(r.From().Params) || d.peer.tag == "" || !d.uas && d.phase == phaseEarly
}

// request takes a request inside the dialog (RFC 3261 section 12.2.2).
func (d *Dialog) request(f flow, r *sip.Request) {
	t := d.sh.newServerTx(f, r, d.tag)
	if r.CSeq().SeqNo <= d.theirs && d.theirs != 0 {
		t.respond(response{code: 500, reason: "CSeq Out Of Order"})
		return
	}
	d.theirs = r.CSeq().SeqNo
	d.move(f) // a phone whose NAT changed its mind is answered where it is now
	switch r.Method {
	case sip.BYE:
		d.byed(t, r)
	case sip.INVITE:
		d.reinvited(t, r)
	case sip.UPDATE:
		d.updated(t, r)
	case sip.INFO:
		t.respond(response{code: 200})
		d.emit(Event{Kind: EventInfo, Body: r.Body(), ContentType: contentType(r)})
	case sip.OPTIONS:
		t.respond(response{code: 200, headers: [][2]string{{"Allow", allowed}, {"Accept", "application/sdp"}}})
	default:
		t.respond(response{code: 405, headers: [][2]string{{"Allow", allowed}}})
	}
}

// byeTime is how long the owner of a call may take to write down its end before
// the peer's BYE is confirmed all the same; it would be sent again after T1.
const byeTime = 400 * time.Millisecond

// byed is the peer hanging up. The confirmation waits for Event.Reply, so that
// whoever was told that a call is over can rely on its CDR. A caller may do so before our answer (RFC 3261 section 15).
func (d *Dialog) byed(t *serverTx, r *sip.Request) {
	q850, text := parseReason(value(r, "reason"))
	if d.asked != nil {
		d.asked.respond(response{code: 487})
	}
	if d.asking != nil {
		d.asking.quiet()
	}
	kind := EventBye
	if d.uas && d.phase == phaseEarly {
		kind = EventCancelled
	}
	confirmed := false
	confirm := func() {
		if !confirmed {
			confirmed = true
			t.respond(response{code: 200})
		}
	}
	late := d.sh.after(byeTime, confirm)
	d.last(Event{Kind: kind, Q850: q850, Text: text, Reply: func(int, []byte) {
		d.sh.post(func() {
			late.stop()
			confirm()
		})
	}})
	d.over()
}

// reinvited is the peer changing the session (RFC 3261 section 14.2).
func (d *Dialog) reinvited(t *serverTx, r *sip.Request) {
	switch {
	case d.phase == phaseEnding:
		t.respond(response{code: 481})
		return
	case d.asking != nil && d.asking.state == txProceeding:
		t.respond(response{code: 491})
		return
	case d.asked != nil || d.answer != nil || d.phase == phaseEarly:
		t.respond(response{code: 500, headers: [][2]string{{"Retry-After", strconv.Itoa(rand.IntN(10))}}})
		return
	case len(r.Body()) > 0 && !isSDP(r):
		t.respond(response{code: 415, headers: refusalHeaders(415)})
		return
	}
	t.respond(response{code: 100})
	d.refresh(r)
	d.asked, d.askedAt = t, r.CSeq().SeqNo
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

// updated is UPDATE (RFC 3311): without SDP only a refresh, with SDP a change like that of a re-INVITE.
func (d *Dialog) updated(t *serverTx, r *sip.Request) {
	switch {
	case len(r.Body()) == 0:
		d.refresh(r)
		t.respond(response{code: 200, headers: d.dialogHeaders()})
	case d.asking != nil && d.asking.state == txProceeding:
		t.respond(response{code: 491})
	case d.asked != nil || d.answer != nil || d.phase != phaseUp:
		t.respond(response{code: 500, headers: [][2]string{{"Retry-After", strconv.Itoa(rand.IntN(10))}}})
	default:
		d.refresh(r)
		d.ask(t, r, func(code int, body []byte) {
			a := response{code: code}
			if code < 300 {
				a.headers, a.body = d.dialogHeaders(), body
			}
			t.respond(a)
		})
	}
}

// ask has our side decide about an offer. Whoever does not decide in time declines.
func (d *Dialog) ask(t *serverTx, r *sip.Request, decide func(code int, body []byte)) {
	var once sync.Once
	reply := func(code int, body []byte) {
		if code < 200 || code > 699 {
			code = 500
		}
		if t.state == txProceeding && d.phase == phaseUp {
			decide(code, body)
		}
	}
	late := d.sh.after(replyTime, func() { once.Do(func() { reply(500, nil) }) })
	d.emit(Event{
		Kind: EventReinvite, Body: r.Body(), ContentType: contentType(r),
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

// refresh takes the peer's new Contact.
func (d *Dialog) refresh(m interface{ Contact() *sip.ContactHeader }) {
	if target := targetOf(m); target != "" {
		d.peer.target = target
	}
}
