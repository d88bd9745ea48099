package hcl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Test is a call-flow test: what is ready, then what callers and agents do and
// what must happen, one step after the other, in virtual time. Tests stand in
// files that end in .test.hcl; each begins anew, with nothing left of the one
// before. Texts take the time that a voice takes, 14 letters or 4 Chinese
// characters a second, recordings their own. Agents answer when a step says so;
// other phones, and numbers outside, after 4s.
type Test struct {
	// Name is a sentence about what a caller experiences.
	Name string `hcl:",label" is:"sentence"`
	// At is when the test begins. When not written: Monday, 5 January 2026, at
	// ten in the appliance's time zone.
	At time.Time `hcl:"at"`
	// Ready are the agents and teams who are signed in and ready; all others are
	// offline.
	Ready []Destination `hcl:"ready" is:"ref:agent,team"`
	// HTTP is an answer that plugins get, one block for each; a request that
	// nobody answers fails the test.
	HTTP []TestHTTP `hcl:"http" is:"block"`
	// Customer is a customer record that is there, one block for each.
	Customer []TestCustomer `hcl:"customer" is:"block"`
	// Steps in the order written.
	Steps []TestStep `hcl:",steps"`
	// Place of the test.
	Place Place
}

// TestHTTP is the answer to a request of a plugin. Of several that match, the
// first counts whose times are not used up.
type TestHTTP struct {
	// Method that is answered. When not written: any.
	Method string `hcl:"method" is:"GET|POST|PUT|PATCH|DELETE"`
	// URL that is answered, with its query; a * at the end stands for anything:
	// "https://erp.example/policies/*".
	URL string `hcl:"url" is:"required mock-url"`
	// Status of the answer.
	Status int `hcl:"status" is:"100..599" default:"200"`
	// JSON is the body of the answer, as JSON.
	JSON any `hcl:"json"`
	// Body of the answer, as text.
	Body string `hcl:"body"`
	// Headers of the answer: { ETag = "1" }.
	Headers map[string]string `hcl:"headers"`
	// Fail answers nothing: timeout, or refused for a connection that nobody
	// takes.
	Fail string `hcl:"fail" is:"timeout|refused"`
	// Delay before the answer, in virtual time.
	Delay time.Duration `hcl:"delay" is:"0s..10m" default:"0s"`
	// Times it answers. 0: as often as it is asked.
	Times int `hcl:"times" is:"0..1000" default:"0"`
}

// Matches tells whether it answers a request.
func (h TestHTTP) Matches(method, url string) bool {
	if h.Method != "" && h.Method != method {
		return false
	}
	if prefix, ok := strings.CutSuffix(h.URL, "*"); ok {
		return strings.HasPrefix(url, prefix)
	}
	return url == h.URL
}

func (h *TestHTTP) check(l *loader, b *block) {
	if b.has("json") && b.has("body") {
		l.fail(b.at("body"), "the answer has both json and body", "Remove one of them.")
	}
	if b.has("fail") {
		b.refuses(l, "fail", []string{"status", "json", "body", "headers"})
	}
}

// TestCustomer is a customer record, which calls from its number find.
type TestCustomer struct {
	// Number of the customer: "+886912345678".
	Number string `hcl:"number" is:"required number"`
	// Name of the customer.
	Name string `hcl:"name" is:"1..200"`
	// Fields of the record: { vip = true }.
	Fields map[string]any `hcl:"fields"`
	// Tags of the record: ["gold"].
	Tags []string `hcl:"tags" is:"1..64"`
}

// TestStep is one step of a call-flow test.
type TestStep struct {
	// Kind is the step's word: call, press, …
	Kind string
	// At is where it stands.
	At Place
	// Call is the name of the call it is about; empty for one without a name,
	// and before there is a call.
	Call string
	// Do is what the step does: a pointer to TestCall, TestPress, TestSpeak,
	// TestWait, TestHangup, TestAgent, TestSupervisor, TestReload or TestExpect.
	Do any
}

