package hcl

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// frame is a flow in which an expression is value of a step.
const frame = `
appliance {
  timezone = "Asia/Taipei"
}
locals {
  limit = 3
  lane  = { day = "claims" }
}
agent "mei" {}
queue "claims" { agents = [agent.mei] }
schedule "office" {
  open {
    days = ["mon"]
    from = "09:00"
    to   = "18:00"
  }
}
plugin "p" { source = "plugins/policy.lua" }
ivr "main" {
  collect "n" {}
  collect "pin" {
    secret = true
  }
  run "policy" { function = plugin.p.f }
  run "later" { function = plugin.p.f }
  set {
    data = {
      x = %s
    }
  }
  goto = hangup
}
`

// expression compiles an expression in the frame.
func expression(t testing.TB, text string) Live {
	t.Helper()
	cfg := loaded(t, one(fmt.Sprintf(frame, text)))
	return cfg.IVRs["main"].Steps[4].Do.(*Set).Data["x"]
}

// monday is ten o'clock in Taipei.
var monday = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func someScope() Scope {
	return Scope{
		Call: CallScope{
			ID: "01J", From: "+886912345678", To: "0227001234", Trunk: "pstn", Language: "zh-Hant", Started: monday,
			Data: map[string]any{"lane": "day", "n": 7, "list": []any{"a", "b"}, "rows": []any{map[string]any{"due": "x"}, map[string]any{}}, "bad": make(chan int)},
		},
		Caller: CallerScope{Found: true, Name: "Chen", Fields: map[string]any{"vip": true, "since": monday, "held": 90 * time.Second}, Tags: []string{"gold"}},
		Input:  map[string]string{"n": "18", "pin": "4711"},
		Result: map[string]any{"policy": map[string]any{"found": true, "due": "2026-04-01", "none": nil, "amount": 12.5}},
		Now:    monday.In(time.FixedZone("", 8*3600)),
		Queue: func(name string) (QueueScope, bool) {
			return QueueScope{Waiting: 4, LongestWait: 90 * time.Second, ExpectedWait: -1, ServiceLevel: -1}, name == "claims"
		},
		Agent: func(name string) (string, bool) { return "idle", name == "mei" },
	}
}

func TestAFlowSeesWhatIsKnownOfItsCall(t *testing.T) {
	for text, want := range map[string]any{
		"call.from":                                "+886912345678",
		"call.data.lane":                           "day",
		`"${call.data.lane}-${call.data.n + 1}"`:   "day-8",
		"call.started":                             "2026-03-02T10:00:00+08:00",
		"now":                                      "2026-03-02T10:00:00+08:00",
		"caller.name":                              "Chen",
		"caller.number":                            nil,
		`contains(caller.tags, "gold")`:            true,
		"caller.fields.vip":                        true,
		"caller.fields.held":                       90.0,
		"input.n":                                  "18",
		"input.n >= 18":                            true,
		"input.n == 18":                            true,
		"18 != input.n":                            false,
		"result.policy.due":                        "2026-04-01",
		`now < result.policy.due`:                  true,
		`now > "2026-03-02"`:                       true,
		"result.policy.amount * 2":                 25.0,
		"schedule.office.open":                     true,
		"schedule.office.next_open":                "2026-03-02T10:00:00+08:00",
		"queue.claims.waiting > local.limit":       true,
		"queue.claims.longest_wait":                90.0,
		"queue.claims.expected_wait":               nil,
		"agent.mei.state":                          "idle",
		"local.lane[call.data.lane]":               "claims",
		"[for x in call.data.list : upper(x)]":     []any{"A", "B"},
		"{ a = input.n, b = null }":                map[string]any{"a": "18", "b": nil},
		`file("notes.txt")`:                        "hello\n",
		"call.data.list[1]":                        "b",
		"call.data.list[local.limit]":              nil,
		"call.data.list[7]":                        nil,
		`[for r in call.data.rows : "<${r.due}>"]`: []any{"<x>", "<>"},
		"call.from == \"1\" ? 1 : 2":               2.0,
		"jsonencode({ lane = call.data.lane })":    `{"lane":"day"}`,
		"-call.data.n":                             -7.0,
		`"%{ if result.later.found }yes%{ else }no%{ endif }"`: "no",
	} {
		if got, err := expression(t, text).Value(someScope()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v (%v)", text, got, want, err)
		}
	}
}

