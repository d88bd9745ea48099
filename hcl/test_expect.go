package hcl

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// TestExpect waits for a moment at which all its conditions hold.
type TestExpect struct {
	// Playing is the prompt or the music that the caller hears.
	Playing Destination `hcl:"playing" is:"ref:prompt,music"`
	// Hears is a part of what is said to the caller, after all values have been
	// put in: "April 1".
	Hears string `hcl:"hears" is:"1..1000"`
	// Collecting is the label of the collect or menu that waits for keys.
	Collecting string `hcl:"collecting" is:"1..64"`
	// Queued is the queue that the caller waits in.
	Queued string `hcl:"queued" is:"ref:queue"`
	// Position in the queue, 1 for the first.
	Position int `hcl:"position" is:"1..100000"`
	// Ringing is who is rung: an agent, a phone, a number outside.
	Ringing Destination `hcl:"ringing" is:"ref:agent,extension,number"`
	// Talking is who the caller talks with.
	Talking Destination `hcl:"talking" is:"ref:agent,extension,number"`
	// Ended is how the call ended.
	Ended string `hcl:"ended" is:"answered|abandoned|voicemail|overflowed|self_service|busy|no_answer|failed|blocked"`
	// Talk is how long the caller talked with somebody, as in the CDR, to the
	// second.
	Talk time.Duration `hcl:"talk" is:"0s..365d"`
	// Wait is how long the caller waited for somebody, as in the CDR, to the
	// second.
	Wait time.Duration `hcl:"wait" is:"0s..365d"`
	// Data that is attached to the call; other keys may be there too.
	Data map[string]any `hcl:"data"`
	// Tagged are the tags of the call: "campaign", or with values
	// { campaign = "spring" }.
	Tagged map[string]any `hcl:"tagged" is:"tags"`
	// Ticket that was opened or changed, as far as it is told here.
	Ticket map[string]any `hcl:"ticket"`
	// SMS that was sent: { to = "+886912345678" }.
	SMS map[string]any `hcl:"sms"`
	// Mail that was sent: { to = "claims@example.com" }.
	Mail map[string]any `hcl:"mail"`
	// Voicemail is the box in which a message was left.
	Voicemail string `hcl:"voicemail" is:"ref:voicemail"`
	// Callback is the queue whose agents will call back.
	Callback string `hcl:"callback" is:"ref:queue"`
	// Result of run steps by their label: { policy = { found = true } }.
	Result map[string]any `hcl:"result"`
	// Event that happened since the test began, with an after since then, as far
	// as it is told here: { type = "queue.missed", agent = agent.mei }.
	Event map[string]any `hcl:"event"`
	// Within is how long to wait for it, in virtual time, from the step before;
	// with an after of more than 30s, and when not written, 30s longer than that.
	Within time.Duration `hcl:"within" is:"0s..365d" default:"30s"`
	// After is the earliest that it may be so, from the step before.
	After time.Duration `hcl:"after" is:"0s..365d" default:"0s"`
	// On is the call, where there are several. When not written: the first.
	On string `hcl:"on"`

	// Written are the names of the conditions that were written, in their order.
	Written []string

	testPlace
}

// Has tells whether a condition was written.
func (s *TestExpect) Has(name string) bool { return slices.Contains(s.Written, name) }

var testExpectKind = &kind{name: "expect", new: func() any { return new(TestExpect) }, example: `
expect {
  playing = prompt.welcome
  hears   = "April 1"
}

expect { collecting = "policy_no" }

expect {
  queued   = queue.claims
  position = 1
  on       = "second"
}

expect {
  ringing = agent.mei
  after   = "30s"
  within  = "31s"
}

expect { talking = agent.mei }

expect {
  data      = { policy = "123456" }
  tagged    = { campaign = "spring" }
  result    = { policy = { found = true } }
  ticket    = { subject = "Claim" }
  sms       = { to = "+886912345678" }
  mail      = { to = "claims@example.com" }
  callback  = queue.claims
  voicemail = voicemail.claims
  event     = { type = "queue.missed", agent = agent.mei }
}

expect {
  ended = "answered"
  talk  = "3m"
  wait  = "10s"
}
`}

func (s *TestExpect) check(l *loader, b *block) {
	s.testPlace = testPlace{b.def, b, s.On}
	for _, a := range sorted(b.body) {
		if b.has(a.Name) && !slices.Contains([]string{"within", "after", "on"}, a.Name) {
			s.Written = append(s.Written, a.Name)
		}
	}
	if len(s.Written) == 0 && !slices.ContainsFunc(sorted(b.body), func(a *hclsyntax.Attribute) bool { return !b.has(a.Name) }) {
		l.fail(b.def, "expect has no condition", "Say what must be so: playing, queued, ringing, talking, ended, data, event, …")
	}
	if b.has("after") && s.Within < s.After {
		if b.has("within") {
			l.fail(b.at("within"), "within is earlier than after", "Both count from the step before: within is the later one.")
		} else {
			s.Within += s.After
		}
	}
	inputs, results := l.labels()
	if b.has("collecting") && !slices.Contains(inputs, s.Collecting) {
		l.fail(b.at("collecting"), fmt.Sprintf("no flow has a collect or menu %q", s.Collecting), meant(s.Collecting, inputs, "There are"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Result)) {
		if !slices.Contains(results, name) {
			l.fail(itemOf(b.body.Attributes["result"].Expr, name).Range(), fmt.Sprintf("no flow has a run %q", name), meant(name, results, "There are"))
		}
	}
	if b.has("event") {
		if kind, ok := s.Event["type"].(string); !ok || kind == "" {
			l.fail(b.at("event"), "the event has no type", `Say which: { type = "queue.missed", … }.`)
		}
	}
}

// labels are the labels of the steps, in all flows, that get keys or results.
func (l *loader) labels() (inputs, results []string) {
	if l.knownInputs == nil && l.knownResults == nil {
		for _, flow := range l.config.flows() {
			walk(flow.steps, func(s *Step) {
				switch s.Do.(type) {
				case *Collect, *Menu:
					l.knownInputs = append(l.knownInputs, s.Label)
				case *Run, *RecordStep:
					l.knownResults = append(l.knownResults, s.Label)
				}
			})
		}
		slices.Sort(l.knownInputs)
		slices.Sort(l.knownResults)
		l.knownInputs, l.knownResults = slices.Compact(l.knownInputs), slices.Compact(l.knownResults)
	}
	return l.knownInputs, l.knownResults
}

// decodeTags reads tagged: a text, a list of texts, or a map.
func decodeTags(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	v, ok := l.evaluate(a.Expr)
	if !ok {
		return false
	}
	tags := map[string]any{}
	switch x := goValue(v).(type) {
	case string:
		tags[x] = nil
	case []any:
		for _, e := range x {
			tags[fmt.Sprint(e)] = nil
		}
	case map[string]any:
		tags = x
	default:
		l.fail(a.Expr.Range(), fmt.Sprintf("%s is %s here", a.Name, friendly(v.Type())), `It takes the name of a tag, a list of names, or a map: { campaign = "spring" }.`)
		return false
	}
	owner.Addr().Interface().(*TestExpect).Tagged = tags
	return true
}