var testKind = &kind{name: "test", new: func() any { return new(Test) }, example: `
test "a policy holder hears the due date and reaches somebody" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.mei, team.claims]

  http {
    method  = "GET"
    url     = "https://erp.example/policies/123456"
    status  = 200
    json    = { holder = "Chen", due = "2026-04-01" }
    headers = { ETag = "1" }
    delay   = "200ms"
    times   = 1
  }
  http {
    url  = "https://erp.example/policies/*"
    fail = "timeout"
  }
  http {
    url  = "https://erp.example/"
    body = "hello"
  }
  customer {
    number = "+886912345678"
    name   = "Chen"
    fields = { vip = true }
    tags   = ["gold"]
  }

  call {
    from = "+886912345678"
    to   = "0227001234"
    via  = trunk.pstn
  }
  expect { queued = queue.claims }
}
`}

// monday10 is when tests begin that do not say it.
func monday10(zone *time.Location) time.Time { return time.Date(2026, 1, 5, 10, 0, 0, 0, zone) }

func (t *Test) check(l *loader, b *block) {
	t.Place = placeAt(b.def)
	if !b.has("at") {
		t.At = monday10(l.config.Appliance.Timezone)
	}
	for _, name := range []string{"http", "customer"} {
		for _, in := range b.inner[name] {
			if len(t.Steps) > 0 && in.def.Start.Line > t.Steps[0].At.Line {
				l.fail(in.def, name+" stands behind the first step", "What is there when the test begins stands first; move it up.")
			}
		}
	}
	for _, a := range sorted(b.body) {
		if len(t.Steps) > 0 && a.NameRange.Start.Line > t.Steps[0].At.Line {
			l.fail(a.NameRange, a.Name+" stands behind the first step", "What is so when the test begins stands first; move it up.")
		}
	}
	if !slices.ContainsFunc(t.Steps, func(s TestStep) bool { return s.Kind == "expect" }) {
		l.warn(b.def, b.title()+" expects nothing", "It cannot fail. Add expect { … }.")
	}
	l.testCalls(t)
	l.testReloads(t)
}

// testCalls finds out which call each step is about.
func (l *loader) testCalls(t *Test) {
	var names []string
	for i := range t.Steps {
		s := &t.Steps[i]
		at := s.Do.(testStep).where()
		if call, ok := s.Do.(*TestCall); ok {
			if s.Call = call.Name; slices.Contains(names, s.Call) {
				what := fmt.Sprintf("there are two calls %q", s.Call)
				if s.Call == "" {
					what = "there are two calls without a name"
				}
				l.fail(at.def, what, `Give each a name of its own, call "second" { … }, and write on = "second" in the steps about it.`)
			}
			names = append(names, s.Call)
			continue
		}
		on, written := at.on, at.block.has("on")
		switch {
		case written && !slices.Contains(names, on):
			quoted := slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "" })
			l.fail(at.block.at("on"), fmt.Sprintf("there is no call %q before this step", on), meant(on, quoted, "Calls before it are"))
		case written:
			s.Call = on
		case len(names) > 0:
			s.Call = names[0]
		case slices.Contains([]string{"press", "speak", "hangup"}, s.Kind):
			l.fail(at.def, s.Kind+" stands before any call", "Begin with call { from = …, to = … }, each attribute on a line of its own.")
		}
	}
}

func checkSentence(s string) error {
	if n := len([]rune(s)); n < 1 || n > 200 || strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\n\r\t") {
		return remedy(`A test's name is a sentence of 1 to 200 characters on one line: "a caller who says nothing reaches somebody".`)
	}
	return nil
}

var dialledKeys = regexp.MustCompile(`^[0-9*#A-D]{1,64}$`)

func checkDialledKeys(s string) error {
	if dialledKeys.MatchString(s) {
		return nil
	}
	return remedy(`Keys are 0 to 9, *, # and A to D, at most 64 of them: "123456#".`)
}

func checkMockURL(s string) error {
	if err := checkWebURL(strings.TrimSuffix(s, "*")); err != nil {
		return remedy(`Write a whole address: "https://host/path"; a * at the end stands for anything.`)
	}
	return nil
}
