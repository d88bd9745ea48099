package lua

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The names at which the box asks plugins, and how long it waits.
const (
	HookRoute  = "on_route"
	HookRank   = "on_rank"
	HookOffer  = "on_offer"
	HookDial   = "on_dial"
	HookWrapUp = "on_wrap_up"
)

var hooks = map[string]struct {
	phase phase
	limit time.Duration
}{
	HookRoute:  {phaseRoute, 100 * time.Millisecond},
	HookRank:   {phaseRank, 100 * time.Millisecond},
	HookOffer:  {phaseOffer, 300 * time.Millisecond},
	HookDial:   {phaseDial, 200 * time.Millisecond},
	HookWrapUp: {phaseWrapUp, time.Second},
}

// Hook calls one plugin's hook within the hook's own limit and gives what it returned, as it returned it. A plugin without the hook
// returns nothing. What to do when it fails is the asker's: the methods below do what the language promises.
func (h *Host) Hook(ctx context.Context, plugin, hook string, c Caller, args ...any) ([]any, error) {
	of, ok := hooks[hook]
	if !ok {
		return nil, fmt.Errorf("there is no hook %s", hook)
	}
	if !h.Has(plugin, hook) {
		return nil, nil
	}
	return h.invoke(ctx, plugin, hook, of.phase, c, of.limit, args...)
}

// With are the plugins that have a function of that name, in the order of the configuration.
func (h *Host) With(function string) (names []string) {
	for _, p := range h.order {
		if h.Has(p.Name, function) {
			names = append(names, p.Name)
		}
	}
	return names
}

// failed writes down what a hook did wrong; the box goes on as if it were not there.
func (h *Host) hookFailed(err error, instead string) {
	h.o.Log.Warn("a plugin's hook failed", "error", err, "instead", instead)
}

// wrong is what a hook returned that means nothing.
func wrong(plugin, hook, what string) error {
	return &Error{Plugin: plugin, Function: hook, Kind: KindError, Text: "it returned " + what}
}

// Route asks on_route of each plugin in turn where a call shall go, before its first step. The first that names a destination
// decides; ok is false when none does, and then the configured route holds.
func (h *Host) Route(ctx context.Context, c Caller) (destination string, ok bool) {
	for _, name := range h.With(HookRoute) {
		values, err := h.Hook(ctx, name, HookRoute, c)
		if err == nil && len(values) > 0 && values[0] != nil {
			if s, is := values[0].(string); is && s != "" {
				return s, true
			}
			err = wrong(name, HookRoute, `no destination; a destination is a text such as "queue.claims" or "+886227001234"`)
		}
		if err != nil {
			h.hookFailed(err, "the configured route")
		}
	}
	return "", false
}

// Rank is what a call brings into a queue, by on_rank.
type Rank struct {
	Priority float64 // minutes of waiting it counts for
	Skills   map[string]float64
	Data     map[string]any
}

// Rank asks on_rank of each plugin in turn when a call enters a queue. The first that returns something decides; ok is false when
// none does, and then the queue's own holds.
func (h *Host) Rank(ctx context.Context, c Caller, queue string) (r Rank, ok bool) {
	for _, name := range h.With(HookRank) {
		values, err := h.Hook(ctx, name, HookRank, c, queue)
		if err == nil && len(values) > 0 && values[0] != nil {
			if r, err = readRank(name, values[0]); err == nil {
				return r, true
			}
		}
		if err != nil {
			h.hookFailed(err, "the queue's own rank")
		}
	}
	return Rank{}, false
}

func readRank(plugin string, v any) (r Rank, err error) {
	t, ok := v.(map[string]any)
	if !ok {
		return r, wrong(plugin, HookRank, "no table { priority =, skills =, data = }")
	}
	for key, value := range t {
		switch key {
		case "priority":
			r.Priority, ok = value.(float64)
			ok = ok && math.Abs(r.Priority) <= 1e6
		case "skills":
			var skills map[string]any
			skills, ok = value.(map[string]any)
			r.Skills = map[string]float64{}
			for skill, least := range skills {
				n, number := least.(float64)
				r.Skills[skill], ok = n, ok && number
			}
		case "data":
			r.Data, ok = plain(value).(map[string]any)
		default:
			ok = false
		}
		if !ok {
			return Rank{}, wrong(plugin, HookRank, fmt.Sprintf("a %s that is none: priority is a number, skills are numbers by name, data is a table", clip(oneLine(key), 40)))
		}
	}
	return r, nil
}

