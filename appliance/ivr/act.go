package ivr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

// What is done without the caller's help: all steps but play, menu and collect.

// none is why a step fails that needs a part which this box does not have.
func none(part string) error { return errors.New("this box has no " + part) }

func (w *walk) jump(o *op, do *hcl.Goto) turn {
	if do.Step != "" {
		return turn{next: o.then}
	}
	t := turn{gone: true, where: do.To.String()}
	if do.To.Kind == "ivr" {
		if t.into = w.office.flows[do.To.Name]; t.into != nil {
			t.gone, t.next = false, done
			return t
		}
	}
	t.to = w.c.Resolve(do.To)
	return t
}

func (w *walk) when(o *op, do *hcl.When) turn {
	s := w.office.Scope(w.c)
	w.looked(do.Condition, s)
	holds, err := do.Condition.Bool(s)
	if err != nil {
		w.fault(o, err)
	}
	w.fact.Result = fmt.Sprint(holds)
	if holds {
		return turn{next: o.then}
	}
	return turn{next: o.next}
}

// maxAttached is how much one step may attach to a call, in bytes of JSON: a fact holds little more.
const maxAttached = 16 << 10

// attach adds data to the call.
func (w *walk) attach(o *op, data map[string]any) {
	raw, err := json.Marshal(data)
	switch {
	case err != nil:
		w.fault(o, fmt.Errorf("the data cannot be kept: %w", err))
	case len(raw) > maxAttached:
		w.fault(o, fmt.Errorf("the data is %d KB, and a step attaches at most %d KB; attach less of it", len(raw)>>10, maxAttached>>10))
	case !w.c.Set(data):
		w.fault(o, errors.New("the call has too much data already; attach less"))
	}
}

func (w *walk) set(o *op, do *hcl.Set) turn {
	data, _ := w.values(o, "call.data", do.Data, w.office.Scope(w.c))
	w.attach(o, data)
	return turn{next: o.next}
}

func (w *walk) tag(o *op, do *hcl.Tag) turn {
	value, err := do.Value.Text(w.office.Scope(w.c))
	switch {
	case err != nil:
		w.fault(o, err)
	case len(value) > maxAttached:
		w.fault(o, errors.New("the tag is too long; tag what it means"))
	case !w.c.Tag(do.Name, value):
		w.fault(o, errors.New("the call has too many tags already"))
	}
	w.saw(do.Name, value)
	return turn{next: o.next}
}

func (w *walk) language(o *op, do *hcl.Language) turn {
	w.c.Speak(do.Set)
	w.fact.Result = do.Set
	return turn{next: o.next}
}

func (w *walk) answer(o *op) turn {
	if t, ok := w.picksUp(o); !ok {
		return t
	}
	return turn{next: o.next}
}

func (w *walk) wait(o *op, do *hcl.Wait) turn {
	began := w.c.Now()
	w.c.Line().Wait(w.ctx, do.Time)
	w.since(began)
	return turn{next: o.next}
}

func (w *walk) run(o *op, do *hcl.Run) turn {
	args, err := w.values(o, "args", do.Args, w.office.Scope(w.c))
	var result map[string]any
	if err == nil {
		result, err = w.plugin(do, args)
	}
	if left, ok := errors.AsType[Leaving](err); ok {
		return turn{gone: true, to: left.To, where: left.Where}
	}
	if err != nil && w.ctx.Err() == nil {
		w.c.Result()[o.step.Label] = map[string]any{"error": w.masked(err.Error(), longText)}
		w.fault(o, fmt.Errorf("plugin.%s: %w", do.Function, err))
		w.fact.Result = "failed"
		return turn{next: o.failed}
	}
	if result == nil {
		result = map[string]any{}
	}
	w.c.Result()[o.step.Label] = result
	w.fact.Result = w.shown(result, longText)
	return turn{next: o.next}
}

func (w *walk) plugin(do *hcl.Run, args map[string]any) (map[string]any, error) {
	if w.office.Plugin == nil {
		return nil, none("plugins")
	}
	plugin, function := do.Function, ""
	if i := strings.LastIndexByte(plugin, '.'); i >= 0 {
		plugin, function = plugin[:i], plugin[i+1:]
	}
	return w.office.Plugin(w.ctx, w.c, plugin, function, args, do.Timeout)
}

// messageSilence ends a recording.
const messageSilence = 5 * time.Second

