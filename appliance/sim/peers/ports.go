package peers

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// Ports of peers lie below the range from which the kernel gives ports away, so that no client socket of a neighbour takes
// one between the moment we find it free and the moment a peer binds it. Several runs of these tests may share a machine:
// each has a part of the range to itself, because what one gives to a box is not bound before the box needs it.
const (
	portsFrom = 17000
	portsEach = 5000
	mostRuns  = 3
)

var ports struct {
	sync.Mutex
	from, next int
	taken      map[int]bool
}

// part locks the first part of the range that no other process has, or waits for the first one. It is ours until the
// process ends.
var part = sync.OnceValues(func() (n int, err error) {
	for n = range mostRuns {
		if err = lockPart(n, syscall.LOCK_NB); err == nil {
			return n, nil
		}
	}
	return 0, lockPart(0, 0)
})

func lockPart(n, how int) error {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("callbox-peers-ports-%d", n))
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o666)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|how); err != nil {
		syscall.Close(fd)
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Ports returns the first of n consecutive ports, an even number, all of them free on loopback for UDP and TCP. They are
// the test's until it ends.
func Ports(t testing.TB, n int) int {
	t.Helper()
	mine, err := part()
	if err != nil {
		t.Fatal(err)
	}
	ports.Lock()
	defer ports.Unlock()
	if ports.taken == nil {
		ports.taken, ports.from = map[int]bool{}, portsFrom+mine*portsEach
		ports.next = ports.from
	}
	n += n % 2
	for range portsEach {
		if ports.next+n > ports.from+portsEach {
			ports.next = ports.from
		}
		first := ports.next
		if !free(first, n) {
			ports.next += 2
			continue
		}
		ports.next += n
		for port := first; port < first+n; port++ {
			ports.taken[port] = true
		}
		t.Cleanup(func() { giveBack(first, n) })
		return first
	}
	t.Fatalf("no %d consecutive ports are free between %d and %d", n, ports.from, ports.from+portsEach)
	return 0
}

func giveBack(first, n int) {
	ports.Lock()
	defer ports.Unlock()
	for port := first; port < first+n; port++ {
		delete(ports.taken, port)
	}
}

// free says whether ports are nobody's, of this process or another.
func free(first, n int) bool {
	for port := first; port < first+n; port++ {
		if ports.taken[port] {
			return false
		}
	}
	for port := first; port < first+n; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			return false
		}
		tcp.Close()
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			return false
		}
		udp.Close()
	}
	return true
}
