package null

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// relay reads one line with the ports of the phones on loopback, the two of a call beside each other, prints the ports
// of the sockets it opened for them, and carries packets between the two of each call until it is killed: one epoll, one
// receive and one send for a packet, and nothing else.
func relay(in io.Reader, out io.Writer) error {
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		return err
	}
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	var sockets []int
	var peers []unix.RawSockaddrInet4
	for _, field := range strings.Fields(line) {
		var port uint16
		if _, err := fmt.Sscan(field, &port); err != nil {
			return err
		}
		socket, here, err := open(poll, int32(len(sockets)))
		if err != nil {
			return err
		}
		sockets, peers = append(sockets, socket), append(peers, loopback(port))
		fmt.Fprint(out, here, " ")
	}
	fmt.Fprintln(out)
	return carry(poll, sockets, peers)
}

func carry(poll int, sockets []int, peers []unix.RawSockaddrInet4) error {
	events, packet := make([]unix.EpollEvent, 64), make([]byte, 1500)
	var from unix.RawSockaddrInet4
	for {
		n, err := unix.EpollWait(poll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, e := range events[:max(0, n)] {
			room := uint32(unix.SizeofSockaddrInet4)
			size, _, failed := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(sockets[e.Fd]), uintptr(unsafe.Pointer(&packet[0])),
				uintptr(len(packet)), 0, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&room)))
			if failed == 0 {
				unix.RawSyscall6(unix.SYS_SENDTO, uintptr(sockets[e.Fd^1]), uintptr(unsafe.Pointer(&packet[0])), size,
					unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&peers[e.Fd^1])), unix.SizeofSockaddrInet4)
			}
		}
	}
}

// open makes a socket on loopback whose events carry a key, and tells its port.
func open(poll int, key int32) (socket, port int, err error) {
	if socket, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	at, err := unix.Getsockname(socket)
	if err != nil {
		return 0, 0, err
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: key}
	return socket, at.(*unix.SockaddrInet4).Port, unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, socket, &event)
}

func loopback(port uint16) unix.RawSockaddrInet4 {
	at := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&at.Port))[:], port)
	return at
}
