package call

import (
	"cmp"
	"context"

	"callbox/appliance/journal"
	"callbox/appliance/sip"
)

// Start is what is known of a call when it begins.
type Start struct {
	ID      string // a ULID; empty: a new one
	From    sip.Party
	Dialled string
	Account string // the extension that calls, or
	Trunk   string // the trunk that brings the call
}

// On starts a call whose line is somebody else's: that of the virtual floor,
// where one thing happens at a time. It has no loop and no legs; Finish and End
// are called by who owns the line, in between. Serve it like any other.
func On(ctx context.Context, line Line, box *Box, plan *Plan, s Start) (*Call, error) {
	c := &Call{
		ID: cmp.Or(s.ID, journal.NewID(box.Now())), box: box, line: line, Plan: plan, Started: box.Now(),
		Account: s.Account, Trunk: s.Trunk, From: s.From, language: firstLanguage(plan.Config),
		Number: ParseNumber(s.Dialled, plan.Config.Appliance.Country),
	}
	c.Direction, c.From = c.origin(&sip.Invite{From: s.From, Account: s.Account, Trunk: s.Trunk, Number: s.Dialled})
	if c.Account == "" {
		c.Caller = ParseNumber(c.From.Number, plan.Config.Appliance.Country)
	}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.caller = &leg{role: "caller", account: s.Account, trunk: s.Trunk}
	c.legs = []*leg{c.caller}
	c.show("starting")
	return c, box.Journal.Commit(ctx, c.event(journal.CallStarted{
		Direction: c.Direction, From: c.callerShown(), To: c.Number.shown(), Dialled: s.Dialled, Trunk: s.Trunk, Extension: s.Account,
	}))
}

// Talks notes who answered, for a line without a switch.
func (c *Call) Talks(who, extension, trunk string) {
	c.caller.up = true
	if c.answered.IsZero() {
		c.answered = c.box.Now()
	}
	c.tell(journal.CallAnswered{Who: who, Extension: extension, Trunk: trunk})
}

// PickedUp notes that the box answered, for a line without a switch.
func (c *Call) PickedUp() { c.caller.up = true }
