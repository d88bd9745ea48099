package call

import (
	"context"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// Extension rings every phone of an extension and follows its forwards.
type Extension struct {
	Number string
	As     string // who answers there, when that is more than the phone: agent.mei
}

// firstSign is how long a phone may be quite silent: a phone that is there
// answers with 100 or 180 within milliseconds, over a poor Wi-Fi within seconds.
const firstSign = 8 * time.Second

// maxForwards is how many forwards a call follows before it is a loop.
const maxForwards = 10

// Run implements Stage.
func (s Extension) Run(ctx context.Context, c *Call) Stage {
	e := c.Plan.Config.Extensions[s.Number]
	if e == nil {
		return Refuse{BoxNotInUse}
	}
	c.enter("extension", s.Number)
	if to, ok := forwardOf(e, "always"); ok {
		return c.forward(e, "unconditional", to)
	}
	a := c.line.Ring(ctx, []Target{{Extension: s.Number, From: c.From, Diverted: c.diverted, As: s.As}}, c.patience(ringTime(e)))
	if a.Answered {
		return Talk{}
	}
	if ctx.Err() != nil {
		return nil
	}
	if len(a.Contacts) > 0 {
		return c.redirectedBy(e, a)
	}
	if c.late() {
		return Refuse{a.Why}
	}
	when := forwardWhen(a.Why)
	if to, ok := forwardOf(e, when); ok {
		return c.forward(e, diversions[when], to)
	}
	if e.Voicemail {
		return c.Plan.Resolve(hcl.Destination{Kind: "voicemail", Name: e.Number})
	}
	return Refuse{a.Why}
}

// ringTime is how long the phones ring: until the forward for no answer takes
// over, or the extension's own patience ends.
func ringTime(e *hcl.Extension) time.Duration {
	for _, f := range e.Forward {
		if f.When == "no_answer" && f.After > 0 && f.After < e.NoAnswer {
			return f.After
		}
	}
	return e.NoAnswer
}

// forwardWhen names the forward that an outcome calls for.
func forwardWhen(why Cause) string {
	switch why {
	case CalleeBusy, CalleeDeclined:
		return "busy"
	case CalleeOffline, CalleeGone, NetworkLost, NetworkNoAnswer:
		return "offline"
	case BoxLoop: // a call that goes in a circle is not sent round once more
		return ""
	}
	return "no_answer"
}

func forwardOf(e *hcl.Extension, when string) (hcl.Destination, bool) {
	for _, f := range e.Forward {
		if f.When == when {
			return f.To, true
		}
	}
	return hcl.Destination{}, false
}

// diversions are the reasons of RFC 5806 for our forwards.
var diversions = map[string]string{"busy": "user-busy", "no_answer": "no-answer", "offline": "unavailable"}

// forward sends the call on in the name of an extension. A forward to an
// outside number needs the right that the extension itself would need.
func (c *Call) forward(e *hcl.Extension, reason string, to hcl.Destination) Stage {
	if c.forwards++; c.forwards > maxForwards {
		return Refuse{BoxLoop}
	}
	by := sip.Diversion{Party: sip.Party{Name: e.Name, Number: e.Number}, Reason: reason}
	c.diverted = append([]sip.Diversion{by}, c.diverted...)
	kind := "forward"
	if reason == deflected {
		kind = "redirect"
	}
	c.tell(journal.CallTransferred{By: "extension " + e.Number, To: to.String(), Kind: kind})
	if to.Kind == "number" {
		n := ParseNumber(to.Name, c.Plan.Config.Appliance.Country)
		return c.outside(n, e, c.From)
	}
	return c.Plan.Resolve(to)
}

// Talk lasts until one side ends the call.
type Talk struct{}

// Run implements Stage.
func (Talk) Run(ctx context.Context, c *Call) Stage {
	c.line.Talk(ctx)
	return nil
}

// Refuse ends a call that was not answered. A phone hears the tone of the
// country for a moment before it is told the status; a trunk is told at once,
// because its own side plays the tone and may have another road to try.
type Refuse struct{ Why Cause }

// toneTime is how long a refused phone hears why.
const toneTime = 4 * time.Second

// Run implements Stage.
func (s Refuse) Run(ctx context.Context, c *Call) Stage {
	c.decide(s.Why)
	if c.Account == "" || s.Why.Tone == "" {
		return nil
	}
	tone := media.CountryTone(c.Plan.Config.Appliance.Country, s.Why.Tone)
	if c.playEarly(tone) {
		c.line.Wait(ctx, toneTime)
	}
	return nil
}

// playEarly lets a caller who was not answered hear p again and again. It is
// false when there is no way to: a late offer, no common codec, no port.
func (c *Call) playEarly(p *media.Sound) bool {
	played := false
	c.do(func() {
		if c.caller.up || c.caller.gone || len(c.caller.offer) == 0 {
			return
		}
		sdp, err := c.describe(c.caller, nil)
		if err != nil {
			return
		}
		c.caller.dialog.Progress(183, sdp)
		c.caller.stream.Play(p, true)
		c.show("refusing")
		played = true
	})
	return played
}

// Echo answers and plays back what it hears: the first thing to dial on a new
// phone, because it proves sound both ways.
type Echo struct{}

// Run implements Stage.
func (Echo) Run(ctx context.Context, c *Call) Stage {
	c.enter("feature", "echo")
	if err := c.line.Echo(ctx); err != nil && ctx.Err() == nil {
		return Refuse{soundFault(err)}
	}
	return nil
}

// Hangup ends the call without a word.
type Hangup struct{ Why Cause }

// Run implements Stage.
func (s Hangup) Run(_ context.Context, c *Call) Stage {
	c.decide(s.Why)
	return nil
}

// enter notes where the call has got to.
func (c *Call) enter(kind, name string) {
	c.do(func() {
		fact := journal.CallEntered{Kind: kind, Name: name}
		switch kind {
		case "extension":
			fact.Extension = name
		case "trunk":
			fact.Trunk = name
		}
		c.tell(fact)
		c.showAt(kind, name)
	})
}

// Onward sends a call to the outside because the configuration says so: to a
// number, by the routes that phones use, or by one trunk with the number that
// was dialled. Rights are the affair of phones; what a route or a forward of
// the configuration names may be called.
type Onward struct {
	Number string // a number, or
	Trunk  string // a trunk
}

// Run implements Stage.
func (s Onward) Run(_ context.Context, c *Call) Stage {
	if s.Trunk != "" {
		return Away{Number: c.Number, Trunks: []string{s.Trunk}, From: c.From}
	}
	n := ParseNumber(s.Number, c.Plan.Config.Appliance.Country)
	if n.Class == ClassEmergency {
		return c.urgent(n, c.From)
	}
	r := RouteFromPhone(c.Plan.Config, n)
	if r == nil {
		return Refuse{BoxNotInUse}
	}
	return c.along(r, n, nil, c.From)
}

// outside is the road of a phone's call to a public number, with the right to
// it checked on what the number is, not only on what a route says.
func (c *Call) outside(n Number, e *hcl.Extension, from sip.Party) Stage {
	country := c.Plan.Config
	if n.Class == ClassEmergency {
		return c.urgent(n, from)
	}
	r := RouteFromPhone(country, n)
	if r == nil {
		return Refuse{BoxNotInUse}
	}
	if !Allowed(e.Allow, n, r.Class) {
		return Refuse{BoxNotAllowed}
	}
	return c.along(r, n, e, from)
}

// along turns a route's destinations into the next stage.
func (c *Call) along(r *hcl.Route, n Number, e *hcl.Extension, from sip.Party) Stage {
	var trunks []string
	for _, to := range r.To {
		if to.Kind != "trunk" {
			return c.Plan.Resolve(to)
		}
		trunks = append(trunks, to.Name)
	}
	switch {
	case from.Hidden:
	case r.CallerID != "":
		from = sip.Party{Name: from.Name, Number: r.CallerID}
	case e != nil && e.CallerID != "":
		from = sip.Party{Name: from.Name, Number: e.CallerID}
	}
	return Away{Number: n, Trunks: trunks, From: from, By: e, Class: r.Class}
}
