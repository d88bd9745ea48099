package acd

import (
	"time"

	"callbox/hcl"
)

// Input is something that happened. The types of this file are all there are.
type Input interface{ input() }

// Configure puts a configuration into force: members, skills, strategies and limits count from now on, also for those
// who wait. A queue that is gone takes no more calls and drains; an agent who is gone finishes the call.
type Configure struct{ Config *hcl.Config }

// Enter puts a call into a queue.
type Enter struct {
	Call       string
	Queue      string
	Generation int            // of the call, for its facts
	Priority   *float64       // the call's own, in minutes; nil: the queue's
	Skills     map[string]int // that the call asks for, besides the queue's
	Caller     string         // number, for the last agent and for calling back; empty: not known
	Language   string         // the caller is spoken to in, a BCP 47 tag; empty: any
	Front      bool           // before all others: the agent's phone vanished
	Pinned     *hcl.Queue     // what the caller is told, as the call's generation has it; nil: as it is now
	Callback   uint64         // the caller was called back: see Place
}

// Leave takes a call out of its queue because its script goes elsewhere.
type Leave struct {
	Call string
	Why  Left
}

// Left is how a call left its queue by itself.
type Left uint8

// Ways to leave.
const (
	Abandoned  Left = iota // the caller hung up
	Overflowed             // the caller chose another way
)

// CallEnded ends whatever the floor knows of a call: its place in line, or an agent's talk. It may be told more than
// once.
type CallEnded struct{ Call string }

// Vanished says that the agent's phone disappeared while the two talked. The caller may Enter again, at the front.
type Vanished struct{ Call string }

// Aside takes a call aside, where it keeps its place and is offered to nobody, or brings it back: while the caller
// keys in where to be called back.
type Aside struct {
	Call string
	On   bool
}

// TakeCallback turns a waiting call into a callback, which keeps the place. The call itself is over then.
type TakeCallback struct {
	Call   string
	Number string // that will be called
}

// Promise promises to call somebody back who does not wait: from that moment on he is in line.
type Promise struct {
	Call       string // in which he asked for it
	Generation int
	Queue      string
	Number     string
	Caller     string
	Language   string
	At         time.Time // not before; zero: as soon as it is his turn
}

// CallbackFailed says that a caller who was to be called back could not be reached, or did not want to speak any more.
type CallbackFailed struct {
	Callback uint64
	Why      string
	Enough   bool // there shall be no further try
}

// OfferAnswered says that an agent answered and the two are joined. What the wire says counts: it is believed even when
// the offer is over.
type OfferAnswered struct {
	Offer uint64
	Call  string
	Agent string
}

// OfferRejected says that an agent declined, or that the agent's phone was busy. Without an agent: all who were rung.
type OfferRejected struct {
	Offer uint64
	Agent string
	Busy  bool
}

// OfferMissed says that an agent did not answer in time. Without an agent: all who were rung.
type OfferMissed struct {
	Offer uint64
	Agent string
}

// OfferFailed says that an agent's phone could not be reached. Without an agent: all who were rung.
type OfferFailed struct {
	Offer uint64
	Agent string
	Why   string // for the supervisor
	Ours  bool   // the box could not ring, the phone is not to blame
}

// ChooseStatus is an agent's choice: offline, ready, or paused for a reason. During a call it takes effect after it.
type ChooseStatus struct {
	Agent  string
	Status Status
	Reason string // of a pause
	By     string // who chose, when it was not the agent
}

// Finish ends an agent's wrap-up: the form is saved.
type Finish struct{ Agent string }

// WantWrapUp asks for time after the present call, where the queue leaves that to the agent (mode optional).
type WantWrapUp struct{ Agent string }

// Hold says that an agent holds the caller, or speaks with him again.
type Hold struct {
	Call string
	On   bool
}

// AgentBusy says that an agent has a call that comes from no queue.
type AgentBusy struct{ Agent, Call string }

// AgentFree says that it is over.
type AgentFree struct{ Agent, Call string }

// Phone says that a phone of the box can be reached, or cannot any more.
type Phone struct {
	Extension string
	Up        bool
}

// Restore tells what was so before the box stopped.
type Restore struct {
	Agents       []RestoredAgent
	Callbacks    []RestoredCallback
	LastCallback uint64 // the greatest number that a callback ever had
	Spoke        []Spoke
}

// RestoredAgent is an agent's choice before the box stopped.
type RestoredAgent struct {
	Agent    string
	Status   Status
	Reason   string
	Since    time.Time
	SignedIn time.Time
}

// RestoredCallback is a promise to call back that is still to be kept.
type RestoredCallback struct {
	ID                              uint64
	Queue, Number, Caller, Language string
	Call                            string    // in which he asked for it
	Since                           time.Time // the place in line
	At                              time.Time // not before
	Tries                           int       // so far
}

// Spoke is whom a caller spoke to last.
type Spoke struct {
	Caller, Agent string
	At            time.Time
}

// Tick says only that time has passed.
type Tick struct{}

func (Configure) input()      {}
func (Enter) input()          {}
func (Leave) input()          {}
func (CallEnded) input()      {}
func (Vanished) input()       {}
func (Aside) input()          {}
func (TakeCallback) input()   {}
func (Promise) input()        {}
func (CallbackFailed) input() {}
func (OfferAnswered) input()  {}
func (OfferRejected) input()  {}
func (OfferMissed) input()    {}
func (OfferFailed) input()    {}
func (ChooseStatus) input()   {}
func (Finish) input()         {}
func (WantWrapUp) input()     {}
func (Hold) input()           {}
func (AgentBusy) input()      {}
func (AgentFree) input()      {}
func (Phone) input()          {}
func (Restore) input()        {}
func (Tick) input()           {}
