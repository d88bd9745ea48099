package floor

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"callbox/appliance/journal"
)

// books are the facts of a run in memory: what the journal is to a box. They implement call.Facts.
type books struct {
	events []journal.Event
	calls  map[string]*journal.Folder
	heard  func(journal.Event) // told of each fact when it is written
}

func newBooks(heard func(journal.Event)) *books {
	return &books{calls: map[string]*journal.Folder{}, heard: heard}
}

// boxID is the id of the virtual box in facts.
const boxID = "virtual"

// Append implements call.Facts.
func (b *books) Append(e journal.Event) error {
	e.Seq, e.Box = uint64(len(b.events)+1), boxID
	if e.Type == "" && e.Body != nil {
		e.Type = e.Body.Type()
	}
	if e.Call != "" {
		f := b.calls[e.Call]
		if f == nil {
			f = &journal.Folder{}
			b.calls[e.Call] = f
		}
		f.Add(e)
	}
	b.events = append(b.events, e)
	b.heard(e)
	return nil
}

// Commit implements call.Facts.
func (b *books) Commit(_ context.Context, events ...journal.Event) error {
	for _, e := range events {
		if err := b.Append(e); err != nil {
			return err
		}
	}
	return nil
}

// cdr is what the facts of a call amount to by now.
func (b *books) cdr(call string) (c journal.CDR, over bool) {
	f := b.calls[call]
	if f == nil {
		return c, false
	}
	return f.CDR(), f.Over()
}

// flat is a fact as its fields, as it is in JSON: what the condition event compares, and what plugins hear.
func flat(e journal.Event) map[string]any {
	raw, err := json.Marshal(e)
	if err != nil {
		return map[string]any{"type": string(e.Type)}
	}
	fields := map[string]any{}
	if json.Unmarshal(raw, &fields) != nil {
		return map[string]any{"type": string(e.Type)}
	}
	return fields
}

// plain is a value as JSON has it, so that values of any origin compare.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return v
	}
	return out
}

// covers tells whether got has everything that want has: the same value, or a map with more in it.
func covers(got, want any) bool {
	w, isMap := want.(map[string]any)
	if !isMap {
		return same(got, want)
	}
	g, ok := got.(map[string]any)
	if !ok {
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		v, there := g[name]
		if !there && w[name] != nil || !covers(v, w[name]) {
			return false
		}
	}
	return true
}

func same(got, want any) bool { return reflect.DeepEqual(plain(got), plain(want)) }
