package sip

import (
	"errors"
	"hash/maphash"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxPackets is how many messages may wait for a shard, and maxWaiting how many bytes they may have. Beyond, they are
// dropped and counted: retransmission, or the sender's patience, is the queue then.
const (
	maxPackets = 4096
	maxWaiting = 8 << 20
)

// shard owns everything of the calls whose Call-ID hashes to it: transactions, dialogs, their timers. Its one goroutine
// does all the work on them, in order of arrival, so that nothing of a call needs a lock and an ACK cannot be overtaken
// by the BYE behind it. Nothing here blocks.
type shard struct {
	s *Server

	mu      sync.Mutex
	queue   []func()
	packets int
	waiting int // bytes of them
	ended   bool
	wake    chan struct{}

	backlog int // what was there to do when it last looked
	alarms  alarms
	servers map[string]*serverTx
	clients map[string]*clientTx
	dialogs map[string]*Dialog       // by Call-ID and our tag
	subs    map[string]*Subscription // by Call-ID and our tag
	callers map[string]*Dialog       // those that the peer began, by Call-ID and its tag
}

func newShard(s *Server) *shard {
	return &shard{
		s: s, wake: make(chan struct{}, 1),
		servers: map[string]*serverTx{}, clients: map[string]*clientTx{}, dialogs: map[string]*Dialog{}, callers: map[string]*Dialog{}, subs: map[string]*Subscription{},
	}
}

// post has f done by the shard's goroutine; false when that has ended. Commands are few a dialog, so their number is
// bounded by that of dialogs.
func (sh *shard) post(f func()) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.ended {
		return false
	}
	sh.queue = append(sh.queue, f)
	sh.rouse()
	return true
}

// deliver hands in a message that arrived with n bytes; false when too many wait.
func (sh *shard) deliver(f flow, m sip.Message, n int) bool {
	sh.mu.Lock()
	if sh.packets >= maxPackets || sh.waiting+n > maxWaiting || sh.ended {
		sh.mu.Unlock()
		return false
	}
	sh.packets++
	sh.waiting += n
	sh.queue = append(sh.queue, func() { sh.receive(f, m) })
	sh.mu.Unlock()
	sh.rouse()
	return true
}

func (sh *shard) rouse() {
	select {
	case sh.wake <- struct{}{}:
	default:
	}
}

// run is the shard's goroutine. It ends with the Server.
func (sh *shard) run() {
	defer sh.s.work.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var batch []func()
	for {
		sh.mu.Lock()
		batch, sh.queue = sh.queue, batch[:0]
		sh.packets, sh.waiting = 0, 0
		sh.mu.Unlock()
		sh.backlog = len(batch)
		for i, f := range batch {
			sh.do(f)
			batch[i] = nil
		}
		wait := sh.ring()
		if len(batch) > 0 && wait > 0 {
			continue // more may have come meanwhile
		}
		timer.Reset(wait)
		select {
		case <-sh.wake:
		case <-timer.C:
		case <-sh.s.stop:
			sh.end()
			return
		}
	}
}

// ring does what is due and returns how long until the next alarm.
func (sh *shard) ring() time.Duration {
	now := time.Now()
	for range 256 { // then see to the queue again
		a, next := sh.alarms.due(now)
		if a == nil {
			return next
		}
		sh.do(a.do)
	}
	return 0
}

// do runs one piece of work. A panic is a bug of ours; it costs that piece, not the box.
func (sh *shard) do(f func()) {
	defer sh.s.recovered("shard")
	f()
}

func (sh *shard) after(d time.Duration, f func()) *alarm { return sh.alarms.after(d, f) }

// lostBecause says it to the operator: of a trunk whose certificate is not to be believed, for one.
func lostBecause(why error) string {
	if why == nil || errors.Is(why, io.EOF) || errors.Is(why, errFlowLost) || errors.Is(why, net.ErrClosed) {
		return "connection lost"
	}
	return "connection lost: " + why.Error()
}

// lost ends what waits for answers over a connection that is gone.
func (sh *shard) lost(c *stream) {
	for _, t := range sh.clients {
		if t.flow.conn == c {
			t.fail(503, lostBecause(c.why))
		}
	}
	for _, t := range sh.servers {
		if t.flow.conn != c {
			continue
		}
		if t.state != txProceeding {
			t.end()
		} else if t.cancelled != nil {
			t.cancelled(nil) // whom should we answer?
		}
	}
}

// end does what is still queued and closes all dialogs when the Server closes.
func (sh *shard) end() {
	sh.mu.Lock()
	sh.ended = true
	rest := sh.queue
	sh.queue = nil
	sh.mu.Unlock()
	for _, f := range rest {
		sh.do(f)
	}
	for _, d := range sh.dialogs {
		sh.do(d.closed)
	}
	for _, x := range sh.subs {
		sh.do(x.end)
	}
}

var shardSeed = maphash.MakeSeed()

func (s *Server) shardOf(callID string) *shard {
	return s.shards[maphash.String(shardSeed, callID)%uint64(len(s.shards))]
}
