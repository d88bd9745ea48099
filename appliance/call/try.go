package call

import (
	"context"
	"time"

	"callbox/appliance/journal"
)

// Tried is what came of trying a destination.
type Tried struct {
	Next   Stage // where the call goes on: somebody answered, or it has gone elsewhere; nil with Failed unset: it is over
	Failed bool  // nobody answered, and the caller is still there
	Why    Cause // of Failed
}

// Try goes to a destination, rings there for at most so long, forwards
// included, and comes back when nobody answers. A caller who hangs up meanwhile
// has abandoned the call. A destination that is more than somebody to ring, such
// as a queue, takes the call for good.
func (c *Call) Try(ctx context.Context, to Stage, within time.Duration) Tried {
	before, diverted, forwards := c.expecting(journal.OutcomeAbandoned), c.diverted, c.forwards
	c.until = c.Now().Add(within)
	defer func() { c.until = time.Time{} }()
	for s := to; s != nil; {
		switch ringing := s.(type) {
		case Extension, Away, Onward:
			s = ringing.Run(ctx, c)
			continue
		case Refuse:
			c.diverted, c.forwards = diverted, forwards
			c.expecting(before)
			return Tried{Failed: true, Why: ringing.Why}
		}
		c.expecting(before)
		return Tried{Next: s}
	}
	return Tried{}
}

// expecting sets the outcome of a call that nobody answers, and gives the one
// before.
func (c *Call) expecting(outcome journal.Outcome) (before journal.Outcome) {
	c.do(func() { before, c.became = c.became, outcome })
	return before
}

// patience is how long something may ring that would ring for d.
func (c *Call) patience(d time.Duration) time.Duration {
	if c.until.IsZero() {
		return d
	}
	return max(0, min(d, c.until.Sub(c.Now())))
}

// late tells that the time is up in which somebody was to answer.
func (c *Call) late() bool { return !c.until.IsZero() && !c.Now().Before(c.until) }
