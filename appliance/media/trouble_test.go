package media

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestGarbageIsCountedAndTheCallGoesOn(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, events := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv")
	leg.Echo(true)
	p.say(1)
	p.hear()
	for _, garbage := range [][]byte{{}, {0x80}, make([]byte, 2000), make([]byte, 9000)} {
		p.raw(garbage)
	}
	one := make([]byte, headerSize+1) // an eighth of a millisecond of sound
	putHeader(one, 8, false, p.seq+1, p.ts, p.ssrc)
	p.raw(one)
	if got := p.hear(); len(got.payload) != 1 {
		t.Errorf("%d bytes", len(got.payload))
	}
	until(t, "a flood is noticed", func() bool { p.say(2); return e.Counters().Flooded > 0 })
	if e.Counters().Malformed != 4 {
		t.Errorf("%d packets counted as malformed", e.Counters().Malformed)
	}
	leg.Send("1")
	wantEvent(t, events, EventFirst)
}

func TestNothingStaysOpenAfterTheEngine(t *testing.T) {
	files := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := files()
	e := box(t, Options{Workers: 3})
	for range 10 {
		a, _ := open(t, e)
		b, _ := open(t, e)
		Join(a, b)
	}
	e.Close()
	if after := files(); after != before {
		t.Errorf("%d files open before, %d after", before, after)
	}
}

func TestADeadPeerIsNoticedOnceAndAgainAfterJoining(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1, Silence: 50 * time.Millisecond})
	leg, events := open(t, e)
	other, otherEvents := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv")
	wantEvent(t, events, EventSilent)
	Join(leg, other)
	wantEvent(t, events, EventSilent)
	newPhone(t).call(other, "sendonly") // who holds us need not speak
	newPhone(t).call(leg, "inactive")
	again, againEvents := open(t, e)
	newPhone(t).call(again, "sendrecv")
	wantEvent(t, againEvents, EventSilent) // longer ago than the others could have been told
	select {
	case got := <-otherEvents:
		t.Errorf("a peer on hold was told silent: %+v", got)
	case got := <-events:
		t.Errorf("told again, or on hold: %+v", got)
	default:
	}
}

func TestAPanicInTheWorkerEndsNoCall(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv")
	leg.Echo(true)
	leg.command(func(*worker, *flow) { panic("a bug") })
	leg.command(func(w *worker, f *flow) {
		f.playing = playing{sound: NewSound(nil)}
		f.pace.fire = func(*worker, *flow) { panic("another") }
		f.resume(w)
	})
	until(t, "both panics are counted", func() bool { return e.Counters().Recovered == 2 })
	leg.Stop()
	leg.Stats()
	p.say(5)
	if got := p.hear(); got.payload[0] != 5 {
		t.Errorf("heard %x", got.payload[0])
	}
}

func TestAClosedEngineRefusesQuietly(t *testing.T) {
	e := box(t, Options{})
	s, _ := open(t, e)
	heard := s.Capture()
	e.Close()
	if _, open := <-heard; open {
		t.Error("capture goes on")
	}
	if _, err := e.Open(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("open: %v", err)
	}
	s.Play(NewSound(nil), false)
	s.Send("1")
	s.Stats()
	s.Close()
	if _, open := <-s.Capture(); open {
		t.Error("capture of a closed stream is open")
	}
}

func TestAReaderWhoIsLateLosesNoEventsAndOldSoundFirst(t *testing.T) {
	e := box(t, Options{Workers: 1})
	events := make(chan Event, 1)
	s, err := e.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := newPhone(t)
	p.call(s, "sendrecv")
	s.Capture()
	for i := range captured + 3 {
		p.say(byte(i))
	}
	until(t, "all packets arrive", func() bool { return s.Stats().PacketsIn == captured+3 })
	if got := s.Stats().Missed; got != 3 {
		t.Errorf("%d frames missed", got)
	}
	if pcm := listen(t, s, 1); pcm[0] != alawToLinear[3] {
		t.Error("the oldest frame was kept")
	}
	for i := range uint64(keptEvents + 6) {
		s.command(func(w *worker, f *flow) {
			f.play(w, playing{sound: NewSound(nil), id: i + 1})
			f.sound(w)
		})
	}
	until(t, "what does not fit is counted", func() bool { return e.Counters().LostEvents == 6 })
	if got := wantEvent(t, events, EventFirst); got.Stream != s {
		t.Error("the first event did not come first")
	}
	for i := range keptEvents {
		s.command(func(_ *worker, f *flow) { f.retell() })
		if got := wantEvent(t, events, EventPlayed); got.Play != uint64(i+1) {
			t.Errorf("event %d is of play %d", i, got.Play)
		}
	}
}

// What the owners of calls wait for (a disk that is stuck, a reload, each other) is no affair of the sound's: nothing is
// lost or late because nobody reads events, offers come in between, or memory is collected. How late is for the
// benchmarks to say; here it is whether.
func rowM13SoundGoesOnWhileItsOwnersHangAndMemoryIsCollected(t *testing.T) {
	const calls, turns = 20, 100
	e := box(t, Options{Workers: 2})
	type pair struct {
		one, two *phone
		a, b     *Stream
	}
	var all []pair
	for range calls {
		var p pair
		for _, leg := range []**Stream{&p.a, &p.b} {
			s, err := e.Open(make(chan Event)) // that nobody reads
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			s.Capture() // that nobody takes
			*leg = s
		}
		p.one, p.two = newPhone(t), newPhone(t)
		p.one.call(p.a, "sendrecv")
		p.two.call(p.b, "sendrecv")
		Join(p.a, p.b)
		all = append(all, p)
	}
	stop := make(chan struct{})
	var busy sync.WaitGroup
	defer busy.Wait()
	defer close(stop)
	for _, work := range []func(){
		runtime.GC,
		func() { // as a reload does
			e.SetPorts(20000, 29999)
			p := all[0]
			if _, err := p.a.Answer(p.one.sdp("sendrecv"), localhost, []Codec{PCMA, PCMU}, SendRecv); err != nil {
				t.Error(err)
			}
		},
	} {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					work()
				}
			}
		})
	}
	last := make([][2]uint16, calls)
	for turn := range byte(turns) {
		for _, p := range all {
			p.one.say(turn)
			p.two.leg = addrOf(p.b)
			p.two.say(turn + 100)
		}
		for i, p := range all {
			one, two := p.one.hear(), p.two.hear()
			if one.payload[0] != turn+100 || two.payload[0] != turn {
				t.Fatalf("turn %d, call %d: heard %d and %d", turn, i, one.payload[0], two.payload[0])
			}
			if turn > 0 && (one.seq != last[i][0]+1 || two.seq != last[i][1]+1) {
				t.Errorf("turn %d, call %d: numbers %d and %d after %v", turn, i, one.seq, two.seq, last[i])
			}
			last[i] = [2]uint16{one.seq, two.seq}
		}
	}
	if c := e.Counters(); c.Flooded != 0 || c.Malformed != 0 {
		t.Errorf("%+v", c)
	}
}
