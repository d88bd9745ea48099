package sip

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// readBuffer is asked of the kernel for each UDP socket: bursts must not be lost before we look at them.
const readBuffer = 8 << 20

// udpSocket is one listening UDP socket and its reader.
type udpSocket struct {
	conn    *net.UDPConn
	local   netip.AddrPort
	users   atomic.Int64 // dialogs that talk over it
	retired atomic.Bool  // left the settings: no new calls
}

func listenUDP(network, addr string) (*udpSocket, error) {
	pc, err := net.ListenPacket(network, addr)
	if err != nil {
		return nil, err
	}
	c := pc.(*net.UDPConn)
	growReadBuffer(c)
	local := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return &udpSocket{conn: c, local: netip.AddrPortFrom(local.Addr().Unmap(), local.Port())}, nil
}

// growReadBuffer takes what the system allows; a privileged process may go beyond.
func growReadBuffer(c *net.UDPConn) {
	_ = c.SetReadBuffer(readBuffer)
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	const rcvbufForce = 33 // SO_RCVBUFFORCE, Linux
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, rcvbufForce, readBuffer) })
}

// read is the socket's goroutine. It ends when the socket is closed; any other error is the network's and passes.
func (u *udpSocket) read(s *Server) {
	defer s.work.Done()
	buf := make([]byte, maxMessage+1)
	for {
		n, from, err := u.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			if s.complain() {
				s.log.Warn("sip: reading failed", "listen", u.local, "err", err)
			}
			select {
			case <-s.life.Done():
				return
			case <-time.After(10 * time.Millisecond): // an error that repeats at once must not take a core
			}
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		s.arrive(flow{udp: u, remote: from}, buf[:n])
	}
}

// closeUnused closes a socket that left the settings once no dialog talks over it.
func (u *udpSocket) closeUnused() bool {
	if u.users.Load() > 0 {
		return false
	}
	u.conn.Close()
	return true
}