func (w *walk) record(o *op, do *hcl.RecordStep) turn {
	if do.Beep {
		if t, ok := w.say(o, call.Utterance{Phrase: "beep", Language: w.c.Language()}, false); !ok {
			return t
		}
	}
	id, heard := "", call.Recorded{Why: "failed", Err: none("recordings")}
	if w.office.Record != nil && w.ctx.Err() == nil {
		began := w.c.Now()
		id, heard = w.office.Record(w.ctx, w.c, o.step.Label, call.Recording{Max: do.Max, Silence: messageSilence, EndKeys: do.EndKey})
		w.since(began)
	}
	w.fact.Result = heard.Why
	if heard.Why == "failed" {
		if heard.Err == nil {
			heard.Err = errors.New("the recording failed")
		}
		w.fault(o, heard.Err)
		w.c.Result()[o.step.Label] = map[string]any{"error": heard.Err.Error()}
		return turn{next: o.next}
	}
	kept := map[string]any{"recording": id, "length": heard.Length.Seconds(), "ended": heard.Why}
	w.c.Result()[o.step.Label] = kept
	w.fact.Result = w.shown(kept, longText)
	return turn{next: o.next}
}

func (w *walk) transfer(o *op, do *hcl.Transfer) turn {
	began := w.c.Now()
	tried := w.c.Try(w.ctx, w.c.Resolve(do.To), do.Timeout)
	w.since(began)
	if tried.Failed {
		w.fact.Result = fmt.Sprintf("%s: %s", do.To, tried.Why.Text)
		return turn{next: o.failed}
	}
	return turn{gone: true, to: tried.Next, where: do.To.String()}
}

func (w *walk) queue(o *op, do *hcl.QueueStep) turn {
	s := w.office.Scope(w.c)
	r := Request{Queue: do.To, Skills: maps.Clone(do.Skills)}
	if len(do.Data) > 0 {
		r.Data, _ = w.values(o, "call.data", do.Data, s)
		w.attach(o, r.Data)
	}
	minutes, given, err := do.Priority.Number(s)
	if err != nil {
		w.fault(o, err)
	} else if given {
		r.Priority = &minutes
		w.saw("priority", minutes)
	}
	t := turn{gone: true, to: call.Refuse{Why: call.BoxLater}, where: hcl.Destination{Kind: "queue", Name: do.To}.String()}
	if w.office.Enqueue == nil {
		w.fault(o, none("queues"))
	} else {
		t.to = w.office.Enqueue(w.c, r)
	}
	return t
}

func (w *walk) callback(o *op, do *hcl.CallbackStep) turn {
	if err := w.promise(do); err != nil {
		w.fault(o, err)
		return turn{next: o.next}
	}
	w.fact.Result = "promised"
	return turn{next: o.next}
}

// promise promises a callback.
func (w *walk) promise(do *hcl.CallbackStep) error {
	s := w.office.Scope(w.c)
	number, when := s.Call.From, time.Time{}
	if do.Number.Written() {
		var err error
		if number, err = do.Number.Text(s); err != nil {
			return err
		}
	}
	if do.Number.Secret() {
		w.saw("number", hcl.Secret(""))
	} else {
		w.saw("number", number)
	}
	if do.At.Written() {
		at, err := do.At.Text(s)
		if err != nil {
			return err
		}
		w.saw("at", at)
		if when, err = time.Parse(time.RFC3339, at); at != "" && err != nil {
			return fmt.Errorf("%s: the time %q to call back at is none; write it as 2026-03-02T10:00:00+08:00", do.At.At, at)
		}
	}
	switch {
	case number == "":
		return errors.New("there is no number to call back: the caller withheld it, or number comes to nothing")
	case w.office.Callback == nil:
		return none("callbacks")
	}
	return w.office.Callback(w.c, do.Queue, number, when)
}

func (w *walk) voicemail(o *op, do *hcl.VoicemailStep) turn {
	if w.office.Voicemail == nil {
		w.fault(o, none("voicemail"))
		return turn{next: o.next}
	}
	where := hcl.Destination{Kind: "voicemail", Name: do.Box}.String()
	began := w.c.Now()
	to := w.office.Voicemail(do.Box, do.Greeting).Run(w.ctx, w.c)
	w.since(began)
	if to != nil {
		return turn{gone: true, to: to, where: where}
	}
	w.fact.Result = "came back from " + where
	return turn{next: o.next}
}

// hangups are the causes of a hangup step.
var hangups = map[string]call.Cause{
	"normal": call.BoxHungUp, "busy": call.BoxBusy, "rejected": call.BoxRejected, "unavailable": call.BoxUnavailable, "not_found": call.BoxNotFound,
}

func hangup(do *hcl.HangupStep) turn {
	t := turn{gone: true, where: "hangup"}
	why, ok := hangups[do.Cause]
	if !ok || why == call.BoxHungUp {
		t.to = ended{}
		return t
	}
	t.to = call.Refuse{Why: why}
	return t
}

// ended is how a flow ends that did for the caller what it was to do.
type ended struct{}

// Run implements call.Stage.
func (ended) Run(_ context.Context, c *call.Call) call.Stage {
	c.Served()
	return call.Hangup{Why: call.BoxHungUp}
}