func TestWhatIsNotThereIsNullAndNoReasonToFail(t *testing.T) {
	for text, want := range map[string]any{
		"result.later.found":                                   nil,
		"!result.later.found":                                  true,
		"result.later.found && true":                           false,
		"result.later.found || true":                           true,
		"result.later == null":                                 true,
		"result.later.deep.er == null":                         true,
		"result.policy.none == null":                           true,
		"result.policy != null":                                true,
		`result.later.due == "x"`:                              false,
		`result.later.due != "x"`:                              true,
		"result.later.amount > 3":                              false,
		"result.later.amount <= 3":                             false,
		"result.later.amount + 3":                              nil,
		"-call.data.none":                                      nil,
		`call.data.lane > 3`:                                   false,
		`"<${call.data.none}>"`:                                "<>",
		"call.data.none ? 1 : 2":                               2.0,
		"[for x in call.data.none : x]":                        []any{},
		"call.data.none[0]":                                    nil,
		"call.data.lane.deeper":                                nil,
		`coalesce(call.data.none, "x")`:                        "x",
		"call.data.none != null && length(call.data.none) > 1": false,
		"(call.data.none).a":                                   nil,
		"call.data.none[input.n]":                              nil,
	} {
		if got, err := expression(t, text).Value(someScope()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v (%v)", text, got, want, err)
		}
	}
	empty := expression(t, "queue.claims.waiting > 3 || agent.mei.state == \"idle\" || input.n == \"1\" || caller.found")
	if got, err := empty.Bool(Scope{}); got || err != nil {
		t.Errorf("an empty scope: %v %v", got, err)
	}
}

func TestWhatCannotBeComputedIsAnErrorWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"tonumber(call.data.lane)":                               `main.hcl:28: "tonumber(call.data.lane)": tonumber:`,
		"call.data.n / (call.data.n - 7)":                        "divided by zero",
		"length(call.data.none)":                                 "argument must not be null",
		"call.data.bad":                                          "expressions know no chan int",
		`join("", [for x in range(1000) : "${call.data.long}"])`: "at most 1 MB",
	} {
		s := someScope()
		s.Call.Data["long"] = strings.Repeat("x", 10_000)
		if got, err := expression(t, text).Value(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v (%v), want %q", text, got, err, want)
		}
	}
	if got, err := expression(t, "call.data.lane").Bool(someScope()); got || err == nil {
		t.Errorf("a text as a condition: %v %v", got, err)
	}
	if got, err := expression(t, "call.data.list").Text(someScope()); got != "" || err == nil {
		t.Errorf("a list as a text: %q %v", got, err)
	}
}

func TestAnExpressionThatCausesMuchWorkEnds(t *testing.T) {
	s := someScope()
	var deep any = "x"
	for range 1000 {
		deep = []any{deep}
	}
	s.Call.Data["deep"], s.Call.Data["wide"] = deep, make([]any, 1_000_000)
	s.Call.Data["nan"], s.Call.Data["raw"] = math.NaN(), "a\xffb"
	for _, text := range []string{"call.data.deep", "call.data.wide", `[for x in call.data.wide : "${call.data.wide}"]`} {
		start := time.Now()
		if v, err := expression(t, text).Value(s); err == nil {
			t.Errorf("%s is %.60v", text, v)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", text, took)
		}
	}
	if v, err := expression(t, `"${call.data.nan}${call.data.raw}"`).Text(s); v != "a\ufffdb" || err != nil {
		t.Errorf("%q %v", v, err)
	}
}

func TestOnlyWhatAnExpressionNamesIsLookedUpAndOnce(t *testing.T) {
	s, asked := someScope(), 0
	s.Queue = func(string) (QueueScope, bool) { asked++; return QueueScope{Waiting: 1}, true }
	s.Agent = func(string) (string, bool) { t.Error("an agent was looked up"); return "", false }
	x := expression(t, "queue.claims.waiting > 0 && queue.claims.waiting < 3 && call.from != \"\"")
	if ok, err := x.Bool(s); !ok || err != nil || asked != 1 {
		t.Errorf("%v %v, asked %d times", ok, err, asked)
	}
}

func TestWhatAConditionLookedAtCanBeTold(t *testing.T) {
	x := expression(t, "!schedule.office.open || result.policy.found && call.data.none == null && input.pin == \"1\" && call.data.list[0] == \"a\"")
	want := []Looked{{"schedule.office.open", true}, {"result.policy.found", true}, {"call.data.none", nil}, {"input.pin", Secret("input.pin")}, {"call.data.list[0]", "a"}}
	got := x.Explain(someScope())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if shown := fmt.Sprint(got); strings.Contains(shown, "4711") || x.Secret() {
		t.Errorf("secret input: %s", shown)
	}
	_, err := expression(t, "tonumber(format(\"x%s\", input.pin)) > 3").Value(someScope())
	if err == nil || strings.Contains(err.Error(), "4711") {
		t.Errorf("%v", err)
	}
}

