package bench

import (
	"fmt"
	"net/netip"
	"time"
)

// outgoing is a call as the near end sees it.
type outgoing struct {
	id             string
	n              int
	began          time.Time
	dialog         []string // headers that every request of it has
	to, contact    string   // after the answer
	answered, over bool
	seen           map[string]bool // responses, by method and code
	waits          repeat
}

// invite begins the next call of the run. The caller holds the lock, as everywhere in this file.
func (w *traffic) invite() {
	here, n := w.near.LocalAddr().String(), w.count.begun
	c := &outgoing{id: fmt.Sprintf("%d-%d@%s", w.run, n, nearHost), n: n, began: time.Now(), seen: map[string]bool{}}
	c.dialog = []string{
		fmt.Sprintf("From: \"Load\" <sip:09120%05d@%s>;tag=n%d", n%100000, nearHost, n),
		"Call-ID: " + c.id, "Max-Forwards: 70",
	}
	c.to, c.contact = fmt.Sprintf("<sip:%s@%s>", dialled, w.target), fmt.Sprintf("sip:%s@%s", dialled, w.target)
	w.made[c.id] = c
	w.count.begun++
	port := 9 // the discard port: nothing is ever sent there
	if n < len(w.phones)/2 {
		port = w.phones[n].port
	}
	c.send(w, "INVITE", 1, true, fmt.Sprintf("Contact: <sip:load@%s>", here), "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS", describe(switchHost, port))
}

const dialled = "0227000001"

// send sends a request of the call; one that waits for an answer is repeated.
func (c *outgoing) send(w *traffic, method string, seq int, waits bool, more ...string) {
	here := w.near.LocalAddr().String()
	headers := append([]string{fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%d-%d-%s;rport", here, w.run, c.n, method)}, c.dialog...)
	headers = append(headers, "To: "+c.to, fmt.Sprintf("CSeq: %d %s", seq, method))
	bytes := compose(fmt.Sprintf("%s %s SIP/2.0", method, c.contact), append(headers, more...))
	if c.waits = (repeat{}); waits {
		c.waits = repeat{bytes: bytes, due: time.Now().Add(patience)}
	}
	w.near.WriteToUDPAddrPort(bytes, w.target)
}

func (c *outgoing) fail(w *traffic, why string) {
	if !c.over {
		c.over, c.waits = true, repeat{}
		w.count.failed = append(w.count.failed, why)
	}
}

// hearNear takes what the switch sends to the caller.
func (w *traffic) hearNear(m message, from netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, code, method := w.made[m.header("Call-ID")], m.status(), m.method()
	switch {
	case code == 0 && method != "ACK":
		w.near.WriteToUDPAddrPort(m.response(200, "OK", "near"), from)
		if c != nil && method == "BYE" {
			c.fail(w, "the switch hung up")
		}
		return
	case c == nil || c.over && code < 300:
		if c != nil && c.seen[key(method, code)] {
			w.count.repeated++
		}
		return
	}
	again := c.seen[key(method, code)]
	c.seen[key(method, code)] = true
	if again {
		w.count.repeated++
	}
	switch {
	case method == "INVITE" && code < 200:
		c.waits = repeat{}
		if code == 180 && !again {
			w.count.setup = append(w.count.setup, time.Since(c.began))
		}
	case method == "INVITE" && code < 300:
		c.accept(w, m, again)
	case method == "INVITE":
		c.send(w, "ACK", 1, false)
		if c.over {
			return
		}
		if code == 503 && m.header("Retry-After") != "" {
			c.over, c.waits = true, repeat{}
			w.count.shed, w.count.lastShed = w.count.shed+1, time.Now()
			return
		}
		c.fail(w, fmt.Sprintf("refused with %d", code))
	case method == "BYE" && code < 300:
		c.over, c.waits = true, repeat{}
		w.count.ended++
	case method == "BYE":
		c.fail(w, fmt.Sprintf("BYE is refused with %d", code))
	}
}

func key(method string, code int) string { return fmt.Sprint(method, code) }

// accept takes the 200 of the INVITE, which is confirmed each time it comes.
func (c *outgoing) accept(w *traffic, m message, again bool) {
	c.to, c.contact = m.header("To"), m.contact()
	c.send(w, "ACK", 1, false)
	if again {
		return
	}
	c.answered = true
	w.count.answered++
	if at, ok := m.sound(); ok && c.n < len(w.phones)/2 {
		w.phones[c.n].target(at)
	}
	if w.plan.talk > 0 {
		time.AfterFunc(w.plan.talk, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			c.hangUp(w)
		})
	}
}

func (c *outgoing) hangUp(w *traffic) {
	if !c.over && c.answered {
		c.send(w, "BYE", 2, true)
	}
}

// hangUp ends all calls that are up.
func (w *traffic) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.made {
		c.hangUp(w)
	}
}

// incoming is a call as the far end sees it.
type incoming struct {
	n               int
	from            netip.AddrPort
	confirmed, over bool
	last            []byte
	waits           repeat
}

// hearFar takes what the switch sends to the callee.
func (w *traffic) hearFar(m message, from netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.status() != 0 {
		return
	}
	c, method := w.taken[m.header("Call-ID")], m.method()
	switch {
	case method == "INVITE" && c == nil:
		w.ring(m, from)
	case method == "INVITE":
		w.count.repeated++
		w.far.WriteToUDPAddrPort(c.last, from)
	case method == "ACK":
		if c != nil && !c.confirmed {
			c.confirmed, c.waits = true, repeat{}
			w.count.confirmed++
		}
	default:
		w.far.WriteToUDPAddrPort(m.response(200, "OK", "far"), from)
		if method == "BYE" && c != nil && c.over {
			w.count.repeated++
		}
		if method == "BYE" && c != nil && !c.over {
			c.over, c.waits = true, repeat{}
			w.count.gone++
		}
	}
}

// ring takes a call: 100, 180, and after a while 200.
func (w *traffic) ring(m message, from netip.AddrPort) {
	c := &incoming{n: w.count.rung, from: from}
	w.taken[m.header("Call-ID")] = c
	w.count.rung++
	tag, port := fmt.Sprintf("f%d", c.n), 9
	if phone := len(w.phones)/2 + c.n; phone < len(w.phones) {
		port = w.phones[phone].port
		if at, ok := m.sound(); ok {
			w.phones[phone].target(at)
		}
	}
	contact := fmt.Sprintf("Contact: <sip:far@%s>", w.far.LocalAddr())
	w.far.WriteToUDPAddrPort(m.response(100, "Trying", tag), from)
	c.last = m.response(180, "Ringing", tag, contact)
	w.far.WriteToUDPAddrPort(c.last, from)
	time.AfterFunc(w.plan.ring, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		c.last = m.response(200, "OK", tag, contact, describe(switchHost, port))
		c.waits = repeat{bytes: c.last, due: time.Now().Add(patience)}
		w.far.WriteToUDPAddrPort(c.last, from)
	})
}
