package journal

import "time"

// Outcome is how a call went, one of a closed set.
type Outcome string

const (
	OutcomeAnswered    Outcome = "answered"
	OutcomeAbandoned   Outcome = "abandoned"
	OutcomeVoicemail   Outcome = "voicemail"
	OutcomeOverflowed  Outcome = "overflowed"
	OutcomeSelfService Outcome = "self_service"
	OutcomeBusy        Outcome = "busy"
	OutcomeNoAnswer    Outcome = "no_answer"
	OutcomeFailed      Outcome = "failed"
	OutcomeBlocked     Outcome = "blocked"
)

// Cause says who ended a call and why.
type Cause struct {
	Who string `json:"who"`           // caller, callee, agent, box, trunk or network
	Why string `json:"why"`           // one of the causes that package call lists
	SIP int    `json:"sip,omitempty"` // status code, when there was one
}

// Leg is one party's sound, as it was when the call ended.
type Leg struct {
	Peer       string  `json:"peer"`
	Codec      string  `json:"codec"`
	PacketsIn  uint64  `json:"packets_in"`
	PacketsOut uint64  `json:"packets_out"`
	Lost       uint64  `json:"lost"`      // packets that should have come in
	JitterMS   float64 `json:"jitter_ms"` // RFC 3550 section 6.4.1
	MOS        float64 `json:"mos"`       // 1 to 4.5; 0: not known
}

// CDR is what remains of a call. Its times are in UTC and whole milliseconds, and its books balance: WaitSeconds + TalkSeconds +
// HoldSeconds = Ended − Started.
type CDR struct {
	ID        string
	Box       string
	Started   time.Time
	Answered  *time.Time // nil: never
	Ended     time.Time
	Estimated bool   // Ended is the last moment at which the call was known to be up: the box was cut off
	Direction string // In, Out, Internal
	From      string
	To        string
	Dialled   string
	Trunk     string // the last one used
	Extension string // the last phone of ours that took part
	Queue     string // the last one
	Agent     string // the last one
	Outcome   Outcome
	Cause     Cause

	WaitSeconds float64 // from the start to the first answer, or to the end when there was none
	TalkSeconds float64 // from the first answer to the end, without what was on hold
	HoldSeconds float64 // time after the first answer during which anybody held the call

	Generation int // configuration that the call was pinned to
	Legs       []Leg
	Data       map[string]any
	Tags       map[string]string
	Recordings []string // ids
	Linked     []string // ids of calls this one came from or led to
}

// Fold makes the CDR of one call of its events, in the order in which they were written.
func Fold(events []Event) CDR {
	var f Folder
	for _, e := range events {
		f.Add(e)
	}
	return f.CDR()
}
