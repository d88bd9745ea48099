package ivr

import (
	"context"
	"fmt"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// Bounds of one call's way through flows.
const (
	maxQuiet = 10_000 // steps without anything heard or waited for
	maxTold  = 2_000  // steps that are written down
	quietest = 200    // of those, without anything heard or waited for
)

// frame is the shortest sound there is. What takes less was neither heard nor waited for.
const frame = 20 * time.Millisecond

// flow is the stage that walks through a program.
type flow struct {
	office  *Office
	program *program
	then    call.Stage // what follows the last step; nil: hanging up
}

// Run implements call.Stage.
func (f flow) Run(ctx context.Context, c *call.Call) call.Stage {
	w := &walk{office: f.office, ctx: ctx, c: c}
	w.enter(f.program)
	t := turn{next: f.program.entry}
	for t.next != done || t.into != nil {
		if t.into != nil {
			w.leave()
			w.enter(t.into)
			f.then, t = nil, turn{next: t.into.entry}
			continue
		}
		if t = w.step(t); ctx.Err() != nil || t.gone {
			break
		}
	}
	w.leave()
	switch {
	case ctx.Err() != nil:
		c.Served()
		return nil
	case t.gone:
		return t.to
	case f.then != nil:
		return f.then
	}
	c.Served()
	return call.Hangup{Why: call.BoxHungUp}
}

// turn is what comes after a step.
type turn struct {
	next  place
	again bool       // next is asked once more: it is no fresh start
	gone  bool       // the flow is left, for to
	to    call.Stage // nil: nothing is left to do
	into  *program   // another flow takes over
	where string     // of gone and into, for people
}

// walk is a call on its way through a flow. It belongs to the call's script.
type walk struct {
	office *Office
	ctx    context.Context
	c      *call.Call
	p      *program

	tried   map[place]int    // by menu and collect
	secrets []string         // what this flow's collects got that nobody may see
	hidden  []string         // their labels
	ahead   *call.Happening  // a key that was taken and not yet used
	ended   byte             // the end key that may still follow an entry that was full
	fact    journal.CallStep // of the step under way
}

// enter begins a program.
func (w *walk) enter(p *program) {
	w.p, w.tried = p, map[place]int{}
	if p.name != "" {
		w.c.Enter("ivr", p.name)
	}
}

// leave ends a program. What was keyed in secret ends with it: other flows do not know that it is a secret.
func (w *walk) leave() {
	for _, label := range w.hidden {
		delete(w.c.Input(), label)
	}
	w.hidden, w.secrets = nil, nil
}

// step does the step at t, and tells it.
func (w *walk) step(t turn) turn {
	o := w.p.ops[t.next]
	if o.back != done {
		return w.back(o)
	}
	trail := w.c.Trail()
	if trail.Quiet++; trail.Quiet > maxQuiet {
		return w.endless(o)
	}
	w.fact = journal.CallStep{Flow: w.p.title, Step: o.title, Place: o.at()}
	if !t.again {
		delete(w.tried, t.next)
	}
	result := w.do(t.next, o)
	w.tell(result)
	return result
}

// do does a step.
func (w *walk) do(at place, o *op) turn {
	switch do := o.step.Do.(type) {
	case *hcl.Goto:
		return w.jump(o, do)
	case *hcl.When:
		return w.when(o, do)
	case *hcl.Set:
		return w.set(o, do)
	case *hcl.Tag:
		return w.tag(o, do)
	case *hcl.Language:
		return w.language(o, do)
	case *hcl.HangupStep:
		return hangup(do)
	}
	w.c.Reach(fmt.Sprintf("%s, %s", w.p.title, reached(o)))
	switch do := o.step.Do.(type) {
	case *hcl.Play:
		return w.play(o, do)
	case *hcl.Menu:
		return w.menu(at, o, do)
	case *hcl.Collect:
		return w.collect(at, o, do)
	case *hcl.Answer:
		return w.answer(o)
	case *hcl.Wait:
		return w.wait(o, do)
	case *hcl.Run:
		return w.run(o, do)
	case *hcl.RecordStep:
		return w.record(o, do)
	case *hcl.Transfer:
		return w.transfer(o, do)
	case *hcl.QueueStep:
		return w.queue(o, do)
	case *hcl.CallbackStep:
		return w.callback(o, do)
	case *hcl.VoicemailStep:
		return w.voicemail(o, do)
	}
	panic(fmt.Sprintf("a flow has a step that is unknown: %T", o.step.Do))
}

// reached is a step as lists show it: step top (flows.hcl:31), or play (flows.hcl:31) for one without a name.
func reached(o *op) string {
	if o.step.Label == "" {
		return o.String()
	}
	return fmt.Sprintf("step %s (%s)", o.step.Label, o.at())
}

// back comes to a menu or a collect from what it does when nothing came of it.
func (w *walk) back(o *op) turn {
	asked := w.p.ops[o.back]
	next := w.retry(o.back, asked)
	if !next.again { // told here: the step itself has told the last try already
		w.fact = journal.CallStep{Flow: w.p.title, Step: asked.title, Place: asked.at(), Result: "no try is left"}
		w.tell(next)
	}
	return next
}

// retry asks once more, or has failed.
func (w *walk) retry(at place, o *op) turn {
	tries := 0
	switch do := o.step.Do.(type) {
	case *hcl.Menu:
		tries = do.Tries
	case *hcl.Collect:
		tries = do.Tries
	}
	if w.tried[at] >= tries {
		return turn{next: o.failed}
	}
	return turn{next: at, again: true}
}

// tell writes a step down.
func (w *walk) tell(t turn) {
	switch {
	case w.ctx.Err() != nil:
	case t.gone || t.into != nil:
		w.fact.To = t.where
	case t.next == done:
		w.fact.To = "the end"
	default:
		w.fact.To = w.p.ops[t.next].String()
	}
	trail := w.c.Trail()
	if trail.Told >= maxTold || trail.Quiet > quietest+1 {
		return
	}
	if trail.Quiet > quietest || trail.Told == maxTold-1 {
		w.fact = journal.CallStep{Flow: w.fact.Flow, Step: w.fact.Step, Place: w.fact.Place, Fault: "there were so many steps that those after it are not written down"}
	}
	trail.Told++
	w.c.Tell(w.fact)
}

// endless ends a call whose flow goes round and round.
func (w *walk) endless(o *op) turn {
	w.c.Trail().Quiet = 0
	w.fact = journal.CallStep{Flow: w.p.title, Step: o.title, Place: o.at()}
	w.fault(o, fmt.Errorf("%d steps were gone through in which nothing was heard or waited for, and the call is ended; let the loop say something, wait or ask, or leave it another way", maxQuiet))
	t := turn{gone: true, to: call.Refuse{Why: call.BoxEndless}, where: "hangup"}
	w.c.Trail().Told = min(w.c.Trail().Told, maxTold-2)
	w.tell(t)
	return t
}

// since tells the trail that time was spent on the caller, when it was.
func (w *walk) since(began time.Time) {
	if w.c.Now().Sub(began) >= frame {
		w.c.Trail().Quiet = 0
	}
}

// fault notes that a step could not do what it should: with the step, in the count, and once a step in the log.
func (w *walk) fault(o *op, err error) {
	what := w.masked(err.Error(), longText)
	if w.fact.Fault == "" {
		w.fact.Fault = what
	}
	w.office.Faults.Add(1)
	if w.office.Log != nil && o.faulted.CompareAndSwap(false, true) {
		w.office.Log.Warn("a step of a flow could not do what it should; it is told once for each step", "flow", w.p.title, "step", o.String(), "call", w.c.ID, "problem", what)
	}
}
