package sip

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// isPeer checks that a request comes from the one we talk to.
func (d *Dialog) isPeer(r *sip.Request) bool { return d.peerOf(r) != nil }

// request takes a request inside the dialog (RFC 3261 section 12.2.2).
func (d *Dialog) request(f flow, r *sip.Request) {
	p := d.peerOf(r)
	t := d.sh.newServerTx(f, r, d.tag)
	if r.CSeq().SeqNo <= p.theirs && p.theirs != 0 {
		t.respond(response{code: 500, reason: "CSeq Out Of Order"})
		return
	}
	p.theirs = r.CSeq().SeqNo
	d.move(f) // a phone whose NAT changed its mind is answered where it is now
	switch r.Method {
	case sip.BYE:
		d.byed(t, r)
	case sip.INVITE:
		d.reinvited(t, r)
	case sip.UPDATE:
		d.updated(p, t, r)
	case sip.PRACK:
		d.pracked(t, r)
	case sip.REFER:
		d.referred(t, r)
	case sip.NOTIFY:
		t.respond(response{code: 481, reason: "Subscription Does Not Exist"})
	case sip.INFO:
		t.respond(response{code: 200})
		d.emit(Event{Kind: EventInfo, Body: r.Body(), ContentType: contentType(r)})
	case sip.OPTIONS:
		t.respond(response{code: 200, headers: abilities()})
	default:
		t.respond(response{code: 405, headers: [][2]string{{"Allow", allow}}})
	}
}

// byeTime is how long the owner of a call may take to write down its end before
// the peer's BYE is confirmed all the same; it would be sent again after T1.
const byeTime = 400 * time.Millisecond

// byed is the peer hanging up. The confirmation waits for Event.Reply, so that
// whoever was told that a call is over can rely on its CDR. A caller may do so before our answer (RFC 3261 section 15).
func (d *Dialog) byed(t *serverTx, r *sip.Request) {
	q850, text := reasonOf(r)
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
	d.last(Event{Kind: kind, Q850: q850, Text: text, Reply: d.confirmLater(t)})
	d.over()
}

// confirmLater answers a BYE when the function that it returns is called, or
// after byeTime.
func (d *Dialog) confirmLater(t *serverTx) func(int, []byte) {
	confirmed := false
	confirm := func() {
		if !confirmed {
			confirmed = true
			t.respond(response{code: 200})
		}
	}
	late := d.sh.after(byeTime, confirm)
	return func(int, []byte) {
		d.sh.post(func() {
			late.stop()
			confirm()
		})
	}
}
