package acd

import (
	"fmt"
	"testing"
	"time"

	"callbox/hcl"
)

// BenchmarkAnAgentBecomesFree is the decision that callers wait for: 1,000 agents talk, 10,000 callers wait, one agent
// becomes free. It covers the end of a talk, the offer with its explanation, and the answer.
func BenchmarkAnAgentBecomesFree(b *testing.B) {
	for _, more := range []string{"", "strategy = \"best_skill\""} {
		f := crowd(b, 1000, 0, more)
		now := monday
		for i := range 11000 {
			f.Handle(now, Enter{Call: fmt.Sprintf("w%d", i), Queue: "q", Language: []string{"en", "zh", ""}[i%3]})
		}
		var talking []string
		for id := range f.offers {
			o := f.offers[id]
			call, agent := o.entry.call, o.agents[0].name()
			f.Handle(now, OfferAnswered{Offer: id, Call: call, Agent: agent})
			talking = append(talking, call)
		}
		b.Run(fmt.Sprintf("waiting=%d,%s", len(f.calls), more), func(b *testing.B) {
			n := 11000
			for i := range b.N {
				now = now.Add(50 * time.Millisecond)
				b.StopTimer()
				f.Handle(now, Enter{Call: fmt.Sprintf("w%d", n), Queue: "q"}) // the line stays as long
				n++
				b.StartTimer()
				for _, a := range f.Handle(now, CallEnded{talking[i%len(talking)]}) {
					if o, ok := a.(Offer); ok {
						f.Handle(now, OfferAnswered{Offer: o.ID, Call: o.Call, Agent: o.Agents[0].Agent})
						talking[i%len(talking)] = o.Call
					}
				}
			}
		})
	}
}

// BenchmarkACallComesWhereAllAreFree is the decision among 1,000 free agents.
func BenchmarkACallComesWhereAllAreFree(b *testing.B) {
	f := crowd(b, 1000, 0, "")
	b.ResetTimer()
	for i := range b.N {
		f.Handle(monday, Enter{Call: fmt.Sprint(i), Queue: "q", Language: "en"})
		f.Handle(monday, CallEnded{fmt.Sprint(i)})
	}
}

// BenchmarkAReloadOfABigHouse is what callers and agents notice of a reload: 500 queues, 5,000 agents, 10,000 who wait.
func BenchmarkAReloadOfABigHouse(b *testing.B) {
	const agents, queues, waiting = 5000, 500, 10000
	cfg := &hcl.Config{Agents: map[string]*hcl.Agent{}, Queues: map[string]*hcl.Queue{}}
	for i := range agents {
		name := fmt.Sprintf("a%d", i)
		cfg.Agents[name] = &hcl.Agent{Name: name}
		q := fmt.Sprintf("q%d", i%queues)
		if cfg.Queues[q] == nil {
			cfg.Queues[q] = &hcl.Queue{Name: q, Strategy: "longest_idle", OfferTimeout: 20 * time.Second}
		}
		cfg.Queues[q].Agents = append(cfg.Queues[q].Agents, hcl.Destination{Kind: "agent", Name: name})
	}
	f := NewFloor(cfg, 1)
	for i := range agents {
		f.Handle(monday, ChooseStatus{Agent: fmt.Sprintf("a%d", i), Status: Paused})
	}
	for i := range waiting {
		f.Handle(monday, Enter{Call: fmt.Sprint(i), Queue: fmt.Sprintf("q%d", i%queues)})
	}
	b.ResetTimer()
	for range b.N {
		f.Handle(monday, Configure{cfg})
	}
}
