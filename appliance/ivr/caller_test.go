package ivr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// caller is what somebody does who calls, and what the office is like.
type caller struct {
	keys    string // "3s:12# 10s:2"; presses of one group are 200 ms apart
	hangsUp time.Duration
	rings   map[string]answer
	mute    string
	deaf    error
	spoken  time.Duration
	from    string // +886912345678 when empty; - for nobody's
	at      string // RFC 3339; a Monday morning when empty
	office  func(*Office, *line)
	log     *strings.Builder
	first   func(*Office) call.Stage
}

// parts is what flows of the tests refer to.
const parts = `
appliance {
  country   = "TW"
  timezone  = "Asia/Taipei"
  languages = ["en", "zh-Hant"]
}
trunk "pstn" { address = "sip:127.0.0.1:5090" }
extension "1001" { password = "a-long-password-1" }
extension "1002" {
  password  = "a-long-password-2"
  no_answer = "20s"
  forward {
    when = "no_answer"
    to   = extension.1001
  }
}
agent "mei" { extension = extension.1001 }
queue "q" { agents = [agent.mei] }
queue "r" {
  agents = [agent.mei]
  overflow {
    play { prompt = prompt.a }
  }
}
voicemail "box" {}
schedule "office" {
  open {
    days = ["mon", "tue", "wed", "thu", "fri"]
    from = "09:00"
    to   = "18:00"
  }
}
route "out" {
  from = phones
  to   = [trunk.pstn]
}
plugin "shop" { source = "shop.lua" }
prompt "a" { text = { en = "A.", "zh-Hant" = "甲。" } }
prompt "b" { text = { en = "B.", "zh-Hant" = "乙。" } }
prompt "ask" { text = { en = "Ask.", "zh-Hant" = "問。" } }
prompt "due" { text = { en = "Due $${date(due)}.", "zh-Hant" = "$${date(due)}到期。" } }
prompt "file" { file = { en = "a.wav", "zh-Hant" = "a.wav" } }
`

// load reads a configuration that must be good.
func load(t tester, files fs.FS) *hcl.Config {
	t.Helper()
	cfg, problems := hcl.Load(files, hcl.LoadOptions{})
	if problems.HasErrors() {
		var b strings.Builder
		problems.Write(&b, false)
		t.Fatal(b.String())
	}
	return cfg
}

// spread puts what stands in braces on lines of its own, as the language wants it.
var spread = strings.NewReplacer("{", "{\n", "}", "\n}\n")

// configured is the parts with a flow "main".
func configured(t tester, flow string) *hcl.Config {
	t.Helper()
	if !strings.Contains(flow, `ivr "main"`) {
		flow = "ivr \"main\" {\n" + flow + "\n}\n"
	}
	return written(t, spread.Replace(flow))
}

// written is the parts with flows that are written as the language wants them.
func written(t tester, flows string) *hcl.Config {
	t.Helper()
	text := strings.ReplaceAll(parts, "$${", "${") + flows
	return load(t, fstest.MapFS{"x.hcl": {Data: []byte(text)}, "shop.lua": {Data: []byte("return {}")}, "a.wav": {Data: []byte("RIFF")}})
}

// destination is where a call goes that leaves a flow, as far as these tests are concerned.
type destination struct {
	l    *line
	text string
}

func (d destination) Run(_ context.Context, c *call.Call) call.Stage {
	c.PickedUp()
	d.l.note("%s", d.text)
	return call.Hangup{Why: call.BoxHungUp}
}

// staged is a stage that is a function.
type staged func(ctx context.Context, c *call.Call) call.Stage

func (s staged) Run(ctx context.Context, c *call.Call) call.Stage { return s(ctx, c) }

