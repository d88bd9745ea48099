package media

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestTwoPeopleHearEachOtherWhateverLawTheyWrite(t *testing.T) {
	for _, c := range []struct{ caller, called Codec }{{PCMA, PCMA}, {PCMU, PCMU}, {PCMA, PCMU}, {PCMU, PCMA}} {
		t.Run(c.caller.Name+" and "+c.called.Name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{Workers: 2, PortLow: 10000, PortHigh: 15999})
			caller, _ := open(t, phones)
			called, _ := open(t, phones)
			a, events := open(t, e)
			b, _ := open(t, e)
			connect(t, caller, a, c.caller)
			connect(t, called, b, c.called)
			if a.worker == b.worker {
				t.Fatal("both legs began on one worker, so the move is not tried")
			}
			Join(a, b)
			if a.worker != b.worker {
				t.Fatal("joined legs live on two workers")
			}
			caller.Play(ToneSound(time.Second, 440), true)
			called.Play(ToneSound(time.Second, 1000), true)
			wantEvent(t, events, EventFirst)
			heardByCaller, heardByCalled := caller.Capture(), called.Capture()
			wantTone(t, hearFrames(t, heardByCaller, 15)[400:], 1000)
			wantTone(t, hearFrames(t, heardByCalled, 15)[400:], 440)
			s := a.Stats()
			if s.Codec != c.caller.Name || s.PacketsIn == 0 || s.PacketsOut == 0 || s.MOS < 4 || s.Peer.Port() != uint16(caller.Port()) {
				t.Errorf("stats of a good call: %+v", s)
			}
		})
	}
}

