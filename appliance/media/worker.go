package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	ms       = int64(time.Millisecond)
	mailbox  = 256 // commands that may wait; whoever sends one more waits for the worker, which waits for nobody
	readable = unix.EPOLLIN
	bell     = -1 // the epoll key of the worker's own wake-up
)

// worker owns the streams of one shard: their sockets, their counters, what they play. Everything it has is touched by
// its own goroutine only, but for the mailbox and the atomics.
type worker struct {
	engine   *Engine
	load     atomic.Int32 // streams placed here, also those on their way
	commands chan func()
	stopped  chan struct{} // closed when the goroutine is gone
	gate     sync.RWMutex  // held for reading by who rings the bell, for writing to take the bell away

	epoll, wakeup int
	rest          rest // where the goroutine waits for epoll
	events        [64]unix.EpollEvent
	now           int64 // ns since the engine began, read once a wake-up
	wheel         wheel
	flows         []*flow // by slot; nil where free
	vacant        []int32 // free slots
	generation    int32   // of the last flow that came, to tell those apart that had the same slot
	phase         int64   // ms: where in the 20 ms the next flow sends
	stopping      bool

	buf  [largest]byte // the packet in hand
	out  [largest]byte // the packet being made
	from endpoint

	pcm    [playoutRoom * wideRate / 1000]int16    // the sound in hand …
	narrow [longestHeard * sampleRate / 1000]int16 // … and at 8 kHz

	scratch scratch
}

func newWorker(e *Engine) (*worker, error) {
	w := &worker{engine: e, commands: make(chan func(), mailbox), stopped: make(chan struct{})}
	var err error
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("media: epoll: %w", err)
	}
	if w.wakeup, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		unix.Close(w.epoll)
		return nil, fmt.Errorf("media: eventfd: %w", err)
	}
	key := unix.EpollEvent{Events: readable, Fd: bell}
	if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, w.wakeup, &key); err != nil {
		w.free()
		return nil, fmt.Errorf("media: epoll: %w", err)
	}
	if err := w.rest.begin(w.epoll, w.events[:]); err != nil {
		w.free()
		return nil, fmt.Errorf("media: epoll: %w", err)
	}
	return w, nil
}

// free closes what the kernel gave. A descriptor may be given out again at once, so nobody may be about to write to it.
func (w *worker) free() {
	w.gate.Lock()
	defer w.gate.Unlock()
	unix.Close(w.wakeup)
	if !w.rest.end() {
		unix.Close(w.epoll)
	}
	w.wakeup, w.epoll = -1, -1
}

// post queues a command and rings the bell; false when the worker has stopped.
func (w *worker) post(command func()) bool {
	w.gate.RLock()
	defer w.gate.RUnlock()
	select {
	case <-w.stopped:
		return false
	case w.commands <- command:
	}
	w.ring()
	return true
}

func (w *worker) ring() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(w.wakeup, one[:])
}

// ask runs a command and waits for its end; false when the worker stopped instead. Nobody may ask from a worker.
func (w *worker) ask(command func()) bool {
	done := make(chan struct{})
	if !w.post(func() { defer close(done); command() }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-w.stopped:
	}
	select {
	case <-done: // it was among the last that the worker did
		return true
	default:
		return false
	}
}

func (w *worker) run() {
	defer close(w.stopped)
	for !w.stopping {
		w.turn()
	}
	for _, f := range w.flows {
		if f != nil {
			w.guard(func() { w.drop(f) })
		}
	}
}

// turn is one wake-up: what is due is sent, what arrived is passed on, what was asked is done.
func (w *worker) turn() {
	n := w.rest.until(w.engine.origin, w.now/ms, w.wheel.wait(w.now/ms))
	w.now = w.clock()
	w.expire()
	for i := range w.events[:n] {
		w.serve(&w.events[i])
	}
}

func (w *worker) clock() int64 { return int64(time.Since(w.engine.origin)) }

// expire fires the timers that are due. A timer that panics has left the wheel and does not come back.
func (w *worker) expire() {
	defer w.caught()
	for t := w.wheel.pop(w.now / ms); t != nil; t = w.wheel.pop(w.now / ms) {
		t.fire(w, t.flow)
	}
}

func (w *worker) serve(ev *unix.EpollEvent) {
	defer w.caught()
	if ev.Fd == bell {
		w.obey()
		return
	}
	// A key outlives its flow when a command of the same batch closed it, and its slot may have a new one already.
	f := w.flows[ev.Fd>>1]
	if f == nil || f.generation != ev.Pad {
		return
	}
	if ev.Fd&1 == 0 {
		f.readRTP(w)
	} else {
		f.readRTCP(w)
	}
}

// obey runs the commands that wait, at most one mailbox full, so that senders cannot starve packets.
func (w *worker) obey() {
	var count [8]byte
	_, _ = unix.Read(w.wakeup, count[:])
	for range mailbox {
		select {
		case command := <-w.commands:
			w.guard(command)
		default:
			return
		}
	}
	w.ring()
}

func (w *worker) guard(command func()) {
	defer w.caught()
	command()
}

// caught keeps one bad packet, timer or command from ending every call of the worker.
func (w *worker) caught() {
	fault := recover()
	if fault == nil {
		return
	}
	w.engine.recovered.Add(1)
	if w.engine.mayWarn() {
		w.engine.options.Log.Error("media worker recovered", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	}
}

// faulty counts and reports a fault of a codec that ended nothing but a packet.
func (w *worker) faulty(err error) {
	if !errors.Is(err, errOpusFault) {
		return
	}
	w.engine.recovered.Add(1)
	if w.engine.mayWarn() {
		w.engine.options.Log.Error("media codec recovered", "fault", err.Error())
	}
}

// adopt gives a flow a slot here and begins to listen on its sockets.
func (w *worker) adopt(f *flow) error {
	slot := int32(len(w.flows))
	if n := len(w.vacant); n > 0 {
		slot, w.vacant = w.vacant[n-1], w.vacant[:n-1]
	} else {
		w.flows = append(w.flows, nil)
	}
	w.flows[slot] = f
	f.slot = slot
	f.encodes(w, f.route.kind, f.route.opus)
	w.generation++
	f.generation = w.generation
	for i, fd := range []int{f.rtp, f.rtcp} {
		key := unix.EpollEvent{Events: readable, Fd: slot<<1 | int32(i), Pad: f.generation}
		if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &key); err != nil {
			w.release(f)
			return fmt.Errorf("media: watch port %d: %w", f.stream.port, err)
		}
	}
	w.phase = (w.phase + 7) % frame // 7 and 20 share no factor, so neighbours land far apart
	f.phase = w.phase
	w.wheel.set(&f.chores, choreTime(w.now)+int64(slot)*frame%choreEvery)
	f.resume(w)
	return nil
}

// release takes a flow out of this worker with its sockets still open: it is closed next, or moves to another worker.
func (w *worker) release(f *flow) {
	if f.slot < 0 {
		return
	}
	f.part(w)
	f.encodes(w, kindUnknown, opusWishes{})
	w.wheel.clear(&f.pace)
	w.wheel.clear(&f.chores)
	for _, fd := range []int{f.rtp, f.rtcp} {
		_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, fd, nil)
	}
	w.flows[f.slot] = nil
	w.vacant = append(w.vacant, f.slot)
	f.slot = -1
}

// drop ends a flow.
func (w *worker) drop(f *flow) {
	w.release(f)
	w.load.Add(-1)
	f.shut()
}
