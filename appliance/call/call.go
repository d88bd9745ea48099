package call

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// Box is what all calls of the box share. It lives as long as the process.
type Box struct {
	SIP     *sip.Server
	Media   *media.Engine
	Journal Facts
	Lines   *Lines
	Now     func() time.Time
	Log     *slog.Logger

	Panics atomic.Uint64 // faults of ours that ended a call instead of the process
}

// Plan is the part of a generation that a call is pinned to from its first
// packet to its last.
type Plan struct {
	Generation int
	Config     *hcl.Config
	Music      *media.Sound                       // what a held party hears
	Resolve    func(hcl.Destination) Stage        // what a destination means in this generation
	Instead    func(context.Context, *Call) Stage // where a call from outside goes instead of by the routes; nil, or nil of it: nowhere
	Feature    func(code string) Stage            // what a code dialled at a phone of the box does; nil: nothing
	Sound      Sound                              // how what is said to callers sounds
}

// A Stage is one stop on a call's way. Run blocks until the stop is done and
// returns the next one, or nil when nothing is left to do. It returns soon
// after ctx is done; context.Cause(ctx) is then a Cause.
type Stage interface {
	Run(ctx context.Context, c *Call) Stage
}

// Call is one call. Its exported fields are set by New and never change.
type Call struct {
	ID        string
	Direction string    // in, out or internal
	From      sip.Party // who calls, as the called side shall see it
	Number    Number    // what was dialled
	Caller    Number    // who calls, as a number of the world; an extension has none
	Account   string    // the extension that calls, or ""
	Trunk     string    // the trunk that brought the call, or ""
	Plan      *Plan
	Started   time.Time

	box      *Box
	line     Line
	inbox    chan Happening // what waits for the script
	replaces bool           // it asks to take the place of another call (RFC 3891)
	ctx      context.Context
	cancel   context.CancelCauseFunc
	mail     chan func()
	signals  chan sip.Event
	sounds   chan media.Event
	over     chan struct{} // closed when the loop has ended

	// Owned by the script.
	verdict  *Cause // what Finish will say, when a stage has decided
	forwards int    // forwards followed so far
	language string
	data     map[string]any
	tags     map[string]string
	input    map[string]string
	result   map[string]any
	moved    []string        // by whom the call was redirected so far
	unheard  error           // why nobody could talk with the caller
	diverted []sip.Diversion // by whom, latest first
	trail    Trail
	until    time.Time // while somebody is tried, how long; zero: nobody is

	// Owned by the loop.
	legs     []*leg // all that still have a dialog or a stream
	caller   *leg
	callee   *leg // the one that answered
	dial     *dial
	answered time.Time           // since when somebody talks with the caller
	became   journal.Outcome     // of a call that nobody answers, when a stage knows
	music    bool                // the caller hears music that somebody may interrupt
	kept     []journal.Leg       // legs that have ended, for the CDR
	byes     []func(int, []byte) // confirm what hung up, once the CDR is on disk
	done     bool
	outcome  string // set by finish
	why      Cause
	view     atomic.Pointer[View] // what others may see of the loop's state
}

// Bounds of the loop's mailboxes. Signalling waits when its box is full (the
// dialog slows down), sound drops nothing because a worker tries again.
const (
	mailDepth   = 16
	signalDepth = 32
	soundDepth  = 32
)

// New starts the loop of a call that came in by d and puts call.started into
// the journal. The call is not routed before that fact is on disk: whatever
// kills the box afterwards, the call will have its CDR.
func New(ctx context.Context, box *Box, plan *Plan, d *sip.Dialog) (*Call, error) {
	in := d.Invite()
	c := &Call{
		ID: journal.NewID(box.Now()), box: box, Plan: plan, Started: box.Now(),
		Account: in.Account, Trunk: in.Trunk,
		Number: ParseNumber(in.Number, plan.Config.Appliance.Country),
		mail:   make(chan func(), mailDepth), signals: make(chan sip.Event, signalDepth),
		sounds: make(chan media.Event, soundDepth), over: make(chan struct{}), inbox: make(chan Happening, inboxDepth),
	}
	c.replaces, c.diverted = in.Replaces != nil, in.Diverted
	c.Direction, c.From = c.origin(in)
	if c.Account == "" { // once: reading a number costs a tenth of a call
		c.Caller = ParseNumber(c.From.Number, plan.Config.Appliance.Country)
	}
	c.line = &switched{c: c}
	c.language = firstLanguage(plan.Config)
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.caller = &leg{role: "caller", account: in.Account, trunk: in.Trunk, dialog: d, offer: in.Body, takesInfo: in.TakesInfo}
	c.legs = []*leg{c.caller}
	c.unheard = c.readOffer(c.caller)
	c.show("starting")
	d.Attach(c.signals)
	go c.loop()
	started := c.event(journal.CallStarted{
		Direction: c.Direction, From: c.callerShown(), To: c.Number.shown(), Dialled: in.Number,
		Trunk: in.Trunk, Extension: in.Account,
	})
	if c.Number.Class == ClassEmergency && in.Account != "" {
		c.tell(started.Body) // help does not wait for a disk
		return c, nil
	}
	if err := box.Journal.Commit(ctx, started); err != nil && !errors.Is(err, journal.ErrStalled) { // stalled: it is queued and will be written
		c.Finish(BoxFull)
		return nil, err
	}
	return c, nil
}

