package ivr

import (
	"fmt"
	"strings"
	"sync/atomic"

	"callbox/hcl"
)

// place is where a call stands in a program: the number of an op, or done.
type place int

// done is behind the last step.
const done place = -1

// program is a flow as ops that know what comes after them, so that where a call stands is one number. Nothing of it
// changes once it is compiled, but what was told.
type program struct {
	title string // ivr main, or overflow of queue claims: for people
	name  string // of an ivr; empty for the steps of another block
	entry place
	ops   []*op
}

// op is one step, or the return from a branch of one.
type op struct {
	step  *hcl.Step
	title string // menu top
	back  place  // of a return: the menu or collect to which it leads; otherwise done

	next place // what follows: of a when, what follows when its condition does not hold
	then place // of a when: its own steps; of a goto: the step that it names

	failed  place // of a menu, collect, run or transfer
	invalid place // of a menu or collect; it leads back by again
	silent  place // no_input, likewise
	again   place

	choices choices // of a menu
	entry   entry   // of a collect

	faulted atomic.Bool // the log has it that something went wrong here
}

// at is the place in the configuration.
func (o *op) at() string { return o.step.At.String() }

// String writes it as menu top (flows.hcl:31).
func (o *op) String() string { return fmt.Sprintf("%s (%s)", o.title, o.at()) }

// compile makes a program of a flow's steps.
func compile(title, name string, steps []hcl.Step) *program {
	b := &builder{program: &program{title: title, name: name}, labels: map[string]place{}}
	b.entry = b.list(steps, done)
	for _, o := range b.ops {
		if g, ok := o.step.Do.(*hcl.Goto); ok && g.Step != "" {
			o.then = b.labels[g.Step] // there is one: the language checks it
		}
	}
	return b.program
}

// compile makes programs of all flows of the configuration.
func (o *Office) compile() {
	o.flows, o.branches = map[string]*program{}, map[*hcl.Branch]*program{}
	for name, ivr := range o.Config.IVRs {
		o.flows[name] = compile("ivr "+name, name, ivr.Steps)
	}
	for name, q := range o.Config.Queues {
		o.branch(q.Overflow, "overflow of queue "+name)
	}
	for name, g := range o.Config.RingGroups {
		o.branch(g.Failed, "failed of ring_group "+name)
	}
}

func (o *Office) branch(b *hcl.Branch, title string) {
	if b != nil {
		o.branches[b] = compile(title, "", b.Steps)
	}
}

// builder is a program under construction.
type builder struct {
	*program
	labels map[string]place
}

// list adds steps, the last first, so that each knows what follows it. It returns where they begin: after, when there are
// none.
func (b *builder) list(steps []hcl.Step, after place) place {
	next := after
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		if s.Kind == "otherwise" && i > 0 { // the when before it leads here
			if when, ok := steps[i-1].Do.(*hcl.When); ok {
				other := b.list(s.Do.(*hcl.Otherwise).Steps, next)
				next = b.when(&steps[i-1], when, other, next)
				i--
				continue
			}
		}
		if when, ok := s.Do.(*hcl.When); ok {
			next = b.when(s, when, next, next)
			continue
		}
		next = b.step(s, next)
	}
	return next
}

// when adds a when that goes on at other when its condition does not hold, and at beyond behind its steps.
func (b *builder) when(s *hcl.Step, when *hcl.When, other, beyond place) place {
	at := b.add(s, other)
	b.ops[at].then = b.list(when.Steps, beyond)
	return at
}

// add adds an op.
func (b *builder) add(s *hcl.Step, next place) place {
	at := place(len(b.ops))
	b.ops = append(b.ops, &op{step: s, title: strings.TrimSpace(s.Kind + " " + s.Label), back: done, next: next, failed: next})
	if s.Label != "" {
		b.labels[s.Label] = at
	}
	return at
}

// step adds a step and what is inside it.
func (b *builder) step(s *hcl.Step, next place) place {
	at := b.add(s, next)
	o := b.ops[at]
	switch do := s.Do.(type) {
	case *hcl.Menu:
		o.choices = choices{}
		for _, k := range do.Key {
			o.choices[k.Key] = b.list(k.Steps, next)
		}
		b.tries(at, do.Invalid, do.NoInput, do.Failed)
	case *hcl.Collect:
		o.entry = entryOf(do)
		b.tries(at, do.Invalid, do.NoInput, do.Failed)
	case *hcl.Run:
		o.failed = b.list(stepsOf(do.Failed), next)
	case *hcl.Transfer:
		o.failed = b.list(stepsOf(do.Failed), next)
	}
	return at
}

// tries adds what a menu or a collect does when nothing came of it. Invalid and no_input lead back to it by a return, which
// knows that it is no fresh start.
func (b *builder) tries(at place, invalid, silent, failed *hcl.Branch) {
	o := b.ops[at]
	o.failed = b.list(stepsOf(failed), o.next)
	o.again = place(len(b.ops))
	b.ops = append(b.ops, &op{step: o.step, title: o.title, back: at, next: done})
	o.invalid = b.list(stepsOf(invalid), o.again)
	o.silent = b.list(stepsOf(silent), o.again)
}

func stepsOf(b *hcl.Branch) []hcl.Step {
	if b == nil {
		return nil
	}
	return b.Steps
}
