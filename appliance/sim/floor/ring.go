package floor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

// How the world outside behaves that no step of a test plays.
const (
	pickup      = 4 * time.Second        // after that a phone or number that is no agent's answers
	autoAnswer  = 200 * time.Millisecond // a phone that is asked to answer by itself does so
	noReaction  = 8 * time.Second        // so long a phone that lost its network is waited for
	noSound     = 30 * time.Second       // so long a phone that falls silent is listened to
	maxRingTime = 5 * time.Minute        // after that a network gives up, whoever rings
)

// phone is what can be rung: an extension, or a number outside.
type phone struct {
	gone bool  // it lost its network
	with *line // who talks there
}

// party is one that is rung, and perhaps answers.
type party struct {
	call.Target
	agent  string // whose phone it is; empty: nobody's of the configuration
	phone  *phone
	answer bool // picked up, and is not joined yet
	line   bool // it holds a line of its trunk
}

// who is the party as the language writes it.
func (p *party) who() string {
	switch {
	case p.As != "":
		return p.As
	case p.Extension != "":
		return "extension." + p.Extension
	}
	return "trunk." + p.Trunk
}

// is tells whether a destination of the language means this party.
func (p *party) is(d hcl.Destination, country string) bool {
	switch d.Kind {
	case "agent":
		return p.agent == d.Name
	case "extension":
		return p.Extension == d.Name
	case "number":
		return sameNumber(p.Number, d.Name, country)
	}
	return false
}

func (p *party) String() string {
	switch {
	case p.agent != "":
		return "agent." + p.agent
	case p.Extension != "":
		return "extension." + p.Extension
	}
	return `number("` + p.Number + `") by trunk.` + p.Trunk
}

// sameNumber compares numbers as a country dials them.
func sameNumber(a, b, country string) bool {
	if a == b {
		return a != ""
	}
	x, y := call.ParseNumber(a, country), call.ParseNumber(b, country)
	return x.E164 != "" && x.E164 == y.E164
}

// ringing is an attempt in flight.
type ringing struct {
	l       *line
	parties []*party // who still rings
	best    call.Cause
	winner  *party
	settled bool                  // one declined for all
	each    map[string]call.Cause // of those who answer as somebody: how they failed
}

// Ring implements call.Line.
func (l *line) Ring(ctx context.Context, to []call.Target, within time.Duration) call.Attempt {
	r := &ringing{l: l, best: call.CalleeOffline}
	for _, t := range to {
		r.dial(t)
	}
	l.ringing = r
	defer func() { l.ringing = nil }()
	l.park(ctx, doingRing, min(within, maxRingTime), r.over)
	for _, p := range r.parties {
		if p != r.winner {
			r.give(p)
		}
	}
	switch {
	case ctx.Err() != nil:
		why := call.CalleeNoAnswer
		errors.As(context.Cause(ctx), &why)
		r.give(r.winner)
		return call.Attempt{Why: why, Each: r.each}
	case r.winner != nil:
		return r.join(ctx)
	case r.over():
		return call.Attempt{Why: r.best, Each: r.each}
	}
	return call.Attempt{Why: call.CalleeNoAnswer, Each: r.each}
}

// dial calls one target.
func (r *ringing) dial(t call.Target) {
	w, l := r.l.w, r.l
	p := &party{Target: t, agent: agentOf(l.call.Plan.Config, t), phone: w.phone(t)}
	if t.Trunk != "" {
		if !w.box.Lines.Take(t.Trunk, t.Emergency) {
			if telling(call.TrunkFull) > telling(r.best) {
				r.best = call.TrunkFull
			}
			r.failed(t, call.TrunkFull)
			return
		}
		p.line = true
	}
	w.note(l, p.String()+" rings")
	r.parties = append(r.parties, p)
	switch {
	case p.phone.gone:
		w.after(noReaction, func() { r.fail(p, call.NetworkNoAnswer) })
	case p.phone.with != nil:
		w.after(0, func() { r.fail(p, call.CalleeBusy) })
	case t.Auto:
		w.after(autoAnswer, func() { r.pick(p) })
	case p.agent == "":
		w.after(pickup, func() { r.pick(p) })
	}
}

