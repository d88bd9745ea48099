package media

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	benchPairs   = 100 // calls; each sends 50 packets a second both ways
	benchSeconds = 2
	generatorEnv = "CALLBOX_MEDIA_GENERATOR"
)

// BenchmarkRelay weighs a relayed packet against the null reference, a loop of nothing but epoll, recvfrom and sendto
// under the same load in the same run. The load comes from another process, so that what is measured here is the relay
// and the kernel's work on its behalf; ours and theirs alternate as ours, null, null, ours. Only the ratio travels to
// other machines.
func BenchmarkRelay(b *testing.B) {
	load := startGenerator(b)
	var ours, null cost
	for b.Loop() {
		ours.add(benchEngine(b, load))
		null.add(benchNull(b, load))
		null.add(benchNull(b, load))
		ours.add(benchEngine(b, load))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours.each(), "ours-µs/packet")
	b.ReportMetric(null.each(), "null-µs/packet")
	b.ReportMetric(ours.each()/null.each(), "ratio")
	b.ReportMetric(100*ours.lost(), "ours-lost-%")
	b.ReportMetric(100*null.lost(), "null-lost-%")
}

// BenchmarkSRTP weighs a packet that is decrypted or encrypted on its way, between one phone that encrypts and one that
// does not, against the plain relay under the same load in the same run.
func BenchmarkSRTP(b *testing.B) {
	load := startGenerator(b)
	for at, suite := range suites {
		b.Run(suite.name, func(b *testing.B) {
			var secure, plain cost
			for b.Loop() {
				for _, encrypted := range []bool{true, false, false, true} {
					if encrypted {
						load.suite = at + 1
						secure.add(benchEngine(b, load))
					} else {
						load.suite = 0
						plain.add(benchEngine(b, load))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(secure.each(), "srtp-µs/packet")
			b.ReportMetric(plain.each(), "plain-µs/packet")
			b.ReportMetric(secure.each()/plain.each(), "ratio")
			b.ReportMetric(100*secure.lost(), "srtp-lost-%")
			b.ReportMetric(100*plain.lost(), "plain-lost-%")
		})
	}
}

// benchSecret is what every phone of a benchmark encrypts with.
func benchSecret(suite int) *cryptoLine {
	s := suites[suite-1]
	return &cryptoLine{tag: 1, suite: s, secret: make([]byte, s.key+s.salt)}
}

// cost is what carrying some packets took of this process.
type cost struct {
	cpu            time.Duration
	sent, received int
}

func (c *cost) add(o cost) {
	c.cpu, c.sent, c.received = c.cpu+o.cpu, c.sent+o.sent, c.received+o.received
}

func (c *cost) each() float64 {
	return float64(c.cpu.Nanoseconds()) / 1000 / float64(max(1, c.received))
}
func (c *cost) lost() float64 { return 1 - float64(c.received)/float64(max(1, c.sent)) }

func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchEngine(b *testing.B, load *generator) cost {
	e, err := New(Options{Bind: localhost, PortLow: 10000, PortHigh: 15999})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	streams := make([]*Stream, len(load.phones))
	targets := make([]int, len(load.phones))
	for i, at := range load.phones {
		if streams[i], err = e.Open(nil); err != nil {
			b.Fatal(err)
		}
		offer := describePhone(at, "sendrecv")
		if load.suite > 0 && i%2 == 0 {
			offer = append(offer, benchSecret(load.suite).attribute()...)
			streams[i].Secure(SecureOptional)
		}
		if _, err := streams[i].Answer(offer, localhost, []Codec{PCMA}, SendRecv); err != nil {
			b.Fatal(err)
		}
		if targets[i] = streams[i].Port(); i%2 == 1 {
			Join(streams[i-1], streams[i])
		}
	}
	return load.run(b, targets)
}

// benchNull relays between the sockets of a pair with as little as can be, on as many loops as the engine has workers.
func benchNull(b *testing.B, load *generator) cost {
	sockets := make([]int, len(load.phones))
	peers := make([]endpoint, len(load.phones))
	targets := make([]int, len(load.phones))
	polls := make([]int, runtime.GOMAXPROCS(0))
	for i := range polls {
		polls[i], _ = unix.EpollCreate1(0)
		defer unix.Close(polls[i])
	}
	var err error
	for i, at := range load.phones {
		if sockets[i], _, err = openUDP(localhost, 0, rtpQueue); err != nil {
			b.Fatal(err)
		}
		defer unix.Close(sockets[i])
		targets[i] = int(rawAddr(b, sockets[i]).Port())
		peers[i] = endpointOf(at, unix.AF_INET)
		key := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(polls[i/2%len(polls)], unix.EPOLL_CTL_ADD, sockets[i], &key); err != nil {
			b.Fatal(err)
		}
	}
	var stop atomic.Bool
	var loops sync.WaitGroup
	for _, poll := range polls {
		loops.Go(func() {
			events, buf, from := make([]unix.EpollEvent, 64), make([]byte, largest), new(endpoint)
			for !stop.Load() {
				n, _ := unix.EpollWait(poll, events, 100)
				for _, ev := range events[:max(0, n)] {
					if size, errno := receive(sockets[ev.Fd], buf, from); errno == 0 {
						transmit(sockets[ev.Fd^1], buf[:size], &peers[ev.Fd^1])
					}
				}
			}
		})
	}
	c := load.run(b, targets)
	stop.Store(true)
	loops.Wait()
	return c
}

// generator is the other process: phones that send to whom they are told and count what comes back.
type generator struct {
	phones  []netip.AddrPort
	suite   int // by which every other phone encrypts, counted from 1; 0 for none
	to      io.Writer
	answers *bufio.Reader
}

func startGenerator(b *testing.B) *generator {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), generatorEnv+"=1")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); command.Wait() })
	g := &generator{to: in, answers: bufio.NewReader(out)}
	for range 2 * benchPairs {
		var port uint16
		if _, err := fmt.Fscan(g.answers, &port); err != nil {
			b.Fatal(err)
		}
		g.phones = append(g.phones, netip.AddrPortFrom(localhost, port))
	}
	return g
}

