package sip

import (
	"cmp"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// heapNow is what is in use after a collection.
func heapNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestA06AFloodFromEverywhereCostsBoundedMemory(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := r.dialled(u, "1002", "v=0") // a call in progress
	way := flow{udp: r.live.Load().sorted[0].udp}
	rnd := rand.New(rand.NewPCG(1, 2))
	flood := func(n int) {
		for range n {
			way.remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(1 + rnd.IntN(250)), byte(rnd.IntN(256)), byte(rnd.IntN(256))}), 9)
			method := methods[rnd.IntN(len(methods))]
			r.arrive(way, []byte(strings.Replace(ask(method, "1001", ""), "tag=1", "tag="+unique(), 1)))
			if rnd.IntN(1000) == 0 {
				r.clock.Add(int64(10 * time.Millisecond))
			}
		}
		r.settled()
	}
	flood(40000) // the ledgers are full now
	before := heapNow()
	flood(40000)
	if grown := heapNow() - before; grown > 1<<20 {
		t.Errorf("the heap grew by %d kB", grown>>10)
	}
	transactions := 0
	for _, sh := range r.shards {
		done := make(chan struct{})
		sh.post(func() { transactions += len(sh.servers); close(done) })
		<-done
	}
	if transactions != 1 { // the call's
		t.Errorf("%d transactions are kept", transactions)
	}
	if c := r.guard.counters(); c.Strangers > strangersMost || c.Overflow == 0 {
		t.Errorf("%+v", c)
	}
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	r.event(EventConfirmed)
}

// What waits for a shard that is busy is bounded by number and by size.
func TestA06WhatWaitsIsBounded(t *testing.T) {
	r := newRack(t, twoPhones())
	m, _ := parse([]byte(ask("OPTIONS", "1001", "")))
	sh := r.shardOf(m.CallID().Value())
	busy, free := make(chan struct{}), make(chan struct{})
	sh.post(func() { close(busy); <-free })
	<-busy
	way := flow{udp: r.live.Load().sorted[0].udp, remote: netip.MustParseAddrPort("127.0.0.1:9")}
	n := 0
	for sh.deliver(way, m, maxMessage) {
		n++
	}
	if n > maxWaiting/maxMessage {
		t.Errorf("%d of the largest messages wait", n)
	}
	for sh.deliver(way, m, 1) {
		n++
	}
	if n > maxPackets {
		t.Errorf("%d messages wait", n)
	}
	close(free)
}

// pipe serves one connection without a network, so that its time can be made to pass.
func pipe(s *Server, transport string) (peer net.Conn, c *stream, ended chan struct{}) {
	peer, ours := net.Pipe()
	if transport == "tls" {
		ours = tls.Server(ours, s.tlsConfig)
	}
	c = newStream(transport, netip.MustParseAddrPort("192.0.2.7:5060"))
	s.conns.add(c, false)
	ended = make(chan struct{})
	s.work.Go(func() {
		defer close(ended)
		s.run(c, ours)
	})
	return peer, c, ended
}

