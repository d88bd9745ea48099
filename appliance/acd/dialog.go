package acd

import (
	"context"
	"slices"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// dialog is about where to be called back. The call stands aside meanwhile: it keeps its place, and no agent is rung.
type dialog struct{ *wait }

const (
	dialogTries  = 3
	dialogTime   = 6 * time.Second // for an answer
	digitTime    = 4 * time.Second // between two digits
	fewestDigits = 3
	mostDigits   = 20
)

// number asks which number to call, until there is one that may be called.
func (d dialog) number(ctx context.Context, number string) (string, bool) {
	for range dialogTries {
		if number != "" && !d.callable(number) {
			d.say(ctx, d.phrase("callback_refused", nil))
			number = ""
		}
		if number == "" {
			d.say(ctx, d.phrase("callback_ask_number", nil))
			if number = d.digits(ctx); !d.callable(number) {
				continue
			}
		}
		d.say(ctx, d.phrase("callback_number", map[string]any{"number": number}))
		switch key, ok := d.keyed(ctx, dialogTime); {
		case ok && key == '1':
			return number, true
		case !ok:
			return "", false
		}
		number = ""
	}
	return "", false
}

// callable tells whether the box calls a number back: an extension of its own, or a number of its country that a phone
// of the box could call and that costs nothing special. Anybody can claim any number, and would let the box pay.
func (d dialog) callable(number string) bool {
	cfg := d.c.Plan.Config
	if cfg.Extensions[number] != nil {
		return d.c.Account != ""
	}
	n := call.ParseNumber(number, cfg.Appliance.Country)
	return slices.Contains([]string{call.ClassNational, call.ClassMobile}, n.Class) && call.RouteFromPhone(cfg, n) != nil
}

// keep makes the promise, and tells the caller when it is on disk.
func (d dialog) keep(ctx context.Context, number string) {
	if e164 := call.ParseNumber(number, d.c.Plan.Config.Appliance.Country).E164; e164 != "" {
		number = e164
	}
	d.owner.Tell(TakeCallback{Call: d.c.ID, Number: number})
	d.c.Became(journal.OutcomeSelfService)
	d.say(ctx, d.phrase("callback_confirmed", nil))
	d.over, d.out = true, call.Hangup{Why: call.BoxHungUp}
}

// say says something; a key cuts it short.
func (d dialog) say(ctx context.Context, u *call.Utterance) {
	d.playing = false
	_ = d.line.Say(ctx, *u, true) // what cannot be said is left out; silence is an answer too
}

// digits are what the caller keys up to #.
func (d dialog) digits(ctx context.Context) string {
	var digits []byte
	for within := dialogTime; len(digits) < mostDigits; within = digitTime {
		key, ok := d.keyed(ctx, within)
		if !ok || key == '#' {
			break
		}
		if key >= '0' && key <= '9' {
			digits = append(digits, key)
		}
	}
	if len(digits) < fewestDigits {
		return ""
	}
	return string(digits)
}

// keyed waits for a key. Offers that were made before the call stood aside are withdrawn; they are let go.
func (d dialog) keyed(ctx context.Context, within time.Duration) (byte, bool) {
	for until := d.c.Now().Add(within); ; {
		switch h := d.line.Next(ctx, max(0, until.Sub(d.c.Now()))); h.Kind {
		case call.HappenedKey:
			d.c.NoteKey(h, false)
			return h.Key, true
		case call.HappenedPost:
			if o, ok := h.Posted.(Offer); ok {
				d.bell.took(o)
			}
		default:
			return 0, false
		}
	}
}
