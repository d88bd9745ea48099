package bench

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// traffic is the world around a switch: a near end that calls, and a far end that rings and answers. Both are sockets
// of this process. It keeps a call from its INVITE to the answer of its BYE, and repeats what is not answered.
type traffic struct {
	near, far *net.UDPConn
	phones    []phone // where calls have their sound; none: nowhere

	mu     sync.Mutex
	plan   plan
	target netip.AddrPort
	made   map[string]*outgoing // by Call-ID
	taken  map[string]*incoming
	count  tally
	run    int
}

// plan is what calls are like.
type plan struct {
	ring, talk time.Duration // talk 0: they last until hangUp
}

// tally is what became of the calls of a run.
type tally struct {
	begun, answered, ended int // as the near end sees it
	rung, confirmed, gone  int // as the far end sees it
	failed                 []string
	shed                   int // refused with 503 and told when to come again
	lastShed               time.Time
	repeated               int             // messages that either side sent again
	late                   time.Duration   // the most that an INVITE went out behind its time
	setup                  []time.Duration // from the INVITE to 180
}

// faults are the reasons for which calls do not count.
func (c tally) faults() (why []string) {
	if len(c.failed) > 0 {
		why = append(why, fmt.Sprintf("%d of %d calls failed, the first: %s", len(c.failed), c.begun, c.failed[0]))
	}
	if c.shed > 0 {
		why = append(why, fmt.Sprintf("%d of %d calls were shed", c.shed, c.begun))
	}
	if len(c.failed) == 0 && (c.ended+c.shed != c.begun || c.gone+c.shed != c.begun) {
		why = append(why, fmt.Sprintf("of %d calls %d ended for the caller and %d for the callee", c.begun, c.ended, c.gone))
	}
	if c.repeated*100 > c.begun {
		why = append(why, fmt.Sprintf("%d messages were sent again in %d calls", c.repeated, c.begun))
	}
	return why
}

// unfit is why the load spoiled a run, or nothing.
func (c tally) unfit() (why []string) {
	if c.late > 100*time.Millisecond {
		why = append(why, fmt.Sprintf("the load was late by %v", c.late.Round(time.Millisecond)))
	}
	return why
}

// patience is how long a message may stay without an answer before it is sent again (T1, RFC 3261 section 17.1.1.1), and
// tries how often.
const (
	patience = 500 * time.Millisecond
	tries    = 6
)

// repeat is a message that waits for its answer.
type repeat struct {
	bytes []byte
	due   time.Time
	n     int
}

// newTraffic opens the ends on loopback.
func newTraffic(t testing.TB, phones []phone) *traffic {
	t.Helper()
	w := &traffic{phones: phones, made: map[string]*outgoing{}, taken: map[string]*incoming{}}
	w.near, w.far = endpoint(t, nearHost), endpoint(t, farHost)
	var readers sync.WaitGroup
	readers.Go(func() { listen(w.near, w.hearNear) })
	readers.Go(func() { listen(w.far, w.hearFar) })
	stop := make(chan struct{})
	readers.Go(func() { w.again(stop) })
	t.Cleanup(func() {
		close(stop)
		w.near.Close()
		w.far.Close()
		readers.Wait()
	})
	return w
}

func endpoint(t testing.TB, host string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	return conn
}

func listen(conn *net.UDPConn, hear func(message, netip.AddrPort)) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		hear(message(slices.Clone(buffer[:n])), from)
	}
}

// begin makes the switch at an address the one that is called from now on, and forgets what was counted.
func (w *traffic) begin(target string, p plan) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target, w.plan = netip.MustParseAddrPort(target), p
	w.made, w.taken, w.count = map[string]*outgoing{}, map[string]*incoming{}, tally{}
	w.run++
}

// turn makes the calls from now on other than those before, which go on.
func (w *traffic) turn(p plan) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plan = p
}

// call makes calls at a rate a second, each at its own absolute time, and returns when the last was begun. mark is
// called once so much of the time has passed, in order.
func (w *traffic) call(calls int, rate float64, marks ...mark) {
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	wait := func(until time.Duration) time.Duration {
		timer.Reset(until - time.Since(began))
		<-timer.C
		return time.Since(began) - until
	}
	for n := range calls {
		due := time.Duration(float64(n) / rate * float64(time.Second))
		for len(marks) > 0 && marks[0].after <= due {
			wait(marks[0].after)
			marks[0].do()
			marks = marks[1:]
		}
		late := wait(due)
		w.mu.Lock()
		w.count.late = max(w.count.late, late)
		w.invite()
		w.mu.Unlock()
	}
}

// mark is something to do at a time of a run.
type mark struct {
	after time.Duration
	do    func()
}

// await waits until the tally is as it should be, or for so long, and gives it.
func (w *traffic) await(within time.Duration, done func(tally) bool) tally {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		c := w.counted()
		if done(c) {
			return c
		}
		select {
		case <-look.C:
		case <-deadline.C:
			return c
		}
	}
}

// counted is the tally as it stands.
func (w *traffic) counted() tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.count
	c.failed, c.setup = slices.Clone(c.failed), slices.Clone(c.setup)
	return c
}

// allEnded is when a run is over: every call was answered and hung up, for both ends, or has failed.
func allEnded(c tally) bool {
	return c.ended+c.shed+len(c.failed) >= c.begun && c.gone+c.shed+len(c.failed) >= c.begun
}

// allUp is when every call is answered, for both ends.
func allUp(c tally) bool {
	return c.answered+len(c.failed) >= c.begun && c.confirmed+len(c.failed) >= c.begun
}

// again repeats what was not answered.
func (w *traffic) again(stop <-chan struct{}) {
	tick := time.NewTicker(patience / 5)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			w.mu.Lock()
			for _, c := range w.made {
				if w.due(&c.waits, now) {
					w.near.WriteToUDPAddrPort(c.waits.bytes, w.target)
				} else if c.waits.n > tries {
					c.fail(w, "no answer from the switch")
				}
			}
			for _, c := range w.taken {
				if w.due(&c.waits, now) {
					w.far.WriteToUDPAddrPort(c.waits.bytes, c.from)
				}
			}
			w.mu.Unlock()
		}
	}
}

// due tells whether a message must be repeated now, and notes that it was.
func (w *traffic) due(r *repeat, now time.Time) bool {
	if r.bytes == nil || now.Before(r.due) {
		return false
	}
	if r.n++; r.n > tries {
		r.bytes = nil
		return false
	}
	r.due = now.Add(patience << r.n)
	w.count.repeated++
	return true
}
