package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// house is a running floor with calls on lines without phones, in a bubble of time.
type house struct {
	t    *testing.T
	cfg  *hcl.Config
	live *Live
	box  *call.Box
	plan *call.Plan
	off  *Office

	mu     sync.Mutex
	facts  []journal.Event
	told   []string // what was committed, and what was said, in their order
	phones map[string]phone
	places []Place
}

// phone is how an agent's phone behaves: it answers after a while, or fails for a reason.
type phone struct {
	after time.Duration
	why   *call.Cause
}

func live(t *testing.T, blocks string) *house {
	h := &house{t: t, cfg: config(t, blocks), phones: map[string]phone{}}
	h.live = Start(h.cfg, LiveOptions{Now: time.Now, Seed: 1, DeskOptions: DeskOptions{Facts: h, Place: func(p Place) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.places = append(h.places, p)
	}}})
	h.box = &call.Box{Journal: h, Lines: &call.Lines{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	h.plan = &call.Plan{Generation: 3, Config: h.cfg}
	h.off = &Office{Owner: h.live,
		Utterance: func(c *call.Call, prompt string, _ map[string]any, serving hcl.AgentScope) (call.Utterance, error) {
			return call.Utterance{Prompt: prompt, Text: prompt + " " + serving.Number, Language: c.Language()}, nil
		},
		Phrase: func(_, key string, values map[string]any) string { return fmt.Sprint(key, values) },
		Wait:   func(_ string, d time.Duration) string { return "about " + d.String() },
		Steps:  func(b *hcl.Branch, _ call.Stage) call.Stage { return branch{h, b} },
	}
	return h
}

// branch stands for the steps of an overflow.
type branch struct {
	h *house
	b *hcl.Branch
}

func (b branch) Run(context.Context, *call.Call) call.Stage {
	b.h.note("steps")
	return call.Hangup{Why: call.BoxHungUp}
}

func (h *house) note(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, what)
}

func (h *house) Append(e journal.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.facts = append(h.facts, e)
	return nil
}

func (h *house) Commit(_ context.Context, events ...journal.Event) error {
	for _, e := range events {
		_ = h.Append(e)
		h.note("kept " + string(e.Body.Type()))
	}
	return nil
}

// set lets a phone behave.
func (h *house) set(agent string, p phone) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phones[agent] = p
}

func (h *house) ready(names ...string) {
	for _, name := range names {
		if _, err := h.live.AgentSet(name, Ready, "", ""); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) state(agent, want string) {
	h.t.Helper()
	synctest.Wait()
	for _, v := range h.live.Snapshot().Agents {
		if got := string(v.Status) + " " + string(v.Activity); v.Name == agent && got != want {
			h.t.Fatalf("agent %s is %q, want %q", agent, got, want)
		}
	}
}

// close ends the house, and checks its books.
func (h *house) close() {
	h.t.Helper()
	synctest.Wait()
	if err := unbalanced(h.live.desk.Floor, h.facts); err != "" {
		h.t.Error(err)
	}
	if err := wrong(h.live.desk.Floor); err != "" {
		h.t.Error(err)
	}
	if h.live.Faults() > 0 {
		h.t.Error("the floor had a fault")
	}
	h.live.Close()
}

// caller is a call on a line of the house.
type caller struct {
	*call.Call
	l    *line
	over chan struct{}
}

// call lets somebody call a queue.
func (h *house) call(queue string) *caller {
	l := &line{h: h, inbox: make(chan call.Happening, 64)}
	c, err := call.On(context.Background(), l, h.box, h.plan, call.Start{
		From: sip.Party{Number: "+886912345678"}, Dialled: "0227001234", Trunk: "pstn",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	l.c = c
	x := &caller{c, l, make(chan struct{})}
	go func() {
		defer close(x.over)
		c.Serve(Queue{Office: h.off, Name: queue})
	}()
	synctest.Wait()
	return x
}

func (x *caller) press(keys string) {
	for _, k := range []byte(keys) {
		x.l.inbox <- call.Happening{Kind: call.HappenedKey, Key: k}
		synctest.Wait()
	}
}

// hangup ends the call by the caller and tells how it ended.
func (x *caller) hangup() string {
	x.End(call.CallerHungUp)
	<-x.over
	outcome, _ := x.Ending()
	return outcome
}

// line is a call.Line without a wire.
type line struct {
	h       *house
	c       *call.Call
	inbox   chan call.Happening
	pending []call.Happening

	mu    sync.Mutex
	heard []string // what was said to its end, or cut short
	rings []string // who rings now
	with  string
	parts chan struct{} // the agent's phone vanishes
}

func (l *line) note(heard string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, heard)
}

// hears is what was heard since the last look.
func (l *line) hears() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := strings.Join(l.heard, ", ")
	l.heard = nil
	return heard
}

func (l *line) ringing() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.rings, " ")
}

