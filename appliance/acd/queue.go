package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"callbox/hcl"
)

// queue is where calls wait.
type queue struct {
	cfg       *hcl.Queue
	gone      bool // no longer in the configuration: it drains
	members   []*member
	of        map[*agent]*member
	line      []*entry // all who wait, the next first
	classes   map[kind]*class
	callbacks int // in the line
	turn      int // of round_robin: the order of the member who had it last

	open            []*offer
	talking         int // its calls with agents
	signedIn, ready int // its agents, of every ring
	speakers        map[string]int

	served   recent // times between calls that left for an agent while others waited
	handled  recent // talks
	lastFrom time.Time
	levels   []level // of late
}

// member is an agent of a queue.
type member struct {
	agent *agent
	ring  int // 0: from the start; else the widen block that lets the agent in
	order int // as written, ring by ring
}

// kind is what calls have in common that any agent may take or none: all that eligibility looks at.
type kind struct {
	ring     int
	skills   string // that the calls themselves ask for
	language string
	prefer   *agent // only this agent, for now
}

// class are the calls of one kind that can be offered now, the next first.
type class struct {
	kind
	queue   *queue
	need    map[string]int // skills, and how well
	asked   map[string]int // the same before the queue widened
	line    []*entry
	touched bool
}

func (q *queue) name() string { return q.cfg.Name }

// before is the order of a line: the place, then the arrival.
func before(a, b *entry) int {
	if c := a.place.Compare(b.place); c != 0 {
		return c
	}
	return cmp.Compare(a.n, b.n)
}

func insert(line []*entry, e *entry) []*entry {
	i, _ := slices.BinarySearchFunc(line, e, before)
	return slices.Insert(line, i, e)
}

func remove(line []*entry, e *entry) []*entry {
	if i, ok := slices.BinarySearchFunc(line, e, before); ok {
		return slices.Delete(line, i, i+1)
	}
	return line
}

// position of an entry: 1 for the next.
func (q *queue) position(e *entry) int {
	i, _ := slices.BinarySearchFunc(q.line, e, before)
	return i + 1
}

// waiting is how many calls wait; callbacks are no calls yet.
func (q *queue) waiting() int { return len(q.line) - q.callbacks }

// ringAt is how many widen blocks are open for who has waited so long.
func (q *queue) ringAt(waited time.Duration) (ring int) {
	for _, w := range q.cfg.Widen {
		if waited >= w.After {
			ring++
		}
	}
	return ring
}

// class gives the class of a kind.
func (q *queue) class(k kind, asks map[string]int) *class {
	c := q.classes[k]
	if c == nil {
		c = q.newClass(k, asks)
		q.classes[k] = c
	}
	return c
}

func (q *queue) newClass(k kind, asks map[string]int) *class {
	return &class{kind: k, queue: q, need: q.need(k.ring, asks), asked: q.need(0, asks)}
}

// need is what an agent must be able to: what the queue and the call ask for, each as much as the greater says, but no
// more than a widen block lets suffice.
func (q *queue) need(ring int, asks map[string]int) map[string]int {
	need := maps.Clone(q.cfg.Skills)
	if need == nil {
		need = map[string]int{}
	}
	for skill, n := range asks {
		need[skill] = max(need[skill], n)
	}
	for _, w := range q.cfg.Widen[:min(ring, len(q.cfg.Widen))] {
		for skill, n := range w.Skills {
			if _, asked := need[skill]; asked {
				need[skill] = n
			}
		}
	}
	maps.DeleteFunc(need, func(_ string, n int) bool { return n <= 0 })
	return need
}

// unsuited tells why an agent may not take calls of a class, whether free or not; empty: may.
func (c *class) unsuited(m *member) string {
	a := m.agent
	switch {
	case c.prefer == a:
		return ""
	case c.prefer != nil:
		return "the caller waits for agent " + c.prefer.name() + ", who spoke with him last"
	case m.ring > c.ring:
		return fmt.Sprintf("may take it when it has waited %s", c.queue.cfg.Widen[m.ring-1].After)
	}
	for skill, n := range c.need {
		if a.cfg.Skills[skill] < n {
			return c.lacks(a)
		}
	}
	if c.language != "" && !a.speaks(c.language) && c.queue.spoken(c.language) {
		return "does not speak " + c.language
	}
	return ""
}

// suits is unsuited without words.
func (c *class) suits(m *member) bool {
	a := m.agent
	if c.prefer != nil {
		return c.prefer == a
	}
	if m.ring > c.ring {
		return false
	}
	for skill, n := range c.need {
		if a.cfg.Skills[skill] < n {
			return false
		}
	}
	return c.language == "" || a.speaks(c.language) || !c.queue.spoken(c.language)
}

func (c *class) lacks(a *agent) string {
	var lacks []string
	for _, skill := range slices.Sorted(maps.Keys(c.need)) {
		if has := a.cfg.Skills[skill]; has < c.need[skill] {
			lacks = append(lacks, fmt.Sprintf("has %s %d of %d", skill, has, c.need[skill]))
		}
	}
	return strings.Join(lacks, ", ")
}

// spoken tells whether anybody who is signed in speaks a language: when nobody does, anybody may help.
func (q *queue) spoken(language string) bool {
	n, known := q.speakers[language]
	if !known {
		for _, m := range q.members {
			if m.agent.status != Offline && !m.agent.gone && m.agent.speaks(language) {
				n++
			}
		}
		q.speakers[language] = n
	}
	return n > 0
}

// without is why nobody may wait here now; empty: may.
func (q *queue) without() string {
	switch {
	case q.cfg.WithoutAgents == "logged_in" && q.signedIn == 0, q.cfg.WithoutAgents == "ready" && q.signedIn == 0:
		return "nobody_logged_in"
	case q.cfg.WithoutAgents == "ready" && q.ready == 0:
		return "nobody_ready"
	}
	return ""
}

// staffed counts who is there, after somebody came or went, and lets calls go that may not wait without.
func (f *Floor) staffed(q *queue, signed bool) {
	q.signedIn, q.ready = 0, 0
	for _, m := range q.members {
		if m.agent.status != Offline && !m.agent.gone {
			q.signedIn++
		}
		if m.agent.status == Ready && !m.agent.gone {
			q.ready++
		}
	}
	if signed {
		clear(q.speakers)
		for _, c := range q.classes { // who speaks what counts anew
			f.touch(c)
		}
	}
	if q.without() != "" {
		for _, e := range slices.Clone(q.line) {
			f.attend(e)
		}
	}
}

// release forgets a queue that is gone and has drained.
func (f *Floor) release(q *queue) {
	if q.gone && len(q.line) == 0 && q.talking == 0 && f.queues[q.name()] == q {
		delete(f.queues, q.name())
		for _, m := range q.members {
			m.agent.queues = slices.DeleteFunc(m.agent.queues, func(x *queue) bool { return x == q })
		}
	}
}
