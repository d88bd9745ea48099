package call

import (
	"context"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// Away is a road to the outside: trunks in order, by the number that was
// dialled.
type Away struct {
	Number    Number
	Trunks    []string
	From      sip.Party
	By        *hcl.Extension // whose rights the call needs; nil: the configuration itself wants it
	Class     string         // what the route calls such numbers
	Emergency bool
}

// firstResponse is how long a trunk may be quite silent before the next one is
// tried; a live carrier sends 100 within milliseconds.
const firstResponse = 1500 * time.Millisecond

// Run implements Stage.
func (s Away) Run(ctx context.Context, c *Call) Stage {
	last := Attempt{Why: TrunkDown}
	for _, name := range s.Trunks {
		t := c.Plan.Config.Trunks[name]
		if t == nil || ctx.Err() != nil {
			continue
		}
		a := s.through(ctx, c, name)
		if a.Answered {
			return Talk{}
		}
		if ctx.Err() != nil {
			return nil
		}
		last = tellingMore(last, a)
		if _, again := fromTrunk(a.Status); a.Status >= 300 && !again {
			break
		}
	}
	return Refuse{last.Why}
}

// through tries one trunk, and wherever that redirects to.
func (s Away) through(ctx context.Context, c *Call, trunk string) Attempt {
	for n := s.Number; ; {
		c.enter("trunk", trunk)
		from := s.From
		if t := c.Plan.Config.Trunks[trunk]; t.CallerID != "" && from.Number == c.Account && !from.Hidden {
			from = sip.Party{Name: from.Name, Number: t.CallerID}
		}
		a := c.line.Ring(ctx, []Target{{Trunk: trunk, Number: n.Dialled, From: from, Diverted: c.diverted, Emergency: s.Emergency}}, c.patience(Forever))
		if len(a.Contacts) == 0 || ctx.Err() != nil {
			return a
		}
		to, number, refused := s.follow(c, trunk, n, a)
		if refused != nil {
			a.Why = *refused
			return a
		}
		c.tell(journal.CallTransferred{By: "trunk " + trunk, To: number.shown(), Kind: "redirect"})
		trunk, n = to, number
	}
}

// tellingMore prefers what a network said about the callee over what we know
// about our trunks.
func tellingMore(a, b Attempt) Attempt {
	if b.Why.Who == "callee" || a.Why == TrunkDown {
		return b
	}
	return a
}

// urgent takes an emergency call out by any trunk there is, those that are up
// and routed first, whatever rights, limits or routes say.
func (c *Call) urgent(n Number, from sip.Party) Stage {
	from.Hidden = false // the dispatcher must see who calls
	return Away{Number: n, Trunks: c.urgentTrunks(n), From: from, Emergency: true}
}

func (c *Call) urgentTrunks(n Number) []string {
	up, down := []string{}, []string{}
	seen := map[string]bool{}
	add := func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if c.line.TrunkUp(name) {
			up = append(up, name)
		} else {
			down = append(down, name)
		}
	}
	if r := RouteFromPhone(c.Plan.Config, n); r != nil {
		for _, to := range r.To {
			if to.Kind == "trunk" {
				add(to.Name)
			}
		}
	}
	for _, name := range sortedTrunks(c.Plan.Config) {
		add(name)
	}
	return append(up, down...)
}
