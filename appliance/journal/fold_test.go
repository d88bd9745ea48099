package journal

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// after is an event of call c1 so many milliseconds past noon.
func after(ms int, body Body) Event {
	return Event{Seq: uint64(ms) + 1, Time: noon.Add(time.Duration(ms) * time.Millisecond), Type: body.Type(), Call: "c1", Body: body}
}

func TestACallThatWaitsTalksAndHoldsIsCountedRight(t *testing.T) {
	events := []Event{
		after(0, CallStarted{Direction: In, From: "+886912345678", To: "1001", Trunk: "pstn", Linked: []string{"c0"}}),
		after(10, CallEntered{Kind: "extension", Name: "1001"}),
		after(4250, CallAnswered{Who: "extension.1001", Extension: "1001"}),
		after(5000, CallData{Data: map[string]any{"policy": "123"}, Tags: map[string]string{"vip": "yes"}}),
		after(10250, CallHeld{By: "callee"}),
		after(11000, CallHeld{By: "caller"}), // both hold: counted once
		after(12000, CallResumed{By: "callee"}),
		after(14250, CallResumed{By: "caller"}),
		after(15000, CallTransferred{By: "callee", To: "extension.1002", Linked: "c2"}),
		after(15500, CallRecorded{Recording: "r1"}),
		after(20251, CallEnded{Outcome: OutcomeAnswered, Cause: Cause{Who: "caller", Why: "hung_up"}, Legs: []Leg{{Codec: "pcma"}}}),
		after(99000, CallRecorded{Recording: "too late"}),
	}
	events[3].Agent, events[3].Queue, events[0].Generation = "mei", "service", 4
	c := Fold(events)
	at := noon.Add(4250 * time.Millisecond)
	want := CDR{
		ID: "c1", Started: noon, Answered: &at, Ended: noon.Add(20251 * time.Millisecond), Direction: In, From: "+886912345678", To: "1001",
		Trunk: "pstn", Extension: "1001", Queue: "service", Agent: "mei", Outcome: OutcomeAnswered, Cause: Cause{Who: "caller", Why: "hung_up"},
		WaitSeconds: 4.25, TalkSeconds: 12.001, HoldSeconds: 4, Generation: 4, Legs: []Leg{{Codec: "pcma"}},
		Data: map[string]any{"policy": "123"}, Tags: map[string]string{"vip": "yes"}, Recordings: []string{"r1"}, Linked: []string{"c0", "c2"},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	raw, err := json.Marshal(c)
	must(t, err)
	var back CDR
	must(t, json.Unmarshal(raw, &back))
	if !reflect.DeepEqual(back, want) {
		t.Errorf("read back as %+v", back)
	}
}

func TestACallNobodyAnsweredWaitsToItsEnd(t *testing.T) {
	c := Fold([]Event{
		after(0, CallStarted{Direction: Internal}), after(100, CallHeld{}), after(200, CallResumed{}),
		after(1000, CallEnded{Outcome: OutcomeNoAnswer}),
	})
	if c.Answered != nil || c.WaitSeconds != 1 || c.TalkSeconds != 0 || c.HoldSeconds != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAClockThatGoesBackMakesNoTime(t *testing.T) {
	e := []Event{after(1000, CallStarted{}), after(2000, CallAnswered{}), after(500, CallHeld{}), after(3000, CallEnded{})}
	for i := range e {
		e[i].Seq = uint64(i)
	}
	c := Fold(e)
	if c.WaitSeconds != 1 || c.TalkSeconds != 0 || c.HoldSeconds != 1 || !c.Ended.Equal(noon.Add(3*time.Second)) {
		t.Errorf("%+v", c)
	}
}

func TestACallThatLearnsForEverKeepsItsCDRSmall(t *testing.T) {
	var f Folder
	f.Add(after(0, CallStarted{}))
	for i := range 100_000 {
		f.Add(after(i, CallData{Data: map[string]any{"same": i}}))
	}
	if c := f.CDR(); c.Truncated || c.Data["same"] != 99_999 {
		t.Errorf("%v %v", c.Truncated, c.Data)
	}
	for i := range 100_000 {
		f.Add(after(i, CallTransferred{Linked: fmt.Sprint("call", i)}))
		f.Add(after(i, CallData{Tags: map[string]string{fmt.Sprint("tag", i): "<x>"}}))
	}
	f.Add(after(1, CallEnded{Legs: make([]Leg, 1000)}))
	raw, err := json.Marshal(f.CDR())
	must(t, err)
	if !f.CDR().Truncated || len(raw) > maxExtra+16<<10 {
		t.Errorf("%d bytes", len(raw))
	}
}

var someBody = rapid.OneOf(
	rapid.Map(rapid.SampledFrom([]string{"caller", "callee", ""}), func(by string) Body { return CallHeld{By: by} }),
	rapid.Map(rapid.SampledFrom([]string{"caller", "callee", ""}), func(by string) Body { return CallResumed{By: by} }),
	rapid.Just[Body](CallAnswered{Who: "extension.1001"}),
	rapid.Just[Body](CallDigit{Digit: "5"}),
	rapid.Map(rapid.StringMatching("[a-c]"), func(n string) Body { return CallData{Data: map[string]any{n: n}} }),
	rapid.Map(rapid.StringMatching("[a-c]"), func(n string) Body { return CallTransferred{Linked: n} }),
)

func drawCall(t *rapid.T, id string) (events []Event) {
	at := noon.Add(time.Duration(rapid.IntRange(0, 1e9).Draw(t, "start")) * time.Microsecond)
	add := func(b Body) {
		at = at.Add(time.Duration(rapid.IntRange(-2_000_000, 90_000_000).Draw(t, "gap")) * time.Microsecond)
		events = append(events, Event{Time: at, Type: b.Type(), Call: id, Body: b})
	}
	add(CallStarted{Direction: In, From: id})
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		add(someBody.Draw(t, "body"))
	}
	add(CallEnded{Outcome: OutcomeAnswered})
	return events
}

func TestTheBooksOfEveryCallBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawCall(t, "c1")
		for i := range events {
			events[i].Seq = uint64(i + 1)
		}
		for n := 1; n <= len(events); n++ {
			c := Fold(events[:n])
			whole := c.Ended.Sub(c.Started).Seconds()
			if sum := c.WaitSeconds + c.TalkSeconds + c.HoldSeconds; math.Abs(sum-whole) > 0.001 || whole < 0 {
				t.Fatalf("%v + %v + %v is not %v", c.WaitSeconds, c.TalkSeconds, c.HoldSeconds, whole)
			}
			if c.Answered == nil && c.TalkSeconds+c.HoldSeconds != 0 {
				t.Fatalf("talked without an answer: %+v", c)
			}
			if c.Answered != nil && math.Abs(c.Answered.Sub(c.Started).Seconds()-c.WaitSeconds) > 0.001 {
				t.Fatalf("waited %v, answered after %v", c.WaitSeconds, c.Answered.Sub(c.Started))
			}
		}
	})
}

