package ivr

import (
	"testing"
	"time"
)

// A sentence, what the flow says, what the caller does, and what is then heard.
type scene struct {
	sentence string
	flow     string
	caller   caller
	want     string
}

func play(t *testing.T, scenes []scene) {
	t.Helper()
	for _, s := range scenes {
		t.Run(s.sentence, func(t *testing.T) { listen(t, configured(t, s.flow), s.caller).wants(t, s.want) })
	}
}

// menu is a menu that says ask, with what else stands in it.
func menu(more string) string { return `menu "top" {` + "\nprompt = prompt.ask\n" + more + "\n}\n" }

const keyOne = `key "1" { goto = queue.q }`

func TestAMenuDoesWhatTheKeySays(t *testing.T) {
	play(t, []scene{
		{
			"the key pressed after the prompt", menu(keyOne + `
			key "2" { goto = queue.r }`), caller{keys: "4s:2"},
			"0s say ask\n4s goto queue.r\n4s ended self_service, box hung_up",
		}, {
			"the key pressed into the prompt cuts it", menu(keyOne), caller{keys: "1s:1"},
			"0s say ask\n1s cut\n1s goto queue.q\n1s ended self_service, box hung_up",
		}, {
			"star, hash and letters are keys", menu(`key "*" { play { prompt = prompt.a } }
			key "#" { goto = queue.q }
			key "D" { goto = queue.r }`), caller{keys: "3s:D"},
			"0s say ask\n3s goto queue.r\n3s ended self_service, box hung_up",
		}, {
			"steps of a key that end without goto go on behind the menu", menu(`key "1" { play { prompt = prompt.a } }`) + `play { prompt = prompt.b }`,
			caller{keys: "3s:1"}, "0s say ask\n3s say a\n5s say b\n7s ended self_service, box hung_up",
		}, {
			"a key without steps goes on behind the menu", menu(`key "1" {}`) + `play { prompt = prompt.b }`, caller{keys: "3s:1"},
			"0s say ask\n3s say b\n5s ended self_service, box hung_up",
		}, {
			"without a prompt the caller is picked up and waited for", `menu "top" {
				` + keyOne + `
			}`, caller{keys: "4s:1"}, "4s goto queue.q\n4s ended self_service, box hung_up",
		},
	})
}

func TestAMenuIsPatient(t *testing.T) {
	play(t, []scene{
		{
			"silence is five seconds after the prompt, three times, and then the flow goes on", menu(keyOne) + `play { prompt = prompt.b }`, caller{},
			"0s say ask\n7s say ask\n14s say ask\n21s say b\n23s ended self_service, box hung_up",
		}, {
			"timeout says how long, tries how often, no_input what is heard, failed where it leads", menu(`timeout = "8s"
			tries = 2
			` + keyOne + `
			no_input { play { prompt = prompt.a } }
			failed { goto = queue.r }`), caller{},
			"0s say ask\n10s say a\n12s say ask\n22s say a\n24s goto queue.r\n24s ended self_service, box hung_up",
		}, {
			"invalid is heard after each wrong key, failed follows the last", menu(`tries = 2
			` + keyOne + `
			invalid { play { prompt = prompt.a } }
			failed { goto = queue.r }`), caller{keys: "3s:7 8s:8"},
			"0s say ask\n3s say a\n5s say ask\n8s say a\n10s goto queue.r\n10s ended self_service, box hung_up",
		}, {
			"a wrong key and silence are tries of the same menu", menu(`tries = 2
			` + keyOne + `
			invalid { play { prompt = prompt.a } }
			no_input { play { prompt = prompt.b } }
			failed { goto = queue.r }`), caller{keys: "3s:7"},
			"0s say ask\n3s say a\n5s say ask\n12s say b\n14s goto queue.r\n14s ended self_service, box hung_up",
		}, {
			"one try is one try", menu(`tries = 1
			`+keyOne+`
			failed { play { prompt = prompt.b } }`) + `play { prompt = prompt.a }`, caller{},
			"0s say ask\n7s say b\n9s say a\n11s ended self_service, box hung_up",
		}, {
			"invalid may lead elsewhere", menu(keyOne + `
			invalid { goto = queue.r }`), caller{keys: "3s:7"}, "0s say ask\n3s goto queue.r\n3s ended self_service, box hung_up",
		}, {
			"who comes again by goto has all tries again", `play "start" { prompt = prompt.b }
			` + menu(`tries = 2
			key "*" { goto = step.start }
			failed { goto = queue.r }`), caller{keys: "5s:7 8s:*"},
			"0s say b\n2s say ask\n5s say ask\n8s say b\n10s say ask\n17s say ask\n24s goto queue.r\n24s ended self_service, box hung_up",
		}, {
			"who keys on after a mistake has made one mistake", menu(`tries = 2
			` + keyOne + `
			invalid { play { prompt = prompt.a } }
			failed { goto = queue.r }`), caller{keys: "1s:9 1s:9 1s:9 6s:1"},
			"0s say ask\n1s cut\n1s say a\n3s say ask\n6s goto queue.q\n6s ended self_service, box hung_up",
		},
	})
}

