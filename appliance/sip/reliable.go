package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const maxPromises = 8 // provisional responses that wait until the one before is acknowledged

// provisional is a response from 101 to 199 to send.
type provisional struct {
	code int
	body []byte
}

// promise is the state of our provisional responses that the caller acknowledges with PRACK (RFC 3262 section 3). One
// at a time is on its way; the others wait, so that their order is kept.
type promise struct {
	all     bool   // the caller requires it of all; otherwise only those with a body are worth it
	seq     uint32 // RSeq of the last that was sent
	waiting bool   // for its PRACK
	body    bool   // that one carries SDP
	settled bool   // SDP of ours was acknowledged: offer and answer are exchanged
	next    []provisional
	final   func() // the 200, which must not overtake SDP
	repeat  *alarm
	expiry  *alarm
}

func (p *promise) stop() {
	if p != nil {
		p.repeat.stop()
		p.expiry.stop()
		p.next = nil
	}
}

// promises reads what the caller said about PRACK; nil when it does not know it.
func promises(r *sip.Request) *promise {
	if !supports(r, "100rel") {
		return nil
	}
	return &promise{all: requires(r, "100rel"), seq: uint32(1 + rand.IntN(1<<20))}
}

// reliably sends a provisional response until its PRACK; false when it need not be reliable.
func (d *Dialog) reliably(x provisional) bool {
	p := d.promise
	if p == nil || !p.all && len(x.body) == 0 {
		return false
	}
	if p.waiting {
		if len(p.next) < maxPromises {
			p.next = append(p.next, x)
		}
		return true
	}
	p.seq++
	p.waiting, p.body = true, len(x.body) > 0
	b := d.asked.respond(response{code: x.code, body: x.body, headers: append(d.dialogHeaders(),
		[2]string{"Require", "100rel"}, [2]string{"RSeq", strconv.FormatUint(uint64(p.seq), 10)})})
	d.repeatPromise(b, d.s.timers.t1)
	p.expiry = d.sh.after(d.s.timers.timeout(), d.unpracked)
	return true
}

func (d *Dialog) repeatPromise(b []byte, wait time.Duration) {
	p := d.promise
	p.repeat = d.sh.after(wait, func() {
		d.flow.send(b)
		d.repeatPromise(b, 2*wait)
	})
}

// unpracked gives a caller up who never acknowledged (RFC 3262 section 3: the call is refused with a 5xx).
func (d *Dialog) unpracked() {
	if d.phase != phaseEarly || d.asked == nil {
		return
	}
	d.last(Event{Kind: EventCancelled, Code: 408, Text: "no PRACK"})
	d.refuse(504, Reason{Q850: 102, Text: "no PRACK"})
}

// pracked takes a PRACK. What it does not match is answered with 481, also a second one for the same response.
func (d *Dialog) pracked(t *serverTx, r *sip.Request) {
	p := d.promise
	if p == nil || !p.waiting || !p.matches(value(r, "rack"), d.askedAt) {
		t.respond(response{code: 481})
		return
	}
	p.repeat.stop()
	p.expiry.stop()
	p.waiting = false
	p.settled = p.settled || p.body
	switch {
	case len(r.Body()) > 0 && d.late: // the answer to the offer in our response
		t.respond(response{code: 200})
		d.late = false
		d.emit(Event{Kind: EventConfirmed, Code: 183, Body: r.Body(), ContentType: contentType(r)})
	case len(r.Body()) > 0: // a new offer
		d.decideUpdate(t, r)
	default:
		t.respond(response{code: 200})
	}
	d.promiseNext()
}

func (d *Dialog) promiseNext() {
	p := d.promise
	if final := p.final; final != nil {
		p.final = nil
		final()
		return
	}
	if d.phase == phaseEarly && d.asked != nil && len(p.next) > 0 {
		x := p.next[0]
		p.next = p.next[1:]
		d.reliably(x)
	}
}

// matches compares "RSeq CSeq method".
func (p *promise) matches(rack string, cseq uint32) bool {
	f := strings.Fields(rack)
	return len(f) == 3 && f[0] == strconv.FormatUint(uint64(p.seq), 10) && f[1] == strconv.FormatUint(uint64(cseq), 10) && strings.EqualFold(f[2], "INVITE")
}
