package bench

import (
	"fmt"
	"testing"
	"time"
)

const (
	jitterBudget   = 2 * time.Millisecond
	churnWindow    = 20 * time.Second
	recoveryBudget = 5 * time.Second
)

// churn carries the sound of calls while others come and go, and tells how unevenly it came.
func churn(b *testing.B, calls int, rate float64) {
	b.Helper()
	phones := newPhones(b, calls)
	box, w := talking(b, phones)
	w.raise(b, calls)
	null, ports := nullRelay(b, phones)
	bare := newStream(phones, ports).carry(b, null.pid, soundWarm, churnWindow/4)
	w.turn(short)
	c := newStream(phones, whereTo(b, phones)).flow(b)
	from := read(b, box.pid)
	w.call(int(rate*churnWindow.Seconds()), rate)
	to := read(b, box.pid)
	got := weighed{carried: c.halt(from.at, to.at), spent: from.until(to)}
	watch(got.spent)
	jitter, null99 := uneven(got.delays), uneven(bare.delays)
	r := row{
		what: fmt.Sprintf("jitter added to %d calls while %.0f a second come and go, p99", calls, rate),
		ours: fmt.Sprintf("%.2f ms", milliseconds(jitter)), null: fmt.Sprintf("%.2f ms", milliseconds(null99)), budget: "2 ms",
		met: jitter <= jitterBudget, faults: append(got.unfit(), got.faults()...),
	}
	r.more = fmt.Sprintf("lost %d of %d; from phone to phone %s µs, null without coming and going %s", got.sent-got.received, got.sent,
		percentiles(got.delays, time.Microsecond), percentiles(bare.delays, time.Microsecond))
	w.hangUp()
	if c := w.await(10*time.Second, allEnded); len(c.faults()) > 0 {
		r.faults = append(r.faults, c.faults()...)
	}
	b.ReportMetric(milliseconds(jitter), "jitter-ms")
	add(b, r)
}

// uneven is by how much the delays of 99 of 100 packets differ from the middle one at most.
func uneven(sorted []time.Duration) time.Duration {
	middle := share(sorted, 0.5)
	return max(share(sorted, 0.99)-middle, middle-share(sorted, 0.01))
}

// rush brings calls at a rate for so long, none of which may fail.
func rush(b *testing.B, rate float64, long time.Duration) {
	b.Helper()
	w := newTraffic(b, nil)
	box := newBox(b, w.near.LocalAddr().String(), w.far.LocalAddr().String())
	box.start()
	s := subject{box.process, box.address}
	s.settle(b, w)
	before := box.records(b)
	w.begin(s.address, short)
	from := read(b, s.pid)
	w.call(int(rate*long.Seconds()), rate)
	spent := from.until(read(b, s.pid))
	watch(spent)
	c := w.await(10*time.Second, allEnded)
	r := row{
		what: fmt.Sprintf("%.0f calls a second for %v", rate, long), ours: fmt.Sprintf("%d of %d", c.ended, c.begun), budget: "all",
		met: c.ended == c.begun, faults: append(c.unfit(), spent.unfit()...),
	}
	if kept := box.records(b) - before; kept != c.ended {
		r.faults = append(r.faults, fmt.Sprintf("of %d calls %d have a CDR", c.ended, kept))
	}
	if !r.met {
		r.faults = append(r.faults, c.faults()...)
	}
	r.more = fmt.Sprintf("%.2f ms of CPU a call; sent again %d; INVITE to 180 %s ms", milliseconds(spent.process)/float64(max(1, c.ended)),
		c.repeated, percentiles(c.setup, time.Millisecond))
	add(b, r)
}

// flood brings three times the calls that the box can bear while sound flows in others, and looks whether those suffer,
// whether the excess is told so, and how soon all is as before.
func flood(b *testing.B) {
	b.Helper()
	const talking100, heavy, lasts = 100, 3000, 5 * time.Second
	phones := newPhones(b, talking100)
	_, w := talking(b, phones)
	w.raise(b, talking100)
	c := newStream(phones, whereTo(b, phones)).flow(b)
	w.turn(short)
	from := time.Now()
	w.call(int(heavy*lasts.Seconds()), heavy)
	over := time.Now()
	w.await(recoveryBudget, func(c tally) bool { return c.ended+c.shed+len(c.failed) >= c.begun-talking100 })
	settled := time.Since(over)
	mid := w.counted()
	w.call(600, 100) // until it is as before, and a second longer
	after := w.await(5*time.Second, func(c tally) bool { return c.ended+c.shed+len(c.failed) >= c.begun-talking100 })
	sound := c.halt(from, time.Now().Add(-frame))
	served, normal := mid.ended, max(0, after.lastShed.Sub(over))
	r := row{
		what: fmt.Sprintf("%d calls a second for %v beside %d that talk", heavy, lasts, talking100),
		ours: fmt.Sprintf("%d served, %d shed", served, mid.shed), budget: "503 for the excess",
		met: len(mid.failed) == 0 && mid.shed > 0 && len(after.failed) == 0 && normal <= recoveryBudget && sound.lost() < 0.001,
	}
	if len(after.failed) > 0 {
		r.faults = append(r.faults, fmt.Sprintf("%d calls failed, the first: %s", len(after.failed), after.failed[0]))
	}
	r.more = fmt.Sprintf("sound lost %d of %d packets, from phone to phone %s ms; all settled %v after the last; then %d of 600 calls at 100 a second were shed, the last %v after the flood; sent again %d; the load was late by %v",
		sound.sent-sound.received, sound.sent, percentiles(sound.delays, time.Millisecond), settled.Round(time.Millisecond), after.shed-mid.shed, normal.Round(time.Millisecond), mid.repeated, mid.late.Round(time.Millisecond))
	add(b, r)
	w.hangUp()
	w.await(10*time.Second, allEnded)
}
