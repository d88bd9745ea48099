package ivr

import (
	"fmt"
	"slices"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

// What is heard and keyed: play, menu, collect.

func (w *walk) play(o *op, do *hcl.Play) turn {
	s := w.office.Scope(w.c)
	s.Values, _ = w.values(o, "values", do.Values, s) // what cannot be computed says nothing
	u, err := w.office.utterance(do.Prompt, s)
	if err != nil {
		w.fault(o, err)
	} else if t, ok := w.say(o, u, do.BargeIn); !ok {
		return t
	} else if w.fact.Fault == "" {
		w.fact.Result = fmt.Sprintf("said %s in %s", hcl.Destination{Kind: "prompt", Name: do.Prompt}, u.Language)
	}
	return turn{next: o.next}
}

// say says u. What cannot be said is a fault, and the flow goes on; a caller who cannot be answered is refused, and then ok
// is false.
func (w *walk) say(o *op, u call.Utterance, barge bool) (t turn, ok bool) {
	line := w.c.Line()
	began := w.c.Now()
	for {
		var err error
		if barge && w.ahead != nil {
			return w.picksUp(o)
		}
		if err = line.Say(w.ctx, u, barge); err != nil && w.ctx.Err() == nil {
			w.fault(o, err)
			return w.picksUp(o)
		}
		w.since(began)
		if !barge || w.ended == 0 || w.ctx.Err() != nil {
			return turn{}, true
		}
		h := line.Next(w.ctx, 0)
		switch {
		case h.Kind == call.HappenedKey && h.Key == w.ended: // it belongs to the entry before, and ended what it should not
			w.c.NoteKey(h, false)
			w.ended = 0
			continue
		case h.Kind == call.HappenedKey:
			w.ahead = &h
		}
		w.ended = 0
		return turn{}, true
	}
}

// picksUp answers the caller. When that cannot be, the call is refused.
func (w *walk) picksUp(o *op) (t turn, ok bool) {
	err := w.c.Line().Answer(w.ctx)
	if err == nil || w.ctx.Err() != nil {
		return turn{}, true
	}
	w.fault(o, fmt.Errorf("the caller cannot be answered: %w", err))
	return turn{gone: true, to: call.Refuse{Why: call.SoundFault(err)}, where: "hangup"}, false
}

// prompt says what a menu or a collect asks. Without a prompt the caller is answered all the same: keys need it.
func (w *walk) prompt(o *op, name string) (t turn, ok bool) {
	if name == "" {
		return w.picksUp(o)
	}
	u, err := w.office.utterance(name, w.office.Scope(w.c))
	if err != nil {
		w.fault(o, err)
		return w.picksUp(o)
	}
	return w.say(o, u, true)
}

// key waits for the next key.
func (w *walk) key(within time.Duration, secret bool) (key byte, ok bool) {
	if w.ahead != nil {
		h := *w.ahead
		w.ahead = nil
		w.c.NoteKey(h, secret)
		return h.Key, true
	}
	for began := w.c.Now(); ; {
		key, ok = w.c.Key(w.ctx, within, secret)
		w.since(began)
		late := ok && key == w.ended
		w.ended = 0
		if !late {
			return key, ok
		}
	}
}

// flood is how many keys are let go at once; no line keeps more.
const flood = 100

// letGo lets go of what was keyed behind a wrong entry: it was meant for what the caller thought to have reached.
func (w *walk) letGo(secret bool) {
	w.ahead, w.ended = nil, 0
	for range flood {
		switch h := w.c.Line().Next(w.ctx, 0); h.Kind {
		case call.HappenedKey:
			w.c.NoteKey(h, secret)
		case call.HappenedTime:
			return
		}
	}
}

func (w *walk) menu(at place, o *op, do *hcl.Menu) turn {
	if t, ok := w.prompt(o, do.Prompt); !ok {
		return t
	}
	keyed, v := w.choose(o.choices, do.Timeout)
	w.fact.Input = keyed
	if v == good {
		w.c.Input()[o.step.Label] = keyed
		w.fact.Result = "chosen"
		return turn{next: o.choices[keyed]}
	}
	delete(w.c.Input(), o.step.Label)
	return w.missed(at, o, v, false)
}

// choose waits until what was keyed is a choice, or none.
func (w *walk) choose(m choices, timeout time.Duration) (keyed string, v verdict) {
	for within := timeout; ; within = interDigit {
		key, ok := w.key(within, false)
		if !ok {
			return keyed, m.rest(keyed)
		}
		if keyed, v = m.take(keyed + string(key)); v != more {
			return keyed, v
		}
	}
}

func (w *walk) collect(at place, o *op, do *hcl.Collect) turn {
	label := o.step.Label
	delete(w.c.Input(), label) // what was entered before is not what is asked for now
	if t, ok := w.prompt(o, do.Prompt); !ok {
		return t
	}
	keyed, v := w.enterKeys(o.entry, do)
	if w.fact.Input = keyed; do.Secret && keyed != "" {
		w.fact.Input = mask
	}
	if v != good {
		return w.missed(at, o, v, do.Secret)
	}
	if do.Secret {
		w.hide(label, keyed)
	}
	w.c.Input()[label] = keyed
	w.fact.Result = "entered"
	return turn{next: o.next}
}

// maxSecrets is how many secret entries of one flow are looked for in what is written down, the latest.
const maxSecrets = 50

// hide keeps an entry out of what is written down, and out of other flows.
func (w *walk) hide(label, keyed string) {
	if !slices.Contains(w.hidden, label) {
		w.hidden = append(w.hidden, label)
	}
	if !slices.Contains(w.secrets, keyed) {
		w.secrets = append(w.secrets[max(0, len(w.secrets)-maxSecrets+1):], keyed)
	}
}

// enterKeys waits until an entry is complete.
func (w *walk) enterKeys(e entry, do *hcl.Collect) (keyed string, v verdict) {
	for {
		key, ok := w.key(do.Timeout, do.Secret)
		if !ok {
			return keyed, e.rest(keyed)
		}
		if keyed, v = e.take(keyed, string(key)); v == more {
			continue
		}
		if e.end != "" && string(key) != e.end {
			w.ended = e.end[0] // out of habit it may still come
		}
		return keyed, v
	}
}

// missed counts a try that came to nothing.
func (w *walk) missed(at place, o *op, v verdict, secret bool) turn {
	if w.ctx.Err() != nil {
		return turn{}
	}
	w.tried[at]++
	branch := o.invalid
	w.fact.Result = "not a choice"
	if _, collects := o.step.Do.(*hcl.Collect); collects {
		w.fact.Result = "not what is asked for"
	}
	if v == silent {
		w.fact.Result, branch = "silence", o.silent
	} else {
		w.letGo(secret)
	}
	if branch == o.again { // there is no branch
		return w.retry(at, o)
	}
	return turn{next: branch}
}
