package call

import (
	"context"
	"slices"

	"callbox/hcl"
)

// Route is the first stage of every call: it decides where the number leads.
type Route struct{}

// Run implements Stage.
func (Route) Run(ctx context.Context, c *Call) Stage {
	if c.replaces { // taking over a call comes with transfer
		return Refuse{BoxLater}
	}
	if c.unheard != nil {
		return Refuse{soundFault(c.unheard)}
	}
	if c.Account != "" {
		return c.routePhone()
	}
	return c.routeTrunk(ctx)
}

// routePhone: emergency first, then the box's own numbers, then routes.
func (c *Call) routePhone() Stage {
	e := c.Plan.Config.Extensions[c.Account]
	if e == nil { // removed while its INVITE was on the way
		return Refuse{BoxNotAllowed}
	}
	if c.Number.Class == ClassEmergency {
		return c.urgent(c.Number, c.From)
	}
	if c.Plan.Feature != nil {
		if s := c.Plan.Feature(c.Number.Dialled); s != nil {
			return s
		}
	}
	if _, ours := c.Plan.Config.Extensions[c.Number.Dialled]; ours {
		if !slices.Contains(e.Allow, ClassInternal) {
			return Refuse{BoxNotAllowed}
		}
		return Extension{Number: c.Number.Dialled}
	}
	return c.outside(c.Number, e, c.From)
}

// routeTrunk: only routes say where a call from outside goes.
func (c *Call) routeTrunk(ctx context.Context) Stage {
	if !c.takeLine() {
		return Refuse{TrunkOverLimit}
	}
	if c.Plan.Instead != nil {
		if s := c.Plan.Instead(ctx, c); s != nil {
			return s
		}
	}
	r := RouteFromTrunk(c.Plan.Config, c.Trunk, c.Number, c.Caller)
	if r == nil {
		return Refuse{BoxNotInUse}
	}
	return c.along(r, c.Number, nil, c.From)
}

// takeLine counts an incoming call against its trunk's channels.
func (c *Call) takeLine() (ok bool) {
	c.do(func() {
		if ok = c.box.Lines.Take(c.Trunk, false); ok {
			c.caller.line = true
		}
	})
	return ok
}

// RouteFromPhone finds the route of a call that a phone makes, or nil. Routes
// stand in their order of precedence already.
func RouteFromPhone(cfg *hcl.Config, n Number) *hcl.Route {
	for _, r := range cfg.Routes {
		if r.FromPhones && matches(r, n) {
			return r
		}
	}
	return nil
}

// RouteFromTrunk finds the route of a call that came in by trunk, or nil.
func RouteFromTrunk(cfg *hcl.Config, trunk string, n, caller Number) *hcl.Route {
	for _, r := range cfg.Routes {
		if r.FromPhones || len(r.From) > 0 && !slices.Contains(r.From, trunk) || !matches(r, n) {
			continue
		}
		if r.CallerMatching != nil && !slices.ContainsFunc(caller.spellings(), r.CallerMatching.MatchString) {
			continue
		}
		return r
	}
	return nil
}

// matches compares the number as it arrived, then in its E.164 form.
func matches(r *hcl.Route, n Number) bool {
	switch {
	case r.Number != "":
		return slices.Contains(n.spellings(), r.Number)
	case r.NumberMatching != nil:
		return slices.ContainsFunc(n.spellings(), r.NumberMatching.MatchString)
	}
	return true
}

// Allowed tells whether rights (an extension's allow list) cover a number: both
// what the number is and what the route calls it. A number that the country's
// plan does not know is judged by the route alone, and refused when the route
// names no class: an unknown number may cost anything.
func Allowed(rights []string, n Number, routeClass string) bool {
	if n.Class == ClassEmergency {
		return true
	}
	if n.Class == "" && routeClass == "" {
		return false
	}
	for _, class := range []string{n.Class, routeClass} {
		if class != "" && class != ClassEmergency && !slices.Contains(rights, class) {
			return false
		}
	}
	return true
}

func sortedTrunks(cfg *hcl.Config) []string {
	names := make([]string, 0, len(cfg.Trunks))
	for name := range cfg.Trunks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
