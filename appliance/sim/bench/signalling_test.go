package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

const (
	signallingBudget = 1.25
	callWarm         = 1500 * time.Millisecond
	callWindow       = 10 * time.Second
)

// short is a call that is over soon, so that a rate is steady after a second.
var short = plan{ring: 100 * time.Millisecond, talk: 400 * time.Millisecond}

// BenchmarkSignalling weighs the CPU that a bridged call takes from INVITE to BYE, both legs over UDP, without sound,
// with its facts on disk, against a bare loop of the SIP library under the same calls. Timers of calls that have ended
// run out 32 s later, in whichever block that is: the order of the blocks charges both for the same share of them.
func BenchmarkSignalling(b *testing.B) {
	w := newTraffic(b, nil)
	far := w.far.LocalAddr().String()
	loadAlone(b, w)
	box := newBox(b, w.near.LocalAddr().String(), far)
	if on := filesystem(b, box.dir); on == memoryDisk {
		b.Fatalf("facts on %s are not durable: set TMPDIR to a folder on a disk", on)
	}
	box.start()
	process, address := nullSwitch(b, far)
	ours, null := subject{box.process, box.address}, subject{process, address}
	for _, s := range []subject{ours, null} {
		s.settle(b, w)
		s.bear(b, w, 50, 2*time.Second)
	}
	before, calls := box.records(b), 0
	for b.Loop() {
		calls += weighCalls(b, w, ours, null, 20, 4)
		calls += weighCalls(b, w, ours, null, 50, 8)
	}
	b.ReportMetric(0, "ns/op")
	if kept := box.records(b) - before; kept != calls {
		add(b, row{what: "facts of the calls", faults: []string{fmt.Sprintf("%d calls were made and %d have a CDR", calls, kept)}})
	} else {
		note("signalling: all %d calls of the box have their CDR on disk", calls)
	}
}

// loadAlone lets the two ends call each other without a switch between them, faster than they will ever have to.
func loadAlone(b *testing.B, w *traffic) {
	b.Helper()
	const rate, calls = 200, 400
	w.begin(w.far.LocalAddr().String(), short)
	from := read(b, os.Getpid())
	w.call(calls, rate)
	s := from.until(read(b, os.Getpid()))
	c := w.await(5*time.Second, allEnded)
	faults := append(c.faults(), s.faults()...)
	if c.repeated > 0 {
		faults = append(faults, fmt.Sprintf("%d messages were sent again", c.repeated))
	}
	if len(faults) > 0 {
		add(b, row{what: "the load of the signalling benchmark alone", faults: faults})
	}
	note("signalling: the load alone, at %d calls a second, took %.2f ms of CPU a call and repeated nothing", rate, milliseconds(s.ours)/calls)
}

// subject is a process that switches calls, at an address.
type subject struct {
	*process
	address string
}

// settle waits until a call goes through.
func (s subject) settle(t testing.TB, w *traffic) {
	t.Helper()
	var c tally
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		w.begin(s.address, short)
		w.call(1, 1)
		if c = w.await(3*time.Second, allEnded); c.ended == 1 {
			return
		}
	}
	t.Fatalf("no call goes through %s: %+v\n%s", s.address, c, contents(t, s.log))
}

// borne is what a subject did in the middle of a run.
type borne struct {
	tally
	spent
	calls int // that ended in the window
}

func (r borne) faults() []string { return append(r.tally.faults(), r.spent.faults()...) }

// bear brings calls at a rate, and weighs the subject in the window.
func (s subject) bear(t testing.TB, w *traffic, rate float64, window time.Duration) (r borne) {
	t.Helper()
	var from, to reading
	w.begin(s.address, short)
	w.call(int(rate*(callWarm+window+200*time.Millisecond).Seconds()), rate,
		mark{callWarm, func() { from, r.calls = read(t, s.pid), -w.counted().ended }},
		mark{callWarm + window, func() { to, r.calls = read(t, s.pid), r.calls+w.counted().ended }},
	)
	r.tally, r.spent = w.await(10*time.Second, allEnded), from.until(to)
	watch(r.spent)
	return r
}

// weighCalls alternates between ours and the null reference at one rate, and tells how many calls the box had.
func weighCalls(b *testing.B, w *traffic, ours, null subject, rate float64, blocks int) (calls int) {
	b.Helper()
	var cost paired
	var setup [2][]time.Duration // null, ours
	var repeated [2]int
	r := row{what: fmt.Sprintf("signalling of a bridged call, %.0f a second", rate), budget: fmt.Sprint(signallingBudget)}
	total := 0
	for block := range blocks {
		who, s := 0, null
		if order(block) {
			who, s = 1, ours
		}
		got := s.bear(b, w, rate, callWindow)
		cost.add(order(block), milliseconds(got.process)/float64(max(1, got.calls)))
		setup[who], repeated[who] = append(setup[who], got.setup...), repeated[who]+got.repeated
		total += got.ended
		calls += who * got.begun
		for _, why := range got.faults() {
			r.faults = append(r.faults, fmt.Sprintf("%s, block %d: %s", []string{"null", "ours"}[who], block+1, why))
		}
	}
	slices.Sort(setup[0])
	slices.Sort(setup[1])
	ratio, _, _ := cost.ratio()
	r.ours, r.null, r.ratio = fmt.Sprintf("%.2f ms", mean(cost.ours)), fmt.Sprintf("%.2f ms", mean(cost.null)), cost.spread()
	r.met = ratio <= signallingBudget
	r.more = fmt.Sprintf("all %d calls succeeded; sent again: %d, null %d; INVITE to 180 p50 %.1f p99 %.1f ms, null %.1f and %.1f", total,
		repeated[1], repeated[0], milliseconds(share(setup[1], 0.5)), milliseconds(share(setup[1], 0.99)),
		milliseconds(share(setup[0], 0.5)), milliseconds(share(setup[0], 0.99)))
	add(b, r)
	b.ReportMetric(mean(cost.ours), fmt.Sprintf("ours-ms/call@%.0f", rate))
	b.ReportMetric(mean(cost.null), fmt.Sprintf("null-ms/call@%.0f", rate))
	b.ReportMetric(ratio, fmt.Sprintf("ratio@%.0f", rate))
	return calls
}

// records counts the CDRs that the box keeps.
func (b *box) records(t testing.TB) int {
	t.Helper()
	out, err := exec.Command(programs(t).callbox, "calls", "--past", "--last", "100000", "--json", "--data", b.data).Output()
	if err != nil {
		t.Fatalf("callbox calls --past: %v", err)
	}
	return bytes.Count(out, []byte("\n"))
}
