package bench

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// phone is a socket for sound, and one beside it for RTCP so that reports have somewhere to go.
type phone struct {
	port, socket int
	at           netip.AddrPort // where the switch wants its sound, once signalling knows
}

func (p *phone) target(at netip.AddrPort) { p.at = at }

// newPhones opens phones for so many calls: first those that call, then those that are called.
func newPhones(t testing.TB, calls int) []phone {
	t.Helper()
	phones := make([]phone, 0, 2*calls)
	for port := phonesFrom; len(phones) < 2*calls; port += 2 {
		if port >= phonesTo {
			t.Fatalf("no ports are free for %d phones between %d and %d", 2*calls, phonesFrom, phonesTo)
		}
		sound, control := udpSocket(t, port), udpSocket(t, port+1)
		if sound < 0 || control < 0 {
			continue // somebody has one of them
		}
		if err := unix.SetsockoptInt(sound, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
			t.Fatal(err)
		}
		phones = append(phones, phone{port: port, socket: sound})
	}
	return phones
}

func udpSocket(t testing.TB, port int) int {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(socket) })
	if unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}) != nil {
		return -1
	}
	return socket
}

// The ports of phones, away from those of the box and of other tests.
const phonesFrom, phonesTo = 22000, 32000

const (
	frame  = 20 * time.Millisecond
	header = 12
	packet = header + 160
)

// stream is what phones say to one switch. Its numbers go on from run to run.
type stream struct {
	phones  []phone
	targets []unix.RawSockaddrInet4
	source  uint32 // SSRC of the first phone
	frames  uint32
	every   time.Duration // between the packets of one phone
}

// each makes the phones of a stream speak so often.
func (s *stream) each(every time.Duration) *stream {
	s.every = every
	return s
}

// newStream sends the sound of each phone to the target with the same index.
func newStream(phones []phone, targets []netip.AddrPort) *stream {
	s := &stream{phones: phones, source: rand.Uint32(), every: frame}
	for _, at := range targets {
		raw := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: at.Addr().As4()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&raw.Port))[:], at.Port())
		s.targets = append(s.targets, raw)
	}
	return s
}

// heard is one packet that arrived: times are nanoseconds of the wall clock, when it was sent and when the kernel had
// it for the receiver.
type heard struct{ sent, arrived int64 }

// carried is what came of the packets that were sent between two moments.
type carried struct {
	sent, received, strange int
	late                    time.Duration   // 99 of 100 packets were sent at most so much behind their time
	delays                  []time.Duration // from end to end, sorted
}

func (c carried) lost() float64 { return 1 - float64(c.received)/float64(max(1, c.sent)) }

// unfit is why the load spoiled a run, or nothing.
func (c carried) unfit() (why []string) {
	if c.late > 5*time.Millisecond {
		why = append(why, fmt.Sprintf("1 of 100 packets was sent more than %v late", c.late.Round(time.Millisecond)))
	}
	return why
}

func (c carried) faults() (why []string) {
	if c.lost() > 0.01 || c.lost() < 0 {
		why = append(why, fmt.Sprintf("of %d packets %d arrived", c.sent, c.received))
	}
	if c.strange > 0 {
		why = append(why, fmt.Sprintf("%d packets arrived twice, in the wrong order or at the wrong phone", c.strange))
	}
	return why
}

// conversation is a stream while it flows.
type conversation struct {
	*stream
	stop     atomic.Bool
	ends     sync.WaitGroup
	sent     []int64
	late     []time.Duration
	received []heard
	strange  int
}

// flow starts sending and receiving, each on a thread of its own, until halt.
func (s *stream) flow(t testing.TB) *conversation {
	t.Helper()
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.targets {
		e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, s.phones[i].socket, &e); err != nil {
			t.Fatal(err)
		}
	}
	c := &conversation{stream: s}
	c.ends.Go(c.talk)
	c.ends.Go(func() {
		defer unix.Close(poll)
		c.listen(poll)
	})
	return c
}

// halt ends a conversation and tells what came of the packets sent between two moments.
func (c *conversation) halt(from, to time.Time) carried {
	c.stop.Store(true)
	c.ends.Wait()
	var r carried
	var late []time.Duration
	first, last := from.UnixNano(), to.UnixNano()
	for i, at := range c.sent {
		if at >= first && at < last {
			r.sent++
			late = append(late, c.late[i])
		}
	}
	for _, p := range c.received {
		if p.sent >= first && p.sent < last {
			r.received++
			r.delays = append(r.delays, time.Duration(p.arrived-p.sent))
		}
	}
	slices.Sort(r.delays)
	slices.Sort(late)
	r.late, r.strange = share(late, 0.99), c.strange
	return r
}

// share is the value below which that share of sorted values lies.
func share(sorted []time.Duration, of float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(of*float64(len(sorted))))]
}