func TestKeysOfSeveralDigits(t *testing.T) {
	longer := menu(`key "1" { goto = queue.q }
		key "12" { goto = queue.r }
		key "123" { play { prompt = prompt.a } }
		invalid { play { prompt = prompt.b } }`)
	extensions := menu(`key "201" { goto = queue.q }
		key "202" { goto = queue.r }
		invalid { play { prompt = prompt.b } }`)
	const q, r = "goto queue.q", "goto queue.r"
	play(t, []scene{
		{"a key that begins others waits three seconds for them", longer, caller{keys: "2s:1"}, "0s say ask\n2s cut\n5s " + q + "\n5s ended self_service, box hung_up"},
		{"the longer key is taken when it comes in time", longer, caller{keys: "3s:1 5s:2"}, "0s say ask\n8s " + r + "\n8s ended self_service, box hung_up"},
		{"the longest key is taken at once", longer, caller{keys: "3s:123"}, "0s say ask\n3.4s say a\n5.4s ended self_service, box hung_up"},
		{"a hash says that no more will come", longer, caller{keys: "3s:1#"}, "0s say ask\n3.2s " + q + "\n3.2s ended self_service, box hung_up"},
		{"a continuation that nobody offers is wrong", longer, caller{keys: "3s:13 9s:123"}, "0s say ask\n3.2s say b\n5.2s say ask\n9.4s say a\n11.4s ended self_service, box hung_up"},
		{"three digits are one choice", extensions, caller{keys: "3s:202"}, "0s say ask\n3.4s " + r + "\n3.4s ended self_service, box hung_up"},
		{"three wrong digits are one mistake", extensions, caller{keys: "3s:999 9s:201"}, "0s say ask\n3.4s say b\n5.4s say ask\n9.4s " + q + "\n9.4s ended self_service, box hung_up"},
		{"digits that stop are a mistake after three seconds", extensions, caller{keys: "3s:20 12s:201"}, "0s say ask\n6.2s say b\n8.2s say ask\n12.4s " + q + "\n12.4s ended self_service, box hung_up"},
	})
}

func TestKeysMayBePressedAhead(t *testing.T) {
	twoMenus := `play { prompt = prompt.a }
	menu "one" {
		prompt = prompt.ask
		key "1" {
			menu "two" {
				prompt = prompt.b
				key "2" { goto = queue.r }
			}
		}
	}`
	play(t, []scene{
		{"a key cuts the play and goes to the menu that follows", twoMenus, caller{keys: "1s:1 3s:2"}, "0s say a\n1s cut\n1s say b\n3s cut\n3s goto queue.r\n3s ended self_service, box hung_up"},
		{"who knows the way hears nothing of it", twoMenus, caller{keys: "0s:1 0s:2"}, "0s goto queue.r\n0s ended self_service, box hung_up"},
		{"what is pressed during a wait counts", `wait { time = "4s" }
		` + menu(keyOne), caller{keys: "1s:1"}, "4s goto queue.q\n4s ended self_service, box hung_up"},
		{"a play without barge_in is heard to its end, and lets keys go", `play {
			prompt   = prompt.a
			barge_in = false
		}
		` + menu(keyOne), caller{keys: "1s:1 6s:1"}, "0s say a\n2s say ask\n6s goto queue.q\n6s ended self_service, box hung_up"},
	})
}

func TestACallerMayHangUpAnywhere(t *testing.T) {
	play(t, []scene{
		{"in a prompt", `play { prompt = prompt.a }`, caller{hangsUp: time.Second}, "0s say a\n1s ended self_service, caller hung_up"},
		{"in a menu", menu(keyOne), caller{hangsUp: 5 * time.Second}, "0s say ask\n5s ended self_service, caller hung_up"},
		{"between two digits", `collect "no" {
			prompt = prompt.ask
		}`, caller{keys: "3s:12", hangsUp: 4 * time.Second}, "0s say ask\n4s ended self_service, caller hung_up"},
		{"in a wait, before anything was heard", `wait { time = "9s" }`, caller{hangsUp: 4 * time.Second}, "4s ended self_service, caller hung_up"},
		{"in a recording", `record "words" { beep = false }`, caller{spoken: time.Minute, hangsUp: 4 * time.Second},
			"0s record words for 2m0s until \"#\"\n4s ended self_service, caller hung_up"},
		{"while somebody is rung", `transfer { to = extension.1001 }`, caller{hangsUp: 4 * time.Second}, "0s ring extension.1001\n4s ended abandoned, caller hung_up"},
		{"in a voicemail box", `voicemail { box = voicemail.box }`, caller{hangsUp: 4 * time.Second},
			"0s voicemail box greeting \"\"\n4s ended voicemail, caller hung_up"},
	})
}
