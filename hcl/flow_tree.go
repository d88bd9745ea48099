package hcl

import (
	"maps"
	"slices"
)

// flowRoot is a list of steps that a call can enter by itself: an ivr, or the
// steps of a block such as overflow.
type flowRoot struct {
	title string
	ivr   bool
	steps []Step
}

// flows are all flows of a configuration, in the order of kinds and names.
func (c *Config) flows() []flowRoot {
	var all []flowRoot
	for _, name := range slices.Sorted(maps.Keys(c.IVRs)) {
		all = append(all, flowRoot{"ivr " + quotedLabels([]string{name}), true, c.IVRs[name].Steps})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		if o := c.Queues[name].Overflow; o != nil {
			all = append(all, flowRoot{"the overflow of queue " + quotedLabels([]string{name}), false, o.Steps})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.RingGroups)) {
		if f := c.RingGroups[name].Failed; f != nil {
			all = append(all, flowRoot{"what follows ring_group " + quotedLabels([]string{name}), false, f.Steps})
		}
	}
	return all
}

// walk visits every step of a list and what is inside it, in the order written.
func walk(steps []Step, visit func(*Step)) {
	for i := range steps {
		visit(&steps[i])
		for _, inside := range branchesOf(&steps[i]) {
			walk(inside, visit)
		}
	}
}

// branchesOf are the lists of steps inside a step.
func branchesOf(s *Step) [][]Step {
	switch do := s.Do.(type) {
	case *When:
		return [][]Step{do.Steps}
	case *Otherwise:
		return [][]Step{do.Steps}
	case *Menu:
		var all [][]Step
		for _, k := range do.Key {
			all = append(all, k.Steps)
		}
		return append(all, do.Invalid.steps(), do.NoInput.steps(), do.Failed.steps())
	case *Collect:
		return [][]Step{do.Invalid.steps(), do.NoInput.steps(), do.Failed.steps()}
	case *Run:
		return [][]Step{do.Failed.steps()}
	case *Transfer:
		return [][]Step{do.Failed.steps()}
	}
	return nil
}

func (b *Branch) steps() []Step {
	if b == nil {
		return nil
	}
	return b.Steps
}
