package acd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"callbox/appliance/journal"
)

func TestWhySaysWhoWasChosenAndWhyNotTheOthers(t *testing.T) {
	h := open(t, people("ann skills = { claims = 3 }", "bob skills = { claims = 3 }", "cid skills = { claims = 1 }", "dan", "eve", "fay skills = { claims = 5 }")+
		queueOf("claims", "ann bob cid dan eve", "skills = { claims = 2 }; widen {; after = \"30s\"; agents = [agent.fay]; }"))
	h.ready("bob", "ann", "cid", "fay")
	h.tell(ChooseStatus{Agent: "eve", Status: Paused, Reason: "lunch"})
	h.pass(130 * time.Second)
	h.call("one", "claims")
	b := happened[journal.QueueOffered](h, "one")[0]
	var x Explanation = b.Explanation
	want := []string{
		"agent bob is the choice of longest_idle among 2: free for 2m10s",
		"agent ann could have it too: free for 2m10s",
		"needed: claims 2",
		"agent cid passed over: has claims 1 of 2",
		"agent dan passed over: offline",
		"agent eve passed over: paused, lunch",
		"agent fay passed over: may take it when it has waited 30s",
	}
	if got := x.Words(); !slices.Equal(got, want) {
		t.Errorf("it says\n%s\nand should\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhyStaysShortWithAThousandAgents(t *testing.T) {
	f := crowd(t, 1000, 0, "")
	var offered *journal.QueueOffered
	for _, a := range f.Handle(monday, Enter{Call: "one", Queue: "q", Language: "en"}) {
		if x, ok := a.(Fact); ok {
			if b, ok := x.Event.Body.(journal.QueueOffered); ok {
				offered = &b
			}
		}
	}
	if offered == nil {
		t.Fatal("nobody is rung")
	}
	x := offered.Explanation
	if n := len(x.Candidates) + len(x.Passed); n != journal.MostNamed {
		t.Errorf("%d are named", n)
	}
	if x.More[journal.MoreCandidates] != 950 {
		t.Errorf("the others: %v", x.More)
	}
	raw, err := json.Marshal(offered)
	if err != nil || len(raw) > journal.MaxEvent {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

// crowd is a floor with so many agents, all ready, and so many who wait for a skill that nobody has, in lines of three
// kinds.
func crowd(t testing.TB, agents, waiting int, more string) *Floor {
	var blocks strings.Builder
	names := make([]string, agents)
	for i := range agents {
		names[i] = fmt.Sprintf("a%d", i)
		fmt.Fprintf(&blocks, "agent %q {\n  number = \"%d\"\n}\n", names[i], 10000+i)
	}
	f := NewFloor(config(t, blocks.String()+queueOf("q", strings.Join(names, " "), more)), 1)
	for i, name := range names {
		f.Handle(monday.Add(time.Duration(i-agents)*time.Millisecond), ChooseStatus{Agent: name, Status: Ready})
	}
	for i := range waiting {
		f.Handle(monday, Enter{Call: fmt.Sprintf("w%d", i), Queue: "q", Language: []string{"en", "zh", ""}[i%3]})
	}
	return f
}
