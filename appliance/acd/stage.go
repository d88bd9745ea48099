package acd

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// Office is what the queues of one generation work with, besides the floor that all share. All but Owner may be nil: then
// calls overflow into nothing, and nothing is said.
type Office struct {
	Owner Owner
	// Steps is the stage that walks through the steps of a block, and goes on with then.
	Steps func(b *hcl.Branch, then call.Stage) call.Stage
	// Utterance is how a prompt is said to the call's caller; values are evaluated already.
	Utterance func(c *call.Call, prompt string, values map[string]any, serving hcl.AgentScope) (call.Utterance, error)
	// Phrase is one of the box's own phrases in words, Wait an expected wait, as package speech has them.
	Phrase func(language, key string, values map[string]any) string
	Wait   func(language string, d time.Duration) string
}

// Queue is the stage of a call that waits for an agent, and then talks with one.
type Queue struct {
	Office   *Office
	Name     string
	Priority *float64       // in minutes; nil: the queue's own
	Skills   map[string]int // that an agent must have, besides the queue's
	Callback uint64         // the caller was called back; see Place
}

// Run implements call.Stage.
func (s Queue) Run(ctx context.Context, c *call.Call) call.Stage {
	cfg := c.Plan.Config.Queues[s.Name]
	if cfg == nil {
		return call.Refuse{Why: call.BoxNotInUse}
	}
	c.Enter("queue", s.Name)
	c.Became(journal.OutcomeAbandoned)
	if err := c.Line().Answer(ctx); err != nil && ctx.Err() == nil {
		return call.Refuse{Why: call.SoundFault(err)}
	}
	w := &wait{Queue: s, c: c, line: c.Line(), cfg: cfg, owner: s.Office.Owner}
	defer w.owner.Tell(CallEnded{c.ID}) // whatever happens, a fault of ours included: no agent is kept for a call that is over
	w.enter(false)
	return w.run(ctx)
}

// wait is a call while it is in its queue. It belongs to the call's script; what other goroutines touch is in bell.
type wait struct {
	Queue
	c     *call.Call
	line  call.Line
	cfg   *hcl.Queue
	owner Owner
	bell  bell

	playing bool           // music
	offer   *OfferCallback // the caller may ask to be called back
	out     call.Stage     // where the call goes from here
	over    bool
}

// enter enters the floor.
func (w *wait) enter(front bool) {
	in := Enter{
		Call: w.c.ID, Queue: w.Name, Generation: w.c.Plan.Generation, Priority: w.Priority, Skills: w.Skills,
		Caller: callerOf(w.c), Language: w.c.Language(), Front: front, Pinned: w.cfg, Callback: w.Callback,
	}
	w.Callback = 0
	w.owner.Join(in, func(x any) bool {
		w.bell.ring(x)
		return w.line.Post(x)
	})
}

// callerOf is the number by which a caller is known; empty: none.
func callerOf(c *call.Call) string {
	switch {
	case c.Account != "":
		return c.Account
	case c.From.Hidden:
		return ""
	case c.Caller.E164 != "":
		return c.Caller.E164
	}
	return c.Caller.Dialled
}

// run waits for what the floor says and the caller keys.
func (w *wait) run(ctx context.Context) call.Stage {
	for ctx.Err() == nil && !w.over {
		w.music(ctx)
		if w.bell.overflowed() {
			w.overflow()
			break
		}
		waiting, stop := w.bell.until(ctx, isOverflow)
		h := call.Happening{}
		if !w.bell.overflowed() {
			h = w.line.Next(waiting, call.Forever)
		}
		stop()
		switch h.Kind {
		case call.HappenedKey:
			w.c.NoteKey(h, false)
			w.key(ctx, h.Key)
		case call.HappenedPost:
			w.posted(ctx, h.Posted)
		}
	}
	return w.out
}

// posted does what the floor asks for. Overflow is in the bell.
func (w *wait) posted(ctx context.Context, x any) {
	switch x := x.(type) {
	case Offer:
		w.bell.took(x)
		if !x.More {
			w.serve(ctx, x)
		}
	case Announce:
		w.announce(ctx, x)
	case OfferCallback:
		w.offerCallback(ctx, x)
	}
}

// overflow goes on with the queue's own steps for it, as the call's generation has them.
func (w *wait) overflow() {
	w.over = true
	w.c.Became(journal.OutcomeOverflowed)
	w.out = call.Hangup{Why: call.BoxHungUp}
	if w.cfg.Overflow != nil && w.Office.Steps != nil {
		w.out = w.Office.Steps(w.cfg.Overflow, w.out)
	}
}

// music plays on. Without it callers wait all the same.
func (w *wait) music(ctx context.Context) {
	if w.playing {
		return
	}
	w.playing = true
	u := call.Utterance{Music: w.cfg.Music, Language: w.c.Language(), Loop: true}
	if w.line.Music(ctx, &u) != nil && w.cfg.Music != "" && ctx.Err() == nil {
		u.Music = ""
		_ = w.line.Music(ctx, &u)
	}
}

