package journal

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// lastSeq finds where the numbers go on: after the last event, or after the last that Trim removed.
func (j *Journal) lastSeq() (seq uint64, err error) {
	for e, err := range j.event.All("", "", true) {
		if err != nil {
			return 0, err
		}
		seq = keySeq(e.Key)
		break
	}
	text, found, err := j.meta.Get(metaTrimmed)
	if err != nil || !found {
		return seq, err
	}
	trimmed, err := strconv.ParseUint(text, 10, 64)
	return max(seq, trimmed), err
}

// openCalls folds the calls that are marked open from their events.
func (j *Journal) openCalls() (map[string]*Folder, error) {
	calls := map[string]*Folder{}
	for m, err := range j.open.All("", "", false) {
		if err != nil {
			return nil, err
		}
		f := &Folder{}
		for e, err := range j.Events(EventQuery{Call: m.Key}) {
			if err != nil {
				// An event that cannot be read must not keep the box from starting; the call's CDR is made of the others.
				j.o.Log.Error("journal: event of an open call", "call", m.Key, "err", err)
				continue
			}
			f.Add(e)
		}
		calls[m.Key] = f
	}
	return calls, nil
}

// planRecovery writes down how the open calls end: not later than the box was last known to be up, and not before their last event.
func (j *Journal) planRecovery(calls map[string]*Folder) error {
	var beat time.Time
	text, found, err := j.meta.Get(metaBeat)
	if err != nil {
		return err
	}
	if found {
		if beat, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return err
		}
	}
	for id, f := range calls {
		c := f.CDR()
		end := CallEnded{Outcome: OutcomeFailed, Cause: Cause{Who: "box", Why: Restarted}, At: At(c.Ended), Estimated: true}
		if c.Answered != nil {
			end.Outcome = OutcomeAnswered
		}
		if beat.After(c.Ended) {
			end.At = At(beat)
		}
		j.cut = append(j.cut, Event{
			Type: TypeCallEnded, Call: id, Queue: c.Queue, Agent: c.Agent, Generation: c.Generation, Body: end,
		})
	}
	return nil
}

// Recover ends the calls that were open when the box was cut off, each exactly once, also when it is cut off again meanwhile or
// Recover is called again: Cause{box, restarted}, answered or failed by what had happened, and an end that is Estimated as the last
// moment at which the box is known to have been up. It returns how many it ended. After ErrStalled the rest is ended as soon as the
// disk takes it, without another call.
func (j *Journal) Recover(ctx context.Context) (ended int, err error) {
	j.mu.Lock()
	cut := j.cut
	j.cut = nil
	j.mu.Unlock()
	for len(cut) > 0 {
		n := min(len(cut), recoverAtOnce)
		// A call that is not open any more was ended by a Recover that saw an error from the disk.
		if err := j.Commit(ctx, cut[:n]...); err != nil && !errors.Is(err, ErrNotOpen) {
			j.mu.Lock()
			j.cut = cut
			j.mu.Unlock()
			return ended, err
		}
		ended += n
		cut = cut[n:]
	}
	return ended, nil
}

// recoverAtOnce is how many calls share a sync.
const recoverAtOnce = 256
