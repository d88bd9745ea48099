package null

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// burden is what a loop does for a call besides joining it.
type burden interface {
	begin(call string) error
	end(call string)
}

// nothing is no burden.
type nothing struct{}

func (nothing) begin(string) error { return nil }
func (nothing) end(string)         {}

// duties are the least that a call of the box cannot do without, whoever writes it: a fact on disk before it goes on, a
// record on disk before its end is confirmed, and four sockets for its sound. Nothing is read, composed or looked up.
type duties struct {
	db      *badger.DB
	mu      sync.Mutex
	sockets map[string][]int
}

// The sizes are those of the box: what it writes when a call begins, and when it ends with its CDR.
const (
	beginning = 500
	ending    = 2500
)

func newDuties(dir string) (*duties, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil).WithSyncWrites(true).WithDetectConflicts(false).
		WithMetricsEnabled(false).WithMemTableSize(8 << 20).WithValueLogFileSize(2 << 20).WithValueThreshold(1 << 20))
	return &duties{db: db, sockets: map[string][]int{}}, err
}

func (d *duties) begin(call string) error {
	if err := d.keep("begin "+call, beginning); err != nil {
		return err
	}
	var sockets []int
	for range 4 {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Bind(s, &unix.SockaddrInet4{}); err != nil {
			return err
		}
		sockets = append(sockets, s)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sockets[call] = sockets
	return nil
}

func (d *duties) end(call string) {
	d.mu.Lock()
	sockets := d.sockets[call]
	delete(d.sockets, call)
	d.mu.Unlock()
	for _, s := range sockets {
		unix.Close(s)
	}
	if err := d.keep("end "+call, ending); err != nil {
		fmt.Println("a record is not kept:", err)
	}
}

func (d *duties) keep(key string, size int) error {
	return d.db.Update(func(txn *badger.Txn) error { return txn.Set([]byte(key), bytes.Repeat([]byte("x"), size)) })
}
