package sip

import (
	"net"
	"testing"
)

func TestDatagramsThatTheKernelThrowsAwayAreCounted(t *testing.T) {
	b := newBox(t)
	spare, err := listenUDP("udp4", "127.0.0.1:0") // nobody reads from it
	if err != nil {
		t.Fatal(err)
	}
	defer spare.conn.Close()
	if m, ok := spare.kernel(); !ok || m.readLimit == 0 {
		t.Fatalf("the kernel tells %+v", m)
	}
	if err := spare.conn.SetReadBuffer(2048); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", spare.local.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 100 {
		c.Write(make([]byte, 1000))
	}
	was := b.live.Load()
	now := *was
	now.sorted = append([]*listener{{udp: spare}}, was.sorted...)
	b.live.Store(&now)
	defer b.live.Store(was)
	b.countDrops()
	n := b.Counters().KernelDrops
	b.countDrops()
	if n < 50 || b.Counters().KernelDrops != n {
		t.Errorf("%d, then %d", n, b.Counters().KernelDrops)
	}
}
