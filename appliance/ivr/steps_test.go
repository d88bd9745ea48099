package ivr

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

const served = " ended self_service, box hung_up"

func TestEachStepDoesWhatItSays(t *testing.T) {
	play(t, []scene{
		{"an ivr without steps hangs up", ``, caller{}, "0s" + served},
		{"play says a prompt in the caller's language", `play { prompt = prompt.a }
		language { set = "zh-Hant" }
		play { prompt = prompt.a }
		play { prompt = prompt.file }`, caller{}, "0s say a\n2s say a \"甲。\"\n4s say file \"\" a.wav\n6s" + served},
		{"values go into what is said", `play {
			prompt = prompt.due
			values = { due = call.data.due }
		}
		set { data = { due = "2026-04-01" } }
		play {
			prompt = prompt.due
			values = { due = call.data.due }
		}`, caller{}, "0s say due \"Due .\"\n2s say due \"Due <date 2026-04-01 in en>.\"\n4s" + served},
		{"answer and wait take no word", `answer {}
		wait { time = "3s" }`, caller{}, "3s" + served},
		{"when and otherwise", `when {
			condition = schedule.office.open
			play { prompt = prompt.a }
		}
		otherwise {
			play { prompt = prompt.b }
		}
		goto = queue.q`, caller{}, "0s say a\n2s goto queue.q\n2s" + served},
		{"otherwise when it does not hold", `when {
			condition = schedule.office.open
			play { prompt = prompt.a }
		}
		otherwise {
			play { prompt = prompt.b }
		}
		goto = queue.q`, caller{at: "2026-03-01T10:00:00+08:00"}, "0s say b\n2s goto queue.q\n2s" + served},
		{"what is not there counts as false", `when {
			condition = call.data.vip
			goto      = queue.r
		}
		goto = queue.q`, caller{}, "0s goto queue.q\n0s" + served},
		{"an expression that cannot be computed counts as false", `set { data = { list = ["a"] } }
		when {
			condition = upper(call.data.list) == "A"
			goto      = queue.r
		}
		otherwise {
			goto = queue.q
		}`, caller{}, "0s goto queue.q\n0s" + served},
		{"goto a step of a block around it", `when "again" {
			condition = call.data.n != 2
			when {
				condition = call.data.n == 1
				set { data = { n = 2 } }
				goto = step.again
			}
			set { data = { n = 1 } }
			play { prompt = prompt.a }
			goto = step.again
		}
		play { prompt = prompt.b }`, caller{}, "0s say a\n2s say b\n4s" + served},
		{"goto another flow, which ends the call where it ends", "ivr \"main\" {\n goto = ivr.other\n}\nivr \"other\" {\n play { prompt = prompt.b }\n}\n", caller{}, "0s say b\n2s" + served},
		{"goto a destination", `goto = voicemail.box`, caller{}, "0s goto voicemail.box\n0s" + served},
		{"a voicemail step comes back", `voicemail {
			box      = voicemail.box
			greeting = prompt.a
		}
		play { prompt = prompt.b }`, caller{}, "0s voicemail box greeting \"a\"\n10s say b\n12s ended voicemail, box hung_up"},
		{"a queue step says more than goto", `queue {
			to       = queue.q
			priority = 2 + 3
			skills   = { mandarin = 3 }
			data     = { lane = "vip" }
		}`, caller{}, "0s queue q priority 5 skills map[mandarin:3] data map[lane:vip]\n0s" + served},
		{"a priority that is nothing is the queue's own", `queue {
			to       = queue.q
			priority = call.data.priority
		}`, caller{}, "0s queue q skills map[] data map[]\n0s" + served},
		{"callback to the caller, when it is his turn", `callback { queue = queue.q }`, caller{}, "0s callback q +886912345678 at 0001-01-01 00:00:00\n0s" + served},
		{"callback to a number, at a time", `callback {
			queue  = queue.q
			number = "02" + "1"
			at     = schedule.office.next_open
		}`, caller{at: "2026-03-01T10:00:00+08:00"}, "0s callback q 3 at 2026-03-02 01:00:00\n0s" + served},
		{"callback to nobody is a fault, and the flow goes on", `callback { queue = queue.q }
		goto = queue.r`, caller{from: "-"}, "0s goto queue.r\n0s" + served},
		{"hangup", `hangup {}
		play "never" { prompt = prompt.a }`, caller{}, "0s" + served},
		{"hangup as busy", `hangup { cause = "busy" }`, caller{}, "0s ended busy, box busy"},
		{"hangup as rejected", `hangup { cause = "rejected" }`, caller{}, "0s ended blocked, box rejected"},
		{"hangup as unavailable", `hangup { cause = "unavailable" }`, caller{}, "0s ended no_answer, box unavailable"},
		{"hangup as not found", `hangup { cause = "not_found" }`, caller{}, "0s ended failed, box not_found"},
	})
}

