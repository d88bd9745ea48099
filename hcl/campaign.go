package hcl

import "time"

// Campaign calls the numbers of a list, when it may and when agents are free.
type Campaign struct {
	// Name in lists and logs.
	Name string `hcl:",label"`
	// List of those who are called: list.leads.
	List string `hcl:"list" is:"required ref:list"`
	// Mode: preview (an agent looks first), progressive (one call for each free
	// agent), predictive (as many as the abandon rate allows), or broadcast (an
	// ivr speaks, no agent).
	Mode string `hcl:"mode" is:"preview|progressive|predictive|broadcast" default:"progressive"`
	// Agents who take the calls: [team.sales]. All modes but broadcast.
	Agents []Destination `hcl:"agents" is:"ref:team,agent"`
	// To is where answered calls go in mode broadcast: ivr.reminder.
	To Destination `hcl:"to" is:"ref:ivr,queue,survey"`
	// Trunks to call by, in order.
	Trunks []string `hcl:"trunks" is:"required ref:trunk"`
	// CallerID that is shown.
	CallerID string `hcl:"caller_id" is:"number"`
	// Hours in which calls may be made, in the time zone of who is called.
	Hours string `hcl:"hours" is:"required ref:schedule"`
	// DoNotCall are the lists whose numbers are never called.
	DoNotCall []string `hcl:"do_not_call" is:"ref:list"`
	// Channels is how many calls at once, at most.
	Channels int `hcl:"channels" is:"1..1000" default:"10"`
	// RingTime is how long a phone rings.
	RingTime time.Duration `hcl:"ring_time" is:"10s..2m" default:"30s"`
	// AbandonRate is the share of answered calls that may find no agent, 0 to
	// 0.1; for predictive. Many laws say 0.03.
	AbandonRate float64 `hcl:"abandon_rate" is:"0..0.1" default:"0.03"`
	// Abandoned is said to those who find no agent.
	Abandoned string `hcl:"abandoned" is:"ref:prompt"`
	// Machine says what happens when a machine answers.
	Machine string `hcl:"machine" is:"hangup|message|connect" default:"hangup"`
	// Message that is left on machines.
	Message string `hcl:"message" is:"ref:prompt"`
	// Retry says how often and when somebody is called again.
	Retry *Retry `hcl:"retry" is:"block"`
	// WrapUp is the time an agent has after a call.
	WrapUp *WrapUp `hcl:"wrap_up" is:"block"`
	// Record calls: always, on_demand of the agent, or never.
	Record string `hcl:"record" is:"always|on_demand|never" default:"never" effect:"new calls only"`
	// Active is whether it calls now.
	Active bool `hcl:"active" default:"true"`
}

// Retry says when somebody is called again.
type Retry struct {
	// Attempts altogether, for one person.
	Attempts int `hcl:"attempts" is:"1..20" default:"3"`
	// PerDay is the most on one day.
	PerDay int `hcl:"per_day" is:"1..10" default:"2"`
	// Busy is the wait after busy.
	Busy time.Duration `hcl:"busy" is:"1m..30d" default:"15m"`
	// NoAnswer is the wait after no answer.
	NoAnswer time.Duration `hcl:"no_answer" is:"1m..30d" default:"4h"`
	// Machine is the wait after a machine answered.
	Machine time.Duration `hcl:"machine" is:"1m..30d" default:"24h"`
	// Abandoned is the wait after a call that found no agent.
	Abandoned time.Duration `hcl:"abandoned" is:"1m..30d" default:"72h"`
}

var campaignKind = &kind{name: "campaign", new: func() any { return new(Campaign) }, effect: atOnce, example: `
campaign "renewals" {
  list         = list.leads
  mode         = "predictive"
  agents       = [team.claims]
  trunks       = [trunk.pstn]
  caller_id    = "+886227001234"
  hours        = schedule.office
  do_not_call  = [list.never]
  channels     = 10
  ring_time    = "30s"
  abandon_rate = 0.03
  abandoned    = prompt.welcome
  machine      = "message"
  message      = prompt.welcome
  record       = "always"
  active       = true

  retry {
    attempts  = 3
    per_day   = 2
    busy      = "15m"
    no_answer = "4h"
    machine   = "24h"
    abandoned = "72h"
  }
  wrap_up {
    time = "30s"
    mode = "timed"
  }
}

campaign "reminder" {
  list   = list.leads
  mode   = "broadcast"
  to     = ivr.main
  trunks = [trunk.pstn]
  hours  = schedule.office
}
`}

func (c *Campaign) check(l *loader, b *block) {
	switch {
	case c.Mode == "broadcast" && !b.wrotePart("to"):
		l.fail(b.def, b.title()+" has nowhere to connect to", "A broadcast needs to = ivr.NAME.")
	case c.Mode != "broadcast" && !b.wrotePart("agents"):
		l.fail(b.def, b.title()+" has no agents", "Add agents = [team.NAME]; only mode = \"broadcast\" goes without.")
	case c.Mode != "broadcast" && b.has("to"):
		l.fail(b.at("to"), "to has no meaning with mode = \""+c.Mode+"\"", "Answered calls go to the agents; remove it, or set mode = \"broadcast\".")
	}
	if c.Machine == "message" && !b.wrotePart("message") {
		l.fail(b.at("machine"), b.title()+" has no message for machines", "Add message = prompt.NAME.")
	}
	if c.Mode == "predictive" && !b.wrotePart("abandoned") {
		l.warn(b.def, b.title()+" says nothing to those who find no agent", "Many laws demand that they hear who called. Add abandoned = prompt.NAME.")
	}
}
