package acd

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"callbox/appliance/journal"
)

// Recalled are the types of facts that Recall reads; others may be left out.
var Recalled = []journal.Type{
	journal.TypeAgentStatus, journal.TypeAgentLogin, journal.TypeQueueCallback, journal.TypeQueueAnswered,
	journal.TypeCallStarted, journal.TypeCallEnded,
}

// Recall is what the facts of before say about the floor: what agents chose, who was promised to be called back and has
// not been, and whom callers spoke to last. It stops at the first fact that cannot be read, and gives what it has.
func Recall(events iter.Seq2[journal.Event, error]) (Restore, error) {
	r := recall{agents: map[string]RestoredAgent{}, backs: map[uint64]RestoredCallback{}, from: map[string]string{}, spoke: &memory{}}
	for e, err := range events {
		if err != nil {
			return r.restore(), err
		}
		r.add(e)
	}
	return r.restore(), nil
}

type recall struct {
	agents map[string]RestoredAgent
	backs  map[uint64]RestoredCallback
	last   uint64            // callback
	from   map[string]string // callers of calls that go on
	spoke  *memory
}

func (r *recall) add(e journal.Event) {
	switch b := e.Body.(type) {
	case journal.AgentLogin:
		r.agents[e.Agent] = RestoredAgent{Agent: e.Agent, SignedIn: e.Time}
	case journal.AgentStatus:
		a := r.agents[e.Agent]
		a.Agent, a.Status, a.Reason, a.Since = e.Agent, Status(b.Status), b.Reason, e.Time
		r.agents[e.Agent] = a
	case journal.QueueCallback:
		r.callback(e, b)
	case journal.CallStarted:
		r.from[e.Call] = b.From
	case journal.CallEnded:
		delete(r.from, e.Call)
	case journal.QueueAnswered:
		r.spoke.note(Spoke{r.from[e.Call], e.Agent, e.Time})
	}
}

func (r *recall) callback(e journal.Event, b journal.QueueCallback) {
	r.last = max(r.last, b.Callback)
	switch b.State {
	case "", "promised":
		c := RestoredCallback{ID: b.Callback, Queue: e.Queue, Number: b.Number, Call: e.Call, Caller: b.Caller, Language: b.Language, Since: e.Time}
		if b.Since != nil {
			c.Since = b.Since.Time
		}
		if b.At != nil {
			c.At = b.At.Time
		}
		r.backs[b.Callback] = c
	case "calling":
		if c, known := r.backs[b.Callback]; known {
			c.Tries = b.Try
			r.backs[b.Callback] = c
		}
	case "reached", "given_up":
		delete(r.backs, b.Callback)
	}
}

func (r *recall) restore() Restore {
	back := Restore{LastCallback: r.last}
	for _, name := range slices.Sorted(maps.Keys(r.agents)) {
		if a := r.agents[name]; a.Status != Offline && a.Status != "" {
			back.Agents = append(back.Agents, a)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.backs)) {
		back.Callbacks = append(back.Callbacks, r.backs[id])
	}
	for _, caller := range r.spoke.order {
		back.Spoke = append(back.Spoke, r.spoke.last[caller])
	}
	slices.SortStableFunc(back.Spoke, func(a, b Spoke) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Caller, b.Caller)) })
	return back
}