func TestATransferComesBackWhenItFails(t *testing.T) {
	transfer := func(to, more string) string {
		return `transfer {
			to = ` + to + `
			` + more + `
			failed {
				play { prompt = prompt.b }
			}
		}
		play { prompt = prompt.a }`
	}
	ringing := func(who string, after time.Duration, why call.Cause) map[string]answer {
		return map[string]answer{who: {after, why}}
	}
	play(t, []scene{
		{"answered, they talk until one hangs up", transfer("extension.1001", ""), caller{rings: ringing("extension.1001", 3*time.Second, call.Cause{})},
			"0s ring extension.1001\n3s answered by extension.1001\n63s ended answered, callee hung_up"},
		{"an agent answers as the agent", transfer("agent.mei", ""), caller{rings: ringing("extension.1001", 3*time.Second, call.Cause{})},
			"0s ring extension.1001\n3s answered by agent.mei\n63s ended answered, callee hung_up"},
		{"nobody answers for 25 seconds", transfer("extension.1001", ""), caller{}, "0s ring extension.1001\n25s say b\n27s say a\n29s" + served},
		{"busy comes back at once", transfer("extension.1001", ""), caller{rings: ringing("extension.1001", time.Second, call.CalleeBusy)},
			"0s ring extension.1001\n1s say b\n3s say a\n5s" + served},
		{"timeout says how long it rings", transfer("extension.1001", `timeout = "7s"`), caller{}, "0s ring extension.1001\n7s say b\n9s say a\n11s" + served},
		{"forwards are followed, in the same time", transfer("extension.1002", ""), caller{},
			"0s ring extension.1002\n20s ring extension.1001\n25s say b\n27s say a\n29s" + served},
		{"no forward when the time is up", transfer("extension.1002", `timeout = "15s"`), caller{}, "0s ring extension.1002\n15s say b\n17s say a\n19s" + served},
		{"a number outside", transfer(`number("+886912000111")`, `timeout = "10s"`), caller{},
			"0s ring trunk.pstn +886912000111\n10s say b\n12s say a\n14s" + served},
		{"without failed the flow goes on", `transfer { to = extension.1001 }
		play { prompt = prompt.a }`, caller{}, "0s ring extension.1001\n25s say a\n27s" + served},
		{"to a queue it goes for good", transfer("queue.q", ""), caller{}, "0s goto queue.q\n0s" + served},
		{"to another flow too", `transfer { to = ivr.other }
		play { prompt = prompt.a }
		}
		ivr "other" {
			play { prompt = prompt.b }`, caller{}, "0s say b\n2s" + served},
	})
}

func TestAForwardThatFailedIsForgotten(t *testing.T) {
	l := listen(t, configured(t, `transfer { to = extension.1002 }`), caller{})
	if by := l.c.Diverted(); len(by) > 0 {
		t.Errorf("who is called next is told that the call was forwarded by %v", by)
	}
}

