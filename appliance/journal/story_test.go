package journal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestACallIsToldInWords(t *testing.T) {
	at := noon
	event := func(b Body) Event {
		at = at.Add(time.Second)
		return Event{Time: at, Type: b.Type(), Call: "c1", Generation: 3, Body: b}
	}
	var answered Event
	must(t, json.Unmarshal([]byte(`{"seq":9,"time":"2026-03-02T12:00:00.000Z","type":"survey.answered","call":"c1","queue":"claims","agent":"mei","ring":"20s","try":2}`), &answered))
	step := CallStep{Flow: "ivr main", Step: "menu top", Place: "flows.hcl:31", Input: "2", Result: "chosen", To: "goto (flows.hcl:40)"}
	set := CallStep{Flow: "ivr main", Step: "set", Place: "flows.hcl:35", Looked: []Looked{{"call.data.lane", `"day"`}}, Fault: "too much", To: "the end"}
	over := CallStep{Flow: "ivr main", Step: "wait", Place: "flows.hcl:50"}
	var got strings.Builder
	for _, l := range Story([]Event{
		event(CallStarted{Direction: In, To: "+88627001234", Dialled: "0227001234", Trunk: "pstn", Linked: []string{"c0"}}),
		event(CallEntered{Kind: "ivr", Name: "main"}),
		event(CallDigit{By: "caller", Digit: "2"}), event(step),
		event(CallData{Data: map[string]any{"lane": "day"}}), event(set),
		event(CallDigit{By: "caller", Digit: "7"}), event(CallData{Data: map[string]any{"a": 1, "b": strings.Repeat("x", 200)}, Tags: map[string]string{"vip": ""}}), event(over),
		answered,
		event(CallAnswered{Who: "agent.mei"}), event(CallDigit{}), event(CallHeld{By: "agent"}), event(CallResumed{By: "agent"}),
		event(CallTransferred{By: "agent", To: "queue.q", Kind: "blind"}), event(CallRecorded{Recording: "r1"}),
		event(CallEnded{Outcome: OutcomeAnswered, Cause: Cause{Who: "caller", Why: "hung_up"}}),
		event(CallDigit{By: "callee"}),
	}) {
		if l.Time.IsZero() {
			t.Errorf("no time: %+v", l)
		}
		got.WriteString(strings.Join(append([]string{l.Text}, l.More...), "\n  ") + "\n")
	}
	want := `a call from somebody who withheld the number to +88627001234 by trunk pstn, from call c0; generation 3
came to ivr main
menu top (flows.hcl:31): the caller keyed 2, chosen → goto (flows.hcl:40)
set (flows.hcl:35) → the end
  call.data.lane is "day"
  went wrong: too much
the caller pressed 7
learnt: a = 1, b = "` + strings.Repeat("x", 99) + `…, tagged vip
wait (flows.hcl:50); the call was over
survey answered: queue claims, agent mei, ring "20s", try 2
agent.mei answered
the caller pressed a key that is not kept
held by the agent
resumed by the agent
the agent passed the call on to queue.q (blind)
recorded as r1
ended as answered: caller hung_up
the callee pressed a key that is not kept
`
	if got.String() != want {
		t.Errorf("%s\nwant:\n%s", got.String(), want)
	}
}

func TestStepsOfAFlowChangeNoRecordOfTheCall(t *testing.T) {
	with, without := &Folder{}, &Folder{}
	for i, b := range []Body{CallStarted{Direction: In}, CallStep{Flow: "ivr main", Step: "play", Place: "x.hcl:1", To: "the end"}, CallEnded{Outcome: OutcomeSelfService}} {
		e := Event{Time: noon.Add(time.Duration(i) * time.Second), Call: "c1", Body: b}
		with.Add(e)
		if _, step := b.(CallStep); !step {
			without.Add(e)
		}
	}
	a, err := json.Marshal(with.CDR())
	must(t, err)
	b, err := json.Marshal(without.CDR())
	must(t, err)
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
}
