package hcl

import "time"

// Answer answers the call without a sound. Audible steps do so by themselves.
type Answer struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
}

var answerKind = &kind{name: "answer", new: func() any { return new(Answer) }, example: `
answer {}
`}

// Wait does nothing for a while.
type Wait struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Time to wait.
	Time time.Duration `hcl:"time" is:"required 100ms..10m"`
}

var waitKind = &kind{name: "wait", new: func() any { return new(Wait) }, example: `
wait {
  time = "2s"
}
`}

// QueueStep sends the call to a queue, like goto, and says more about it.
type QueueStep struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// To is the queue: queue.claims.
	To string `hcl:"to" is:"required ref:queue"`
	// Priority of the call in minutes of waiting, computed while the call runs.
	// When not written: the queue's own.
	Priority Live `hcl:"priority" is:"count"`
	// Skills the agent must have, and least how well: { mandarin = 3 }.
	Skills map[string]int `hcl:"skills" is:"1..5"`
	// Data to attach to the call, computed while the call runs.
	Data map[string]Live `hcl:"data"`
}

var queueStepKind = &kind{name: "queue", new: func() any { return new(QueueStep) }, example: `
queue {
  to       = queue.claims
  priority = 5
  skills   = { mandarin = 3 }
  data     = { lane = "vip" }
}
`}

func (s *QueueStep) check(l *loader, b *block) { l.keepsNoSecret(b, "data", s.Data) }

// Transfer connects the caller, and comes back when that fails.
type Transfer struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// To is where: extension.1001, number("+886912345678").
	To Destination `hcl:"to" is:"required ref:destination"`
	// Timeout is how long it rings.
	Timeout time.Duration `hcl:"timeout" is:"5s..5m" default:"25s"`
	// Failed runs when nobody answered. Without it the flow goes on.
	Failed *Branch `hcl:"failed" is:"block"`
}

var transferKind = &kind{name: "transfer", new: func() any { return new(Transfer) }, example: `
transfer {
  to      = extension.1001
  timeout = "25s"

  failed {
    goto = voicemail.claims
  }
}
`}

// VoicemailStep takes a message, and goes on afterwards.
type VoicemailStep struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Box the message goes to: voicemail.office.
	Box string `hcl:"box" is:"required ref:voicemail"`
	// Greeting instead of the box's own.
	Greeting string `hcl:"greeting" is:"ref:prompt"`
}

var voicemailStepKind = &kind{name: "voicemail", new: func() any { return new(VoicemailStep) }, example: `
voicemail {
  box      = voicemail.claims
  greeting = prompt.welcome
}
`}

// RecordStep records what the caller says. The recording is kept with the call;
// result.LABEL.recording is its id, result.LABEL.length how long it is, in
// seconds, and result.LABEL.error why there is none.
type RecordStep struct {
	// Label names it: result.LABEL, step.LABEL.
	Label string `hcl:",label"`
	// Max is the longest it may be; silence of 5s ends it earlier.
	Max time.Duration `hcl:"max" is:"1s..1h" default:"2m"`
	// EndKey ends it.
	EndKey string `hcl:"end_key" is:"#|*|0|1|2|3|4|5|6|7|8|9" default:"#"`
	// Beep before it begins.
	Beep bool `hcl:"beep" default:"true"`
}

var recordStepKind = &kind{name: "record", new: func() any { return new(RecordStep) }, example: `
record "complaint" {
  max     = "2m"
  end_key = "#"
  beep    = true
}
`}

// CallbackStep promises to call back, so that nobody needs to wait.
type CallbackStep struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Queue whose agents call back: queue.claims.
	Queue string `hcl:"queue" is:"required ref:queue"`
	// Number to call, computed while the call runs. When not written: the
	// caller's own.
	Number Live `hcl:"number"`
	// At is when, as RFC 3339 text, computed while the call runs. When not
	// written: when it is the caller's turn.
	At Live `hcl:"at"`
}

var callbackKind = &kind{name: "callback", new: func() any { return new(CallbackStep) }, example: `
callback {
  queue  = queue.claims
  number = call.from
  at     = schedule.office.next_open
}
`}

// HangupStep ends the call.
type HangupStep struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Cause that the caller's switch is told: normal, busy, rejected,
	// unavailable or not_found.
	Cause string `hcl:"cause" is:"normal|busy|rejected|unavailable|not_found" default:"normal"`
}

var hangupKind = &kind{name: "hangup", new: func() any { return new(HangupStep) }, example: `
hangup {
  cause = "busy"
}
`}