func TestTheSameExpressionIsEvaluatedByManyCallsAtOnce(t *testing.T) {
	x := expression(t, `join(",", [for r in call.data.rows : upper("${r.due}${input.n}")])`)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s := someScope()
			s.Input = map[string]string{"n": fmt.Sprint(i)}
			for range 200 {
				if got, err := x.Text(s); err != nil || got != fmt.Sprintf("X%d,%d", i, i) {
					t.Errorf("%q %v", got, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestAnExpressionThatWasNotWrittenIsNothing(t *testing.T) {
	var x Live
	if v, err := x.Value(Scope{}); v != nil || err != nil || x.Written() {
		t.Errorf("%v %v", v, err)
	}
	if _, ok, err := x.Number(Scope{}); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
}

func TestAValueThatWasFixedAtLoadIsPartOfWhatAnExpressionMeans(t *testing.T) {
	text := fmt.Sprintf(frame, "queue.claims.waiting > local.limit")
	old, new := loaded(t, one(text)), loaded(t, one(strings.Replace(text, "limit = 3", "limit = 4", 1)))
	if got := lines(Diff(old, new)); len(got) != 1 || got[0] != "ivr main: steps changed; new calls only" {
		t.Errorf("%q", got)
	}
}

func BenchmarkLive(b *testing.B) {
	x, s := expression(b, "!schedule.office.open || result.policy.found && queue.claims.waiting > local.limit"), someScope()
	for b.Loop() {
		if _, err := x.Bool(s); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzSpoken looks for texts of prompts that crash while a call runs.
func FuzzSpoken(f *testing.F) {
	for _, text := range []string{"Due on ${date(due)}.", "${holder}", "%{ if call.data.n > 3 }many%{ else }few%{ endif }", "%{ for x in call.data.list }${x}%{ endfor }", "${agent.number}${money(due, \"TWD\")}"} {
		f.Add(text, "2026-04-01")
	}
	f.Fuzz(func(t *testing.T, text, due string) {
		src := fmt.Sprintf("prompt \"p\" {\n  text = {\n    en = \"%s\"\n  }\n}\n", text)
		cfg, _ := Load(fstest.MapFS{"main.hcl": {Data: []byte(src)}}, known())
		if cfg == nil || cfg.Prompts["p"] == nil {
			return
		}
		s := someScope()
		s.Values = map[string]any{"due": due, "holder": []any{due}}
		for _, s := range []Scope{s, {}} {
			if _, err := cfg.Prompts["p"].Render("en", s, func(kind string, value any, _ ...string) (string, error) { return fmt.Sprint(kind, value), nil }); err != nil && strings.Contains(err.Error(), "failed inside") {
				t.Fatal(err)
			}
		}
	})
}

// FuzzLive looks for expressions that crash while a call runs.
func FuzzLive(f *testing.F) {
	for _, text := range []string{"call.from", "!result.policy.found", "input.n > 3 ? 1 : call.data.list[0]", "[for x in call.data.rows : x.due]", `"${upper(caller.name)}"`, "call.data.list[*].a", "max(call.data.n, 3)", "{ (input.n) = now }"} {
		f.Add(text, "18", "x")
	}
	f.Fuzz(func(t *testing.T, text, input, data string) {
		cfg, _ := Load(fstest.MapFS{"main.hcl": {Data: fmt.Appendf(nil, frame, text)}, "plugins/policy.lua": {}, "notes.txt": {}}, known())
		if cfg == nil {
			return
		}
		flow := cfg.IVRs["main"]
		if flow == nil || len(flow.Steps) < 5 {
			return
		}
		set, ok := flow.Steps[4].Do.(*Set)
		if !ok {
			return
		}
		s := someScope()
		s.Input["n"], s.Call.Data["lane"], s.Call.From = input, data, data
		x := set.Data["x"]
		for _, s := range []Scope{s, {}} {
			_, err := x.Value(s)
			_, _ = x.Bool(s)
			_, _ = x.Text(s)
			_, _, _ = x.Number(s)
			if shown := fmt.Sprint(err, x.Explain(s)); strings.Contains(shown, "failed inside") || strings.Contains(shown, "4711") && !strings.Contains(input+data+text, "4711") {
				t.Fatalf("%s: %s", text, shown)
			}
		}
	})
}
