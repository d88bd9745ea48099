package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The benchmarks, in the order in which they run. Together they take a quarter of an hour.

// BenchmarkStart takes the time from the start of the process to the 200 of the first INVITE, to the echo test, of a
// phone that keeps asking: with a data directory that does not exist yet, and with the one of a run before. The null
// reference is the bare loop, which reads no configuration and keeps nothing.
func BenchmarkStart(b *testing.B) {
	programs(b)
	var fresh, again, null []time.Duration
	box := newBox(b, nobody, nobody)
	startBox(b, box) // makes the directory that those of the second row find
	for b.Loop() {
		for range starts {
			fresh = append(fresh, startBox(b, newBox(b, nobody, nobody)))
			null = append(null, startNull(b))
			again = append(again, startBox(b, box))
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, s := range []struct {
		what  string
		times []time.Duration
	}{{"fresh", fresh}, {"again", again}, {"null", null}} {
		slices.Sort(s.times)
		b.ReportMetric(milliseconds(share(s.times, 0.5)), s.what+"-ms")
	}
	add(b, startRow("start to first answered INVITE, new data", fresh, null))
	add(b, startRow("start to first answered INVITE, data of a run before", again, null))
}

// BenchmarkSignalling weighs the CPU that a bridged call takes from INVITE to BYE, both legs over UDP, without sound,
// with its facts on disk, against a bare loop of the SIP library under the same calls. Timers of calls that have ended
// run out 32 s later, in whichever block that is: the order of the blocks charges both for the same share of them.
func BenchmarkSignalling(b *testing.B) {
	w := newTraffic(b, nil)
	far := w.far.LocalAddr().String()
	loadAlone(b, w)
	box := newBox(b, w.near.LocalAddr().String(), far)
	if on := filesystem(box.dir); on == memoryDisk {
		b.Fatalf("facts on %s are not durable: set TMPDIR to a folder on a disk", on)
	}
	box.start()
	process, address := nullSwitch(b, far)
	ours, null := subject{box.process, box.address}, subject{process, address}
	process, address = dutiful(b, far)
	floor := subject{process, address}
	for _, s := range []subject{ours, null, floor} {
		s.settle(b, w)
		s.bear(b, w, 50, 2*time.Second)
	}
	before, calls := box.records(b), 0
	for b.Loop() {
		calls += weighCalls(b, w, "", ours, null, 50, 4)
		calls += weighCalls(b, w, "", ours, null, 300, 4)
		calls += weighCalls(b, w, " against a loop that keeps its calls", ours, floor, 50, 4)
		calls += weighCalls(b, w, " against a loop that keeps its calls", ours, floor, 300, 4)
	}
	b.ReportMetric(0, "ns/op")
	live := box.records(b) - before
	box.end(b, hardest())
	box.start()
	if kept := box.records(b) - before; live != calls || kept != calls {
		add(b, row{what: "facts of the calls", faults: []string{fmt.Sprintf("of %d calls %d have a CDR, and %d after kill -9", calls, live, kept)}})
	} else {
		note("signalling: all %d calls of the box have their CDR, and had it after kill -9", calls)
	}
}

// BenchmarkRelay weighs the CPU that the box takes to carry one packet of a bridged call, against a bare loop of epoll,
// recvfrom and sendto for the same phones. Both carry both directions of every call, 50 packets a second each.
func BenchmarkRelay(b *testing.B) {
	for b.Loop() {
		for _, load := range []struct{ calls, blocks int }{{200, 8}, {800, 8}} {
			weighSound(b, load.calls, load.blocks)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkChurn takes how evenly 200 calls are carried while 50 others a second begin and end beside them.
func BenchmarkChurn(b *testing.B) {
	for b.Loop() {
		churn(b, 200, 50)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRush brings 300 calls a second for a minute, all of which must succeed, and then three times what the box
// can bear beside calls that are up: the excess is refused with 503 and Retry-After, the calls that are up do not
// suffer, and five seconds later all is as before.
func BenchmarkRush(b *testing.B) {
	for b.Loop() {
		rush(b, 300, time.Minute)
		flood(b)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkMemory takes what a bridged call with its sound keeps in memory: the slope of the proportional set size
// between two plateaus, each looked at when the traces of setting calls up are gone. The memory of the kernel for the
// four sockets of a call is not in it.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		phones := newPhones(b, manyCalls)
		box, w := talking(b, phones)
		few := plateau(b, box, w, phones, fewCalls)
		many := plateau(b, box, w, phones, manyCalls)
		perCall := float64(median(many)-median(few)) / (manyCalls - fewCalls) / 1024
		b.ReportMetric(perCall, "KB/call")
		add(b, row{
			what: "memory of a bridged call", ours: fmt.Sprintf("%.0f KB", perCall), budget: fmt.Sprintf("%d KB", memoryBudget),
			met:  perCall <= memoryBudget,
			more: fmt.Sprintf("the box has %s with %d calls and %s with %d", megabytes(few), fewCalls, megabytes(many), manyCalls),
		})
	}
	b.ReportMetric(0, "ns/op")
}
