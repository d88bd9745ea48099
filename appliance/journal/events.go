package journal

import "encoding/json"

// Type names what happened. This file is the glossary: a type that is not here does not occur.
type Type string

const (
	TypeCallStarted     Type = "call.started"     // a call reached the box or was placed by it
	TypeCallAnswered    Type = "call.answered"    // a person or a stage of ours answered; charged time begins
	TypeCallDigit       Type = "call.digit"       // a key was pressed
	TypeCallEntered     Type = "call.entered"     // the call came to an ivr, queue, voicemail, extension …
	TypeCallData        Type = "call.data"        // something was learnt about the call
	TypeCallTransferred Type = "call.transferred" // the call was passed on
	TypeCallHeld        Type = "call.held"        // a party put the other on hold
	TypeCallResumed     Type = "call.resumed"     // that party came back
	TypeCallRecorded    Type = "call.recorded"    // a recording belongs to the call
	TypeCallStep        Type = "call.step"        // the call went through one step of a flow
	TypeCallEnded       Type = "call.ended"       // the call is over; written with its CDR

	TypeQueueEntered    Type = "queue.entered"
	TypeQueueAnnounced  Type = "queue.announced"
	TypeQueueOffered    Type = "queue.offered"
	TypeQueueMissed     Type = "queue.missed"
	TypeQueueRejected   Type = "queue.rejected"
	TypeQueueAnswered   Type = "queue.answered"
	TypeQueueAbandoned  Type = "queue.abandoned"
	TypeQueueOverflowed Type = "queue.overflowed"
	TypeQueueCallback   Type = "queue.callback"

	TypeAgentStatus   Type = "agent.status"
	TypeAgentActivity Type = "agent.activity"
	TypeAgentLogin    Type = "agent.login"
	TypeAgentLogout   Type = "agent.logout"

	TypeTrunkUp             Type = "trunk.up"
	TypeTrunkDown           Type = "trunk.down"
	TypeExtensionRegistered Type = "extension.registered"
	TypeExtensionExpired    Type = "extension.expired"

	TypeRecordingReady Type = "recording.ready"
	TypeVoicemailLeft  Type = "voicemail.left"
	TypeSurveyAnswered Type = "survey.answered"
	TypeTicketOpened   Type = "ticket.opened"
	TypeTicketChanged  Type = "ticket.changed"

	TypeConfigApplied   Type = "config.applied"
	TypeConfigRefused   Type = "config.refused"
	TypePluginFailed    Type = "plugin.failed"
	TypeSecurityBlocked Type = "security.blocked"

	TypeSystemStarted Type = "system.started" // the box is up
	TypeSystemStopped Type = "system.stopped" // the box stops by itself; its absence before a start means a crash
	TypeSystemShed    Type = "system.shed"    // new calls are refused, or again accepted
	TypeSystemDisk    Type = "system.disk"    // the store's state changed
)

// Body is what an event has beside its head. The bodies of this file are the ones that occur; what another version wrote reads
// back as [Unknown].
type Body interface{ Type() Type }

// Directions of a call, seen from the office.
const (
	In       = "in"
	Out      = "out"
	Internal = "internal"
)

// CallStarted opens a call; nothing else does.
type CallStarted struct {
	Direction string   `json:"direction"`           // In, Out or Internal
	From      string   `json:"from,omitempty"`      // number or extension, empty when hidden
	To        string   `json:"to,omitempty"`        // where it goes, as we understood it: E.164 or an extension
	Dialled   string   `json:"dialled,omitempty"`   // the digits as they were dialled
	Trunk     string   `json:"trunk,omitempty"`     // trunk it came by
	Extension string   `json:"extension,omitempty"` // phone of ours that placed it
	Linked    []string `json:"linked,omitempty"`    // calls this one came from
}

// CallAnswered begins the talk.
type CallAnswered struct {
	Who       string `json:"who,omitempty"`       // destination that answered, such as extension.1001
	Trunk     string `json:"trunk,omitempty"`     // trunk it went out by
	Extension string `json:"extension,omitempty"` // phone of ours that answered
}