// Offer asks on_offer of each plugin when an agent is rung, and gives the cards to show by the plugins' names; one that fails, or
// returns nothing, shows none.
func (h *Host) Offer(ctx context.Context, c Caller, agent map[string]any) map[string]map[string]any {
	cards := map[string]map[string]any{}
	for _, name := range h.With(HookOffer) {
		values, err := h.Hook(ctx, name, HookOffer, c, agent)
		if err == nil && len(values) > 0 && values[0] != nil {
			card, ok := plain(values[0]).(map[string]any)
			if ok {
				cards[name] = card
				continue
			}
			err = wrong(name, HookOffer, "no table to show")
		}
		if err != nil {
			h.hookFailed(err, "the plain card")
		}
	}
	return cards
}

// Dial is what plugins say of an attempt to call somebody.
type Dial struct {
	OK     bool
	Reason string    // why not
	Later  time.Time // not before; zero: not at all
}

// Dial asks on_dial of each plugin before a campaign dials. All must agree: one that says no, or fails, is obeyed.
func (h *Host) Dial(ctx context.Context, attempt map[string]any) Dial {
	for _, name := range h.With(HookDial) {
		values, err := h.Hook(ctx, name, HookDial, nil, attempt)
		if err != nil {
			h.hookFailed(err, "not dialled")
			return Dial{Reason: err.Error()}
		}
		if d := readDial(name, values); !d.OK {
			return d
		}
	}
	return Dial{OK: true}
}

func readDial(plugin string, values []any) Dial {
	var first, second any
	if len(values) > 0 {
		first = values[0]
	}
	if len(values) > 1 {
		second = values[1]
	}
	switch v := first.(type) {
	case bool:
		reason, _ := plain(second).(string)
		if !v && reason == "" {
			reason = "plugin " + plugin + " says no"
		}
		return Dial{OK: v, Reason: reason}
	case float64:
		if v > 0 && v < 1e11 {
			return Dial{Later: time.UnixMilli(int64(v * 1000)), Reason: "plugin " + plugin + " says later"}
		}
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return Dial{Later: at, Reason: "plugin " + plugin + " says later"}
		}
	}
	return Dial{Reason: wrong(plugin, HookDial, "neither true, nor false and a reason, nor a time (seconds since 1970, or RFC 3339)").Error()}
}

// WrapUp asks on_wrap_up of each plugin when an agent saves the form. errors are texts by field; flagged says that a plugin
// failed: then the form is accepted, and somebody should look at it.
func (h *Host) WrapUp(ctx context.Context, c Caller, form map[string]any) (errors map[string]string, flagged bool) {
	for _, name := range h.With(HookWrapUp) {
		values, err := h.Hook(ctx, name, HookWrapUp, c, form)
		if err == nil && len(values) > 0 && values[0] != nil {
			fields, ok := plain(values[0]).(map[string]any)
			for field, why := range fields {
				text, is := why.(string)
				if ok = ok && is; ok {
					if errors == nil {
						errors = map[string]string{}
					}
					errors[field] = text
				}
			}
			if !ok {
				err = wrong(name, HookWrapUp, "no table of texts by field")
			}
		}
		if err != nil {
			h.hookFailed(err, "the form is accepted")
			flagged = true
		}
	}
	return errors, flagged
}

// eventHook is the function that hears of a type of event: on_call_ended of call.ended.
func eventHook(eventType string) string { return "on_" + strings.ReplaceAll(eventType, ".", "_") }

// eventNames are the types of events that the language names; campaign and system stand for all of theirs.
var eventNames = strings.Fields(`call.started call.answered call.digit call.entered call.data call.transferred call.held call.resumed
	call.recorded call.ended queue.entered queue.announced queue.offered queue.missed queue.rejected queue.answered queue.abandoned
	queue.overflowed queue.callback agent.status agent.activity agent.login agent.logout trunk.up trunk.down extension.registered
	extension.expired recording.ready voicemail.left survey.answered ticket.opened ticket.changed config.applied config.refused
	plugin.failed security.blocked`)

// Warnings name functions that look like hooks and are none: nobody would ever call them.
func (h *Host) Warnings() (all []string) {
	known := hookNames()
	for _, p := range h.order {
		for _, name := range h.Functions(p.Name) {
			if strings.HasPrefix(name, "on_") && !IsHook(name) {
				hint := meant(name, known)
				if !strings.Contains(hint, "did you mean") {
					hint = ""
				}
				all = append(all, fmt.Sprintf("plugin %s: %s is no hook of the box, so only flows can call it%s", p.Name, name, hint))
			}
		}
	}
	return all
}

func hookNames() []string {
	known := []string{HookRoute, HookRank, HookOffer, HookDial, HookWrapUp}
	for _, e := range eventNames {
		known = append(known, eventHook(e))
	}
	return known
}

// IsHook tells whether the box calls a function of that name.
func IsHook(name string) bool {
	return slices.Contains(hookNames(), name) || strings.HasPrefix(name, "on_campaign_") || strings.HasPrefix(name, "on_system_")
}
