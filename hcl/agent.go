package hcl

// Agent is a person who takes calls from queues. An agent's phone is an
// extension, a number outside, or the browser.
type Agent struct {
	// Name by which queues and teams refer to the agent: agent.mei.
	Name string `hcl:",label"`
	// FullName as colleagues and supervisors see it.
	FullName string `hcl:"name" is:"1..100"`
	// Number of the staff: spoken to callers where the queue says so.
	Number string `hcl:"number" is:"staff-number"`
	// Extension the agent's calls ring at: extension.1001.
	Extension string `hcl:"extension" is:"ref:extension"`
	// Phone is a number outside that rings instead: "+886912345678".
	Phone string `hcl:"phone" is:"number"`
	// Skills and how well the agent has them, 1 (a little) to 5 (an expert):
	// { claims = 4 }.
	Skills map[string]int `hcl:"skills" is:"1..5"`
	// Languages the agent speaks, as BCP 47 tags.
	Languages []string `hcl:"languages" is:"language"`
}

var agentKind = &kind{name: "agent", new: func() any { return new(Agent) }, effect: atOnce, example: `
agent "mei" {
  name      = "Mei Lin"
  number    = "1001"
  extension = extension.1001
  skills    = { claims = 4, mandarin = 5 }
  languages = ["zh-Hant", "en"]
}

agent "lee" {
  name  = "Lee, at home"
  phone = "+886912345678"
}
`}

func (a *Agent) check(l *loader, b *block) {
	if b.has("extension") && b.has("phone") {
		l.fail(b.at("phone"), b.title()+" has both an extension and a phone", "Calls ring at one place: remove one of them. An extension can forward to a number.")
	}
}
