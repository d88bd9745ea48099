package media

const (
	window    = 10_000 * ms // how long after a negotiation an unknown source may still be learned
	settle    = 3_000 * ms  // how long after the first learned packet a better one may still replace it
	forgotten = 500 * ms    // a source silent for that long inside the window may be replaced by any other
	consent   = 30_000 * ms // without a check of ICE a source counts as gone (RFC 7675 section 5.1)
)

// latch decides whom a stream hears and where it sends (symmetric RTP, RFC 4961; limits of RFC 7362 section 5). The
// address that the peer signalled is preferred; another one, as behind a NAT, is learned only inside a short window
// after a negotiation, so that a stranger who sprays the port later is neither heard nor sent to.
//
//	row  state                              source                         what happens
//	1    nothing negotiated                 any                            dropped, foreign
//	2    window open, nothing learned       the signalled one              heard, learned, window closes
//	3    window open, nothing learned       signalled host, other port     heard, learned, window ends in 3 s
//	4    window open, nothing learned       another host                   heard, learned, window ends in 3 s
//	5    window open, learned               nearer to the signalled one    takes over at once
//	6    window open, learned and heard     as near or farther             dropped, foreign
//	7    window open, silent for 500 ms     any                            takes over
//	8    window closed, learned             the learned one                heard
//	9    window closed, learned             any other                      dropped, foreign
//	10   window closed, nothing learned     the signalled one              heard, learned; all others are foreign
//	11   negotiated again, new address      –                              the learned one is forgotten, window opens
//	12   negotiated again, same address     –                              the learned one stays, window opens
//	13   negotiated, peer does not send     any                            as 11 and 12, but the window stays closed
//
// Where sound is encrypted, an address proves nothing by itself and a packet only by its tag:
//
//	14   encrypted, no ICE                  any, its tag is wrong          dropped, refused; nothing of rows 2 to 13 happens
//	15   encrypted, no ICE                  any, its tag is right          as rows 1 to 13
//	16   encrypted, keys not yet agreed     any                            dropped, refused; nothing is sent
//	17   ICE                                no check, or a wrong password  dropped, foreign, whatever the window says
//	18   ICE                                checked                        heard; sent to while none is chosen
//	19   ICE                                chosen by a check              heard, sent to
//	20   ICE, no check for 30 s             the one that was checked       forgotten: foreign, not sent to
//	21   ICE begins anew                    checked by the old password    heard until row 20
//
// In a window that was opened again (row 12), hearing the learned source closes or shortens it just as learning did.
// Only a well-formed RTP packet with a negotiated payload number is learned from; anything else from an unknown source
// is foreign whatever the window says.
type latch struct {
	signalled endpoint // where the peer's description says it listens; zero when it names no usable address
	learned   endpoint // where it really sends from; zero while unknown
	heard     int64    // when the learned source last sent
	until     int64    // the window is open before this moment
	ready     bool     // something was negotiated
	checks    *checks  // of ICE, which then alone decides; nil without
}

// negotiated opens the window after an offer or answer that says where the peer is, unless it also says that the peer
// does not send (rows 11 to 13).
func (l *latch) negotiated(signalled endpoint, sends bool, now int64) {
	if l.checks == nil && (!l.ready || signalled != l.signalled) {
		l.learned = endpoint{}
	}
	l.signalled, l.ready, l.until = signalled, true, now
	if sends {
		l.until += window
	}
}

// admit tells whether a packet of that source is heard, and learns it; learn says whether it is good enough for that.
func (l *latch) admit(from *endpoint, learn bool, now int64) bool {
	switch {
	case !l.welcome(from, learn, now):
		return false
	case l.checks != nil:
		return true
	case *from == l.learned:
		if now < l.until {
			l.narrow(now)
		}
		l.heard = now
		return true
	}
	l.prove(from, now)
	return true
}

// welcome is what admit will say, without learning anything.
func (l *latch) welcome(from *endpoint, learn bool, now int64) bool {
	if *from == l.learned {
		return true
	}
	if l.checks != nil {
		return l.checks.has(from)
	}
	if !l.ready || !learn {
		return false
	}
	known := l.learned.valid()
	switch {
	case now >= l.until && (known || *from != l.signalled):
		return false
	case known && now-l.heard < forgotten && l.nearness(from) <= l.nearness(&l.learned):
		return false
	}
	return true
}

// prove learns a source: one that was admitted, or that a handshake with the signalled certificate came from.
func (l *latch) prove(from *endpoint, now int64) {
	l.learned, l.heard = *from, now
	l.narrow(now)
}

// follow hands the decision to ICE, or takes it back. Whom it then hears is proved anew.
func (l *latch) follow(s *session) {
	if s == nil || s.lite {
		if l.checks != nil {
			l.checks, l.learned = nil, endpoint{}
		}
		return
	}
	switch {
	case l.checks == nil:
		l.checks, l.learned = newChecks(s), endpoint{}
	case l.checks.session != s:
		l.checks.renew(s)
	}
}

// narrow closes the window once the signalled source was heard, and bounds it once any other was.
func (l *latch) narrow(now int64) {
	if l.learned == l.signalled {
		l.until = min(l.until, now)
	} else {
		l.until = min(l.until, now+settle)
	}
}

func (l *latch) nearness(e *endpoint) int {
	switch {
	case *e == l.signalled:
		return 2
	case e.sameHost(&l.signalled):
		return 1
	}
	return 0
}

// peer is where to send: the learned source, or the signalled address while nothing was learned. With ICE nobody is sent
// to who did not ask for it, so it may be none.
func (l *latch) peer() *endpoint {
	if l.learned.valid() || l.checks != nil {
		return &l.learned
	}
	return &l.signalled
}