func (l *line) Answer(ctx context.Context) error { l.c.PickedUp(); return context.Cause(ctx) }

// sayTime is how long everything takes that is said.
const sayTime = 4 * time.Second

func (l *line) Say(ctx context.Context, u call.Utterance, barge bool) error {
	timer := time.NewTimer(sayTime)
	defer timer.Stop()
	for {
		if barge && slices.ContainsFunc(l.pending, func(h call.Happening) bool { return h.Kind == call.HappenedKey }) {
			l.note(u.Text + " (cut)")
			return nil
		}
		select {
		case h := <-l.inbox:
			if h.Kind != call.HappenedKey || barge {
				l.pending = append(l.pending, h)
			}
		case <-timer.C:
			l.h.note("said " + u.Phrase)
			l.note(u.Text)
			return nil
		case <-ctx.Done():
			l.note(u.Text + " (cut)")
			return context.Cause(ctx)
		}
	}
}

func (l *line) Music(_ context.Context, u *call.Utterance) error {
	if u != nil {
		l.note("music " + u.Music)
	}
	return nil
}

func (l *line) Next(ctx context.Context, within time.Duration) call.Happening {
	if len(l.pending) > 0 {
		h := l.pending[0]
		l.pending = l.pending[1:]
		return h
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case h := <-l.inbox:
		return h
	default:
	}
	select {
	case h := <-l.inbox:
		return h
	case <-timer.C:
	case <-ctx.Done():
	}
	return call.Happening{}
}

func (l *line) Wait(context.Context, time.Duration) {}

func (l *line) Record(context.Context, call.Recording) call.Recorded { return call.Recorded{} }

func (l *line) Ring(ctx context.Context, to []call.Target, within time.Duration) call.Attempt {
	l.mu.Lock()
	l.rings = nil
	for _, t := range to {
		l.rings = append(l.rings, t.As)
		if t.Trunk != "" {
			l.rings[len(l.rings)-1] += " by " + t.Trunk
		}
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.rings = nil
		l.mu.Unlock()
	}()
	first, soonest := -1, within
	left, last, each := len(to), call.CalleeNoAnswer, map[string]call.Cause{}
	l.h.mu.Lock()
	for i, t := range to {
		p, known := l.h.phones[strings.TrimPrefix(t.As, "agent.")]
		switch {
		case p.why != nil:
			left, last, each[t.As] = left-1, *p.why, *p.why
		case known && p.after <= soonest:
			first, soonest = i, p.after
		}
	}
	l.h.mu.Unlock()
	if left == 0 {
		return call.Attempt{Why: last, Each: each}
	}
	select {
	case <-time.After(soonest):
	case <-ctx.Done():
		why := call.CalleeNoAnswer
		errors.As(context.Cause(ctx), &why)
		return call.Attempt{Why: why, Each: each}
	}
	if first < 0 {
		return call.Attempt{Why: call.CalleeNoAnswer, Each: each}
	}
	t := to[first]
	for _, u := range []*call.Utterance{t.Tell, t.Greet} {
		if u != nil {
			l.note(u.Text)
		}
	}
	l.mu.Lock()
	l.with, l.parts = t.As, make(chan struct{})
	l.mu.Unlock()
	l.c.Talks(t.As, t.Extension, t.Trunk)
	return call.Attempt{Answered: true, Who: t.As, Each: each}
}

func (l *line) Talk(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-l.parts:
		l.Post(call.Parted{Why: call.CalleeSilent})
	}
}

func (l *line) Echo(context.Context) error { return nil }

func (l *line) TrunkUp(name string) bool { return name != "down" }

func (l *line) Post(x any) bool {
	select {
	case l.inbox <- call.Happening{Kind: call.HappenedPost, Posted: x}:
		return true
	default:
		return false
	}
}