func TestA10WhoIsSlowOrSilentIsHungUpInTime(t *testing.T) {
	whole := plain("TCP", "l: 0\r\n", "")
	drip := func(what string, every time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			for i := 0; ; i++ {
				if _, err := c.Write([]byte{what[i%len(what)]}); err != nil {
					return
				}
				<-time.After(every)
			}
		}
	}
	for _, c := range []struct {
		what string
		do   func(net.Conn)
		in   time.Duration
		over string // tcp unless it says otherwise
	}{
		{what: "says nothing", do: func(net.Conn) {}, in: headTime},
		{what: "a byte a second", do: drip(whole, time.Second), in: headTime},
		{what: "a byte in nine seconds", do: drip(whole, 9*time.Second), in: headTime},
		{what: "nothing but line ends", do: drip("\r\n", time.Second), in: headTime},
		{what: "half a head", do: func(c net.Conn) { c.Write([]byte(whole[:80])) }, in: headTime},
		{what: "a body that never comes", do: func(c net.Conn) { c.Write(tortureNamed(t, "clerr").wire()) }, in: headTime},
		{what: "no empty line", do: func(c net.Conn) { c.Write(tortureNamed(t, "baddn").wire()) }, in: headTime},
		{what: "no handshake", do: func(net.Conn) {}, in: headTime, over: "tls"},
		{what: "half a handshake", do: drip("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", time.Second), in: headTime, over: "tls"},
		{what: "a request, then silence", do: func(c net.Conn) { c.Write([]byte(whole)) }, in: strangerIdle},
		{what: "a request, then line ends", do: func(c net.Conn) { c.Write([]byte(whole)); drip("\r\n", time.Second)(c) }, in: strangerIdle},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(Options{}, quick)
				peer, _, ended := pipe(s, cmp.Or(c.over, "tcp"))
				began := time.Now()
				var both sync.WaitGroup
				both.Go(func() { io.Copy(io.Discard, peer) })
				both.Go(func() { c.do(peer) })
				<-ended
				if took := time.Since(began); took < c.in || took > c.in+time.Second {
					t.Errorf("hung up after %v, want %v", took, c.in)
				}
				if n := s.Counters().Connections; n != 0 {
					t.Errorf("%d connections are left", n)
				}
				peer.Close()
				s.Close()
				both.Wait()
			})
		})
	}
}

// A peer that does not take its answers is hung up, and what waited for it is gone.
func TestA10WhoDoesNotReadIsHungUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{}, quick)
		peer, c, ended := pipe(s, "tcp")
		for range outQueue + 1 {
			c.send([]byte("x"))
		}
		<-ended
		peer.Close()
		s.Close()
	})
}

func TestA10StrangersLeaveRoomForFriends(t *testing.T) {
	c := connections{byPeer: map[string]*stream{}, bySrc: map[source]int{}}
	from := func(i int) *stream {
		return newStream("tcp", netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060))
	}
	i := 0
	for ; c.add(from(i), false); i++ {
	}
	if i != maxConnectionsStrangers || !c.add(from(i), true) {
		t.Errorf("%d strangers, and no friend", i)
	}
	six := func(i int) *stream {
		a := netip.MustParseAddr("2001:db8:1:2::").As16()
		a[14], a[15] = byte(i>>8), byte(i)
		return newStream("tcp", netip.AddrPortFrom(netip.AddrFrom16(a), 5060))
	}
	c = connections{byPeer: map[string]*stream{}, bySrc: map[source]int{}}
	for i = 0; c.add(six(i), false); i++ {
	}
	if i != maxConnectionsASource {
		t.Errorf("a network of IPv6 has %d connections", i)
	}
}

func rowT04GarbageCostsNoMemoryAndNoCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d := func() (*leg, *Dialog) {
		u.user, u.password = "1001", "secret-one"
		return b.dialled(u, "1002", "v=0")
	}()
	c, err := net.Dial("udp", b.at("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	whole := l.build("OPTIONS", "")
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 20000 {
		junk := []byte(whole)
		for range 1 + i%40 {
			junk[rnd.IntN(len(junk))] = byte(rnd.IntN(256))
		}
		c.Write(junk)
	}
	for _, m := range []string{"INVITE", "SUBSCRIBE", "REGISTER"} { // well formed, and nobody's
		for range 3000 {
			x := &leg{u: u, callID: unique(), from: "<sip:1001@box>;tag=" + unique(), to: "<sip:1@box>", target: "sip:1@" + u.box}
			c.Write([]byte(x.build(m, "")))
		}
	}
	d.Reject(486, Reason{})
	deadline := time.After(patience)
	for done := false; !done; {
		select {
		case m := <-u.in:
			done = strings.Contains(m.first(), "486")
		case <-deadline:
			t.Fatal("the call in progress was lost in the flood")
		}
	}
	if grown := int64(heap()) - int64(before); grown > 4<<20 {
		t.Errorf("the heap grew by %d kB", grown>>10)
	}
	if c := b.Counters(); c.Malformed == 0 && c.Dropped == 0 || c.Panics != 0 {
		t.Errorf("counters %+v", c)
	}
}