func TestAPluginIsAskedAndItsAnswerSeen(t *testing.T) {
	flow := `set { data = { n = "A-1" } }
	run "order" {
		function = plugin.shop.find
		args     = { number = call.data.n, at = 3 }
		timeout  = "4s"
		failed {
			play { prompt = prompt.b }
		}
	}
	when {
		condition = result.order.found
		goto      = queue.q
	}
	when {
		condition = result.order.error != null
		goto      = queue.r
	}`
	answered := func(result map[string]any, err error) func(*Office, *line) {
		return func(o *Office, l *line) {
			o.Plugin = func(_ context.Context, _ *call.Call, plugin, function string, args map[string]any, timeout time.Duration) (map[string]any, error) {
				l.note("%s.%s %v within %s", plugin, function, args, timeout)
				return result, err
			}
		}
	}
	const asked = "0s shop.find map[at:3 number:A-1] within 4s\n"
	play(t, []scene{
		{"it answers", flow, caller{office: answered(map[string]any{"found": true}, nil)}, asked + "0s goto queue.q\n0s" + served},
		{"it has nothing", flow, caller{office: answered(nil, nil)}, asked + "0s" + served},
		{"it fails", flow, caller{office: answered(nil, errors.New("main.lua:3: down"))}, asked + "0s say b\n2s goto queue.r\n2s" + served},
		{"there are no plugins", flow, caller{office: func(o *Office, _ *line) { o.Plugin = nil }}, "0s say b\n2s goto queue.r\n2s" + served},
		{"it sends the call elsewhere", flow, caller{office: func(o *Office, l *line) {
			o.Plugin = func(context.Context, *call.Call, string, string, map[string]any, time.Duration) (map[string]any, error) {
				return nil, fmt.Errorf("a plugin: %w", Leaving{To: destination{l, "queue.r by the plugin"}, Where: "queue.r"})
			}
		}}, "0s queue.r by the plugin\n0s" + served},
		{"arguments that cannot be computed are not guessed", `set { data = { list = ["a"] } }
		run "order" {
			function = plugin.shop.find
			args     = { number = upper(call.data.list) }
			failed { goto = queue.r }
		}`, caller{office: answered(nil, nil)}, "0s goto queue.r\n0s" + served},
	})
}

