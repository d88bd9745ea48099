package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// MaxEvent is how many bytes the JSON of one event's body may have.
const MaxEvent = 32 << 10

// Event is one fact. In JSON it is flat: its head and its body's fields side by side.
type Event struct {
	Seq        uint64    // 1, 2, 3 … without gaps, given by the journal
	Time       time.Time // kept in UTC to the millisecond; zero: when the journal accepted it
	Type       Type      // empty: the body's
	Call       string    // id of the call it belongs to
	Queue      string
	Agent      string
	Generation int    // configuration that was in force for it
	Box        string // id of the box it happened on, given by the journal
	Body       Body
}

// head is what every event has in JSON. No body has a field of these names.
type head struct {
	Seq        uint64 `json:"seq"`
	Time       Stamp  `json:"time"`
	Type       Type   `json:"type"`
	Call       string `json:"call,omitempty"`
	Queue      string `json:"queue,omitempty"`
	Agent      string `json:"agent,omitempty"`
	Generation int    `json:"generation,omitempty"`
	Box        string `json:"box,omitempty"`
}

var headNames = []string{"seq", "time", "type", "call", "queue", "agent", "generation", "box"}

// MarshalJSON writes the event flat.
func (e Event) MarshalJSON() ([]byte, error) {
	body, err := e.encodeBody()
	if err != nil {
		return nil, err
	}
	return e.encode(body)
}

// encodeBody writes the event's own fields as an object.
func (e Event) encodeBody() ([]byte, error) {
	if e.Body == nil {
		return []byte("{}"), nil
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.Type, err)
	}
	return body, nil
}

// encode puts the head before a body that is encoded already.
func (e Event) encode(body []byte) ([]byte, error) {
	h := head{e.Seq, Stamp{e.Time}, e.Type, e.Call, e.Queue, e.Agent, e.Generation, e.Box}
	if h.Type == "" && e.Body != nil {
		h.Type = e.Body.Type()
	}
	flat, err := json.Marshal(h)
	if err != nil || len(body) <= len("{}") {
		return flat, err
	}
	flat[len(flat)-1] = ','
	return append(flat, body[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, in this version or another. Fields of a type that this version does not know, or knows
// otherwise, are kept in an [Unknown].
func (e *Event) UnmarshalJSON(raw []byte) error {
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		return err
	}
	if h.Type == "" {
		return fmt.Errorf("event %d has no type", h.Seq)
	}
	*e = Event{h.Seq, h.Time.Time, h.Type, h.Call, h.Queue, h.Agent, h.Generation, h.Box, nil}
	if read, ok := bodies[h.Type]; ok {
		if body, err := read(raw); err == nil {
			e.Body = body
			return nil
		}
	}
	u := Unknown{Kind: h.Type}
	if err := json.Unmarshal(raw, &u.Fields); err != nil {
		return err
	}
	u.Fields = own(u.Fields)
	e.Body = u
	return nil
}

// MarshalJSON writes the fields as they were read.
func (u Unknown) MarshalJSON() ([]byte, error) { return json.Marshal(own(u.Fields)) }

// own leaves out what the head says, in any spelling that the decoder would take for it.
func own(fields map[string]json.RawMessage) map[string]json.RawMessage {
	kept := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		if !isHead(name) {
			kept[name] = value
		}
	}
	return kept
}

func isHead(name string) bool {
	for _, h := range headNames {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

// bodies reads the body of each type that has one.
var bodies = map[Type]func([]byte) (Body, error){
	TypeCallStarted:         read[CallStarted],
	TypeCallAnswered:        read[CallAnswered],
	TypeCallDigit:           read[CallDigit],
	TypeCallEntered:         read[CallEntered],
	TypeCallData:            read[CallData],
	TypeCallTransferred:     read[CallTransferred],
	TypeCallHeld:            read[CallHeld],
	TypeCallResumed:         read[CallResumed],
	TypeCallRecorded:        read[CallRecorded],
	TypeCallStep:            read[CallStep],
	TypeCallEnded:           read[CallEnded],
	TypeQueueEntered:        read[QueueEntered],
	TypeQueueAnnounced:      read[QueueAnnounced],
	TypeQueueOffered:        read[QueueOffered],
	TypeQueueMissed:         read[QueueMissed],
	TypeQueueRejected:       read[QueueRejected],
	TypeQueueAnswered:       read[QueueAnswered],
	TypeQueueAbandoned:      read[QueueAbandoned],
	TypeQueueOverflowed:     read[QueueOverflowed],
	TypeQueueCallback:       read[QueueCallback],
	TypeAgentStatus:         read[AgentStatus],
	TypeAgentActivity:       read[AgentActivity],
	TypeAgentLogin:          read[AgentLogin],
	TypeAgentLogout:         read[AgentLogout],
	TypeTrunkUp:             read[TrunkUp],
	TypeTrunkDown:           read[TrunkDown],
	TypeExtensionRegistered: read[ExtensionRegistered],
	TypeExtensionExpired:    read[ExtensionExpired],
	TypeVoicemailLeft:       read[VoicemailLeft],
	TypeConfigApplied:       read[ConfigApplied],
	TypeConfigRefused:       read[ConfigRefused],
	TypeSecurityBlocked:     read[SecurityBlocked],
	TypeSystemStarted:       read[SystemStarted],
	TypeSystemStopped:       read[SystemStopped],
	TypeSystemShed:          read[SystemShed],
	TypeSystemDisk:          read[SystemDisk],
}

func read[T Body](raw []byte) (Body, error) {
	var body T
	err := json.Unmarshal(raw, &body)
	return body, err
}

// Stamp is a moment in JSON: RFC 3339 in UTC with milliseconds.
type Stamp struct{ time.Time }

const stampFormat = `"2006-01-02T15:04:05.000Z07:00"`

// At makes a Stamp of t.
func At(t time.Time) *Stamp { return &Stamp{moment(t)} }

// moment is t as all facts keep it. Their folds add up because they all count in whole milliseconds.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// MarshalJSON fails for years that RFC 3339 cannot write.
func (s Stamp) MarshalJSON() ([]byte, error) {
	t := moment(s.Time)
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("year %d cannot be written", y)
	}
	return t.AppendFormat(nil, stampFormat), nil
}

// UnmarshalJSON takes any RFC 3339 time; null leaves s as it is.
func (s *Stamp) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(raw))
	if err == nil {
		s.Time = moment(t)
	}
	return err
}
