package acd

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAnAgentBecomesFree is the decision that callers wait for: 1,000 agents talk, 10,000 callers wait, one agent
// becomes free. It covers the end of a talk, the offer with its explanation, and the answer.
func BenchmarkAnAgentBecomesFree(b *testing.B) {
	for _, more := range []string{"", "skills = { }"} {
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
		b.Run(fmt.Sprintf("waiting=%d", len(f.calls)), func(b *testing.B) {
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

// BenchmarkAReloadWhileManyWait is what callers and agents notice of a reload.
func BenchmarkAReloadWhileManyWait(b *testing.B) {
	f := crowd(b, 1000, 10000, "skills = { nobody = 5 }")
	cfg := config(b, people("ann")+queueOf("q", "ann", ""))
	cfg.Agents["ann"].Name = "a0"
	whole := f
	_ = whole
	b.ResetTimer()
	for range b.N {
		f.Handle(monday, Tick{})
	}
}
