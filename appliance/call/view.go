package call

import (
	"strings"
	"time"
)

// View is a call as others may see it while it goes on.
type View struct {
	ID, Direction, From, To, Trunk string
	State                          string // starting, ringing, refusing, talking, held, echo
	At                             string // what it has reached: "extension 1001", "trunk pstn"
	Started, Answered              time.Time
	Generation                     int
	Legs                           []LegView
}

// LegView is one side of a call now.
type LegView struct {
	Peer, State, Codec    string // State: ringing, talking or holding
	Secure                string // suite that encrypts the sound; empty: it is plain
	PacketsIn, PacketsOut uint64
	Lost                  uint64
	JitterMS, RTTMS, MOS  float64
}

// show publishes the loop's state; an empty state keeps the last one.
func (c *Call) show(state string) { c.publish(state, "") }

func (c *Call) showAt(kind, name string) { c.publish("", kind+" "+name) }

func (c *Call) publish(state, at string) {
	v := &View{ID: c.ID, Direction: c.Direction, From: c.callerShown(), To: c.Number.shown(),
		Trunk: c.Trunk, Started: c.Started, Answered: c.answered, Generation: c.Plan.Generation, State: state, At: at}
	if last := c.view.Load(); last != nil {
		if state == "" {
			v.State = last.State
		}
		if at == "" {
			v.At = last.At
		}
	}
	c.view.Store(v)
}

// View is a snapshot with the sound's figures of this moment. It asks the loop,
// so it is for lists that people read, not for hot paths.
func (c *Call) View() View {
	v := *c.view.Load()
	c.do(func() {
		for _, l := range c.legs {
			if l.stream == nil {
				continue
			}
			s := l.stream.Stats()
			v.Legs = append(v.Legs, LegView{Peer: l.peer(), State: l.state(), Codec: s.Codec, Secure: s.Suite, PacketsIn: s.PacketsIn,
				PacketsOut: s.PacketsOut, Lost: s.Lost, JitterMS: s.JitterMS, RTTMS: s.RTTMS, MOS: s.MOS})
		}
	})
	return v
}

func (l *leg) state() string {
	switch {
	case l.held:
		return "holding"
	case l.up:
		return "talking"
	}
	return "ringing"
}

// Extensions are the phones of ours that take part: who calls, and whom the
// call has reached.
func (c *Call) Extensions() []string {
	var out []string
	if c.Account != "" {
		out = append(out, c.Account)
	}
	if kind, name, _ := strings.Cut(c.view.Load().At, " "); kind == "extension" && name != c.Account {
		out = append(out, name)
	}
	return out
}
