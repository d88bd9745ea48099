package hcl

import (
	"fmt"
	"time"
)

// Queue is where callers wait for an agent: who may take them, in which order,
// how long, and what they hear meanwhile.
type Queue struct {
	// Name by which routes and steps refer to it: queue.claims.
	Name string `hcl:",label"`
	// Agents that take its calls: agents and teams, [team.claims, agent.lee].
	Agents []Destination `hcl:"agents" is:"ref:team,agent"`
	// Strategy says who is rung first.
	Strategy string `hcl:"strategy" is:"ring_all|longest_idle|round_robin|top_down|fewest_calls|least_talk_time|random|best_skill|ring_progressively" default:"longest_idle"`
	// Skills an agent must have, and least how well, 1 to 5: { claims = 2 }. A
	// call may ask for more.
	Skills map[string]int `hcl:"skills" is:"1..5"`
	// Widen opens the queue to more agents over time; up to 6 blocks.
	Widen []Widen `hcl:"widen" is:"block"`
	// Priority in minutes: added to the minutes waited. A call may bring its own.
	Priority int `hcl:"priority" is:"-1440..1440" default:"0"`
	// OfferTimeout is how long one agent's phone rings.
	OfferTimeout time.Duration `hcl:"offer_timeout" is:"3s..5m" default:"20s"`
	// Missed pauses agents who do not answer.
	Missed *Missed `hcl:"missed" is:"block"`
	// WrapUp is the time an agent has after a call.
	WrapUp *WrapUp `hcl:"wrap_up" is:"block"`
	// AutoAnswer connects a ready agent without ringing.
	AutoAnswer bool `hcl:"auto_answer" default:"false"`
	// MaxWaiting is how many may wait; more overflow. 0: as many as come.
	MaxWaiting int `hcl:"max_waiting" is:"0..100000" default:"0"`
	// MaxWait is how long one may wait; after it the call overflows. 0s: for ever.
	MaxWait time.Duration `hcl:"max_wait" is:"0s..24h" default:"0s"`
	// WithoutAgents overflows at once when no agent of the queue is logged_in,
	// or none is ready; never waits all the same.
	WithoutAgents string `hcl:"without_agents" is:"logged_in|ready|never" default:"never"`
	// Overflow is what happens to a call that may not wait; steps as in an ivr.
	Overflow *Branch `hcl:"overflow" is:"block" effect:"new calls only"`
	// ServiceLevel is what the queue is measured by.
	ServiceLevel *ServiceLevel `hcl:"service_level" is:"block"`
	// Music while waiting. When not written: the built-in one.
	Music string `hcl:"music" is:"ref:music" effect:"new calls only"`
	// Announce tells callers where they stand.
	Announce *Announce `hcl:"announce" is:"block" effect:"new calls only"`
	// TellAgent is whispered to the agent before the caller is joined.
	TellAgent string `hcl:"tell_agent" is:"ref:prompt" effect:"new calls only"`
	// TellCaller is said to the caller before the agent is joined; ${agent.number}
	// and ${agent.name} are the agent's.
	TellCaller string `hcl:"tell_caller" is:"ref:prompt" effect:"new calls only"`
	// Callback offers to be called back instead of waiting.
	Callback *QueueCallback `hcl:"callback" is:"block"`
	// LastAgent prefers the agent the caller spoke to last.
	LastAgent *LastAgent `hcl:"last_agent" is:"block"`
	// Record calls: always, on_demand of the agent, or never.
	Record string `hcl:"record" is:"always|on_demand|never" default:"never" effect:"new calls only"`
	// Survey that callers are asked to take afterwards.
	Survey string `hcl:"survey" is:"ref:survey" effect:"new calls only"`
}

// Widen opens a queue to more agents when a call has waited.
type Widen struct {
	// After is how long a call has waited.
	After time.Duration `hcl:"after" is:"required 1s..24h"`
	// Agents that are added.
	Agents []Destination `hcl:"agents" is:"ref:team,agent"`
	// Skills that suffice from then on.
	Skills map[string]int `hcl:"skills" is:"0..5"`
}

// Missed pauses an agent who does not answer.
type Missed struct {
	// Limit is how many unanswered offers in a row.
	Limit int `hcl:"limit" is:"1..100" default:"2"`
	// Pause is the reason that the agent is paused with.
	Pause string `hcl:"pause" is:"1..64" default:"missed"`
}

// WrapUp is the time an agent has after a call to write things down.
type WrapUp struct {
	// Time it lasts; with mode timed.
	Time time.Duration `hcl:"time" is:"1s..1h" default:"30s"`
	// Mode: none, optional (the agent may take it), timed (it ends by itself),
	// required (it ends when the form is saved).
	Mode string `hcl:"mode" is:"none|optional|timed|required" default:"timed"`
}

