package sip

import "time"

const (
	maxMail     = 64 // events that wait for a receiver
	mailFirst   = 2 * time.Millisecond
	mailMost    = 100 * time.Millisecond
	mailTimeout = 30 * time.Second // after the last event
)

// mailbox hands the events of a dialog to its receiver, in order, without ever waiting for it.
type mailbox struct {
	ch      chan<- Event
	waiting []Event
	again   *alarm
	wait    time.Duration
	sealed  bool      // the last event is in, or nobody wants more
	until   time.Time // when sealed: give up
}

func (m *mailbox) attach(d *Dialog, ch chan<- Event) {
	m.ch = ch
	m.flush(d)
}

// emit offers an event.
func (d *Dialog) emit(e Event) {
	m := &d.mail
	if m.sealed {
		return
	}
	if len(m.waiting) >= maxMail && (e.Kind == EventProgress || e.Kind == EventInfo) {
		d.s.count.eventsLost.Add(1)
		return
	}
	e.Dialog = d
	m.waiting = append(m.waiting, e)
	m.flush(d)
}

// last is emit for the event after which none comes.
func (d *Dialog) last(e Event) {
	d.emit(e)
	d.mail.seal()
}

// hush ends the events without a last one: who hung up knows.
func (d *Dialog) hush() {
	d.mail.seal()
	d.mail.waiting = nil
}

func (m *mailbox) seal() {
	if !m.sealed {
		m.sealed, m.until = true, time.Now().Add(mailTimeout)
	}
}

func (m *mailbox) flush(d *Dialog) {
	if m.ch == nil {
		return
	}
	for len(m.waiting) > 0 {
		select {
		case m.ch <- m.waiting[0]:
			m.waiting[0] = Event{}
			m.waiting = m.waiting[1:]
			m.wait = 0
		default:
			m.later(d)
			return
		}
	}
	m.waiting = nil
}

// later tries again after a while that doubles.
func (m *mailbox) later(d *Dialog) {
	if m.sealed && time.Now().After(m.until) {
		d.s.count.eventsLost.Add(uint64(len(m.waiting)))
		m.waiting = nil
		return
	}
	m.wait = min(max(2*m.wait, mailFirst), mailMost)
	m.again.stop()
	m.again = d.sh.after(m.wait, func() { m.flush(d) })
}
