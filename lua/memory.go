package lua

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	room        = 128_000_000 // bytes that all calls of a process may hold together, beside what one may
	slack       = 96 << 20    // bytes of data that the kernel grants beyond: garbage, stacks, the collector's own
	lookEvery   = 5 * time.Millisecond
	memoryTries = 10 // looks at a call that was stopped for its memory, before the process ends
)

// heap is how many bytes are held by objects, garbage included.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// memory asks the kernel to let this process have no more data than it has now and plugins may need; what is allocated beyond
// ends the process. Address space is no measure: Go reserves much of it.
func (c *child) memory() (refused string) {
	c.ceiling.Store(heap() + room)
	debug.SetMemoryLimit(c.ceiling.Load() + slack/2)
	now, err := dataSize()
	if err == nil {
		limit := uint64(now) + room + maxMemory + slack
		err = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit - maxMemory, Max: limit})
	}
	if err != nil {
		return fmt.Sprintf("memory is not limited by the kernel: %v", err)
	}
	return ""
}

const maxMemory = 1_000_000_000 // bytes that limits.memory may be

// allow raises the soft limit to what the largest plugin may hold; the hard one was set before any Lua was read.
func (c *child) allow(memory int64) {
	var now unix.Rlimit
	if c.ceiling.Load() == math.MaxInt64 || unix.Getrlimit(unix.RLIMIT_DATA, &now) != nil {
		return
	}
	if extra := memory - c.extra; extra > 0 {
		c.extra = memory
		debug.SetMemoryLimit(c.ceiling.Add(extra) + slack/2)
		now.Cur = min(now.Cur+uint64(extra), now.Max)
		_ = unix.Setrlimit(unix.RLIMIT_DATA, &now) // refused: the smaller limit stays
	}
}

// dataSize is what the kernel counts for RLIMIT_DATA, in bytes.
func dataSize() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmData:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell how much it is")
}

// begin and finish frame the time in which a call, or the loading for one, is here; idle and wake the time in it in which it
// waits for the box.
func (c *child) begin()  { c.wake() }
func (c *child) finish() { c.idle() }

func (c *child) idle() { c.running.Add(-1) }

func (c *child) wake() {
	if c.running.Add(1) == 1 {
		select {
		case c.stir <- struct{}{}:
		default:
		}
	}
}

// watch looks at the heap while something computes. The kernel's limit is for the whole process, and it kills; this one names
// who is to blame where that is certain.
func (c *child) watch() {
	for range c.stir {
		for over := 0; c.running.Load() > 0; {
			time.Sleep(lookEvery)
			busy, most := c.computing()
			if heap() <= most {
				over = 0
				continue
			}
			runtime.GC() // garbage does not count
			if still, _ := c.computing(); heap() <= most || !slices.Equal(still, busy) {
				continue // what is held may be that of a call that has just ended
			}
			if over++; c.blame(busy, over) {
				c.confess(busy)
			}
		}
	}
}

// computing gives the calls that compute, in the order of their ids, and how much all calls together may hold.
func (c *child) computing() (busy []*state, most int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	allowed := int64(0)
	for _, s := range c.calls {
		allowed += s.program.limits.Memory
		if s.busy.Load() {
			busy = append(busy, s)
		}
	}
	slices.SortFunc(busy, func(a, b *state) int { return cmp.Compare(a.id, b.id) })
	return busy, min(c.resting.Load()+max(allowed, defaultMemory), c.ceiling.Load())
}

// blame stops the one call that computes, if there is but one. It says whether there is no other way than to end the process.
func (c *child) blame(busy []*state, over int) (end bool) {
	if len(busy) == 1 && over <= memoryTries {
		busy[0].halt(KindMemory, fmt.Sprintf("it held more memory than its limit of %d MB; keep less at once, or raise limits.memory", busy[0].program.limits.Memory/1_000_000))
		return false
	}
	return len(busy) > 0
}

// confess tells the box which calls computed, and ends the process.
func (c *child) confess(busy []*state) {
	e := begin(frameMemory, 0)
	for _, s := range busy {
		e.number(float64(s.id))
	}
	c.send(e)
	os.Exit(exitMemory)
}
