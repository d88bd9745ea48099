package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

const (
	signallingBudget = 1.25
	callWarm         = time.Second
	callWindow       = 10 * time.Second
)

// short is a call that is over soon, so that a rate is steady after a second.
var short = plan{ring: 100 * time.Millisecond, talk: 400 * time.Millisecond}

// loadAlone lets the two ends call each other without a switch between them, faster than they will ever have to.
func loadAlone(b *testing.B, w *traffic) {
	b.Helper()
	const rate, calls = 200, 400
	w.begin(w.far.LocalAddr().String(), short)
	from := read(b, os.Getpid())
	w.call(calls, rate)
	s := from.until(read(b, os.Getpid()))
	c := w.await(5*time.Second, allEnded)
	faults := slices.Concat(c.unfit(), s.unfit(), c.faults(), s.faults())
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
	ended int // calls that ended in the window
	made  int // calls in all, those of runs that the load spoiled included
	again int // runs that the load spoiled
}

func (r borne) unfit() []string  { return append(r.tally.unfit(), r.spent.unfit()...) }
func (r borne) faults() []string { return append(r.tally.faults(), r.spent.faults()...) }

// cost is in milliseconds of CPU a call.
func (r borne) cost() float64 { return milliseconds(r.process) / float64(max(1, r.ended)) }

// bear brings calls at a rate, and weighs the subject in the window.
func (s subject) bear(t testing.TB, w *traffic, rate float64, window time.Duration) (r borne) {
	t.Helper()
	for ; r.again < attempts; r.again++ {
		var from, to reading
		w.begin(s.address, short)
		w.call(int(rate*(callWarm+window+200*time.Millisecond).Seconds()), rate,
			mark{callWarm, func() { from, r.ended = read(t, s.pid), -w.counted().ended }},
			mark{callWarm + window, func() { to, r.ended = read(t, s.pid), r.ended+w.counted().ended }},
		)
		r.tally, r.spent = w.await(10*time.Second, allEnded), from.until(to)
		watch(r.spent)
		if r.made += r.begun; len(r.unfit()) == 0 || len(r.failed) > 0 {
			break
		}
	}
	return r
}

// names of the two sides, by whether it is ours.
var names = map[bool]string{true: "ours", false: "null"}

// weighCalls alternates between ours and the null reference at one rate, and tells how many calls the box had.
func weighCalls(b *testing.B, w *traffic, against string, ours, null subject, rate float64, blocks int) (calls int) {
	b.Helper()
	var cost paired
	setup, repeated, all := map[bool][]time.Duration{}, map[bool]int{}, 0
	r := row{what: fmt.Sprintf("signalling of a bridged call, %.0f a second%s", rate, against), budget: fmt.Sprint(signallingBudget)}
	for block := range blocks {
		who, s := order(block), null
		if who {
			s = ours
		}
		got := s.bear(b, w, rate, callWindow)
		cost.add(who, got.cost())
		setup[who], repeated[who] = append(setup[who], got.setup...), repeated[who]+got.repeated
		if all += got.made; who {
			calls += got.made
		}
		r.again += got.again
		for _, why := range append(got.unfit(), got.faults()...) {
			r.faults = append(r.faults, fmt.Sprintf("%s, block %d: %s", names[who], block+1, why))
		}
	}
	r.compare(b, cost, "ms", fmt.Sprintf("call@%.0f%s", rate, strings.ReplaceAll(against, " ", "-")), signallingBudget)
	r.more = fmt.Sprintf("all %d calls succeeded; sent again %d, null %d; INVITE to 180 %s ms, null %s", all,
		repeated[true], repeated[false], percentiles(setup[true], time.Millisecond), percentiles(setup[false], time.Millisecond))
	add(b, r)
	return calls
}

// records counts the CDRs that the box keeps, once it can be asked.
func (b *box) records(t testing.TB) (n int) {
	t.Helper()
	peers.Await(t, "the box tells of its calls", 10*time.Second, func() bool {
		out, err := exec.Command(programs(t).callbox, "calls", "--past", "--last", "100000", "--json", "--data", b.data).Output()
		n = bytes.Count(out, []byte("\n"))
		return err == nil
	})
	return n
}
