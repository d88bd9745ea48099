package bench

import (
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

const (
	relayBudget = 1.2
	soundWarm   = 300 * time.Millisecond
	soundWindow = 2 * time.Second
)

func weighSound(b *testing.B, calls, blocks int) {
	b.Helper()
	phones := newPhones(b, calls)
	box, w := talking(b, phones)
	w.raise(b, calls)
	null, ports := nullRelay(b, phones)
	ours, bare := newStream(phones, whereTo(b, phones)), newStream(phones, ports)
	var cost paired
	delays, sent, arrived := map[bool][]time.Duration{}, map[bool]int{}, map[bool]int{}
	r := row{what: fmt.Sprintf("relay of a packet, %d calls", calls), budget: fmt.Sprint(relayBudget)}
	for block := range blocks {
		who, s, pid := order(block), bare, null.pid
		if who {
			s, pid = ours, box.pid
		}
		got := s.carry(b, pid, soundWarm, soundWindow)
		cost.add(who, got.cost())
		delays[who] = append(delays[who], got.delays...)
		sent[who], arrived[who] = sent[who]+got.sent, arrived[who]+got.received
		r.again += got.again
		for _, why := range append(got.unfit(), got.faults()...) {
			r.faults = append(r.faults, fmt.Sprintf("%s, block %d: %s", names[who], block+1, why))
		}
	}
	if c := w.counted(); len(c.failed) > 0 {
		r.faults = append(r.faults, fmt.Sprintf("%d of %d calls did not last: %s", len(c.failed), calls, c.failed[0]))
	}
	r.compare(b, cost, "µs", fmt.Sprintf("packet@%d", calls), relayBudget)
	r.more = fmt.Sprintf("lost %d of %d, null %d of %d; from phone to phone %s µs, null %s", sent[true]-arrived[true], sent[true],
		sent[false]-arrived[false], sent[false], percentiles(delays[true], time.Microsecond), percentiles(delays[false], time.Microsecond))
	add(b, r)
	w.hangUp()
	w.await(10*time.Second, allEnded)
	box.end(b, syscall.SIGTERM)
	null.end(b, syscall.SIGKILL)
}

// talking starts a box whose calls have their sound at the phones.
func talking(t testing.TB, phones []phone) (*box, *traffic) {
	t.Helper()
	w := newTraffic(t, nil)
	box := newBox(t, w.near.LocalAddr().String(), w.far.LocalAddr().String())
	box.start()
	subject{box.process, box.address}.settle(t, w)
	w.phones = phones
	w.begin(box.address, plan{ring: 20 * time.Millisecond})
	return box, w
}

// raise brings so many more calls up, and leaves them up.
func (w *traffic) raise(t testing.TB, calls int) {
	t.Helper()
	const rate = 100
	w.call(calls, rate)
	if c := w.await(10*time.Second, allUp); len(c.faults()) > 0 && !allUp(c) || len(c.failed) > 0 {
		t.Fatalf("calls do not come up: %+v", c)
	}
}

// nullRelay carries sound between the phones that a call of the same number joins.
func nullRelay(t testing.TB, phones []phone) (*process, []netip.AddrPort) {
	t.Helper()
	var in strings.Builder
	half := len(phones) / 2
	for i := range half {
		fmt.Fprintf(&in, "%d %d ", phones[i].port, phones[half+i].port)
	}
	in.WriteString("\n")
	log := filepath.Join(t.TempDir(), "ports")
	p := begin(t, log, func(cmd *exec.Cmd) { cmd.Stdin = strings.NewReader(in.String()) }, programs(t).null, "relay")
	var line string
	peers.Await(t, "the null relay tells its ports", 5*time.Second, func() (whole bool) {
		line, _, whole = strings.Cut(contents(t, log), "\n")
		return whole
	})
	ports := make([]netip.AddrPort, len(phones))
	for i, field := range strings.Fields(line) {
		leg := i/2 + i%2*half
		ports[leg] = netip.AddrPortFrom(netip.MustParseAddr(switchHost), uint16(number(t, field)))
	}
	return p, ports
}
