package ivr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// tester is a test, or one round of a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// line is a caller in virtual time: keys at moments, ears that write down what is heard, and a hand that hangs up.
type line struct {
	now, began time.Time
	c          *call.Call
	keys       []key // still to come
	pending    []call.Happening
	hangsUp    time.Duration // 0: never
	rings      map[string]answer
	mute       map[string]bool // prompts that cannot be said
	deaf       error           // why the caller cannot be answered
	spoken     time.Duration   // how long the caller speaks into a recording
	log        []string
	events     []journal.Event
}

type key struct {
	at  time.Duration
	key byte
}

type answer struct {
	after time.Duration
	why   call.Cause // of no answer
}

// length is how long anything takes to say, but for the beep.
const length = 2 * time.Second

func (l *line) note(format string, args ...any) {
	l.log = append(l.log, fmt.Sprintf("%gs ", l.now.Sub(l.began).Seconds())+fmt.Sprintf(format, args...))
}

// pass lets time pass until a moment, or until a key is pressed or the caller hangs up.
func (l *line) pass(ctx context.Context, until time.Time) (pressed *call.Happening) {
	if ctx.Err() != nil {
		return nil
	}
	if end := l.began.Add(l.hangsUp); l.hangsUp > 0 && !end.After(until) && (len(l.keys) == 0 || end.Before(l.began.Add(l.keys[0].at))) {
		l.now = end
		l.c.End(call.CallerHungUp)
		return nil
	}
	if len(l.keys) > 0 && !l.began.Add(l.keys[0].at).After(until) {
		k := l.keys[0]
		l.keys = l.keys[1:]
		if at := l.began.Add(k.at); at.After(l.now) {
			l.now = at
		}
		return &call.Happening{Kind: call.HappenedKey, Key: k.key}
	}
	if until.After(l.now) {
		l.now = until
	}
	return nil
}

func (l *line) Answer(ctx context.Context) error {
	if l.deaf != nil {
		return l.deaf
	}
	if ctx.Err() == nil {
		l.c.PickedUp()
	}
	return context.Cause(ctx)
}

func (l *line) Say(ctx context.Context, u call.Utterance, barge bool) error {
	what := u.Prompt + u.Phrase
	if u.Private || u.Language != "en" {
		what += fmt.Sprintf(" %q", u.Text)
	}
	if u.File != "" {
		what += " " + u.File
	}
	if l.deaf != nil || l.mute[u.Prompt] {
		return errors.Join(l.deaf, errors.New("no voice speaks"))
	}
	if err := l.Answer(ctx); err != nil {
		return err
	}
	for len(l.keys) > 0 && !l.began.Add(l.keys[0].at).After(l.now) {
		l.pending = append(l.pending, *l.pass(ctx, l.now))
	}
	if barge && len(l.pending) > 0 {
		return nil
	}
	l.note("say %s", what)
	end := l.now.Add(length)
	if u.Phrase == "beep" {
		end = l.now.Add(400 * time.Millisecond)
	}
	for ctx.Err() == nil && l.now.Before(end) {
		if h := l.pass(ctx, end); h != nil && barge {
			l.pending = append(l.pending, *h)
			l.note("cut")
			return nil
		}
	}
	return context.Cause(ctx)
}

func (l *line) Music(context.Context, *call.Utterance) error { return nil }

func (l *line) Next(ctx context.Context, within time.Duration) call.Happening {
	if len(l.pending) == 0 {
		if h := l.pass(ctx, l.now.Add(within)); h != nil {
			return *h
		}
		return call.Happening{}
	}
	h := l.pending[0]
	l.pending = l.pending[1:]
	return h
}

func (l *line) Wait(ctx context.Context, d time.Duration) {
	for end := l.now.Add(d); ctx.Err() == nil && l.now.Before(end); {
		if h := l.pass(ctx, end); h != nil {
			l.pending = append(l.pending, *h)
		}
	}
}

func (l *line) Record(ctx context.Context, r call.Recording) call.Recorded {
	began, end, why := l.now, l.now.Add(r.Max), "max"
	if silent := l.now.Add(l.spoken + r.Silence); silent.Before(end) {
		end, why = silent, "silence"
	}
	for ctx.Err() == nil && l.now.Before(end) {
		if h := l.pass(ctx, end); h != nil && strings.Contains(r.EndKeys, string(h.Key)) {
			return call.Recorded{Length: l.now.Sub(began), Why: "key", Key: h.Key}
		}
	}
	if ctx.Err() != nil {
		return call.Recorded{Length: l.now.Sub(began), Why: "hangup"}
	}
	return call.Recorded{Length: min(l.spoken, r.Max), Why: why}
}

func (l *line) Ring(ctx context.Context, to []call.Target, within time.Duration) call.Attempt {
	t := to[0]
	who := "extension." + t.Extension
	if t.Trunk != "" {
		who = "trunk." + t.Trunk + " " + t.Number
	}
	l.note("ring %s", who)
	a, known := l.rings[who]
	if !known || a.after > within {
		a = answer{after: min(within, time.Hour), why: call.CalleeNoAnswer}
	}
	l.Wait(ctx, a.after)
	if ctx.Err() != nil {
		return call.Attempt{Why: call.CallerCancelled}
	}
	if a.why != (call.Cause{}) {
		return call.Attempt{Why: a.why}
	}
	if t.As != "" {
		who = t.As
	}
	l.note("answered by %s", who)
	l.c.Talks(who, t.Extension, t.Trunk)
	return call.Attempt{Answered: true, Who: who}
}

func (l *line) Talk(ctx context.Context) { l.Wait(ctx, time.Minute); l.c.End(call.CalleeHungUp) }

func (l *line) Echo(context.Context) error { return nil }

func (l *line) TrunkUp(string) bool { return true }

func (l *line) Post(any) bool { return false }

func (l *line) Append(e journal.Event) error { l.events = append(l.events, e); return nil }

func (l *line) Commit(_ context.Context, e ...journal.Event) error {
	l.events = append(l.events, e...)
	return nil
}

// steps are the facts of the flow's steps.
func (l *line) steps() (all []journal.CallStep) {
	for _, e := range l.events {
		if s, ok := e.Body.(journal.CallStep); ok {
			all = append(all, s)
		}
	}
	return all
}

// written is every fact as it would be kept, in one text.
func (l *line) written(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, e := range l.events {
		raw, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > journal.MaxEvent {
			t.Errorf("a fact of %d bytes: %.200s", len(raw), raw)
		}
		b.Write(append(raw, '\n'))
	}
	return b.String()
}
