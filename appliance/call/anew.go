package call

import (
	"context"
	"slices"

	"github.com/nyaruka/phonenumbers"
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
	if _, ours := c.Plan.Config.Extensions[s.Number]; ours {
		if !slices.Contains(e.Allow, ClassInternal) {
			return Refuse{BoxNotAllowed}
		}
		return Extension{Number: s.Number}
	}
	country := c.Plan.Config.Appliance.Country
	n := ParseNumber(s.Number, country)
	if n.Class == ClassEmergency {
		return Refuse{BoxNotAllowed}
	}
	if RouteFromPhone(c.Plan.Config, n) == nil { // routes are written as people of the country dial
		n = n.atHome(country)
	}
	return c.outside(n, e, c.From)
}

// atHome is a number as it is dialled within its country, if that is ours.
func (n Number) atHome(country string) Number {
	p, err := phonenumbers.Parse(n.E164, country)
	if err != nil || int(p.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(country) {
		return n
	}
	n.Dialled = plainNumber(phonenumbers.Format(p, phonenumbers.NATIONAL))
	return n
}
