package sip

import (
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// note is what one NOTIFY says (RFC 6665).
type note struct {
	event, state string
	contentType  string
	body         []byte
}

// notifier sends the NOTIFYs of a subscription one after the other. While one is on its way only the newest of the others
// is kept: states matter, not their history.
type notifier struct {
	d       *Dialog
	busy    bool
	waiting *note
	dead    func() // the subscriber does not know the subscription, or does not answer
}

func (n *notifier) tell(x note) {
	if n.busy {
		n.waiting = &x
		return
	}
	n.busy = true
	d := n.d
	d.cseq++
	o := d.compose("NOTIFY", &d.peer, d.cseq)
	o.headers = append([][2]string{
		{"Contact", "<" + d.contact() + ">"}, {"Event", x.event}, {"Subscription-State", x.state}, {"Allow-Events", allowEvents},
	}, o.headers...)
	if len(x.body) > 0 {
		o.contentType, o.body = x.contentType, x.body
	}
	d.transact(o, func(code int, _ *sip.Response) {
		n.busy = false
		if (code == 481 || code == 408 || code == 503) && n.dead != nil {
			n.dead()
			return
		}
		if next := n.waiting; next != nil {
			n.waiting = nil
			n.tell(*next)
		}
	})
}

func itoa(n int) string { return strconv.Itoa(n) }
