package sip

// EventKind says what an Event tells.
type EventKind int

const (
	EventProgress     EventKind = iota // our INVITE: 1xx above 100, Body when there is early media
	EventAnswered                      // our INVITE: 200; the ACK is already sent
	EventFailed                        // our INVITE: final refusal, time-out (408) or transport error (503)
	EventCancelled                     // the caller gave up before an answer
	EventConfirmed                     // the ACK to our answer arrived, Body when it carried SDP; of a re-INVITE only then. Code 183: a PRACK
	EventReinvite                      // the peer changes the session; Reply must be called once
	EventReinviteDone                  // outcome of our Reinvite or Update; Code 200 with Body, or the refusal
	EventInfo
	EventBye        // the peer hung up, or the dialog is lost (Code 408 or 481)
	EventNoAck      // our answer was never acknowledged; the BYE is already sent
	EventRefer      // the peer wants its call transferred; Reply must be called once, with 202 or a refusal
	EventInfoFailed // our INFO was refused: Code, and Body as we sent it
)

func (k EventKind) String() string {
	names := [...]string{"progress", "answered", "failed", "cancelled", "confirmed", "reinvite", "reinvite done", "info", "bye", "no ack", "refer", "info failed"}
	if k < 0 || int(k) >= len(names) {
		return "unknown"
	}
	return names[k]
}

// Event is what happened to a Dialog. After EventFailed, EventCancelled, EventBye, EventNoAck or our own Hangup or
// Reject no further event comes.
type Event struct {
	Dialog      *Dialog
	Kind        EventKind
	Code        int    // SIP status
	Text        string // reason phrase, or the text of a Reason header
	Q850        int    // cause of a Reason header (RFC 3326), 0: none
	Body        []byte
	ContentType string
	Contacts    []string                    // EventFailed with a 3xx: where to call instead, best first
	TakesInfo   bool                        // EventAnswered: the peer says that it takes INFO
	Branch      string                      // EventProgress: which of the phones that a proxy rings it is; "": the only one
	Refer       *Refer                      // EventRefer only
	Reply       func(code int, body []byte) // EventReinvite, EventRefer; EventBye of a peer: when its end is written down (at most 400 ms). Later calls do nothing
}

// Reason goes into a Reason header (RFC 3326) when Q850 or Text is set.
type Reason struct {
	Q850       int
	Text       string
	RetryAfter int // seconds; goes into Retry-After of a refusal
}
