package journal

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"callbox/appliance/store"
)

// Query selects CDRs. The zero value selects all.
type Query struct {
	From, To time.Time // started in [From, To); zero: no bound
	Last     int       // only the last so many; 0: all
	Call     string    // only this one
}

// EventQuery selects events. The zero value selects all.
type EventQuery struct {
	From, To uint64 // sequence numbers in [From, To); zero: no bound
	Call     string // only of this call
	Types    []Type // only of these types
	Last     int    // only the last so many; 0: all
}

// CDRs yields what the query selects, the last started last. A CDR that cannot be read is yielded as an error, and the loop goes on.
func (j *Journal) CDRs(q Query) iter.Seq2[CDR, error] {
	all := func(down bool) iter.Seq2[CDR, error] { return j.scanCDRs(q, down) }
	if q.Call != "" {
		all = func(bool) iter.Seq2[CDR, error] { return j.oneCDR(q) }
	}
	if q.Last > 0 {
		return last(all(true), q.Last)
	}
	return all(false)
}

func (j *Journal) scanCDRs(q Query, down bool) iter.Seq2[CDR, error] {
	return func(yield func(CDR, error) bool) {
		from, to := "", ""
		if !q.From.IsZero() {
			from = cdrKey(ceil(q.From), "")
		}
		if !q.To.IsZero() {
			to = cdrKey(ceil(q.To), "")
		}
		for e, err := range j.cdr.All(from, to, down) {
			c, err := readCDR(e, err)
			if !yield(c, err) {
				return
			}
		}
	}
}

// ceil is the first whole millisecond that is not before t, as starts are kept in whole ones.
func ceil(t time.Time) time.Time { return t.Add(time.Millisecond - 1).Truncate(time.Millisecond) }

func (j *Journal) oneCDR(q Query) iter.Seq2[CDR, error] {
	return func(yield func(CDR, error) bool) {
		key, found, err := j.cdrCall.Get(q.Call)
		var raw []byte
		if err == nil && found {
			raw, found, err = j.cdr.Get(string(key))
		}
		if err != nil {
			yield(CDR{}, fmt.Errorf("journal: %w", err))
			return
		}
		if !found {
			return
		}
		c, err := readCDR(store.Entry[[]byte]{Key: string(key), Value: raw}, nil)
		if err != nil || (q.From.IsZero() || !c.Started.Before(q.From)) && (q.To.IsZero() || c.Started.Before(q.To)) {
			yield(c, err)
		}
	}
}

func readCDR(e store.Entry[[]byte], err error) (c CDR, _ error) {
	if err == nil {
		err = json.Unmarshal(e.Value, &c)
	}
	if err != nil {
		return CDR{}, fmt.Errorf("journal: CDR: %w", err)
	}
	return c, nil
}

// Events yields what the query selects, in the order of their numbers. An event that cannot be read is yielded as an error with its
// number, and the loop goes on.
func (j *Journal) Events(q EventQuery) iter.Seq2[Event, error] {
	if q.Last > 0 {
		return last(j.scanEvents(q, true), q.Last)
	}
	return j.scanEvents(q, false)
}

func (j *Journal) scanEvents(q EventQuery, down bool) iter.Seq2[Event, error] {
	scan := j.allEvents
	if q.Call != "" {
		scan = j.callEvents
	}
	return func(yield func(Event, error) bool) {
		for e, err := range scan(q, down) {
			if err == nil && len(q.Types) > 0 && !slices.Contains(q.Types, e.Type) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (j *Journal) allEvents(q EventQuery, down bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		to := ""
		if q.To > 0 {
			to = seqKey(q.To)
		}
		for e, err := range j.event.All(seqKey(q.From), to, down) {
			ev, err := readEvent(e.Key, e.Value, err)
			if !yield(ev, err) {
				return
			}
		}
	}
}

func (j *Journal) callEvents(q EventQuery, down bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		from, to := eventCallKey(q.Call, q.From), q.Call+"\x01"
		if q.To > 0 {
			to = eventCallKey(q.Call, q.To)
		}
		for i, err := range j.eventCall.All(from, to, down) {
			key := seqKey(keySeq(i.Key))
			var raw []byte
			found := true
			if err == nil {
				raw, found, err = j.event.Get(key)
			}
			if !found {
				continue // trimmed since the loop began
			}
			if e, err := readEvent(key, raw, err); !yield(e, err) {
				return
			}
		}
	}
}

func readEvent(key string, raw []byte, err error) (e Event, _ error) {
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return Event{Seq: keySeq(key)}, fmt.Errorf("journal: event %d: %w", keySeq(key), err)
	}
	return e, nil
}

// last turns the first n of a backwards loop round.
func last[T any](down iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		type result struct {
			value T
			err   error
		}
		var all []result
		for v, err := range down {
			if all = append(all, result{v, err}); len(all) == n {
				break
			}
		}
		for _, r := range slices.Backward(all) {
			if !yield(r.value, r.err) {
				return
			}
		}
	}
}
