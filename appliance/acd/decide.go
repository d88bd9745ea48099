package acd

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"callbox/appliance/journal"
)

// touch marks a class in which somebody may be offered to somebody now.
func (f *Floor) touch(c *class) {
	if !c.touched {
		c.touched = true
		f.touched = append(f.touched, c)
	}
}

// touchFor marks the classes that an agent who has become free may serve.
func (f *Floor) touchFor(a *agent) {
	for _, q := range a.queues {
		if len(q.line) == 0 {
			continue
		}
		m := q.of[a]
		for _, c := range q.classes {
			if len(c.line) > 0 && c.suits(m) {
				f.touch(c)
			}
		}
	}
}

// decide makes the offers that can be made. Who waits longest, with priority counted, is served first; the queue's
// strategy says by whom. Afterwards nobody waits whom a free agent could serve.
func (f *Floor) decide() {
	for len(f.touched) > 0 && len(f.idle) > 0 {
		i := f.nextTouched()
		c := f.touched[i]
		if len(c.line) > 0 && f.tooLate(c.line[0]) {
			continue
		}
		if len(c.line) > 0 {
			if able := f.able(c, c.line[0]); len(able) > 0 {
				f.propose(c, c.line[0], able)
				continue
			}
		}
		last := len(f.touched) - 1
		f.touched[i] = f.touched[last]
		f.touched = f.touched[:last]
		f.untouch(c)
	}
	for _, c := range f.touched {
		f.untouch(c)
	}
	f.touched = f.touched[:0]
	for _, a := range f.fresh {
		f.joinIn(a)
	}
	f.fresh = f.fresh[:0]
}

// nextTouched is the class whose first entry comes before those of all others.
func (f *Floor) nextTouched() (first int) {
	for i, c := range f.touched {
		if len(c.line) > 0 && (len(f.touched[first].line) == 0 || before(c.line[0], f.touched[first].line[0]) < 0) {
			first = i
		}
	}
	return first
}

func (f *Floor) untouch(c *class) {
	if c.touched = false; len(c.line) == 0 && c.queue.classes[c.kind] == c {
		delete(c.queue.classes, c.kind)
	}
}

// able are the free agents who may take the first of a class, the best first.
func (f *Floor) able(c *class, e *entry) []*member {
	var able []*member
	q := c.queue
	if len(f.idle) < len(q.members) {
		for _, a := range f.idle {
			if m := q.of[a]; m != nil && c.suits(m) {
				able = append(able, m)
			}
		}
	} else {
		for _, m := range q.members {
			if m.agent.free && c.suits(m) {
				able = append(able, m)
			}
		}
	}
	if len(able) > 1 {
		f.order(c, e, able)
	}
	return able
}

// order sorts agents by who shall have the call. Whoever refused it before comes after those who did not, and who was
// let in later after those who are there from the start; then the strategy decides.
func (f *Floor) order(c *class, e *entry, able []*member) {
	q := c.queue
	if q.cfg.Strategy == "random" {
		slices.SortFunc(able, func(a, b *member) int { return cmp.Compare(a.order, b.order) })
		for i := len(able) - 1; i > 0; i-- {
			j := f.roll(i + 1)
			able[i], able[j] = able[j], able[i]
		}
	}
	for _, m := range able {
		f.count(m.agent)
	}
	better := strategies[q.cfg.Strategy]
	slices.SortStableFunc(able, func(a, b *member) int {
		if by := cmp.Compare(e.refused[a.agent], e.refused[b.agent]); by != 0 {
			return by
		}
		if by := cmp.Compare(a.ring, b.ring); by != 0 {
			return by
		}
		if by := better(c, a, b); by != 0 {
			return by
		}
		if q.cfg.Strategy == "random" {
			return 0
		}
		return cmp.Compare(a.order, b.order)
	})
}

