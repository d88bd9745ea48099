package sip

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// memory is what the kernel tells of a socket's buffers (SO_MEMINFO, linux/sock_diag.h), in its order.
type memory struct {
	readUsed, readLimit, writeUsed, writeLimit, forward, queued, options, backlog, drops uint32
}

// kernel asks about the socket; false when it is closed or the kernel does not tell.
func (u *udpSocket) kernel() (m memory, ok bool) {
	raw, err := u.conn.SyscallConn()
	if err != nil {
		return m, false
	}
	size := uint32(unsafe.Sizeof(m))
	err = raw.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO, uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&size)), 0)
		ok = errno == 0
	})
	return m, ok && err == nil
}

// countDrops adds up what the kernel threw away since it was last asked, because a socket's buffer was full.
func (s *Server) countDrops() {
	l := s.live.Load()
	for _, all := range [][]*listener{l.sorted, l.retired} {
		for _, x := range all {
			if x.udp == nil {
				continue
			}
			if m, ok := x.udp.kernel(); ok {
				s.count.kernelDrops.Add(uint64(m.drops - x.dropped.Swap(m.drops)))
			}
		}
	}
}

// roomy says once when a socket got less of a buffer than bursts of calls need, and what to set. The kernel grants twice
// what it lets a process ask for, its own bookkeeping included.
func (s *Server) roomy(u *udpSocket) {
	m, ok := u.kernel()
	if !ok || m.readLimit >= readBuffer {
		return
	}
	s.narrow.Do(func() {
		s.log.Warn(fmt.Sprintf("sip: the kernel grants less room for bursts of calls than we ask for: set net.core.rmem_max = %d in /etc/sysctl.d", readBuffer/2),
			"listen", u.local, "bytes", m.readLimit, "wanted", readBuffer)
	})
}
