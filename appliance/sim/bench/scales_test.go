package bench

import (
	"fmt"
	"os"
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
		got, spent := s.stream.carry(t, s.pid, 100*time.Millisecond, 300*time.Millisecond)
		if got.sent == 0 || got.received != got.sent || got.strange > 0 || len(got.delays) != got.sent || got.delays[0] <= 0 {
			t.Errorf("%s: %d packets sent, %d arrived, %d strange", s.what, got.sent, got.received, got.strange)
		}
		if spent.process <= 0 || spent.process > spent.wall*2 || spent.ours <= 0 {
			t.Errorf("%s: %+v", s.what, spent)
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
	clock := cpuTime(t, os.Getpid())
	text := contents(t, fmt.Sprintf("/proc/%d/stat", os.Getpid()))
	fields := strings.Fields(text[strings.LastIndex(text, ")"):])
	table := time.Duration(number(t, fields[12])+number(t, fields[13])) * 10 * time.Millisecond // utime and stime
	if after := cpuTime(t, os.Getpid()); table < clock-20*time.Millisecond || table > after+20*time.Millisecond {
		t.Errorf("between %v and %v, and %v by the table", clock, after, table)
	}
}

func TestARowThatDoesNotCountShowsWhyAndNoFigure(t *testing.T) {
	c := tally{begun: 10, ended: 9, gone: 10, repeated: 1}
	if why := c.faults(); len(why) != 2 {
		t.Errorf("lost calls and repeated messages: %q", why)
	}
	if why := (spent{wall: time.Second, ours: 800 * time.Millisecond, drops: 3}).faults(); len(why) != 2 {
		t.Errorf("a busy load and dropped packets: %q", why)
	}
	if why := (carried{sent: 100, received: 98, late: 6 * time.Millisecond}).faults(); len(why) != 2 {
		t.Errorf("lost and late packets: %q", why)
	}
	pairs := paired{}
	for block, cost := range []float64{2, 1, 1, 2} {
		pairs.add(order(block), cost)
	}
	if mean, least, most := pairs.ratio(); mean != 2 || least != 2 || most != 2 {
		t.Errorf("ratio %v (%v to %v)", mean, least, most)
	}
}