// ServiceLevel is the share of calls to be answered within a time.
type ServiceLevel struct {
	// Target share, 0 to 1.
	Target float64 `hcl:"target" is:"0..1" default:"0.8"`
	// Within is the time.
	Within time.Duration `hcl:"within" is:"1s..1h" default:"20s"`
	// ShortAbandon leaves callers out who hang up earlier than this.
	ShortAbandon time.Duration `hcl:"short_abandon" is:"0s..5m" default:"5s"`
}

// Announce tells waiting callers where they stand.
type Announce struct {
	// Position says how many are before them.
	Position bool `hcl:"position" default:"false"`
	// ExpectedWait says how long it will take.
	ExpectedWait bool `hcl:"expected_wait" default:"false"`
	// First announcement after this.
	First time.Duration `hcl:"first" is:"0s..1h" default:"15s"`
	// Every further one after this.
	Every time.Duration `hcl:"every" is:"5s..1h" default:"45s"`
	// Prompts that are said in turn.
	Prompts []string `hcl:"prompts" is:"ref:prompt"`
}

// QueueCallback offers callers to be called back; they keep their place.
type QueueCallback struct {
	// OfferAfter is how long a caller has waited.
	OfferAfter time.Duration `hcl:"offer_after" is:"0s..1h" default:"60s"`
	// Key that takes the offer.
	Key string `hcl:"key" is:"keys" default:"1"`
	// Hours in which callers are called back. When not written: at any time.
	Hours string `hcl:"hours" is:"ref:schedule"`
	// Tries before it is given up.
	Tries int `hcl:"tries" is:"1..10" default:"3"`
	// Prompt that makes the offer. When not written: the built-in one.
	Prompt string `hcl:"prompt" is:"ref:prompt"`
}

// LastAgent prefers the agent the caller spoke to last.
type LastAgent struct {
	// Within is how long ago that may be.
	Within time.Duration `hcl:"within" is:"1m..90d" default:"24h"`
	// Wait for that agent so long, before others are rung.
	Wait time.Duration `hcl:"wait" is:"0s..10m" default:"10s"`
}

var queueKind = &kind{name: "queue", new: func() any { return new(Queue) }, effect: atOnce, example: `
queue "claims" {
  agents   = [team.claims, agent.lee]
  strategy = "longest_idle"
  skills   = { claims = 2 }

  widen {
    after  = "30s"
    agents = [agent.mei]
  }
  widen {
    after  = "60s"
    skills = { claims = 1 }
  }

  priority      = 0
  offer_timeout = "20s"
  missed {
    limit = 2
    pause = "missed"
  }
  wrap_up {
    time = "30s"
    mode = "timed"
  }
  auto_answer    = false
  max_waiting    = 50
  max_wait       = "10m"
  without_agents = "logged_in"
  overflow {
    goto = voicemail.claims
  }
  service_level {
    target        = 0.8
    within        = "20s"
    short_abandon = "5s"
  }

  music = music.hold
  announce {
    position      = true
    expected_wait = true
    first         = "15s"
    every         = "45s"
    prompts       = [prompt.welcome]
  }
  tell_agent  = prompt.welcome
  tell_caller = prompt.agent
  callback {
    offer_after = "60s"
    key         = "1"
    hours       = schedule.office
    tries       = 3
    prompt      = prompt.welcome
  }
  last_agent {
    within = "24h"
    wait   = "10s"
  }
  record = "always"
  survey = survey.csat
}
`}

func (q *Queue) check(l *loader, b *block) {
	if len(q.Widen) > 6 {
		l.fail(b.inner["widen"][6].def, b.title()+" widens more than 6 times", "Six rings are as many as anybody can foresee; merge some.")
	}
	var last time.Duration
	for i, w := range q.Widen {
		in := b.inner["widen"][i]
		if i > 0 && w.After <= last && in.has("after") {
			l.fail(in.at("after"), "widen stands out of order", fmt.Sprintf("It opens after %s, the one before it after %s. Write them in the order of time.", durationText(w.After), durationText(last)))
		}
		last = w.After
	}
	if !b.wrotePart("agents") && len(q.Widen) == 0 {
		l.warn(b.def, b.title()+" has no agents", "Nobody will ever answer. Add agents = [team.NAME].")
	}
	if q.Overflow == nil && (b.has("max_wait") || b.has("max_waiting") || b.has("without_agents") && q.WithoutAgents != "never") {
		l.warn(b.def, b.title()+" overflows to nowhere", "Calls that may not wait are hung up. Add overflow { goto = … }.")
	}
	if a := q.Announce; a != nil {
		in := b.inner["announce"][0]
		if !a.Position && !a.ExpectedWait && len(a.Prompts) == 0 {
			l.warn(in.def, "announce says nothing", "Add position = true, expected_wait = true or prompts = [prompt.NAME].")
		}
	}
}

func (w *Widen) check(l *loader, b *block) {
	if !b.wrotePart("agents") && !b.wrotePart("skills") {
		l.fail(b.def, "widen widens nothing", "Add agents = […] or skills = { … }.")
	}
}