func TestPeopleTalkOverIPv6AndOverIPv4OnTheSameKindOfSocket(t *testing.T) {
	for _, host := range []string{"::1", "::ffff:127.0.0.1"} {
		at := netip.MustParseAddr(host)
		if fd, _, err := openUDP(at, 0, rtpQueue); err != nil {
			t.Logf("this host has no IPv6: %v", err)
			return
		} else {
			unix.Close(fd)
		}
		e := box(t, Options{Bind: at, Workers: 2})
		a, _ := open(t, e)
		b, _ := open(t, e)
		answer, err := b.Answer(a.Offer(at, []Codec{PCMU}, SendRecv), at, []Codec{PCMU}, SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Accept(answer); err != nil {
			t.Fatal(err)
		}
		a.Play(ToneSound(time.Second, 600), true)
		wantTone(t, listen(t, b, 10), 600)
		if got := b.Stats().Peer; got != netip.AddrPortFrom(at.Unmap(), uint16(a.Port())) {
			t.Errorf("peer %v", got)
		}
	}
}

func TestAPhoneOnHoldHearsNothingAndSaysNothing(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, events := open(t, e)
	b, _ := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.call(b, "sendrecv")
	Join(a, b)
	one.say(1)
	two.hear()
	one.call(a, "inactive")
	if a.PeerDirection() != Inactive {
		t.Errorf("direction %v", a.PeerDirection())
	}
	a.Stats() // a round through the worker: it knows of the hold now
	one.say(2)
	two.leg = addrOf(b)
	two.say(3)
	until(t, "both packets arrive", func() bool { return a.Stats().PacketsIn == 2 && b.Stats().PacketsIn == 1 })
	id := a.Play(ToneSound(40*time.Millisecond, 440), false)
	if got := wantEvent(t, events, EventPlayed); got.Play != id {
		t.Error("what plays to a phone on hold does not end")
	}
	one.call(a, "sendrecv")
	one.say(4)
	two.say(5)
	if got := two.hear(); got.payload[0] != 4 {
		t.Errorf("heard %x from a phone on hold", got.payload[0])
	}
	if got := one.hear(); got.payload[0] != 5 {
		t.Errorf("heard %x while on hold", got.payload[0])
	}
}

func TestAfterPartingNobodyHearsTheOther(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.call(b, "sendrecv")
	Join(a, b)
	one.say(1)
	if got := two.hear(); got.payload[0] != 1 {
		t.Fatalf("heard %x", got.payload[0])
	}
	a.Part()
	a.Stats() // the worker has done what came before
	one.say(2)
	until(t, "the packet arrives", func() bool { return a.Stats().PacketsIn == 2 })
	Join(a, b)
	a.Stats()
	one.say(3)
	if got := two.hear(); got.payload[0] != 3 || !got.marker {
		t.Fatalf("heard %x, marker %v: what was said while parted came through", got.payload[0], got.marker)
	}
}

func TestTheReceiverSeesOneSenderWhileMusicAndPeopleAlternate(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, events := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.call(b, "sendrecv")
	Join(a, b)
	var all []packet
	one.say(1)
	all = append(all, two.hear())
	b.Play(ToneSound(60*time.Millisecond, 440), false)
	for range 3 {
		all = append(all, two.hear())
	}
	wantEvent(t, events, EventPlayed)
	one.ssrc = 0xbeef // and the speaker's phone starts a new stream of its own
	one.seq, one.ts = 7, 9
	for range 2 {
		one.say(2)
		all = append(all, two.hear())
	}
	b.Echo(true)
	b.Stats()
	two.leg = addrOf(b)
	two.say(3)
	all = append(all, two.hear())
	marked := []bool{true, true, false, false, true, false, true}
	for i := 1; i < len(all); i++ {
		was, is := all[i-1], all[i]
		if is.ssrc != was.ssrc || is.seq != was.seq+1 {
			t.Errorf("packet %d: ssrc %x seq %d after ssrc %x seq %d", i, is.ssrc, is.seq, was.ssrc, was.seq)
		}
		if step := int32(is.ts - was.ts); step < 160 || step > 8000*10 {
			t.Errorf("packet %d: timestamp moved by %d", i, step)
		}
		if is.marker != marked[i] {
			t.Errorf("packet %d: marker %v", i, is.marker)
		}
	}
}

func TestASoundTellsWhenItIsOverAndALoopNeverDoes(t *testing.T) {
	e := box(t, Options{})
	leg, events := open(t, e)
	p := newPhone(t)
	waiting := leg.Play(ToneSound(40*time.Millisecond, 440), false) // before anybody listens: it waits
	p.call(leg, "sendrecv")
	if got := wantEvent(t, events, EventPlayed); got.Play != waiting || got.Stream != leg {
		t.Errorf("event %+v for play %d", got, waiting)
	}
	if first, second := p.hear(), p.hear(); len(first.payload) != 160 || len(second.payload) != 160 {
		t.Error("frames are not 20 ms")
	}
	loop := leg.Play(ToneSound(40*time.Millisecond, 440), true)
	for range 5 {
		p.hear()
	}
	id := leg.Play(NewSound(nil), false) // nothing is over at once
	if got := wantEvent(t, events, EventPlayed); got.Play != id || got.Play == loop {
		t.Errorf("event %+v for play %d", got, id)
	}
	leg.Play(NewSound(nil), true)
	if leg.Play(nil, false) != 0 {
		t.Error("no sound at all has a play id")
	}
	leg.Stop()
}

func TestACallerHearsRingbackBeforeTheAnswer(t *testing.T) {
	phones, e := box(t, Options{}), box(t, Options{PortLow: 10000, PortHigh: 15999})
	caller, _ := open(t, phones)
	leg, _ := open(t, e)
	connect(t, caller, leg, PCMU) // the 183 carries this answer; the 200 comes later
	leg.Play(ToneSound(time.Second, 425), true)
	wantTone(t, listen(t, caller, 10), 425)
}

func TestEchoBringsBackWhatWasSaid(t *testing.T) {
	e := box(t, Options{})
	leg, _ := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv")
	leg.Echo(true)
	leg.Stats()
	p.say(0x42)
	if got := p.hear(); got.payload[0] != 0x42 || got.ssrc == p.ssrc {
		t.Errorf("echo of %x under ssrc %x", got.payload[0], got.ssrc)
	}
}

func rowM11AllPortsComeBackAfterTenThousandCalls(t *testing.T) {
	e := box(t, Options{PortLow: 20000, PortHigh: 20199, quarantine: 1})
	for i := range 10_000 {
		s, err := e.Open(nil)
		if err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if i%3 == 0 {
			if _, err := s.Answer([]byte("v=0\r\nm=audio 9 RTP/SAVP 0\r\n"), localhost, []Codec{PCMA}, SendRecv); err == nil {
				t.Fatal("a broken offer was answered")
			}
		}
		s.Close()
		s.Close()
	}
	if used, total := e.Ports(); used != 0 || total != 100 {
		t.Errorf("%d of %d ports held", used, total)
	}
	if n := e.Counters().Streams; n != 0 {
		t.Errorf("%d streams counted", n)
	}
}

func rowM11TheCallBeyondTheLastPortIsRefused(t *testing.T) {
	e := box(t, Options{PortLow: 20200, PortHigh: 20205, quarantine: time.Hour})
	for range 3 {
		open(t, e)
	}
	if _, err := e.Open(nil); !errors.Is(err, ErrNoPorts) {
		t.Errorf("one more: %v", err)
	}
	e.SetPorts(20300, 20303)
	s, _ := open(t, e)
	if s.Port() < 20300 {
		t.Errorf("port %d is of the old range", s.Port())
	}
	if used, total := e.Ports(); used != 4 || total != 2 {
		t.Errorf("used %d of %d while old calls drain", used, total)
	}
}

func rowM12APortRestsUntilTheLatePacketsOfItsCallAreGone(t *testing.T) {
	now := time.Now()
	p := newPorts(21001, 21004, quarantine) // one pair: 21002 and 21003
	port, ok := p.take(now)
	if !ok || port != 21002 {
		t.Fatalf("port %d, %v", port, ok)
	}
	p.give(port, now)
	p.give(port, now) // once is enough
	if used, total := p.count(); used != 0 || total != 1 {
		t.Errorf("%d of %d", used, total)
	}
	if _, ok := p.take(now.Add(quarantine - 1)); ok {
		t.Error("the next call got the port at once")
	}
	p.set(21000, 21003) // a change of the range wakes nobody early and doubles nothing
	if port, ok := p.take(now.Add(quarantine - 1)); !ok || port != 21000 {
		t.Errorf("port %d, %v", port, ok)
	}
	if port, ok := p.take(now.Add(quarantine)); !ok || port != 21002 {
		t.Errorf("after its rest: port %d, %v", port, ok)
	}
	if _, ok := p.take(now.Add(time.Hour)); ok {
		t.Error("a port was given twice")
	}
}

func TestAPortOfAnotherProgramIsSteppedOver(t *testing.T) {
	taken, _, err := openUDP(localhost, 20404, rtpQueue)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(taken)
	e := box(t, Options{PortLow: 20404, PortHigh: 20407})
	s, _ := open(t, e)
	if s.Port() != 20406 {
		t.Errorf("port %d", s.Port())
	}
}

func TestRelayingAndPlayingAllocateNothing(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	if _, err := b.Answer(two.sdp("sendrecv"), localhost, []Codec{PCMU}, SendRecv); err != nil { // transcoded
		t.Fatal(err)
	}
	Join(a, b)
	b.Play(ToneSound(time.Second, 440), true) // and one flow on the wheel, so that every kind of turn is counted
	c, _ := open(t, e)
	three := newPhone(t)
	three.call(c, "sendrecv")
	Join(a, c)

	from, to := rawSocket(t), rawSocket(t)
	if _, err := a.Answer(describePhone(rawAddr(t, from), "sendrecv"), localhost, []Codec{PCMA}, SendRecv); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Answer(describePhone(rawAddr(t, to), "sendrecv"), localhost, []Codec{PCMU}, SendRecv); err != nil {
		t.Fatal(err)
	}
	leg := endpointOf(addrOf(a), unix.AF_INET)
	out, in := make([]byte, headerSize+160), make([]byte, 2048)
	ready := []unix.PollFd{{Fd: int32(to), Events: unix.POLLIN}}
	var source endpoint
	var seq uint16
	trip := func() {
		seq++
		putHeader(out, 8, false, seq, uint32(seq)*160, 1)
		if transmit(from, out, &leg) != 0 {
			t.Fatal("send")
		}
		for _, err := unix.Poll(ready, int(patience/time.Millisecond)); err == unix.EINTR; {
			_, err = unix.Poll(ready, int(patience/time.Millisecond))
		}
		if _, errno := receive(to, in, &source); errno != 0 {
			t.Fatal("nothing came through: ", errno)
		}
	}
	trip()
	if n := testing.AllocsPerRun(flood-100, trip); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// rawSocket is one that can be used without allocating.
func rawSocket(t testing.TB) int {
	t.Helper()
	fd, _, err := openUDP(localhost, 0, rtpQueue)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
