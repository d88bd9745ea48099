package acd

import (
	"maps"
	"slices"
	"time"

	"callbox/hcl"
)

// configure puts a configuration into force.
func (f *Floor) configure(cfg *hcl.Config) {
	if f.zone = cfg.Appliance.Timezone; f.zone == nil {
		f.zone = time.UTC
	}
	f.schedules = cfg.Schedules
	f.configureAgents(cfg)
	for _, name := range slices.Sorted(maps.Keys(cfg.Queues)) {
		f.configureQueue(cfg, name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.queues)) {
		if q := f.queues[name]; cfg.Queues[name] == nil {
			q.gone = true
		}
	}
	f.belong()
	for _, name := range slices.Sorted(maps.Keys(f.queues)) {
		f.settle(f.queues[name])
	}
	for _, a := range slices.Clone(f.sorted) {
		f.settleAgent(a)
	}
}

func (f *Floor) configureAgents(cfg *hcl.Config) {
	for _, a := range f.sorted {
		a.gone = cfg.Agents[a.name()] == nil
	}
	for name, block := range cfg.Agents {
		a := f.agents[name]
		if a == nil {
			a = &agent{status: Offline, activity: Idle, since: f.now, doingFrom: f.now}
			a.alarm.agent = a
			f.agents[name] = a
			f.sorted = append(f.sorted, a)
		}
		a.cfg = block
	}
	slices.SortFunc(f.sorted, func(a, b *agent) int {
		if a.name() < b.name() {
			return -1
		}
		return 1
	})
	for i, a := range f.sorted {
		a.order = i
	}
}

// configureQueue makes a queue of its block.
func (f *Floor) configureQueue(cfg *hcl.Config, name string) {
	q := f.queues[name]
	if q == nil {
		q = &queue{classes: map[kind]*class{}, speakers: map[string]int{}, turn: -1}
		f.queues[name] = q
	}
	turn := ""
	if q.turn >= 0 && q.turn < len(q.members) {
		turn = q.members[q.turn].agent.name()
	}
	q.cfg, q.gone = cfg.Queues[name], false
	q.members, q.of = nil, map[*agent]*member{}
	add := func(ring int, from []hcl.Destination) {
		for _, to := range from {
			names := []string{to.Name}
			if to.Kind == "team" {
				if names = nil; cfg.Teams[to.Name] != nil {
					names = cfg.Teams[to.Name].Agents
				}
			}
			for _, name := range names {
				if a := f.agents[name]; a != nil && q.of[a] == nil {
					m := &member{agent: a, ring: ring, order: len(q.members)}
					q.members, q.of[a] = append(q.members, m), m
				}
			}
		}
	}
	add(0, q.cfg.Agents)
	for i, w := range q.cfg.Widen {
		add(i+1, w.Agents)
	}
	q.turn = slices.IndexFunc(q.members, func(m *member) bool { return m.agent.name() == turn })
}

// belong works out which queues each agent belongs to.
func (f *Floor) belong() {
	for _, a := range f.sorted {
		a.queues = nil
	}
	for _, name := range slices.Sorted(maps.Keys(f.queues)) {
		for _, m := range f.queues[name].members {
			m.agent.queues = append(m.agent.queues, f.queues[name])
		}
	}
}

// settle brings those who wait in a queue under its new rules.
func (f *Floor) settle(q *queue) {
	for _, c := range q.classes {
		for _, e := range c.line {
			e.class = nil
		}
		c.line = nil
	}
	clear(q.classes)
	clear(q.speakers)
	for _, e := range q.line {
		if !e.front {
			e.place = e.since.Add(-time.Duration(e.minutes() * float64(time.Minute)))
		}
	}
	slices.SortFunc(q.line, before)
	f.staffed(q, false)
	for _, e := range slices.Clone(q.line) {
		if f.calls[e.call] == e || e.callback != nil {
			f.attend(e)
		}
	}
	f.release(q)
}

// settleAgent takes an agent out of what no longer concerns him.
func (f *Floor) settleAgent(a *agent) {
	if o := a.offer; o != nil && (a.gone || o.entry.queue.of[a] == nil) {
		f.spare(a, "removed")
	}
	if up := !f.down[a.cfg.Extension]; up == (a.fault == unregistered) && a.cfg.Extension != "" {
		f.reachable(a, up)
	}
	if a.gone && a.status != Offline && a.call == "" {
		a.wrapping, a.wrapEnds = false, time.Time{}
	}
	f.refresh(a)
	if !a.gone && a.free {
		f.touchFor(a)
	}
}

// forget takes an agent who is gone off the floor.
func (f *Floor) forget(a *agent) {
	if f.agents[a.name()] != a {
		return
	}
	if a.status != Offline {
		f.take(a, choice{status: Offline, by: "box"})
	}
	f.alarms.set(&a.alarm, time.Time{})
	delete(f.agents, a.name())
	f.sorted = slices.DeleteFunc(f.sorted, func(x *agent) bool { return x == a })
	for _, q := range a.queues {
		q.members = slices.DeleteFunc(q.members, func(m *member) bool { return m.agent == a })
		delete(q.of, a)
		for i, m := range q.members {
			m.order = i
		}
		f.staffed(q, true)
	}
}
