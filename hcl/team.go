package hcl

// Team is a group of agents. A queue that names a team has all its agents;
// supervisors see and help the agents of their teams.
type Team struct {
	// Name by which queues refer to the team: team.claims.
	Name string `hcl:",label"`
	// Agents of the team: [agent.mei, agent.jun].
	Agents []string `hcl:"agents" is:"ref:agent"`
	// Supervisors of the team: [user.boss].
	Supervisors []string `hcl:"supervisors" is:"ref:user"`
}

var teamKind = &kind{name: "team", new: func() any { return new(Team) }, effect: atOnce, example: `
team "claims" {
  agents      = [agent.mei, agent.lee]
  supervisors = [user.boss]
}
`}

func (t *Team) check(l *loader, b *block) {
	for _, name := range t.Supervisors {
		if u := l.named["user"][name]; u != nil {
			l.afterwards(func() {
				if role := u.value.(*User).Role; role != "supervisor" && role != "admin" {
					l.warn(b.at("supervisors"), u.title()+" is no supervisor", `The user's role does not let them see a team. Set role = "supervisor" at `+placeOf(u.def)+".")
				}
			})
		}
	}
}
