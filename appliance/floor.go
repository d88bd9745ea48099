package appliance

import (
	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// startFloor starts the floor of queues and agents with the first configuration,
// and what the agents had chosen before the box stopped.
func (a *Appliance) startFloor(cfg *hcl.Config) {
	a.floor = acd.Start(cfg, acd.LiveOptions{
		DeskOptions: acd.DeskOptions{Facts: a.journal, Log: a.log},
		Now:         a.now, Seed: uint64(a.now().UnixNano()),
	})
	a.floor.Tell(a.chosenBefore())
}

// chosenBefore is what the journal knows of agents: their last choice.
func (a *Appliance) chosenBefore() acd.Restore {
	last := map[string]acd.RestoredAgent{}
	for e, err := range a.journal.Events(journal.EventQuery{}) {
		if err != nil {
			a.log.Warn("what agents had chosen before is not known", "error", err)
			break
		}
		if s, ok := e.Body.(journal.AgentStatus); ok {
			last[e.Agent] = acd.RestoredAgent{Agent: e.Agent, Status: acd.Status(s.Status), Reason: s.Reason, Since: e.Time}
		}
	}
	var r acd.Restore
	for _, s := range last {
		r.Agents = append(r.Agents, s)
	}
	return r
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