// CallDigit is one key.
type CallDigit struct {
	Digit  string `json:"digit"`            // one of 0-9 * # A-D
	Method string `json:"method,omitempty"` // rfc4733, info or inband
	By     string `json:"by,omitempty"`     // caller or callee
}

// CallEntered says where the call is now.
type CallEntered struct {
	Kind      string `json:"kind"`                // kind of destination: extension, ivr, queue, voicemail, trunk …
	Name      string `json:"name,omitempty"`      // its name
	Trunk     string `json:"trunk,omitempty"`     // trunk that is tried
	Extension string `json:"extension,omitempty"` // phone that is rung
}

// CallData adds to what is known of the call; a later value of the same name replaces the earlier.
type CallData struct {
	Data map[string]any    `json:"data,omitempty"` // numbers read back as float64, as JSON has them
	Tags map[string]string `json:"tags,omitempty"`
}

// CallTransferred passes the call on.
type CallTransferred struct {
	By     string `json:"by"`               // caller, callee or agent
	To     string `json:"to"`               // destination
	Kind   string `json:"kind,omitempty"`   // blind, attended, forward or redirect
	Linked string `json:"linked,omitempty"` // the other call, when there is one
}

// CallHeld puts the call on hold. It is on hold as long as anybody holds it.
type CallHeld struct {
	By string `json:"by,omitempty"` // caller, callee or agent
}

// CallResumed ends the hold of the same party.
type CallResumed struct {
	By string `json:"by,omitempty"`
}

// CallRecorded names a recording of the call.
type CallRecorded struct {
	Recording string `json:"recording"` // its id
}

// CallStep is one step of a flow that the call went through, told when the call leaves it. What the caller keyed in secret, and
// what was made of it, is masked; texts are cut to what people need.
type CallStep struct {
	Flow   string   `json:"flow"`             // whose steps they are: ivr main, overflow of queue claims
	Step   string   `json:"step"`             // its kind and its label: menu top
	Place  string   `json:"place"`            // file and line: flows.hcl:31
	Input  string   `json:"input,omitempty"`  // what the caller keyed
	Looked []Looked `json:"looked,omitempty"` // what its expressions looked at, or came to
	Result string   `json:"result,omitempty"` // what came of it
	Fault  string   `json:"fault,omitempty"`  // what went wrong in it
	To     string   `json:"to,omitempty"`     // where it went: a step with its place, a destination, or the end; empty: the call was over
}

// Looked is a value as it was shown.
type Looked struct {
	Name  string `json:"name"`  // result.policy.found
	Value string `json:"value"` // as it would be written: true, "Chen", 12
}

// CallEnded closes a call; the CDR is written with it, and nothing about the call is accepted afterwards.
type CallEnded struct {
	Outcome   Outcome  `json:"outcome"`
	Cause     Cause    `json:"cause"`
	Legs      []Leg    `json:"legs,omitempty"`
	Linked    []string `json:"linked,omitempty"`    // calls this one led to
	At        *Stamp   `json:"at,omitempty"`        // when it ended, if that was not when it was written
	Estimated bool     `json:"estimated,omitempty"` // At is the last moment at which the call was known to be up
}

// QueueEntered says that a call waits in a queue from now on. It leaves by exactly one of queue.answered, queue.abandoned,
// queue.overflowed and queue.callback (the one without a state).
type QueueEntered struct {
	Position int            `json:"position"`           // 1: next
	Priority float64        `json:"priority,omitempty"` // minutes that are added to those waited
	Skills   map[string]int `json:"skills,omitempty"`   // that the call itself asks for
	Language string         `json:"language,omitempty"` // that the caller is spoken to in
	Again    bool           `json:"again,omitempty"`    // back at the front: the agent's phone had vanished
	Callback bool           `json:"callback,omitempty"` // somebody who was called back, and has waited already
}

// QueueAnnounced says that a caller was told where he stands.
type QueueAnnounced struct {
	Position        int      `json:"position"`
	ExpectedSeconds *float64 `json:"expected_seconds,omitempty"` // nil: nobody knows
	Prompt          string   `json:"prompt,omitempty"`
}

