package hcl

import (
	"fmt"
	"slices"
	"time"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// testStep is implemented by the structs of all steps of a test.
type testStep interface{ where() testPlace }

// testPlace is what the checks between steps know of one.
type testPlace struct {
	def   hashi.Range
	block *block
	on    string
}

func (p testPlace) where() testPlace { return p }

// testSteps reads the steps of a test in the order written.
func (l *loader) testSteps(b *block) []TestStep {
	var steps []TestStep
	own := schemaOf(structOf(b.kind))
	for _, in := range b.body.Blocks {
		k := stepIn(testStepKinds, in.Type)
		if k == nil || own.find(in.Type) != nil || l.full() {
			continue
		}
		sb := &block{kind: k, def: in.DefRange(), label: in.DefRange(), body: in.Body, outer: b}
		if l.readLabel(sb, in) {
			steps = append(steps, TestStep{Kind: k.name, At: placeAt(sb.def), Do: l.decodeNew(sb)})
		}
	}
	return steps
}

// TestCall begins a call.
type TestCall struct {
	// Name for on = "NAME" in later steps, where there are several calls.
	Name string `hcl:",label" is:"optional"`
	// From is the caller's number. When not written: nobody's, withheld; of a
	// phone its own.
	From string `hcl:"from" is:"dialled"`
	// To is the number that is dialled.
	To string `hcl:"to" is:"required dialled"`
	// Via is the trunk the call comes by, or the phone or agent that makes it.
	// When not written: the first trunk by name.
	Via Destination `hcl:"via" is:"ref:trunk,extension,agent"`

	testPlace
}

var testCallKind = &kind{name: "call", new: func() any { return new(TestCall) }, example: `
call {
  from = "+886912345678"
  to   = "0227001234"
  via  = trunk.pstn
}
`}

func (s *TestCall) check(_ *loader, b *block) { s.testPlace = testPlace{def: b.def, block: b} }

// TestPress presses keys, as soon as the flow can take them: where a menu or a
// collect waits, or what is said may be interrupted. Each waits for that at most
// 30s, and comes 200ms after the one before.
type TestPress struct {
	// Keys in the order pressed: "123456#".
	Keys string `hcl:"keys" is:"required dialled-keys"`
	// On is the call, where there are several: on = "second". When not written:
	// the first.
	On string `hcl:"on"`

	testPlace
}

var testPressKind = &kind{name: "press", new: func() any { return new(TestPress) }, example: `
press {
  keys = "2"
  on   = "second"
}
`}

func (s *TestPress) check(_ *loader, b *block) { s.testPlace = testPlace{b.def, b, s.On} }

// TestSpeak lets the caller speak, as into a voicemail box. It begins when a
// recording listens, or somebody who talks with the caller, at most 30s later.
type TestSpeak struct {
	// Time it takes.
	Time time.Duration `hcl:"time" is:"required 100ms..1h"`
	// On is the call, where there are several. When not written: the first.
	On string `hcl:"on"`

	testPlace
}

var testSpeakKind = &kind{name: "speak", new: func() any { return new(TestSpeak) }, example: `
speak {
  time = "20s"
  on   = "second"
}
`}

func (s *TestSpeak) check(_ *loader, b *block) { s.testPlace = testPlace{b.def, b, s.On} }

// TestWait lets time pass.
type TestWait struct {
	// Time that passes.
	Time time.Duration `hcl:"time" is:"required 1ms..365d"`

	testPlace
}

var testWaitKind = &kind{name: "wait", new: func() any { return new(TestWait) }, example: `
wait { time = "3m" }
`}

func (s *TestWait) check(_ *loader, b *block) { s.testPlace = testPlace{def: b.def, block: b} }

// TestHangup ends a call.
type TestHangup struct {
	// By whom: caller, agent, or callee for a phone or number that is no agent's.
	By string `hcl:"by" is:"caller|agent|callee" default:"caller"`
	// On is the call, where there are several. When not written: the first.
	On string `hcl:"on"`

	testPlace
}

var testHangupKind = &kind{name: "hangup", new: func() any { return new(TestHangup) }, example: `
hangup {
  by = "caller"
  on = "second"
}
`}

func (s *TestHangup) check(_ *loader, b *block) { s.testPlace = testPlace{b.def, b, s.On} }

// TestAgent is one thing that an agent does.
type TestAgent struct {
	// Agent who does it: agent "mei".
	Agent string `hcl:",label"`
	// Answer the call that rings, or that does within 30s.
	Answer bool `hcl:"answer"`
	// Reject the call that rings.
	Reject bool `hcl:"reject"`
	// Hangup the call.
	Hangup bool `hcl:"hangup"`
	// Finish the time after a call.
	Finish bool `hcl:"finish"`
	// Hold the caller, or with false speak again.
	Hold bool `hcl:"hold"`
	// Transfer the caller: queue.claims, extension.1002.
	Transfer Destination `hcl:"transfer" is:"ref:destination"`
	// Ready signs in and takes calls.
	Ready bool `hcl:"ready"`
	// Pause with a reason: "lunch".
	Pause string `hcl:"pause" is:"1..64"`
	// Offline signs off.
	Offline bool `hcl:"offline"`
	// Vanish: the phone loses its network, or with false has it again. Who talks
	// there is missed after 30s of silence.
	Vanish bool `hcl:"vanish"`
	// On is the call, where there are several. When not written: the agent's own.
	On string `hcl:"on"`
	// Action is the attribute that was written: answer, reject, …
	Action string

	testPlace
}

var testAgentKind = &kind{name: "agent", new: func() any { return new(TestAgent) }, example: `
agent "mei" { answer = true }

agent "mei" { reject = true }

agent "mei" { hold = true }

agent "mei" {
  transfer = queue.claims
  on       = "second"
}

agent "mei" { hangup = true }

agent "mei" { finish = true }

agent "mei" { pause = "lunch" }

agent "mei" { ready = true }

agent "mei" { offline = true }

agent "mei" { vanish = true }
`}

func (s *TestAgent) check(l *loader, b *block) {
	s.testPlace = testPlace{b.def, b, s.On}
	l.exists(Destination{"agent", s.Agent}, b.label)
	s.Action = l.oneAction(b, "hold", "vanish")
}

// TestSupervisor is one thing that a supervisor does.
type TestSupervisor struct {
	// User who does it: supervisor "boss". When not written: any supervisor.
	User string `hcl:",label" is:"optional"`
	// Listen to an agent's call: agent.mei.
	Listen string `hcl:"listen" is:"ref:agent"`
	// Whisper to an agent in a call, who alone hears it.
	Whisper string `hcl:"whisper" is:"ref:agent"`
	// Barge into an agent's call: both hear it.
	Barge string `hcl:"barge" is:"ref:agent"`
	// Leave the call.
	Leave bool `hcl:"leave"`
	// Ready makes an agent ready.
	Ready string `hcl:"ready" is:"ref:agent"`
	// Pause an agent.
	Pause string `hcl:"pause" is:"ref:agent"`
	// Offline signs an agent off.
	Offline string `hcl:"offline" is:"ref:agent"`
	// On is the call, where there are several. When not written: the agent's own.
	On string `hcl:"on"`
	// Action is the attribute that was written: listen, whisper, …
	Action string

	testPlace
}

var testSupervisorKind = &kind{name: "supervisor", new: func() any { return new(TestSupervisor) }, example: `
supervisor "boss" { listen = agent.mei }

supervisor "boss" { whisper = agent.mei }

supervisor "boss" {
  barge = agent.mei
  on    = "second"
}

supervisor "boss" { leave = true }

supervisor { pause = agent.mei }

supervisor { ready = agent.mei }

supervisor { offline = agent.mei }
`}

func (s *TestSupervisor) check(l *loader, b *block) {
	s.testPlace = testPlace{b.def, b, s.On}
	if s.User != "" {
		l.exists(Destination{"user", s.User}, b.label)
	}
	s.Action = l.oneAction(b)
}

// oneAction is the attribute that says what somebody does: exactly one, and it
// is true, unless it may be undone.
func (l *loader) oneAction(b *block, undone ...string) string {
	action := ""
	for _, a := range sorted(b.body) {
		f := schemaOf(structOf(b.kind)).find(a.Name)
		if a.Name == "on" || f == nil {
			continue
		}
		if action != "" {
			l.fail(a.NameRange, fmt.Sprintf("%s does two things, %s and %s", b.title(), action, a.Name), "One thing a step: write a step for each, in their order.")
			return ""
		}
		action = a.Name
		if isFalse(a.Expr) && len(undone) > 0 && a.Name != undone[0] && a.Name != undone[1] || isFalse(a.Expr) && len(undone) == 0 {
			l.fail(a.Expr.Range(), fmt.Sprintf("%s = false says nothing", a.Name), "A step is something that is done; leave it out.")
		}
	}
	if action == "" {
		names := slices.DeleteFunc(schemaOf(structOf(b.kind)).names(false), func(name string) bool { return name == "on" })
		l.fail(b.def, b.title()+" does nothing", meant("", names, "Say what, one of"))
	}
	return action
}

// testBlockOutside says where a block of a test file belongs.
func testBlockOutside(syntax *hclsyntax.Block) string {
	if stepIn(testStepKinds, syntax.Type) != nil || syntax.Type == "http" {
		return fmt.Sprintf("%s stands inside a test: test \"NAME\" { … }.", syntax.Type)
	}
	return "A test file holds test blocks: test \"NAME\" { … }."
}