// talk sends by absolute deadlines, each phone at its own moment of the 20 ms. A packet that is late is sent at once;
// none is left out.
func (c *conversation) talk() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	bytes := make([]byte, packet)
	bytes[0], bytes[1] = 0x80, 8
	for i := header; i < packet; i++ {
		bytes[i] = 0xd5 // silence in A-law
	}
	legs := len(c.targets)
	start := monotonic() + int64(frame)
	for n := 0; !c.stop.Load(); n++ {
		leg := n % legs
		due := start + int64(n/legs)*int64(c.every) + int64(leg)*int64(c.every)/int64(legs)
		at := unix.NsecToTimespec(due)
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil) == unix.EINTR {
		}
		binary.BigEndian.PutUint16(bytes[2:], uint16(c.frames))
		binary.BigEndian.PutUint32(bytes[4:], c.frames*160)
		binary.BigEndian.PutUint32(bytes[8:], c.source+uint32(leg))
		binary.BigEndian.PutUint32(bytes[header:], uint32(leg))
		binary.BigEndian.PutUint32(bytes[header+4:], c.frames)
		c.late = append(c.late, time.Duration(monotonic()-due))
		now := time.Now().UnixNano()
		c.sent = append(c.sent, now)
		binary.BigEndian.PutUint64(bytes[header+8:], uint64(now))
		unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.phones[leg].socket), uintptr(unsafe.Pointer(&bytes[0])), packet,
			unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&c.targets[leg])), unix.SizeofSockaddrInet4)
		if leg == legs-1 {
			c.frames++
		}
	}
	c.frames++ // the last one may have been sent to some
}

func monotonic() int64 {
	var at unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &at)
	return at.Nano()
}

// listen looks every 2 ms. That costs the machine less than a look for every packet would, and loses nothing: the
// kernel wrote down when each arrived.
func (c *conversation) listen(poll int) {
	events, bytes, control := make([]unix.EpollEvent, 256), make([]byte, 1500), make([]byte, 128)
	last := make([]uint32, len(c.targets)) // by the leg that sent
	var silent time.Time                   // since when nothing came any more, after the end
	for {
		n, _ := unix.EpollWait(poll, events, 0)
		for _, e := range events[:max(0, n)] {
			size, controls, _, _, err := unix.Recvmsg(c.phones[e.Fd].socket, bytes, control, 0)
			if err != nil || size != packet {
				continue
			}
			leg, turn := binary.BigEndian.Uint32(bytes[header:]), binary.BigEndian.Uint32(bytes[header+4:])+1
			if int(leg) >= len(last) || turn <= last[leg] || !c.pair(int(leg), int(e.Fd)) {
				c.strange++
				continue
			}
			last[leg] = turn
			c.received = append(c.received, heard{sent: int64(binary.BigEndian.Uint64(bytes[header+8:])), arrived: arrival(control[:controls])})
		}
		if n > 0 {
			silent = time.Time{}
			continue
		}
		if c.stop.Load() {
			if silent.IsZero() {
				silent = time.Now()
			} else if time.Since(silent) > 5*frame {
				return
			}
		}
		pause := unix.NsecToTimespec(2e6)
		unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &pause, nil)
	}
}

// pair tells whether two phones may be in one call: one calls and the other is called.
func (c *conversation) pair(a, b int) bool {
	half := len(c.phones) / 2
	return (a < half) != (b < half)
}

// arrival is the kernel's time stamp among the control messages of a datagram.
func arrival(control []byte) int64 {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			return int64(binary.NativeEndian.Uint64(m.Data))*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:]))
		}
	}
	return 0
}

// weighed is what was carried, and what it took.
type weighed struct {
	carried
	spent
	again int // runs that the load spoiled
}

func (r weighed) unfit() []string  { return append(r.carried.unfit(), r.spent.unfit()...) }
func (r weighed) faults() []string { return append(r.carried.faults(), r.spent.faults()...) }

// cost is in microseconds of CPU a packet.
func (r weighed) cost() float64 { return r.process.Seconds() * 1e6 / float64(max(1, r.received)) }

// carry runs a stream for a while through a process, and weighs the process in the middle of it.
func (s *stream) carry(t testing.TB, pid int, warm, window time.Duration) (r weighed) {
	t.Helper()
	for ; r.again < attempts; r.again++ {
		c := s.flow(t)
		timer := time.NewTimer(warm)
		<-timer.C
		from := read(t, pid)
		timer.Reset(window)
		<-timer.C
		to := read(t, pid)
		r.carried, r.spent = c.halt(from.at, to.at), from.until(to)
		watch(r.spent)
		if len(r.unfit()) == 0 {
			break
		}
	}
	return r
}

// whereTo is where the switch wants the sound of each phone, or a failure when signalling left one out.
func whereTo(t testing.TB, phones []phone) (all []netip.AddrPort) {
	t.Helper()
	for i, p := range phones {
		if !p.at.IsValid() {
			t.Fatalf("phone %d of %d was not told where its sound goes", i, len(phones))
		}
		all = append(all, p.at)
	}
	return all
}