// QueueOffered says that agents are rung for a call, and why they.
type QueueOffered struct {
	Offer       uint64      `json:"offer"`
	Agents      []string    `json:"agents"`
	WaitSeconds float64     `json:"wait_seconds"` // how long the call has waited
	Explanation Explanation `json:"explanation"`
}

// QueueMissed says that an agent did not answer.
type QueueMissed struct {
	Offer       uint64  `json:"offer"`
	RingSeconds float64 `json:"ring_seconds"`
}

// QueueRejected says that an agent's phone did not take a call, or was spared it.
type QueueRejected struct {
	Offer uint64 `json:"offer"`
	Why   string `json:"why"` // declined, busy, fault, box, status, own_call, removed or late
}

// QueueAnswered says that an agent has the call.
type QueueAnswered struct {
	Offer       uint64  `json:"offer"`
	WaitSeconds float64 `json:"wait_seconds"`
}

// QueueAbandoned says that the caller hung up.
type QueueAbandoned struct {
	WaitSeconds float64 `json:"wait_seconds"`
	Position    int     `json:"position"`
}

// QueueOverflowed says that the call does not wait in this queue any longer.
type QueueOverflowed struct {
	WaitSeconds float64 `json:"wait_seconds"`
	Why         string  `json:"why"` // full, waited, nobody_logged_in, nobody_ready, removed or moved
}

// QueueCallback says that a caller will be called back and keeps his place; with a State, how calling back goes. Those have
// no call: it is over.
type QueueCallback struct {
	WaitSeconds float64 `json:"wait_seconds"`
	Callback    uint64  `json:"callback"`         // counts them
	Number      string  `json:"number,omitempty"` // that is called
	Position    int     `json:"position,omitempty"`
	Try         int     `json:"try,omitempty"`   // how often it was tried
	State       string  `json:"state,omitempty"` // calling, reached, failed or given_up; empty: the caller has just asked for it, promised: without having waited
	Caller      string  `json:"caller,omitempty"`
	Language    string  `json:"language,omitempty"`
	Since       *Stamp  `json:"since,omitempty"` // the place in line: since when he would have waited with no priority
	At          *Stamp  `json:"at,omitempty"`    // not before
}

// AgentStatus says what an agent has chosen: offline, ready, or paused for a reason.
type AgentStatus struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"` // of a pause
	By     string `json:"by,omitempty"`     // who chose, when it was not the agent: box, or a user
}

// AgentActivity says what the box sees an agent do: idle, ringing, talking, holding, consulting, wrap_up or fault.
type AgentActivity struct {
	Activity string `json:"activity"`
	Why      string `json:"why,omitempty"`
	With     string `json:"with,omitempty"` // the call; not in the head, because it may be over
}

// AgentLogin says that an agent signed in.
type AgentLogin struct{}

// AgentLogout says that an agent signed off.
type AgentLogout struct {
	Seconds float64 `json:"seconds"` // how long the agent was signed in
}

// TrunkUp says that a trunk can be used.
type TrunkUp struct {
	Trunk string `json:"trunk"`
}

// TrunkDown says that it cannot.
type TrunkDown struct {
	Trunk  string `json:"trunk"`
	Reason string `json:"reason,omitempty"`
}

// ExtensionRegistered says that a phone can be rung.
type ExtensionRegistered struct {
	Extension string `json:"extension"`
	Contacts  int    `json:"contacts,omitempty"` // how many it has now
	Source    string `json:"source,omitempty"`   // address and port
	UserAgent string `json:"user_agent,omitempty"`
}

// ExtensionExpired says that a contact is gone.
type ExtensionExpired struct {
	Extension string `json:"extension"`
	Contacts  int    `json:"contacts,omitempty"` // how many it has left
}

// VoicemailLeft says that a box has a message more.
type VoicemailLeft struct {
	Box       string  `json:"voicemail"`           // name of the box
	Message   string  `json:"message"`             // its id
	From      string  `json:"from,omitempty"`      // number or extension, empty when hidden
	Seconds   float64 `json:"seconds"`             // how long it is
	Forwarded string  `json:"forwarded,omitempty"` // box it was passed on from
	Recovered bool    `json:"recovered,omitempty"` // the box went down while it was left
}