func (g *generator) run(b *testing.B, targets []int) (c cost) {
	runtime.GC() // now, and not in the measured time
	before := cpuTime(b)
	fmt.Fprintln(g.to, g.suite, targets)
	if _, err := fmt.Fscan(g.answers, &c.sent, &c.received); err != nil {
		b.Fatal(err)
	}
	c.cpu = cpuTime(b) - before
	return c
}

// generate is the life of the other process. It prints its ports, then runs once for each list of targets.
func generate(in io.Reader, out io.Writer) int {
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return 1
	}
	sockets := make([]int, 2*benchPairs)
	for i := range sockets {
		fd, _, err := openUDP(localhost, 0, rtpQueue)
		if err != nil {
			return 1
		}
		sockets[i] = fd
		key := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
		at, err := unix.Getsockname(fd)
		if err != nil || unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &key) != nil {
			return 1
		}
		fmt.Fprintln(out, at.(*unix.SockaddrInet4).Port)
	}
	targets := bufio.NewReader(in)
	for {
		legs, suite := make([]endpoint, len(sockets)), 0
		for i := range legs {
			var port uint16
			if i == 0 {
				_, err = fmt.Fscanf(targets, "%d [%d", &suite, &port)
			} else {
				_, err = fmt.Fscan(targets, &port)
			}
			if err != nil {
				return 0
			}
			legs[i] = endpointOf(netip.AddrPortFrom(localhost, port), unix.AF_INET)
		}
		targets.ReadString('\n')
		sent, received := generateOnce(poll, sockets, legs, suite)
		fmt.Fprintln(out, sent, received)
	}
}

// generateOnce sends by absolute deadlines, every phone at its own moment of the 20 ms.
func generateOnce(poll int, sockets []int, legs []endpoint, suite int) (sent, received int) {
	seal := make([]*sealer, len(sockets))
	for i := 0; suite > 0 && i < len(seal); i += 2 {
		c := benchSecret(suite)
		seal[i], _ = newSealer(c.suite, c.secret)
	}
	var lent scratch
	const step = frame * int64(time.Millisecond)
	events, from := make([]unix.EpollEvent, 64), new(endpoint)
	out, in := make([]byte, headerSize+160), make([]byte, largest)
	total := benchSeconds * 50 * len(sockets)
	start := time.Now()
	for sent < total || int64(time.Since(start)) < benchSeconds*int64(time.Second)+10*step {
		for now := int64(time.Since(start)); sent < total; sent++ {
			round, i := sent/len(sockets), sent%len(sockets)
			if now < int64(round)*step+int64(i)*step/int64(len(sockets)) {
				break
			}
			putHeader(out, 8, round == 0, uint16(round), uint32(round)*160, uint32(i+1))
			b := out
			if seal[i] != nil {
				b = seal[i].rtp(&lent, out)
			}
			transmit(sockets[i], b, &legs[i])
		}
		n, _ := unix.EpollWait(poll, events, 1)
		for _, ev := range events[:max(0, n)] {
			if size, errno := receive(int(ev.Fd), in, from); errno == 0 && size >= len(out) {
				received++
			}
		}
	}
	return sent, received
}
