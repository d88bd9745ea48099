package call

import (
	"context"
	"slices"
)

// Anew goes on as if the phone that calls had dialled another number, with the
// rights that its extension has: the way back to somebody who left a message.
// Who is no phone of the box has none. It never calls for help: a number that
// somebody showed us must not bring the fire brigade.
type Anew struct{ Number string }

// Run implements Stage.
func (s Anew) Run(_ context.Context, c *Call) Stage {
	e := c.Plan.Config.Extensions[c.Account]
	if e == nil {
		return Refuse{BoxNotAllowed}
	}
	n := ParseNumber(s.Number, c.Plan.Config.Appliance.Country)
	if n.Class == ClassEmergency {
		return Refuse{BoxNotAllowed}
	}
	if _, ours := c.Plan.Config.Extensions[s.Number]; ours {
		if !slices.Contains(e.Allow, ClassInternal) {
			return Refuse{BoxNotAllowed}
		}
		return Extension{Number: s.Number}
	}
	return c.outside(n, e, c.From)
}
