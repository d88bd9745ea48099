package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	memoryBudget = 60 // KB
	fewCalls     = 500
	manyCalls    = 2000
	// sparse is how often the phones of that many calls speak: often enough that no call counts as silent
	sparse = 2 * time.Second
	// what a call leaves behind in the transactions of SIP is gone after 32 s (timers of RFC 3261 section 17)
	memorySettles = 34 * time.Second
	memoryLooks   = 11
)

func megabytes(of []float64) string {
	const mega = 1 << 20
	return fmt.Sprintf("%.1f MB (%.1f to %.1f)", median(of)/mega, slices.Min(of)/mega, slices.Max(of)/mega)
}

// plateau brings so many calls up, lets them talk, and gives what the box takes of memory, in bytes, once all has settled.
func plateau(b *testing.B, box *box, w *traffic, phones []phone, calls int) (seen []float64) {
	b.Helper()
	w.raise(b, calls-w.counted().begun)
	half := len(phones) / 2
	talking := slices.Concat(phones[:calls], phones[half:half+calls])
	c := newStream(talking, whereTo(b, talking)).each(sparse).flow(b)
	began := time.Now()
	look := time.NewTicker(memorySettles / memoryLooks)
	defer look.Stop()
	from := read(b, box.pid)
	for range memoryLooks {
		<-look.C
		seen = append(seen, float64(pss(b, box.pid)))
	}
	watch(from.until(read(b, box.pid)))
	got := c.halt(began, time.Now().Add(-frame))
	if faults := got.faults(); len(faults) > 0 || len(w.counted().failed) > 0 {
		add(b, row{what: fmt.Sprintf("memory with %d calls", calls), faults: append(faults, w.counted().failed...)})
	}
	return seen[len(seen)*2/3:]
}
