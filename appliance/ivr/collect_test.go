package ivr

import (
	"context"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// collect asks for a number, and then says where it got to.
func collect(more string) string {
	return `collect "no" {
		prompt = prompt.ask
		` + more + `
	}
	when {
		condition = input.no == null
		goto      = queue.r
	}
	set { data = { no = input.no } }
	goto = queue.q
	`
}

const (
	gotIt  = "goto queue.q"
	noneOf = "goto queue.r"
)

func TestACollectTakesDigits(t *testing.T) {
	play(t, []scene{
		{"the end key ends the entry", collect(`digits = "4-12"`), caller{keys: "3s:12345#"}, "0s say ask\n4s " + gotIt + "\n4s ended self_service, box hung_up"},
		{"the most digits end it", collect(`digits = "4"`), caller{keys: "3s:1234"}, "0s say ask\n3.6s " + gotIt + "\n3.6s ended self_service, box hung_up"},
		{"silence ends it, after the timeout", collect(`
			digits  = "2-12"
			timeout = "4s"`), caller{keys: "3s:12"}, "0s say ask\n7.2s " + gotIt + "\n7.2s ended self_service, box hung_up"},
		{"too few digits are invalid", collect(`
			digits = "4-12"
			tries  = 1`), caller{keys: "3s:123#"}, "0s say ask\n3.6s " + noneOf + "\n3.6s ended self_service, box hung_up"},
		{"the end key alone is invalid", collect(`
			tries = 1
			invalid { play { prompt = prompt.a } }`), caller{keys: "3s:#"}, "0s say ask\n3s say a\n5s " + noneOf + "\n5s ended self_service, box hung_up"},
		{"what does not match is invalid", collect(`
			matching = "^9"
			tries    = 2
			invalid { play { prompt = prompt.a } }`), caller{keys: "3s:12# 8s:98#"},
			"0s say ask\n3.4s say a\n5.4s say ask\n8.4s " + gotIt + "\n8.4s ended self_service, box hung_up"},
		{"the star may end it", collect(`end_key = "*"`), caller{keys: "3s:12*"}, "0s say ask\n3.4s " + gotIt + "\n3.4s ended self_service, box hung_up"},
		{"without an end key the hash is a key like others", collect(`
			end_key = ""
			digits  = "3"`), caller{keys: "3s:1#2"}, "0s say ask\n3.4s " + gotIt + "\n3.4s ended self_service, box hung_up"},
		{"silence is no input, again and again, and then failed", collect(`
			tries = 2
			no_input { play { prompt = prompt.a } }
			failed { play { prompt = prompt.b } }`), caller{},
			"0s say ask\n7s say a\n9s say ask\n16s say a\n18s say b\n20s " + noneOf + "\n20s ended self_service, box hung_up"},
		{"keyed ahead", `play { prompt = prompt.a }
			` + collect(""), caller{keys: "0.5s:12#"}, "0s say a\n0.5s cut\n0.9s " + gotIt + "\n0.9s ended self_service, box hung_up"},
	})
}

func TestTheHashAfterAFullEntryCutsNothing(t *testing.T) {
	flow := `collect "no" {
		prompt = prompt.ask
		digits = "4"
	}
	` + menu("tries = 1\n"+keyOne)
	play(t, []scene{
		{"the prompt that it falls into begins again", flow, caller{keys: "3s:1234# 9s:1"},
			"0s say ask\n3.6s say ask\n3.8s cut\n3.8s say ask\n9s goto queue.q\n9s ended self_service, box hung_up"},
		{"another key there counts at once", flow, caller{keys: "3s:1234 4s:1"}, "0s say ask\n3.6s say ask\n4s cut\n4s goto queue.q\n4s ended self_service, box hung_up"},
		{"a hash later is what the caller means", flow + `play { prompt = prompt.b }`, caller{keys: "3s:1234 7s:#"},
			"0s say ask\n3.6s say ask\n7s say b\n9s ended self_service, box hung_up"},
		{"who keys on hears nothing of what lies between", `collect "no" {
			prompt = prompt.ask
			digits = "2"
		}
		play { prompt = prompt.a }
		play { prompt = prompt.b }
		` + menu(keyOne), caller{keys: "3s:12 4s:1"}, "0s say ask\n3.2s say a\n4s cut\n4s goto queue.q\n4s ended self_service, box hung_up"},
	})
}

func TestWhatIsKeyedInSecretStandsNowhere(t *testing.T) {
	const pin = "739154"
	flow := `collect "pin" {
		prompt   = prompt.ask
		digits   = "6"
		secret   = true
		matching = "^[0-9]+$"
	}
	run "check" {
		function = plugin.shop.check
		args     = { pin = input.pin, order = 12 }
		failed {
			play { prompt = prompt.b }
		}
	}
	when {
		condition = input.pin == "739154" && result.check.error != ""
		goto      = ivr.second
	}`
	both := "ivr \"main\" {\n" + flow + "\n}\nivr \"second\" {\n play { prompt = prompt.a }\n when {\n condition = call.data.pin\n menu \"pin\" {\n key \"1\" {}\n }\n }\n set { data = { pin = input.pin } }\n}\n"
	var log strings.Builder
	got := ""
	l := listen(t, configured(t, both), caller{keys: "3s:" + pin, log: &log, office: func(o *Office, _ *line) {
		o.Plugin = func(_ context.Context, _ *call.Call, plugin, function string, args map[string]any, _ time.Duration) (map[string]any, error) {
			got = plugin + " " + function + " " + args["pin"].(string)
			return nil, &faulty{"shop.lua:7: the pin 739154 of order 12 is wrong"}
		}
	}})
	if got != "shop check "+pin {
		t.Errorf("the plugin got %q", got)
	}
	if !strings.Contains(l.heard(), "say a") {
		t.Errorf("the condition did not see the pin: %s", l.heard())
	}
	kept := l.written(t)
	if strings.Contains(kept, pin) || strings.Contains(log.String(), pin) {
		t.Errorf("the pin is in the facts or in the log:\n%s\n%s", kept, log.String())
	}
	if !strings.Contains(log.String(), "of order 12 is wrong") || !strings.Contains(kept, `"name":"args.pin","value":"`+mask+`"`) || !strings.Contains(kept, `"input":"`+mask+`"`) {
		t.Errorf("nothing is told of it:\n%s\n%s", kept, log.String())
	}
	for _, e := range l.events {
		if d, ok := e.Body.(journal.CallDigit); ok && d.Digit != "" {
			t.Errorf("key %s of the pin was kept", d.Digit)
		}
	}
	if in := l.c.Data()["pin"]; in != nil {
		t.Errorf("the next flow, to which it is no secret, sees %v", in)
	}
}

type faulty struct{ text string }

func (f *faulty) Error() string { return f.text }

func TestAnEntryOfBeforeIsNotTheEntryOfNow(t *testing.T) {
	l := listen(t, configured(t, `collect "no" {
		prompt = prompt.ask
		tries  = 1
		failed { goto = queue.r }
	}
	goto = step.no`), caller{keys: "3s:12#"})
	l.wants(t, "0s say ask\n3.4s say ask\n10.4s goto queue.r\n10.4s ended self_service, box hung_up")
	if in, ok := l.c.Input()["no"]; ok {
		t.Errorf("%q is still there", in)
	}
}