func TestARecordingIsAResult(t *testing.T) {
	flow := `record "words" {
		max     = "30s"
		end_key = "*"
	}
	when {
		condition = result.words.error != null
		goto      = queue.r
	}
	set { data = { id = result.words.recording, seconds = result.words.length, why = result.words.ended } }`
	for _, c := range []struct {
		sentence string
		caller   caller
		want     string
		data     map[string]any
	}{
		{"a silence ends it", caller{spoken: 8 * time.Second}, "0s say beep\n0.4s record words for 30s until \"*\"\n13.4s" + served, map[string]any{"id": "rec-1", "seconds": 8.0, "why": "silence"}},
		{"the end key ends it", caller{spoken: time.Minute, keys: "6.4s:*"}, "0s say beep\n0.4s record words for 30s until \"*\"\n6.4s" + served, map[string]any{"id": "rec-1", "seconds": 6.0, "why": "key"}},
		{"the most ends it", caller{spoken: time.Minute}, "0s say beep\n0.4s record words for 30s until \"*\"\n30.4s" + served, map[string]any{"id": "rec-1", "seconds": 30.0, "why": "max"}},
		{"a disk that is full", caller{office: func(o *Office, _ *line) {
			o.Record = func(context.Context, *call.Call, string, call.Recording) (string, call.Recorded) {
				return "", call.Recorded{Why: "failed", Err: errors.New("the disk is full")}
			}
		}}, "0s say beep\n0.4s goto queue.r\n0.4s" + served, nil},
		{"no recordings at all", caller{office: func(o *Office, _ *line) { o.Record = nil }}, "0s say beep\n0.4s goto queue.r\n0.4s" + served, nil},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			l := listen(t, configured(t, flow), c.caller)
			l.wants(t, c.want)
			if got := l.c.Data(); len(got)+len(c.data) > 0 && !reflect.DeepEqual(got, c.data) {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestDataAndTagsAreAttached(t *testing.T) {
	l := listen(t, configured(t, `set { data = { lane = "day", who = caller.name, n = 1 + 1 } }
	tag {
		name  = "campaign"
		value = call.data.lane
	}
	tag { name = "plain" }`), caller{office: func(o *Office, _ *line) {
		o.Caller = func(number string) hcl.CallerScope { return hcl.CallerScope{Found: true, Name: "Chen", Number: number} }
	}})
	if want := map[string]any{"lane": "day", "who": "Chen", "n": 2.0}; !reflect.DeepEqual(l.c.Data(), want) {
		t.Errorf("%v", l.c.Data())
	}
	if want := map[string]string{"campaign": "day", "plain": ""}; !reflect.DeepEqual(l.c.Tags(), want) {
		t.Errorf("%v", l.c.Tags())
	}
}

func TestTooMuchDataIsToldAndLeftOut(t *testing.T) {
	l := listen(t, configured(t, `set { data = { a = result.x } }
	run "x" { function = plugin.shop.find }
	set { data = { a = result.x.text } }
	goto = queue.q`), caller{office: func(o *Office, _ *line) {
		o.Plugin = func(context.Context, *call.Call, string, string, map[string]any, time.Duration) (map[string]any, error) {
			return map[string]any{"text": strings.Repeat("<中>", 10_000)}, nil
		}
	}})
	l.wants(t, "0s goto queue.q\n0s"+served)
	l.written(t)
	if got := l.c.Data()["a"]; got != nil {
		t.Errorf("%.40v", got)
	}
	if s := l.steps(); len(s) != 4 || !strings.Contains(s[2].Fault, "attaches at most 16 KB") || len([]rune(s[1].Result)) > longText+1 {
		t.Errorf("%+v", s)
	}
}

func TestWhatCannotBeSaidEndsNoCall(t *testing.T) {
	play(t, []scene{
		{"a prompt that no voice speaks", `play { prompt = prompt.a }
		` + menu(keyOne), caller{mute: "a", keys: "4s:1"}, "0s say ask\n4s goto queue.q\n4s" + served},
		{"a menu whose prompt cannot be said still waits", menu(keyOne), caller{mute: "ask", keys: "4s:1"}, "4s goto queue.q\n4s" + served},
		{"a value that cannot be read", `set { data = { due = "never" } }
		play {
			prompt = prompt.due
			values = { due = call.data.due }
		}
		play { prompt = prompt.b }`, caller{}, "0s say b\n2s" + served},
		{"a caller who cannot be answered is refused", `play { prompt = prompt.a }
		play { prompt = prompt.b }`, caller{deaf: errors.New("no codec in common")}, "0s ended failed, box incompatible"},
	})
	var log strings.Builder
	l := listen(t, configured(t, `play { prompt = prompt.a }
	menu "m" {
		prompt = prompt.a
		tries  = 9
		key "1" {}
	}`), caller{mute: "a", log: &log})
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("the log tells each of two steps once:\n%s", log.String())
	}
	if s := l.steps(); !strings.Contains(s[0].Fault, "no voice speaks") {
		t.Errorf("%+v", s[0])
	}
}

func TestPartsThatTheBoxLacksEndNoCall(t *testing.T) {
	bare := func(o *Office, _ *line) { o.Voicemail, o.Callback, o.Enqueue, o.Read = nil, nil, nil, nil }
	play(t, []scene{
		{"no voicemail, no callbacks, no words for values", `voicemail { box = voicemail.box }
		callback { queue = queue.q }
		play {
			prompt = prompt.due
			values = { due = "2026-04-01" }
		}
		play { prompt = prompt.b }`, caller{office: bare}, "0s say b\n2s" + served},
		{"no queues", `queue { to = queue.q }`, caller{office: bare}, "0s ended failed, box later"},
	})
}

func TestAFlowThatGoesRoundForEverIsEndedWithACauseThatSaysSo(t *testing.T) {
	for sentence, flow := range map[string]string{
		"in one flow": `set "a" { data = { n = 1 } }
		when {
			condition = call.data.n == 1
			goto      = step.a
		}
		play { prompt = prompt.a }`,
		"from flow to flow": "ivr \"main\" {\n when {\n condition = true\n goto = ivr.other\n }\n play { prompt = prompt.a }\n}\nivr \"other\" {\n goto = ivr.main\n}\n",
		"with a prompt that a key cuts again and again": `play "a" { prompt = prompt.a }
		when {
			condition = call.data.n == null
			goto      = step.a
		}`,
		"with a prompt that cannot be said": `play "a" { prompt = prompt.b }
		when {
			condition = call.data.n == null
			goto      = step.a
		}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			var log strings.Builder
			l := listen(t, configured(t, flow), caller{keys: "0s:1", mute: "b", log: &log})
			l.wants(t, "0s ended failed, box endless")
			steps := l.steps()
			last := steps[len(steps)-1]
			if !strings.Contains(last.Fault, "10000 steps") || last.To != "hangup" || len(steps) > quietest+5 {
				t.Errorf("%d steps are told, the last %+v", len(steps), last)
			}
			if !strings.Contains(log.String(), "10000 steps") {
				t.Errorf("the operator is not told: %s", log.String())
			}
		})
	}
}

func TestALoopInWhichSomethingIsHeardGoesOn(t *testing.T) {
	l := listen(t, configured(t, `play "a" { prompt = prompt.a }
	goto = step.a`), caller{hangsUp: 2 * time.Hour})
	if n := len(l.steps()); n != maxTold {
		t.Errorf("%d steps are told", n)
	}
	if last := l.steps()[maxTold-1]; !strings.Contains(last.Fault, "not written down") {
		t.Errorf("%+v", last)
	}
	if !strings.HasSuffix(l.heard(), "7200s ended self_service, caller hung_up") {
		t.Error(l.log[len(l.log)-1])
	}
}

func TestTheStepsOfAnotherBlock(t *testing.T) {
	cfg := configured(t, "")
	l := listen(t, cfg, caller{first: func(o *Office) call.Stage {
		return o.Steps(cfg.Queues["r"].Overflow, staged(func(context.Context, *call.Call) call.Stage { return call.Refuse{Why: call.BoxFull} }))
	}})
	l.wants(t, "0s say a\n2s ended failed, box full")
	if s := l.steps(); s[0].Flow != "overflow of queue r" {
		t.Errorf("%+v", s)
	}
	l = listen(t, cfg, caller{first: func(o *Office) call.Stage {
		return staged(func(_ context.Context, c *call.Call) call.Stage {
			c.Became(journal.OutcomeOverflowed)
			return o.Steps(cfg.Queues["r"].Overflow, nil)
		})
	}})
	l.wants(t, "0s say a\n2s ended overflowed, box hung_up")
	cfg = configured(t, "ivr \"main\" {\n}\nivr \"other\" {\n play { prompt = prompt.b }\n}\nring_group \"g\" {\n members = [agent.mei]\n failed { goto = ivr.other }\n}\n")
	l = listen(t, cfg, caller{first: func(o *Office) call.Stage {
		return o.Steps(cfg.RingGroups["g"].Failed, call.Refuse{Why: call.BoxFull})
	}})
	l.wants(t, "0s say b\n2s"+served)
	l = listen(t, cfg, caller{first: func(o *Office) call.Stage { return o.Steps(nil, o.Flow("nothing")) }})
	l.wants(t, "0s ended failed, box not_in_use")
}
