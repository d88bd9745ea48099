package lua

import (
	"slices"
	"testing"
	"time"
)

const trivial = `local M = {}
function M.f(call, args)
  return { found = true, holder = "Chen", number = args.number }
end
return M`

// What a caller waits for a function that asks nothing of the box.
func BenchmarkAFunctionThatAsksNothing(b *testing.B) {
	office := with(b, single("p", trivial))
	args := map[string]any{"number": "123456"}
	call := &fakeCall{}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := office.Host.Run(b.Context(), "p", "f", call, args, 0); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

// The same while several calls do it at once.
func BenchmarkFunctionsOfManyCallsAtOnce(b *testing.B) {
	office := with(b, single("p", trivial))
	b.RunParallel(func(pb *testing.PB) {
		call := &fakeCall{}
		for pb.Next() {
			if _, err := office.Host.Run(b.Context(), "p", "f", call, map[string]any{"number": "123456"}, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One question to the box within a function.
func BenchmarkAQuestionToTheBox(b *testing.B) {
	office := with(b, body(`local kv = require "callbox.kv" for i = 1, 100 do kv.get("x") end`))
	for b.Loop() {
		if _, err := office.run(b, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/question")
}

// What an instruction costs, counted.
func BenchmarkInstructions(b *testing.B) {
	p := body(`local n = 0 for i = 1, 100000 do n = n + i end return { n = n }`)
	office := with(b, p)
	for b.Loop() {
		if _, err := office.run(b, nil); err != nil {
			b.Fatal(err)
		}
	}
}