// readOffer reads what the caller offers, once for all who will be called. The
// error is why it cannot be answered: it is better told at once than by a phone
// that rings, is answered, and stays silent.
func (c *Call) readOffer(l *leg) (err error) {
	if len(l.offer) > 0 {
		l.spoken, err = media.Offered(l.offer, c.codecs(l), c.security(l))
	}
	return err
}

func firstLanguage(cfg *hcl.Config) string {
	if l := cfg.Appliance.Languages; len(l) > 0 {
		return l[0]
	}
	return "en"
}

// origin tells where a call comes from and how its caller is presented.
func (c *Call) origin(in *sip.Invite) (direction string, from sip.Party) {
	if in.Account == "" {
		return "in", in.From
	}
	from = sip.Party{Name: in.Account, Number: in.Account, Hidden: in.From.Hidden}
	if e := c.Plan.Config.Extensions[in.Account]; e != nil && e.Name != "" {
		from.Name = e.Name
	}
	if _, internal := c.Plan.Config.Extensions[in.Number]; internal || c.Number.E164 == "" && c.Number.Class == "" {
		return "internal", from
	}
	return "out", from
}

// callerShown is the caller's number as facts keep it.
func (c *Call) callerShown() string {
	if c.Account != "" {
		return c.Account
	}
	return c.Caller.shown()
}

// Serve walks c from stage to stage until nothing is left to do, and finishes
// it. A fault in a stage ends this call alone.
func (c *Call) Serve(first Stage) {
	defer func() {
		if p := recover(); p != nil {
			c.box.Panics.Add(1)
			c.box.Log.Error("call failed by a fault in callbox", "call", c.ID, "fault", p, "stack", string(debug.Stack()))
			c.Finish(BoxFailed)
			return
		}
		c.Finish(c.cause())
	}()
	for s := first; s != nil; {
		s = s.Run(c.ctx, c)
	}
}

// cause is how the call ended: what a stage decided, else what befell it.
func (c *Call) cause() Cause {
	if c.verdict != nil {
		return *c.verdict
	}
	var why Cause
	if c.ctx.Err() != nil && errors.As(context.Cause(c.ctx), &why) {
		return why
	}
	return BoxHungUp
}

// decide fixes the cause of the call; the first decision stands.
func (c *Call) decide(why Cause) {
	if c.verdict == nil {
		c.verdict = &why
	}
}

// End makes every stage return; the call finishes with why.
func (c *Call) End(why Cause) { c.cancel(why) }

// Finish ends the call: all legs, all sound, one CDR. It is the only place
// where a call ends, it may be called more than once, and it returns when
// everything is given back.
func (c *Call) Finish(why Cause) {
	c.cancel(why)
	c.do(func() { c.finish(why) })
	if c.mail != nil {
		<-c.over
	}
}

// do runs f in the loop and waits for it. It reports false when the call is
// over and f will not run.
func (c *Call) do(f func()) bool {
	if c.mail == nil { // the virtual floor: one thing happens at a time, and there is no loop
		if c.done {
			return false
		}
		f()
		return true
	}
	ran := make(chan struct{})
	select {
	case c.mail <- func() { defer close(ran); f() }:
	case <-c.over:
		return false
	}
	select {
	case <-ran:
		return true
	case <-c.over:
		return false
	}
}