// agentOf is the agent whose phone a target is.
func agentOf(cfg *hcl.Config, t call.Target) string {
	if name, ok := strings.CutPrefix(t.As, "agent."); ok {
		return name
	}
	for _, name := range sorted(cfg.Agents) {
		a := cfg.Agents[name]
		if t.Extension != "" && a.Extension == t.Extension || t.Extension == "" && sameNumber(a.Phone, t.Number, cfg.Appliance.Country) {
			return name
		}
	}
	return ""
}

func (r *ringing) over() bool { return r.winner != nil || r.settled || len(r.parties) == 0 }

// pick answers the call at one of those that ring.
func (r *ringing) pick(p *party) bool {
	if r.over() || !slices.Contains(r.parties, p) || p.phone.gone || p.phone.with != nil {
		return false
	}
	r.winner, p.answer, p.phone.with = p, true, r.l
	r.l.w.note(r.l, p.String()+" picks up")
	r.l.co.wake()
	return true
}

// fail takes one that does not answer out of the attempt. One that declines
// speaks for all, unless they are phones of different people.
func (r *ringing) fail(p *party, why call.Cause) {
	i := slices.Index(r.parties, p)
	if r.over() || i < 0 {
		return
	}
	r.parties = slices.Delete(r.parties, i, i+1)
	r.give(p)
	if telling(why) >= telling(r.best) {
		r.best = why
	}
	r.settled = why == call.CalleeDeclined && p.As == ""
	r.failed(p.Target, why)
	r.l.w.note(r.l, p.String()+" does not answer: "+why.String())
	r.l.co.wake()
}

// failed keeps why somebody did not answer.
func (r *ringing) failed(t call.Target, why call.Cause) {
	if t.As == "" {
		return
	}
	if r.each == nil {
		r.each = map[string]call.Cause{}
	}
	r.each[t.As] = why
}

// telling orders the failures of several phones by what they say about who was called rather than about a phone.
func telling(why call.Cause) int {
	return slices.Index([]call.Cause{
		call.CalleeOffline, call.NetworkNoAnswer, call.TrunkFull, call.CalleeNoAnswer, call.CalleeBusy, call.CalleeDeclined,
	}, why)
}

// give lets go of what a party holds.
func (r *ringing) give(p *party) {
	if p == nil {
		return
	}
	if p.line {
		r.l.w.box.Lines.Give(p.Trunk)
		p.line = false
	}
	if p.phone.with == r.l && r.l.with != p {
		p.phone.with = nil
	}
}

// join says what who answered and the caller shall hear first, then joins them.
func (r *ringing) join(ctx context.Context) call.Attempt {
	l, p := r.l, r.winner
	var took time.Duration
	if p.Greet != nil {
		l.said = p.Greet
		l.w.note(l, "hears "+l.spoken(*p.Greet))
		took = l.w.sounds.length(l.call.Plan.Config, *p.Greet)
	}
	if p.Tell != nil {
		l.w.note(l, p.String()+" hears "+l.spoken(*p.Tell))
		took = max(took, l.w.sounds.length(l.call.Plan.Config, *p.Tell))
	}
	l.park(ctx, doingRing, took, func() bool { return !p.answer })
	l.said = nil
	switch {
	case ctx.Err() != nil:
		why := call.CalleeNoAnswer
		errors.As(context.Cause(ctx), &why)
		r.give(p)
		return call.Attempt{Why: why}
	case !p.answer:
		r.give(p)
		return call.Attempt{Why: call.CalleeDeclined}
	}
	l.leave()
	l.music, l.up, l.with = nil, true, p
	l.w.busy(p.agent, l, true)
	l.call.Talks(p.who(), p.Extension, p.Trunk)
	return call.Attempt{Answered: true, Who: p.who(), Each: r.each}
}

// leave parts the caller from whoever he talks with.
func (l *line) leave() {
	if p := l.with; p != nil {
		l.with, l.held = nil, false
		(&ringing{l: l}).give(p)
		l.w.busy(p.agent, l, false)
	}
}

// phone is the state of what a target rings.
func (w *World) phone(t call.Target) *phone {
	key := "extension." + t.Extension
	if t.Extension == "" {
		key = "number." + cmp.Or(call.ParseNumber(t.Number, w.cfg.Appliance.Country).E164, t.Number)
	}
	if w.phones[key] == nil {
		w.phones[key] = &phone{}
	}
	return w.phones[key]
}