func TestCallsFoldAloneHoweverTheyAreMixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := map[string][]Event{}
		var rest [][]Event
		for i := range rapid.IntRange(1, 4).Draw(t, "calls") {
			id := fmt.Sprint("c", i)
			calls[id] = drawCall(t, id)
			rest = append(rest, slices.Clone(calls[id]))
		}
		// Interleave, numbering as the journal would.
		var mixed []Event
		for seq := uint64(1); len(rest) > 0; seq++ {
			i := rapid.IntRange(0, len(rest)-1).Draw(t, "next")
			e := rest[i][0]
			e.Seq = seq
			mixed = append(mixed, e)
			if rest[i] = rest[i][1:]; len(rest[i]) == 0 {
				rest = slices.Delete(rest, i, i+1)
			}
		}
		folders := map[string]*Folder{}
		for _, e := range mixed {
			if folders[e.Call] == nil {
				folders[e.Call] = &Folder{}
			}
			folders[e.Call].Add(e)
		}
		rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))).Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
		for id, f := range folders {
			var alone []Event
			for _, e := range mixed {
				if e.Call == id {
					alone = append(alone, e)
				}
			}
			for i := range calls[id] {
				calls[id][i].Seq = uint64(i)
			}
			if one, other := Fold(calls[id]), Fold(alone); !reflect.DeepEqual(one, other) || !reflect.DeepEqual(one, f.CDR()) || !f.Over() {
				t.Fatalf("%+v\n%+v\n%+v", one, other, f.CDR())
			}
		}
	})
}
