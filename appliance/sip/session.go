package sip

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Session timers (RFC 4028) in seconds, as their headers count.
const (
	sessionExpires = 1800
	sessionLeast   = 90
	sessionMost    = 86400 // asked for more by a 422: the peer is not to be taken seriously
)

// session is the timer of a dialog: whoever refreshes does so at half time, the other hangs up when nothing comes.
type session struct {
	interval int  // seconds, 0: no timer
	ours     bool // we refresh
	least    int  // what a 422 taught us, 0: nothing
	due      *alarm
}

// sessionAsk is what a message says about the session timer.
type sessionAsk struct {
	interval  int    // of Session-Expires, 0: none
	refresher string // uac, uas, ""
	least     int    // of Min-SE
	knows     bool   // the option tag
}

func readSession(m interface {
	GetHeaders(string) []sip.Header
	GetHeader(string) sip.Header
}) sessionAsk {
	a := sessionAsk{knows: supports(m, "timer"), least: int(seconds(value(m, "min-se")) / time.Second)}
	v := value(m, "session-expires")
	a.interval = int(seconds(v) / time.Second)
	for p := range strings.SplitSeq(strings.ToLower(v), ";") {
		if name, who, _ := strings.Cut(strings.TrimSpace(p), "="); strings.TrimSpace(name) == "refresher" {
			a.refresher = strings.TrimSpace(who)
		}
	}
	return a
}

// tooShort is true for a timer that is to be refused with 422. Only who knows the timer understands that; for others a
// proxy in between has written the header, and gets more than it asked for.
func (a sessionAsk) tooShort() bool { return a.knows && a.interval > 0 && a.interval < sessionLeast }

// tooSmall are the headers of that refusal.
func tooSmall() [][2]string { return [][2]string{{"Min-SE", strconv.Itoa(sessionLeast)}} }

// grant settles the timer as the one who answers, and returns what the answer says about it.
func (d *Dialog) grant(a sessionAsk) [][2]string {
	s := &d.session
	if a.interval == 0 && !a.knows {
		s.interval = 0
		d.arm()
		return nil
	}
	new := s.interval == 0
	if new || a.interval > 0 {
		s.interval = min(cmp.Or(a.interval, sessionExpires), sessionExpires)
	}
	s.interval = max(s.interval, a.least, sessionLeast)
	switch {
	case !a.knows || a.refresher == "uas" || a.refresher == "" && new: // when nobody is named: what we do ourselves is done
		s.ours = true
	case a.refresher == "uac":
		s.ours = false
	}
	d.arm()
	h := [][2]string{{"Session-Expires", strconv.Itoa(s.interval) + ";refresher=" + s.who("uas", "uac")}}
	if !s.ours {
		h = append(h, [2]string{"Require", "timer"})
	}
	return h
}

func (s *session) who(ours, theirs string) string {
	if s.ours {
		return ours
	}
	return theirs
}

// ask are the headers of a request that begins or refreshes a session.
func (s *session) ask() [][2]string {
	interval := s.interval
	if interval == 0 {
		interval, s.ours = sessionExpires, true
	}
	interval = max(interval, s.least)
	return [][2]string{
		{"Session-Expires", strconv.Itoa(interval) + ";refresher=" + s.who("uac", "uas")},
		{"Min-SE", strconv.Itoa(max(s.least, sessionLeast))},
	}
}

// granted settles the timer by the 2xx to a request of ours. Whoever was not named: we do it.
func (d *Dialog) granted(r *sip.Response) {
	a := readSession(r)
	d.session.interval, d.session.ours = a.interval, a.refresher != "uas"
	if a.interval > 0 {
		d.session.interval = max(a.interval, sessionLeast)
	}
	d.arm()
}

// arm starts the timer anew: a refresh at half time, or the end a while before the session would expire (RFC 4028
// section 10).
func (d *Dialog) arm() {
	s := &d.session
	s.due.stop()
	if s.interval == 0 || d.phase != phaseUp {
		return
	}
	second := d.s.timers.oneSecond()
	whole := time.Duration(s.interval) * second
	if s.ours {
		s.due = d.sh.after(whole/2, d.renew)
		return
	}
	s.due = d.sh.after(whole-min(32*second, whole/3), d.expired)
}

// renew refreshes the session. Another change that waits for its turn does so too. That it failed is told by its
// transaction; a peer that answers anything is alive, and its call is not cut.
func (d *Dialog) renew() {
	d.arm()
	if d.wanted == nil {
		d.wanted = &wish{refresh: true, update: true}
	}
	d.next()
}

// expired is a peer that should have refreshed and did not.
func (d *Dialog) expired() {
	if d.phase != phaseUp {
		return
	}
	d.last(Event{Kind: EventBye, Code: 408, Text: "session expired"})
	d.bye(Reason{Q850: 102, Text: "session expired"})
}

// longer takes the Min-SE of a 422; false when there is nothing to be learned from it.
func (s *session) longer(r *sip.Response) bool {
	least := int(seconds(value(r, "min-se")) / time.Second)
	if r.StatusCode != 422 || least <= max(s.least, sessionLeast) && s.least > 0 || least > sessionMost || least < 1 {
		return false
	}
	s.least = max(least, sessionLeast)
	s.interval = max(s.interval, s.least)
	return true
}