// ConfigApplied says that a generation is live; its number is in the event's head.
type ConfigApplied struct {
	Hash    string   `json:"hash"`
	By      string   `json:"by,omitempty"` // who asked: a user, or watch, start, rollback
	Changes []string `json:"changes,omitempty"`
}

// ConfigRefused says that files were not good enough to become a generation.
type ConfigRefused struct {
	Hash   string   `json:"hash,omitempty"`
	By     string   `json:"by,omitempty"`
	Errors []string `json:"errors,omitempty"` // one line each
}

// SecurityBlocked says that a source is not listened to for a while.
type SecurityBlocked struct {
	Source string `json:"source"` // address
	Reason string `json:"reason,omitempty"`
	Until  *Stamp `json:"until,omitempty"`
}

// SystemStarted says that the box is up.
type SystemStarted struct {
	Version   string `json:"version,omitempty"`
	Recovered int    `json:"recovered,omitempty"` // calls that a crash had cut off
}

// SystemStopped says that the box stopped by itself.
type SystemStopped struct {
	Reason string `json:"reason,omitempty"`
}

// SystemShed says that new calls are refused from now on, or accepted again.
type SystemShed struct {
	On     bool   `json:"on"`
	Reason string `json:"reason,omitempty"`
}

// SystemDisk says how the store is from now on.
type SystemDisk struct {
	State  string `json:"state"` // ok, low, full, readonly, torn
	Free   uint64 `json:"free,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Unknown is the body of an event of which this version knows no fields. It reads and writes them as they are.
type Unknown struct {
	Kind   Type
	Fields map[string]json.RawMessage
}

func (CallStarted) Type() Type         { return TypeCallStarted }
func (CallAnswered) Type() Type        { return TypeCallAnswered }
func (CallDigit) Type() Type           { return TypeCallDigit }
func (CallEntered) Type() Type         { return TypeCallEntered }
func (CallData) Type() Type            { return TypeCallData }
func (CallTransferred) Type() Type     { return TypeCallTransferred }
func (CallHeld) Type() Type            { return TypeCallHeld }
func (CallResumed) Type() Type         { return TypeCallResumed }
func (CallRecorded) Type() Type        { return TypeCallRecorded }
func (CallStep) Type() Type            { return TypeCallStep }
func (CallEnded) Type() Type           { return TypeCallEnded }
func (QueueEntered) Type() Type        { return TypeQueueEntered }
func (QueueAnnounced) Type() Type      { return TypeQueueAnnounced }
func (QueueOffered) Type() Type        { return TypeQueueOffered }
func (QueueMissed) Type() Type         { return TypeQueueMissed }
func (QueueRejected) Type() Type       { return TypeQueueRejected }
func (QueueAnswered) Type() Type       { return TypeQueueAnswered }
func (QueueAbandoned) Type() Type      { return TypeQueueAbandoned }
func (QueueOverflowed) Type() Type     { return TypeQueueOverflowed }
func (QueueCallback) Type() Type       { return TypeQueueCallback }
func (AgentStatus) Type() Type         { return TypeAgentStatus }
func (AgentActivity) Type() Type       { return TypeAgentActivity }
func (AgentLogin) Type() Type          { return TypeAgentLogin }
func (AgentLogout) Type() Type         { return TypeAgentLogout }
func (TrunkUp) Type() Type             { return TypeTrunkUp }
func (TrunkDown) Type() Type           { return TypeTrunkDown }
func (ExtensionRegistered) Type() Type { return TypeExtensionRegistered }
func (ExtensionExpired) Type() Type    { return TypeExtensionExpired }
func (VoicemailLeft) Type() Type       { return TypeVoicemailLeft }
func (ConfigApplied) Type() Type       { return TypeConfigApplied }
func (ConfigRefused) Type() Type       { return TypeConfigRefused }
func (SecurityBlocked) Type() Type     { return TypeSecurityBlocked }
func (SystemStarted) Type() Type       { return TypeSystemStarted }
func (SystemStopped) Type() Type       { return TypeSystemStopped }
func (SystemShed) Type() Type          { return TypeSystemShed }
func (SystemDisk) Type() Type          { return TypeSystemDisk }
func (u Unknown) Type() Type           { return u.Kind }
