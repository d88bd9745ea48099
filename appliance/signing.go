package appliance

import (
	"context"
	"slices"

	"callbox/appliance/acd"
	"callbox/appliance/call"
)

// signing is what an agent does by a feature code at a desk phone: sign in,
// pause, sign off. The phone says that it is done.
type signing struct {
	g      *Generation
	status acd.Status
	said   string // the phrase
}

// Run implements call.Stage.
func (s signing) Run(ctx context.Context, c *call.Call) call.Stage {
	c.Enter("feature", string(s.status))
	phrase := s.said
	agent := s.agentAt(c.Account)
	switch {
	case agent == "":
		phrase = "agent_unknown"
	case s.g.choose(agent, s.status, "") != nil:
		phrase = "agent_refused"
	}
	c.Became("self_service")
	if err := c.Line().Say(ctx, call.Utterance{Phrase: phrase, Language: c.Language()}, false); err != nil && ctx.Err() == nil {
		s.g.office.Log.Warn("a feature code is not confirmed aloud", "call", c.ID, "phrase", phrase, "error", err)
	}
	return call.Hangup{Why: call.BoxHungUp}
}

// agentAt is the agent whose desk phone an extension is; of several the first
// by name.
func (s signing) agentAt(extension string) string {
	var names []string
	for name, a := range s.g.Config.Agents {
		if a.Extension == extension {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}
