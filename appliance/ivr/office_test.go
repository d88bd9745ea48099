package ivr

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// exampleOffice is the insurance office that is the contract's example.
const exampleOffice = "testdata/office"

func policies(found bool) func(*Office, *line) {
	return func(o *Office, l *line) {
		o.Plugin = func(_ context.Context, _ *call.Call, plugin, function string, args map[string]any, _ time.Duration) (map[string]any, error) {
			l.note("%s.%s %v", plugin, function, args["number"])
			if !found {
				return nil, &faulty{"policy.lua:16: policy system: timeout"}
			}
			return map[string]any{"found": true, "holder": "Chen", "due": "2026-04-01"}, nil
		}
	}
}

func TestTheExampleOfficeServesItsCallers(t *testing.T) {
	cfg := load(t, os.DirFS(exampleOffice))
	for _, c := range []struct {
		sentence string
		caller   caller
		want     string
	}{
		{"a policy holder hears the due date", caller{keys: "5s:2 9s:123456#", office: policies(true)},
			`0s say welcome
			2s say top
			5s say ask_policy
			10.2s policy.lookup 123456
			10.2s say policy_due "The policy of Chen is due on <date 2026-04-01 in en>."
			12.2s goto queue.reception
			12.2s ended self_service, box hung_up`},
		{"the same in Chinese after a star", caller{keys: "5s:* 10s:2 14s:123456#", office: policies(true)},
			`0s say welcome
			2s say top
			5s say welcome "歡迎致電旭日保險。"
			7s say top "理賠請按 1，保單查詢請按 2，專人服務請按 0。"
			10s say ask_policy "請輸入保單號碼，並按井字鍵。"
			15.2s policy.lookup 123456
			15.2s say policy_due "Chen 的保單應繳日為 <date 2026-04-01 in zh-Hant>。"
			17.2s goto queue.reception
			17.2s ended self_service, box hung_up`},
		{"the policy system is down", caller{keys: "5s:2 9s:777777#", office: policies(false)},
			`0s say welcome
			2s say top
			5s say ask_policy
			10.2s policy.lookup 777777
			10.2s say sorry
			12.2s goto queue.reception
			12.2s ended self_service, box hung_up`},
		{"two wrong numbers lead to somebody", caller{keys: "5s:2 9s:1# 14s:22#"},
			`0s say welcome
			2s say top
			5s say ask_policy
			9.2s say ask_policy
			14.4s goto queue.reception
			14.4s ended self_service, box hung_up`},
		{"a claim", caller{keys: "5s:1"}, "0s say welcome\n2s say top\n5s goto queue.claims\n5s" + served},
		{"on a holiday a message is taken, and that is the end", caller{at: "2026-02-17T10:00:00+08:00"},
			"0s say welcome\n2s voicemail office greeting \"\"\n12s ended voicemail, box hung_up"},
		{"who says nothing reaches somebody", caller{},
			"0s say welcome\n2s say top\n9s say top\n16s say top\n23s goto queue.reception\n23s" + served},
		{"who presses nonsense hears so and reaches somebody", caller{keys: "5s:9 10s:8 15s:7"},
			"0s say welcome\n2s say top\n5s say invalid\n7s say top\n10s say invalid\n12s say top\n15s say invalid\n17s goto queue.reception\n17s" + served},
	} {
		t.Run(c.sentence, func(t *testing.T) { listen(t, cfg, c.caller).wants(t, c.want) })
	}
}

// told is a story in one text, without the times.
func told(events []journal.Event) string {
	var b strings.Builder
	for _, l := range journal.Story(events) {
		b.WriteString(l.Text + "\n")
		for _, m := range l.More {
			b.WriteString("  " + m + "\n")
		}
	}
	return b.String()
}

func TestACallIsToldStepByStep(t *testing.T) {
	l := listen(t, load(t, os.DirFS(exampleOffice)), caller{keys: "5s:2 9s:1# 14s:123456#", office: policies(true)})
	want := `a call from +886912345678 to +886227001234 by trunk pstn; generation 7
came to ivr main
play greet (flows.hcl:79): said prompt.welcome in en → when (flows.hcl:83)
when (flows.hcl:83): false → menu top (flows.hcl:91)
  schedule.office.open is true
menu top (flows.hcl:91): the caller keyed 2, chosen → collect policy_no (flows.hcl:104)
collect policy_no (flows.hcl:104): the caller keyed 1, not what is asked for → collect policy_no (flows.hcl:104)
collect policy_no (flows.hcl:104): the caller keyed 123456, entered → run policy (flows.hcl:114)
run policy (flows.hcl:114): {"due":"2026-04-01","found":true,"holder":"Chen"} → when (flows.hcl:125)
  args.number is "123456"
when (flows.hcl:125): true → set (flows.hcl:127)
  result.policy.found is true
set (flows.hcl:127) → play due (flows.hcl:133)
  call.data.holder is "Chen"
  call.data.policy is "123456"
play due (flows.hcl:133): said prompt.policy_due in en → goto (flows.hcl:146)
  values.due is "2026-04-01"
  values.holder is "Chen"
goto (flows.hcl:146) → queue.reception
ended as self_service: box hung_up
`
	if got := told(l.events); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func TestTheStoryEndsWhereTheCallerHungUp(t *testing.T) {
	l := listen(t, load(t, os.DirFS(exampleOffice)), caller{hangsUp: 7 * time.Second})
	if got := told(l.events); !strings.HasSuffix(got, "menu top (flows.hcl:91); the call was over\nended as self_service: caller hung_up\n") {
		t.Error(got)
	}
}

func TestListsShowAtWhichStepACallStands(t *testing.T) {
	var at []string
	listen(t, configured(t, `run "one" { function = plugin.shop.a }
	run "two" { function = plugin.shop.b }`), caller{office: func(o *Office, _ *line) {
		o.Plugin = func(_ context.Context, c *call.Call, _, _ string, _ map[string]any, _ time.Duration) (map[string]any, error) {
			at = append(at, c.View().At)
			return nil, nil
		}
	}})
	if got := strings.Join(at, " | "); got != "ivr main, step one (x.hcl:45) | ivr main, step two (x.hcl:49)" {
		t.Error(got)
	}
}

func TestExpressionsSeeTheCall(t *testing.T) {
	l := listen(t, configured(t, `set { data = {
		from = call.from
		to = call.to
		trunk = call.trunk
		language = call.language
		started = call.started
		number = caller.number
		found = caller.found
		now = now
	} }`), caller{})
	for name, want := range map[string]any{
		"from": "+886912345678", "to": "+886227001234", "trunk": "pstn", "language": "en", "number": "+886912345678", "found": false,
		"started": "2026-03-02T10:00:00+08:00", "now": "2026-03-02T10:00:00+08:00",
	} {
		if got := l.c.Data()[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}
