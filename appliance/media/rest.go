package media

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// rest is how a worker waits for its epoll. A goroutine that blocks in
// epoll_wait itself holds a thread in a system call, for which the runtime
// wakes its monitor and hands the processor on: a third of a relay's CPU went
// there. An epoll descriptor is readable when it has events, so it can wait
// with Go's own poller like any socket.
type rest struct {
	epoll  int
	file   *os.File
	raw    syscall.RawConn
	events []unix.EpollEvent
	look   func(fd uintptr) bool // made once: the packet path allocates nothing
	n      int
	armed  int64 // ms since the engine began at which the wait ends, 0: no end
}

func (r *rest) begin(epoll int, events []unix.EpollEvent) error {
	if err := unix.SetNonblock(epoll, true); err != nil {
		return err
	}
	r.epoll = epoll
	r.file = os.NewFile(uintptr(epoll), "media epoll")
	if err := r.file.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("cannot be waited for: %w", err)
	}
	var err error
	r.raw, err = r.file.SyscallConn()
	r.events = events
	r.look = func(fd uintptr) bool {
		n, err := unix.EpollWait(int(fd), r.events, 0)
		r.n = max(n, 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
	return err
}

// end closes the descriptor; false when it was never taken over.
func (r *rest) end() bool {
	if r.file == nil {
		return false
	}
	r.file.Close()
	return true
}

// until waits for events, at most wait ms from now (-1: without end), both in
// ms since origin, and returns how many there are. It may return none early:
// an end later than the armed one is armed only when that has passed, because
// arming costs more than waking once for nothing.
func (r *rest) until(origin time.Time, now int64, wait int) int {
	r.n = 0
	if wait == 0 {
		r.look(uintptr(r.epoll))
		return r.n
	}
	end := now + int64(wait)
	switch passed := r.armed != 0 && r.armed <= now; {
	case wait < 0 && passed:
		r.armed = 0
		r.file.SetReadDeadline(time.Time{})
	case wait > 0 && (passed || r.armed == 0 || end < r.armed):
		r.armed = end
		r.file.SetReadDeadline(origin.Add(time.Duration(end * ms)))
	}
	_ = r.raw.Read(r.look) // an error is the end of the wait
	return r.n
}
