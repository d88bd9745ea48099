package hcl

import "time"

// RingGroup rings several phones for one call, without a queue: a reception, a
// workshop. Members are phones, agents or numbers outside.
type RingGroup struct {
	// Name by which routes and steps refer to it: ring_group.front.
	Name string `hcl:",label"`
	// Members that are rung: [extension.1001, number("+886912345678")].
	Members []Destination `hcl:"members" is:"required ref:extension,agent,number"`
	// Strategy: ring_all at once, top_down one after the other, round_robin
	// beginning behind the one who answered last, or random.
	Strategy string `hcl:"strategy" is:"ring_all|top_down|round_robin|random" default:"ring_all"`
	// OfferTimeout is how long each rings, where they are rung in turn.
	OfferTimeout time.Duration `hcl:"offer_timeout" is:"3s..5m" default:"20s"`
	// Timeout is how long it rings altogether.
	Timeout time.Duration `hcl:"timeout" is:"5s..10m" default:"60s"`
	// Music the caller hears. When not written: the ringing tone.
	Music string `hcl:"music" is:"ref:music"`
	// Failed runs when nobody answered; steps as in an ivr. Without it the call
	// ends.
	Failed *Branch `hcl:"failed" is:"block"`
}

var ringGroupKind = &kind{name: "ring_group", new: func() any { return new(RingGroup) }, effect: newCalls, example: `
ring_group "front" {
  members       = [extension.1001, agent.lee, number("+886912345678")]
  strategy      = "top_down"
  offer_timeout = "15s"
  timeout       = "60s"
  music         = music.hold

  failed {
    goto = voicemail.claims
  }
}
`}