// strategies say who of two goes first: negative for the first.
var strategies = map[string]func(c *class, a, b *member) int{
	"":                   longestIdle,
	"longest_idle":       longestIdle,
	"ring_all":           asWritten,
	"ring_progressively": asWritten,
	"top_down":           asWritten,
	"random":             func(*class, *member, *member) int { return 0 },
	"round_robin": func(c *class, a, b *member) int {
		return cmp.Compare(c.queue.turnsTo(a), c.queue.turnsTo(b))
	},
	"fewest_calls": func(c *class, a, b *member) int {
		return cmp.Or(cmp.Compare(a.agent.calls, b.agent.calls), longestIdle(c, a, b))
	},
	"least_talk_time": func(c *class, a, b *member) int {
		return cmp.Or(cmp.Compare(a.agent.talk, b.agent.talk), longestIdle(c, a, b))
	},
	"best_skill": func(c *class, a, b *member) int {
		return cmp.Or(cmp.Compare(c.proficiency(b.agent), c.proficiency(a.agent)), longestIdle(c, a, b))
	},
}

func longestIdle(_ *class, a, b *member) int { return a.agent.freeFrom.Compare(b.agent.freeFrom) }

func asWritten(_ *class, a, b *member) int { return cmp.Compare(a.order, b.order) }

// turnsTo is how many turns are before a member's.
func (q *queue) turnsTo(m *member) int {
	n := len(q.members)
	return (m.order - q.turn - 1 + 2*n) % n
}

// proficiency is how well an agent has what is asked for: the sum over the skills.
func (c *class) proficiency(a *agent) (sum int) {
	for skill := range c.asked {
		sum += a.cfg.Skills[skill]
	}
	return sum
}

// score says what the strategy went by, in words.
func (f *Floor) score(c *class, m *member) string {
	a := m.agent
	idle := "free for " + f.now.Sub(a.freeFrom).Round(time.Second).String()
	switch c.queue.cfg.Strategy {
	case "round_robin":
		return fmt.Sprintf("%d turns to go", c.queue.turnsTo(m))
	case "fewest_calls":
		return fmt.Sprintf("%d calls today, %s", a.calls, idle)
	case "least_talk_time":
		return fmt.Sprintf("talked %s today, %s", a.talk.Round(time.Second), idle)
	case "best_skill":
		return fmt.Sprintf("skill %d, %s", c.proficiency(a), idle)
	case "top_down", "ring_progressively":
		return fmt.Sprintf("number %d in the queue", m.order+1)
	case "ring_all":
		return "all who are free are rung"
	case "random":
		return "by chance"
	}
	return idle
}

// explain tells why the first of able has the call, and why none of the others.
func (f *Floor) explain(c *class, e *entry, able []*member) journal.Explanation {
	x := journal.Explanation{Strategy: c.queue.cfg.Strategy, Ring: c.ring, Skills: c.need, Language: c.language}
	more := func(why string) {
		if x.More == nil {
			x.More = map[string]int{}
		}
		x.More[why]++
	}
	named := 0
	for _, m := range able {
		if named == journal.MostNamed {
			more(journal.MoreCandidates)
			continue
		}
		named++
		x.Candidates = append(x.Candidates, journal.Candidate{Agent: m.agent.name(), Score: f.score(c, m), After: after(e, m)})
	}
	could := make(map[*member]bool, len(able))
	for _, m := range able {
		could[m] = true
	}
	for _, m := range c.queue.members {
		if could[m] {
			continue
		}
		why, besides := m.agent.passed(f.now)
		switch {
		case named < journal.MostNamed && why == "":
			why = c.unsuited(m)
		case named < journal.MostNamed && besides != "":
			why += ", " + besides
		case why == "":
			why = "does not suit the call"
		}
		if named == journal.MostNamed {
			more(why)
			continue
		}
		named++
		x.Passed = append(x.Passed, journal.Passed{Agent: m.agent.name(), Why: why})
	}
	return x
}

// after is why somebody comes after others whatever the strategy says.
func after(e *entry, m *member) string {
	switch n := e.refused[m.agent]; {
	case n == 1:
		return "it was offered to them before"
	case n > 1:
		return fmt.Sprintf("it was offered to them %d times before", n)
	case m.ring > 0:
		return "others were let in before them"
	}
	return ""
}

// Explanation is why an offer went to whom it went to; Words say it.
type Explanation = journal.Explanation
