package ivr

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

// Office is what the flows of one generation work with. Its fields are set before the first call and never change. A
// function that is nil is a part that this box does not have: a step that needs it fails as it would when the part is down.
type Office struct {
	Config *hcl.Config
	Log    *slog.Logger // nil: nothing is logged

	// Plugin runs a function of a plugin. An error takes the failed branch; a [Leaving] sends the call where the function
	// sent it. Args may hold what the caller keyed in secret, as plain text.
	Plugin func(ctx context.Context, c *call.Call, plugin, function string, args map[string]any, timeout time.Duration) (map[string]any, error)
	// Queue, Agent and Caller are what live expressions see of the floor and the customers.
	Queue  func(name string) (hcl.QueueScope, bool)
	Agent  func(name string) (state string, known bool)
	Caller func(number string) hcl.CallerScope
	// Read says a value in a language, as speech.Read does.
	Read func(language, kind string, value any, how ...string) (string, error)
	// Enqueue is the stage of a call that waits for an agent.
	Enqueue func(c *call.Call, r Request) call.Stage
	// Voicemail is the stage that takes a message; the flow goes on when it returns nil. Greeting is a prompt; empty: the
	// box's own.
	Voicemail func(box, greeting string) call.Stage
	// Callback promises to call a number back, at once when at is zero. The number may be what the caller keyed: whether it
	// may be called is for whom the promise is made to check.
	Callback func(c *call.Call, queue, number string, at time.Time) error
	// Record keeps what the caller says, by c.Line().Record with a sink of its own, and tells of the recording what it has
	// to. It gives the recording's id.
	Record func(ctx context.Context, c *call.Call, name string, r call.Recording) (id string, heard call.Recorded)

	// Faults counts steps that could not do what they should: an expression that cannot be computed, a prompt that cannot
	// be said, a plugin that failed.
	Faults atomic.Uint64

	once     sync.Once
	flows    map[string]*program
	branches map[*hcl.Branch]*program
}

// Request is what a queue step asks for.
type Request struct {
	Queue    string
	Priority *float64       // in minutes of waiting; nil: the queue's own
	Skills   map[string]int // an agent must have at least, besides the queue's
	Data     map[string]any // of the step; it is attached to the call already
}

// Leaving is what Plugin returns when the function itself sent the call on: call:queue, call:transfer, call:hangup. To nil
// ends the call.
type Leaving struct {
	To    call.Stage
	Where string // for people: queue.claims
}

// Error makes a Leaving something that Plugin returns.
func (l Leaving) Error() string { return "the call went to " + l.Where }

// Flow is the stage that walks through an ivr.
func (o *Office) Flow(name string) call.Stage {
	o.once.Do(o.compile)
	p := o.flows[name]
	if p == nil {
		return call.Refuse{Why: call.BoxNotInUse}
	}
	return flow{office: o, program: p}
}

// Steps is the stage that walks through the steps of a block, such as overflow of a queue, and goes on with then where
// they end. Nil steps are none.
func (o *Office) Steps(b *hcl.Branch, then call.Stage) call.Stage {
	if b == nil {
		return then
	}
	o.once.Do(o.compile)
	p := o.branches[b]
	if p == nil { // of another configuration
		p = compile("steps", "", b.Steps)
	}
	return flow{office: o, program: p, then: then}
}

// Scope is what live expressions of a call see now.
func (o *Office) Scope(c *call.Call) hcl.Scope {
	s := hcl.Scope{
		Call: hcl.CallScope{
			ID: c.ID, From: callerOf(c), To: shownNumber(c.Number), Trunk: c.Trunk, Language: c.Language(),
			Started: c.Started, Data: c.Data(),
		},
		Input: c.Input(), Result: c.Result(), Now: c.Now(), Queue: o.Queue, Agent: o.Agent,
	}
	s.Caller.Number = s.Call.From
	if o.Caller != nil && s.Call.From != "" {
		s.Caller = o.Caller(s.Call.From)
	}
	return s
}

// callerOf is the caller's number as expressions see it: an extension, or E.164 where it is a public number.
func callerOf(c *call.Call) string {
	if c.Account != "" {
		return c.Account
	}
	return shownNumber(c.Caller)
}

func shownNumber(n call.Number) string {
	if n.E164 != "" {
		return n.E164
	}
	return n.Dialled
}

// Utterance is how a prompt is said to a call's caller, with values for its text that are evaluated already.
func (o *Office) Utterance(c *call.Call, prompt string, values map[string]any, serving hcl.AgentScope) (call.Utterance, error) {
	s := o.Scope(c)
	s.Values, s.Serving = values, serving
	return o.utterance(prompt, s)
}

func (o *Office) utterance(prompt string, s hcl.Scope) (call.Utterance, error) {
	p := o.Config.Prompts[prompt]
	if p == nil {
		return call.Utterance{}, errors.New("there is no prompt." + prompt)
	}
	language := p.Language(s.Call.Language)
	u := call.Utterance{Prompt: prompt, Language: language}
	if file, ok := p.Sound(language); ok {
		u.File = file
		return u, nil
	}
	if text, ok := p.Constant(language); ok {
		u.Text = text
		return u, nil
	}
	u.Private = true
	var err error
	u.Text, err = p.Render(language, s, func(kind string, value any, how ...string) (string, error) {
		if o.Read == nil {
			return "", errors.New("this box reads no values")
		}
		return o.Read(language, kind, value, how...)
	})
	return u, err
}
