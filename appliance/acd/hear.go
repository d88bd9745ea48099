package acd

import (
	"context"

	"callbox/appliance/call"
	"callbox/hcl"
)

// What callers hear while they wait, between the music.

// prompt is how a prompt of the configuration is said; nil: there is none, or it cannot be said.
func (w *wait) prompt(name string, serving hcl.AgentScope) *call.Utterance {
	if name == "" || w.Office.Utterance == nil {
		return nil
	}
	u, err := w.Office.Utterance(w.c, name, nil, serving)
	if err != nil {
		return nil
	}
	return &u
}

// phrase is how one of the box's own phrases is said.
func (w *wait) phrase(key string, values map[string]any) *call.Utterance {
	u := call.Utterance{Phrase: key, Language: w.c.Language(), Values: values}
	if w.Office.Phrase != nil {
		u.Text = w.Office.Phrase(u.Language, key, values)
	}
	return &u
}

// announce tells the caller where he stands. An offer cuts it short: an agent is better than any announcement.
func (w *wait) announce(ctx context.Context, a Announce) {
	var all []*call.Utterance
	switch {
	case a.Position == 1:
		all = append(all, w.phrase("position_first", nil))
	case a.Position > 1:
		all = append(all, w.phrase("position", map[string]any{"position": a.Position}))
	}
	if a.Wait >= 0 && w.Office.Wait != nil {
		all = append(all, w.phrase("expected_wait", map[string]any{"wait": w.Office.Wait(w.c.Language(), a.Wait)}))
	}
	all = append(all, w.prompt(a.Prompt, hcl.AgentScope{}))
	for _, u := range all {
		if u != nil && !w.say(ctx, u) {
			return
		}
	}
}

// say says something that an offer may cut short, or the key that asks to be called back. False: it was.
func (w *wait) say(ctx context.Context, u *call.Utterance) bool {
	saying, stop := w.bell.until(ctx, isUrgent)
	defer stop()
	if w.bell.waits() {
		return false
	}
	w.playing = false
	_ = w.line.Say(saying, *u, w.offer != nil) // what cannot be said is left out
	return saying.Err() == nil
}

// offerCallback makes the offer to be called back; from then on its key holds.
func (w *wait) offerCallback(ctx context.Context, o OfferCallback) {
	w.offer = &o
	u := w.prompt(o.Prompt, hcl.AgentScope{})
	if u == nil {
		u = w.phrase("callback_offer", map[string]any{"key": o.Key})
	}
	w.say(ctx, u)
}

// key is a key that the caller pressed.
func (w *wait) key(ctx context.Context, key byte) {
	if w.offer == nil || string(key) != w.offer.Key {
		return
	}
	w.owner.Tell(Aside{Call: w.c.ID, On: true})
	d := dialog{w}
	number, ok := d.number(ctx, w.offer.Number)
	if ok {
		d.keep(ctx, number)
		return
	}
	if ctx.Err() == nil {
		d.say(ctx, w.phrase("callback_declined", nil))
		w.owner.Tell(Aside{Call: w.c.ID})
	}
}
