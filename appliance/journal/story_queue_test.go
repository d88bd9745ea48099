package journal

import (
	"strings"
	"testing"
)

func TestACallsWayThroughAQueueIsToldInWords(t *testing.T) {
	wait := 90.0
	var got strings.Builder
	for _, l := range Story([]Event{
		{Queue: "claims", Body: QueueEntered{Position: 3, Priority: 5, Skills: map[string]int{"claims": 2}, Language: "zh-Hant"}},
		{Queue: "claims", Body: QueueAnnounced{Position: 2, ExpectedSeconds: &wait, Prompt: "thanks"}},
		{Queue: "claims", Agent: "mei", Body: QueueOffered{Offer: 1, Agents: []string{"mei"}, WaitSeconds: 31, Explanation: Explanation{
			Strategy: "longest_idle", Skills: map[string]int{"claims": 2},
			Candidates: []Candidate{{Agent: "mei", Score: "free for 2m0s"}, {Agent: "jun", Score: "free for 3m0s", After: "it was offered to them before"}},
			Passed:     []Passed{{Agent: "desk", Why: "talking"}}, More: map[string]int{"offline": 12, MoreCandidates: 3},
		}}},
		{Queue: "claims", Agent: "mei", Body: QueueMissed{Offer: 1, RingSeconds: 20}},
		{Queue: "claims", Agent: "jun", Body: QueueRejected{Offer: 2, Why: "declined"}},
		{Queue: "claims", Agent: "mei", Body: QueueAnswered{Offer: 3, WaitSeconds: 61.25}},
		{Queue: "claims", Body: QueueEntered{Position: 1, Again: true}},
		{Queue: "claims", Body: QueueAbandoned{WaitSeconds: 4, Position: 1}},
		{Queue: "claims", Body: QueueOverflowed{WaitSeconds: 600, Why: "waited"}},
		{Queue: "claims", Body: QueueCallback{WaitSeconds: 61, Number: "+886912345678"}},
		{Queue: "claims", Body: QueueCallback{Number: "+886912345678", Try: 2, State: "failed"}},
		{Queue: "claims", Body: QueueEntered{Position: 1, Callback: true}},
	}) {
		got.WriteString(strings.Join(append([]string{l.Text}, l.More...), "\n  ") + "\n")
	}
	want := `queue claims: waits as number 3, with 5 minutes of priority
  asks for claims 2, speaking zh-Hant
queue claims: was told to be number 2, with 1m30s to wait, and prompt.thanks
queue claims: offered to mei after 31s
  agent mei is the choice of longest_idle among 5: free for 2m0s
  agent jun could have it too, after others because it was offered to them before: free for 3m0s
  needed: claims 2
  agent desk passed over: talking
  3 more: could have it too
  12 more: offline
queue claims: agent mei did not answer within 20s
queue claims: agent jun did not take it: declined
queue claims: agent mei took it after 1m1.3s
queue claims: waits as number 1; the agent's phone had vanished
queue claims: the caller gave up after 4s as number 1
queue claims: went elsewhere after 10m0s: waited
queue claims: asked to be called back on +886912345678, after 1m1s
queue claims: calling back +886912345678, try 2: failed
queue claims: waits as number 1; was called back
`
	if got.String() != want {
		t.Errorf("%s\nwant:\n%s", got.String(), want)
	}
}

func TestWhoWasOnlyRungDoesNotStandInTheRecordOfTheCall(t *testing.T) {
	cdr := Fold([]Event{
		{Seq: 1, Time: noon, Call: "c1", Body: CallStarted{Direction: In}},
		{Seq: 2, Time: noon, Call: "c1", Queue: "claims", Body: QueueEntered{Position: 1}},
		{Seq: 3, Time: noon, Call: "c1", Queue: "claims", Agent: "mei", Body: QueueOffered{Offer: 1, Agents: []string{"mei"}}},
		{Seq: 4, Time: noon, Call: "c1", Queue: "claims", Agent: "mei", Body: QueueMissed{Offer: 1}},
		{Seq: 5, Time: noon, Call: "c1", Body: CallEnded{Outcome: OutcomeAbandoned}},
	})
	if cdr.Queue != "claims" || cdr.Agent != "" {
		t.Errorf("queue %q, agent %q", cdr.Queue, cdr.Agent)
	}
}
