package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	memoryBudget = 60 // KB
	fewCalls     = 20
	manyCalls    = 120
	// what a call leaves behind in the transactions of SIP is gone after 32 s (timers of RFC 3261 section 17)
	memorySettles = 34 * time.Second
	memoryLooks   = 11
)

// BenchmarkMemory takes what a bridged call with its sound keeps in memory: the slope of the proportional set size
// between two plateaus, each looked at when the traces of setting calls up are gone. The memory of the kernel for the
// four sockets of a call is not in it.
func BenchmarkMemory(b *testing.B) {
	var perCall float64
	var few, many int
	for b.Loop() {
		phones := newPhones(b, manyCalls)
		box, w := talking(b, phones)
		few = plateau(b, box, w, phones, fewCalls)
		many = plateau(b, box, w, phones, manyCalls)
		perCall = float64(many-few) / (manyCalls - fewCalls) / 1024
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perCall, "KB/call")
	r := row{
		what: "memory of a bridged call", ours: fmt.Sprintf("%.0f KB", perCall), null: "–", ratio: "–", budget: fmt.Sprintf("%d KB", memoryBudget),
		met:  perCall <= memoryBudget,
		more: fmt.Sprintf("the box: %.1f MB with %d calls, %.1f MB with %d", mega(few), fewCalls, mega(many), manyCalls),
	}
	add(b, r)
}

func mega(bytes int) float64 { return float64(bytes) / (1 << 20) }

// plateau brings so many calls up, lets them talk, and gives the middle of what the box takes of memory.
func plateau(b *testing.B, box *box, w *traffic, phones []phone, calls int) int {
	b.Helper()
	w.raise(b, calls-w.counted().begun)
	half := len(phones) / 2
	talking := slices.Concat(phones[:calls], phones[half:half+calls])
	c := newStream(talking, whereTo(b, talking)).flow(b)
	began := time.Now()
	look := time.NewTicker(memorySettles / memoryLooks)
	defer look.Stop()
	from := read(b, box.pid)
	var seen []int
	for range memoryLooks {
		<-look.C
		seen = append(seen, pss(b, box.pid))
	}
	watch(from.until(read(b, box.pid)))
	got := c.halt(began, time.Now().Add(-frame))
	if faults := got.faults(); len(faults) > 0 || len(w.counted().failed) > 0 {
		add(b, row{what: fmt.Sprintf("memory with %d calls", calls), faults: append(faults, w.counted().failed...)})
	}
	last := seen[len(seen)*2/3:] // when all has settled
	slices.Sort(last)
	return last[len(last)/2]
}
