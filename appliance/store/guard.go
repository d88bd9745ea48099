package store

import (
	"fmt"
	"log/slog"
	"math"
	"sync"
	"syscall"
	"time"
)

// lookAfter is how many bytes are written before the committer looks at the disk itself, between two looks of the guard.
const lookAfter = 1 << 20

// guard watches the room of one folder and decides what may still be written there.
type guard struct {
	dir     string
	statfs  func(string) (Space, error)
	floor   uint64
	ballast *ballast
	log     *slog.Logger

	mu      sync.Mutex
	space   Space
	since   uint64 // bytes written since the last look
	broken  error  // a commit failed; stays until the process has opened the store anew
	damaged string // what did not read back as it was written
	last    State
}

func newGuard(o Options) *guard {
	return &guard{
		dir: o.Dir, statfs: o.Statfs, floor: o.FreeFloor, log: o.Log, last: OK,
		ballast: &ballast{path: ballastPath(o.Dir), size: o.Ballast},
		space:   Space{Free: math.MaxUint64},
	}
}

// run looks at the disk until stop is closed.
func (g *guard) run(every time.Duration, stop <-chan struct{}) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			g.look()
		case <-stop:
			return
		}
	}
}

// look asks how much room there is, and gives the ballast up or takes it back.
func (g *guard) look() {
	space, err := g.statfs(g.dir)
	if err != nil {
		g.log.Warn("store: cannot tell how much room the disk has", "folder", g.dir, "err", err)
		return
	}
	g.mu.Lock()
	g.space, g.since = space, 0
	g.mu.Unlock()
	g.tell()
	if err := g.ballast.tend(space, g.floor); err != nil {
		g.log.Warn("store: ballast", "err", err)
	}
}

// tell logs when the state has become another.
func (g *guard) tell() {
	h := g.health()
	g.mu.Lock()
	changed := g.last != h.State
	g.last = h.State
	g.mu.Unlock()
	switch {
	case !changed:
	case h.State == OK:
		g.log.Info("store: all is well again", "free", h.Free)
	default:
		g.log.Error("store: "+h.Reason, "state", string(h.State), "free", h.Free)
	}
}

// wrote counts what was written, and looks when that has become much.
func (g *guard) wrote(bytes int) {
	g.mu.Lock()
	g.since += uint64(bytes)
	much := g.since > lookAfter
	g.mu.Unlock()
	if much {
		g.look()
	}
}

// refuse says why a write of a class may not be done now, or nil.
func (g *guard) refuse(class Class) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.broken != nil:
		return g.broken
	case g.space.ReadOnly:
		return fmt.Errorf("%s: %w; mount it for writing", g.dir, ErrReadOnly)
	case g.space.Free < g.reserve(), class == Rebuilt && g.space.Free < g.floor:
		return fmt.Errorf("%s: %w: %s free; delete recordings or logs", g.dir, ErrNoRoom, mega(g.space.Free))
	}
	return nil
}

// reserve is what Badger may need of its own for what it was given already: 24 MB of memtables to flush, and two compactions that
// write up to 75 MB before they delete what they read. It cannot be told to stop, and where it finds no room the process dies.
func (g *guard) reserve() uint64 { return g.floor / 2 }

// fail remembers that a commit failed. From then on nothing is accepted: after a failed sync the kernel may have dropped the pages
// and report success for the next one.
func (g *guard) fail(err error) error {
	g.mu.Lock()
	if g.broken == nil {
		g.broken = fmt.Errorf("%s: %w: %w; check the disk, then restart callbox", g.dir, ErrBroken, err)
	}
	err = g.broken
	g.mu.Unlock()
	g.tell()
	return err
}

// doubt remembers that something did not read back as it was written.
func (g *guard) doubt(what string) {
	g.mu.Lock()
	g.damaged = what
	g.mu.Unlock()
	g.tell()
}

func (g *guard) health() Health {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := Health{Free: g.space.Free, Floor: g.floor, State: OK}
	switch {
	case g.broken != nil:
		h.State, h.Reason = Torn, g.broken.Error()
	case g.space.ReadOnly:
		h.State, h.Reason = ReadOnly, g.dir+": the disk is read-only; mount it for writing"
	case g.space.Free < g.reserve():
		h.State, h.Reason = Full, fmt.Sprintf("%s: %s free, nothing is kept any more; delete recordings or logs", g.dir, mega(g.space.Free))
	case g.damaged != "":
		h.State, h.Reason = Torn, fmt.Sprintf("%s: %s; restore a backup", g.dir, g.damaged)
	case g.space.Free < g.floor:
		h.State, h.Reason = Low, fmt.Sprintf("%s: %s free, less than %s; delete recordings or logs", g.dir, mega(g.space.Free), mega(g.floor))
	}
	return h
}

func mega(bytes uint64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// statfs asks the kernel.
func statfs(dir string) (Space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return Space{}, err
	}
	const readOnly = 1 // ST_RDONLY
	return Space{Free: s.Bavail * uint64(s.Bsize), ReadOnly: s.Flags&readOnly != 0}, nil
}
