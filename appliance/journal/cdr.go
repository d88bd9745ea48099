package journal

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"
)

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
	Why string `json:"why"`           // one of the causes that package call lists, or Restarted
	SIP int    `json:"sip,omitempty"` // status code, when there was one
}

// Restarted is the Why of calls that were cut off because the box was; its Who is box.
const Restarted = "restarted"

// Leg is one party's sound, as it was when the call ended.
type Leg struct {
	Peer       string  `json:"peer"`
	Codec      string  `json:"codec"`
	PacketsIn  uint64  `json:"packets_in"`
	PacketsOut uint64  `json:"packets_out"`
	Lost       uint64  `json:"lost"`      // packets that should have come in
	JitterMS   float64 `json:"jitter_ms"` // RFC 3550 section 6.4.1
	MOS        float64 `json:"mos"`       // 1 to 4.5; 0: not known
	Secure     string  `json:"secure"`    // suite that encrypted the sound, such as AEAD_AES_128_GCM; empty: it was plain
}

// MarshalJSON rounds what is measured to three digits. What is not a number becomes 0: a division without packets must not cost a CDR.
func (l Leg) MarshalJSON() ([]byte, error) {
	type plain Leg
	l.JitterMS, l.MOS = finite(l.JitterMS), finite(l.MOS)
	return json.Marshal(plain(l))
}

func finite(x float64) float64 {
	rounded := math.Round(x*1000) / 1000
	if math.IsNaN(rounded) || math.IsInf(rounded, 0) {
		return 0
	}
	return rounded
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
	Agent     string // the last one who had the call
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
	Truncated  bool     // there was more Data, Tags, Recordings or Linked than a CDR holds; the events have it all
}

// Fold makes the CDR of one call of its events, in whatever order they come.
func Fold(events []Event) CDR {
	ordered := slices.SortedStableFunc(slices.Values(events), func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	var f Folder
	for _, e := range ordered {
		f.Add(e)
	}
	return f.CDR()
}

// cdrJSON is a CDR in JSON; nothing in it is left out, so that every line has the same columns.
type cdrJSON struct {
	ID          string            `json:"id"`
	Box         string            `json:"box"`
	Started     Stamp             `json:"started"`
	Answered    *Stamp            `json:"answered"`
	Ended       Stamp             `json:"ended"`
	Estimated   bool              `json:"estimated"`
	Direction   string            `json:"direction"`
	From        string            `json:"from"`
	To          string            `json:"to"`
	Dialled     string            `json:"dialled"`
	Trunk       string            `json:"trunk"`
	Extension   string            `json:"extension"`
	Queue       string            `json:"queue"`
	Agent       string            `json:"agent"`
	Outcome     Outcome           `json:"outcome"`
	Cause       Cause             `json:"cause"`
	WaitSeconds float64           `json:"wait_seconds"`
	TalkSeconds float64           `json:"talk_seconds"`
	HoldSeconds float64           `json:"hold_seconds"`
	Generation  int               `json:"generation"`
	Legs        []Leg             `json:"legs"`
	Data        map[string]any    `json:"data"`
	Tags        map[string]string `json:"tags"`
	Recordings  []string          `json:"recordings"`
	Linked      []string          `json:"linked"`
	Truncated   bool              `json:"truncated,omitempty"`
}

// MarshalJSON writes the CDR as commands, exports and webhooks show it.
func (c CDR) MarshalJSON() ([]byte, error) {
	j := cdrJSON{
		c.ID, c.Box, Stamp{c.Started}, nil, Stamp{c.Ended}, c.Estimated, c.Direction, c.From, c.To, c.Dialled, c.Trunk, c.Extension,
		c.Queue, c.Agent, c.Outcome, c.Cause, c.WaitSeconds, c.TalkSeconds, c.HoldSeconds, c.Generation,
		c.Legs, c.Data, c.Tags, c.Recordings, c.Linked, c.Truncated,
	}
	if c.Answered != nil {
		j.Answered = At(*c.Answered)
	}
	j.Legs, j.Recordings, j.Linked = listed(j.Legs), listed(j.Recordings), listed(j.Linked)
	if j.Data == nil {
		j.Data = map[string]any{}
	}
	if j.Tags == nil {
		j.Tags = map[string]string{}
	}
	return json.Marshal(j)
}

// listed makes an empty list [] and not null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *CDR) UnmarshalJSON(raw []byte) error {
	var j cdrJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	*c = CDR{
		j.ID, j.Box, j.Started.Time, nil, j.Ended.Time, j.Estimated, j.Direction, j.From, j.To, j.Dialled, j.Trunk, j.Extension,
		j.Queue, j.Agent, j.Outcome, j.Cause, j.WaitSeconds, j.TalkSeconds, j.HoldSeconds, j.Generation,
		j.Legs, j.Data, j.Tags, j.Recordings, j.Linked, j.Truncated,
	}
	if j.Answered != nil {
		c.Answered = &j.Answered.Time
	}
	return nil
}
