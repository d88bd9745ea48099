package sip

import (
	"log/slog"
	"net"
	"strings"
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

func TestABoxWithLittleRoomForBurstsSaysOnceWhatToSet(t *testing.T) {
	var log strings.Builder
	b := startBox(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, Settings{})
	for range 2 {
		u, err := listenUDP("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer u.conn.Close()
		if err := u.conn.SetReadBuffer(1 << 20); err != nil {
			t.Fatal(err)
		}
		b.roomy(u)
	}
	if said := log.String(); strings.Count(said, "net.core.rmem_max = 4194304") != 1 || strings.Count(said, "level=WARN") != 1 {
		t.Errorf("the log says:\n%s", said)
	}
}
