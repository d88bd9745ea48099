package hcl

import (
	"fmt"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
)

// flowFindings tells what callers would suffer from in flows that are right as
// far as each step goes: steps that nobody reaches, loops without an end, calls
// that end in silence. Flows that have errors are mended first.
func (l *loader) flowFindings() {
	if slices.ContainsFunc(l.found, func(f finding) bool { return f.severity == Error }) {
		return
	}
	for _, flow := range l.config.flows() {
		g := graphOf(flow.steps)
		seen := g.reached(nil)
		l.unreached(g, seen)
		l.endless(g, seen)
		if flow.ivr {
			l.endsInSilence(flow, g)
		}
	}
}

// unreached tells the first step of each stretch that no call comes to.
func (l *loader) unreached(g *flowGraph, seen []bool) {
	for n, s := range g.steps {
		before := g.before[n]
		if seen[n] || before < 0 || !seen[before] {
			continue
		}
		why := "No way through the steps before it leads here."
		if b := g.steps[before]; slices.Contains([]string{"goto", "hangup", "queue"}, b.Kind) {
			why = fmt.Sprintf("The steps end with %s before it.", b.Kind)
		}
		l.warn(s.def, s.Kind+" is never reached", why+" Steps run in the order written: move it up, or remove it.")
	}
}

// asks tells whether a step waits for what the caller does.
func asks(s *Step) bool { return s.Kind == "menu" || s.Kind == "collect" }

// takesTime tells whether a step takes time: it is heard, waits, or asks
// somebody.
func takesTime(s *Step) bool {
	switch s.Kind {
	case "set", "tag", "language", "when", "otherwise", "goto", "answer":
		return false
	}
	return true
}

// endless tells the loops that a call could stay in for ever.
func (l *loader) endless(g *flowGraph, seen []bool) {
	var told []int
	for _, set := range circles(g.ways) {
		if !seen[set[0]] || slices.ContainsFunc(set, func(n int) bool { return takesTime(g.steps[n]) }) {
			continue
		}
		told = append(told, set...)
		at, round := g.closing(set)
		if hasExit(g.ways, set) {
			l.warn(at, "these steps go round without taking time", round+" Nothing in them is heard, waits or asks the caller, so what a condition sees does not change from one round to the next. Add play, wait or menu to them, or leave the loop another way.")
		} else {
			l.fail(at, "these steps go round for ever", round+" Nothing in them is heard, waits or asks the caller. Go to another step, or to a destination.")
		}
	}
	for _, set := range circles(g.quiet) {
		if !seen[set[0]] || slices.Contains(told, set[0]) || hasExit(g.quiet, set) || slices.ContainsFunc(set, func(n int) bool { return g.steps[n].Kind == "run" }) {
			continue
		}
		at, round := g.closing(set)
		if slices.ContainsFunc(set, func(n int) bool { return asks(g.steps[n]) }) {
			l.warn(at, "a caller who says nothing goes round here for ever", round+" A line that was left open holds the call until somebody notices. Let failed { } lead to a person, a voicemail box or hangup.")
		} else {
			l.warn(at, "these steps go round for ever, and ask the caller nothing", round+" Only hanging up ends the call. Add a menu, go to a destination, or end with hangup {}.")
		}
	}
}

// closing is the step that leads back to the beginning of a loop, and the
// sentence that names its steps.
func (g *flowGraph) closing(set []int) (hashi.Range, string) {
	at, names := g.steps[set[0]], []string{}
	for _, n := range set {
		s := g.steps[n]
		if do, ok := s.Do.(*Goto); ok && slices.Contains(set, g.labels[do.Step]) && g.labels[do.Step] <= n {
			at = s
		}
		switch {
		case s.Label != "":
			names = append(names, fmt.Sprintf("%s %q", s.Kind, s.Label))
		case s.Kind != "goto":
			names = append(names, s.Kind)
		}
	}
	if len(names) == 0 {
		return at.def, "It leads to itself."
	}
	return at.def, fmt.Sprintf("The loop is %s.", strings.Join(names[:min(len(names), 8)], " → "))
}

// silent tells whether a call comes through a step without hearing anything, and
// without anything being done for the caller.
func silent(s *Step) bool {
	switch do := s.Do.(type) {
	case *Menu:
		return do.Prompt == ""
	case *Collect:
		return do.Prompt == ""
	}
	return !takesTime(s) || s.Kind == "wait"
}

// endsInSilence tells where a call reaches the end of an ivr without having
// heard anything.
func (l *loader) endsInSilence(flow flowRoot, g *flowGraph) {
	seen := g.reached(silent)
	for n, s := range g.steps {
		if seen[n] && silent(s) && slices.Contains(g.ways[n], ends) {
			l.warn(s.def, fmt.Sprintf("%s can end here without a word to the caller", flow.title), "A call may come through this step to the end, which hangs up, and nothing was said or done. Add goto = DESTINATION or play behind it; after a when an otherwise { … } says what happens in the other case.")
			return
		}
	}
}
