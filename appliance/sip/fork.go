package sip

import (
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// A call that we place may reach several phones at once: a proxy forks it, and each that rings is an early dialog of
// its own, told by its tag (RFC 3261 section 12.1.2). The first 200 makes one of them the call.

// branch is the early dialog that a provisional response belongs to, nil without a tag or when there are too many.
func (d *Dialog) branch(r *sip.Response) *peer {
	tag := tagOf(r.To().Params)
	if tag == "" {
		return nil
	}
	p := d.call.forks[tag]
	if p == nil {
		if len(d.call.forks) >= maxForks {
			return nil
		}
		if d.call.forks == nil {
			d.call.forks = map[string]*peer{}
		}
		p = &peer{tag: tag, target: d.call.out.uri, routes: recordRoutes(r.GetHeaders("record-route"), true)}
		d.call.forks[tag] = p
	}
	if target := targetOf(r); target != "" {
		p.target = target
	}
	p.updates, p.informs = p.updates || allows(r, "UPDATE"), p.informs || allows(r, "INFO")
	return p
}

// progressed takes a provisional response.
func (d *Dialog) progressed(r *sip.Response) {
	p := d.branch(r)
	if r.StatusCode == 199 { // one branch ended, the others go on (RFC 6228)
		if p != nil {
			delete(d.call.forks, p.tag)
		}
		return
	}
	if !d.prack(p, r) {
		return
	}
	d.emit(Event{Kind: EventProgress, Code: r.StatusCode, Text: r.Reason, Body: r.Body(), ContentType: contentType(r), Branch: tagOf(r.To().Params)})
}

// prack acknowledges a provisional response that wants it (RFC 3262 section 4). It is false for a repetition, whose
// PRACK repeats itself, and for one that came before its turn, which comes again.
func (d *Dialog) prack(p *peer, r *sip.Response) bool {
	rseq, err := strconv.ParseUint(value(r, "rseq"), 10, 31)
	if !hasTag(tags(r, "require"), "100rel") || err != nil || rseq == 0 {
		return true
	}
	if p == nil || p.rseq != 0 && uint32(rseq) != p.rseq+1 {
		return false
	}
	p.rseq = uint32(rseq)
	if len(r.Body()) > 0 {
		p.described = r.Body()
	}
	d.cseq++
	o := d.compose("PRACK", p, d.cseq)
	o.headers = append(o.headers, [2]string{"RAck", strconv.FormatUint(rseq, 10) + " " + strconv.FormatUint(uint64(d.call.out.cseq), 10) + " INVITE"})
	d.transactWith(p, o, func(int, *sip.Response) {})
	return true
}

// peerOf is the peer that sent a request in this dialog, nil when it is a stranger.
func (d *Dialog) peerOf(r *sip.Request) *peer {
	tag := tagOf(r.From().Params)
	if !d.uas && d.phase == phaseEarly {
		return d.call.forks[tag]
	}
	if d.peer.tag == tag || d.peer.tag == "" {
		return &d.peer
	}
	return nil
}
