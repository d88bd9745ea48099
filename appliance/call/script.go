package call

import (
	"context"
	"maps"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// What the stages of a call work with. All of it belongs to the script's
// goroutine.

// Line is what takes time.
func (c *Call) Line() Line { return c.line }

// Now is the box's clock, or that of the virtual floor.
func (c *Call) Now() time.Time { return c.box.Now() }

// Language is what the caller is spoken to in, a BCP 47 tag.
func (c *Call) Language() string { return c.language }

// Speak changes the caller's language.
func (c *Call) Speak(language string) { c.language = language }

// Data is what is attached to the call; not to be changed.
func (c *Call) Data() map[string]any { return c.data }

// Bounds of what may be attached to one call.
const (
	maxData = 200
	maxTags = 50
)

// Set attaches data to the call and tells it. False: there is too much already.
func (c *Call) Set(data map[string]any) bool {
	if len(data) == 0 {
		return true
	}
	merged := maps.Clone(c.data)
	if merged == nil {
		merged = map[string]any{}
	}
	maps.Copy(merged, data)
	if len(merged) > maxData {
		return false
	}
	c.data = merged
	c.Tell(journal.CallData{Data: data})
	return true
}

// Tags are the call's marks for reports; not to be changed.
func (c *Call) Tags() map[string]string { return c.tags }

// Tag marks the call for reports and tells it. False: there are too many.
func (c *Call) Tag(name, value string) bool {
	if c.tags == nil {
		c.tags = map[string]string{}
	}
	if _, there := c.tags[name]; !there && len(c.tags) >= maxTags {
		return false
	}
	c.tags[name] = value
	c.Tell(journal.CallData{Tags: map[string]string{name: value}})
	return true
}

// Input is what collect and menu steps got, by label; Result what run steps
// returned. A flow that goes on in another takes them along.
func (c *Call) Input() map[string]string {
	if c.input == nil {
		c.input = map[string]string{}
	}
	return c.input
}

// Result is what run steps returned, by label.
func (c *Call) Result() map[string]any {
	if c.result == nil {
		c.result = map[string]any{}
	}
	return c.result
}

// Key waits for the next key, at most so long; what is posted meanwhile is let
// go. The key is a fact, shown unless secret.
func (c *Call) Key(ctx context.Context, within time.Duration, secret bool) (key byte, ok bool) {
	for until := c.Now().Add(within); ; {
		h := c.line.Next(ctx, max(0, until.Sub(c.Now())))
		switch h.Kind {
		case HappenedKey:
			c.NoteKey(h, secret)
			return h.Key, true
		case HappenedTime:
			return 0, false
		}
	}
}

// NoteKey writes a key down.
func (c *Call) NoteKey(h Happening, secret bool) {
	shown := string(h.Key)
	if secret {
		shown = ""
	}
	c.Tell(journal.CallDigit{By: "caller", Digit: shown, Method: h.method})
}

// Tell writes a fact of this call down.
func (c *Call) Tell(b journal.Body) { c.tell(b) }

// Commit writes a fact of this call down and returns when it is on disk: what
// the caller is about to be told must be.
func (c *Call) Commit(ctx context.Context, b journal.Body) error {
	return c.box.Journal.Commit(ctx, c.event(b))
}

// Enter notes where the call has got to: ivr main, queue claims, voicemail
// office.
func (c *Call) Enter(kind, name string) { c.enter(kind, name) }

// Reach shows at which step the call stands, for lists that people read.
func (c *Call) Reach(at string) { c.do(func() { c.publish("", at) }) }

// Decide fixes how the call will have ended, the cause and the outcome of one
// that nobody talked in. The first decision stands.
func (c *Call) Decide(why Cause) { c.decide(why) }

// Became notes the outcome that the call has if nobody answers it: voicemail,
// overflowed, abandoned, self_service. The latest stands.
func (c *Call) Became(outcome journal.Outcome) { c.do(func() { c.became = outcome }) }

// Served notes that a flow served the caller, as far as the caller wanted:
// self_service, unless a stage made more of the call.
func (c *Call) Served() {
	c.do(func() {
		if c.became == "" {
			c.became = journal.OutcomeSelfService
		}
	})
}

// Trail is how far the call's flows have gone; flows count it.
type Trail struct {
	Quiet int // steps since something was heard or waited for
	Told  int // steps written down
}

// Trail is how far the call's flows have gone.
func (c *Call) Trail() *Trail { return &c.trail }

// Outcome is what Became noted last; empty: nothing.
func (c *Call) Outcome() (outcome journal.Outcome) {
	c.do(func() { outcome = c.became })
	return outcome
}

// Answered tells whether somebody talked with the caller.
func (c *Call) Answered() bool { return !c.answered.IsZero() }

// Diverted are those who forwarded the call, latest first.
func (c *Call) Diverted() []sip.Diversion { return c.diverted }

// Resolve says what a destination means in the call's generation.
func (c *Call) Resolve(to hcl.Destination) Stage { return c.Plan.Resolve(to) }