// loop owns the legs until the call is done.
func (c *Call) loop() {
	defer close(c.over)
	for !c.done {
		c.step()
	}
}

// step takes one message. A fault in it ends the call, not the box.
func (c *Call) step() {
	defer func() {
		if p := recover(); p != nil {
			c.box.Panics.Add(1)
			c.box.Log.Error("call failed by a fault in callbox", "call", c.ID, "fault", p, "stack", string(debug.Stack()))
			c.cancel(BoxFailed)
			if c.done = c.dial == nil && len(c.legs) == 0; !c.done {
				c.finish(BoxFailed)
			}
		}
	}()
	select {
	case e := <-c.signals:
		if l := c.legOf(e.Dialog); l != nil {
			c.onSignal(l, e)
		} else if e.Reply != nil {
			e.Reply(481, nil)
		}
	case e := <-c.sounds:
		c.onSound(e)
	case f := <-c.mail:
		f()
	}
}

// event stamps a fact of this call.
func (c *Call) event(b journal.Body) journal.Event {
	return journal.Event{Time: c.box.Now(), Call: c.ID, Generation: c.Plan.Generation, Body: b}
}

// tell queues a fact. When the journal cannot take it the box is already
// refusing new calls; the fact's loss is said loudly, and the CDR still comes
// from call.ended, which is waited for.
func (c *Call) tell(b journal.Body) {
	if err := c.box.Journal.Append(c.event(b)); err != nil {
		c.box.Log.Error("fact not kept", "call", c.ID, "error", err)
	}
}

// finish runs in the loop, once.
func (c *Call) finish(why Cause) {
	if c.done {
		return
	}
	c.done = true
	c.stopDial(why)
	reason := sip.Reason{Q850: why.Q850, Text: why.Text}
	outcome := c.outcomeOf(why)
	if c.caller.dialog != nil && !c.caller.up && !c.caller.gone {
		reason.RetryAfter = retryAfter(why)
		c.caller.dialog.Reject(refusal(why), reason)
		c.caller.gone = true
	}
	for _, l := range append([]*leg(nil), c.legs...) {
		c.drop(l, reason)
	}
	ended := c.event(journal.CallEnded{Outcome: journal.Outcome(outcome), Cause: why.entry(), Legs: c.kept})
	if err := c.box.Journal.Commit(context.Background(), ended); err != nil {
		c.box.Log.Error("CDR not kept", "call", c.ID, "error", err)
	}
	for _, confirm := range c.byes {
		confirm(200, nil)
	}
	c.outcome, c.why = outcome, why
	c.logEnd(why, outcome, ended.Time)
}

// outcomeOf is how a call went that ends for a cause: answered when somebody
// talked with the caller, else what the stages made of it. A caller who was
// picked up by the box alone was served by it.
func (c *Call) outcomeOf(why Cause) string {
	switch {
	case !c.answered.IsZero():
		return "answered"
	case c.became != "" && (why.Outcome == "answered" || why.Outcome == "abandoned"):
		return string(c.became)
	case why.Outcome == "answered" && c.caller.up:
		return "self_service"
	case why.Outcome == "answered":
		return "failed"
	}
	return why.Outcome
}

// Ending is how the call ended. It is for after Serve has returned.
func (c *Call) Ending() (outcome string, why Cause) {
	if c.mail != nil {
		<-c.over
	}
	return c.outcome, c.why
}

// refusal is the status a caller gets who was never answered.
func refusal(why Cause) int {
	// A fault of one phone or carrier is not the box's: a carrier that hears
	// 5xx from us would try its next road for nothing. The CDR keeps the status.
	if why.SIP < 400 || why.is(CalleeFailed) || why.is(TrunkRefused) {
		return 480
	}
	return why.SIP
}

func retryAfter(why Cause) int {
	if why == BoxStopped || why == BoxFull || why == TrunkOverLimit {
		return 5
	}
	return 0
}

// logEnd is the one line that a call leaves at info.
func (c *Call) logEnd(why Cause, outcome string, at time.Time) {
	talk := 0.0
	if !c.answered.IsZero() {
		talk = at.Sub(c.answered).Seconds()
	}
	c.box.Log.Info("call", "id", c.ID, "direction", c.Direction, "from", c.callerShown(), "to", c.Number.shown(),
		"outcome", outcome, "cause", why.String(), "seconds", float64(int(talk*10))/10, "generation", c.Plan.Generation)
}