// serve rings agents, tells the floor how it went, and talks.
func (w *wait) serve(ctx context.Context, o Offer) {
	r := &ringing{offer: o, agents: o.Agents, until: w.c.Now().Add(o.Ring)}
	for ctx.Err() == nil {
		w.bell.bring(r, w.c.Now())
		if len(r.agents) == 0 { // withdrawn
			return
		}
		a := call.Attempt{Why: call.CalleeOffline}
		listening, stop := w.bell.until(ctx, r.concerns)
		if targets := w.targets(r); len(targets) > 0 && !w.bell.rang(r) {
			a = w.line.Ring(listening, targets, max(0, r.until.Sub(w.c.Now())))
		}
		stop()
		again := !a.Answered && w.bell.rang(r)
		if ctx.Err() == nil {
			w.reportEach(o.ID, a.Each)
			r.agents = slices.DeleteFunc(slices.Clone(r.agents), func(x Rung) bool { _, failed := a.Each[as(x)]; return failed })
		}
		switch {
		case a.Answered:
			w.talk(ctx, o, a.Who)
			return
		case ctx.Err() == nil && !again:
			w.report(o.ID, "", a.Why)
			return
		}
	}
}

// reportEach tells the floor of those who failed by themselves. They are not rung again.
func (w *wait) reportEach(offer uint64, each map[string]call.Cause) {
	for _, who := range slices.Sorted(maps.Keys(each)) {
		w.report(offer, agentOf(who), each[who])
	}
}

// as is what an agent's target answers as; agentOf is the agent of one.
func as(a Rung) string { return "agent." + a.Agent }

func agentOf(who string) string { return strings.TrimPrefix(who, "agent.") }

// report tells the floor why an agent did not answer; no agent: all who are left.
func (w *wait) report(offer uint64, agent string, why call.Cause) {
	switch {
	case why.Who == "callee" && why.Why == call.CalleeNoAnswer.Why:
		w.owner.Tell(OfferMissed{Offer: offer, Agent: agent})
	case why.Who == "callee" && why.Why == call.CalleeBusy.Why:
		w.owner.Tell(OfferRejected{Offer: offer, Agent: agent, Busy: true})
	case why.Who == "callee" && (why.Why == call.CalleeDeclined.Why || why.Why == call.CalleeRedirected.Why):
		w.owner.Tell(OfferRejected{Offer: offer, Agent: agent})
	case why.Who == "box", why.Who == "trunk" && why.Why == call.TrunkFull.Why:
		w.owner.Tell(OfferFailed{Offer: offer, Agent: agent, Why: why.Text, Ours: true})
	default:
		w.owner.Tell(OfferFailed{Offer: offer, Agent: agent, Why: why.Text})
	}
}

// talk lasts until the call is over, or the agent's phone vanishes: then the caller waits again, at the front.
func (w *wait) talk(ctx context.Context, o Offer, who string) {
	w.playing, w.offer = false, nil
	w.owner.Tell(OfferAnswered{Offer: o.ID, Call: w.c.ID, Agent: agentOf(who)})
	w.line.Talk(ctx)
	for ctx.Err() == nil {
		h := w.line.Next(ctx, 0)
		if h.Kind == call.HappenedTime {
			break
		}
		if _, vanished := h.Posted.(call.Parted); vanished {
			w.owner.Tell(Vanished{w.c.ID})
			w.enter(true)
			return
		}
	}
	w.over = true
}

// targets are the places to ring, as the configuration has them now.
func (w *wait) targets(r *ringing) (targets []call.Target) {
	for _, a := range r.agents {
		t := call.Target{Extension: a.Extension, From: w.c.From, Diverted: w.c.Diverted(), As: as(a), Auto: r.offer.Auto}
		if a.Extension == "" && !w.outside(a.Phone, &t) {
			continue
		}
		serving := hcl.AgentScope{Name: a.Name, Number: a.Number}
		t.Tell, t.Greet = w.prompt(w.cfg.TellAgent, serving), w.prompt(w.cfg.TellCaller, serving)
		targets = append(targets, t)
	}
	return targets
}

// outside finds the trunk by which a number is called: the first of its route that is up.
func (w *wait) outside(number string, t *call.Target) bool {
	cfg := w.c.Plan.Config
	n := call.ParseNumber(number, cfg.Appliance.Country)
	r := call.RouteFromPhone(cfg, n)
	if number == "" || r == nil {
		return false
	}
	for _, to := range r.To {
		if to.Kind == "trunk" && (t.Trunk == "" || w.line.TrunkUp(to.Name) && !w.line.TrunkUp(t.Trunk)) {
			t.Trunk, t.Number = to.Name, n.Dialled
		}
	}
	if r.CallerID != "" {
		t.From.Number = r.CallerID
	}
	return t.Trunk != ""
}
