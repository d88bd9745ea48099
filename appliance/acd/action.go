package acd

import (
	"time"

	"callbox/appliance/journal"
)

// Action is something that shall be done. Those with a Call are for the script of that call; they arrive in their order.
type Action interface{ action() }

// Offer asks a call to ring agents, all at once. An offer with the number of one that is ringing adds agents to it.
type Offer struct {
	ID     uint64 // greater than that of any offer before
	Call   string
	Queue  string
	Agents []Rung
	Ring   time.Duration // how long
	Auto   bool          // the phones shall answer by themselves
	More   bool          // these join others that ring already
}

// Rung is one agent to ring, as the configuration has them now.
type Rung struct {
	Agent     string
	Name      string // as colleagues see it
	Number    string // of the staff
	Extension string // to ring, or
	Phone     string // a number outside
}

// Withdraw asks a call to stop ringing. Nothing is expected in answer.
type Withdraw struct {
	Offer uint64
	Call  string
	Agent string // only this one; empty: all
}

// Overflow tells a call that it does not wait any longer.
type Overflow struct {
	Call string
	Why  string // full, waited, nobody_logged_in, nobody_ready, removed or moved
}

// Announce asks a call to tell its caller where he stands.
type Announce struct {
	Call     string
	Position int           // 1: next; 0: not to be said
	Wait     time.Duration // expected; negative: not known, or not to be said
	Prompt   string        // a prompt to be said besides
}

// OfferCallback asks a call to offer its caller to be called back. The key holds from then on.
type OfferCallback struct {
	Call   string
	Key    string
	Prompt string // that makes the offer; empty: the built-in one
	Number string // to call; empty: not known
}

// Place asks the appliance to call somebody back. An agent is kept for him meanwhile. The new call enters the queue with
// this callback's number when he wants to speak, or it is told CallbackFailed.
type Place struct {
	Callback uint64
	Queue    string
	Number   string
	Language string
	Linked   string // the call in which he asked for it
	Agent    string // who waits for him
}

// AgentChanged shows an agent who does something else now.
type AgentChanged struct{ Agent AgentView }

// Fact is to be written down.
type Fact struct{ Event journal.Event }

func (Offer) action()         {}
func (Withdraw) action()      {}
func (Overflow) action()      {}
func (Announce) action()      {}
func (OfferCallback) action() {}
func (Place) action()         {}
func (AgentChanged) action()  {}
func (Fact) action()          {}

// recipient is the call that an action is for; empty: none.
func recipient(a Action) string {
	switch a := a.(type) {
	case Offer:
		return a.Call
	case Withdraw:
		return a.Call
	case Overflow:
		return a.Call
	case Announce:
		return a.Call
	case OfferCallback:
		return a.Call
	}
	return ""
}
