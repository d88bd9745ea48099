package bench

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Nothing here looks at how long something took: it is the proof that what the benchmarks read is there to be read.
func TestTheScalesSeeCallsAndPacketsThroughTheBoxAndThroughTheNullReferences(t *testing.T) {
	const calls = 3
	phones := newPhones(t, calls)
	box, w := talking(t, phones)
	w.raise(t, calls)
	null, ports := nullRelay(t, phones)
	for _, s := range []struct {
		what   string
		stream *stream
		pid    int
	}{
		{"the box", newStream(phones, whereTo(t, phones)), box.pid},
		{"the null relay", newStream(phones, ports), null.pid},
	} {
		got := s.stream.carry(t, s.pid, 100*time.Millisecond, 300*time.Millisecond)
		if got.sent == 0 || got.received != got.sent || got.strange > 0 || len(got.delays) != got.sent || got.delays[0] <= 0 {
			t.Errorf("%s: %d packets sent, %d arrived, %d strange", s.what, got.sent, got.received, got.strange)
		}
		if got.process <= 0 || got.process > 2*got.wall || got.ours <= 0 {
			t.Errorf("%s: %+v", s.what, got.spent)
		}
	}
	w.hangUp()
	if c := w.await(5*time.Second, allEnded); c.ended != calls || c.gone != calls || len(c.failed) > 0 {
		t.Errorf("calls with sound: %+v", c)
	}
	if kept := box.records(t); kept < calls {
		t.Errorf("%d CDRs", kept)
	}
	if n := pss(t, box.pid); n < 1<<20 || n > 1<<30 {
		t.Errorf("the box has %d bytes", n)
	}
}

func TestTheNullSwitchJoinsTheSameCallsAsTheBox(t *testing.T) {
	w := newTraffic(t, nil)
	null, address := nullSwitch(t, w.far.LocalAddr().String())
	s := subject{null, address}
	s.settle(t, w)
	w.begin(address, plan{ring: 10 * time.Millisecond, talk: 10 * time.Millisecond})
	w.call(10, 100)
	if c := w.await(5*time.Second, allEnded); c.ended != 10 || c.gone != 10 || c.confirmed != 10 || len(c.setup) != 10 || len(c.failed) > 0 {
		t.Errorf("%+v\n%s", c, contents(t, null.log))
	}
	startNull(t)
}

func TestTheProcessorClockSaysTheSameAsTheProcessTable(t *testing.T) {
	null, _ := nullSwitch(t, nobody)
	for _, pid := range []int{os.Getpid(), null.pid} {
		clock := cpuTime(t, pid)
		text := contents(t, fmt.Sprintf("/proc/%d/stat", pid))
		fields := strings.Fields(text[strings.LastIndex(text, ")"):])
		table := time.Duration(number(t, fields[12])+number(t, fields[13])) * 10 * time.Millisecond // utime and stime
		if after := cpuTime(t, pid); table < clock-20*time.Millisecond || table > after+20*time.Millisecond {
			t.Errorf("process %d: between %v and %v, and %v by the table", pid, clock, after, table)
		}
	}
}

func TestARowThatDoesNotCountShowsWhyAndNoFigure(t *testing.T) {
	if why := (tally{begun: 10, ended: 9, gone: 10, repeated: 1}).faults(); len(why) != 2 {
		t.Errorf("lost calls and repeated messages: %q", why)
	}
	if why := (carried{sent: 100, received: 98, strange: 1}).faults(); len(why) != 2 {
		t.Errorf("lost and strange packets: %q", why)
	}
	if why := (spent{wall: time.Second, drops: 3}).faults(); len(why) != 1 {
		t.Errorf("dropped datagrams: %q", why)
	}
	busy := spent{wall: time.Second, ours: 800 * time.Millisecond}
	if why := slices.Concat(busy.unfit(), carried{late: 6 * time.Millisecond}.unfit(), tally{late: time.Second}.unfit()); len(why) != 3 {
		t.Errorf("a load that is busy or late: %q", why)
	}
	var out bytes.Buffer
	table(&out, []row{{what: "calls", ours: "1.23 ms", faults: []string{"2 failed"}}})
	if text := out.String(); !strings.Contains(text, "does not count: 2 failed") || strings.Contains(text, "1.23") {
		t.Error(text)
	}
}

func TestRatiosAreTakenPairByPair(t *testing.T) {
	var p paired
	for block, cost := range []float64{2, 1, 3, 6, 10, 5, 40, 10} { // ours, null, null, ours, null, ours, ours, null
		p.add(order(block), cost)
	}
	if got := fmt.Sprint(p.ratios()); got != "[0.5 2 2 4]" || p.ratio() != 2 {
		t.Errorf("ratios %s, in the middle %v", got, p.ratio())
	}
}
