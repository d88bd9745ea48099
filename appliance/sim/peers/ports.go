package peers

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// Ports of peers lie below the range from which the kernel gives ports away, so that no client socket of a
// neighbour takes one between the moment we find it free and the moment a peer binds it.
const (
	portsFrom = 18000
	portsTo   = 32000
)

var ports = struct {
	sync.Mutex
	next int
}{next: portsFrom + os.Getpid()%100*100}

// Ports returns the first of n consecutive ports, an even number, all of them free on loopback for UDP and TCP.
func Ports(t testing.TB, n int) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range portsTo - portsFrom {
		if ports.next+n > portsTo {
			ports.next = portsFrom
		}
		first := ports.next
		ports.next += n + n%2
		if free(first, n) {
			return first
		}
	}
	t.Fatalf("no %d consecutive ports are free between %d and %d", n, portsFrom, portsTo)
	return 0
}

func free(first, n int) bool {
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
