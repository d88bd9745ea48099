package journal

import (
	"time"
)

// Event is one fact.
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

// Stamp is a moment in JSON: RFC 3339 in UTC with milliseconds.
type Stamp struct{ time.Time }

const stampFormat = `"2006-01-02T15:04:05.000Z07:00"`

// At makes a Stamp of t.
func At(t time.Time) *Stamp { return &Stamp{moment(t)} }

// moment is t as all facts keep it. Their folds add up because they all count in whole milliseconds.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func (s Stamp) MarshalJSON() ([]byte, error) {
	return moment(s.Time).AppendFormat(nil, stampFormat), nil
}

func (s *Stamp) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	if err == nil {
		s.Time = moment(t)
	}
	return err
}
