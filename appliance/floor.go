package appliance

import (
	"fmt"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/web"
	"callbox/hcl"
)

// recalled is how many facts are read at a start for what agents had chosen: a
// day or more of a busy office, and a twentieth of a second.
const recalled = 20_000

// startFloor starts the floor of queues and agents with the first configuration,
// and what the agents had chosen before the box stopped.
func (a *Appliance) startFloor(cfg *hcl.Config) {
	a.floor = acd.Start(cfg, acd.LiveOptions{
		DeskOptions: acd.DeskOptions{Facts: a.journal, Log: a.log},
		Now:         a.now, Seed: uint64(a.now().UnixNano()),
	})
	since := uint64(0)
	if seq := a.journal.Seq(); seq > recalled {
		since = seq - recalled
	}
	before, err := acd.Recall(a.journal.Events(journal.EventQuery{From: since, Types: acd.Recalled}))
	if err != nil {
		a.log.Warn("not all is known that agents had chosen before", "error", err)
	}
	a.floor.Tell(before)
}

// choose is an agent's choice at a desk phone.
func (a *Appliance) choose(agent string, status acd.Status, reason string) error {
	_, err := a.floor.AgentSet(agent, status, reason, "")
	return err
}

// busy tells the floor of an agent who talks outside of any queue.
func (a *Appliance) busy(c *call.Call, on bool) {
	if c.Account == "" {
		return
	}
	for name, agent := range c.Plan.Config.Agents {
		if agent.Extension != c.Account {
			continue
		}
		if on {
			a.floor.Tell(acd.AgentBusy{Agent: name, Call: c.ID})
		} else {
			a.floor.Tell(acd.AgentFree{Agent: name, Call: c.ID})
		}
	}
}

// owner is the floor, which starts with the first generation.
type owner struct{ a *Appliance }

// Join implements acd.Owner.
func (o owner) Join(in acd.Enter, post func(any) bool) { o.a.floor.Join(in, post) }

// Tell implements acd.Owner.
func (o owner) Tell(in acd.Input) { o.a.floor.Tell(in) }

// Queues implements web.Box.
func (a *Appliance) Queues() (all []web.Queue) {
	for _, q := range a.floor.Snapshot().Queues {
		shown := web.Queue{
			Name: q.Name, Draining: q.Draining, Waiting: q.Waiting, LongestWait: q.LongestWait.Seconds(),
			Ready: q.Ready, Talking: q.Talking, LoggedIn: q.SignedIn,
		}
		if s := q.ExpectedWait.Seconds(); s >= 0 {
			shown.ExpectedWait = &s
		}
		if q.ServiceLevel >= 0 {
			shown.ServiceLevel = &q.ServiceLevel
		}
		all = append(all, shown)
	}
	return all
}

// Agents implements web.Box.
func (a *Appliance) Agents() (all []web.Agent) {
	for _, v := range a.floor.Snapshot().Agents {
		all = append(all, agentShown(v))
	}
	return all
}

func agentShown(v acd.AgentView) web.Agent {
	return web.Agent{
		Name: v.Name, FullName: v.FullName, Number: v.Number, Status: string(v.Status), Reason: v.Reason, Since: v.Since,
		Next: string(v.Next), Activity: string(v.Activity), Why: v.Why, Queue: v.Queue, Queues: v.Queues, Calls: v.Calls,
	}
}

// AgentSet implements web.Box.
func (a *Appliance) AgentSet(name, status, reason string) (web.Agent, error) {
	if a.current.Load().Config.Agents[name] == nil {
		return web.Agent{}, fmt.Errorf("agent %q: %w", name, web.ErrNotFound)
	}
	v, err := a.floor.AgentSet(name, acd.Status(status), reason, "command")
	if err != nil {
		return web.Agent{}, fmt.Errorf("%w: %w", web.ErrInvalid, err)
	}
	return agentShown(v), nil
}

// maxWhy bounds what is told of one call.
const maxWhy = 5000

// Why implements web.Box.
func (a *Appliance) Why(id string) ([]web.Step, error) {
	var events []journal.Event
	for e, err := range a.journal.Events(journal.EventQuery{Call: id}) {
		if err != nil {
			return nil, err
		}
		if events = append(events, e); len(events) == maxWhy {
			break
		}
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("call %q: %w", id, web.ErrNotFound)
	}
	steps := []web.Step{{Time: events[0].Time, Text: fmt.Sprintf("generation %d", events[0].Generation)}}
	for _, l := range journal.Story(events) {
		steps = append(steps, web.Step{Time: l.Time, Text: l.Text, More: l.More})
	}
	return steps, nil
}
