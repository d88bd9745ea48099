package hcl

import "slices"

// Where an edge of a flow leads when it leads to no step.
const (
	leaves = -1 // to a destination, or to the end that was asked for
	ends   = -2 // past the last step
)

// flowGraph is a flow as ways between its steps.
type flowGraph struct {
	steps  []*Step
	number map[*Step]int
	labels map[string]int
	before []int   // the step before it in its list; -1: the first
	ways   [][]int // all ways from a step
	quiet  [][]int // those of a caller who does nothing
	entry  int
}

// graphOf makes the graph of a list of steps.
func graphOf(steps []Step) *flowGraph {
	g := &flowGraph{number: map[*Step]int{}, labels: map[string]int{}}
	walk(steps, func(s *Step) {
		g.number[s] = len(g.steps)
		if s.Label != "" {
			g.labels[s.Label] = len(g.steps)
		}
		g.steps = append(g.steps, s)
	})
	g.before = slices.Repeat([]int{-1}, len(g.steps))
	g.ways, g.quiet = make([][]int, len(g.steps)), make([][]int, len(g.steps))
	g.entry = g.list(steps, ends)
	return g
}

// list connects the steps of a list; what follows its last is after. It returns
// where the list begins.
func (g *flowGraph) list(steps []Step, after int) int {
	for i := range steps {
		s := &steps[i]
		next, beyond := after, after
		if i+1 < len(steps) {
			next = g.number[&steps[i+1]]
			beyond = next
			if steps[i+1].Kind == "otherwise" {
				beyond = after
				if i+2 < len(steps) {
					beyond = g.number[&steps[i+2]]
				}
			}
		}
		if i > 0 {
			g.before[g.number[s]] = g.number[&steps[i-1]]
		}
		g.connect(s, next, beyond)
	}
	if len(steps) == 0 {
		return after
	}
	return g.number[&steps[0]]
}

// connect adds the ways from one step. Next is the step behind it, beyond the
// one behind its otherwise too.
func (g *flowGraph) connect(s *Step, next, beyond int) {
	n := g.number[s]
	always := func(to ...int) {
		g.ways[n] = append(g.ways[n], to...)
		g.quiet[n] = append(g.quiet[n], to...)
	}
	keyed := func(to ...int) { g.ways[n] = append(g.ways[n], to...) }
	failed := func(b *Branch) int { return g.list(b.steps(), next) }
	again := func(b *Branch) int { return g.list(b.steps(), n) }
	switch do := s.Do.(type) {
	case *Goto:
		if to, ok := g.labels[do.Step]; ok && do.Step != "" {
			always(to)
		} else {
			always(leaves)
		}
	case *HangupStep, *QueueStep:
		always(leaves)
	case *When:
		always(g.list(do.Steps, beyond), next)
	case *Otherwise:
		always(g.list(do.Steps, next))
	case *Menu:
		for _, k := range do.Key {
			keyed(g.list(k.Steps, next))
		}
		keyed(again(do.Invalid))
		always(again(do.NoInput), failed(do.Failed))
	case *Collect:
		keyed(next, again(do.Invalid))
		always(again(do.NoInput), failed(do.Failed))
	case *Run:
		always(next, failed(do.Failed))
	case *Transfer:
		always(leaves, failed(do.Failed))
	default:
		always(next)
	}
}

// reached tells which steps a call can come to. Through says by which steps it
// goes on; nil: by all.
func (g *flowGraph) reached(through func(*Step) bool) []bool {
	seen := make([]bool, len(g.steps))
	var open []int
	if g.entry >= 0 {
		seen[g.entry], open = true, []int{g.entry}
	}
	for len(open) > 0 {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		if through != nil && !through(g.steps[n]) {
			continue
		}
		for _, to := range g.ways[n] {
			if to >= 0 && !seen[to] {
				seen[to] = true
				open = append(open, to)
			}
		}
	}
	return seen
}

// circles are the sets of steps that can be gone through again and again
// (Tarjan's strongly connected components, without recursion: a flow may have
// many steps), in the order of their first step.
func circles(ways [][]int) [][]int {
	index, low := make([]int, len(ways)), make([]int, len(ways))
	on := make([]bool, len(ways))
	type frame struct{ node, way int }
	var stack []int
	var found [][]int
	count := 0
	for root := range ways {
		if index[root] != 0 {
			continue
		}
		open := []frame{{root, 0}}
		for len(open) > 0 {
			f := &open[len(open)-1]
			n := f.node
			if f.way == 0 {
				count++
				index[n], low[n], on[n] = count, count, true
				stack = append(stack, n)
			}
			if f.way < len(ways[n]) {
				to := ways[n][f.way]
				f.way++
				switch {
				case to < 0:
				case index[to] == 0:
					open = append(open, frame{to, 0})
				case on[to]:
					low[n] = min(low[n], index[to])
				}
				continue
			}
			open = open[:len(open)-1]
			if len(open) > 0 {
				up := open[len(open)-1].node
				low[up] = min(low[up], low[n])
			}
			if low[n] != index[n] {
				continue
			}
			at := slices.Index(stack, n)
			set := slices.Clone(stack[at:])
			stack = stack[:at]
			for _, m := range set {
				on[m] = false
			}
			if len(set) > 1 || slices.Contains(ways[n], n) {
				slices.Sort(set)
				found = append(found, set)
			}
		}
	}
	slices.SortFunc(found, func(a, b []int) int { return a[0] - b[0] })
	return found
}

// hasExit tells whether a way leads out of a set of steps.
func hasExit(ways [][]int, set []int) bool {
	for _, n := range set {
		for _, to := range ways[n] {
			if !slices.Contains(set, to) {
				return true
			}
		}
	}
	return false
}
