package sip

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// changer is a peer that changes its session while the box does, and keeps the rules about it.
type changer struct {
	*leg
	in     chan text
	ours   bool   // our change is on its way
	said   string // our last description that the box took
	heard  string // the box's last that we took
	glares int
	again  <-chan time.Time // when to try our change again
	codes  map[string]int   // what we answered to each INVITE of the box, by its Via
}

// take does what a message asks for; it is true when both changes are done.
func (c *changer) take(m text) bool {
	switch code := c.codes[m.get("Via")]; {
	case strings.HasPrefix(string(m), "INVITE") && (c.ours && code == 0 || code == 491):
		if code == 0 {
			c.glares++
		}
		c.codes[m.get("Via")] = 491
		c.answer(m, 491, "")
	case strings.HasPrefix(string(m), "INVITE"):
		c.heard, c.codes[m.get("Via")] = m.body(), 200
		c.answer(m, 200, "v=0 theirs, as the box wants it")
	case strings.HasPrefix(m.first(), "SIP/2.0 491"):
		c.glares++
		c.send("ACK", "", "same-branch")
		c.ours = false
		// who began the call waits 2.1 to 4 s (RFC 3261 section 14.1)
		c.again = time.After((2100 + time.Duration(rand.IntN(190))*10) * time.Millisecond * quick.t1 / standardTimings.t1)
	case strings.HasPrefix(m.first(), "SIP/2.0 200"):
		c.send("ACK", "")
		c.ours, c.said = false, m.body()
	}
	return c.heard != "" && c.said != ""
}

func (c *changer) change() {
	c.ours = true
	c.send("INVITE", "v=0 theirs")
}

// run ends when both changes are done, or nothing comes of them.
func (c *changer) run() bool {
	late := time.After(patience)
	c.again = time.After(time.Duration(rand.IntN(50)) * time.Millisecond * quick.t1 / standardTimings.t1)
	for {
		select {
		case m := <-c.in:
			if c.take(m) {
				return true
			}
		case <-c.again:
			c.change()
		case <-late:
			return false
		}
	}
}

// A hundred calls in which both sides change the session within a moment, one before the other by chance.
func rowS10HoweverChangesCrossBothAreDone(t *testing.T) {
	t.Parallel()
	const calls = 100
	type side struct {
		*Dialog
		told chan Event
	}
	begun := make(chan side, calls)
	b := startBox(t, Options{OnInvite: func(d *Dialog) {
		s := side{d, make(chan Event, 20)}
		d.Attach(s.told)
		begun <- s
	}}, twoPhones(Trunk{Name: "carrier", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Health: -1}))
	u := udpPeer(t, b.at("udp"))
	u.user = "carrier"
	peers := map[string]*changer{}
	boxes := map[string]side{}
	for range calls {
		l := u.call("100")
		l.send("INVITE", "v=0")
		u.expect("100")
		d := get(t, begun, "call")
		d.Answer([]byte("v=0"))
		l.learn(u.expect("200"))
		l.send("ACK", "")
		wantEvent(t, d.told, EventConfirmed)
		peers[l.callID], boxes[l.callID] = &changer{leg: l, in: make(chan text, 20), codes: map[string]int{}}, d
	}
	forward(u, func(m text) {
		if c := peers[m.get("Call-ID")]; c != nil {
			c.in <- m
		}
	})
	var all sync.WaitGroup
	for id, c := range peers {
		d := boxes[id]
		all.Go(func() {
			time.AfterFunc(time.Duration(rand.IntN(50))*time.Millisecond*quick.t1/standardTimings.t1, func() { d.Reinvite([]byte("v=0 ours")) })
			over, answered := make(chan struct{}), make(chan Event, 1)
			go func() {
				for {
					select {
					case e := <-d.told:
						switch e.Kind {
						case EventReinvite:
							e.Reply(200, []byte("v=0 ours, as the peer wants it"))
						case EventReinviteDone:
							answered <- e
						}
					case <-over:
						return
					}
				}
			}()
			defer close(over)
			if !c.run() || c.heard != "v=0 ours" || c.said != "v=0 ours, as the peer wants it" {
				t.Errorf("after %d glares the peer heard %q and %q", c.glares, c.heard, c.said)
			}
			select {
			case e := <-answered:
				if e.Code != 200 || string(e.Body) != "v=0 theirs, as the box wants it" {
					t.Errorf("the box's change: %+v", e)
				}
			case <-time.After(patience):
				t.Error("the box's change came to nothing")
			}
		})
	}
	all.Wait()
	glares := 0
	for _, c := range peers {
		glares += c.glares
	}
	if glares == 0 {
		t.Error("no two changes crossed")
	}
	t.Logf("%d crossed", glares)
}
