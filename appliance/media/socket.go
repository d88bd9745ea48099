package media

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	expedited = 46 << 2  // DSCP EF in the traffic class byte (RFC 4594 section 4.1)
	rtpQueue  = 64 << 10 // bytes the kernel may queue: about a second of G.711, more would only be heard too late
	rtcpQueue = 8 << 10
)

// endpoint is a socket address as the kernel writes it: compared and copied, never allocated. An IPv4 address fills
// the first 16 bytes of an AF_INET socket's endpoint and is mapped into IPv6 on an AF_INET6 socket.
type endpoint [unix.SizeofSockaddrInet6]byte

func endpointOf(to netip.AddrPort, family int) (e endpoint) {
	if !to.IsValid() {
		return e
	}
	binary.NativeEndian.PutUint16(e[0:], uint16(family))
	binary.BigEndian.PutUint16(e[2:], to.Port())
	if family == unix.AF_INET {
		if !to.Addr().Unmap().Is4() {
			return endpoint{}
		}
		ip := to.Addr().Unmap().As4()
		copy(e[4:], ip[:])
		return e
	}
	ip := to.Addr().As16()
	copy(e[8:], ip[:])
	return e
}

func (e *endpoint) family() int { return int(binary.NativeEndian.Uint16(e[0:])) }
func (e *endpoint) valid() bool { return e.family() != 0 }

func (e *endpoint) addrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16(e[2:])
	switch e.family() {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(e[4:8])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(e[8:24])).Unmap(), port)
	}
	return netip.AddrPort{}
}

// sameHost tells whether two endpoints differ in nothing but their port.
func (e *endpoint) sameHost(o *endpoint) bool {
	if e.family() == unix.AF_INET {
		return o.family() == unix.AF_INET && [4]byte(e[4:8]) == [4]byte(o[4:8])
	}
	return e.family() == o.family() && [16]byte(e[8:24]) == [16]byte(o[8:24])
}

// openPair binds RTP to port and RTCP to the next one. An invalid bind address means every address of the host, IPv6
// and IPv4 on one socket where the kernel has IPv6.
func openPair(bind netip.Addr, port int) (rtp, rtcp, family int, err error) {
	rtp, family, err = openUDP(bind, port, rtpQueue)
	if err != nil {
		return -1, -1, 0, err
	}
	rtcp, _, err = openUDP(bind, port+1, rtcpQueue)
	if err != nil {
		unix.Close(rtp)
		return -1, -1, 0, err
	}
	return rtp, rtcp, family, nil
}

func openUDP(bind netip.Addr, port, queue int) (fd, family int, err error) {
	if !bind.IsValid() || bind.Is6() {
		fd, err = bindUDP(unix.AF_INET6, port, queue, &unix.SockaddrInet6{Port: port, Addr: wide(bind)})
		if bind.IsValid() || (err != unix.EAFNOSUPPORT && err != unix.EADDRNOTAVAIL) {
			return fd, unix.AF_INET6, err
		}
		bind = netip.IPv4Unspecified()
	}
	fd, err = bindUDP(unix.AF_INET, port, queue, &unix.SockaddrInet4{Port: port, Addr: bind.As4()})
	return fd, unix.AF_INET, err
}

func wide(a netip.Addr) [16]byte {
	if !a.IsValid() {
		return [16]byte{}
	}
	return a.As16()
}

func bindUDP(family, port, queue int, at unix.Sockaddr) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if family == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			unix.Close(fd)
			return -1, err
		}
		// Marking is best effort: a container may forbid it, and the call is worth more than its priority.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, expedited)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, expedited)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, queue)
	if err := unix.Bind(fd, at); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// receive reads one datagram without blocking and without allocating. The length is the datagram's true one, which is
// more than len(buf) when it did not fit.
func receive(fd int, buf []byte, from *endpoint) (int, unix.Errno) {
	*from = endpoint{}
	size := uint32(len(from))
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)),
		unix.MSG_TRUNC, uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(&size)))
	return int(n), errno
}

// transmit sends one datagram without blocking and without allocating.
func transmit(fd int, b []byte, to *endpoint) unix.Errno {
	size := uintptr(unix.SizeofSockaddrInet6)
	if to.family() == unix.AF_INET {
		size = unix.SizeofSockaddrInet4
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(to)), size)
	return errno
}
