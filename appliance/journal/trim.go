package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"callbox/appliance/store"
)

// Trim removes the oldest events up to the first that happened at or after before, but none of a call that is still open. It stops
// between two transactions when ctx ends.
func (j *Journal) Trim(ctx context.Context, before time.Time) (removed int, err error) {
	open := map[string]bool{}
	for m, err := range j.open.All("", "", false) {
		if err != nil {
			return 0, fmt.Errorf("journal: %w", err)
		}
		open[m.Key] = true
	}
	t := trimmer{j: j}
	for e, err := range j.event.All("", "", false) {
		var h head
		if err == nil {
			err = json.Unmarshal(e.Value, &h)
		}
		if err != nil {
			return t.removed, fmt.Errorf("journal: event %d: %w", keySeq(e.Key), err)
		}
		if !h.Time.Before(before) {
			break
		}
		if open[h.Call] {
			continue
		}
		t.seq = keySeq(e.Key)
		ops := []store.Op{j.event.DeleteOp(e.Key)}
		if h.Call != "" {
			ops = append(ops, j.eventCall.DeleteOp(eventCallKey(h.Call, t.seq)))
		}
		if err := t.drop(ctx, ops...); err != nil {
			return t.removed, err
		}
	}
	return t.finish()
}

// TrimCDRs removes the CDRs of calls that started before a moment.
func (j *Journal) TrimCDRs(ctx context.Context, before time.Time) (removed int, err error) {
	t := trimmer{j: j}
	for e, err := range j.cdr.All("", cdrKey(ceil(before), ""), false) {
		if err != nil {
			return t.removed, fmt.Errorf("journal: %w", err)
		}
		if err := t.drop(ctx, j.cdr.DeleteOp(e.Key), j.cdrCall.DeleteOp(keyCall(e.Key))); err != nil {
			return t.removed, err
		}
	}
	return t.finish()
}

// trimAtOnce is how many records one transaction removes, so that trimming never holds the writer up for long.
const trimAtOnce = 500

// trimmer removes records in transactions of a size.
type trimmer struct {
	j       *Journal
	ops     []store.Op
	pending int
	removed int
	seq     uint64 // of the last event among ops; numbers go on after it even when no event is left
}

// drop removes one record, sooner or later.
func (t *trimmer) drop(ctx context.Context, ops ...store.Op) error {
	t.ops = append(t.ops, ops...)
	t.pending++
	if t.pending < trimAtOnce {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: %w", context.Cause(ctx))
	}
	_, err := t.finish()
	return err
}

func (t *trimmer) finish() (removed int, err error) {
	if t.pending == 0 {
		return t.removed, nil
	}
	if t.seq > 0 {
		t.ops = append(t.ops, t.j.meta.PutOp(metaTrimmed, strconv.FormatUint(t.seq, 10)))
	}
	if err := t.j.db.Write(store.Told, t.ops...); err != nil {
		return t.removed, fmt.Errorf("journal: %w", err)
	}
	t.removed += t.pending
	t.ops, t.pending = nil, 0
	return t.removed, nil
}