// listen lets somebody call, and gives what came of it.
func listen(t tester, cfg *hcl.Config, who caller) *line {
	t.Helper()
	start := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	if who.at != "" {
		var err error
		if start, err = time.Parse(time.RFC3339, who.at); err != nil {
			t.Fatal(err)
		}
	}
	l := &line{now: start, began: start, keys: presses(t, who.keys), hangsUp: who.hangsUp, rings: who.rings, deaf: who.deaf, spoken: who.spoken}
	if who.mute != "" {
		l.mute = map[string]bool{who.mute: true}
	}
	o := officeOf(cfg, l)
	if who.log != nil {
		o.Log = slog.New(slog.NewTextHandler(who.log, nil))
	}
	if who.office != nil {
		who.office(o, l)
	}
	plan := &call.Plan{Generation: 7, Config: cfg, Resolve: func(to hcl.Destination) call.Stage { return resolve(o, l, to) }}
	box := &call.Box{Journal: l, Now: func() time.Time { return l.now }, Log: slog.New(slog.DiscardHandler)}
	from := who.from
	switch from {
	case "":
		from = "+886912345678"
	case "-":
		from = ""
	}
	begin := call.Start{Dialled: "0227001234", Trunk: "pstn"}
	begin.From.Number = from
	c, err := call.On(context.Background(), l, box, plan, begin)
	if err != nil {
		t.Fatal(err)
	}
	l.c = c
	first := o.Flow("main")
	if who.first != nil {
		first = who.first(o)
	}
	c.Serve(first)
	outcome, why := c.Ending()
	if n := box.Panics.Load(); n > 0 {
		t.Fatalf("%d faults of ours", n)
	}
	l.note("ended %s, %s", outcome, why.String())
	return l
}

func presses(t tester, script string) (all []key) {
	t.Helper()
	for group := range strings.FieldsSeq(script) {
		at, keys, _ := strings.Cut(group, ":")
		d, err := time.ParseDuration(at)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(keys) {
			all = append(all, key{d + time.Duration(i)*200*time.Millisecond, keys[i]})
		}
	}
	return all
}

func officeOf(cfg *hcl.Config, l *line) *Office {
	return &Office{
		Config: cfg,
		Plugin: func(context.Context, *call.Call, string, string, map[string]any, time.Duration) (map[string]any, error) {
			return nil, errors.New("main.lua:3: no such order")
		},
		Read: func(language, kind string, value any, _ ...string) (string, error) {
			if s, ok := value.(string); !ok || s == "never" {
				return "", fmt.Errorf("%v is no %s", value, kind)
			}
			return fmt.Sprintf("<%s %v in %s>", kind, value, language), nil
		},
		Enqueue: func(_ *call.Call, r Request) call.Stage {
			text := "queue " + r.Queue
			if r.Priority != nil {
				text += fmt.Sprintf(" priority %g", *r.Priority)
			}
			return destination{l, fmt.Sprintf("%s skills %v data %v", text, r.Skills, r.Data)}
		},
		Voicemail: func(box, greeting string) call.Stage {
			return staged(func(ctx context.Context, c *call.Call) call.Stage {
				l.note("voicemail %s greeting %q", box, greeting)
				l.Wait(ctx, 10*time.Second)
				c.Became(journal.OutcomeVoicemail)
				return nil
			})
		},
		Callback: func(_ *call.Call, queue, number string, at time.Time) error {
			l.note("callback %s %s at %s", queue, number, at.UTC().Format(time.DateTime))
			return nil
		},
		Record: func(ctx context.Context, c *call.Call, name string, r call.Recording) (string, call.Recorded) {
			l.note("record %s for %s until %q", name, r.Max, r.EndKeys)
			return "rec-1", c.Line().Record(ctx, r)
		},
	}
}

func resolve(o *Office, l *line, to hcl.Destination) call.Stage {
	switch to.Kind {
	case "ivr":
		return o.Flow(to.Name)
	case "extension":
		return call.Extension{Number: to.Name}
	case "agent":
		return call.Extension{Number: o.Config.Agents[to.Name].Extension, As: to.String()}
	case "number":
		return call.Onward{Number: to.Name}
	case "hangup":
		return call.Hangup{Why: call.BoxHungUp}
	}
	return destination{l, "goto " + to.String()}
}

// heard is the log in one text.
func (l *line) heard() string { return strings.Join(l.log, "\n") }

// wants fails unless the log is what is wanted, line by line; indents do not count.
func (l *line) wants(t *testing.T, want string) {
	t.Helper()
	lines := slices.Collect(strings.Lines(want))
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	if got := l.heard(); got != strings.Join(lines, "\n") {
		t.Errorf("heard:\n%s\nwant:\n%s", got, strings.Join(lines, "\n"))
	}
}
