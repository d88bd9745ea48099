package lua

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// slot is where a process lives: when it dies, the slot's keeper starts another. Most plugins share one slot.
type slot struct {
	h       *Host
	plugins []*plugin
	ctx     context.Context // the host's life
	first   time.Duration   // wait before a process that died young is started again; doubled each time

	mu      sync.Mutex // guards what follows
	current *process   // nil while there is none
	err     error      // why there is none, when it is not being started
	changed chan struct{}
}

const (
	firstWait = 50 * time.Millisecond
	mostWait  = 5 * time.Second
	patience  = time.Second // pauses that calls wait through
	young     = time.Second // a process that lived shorter died young
)

func newSlot(h *Host, plugins []*plugin) *slot {
	return &slot{h: h, plugins: plugins, ctx: h.ctx, first: firstWait, changed: make(chan struct{})}
}

func (s *slot) set(p *process, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.err = p, err
	close(s.changed)
	s.changed = make(chan struct{})
}

// process gives one that lives, and waits while one is started.
func (s *slot) process(ctx context.Context) (*process, error) {
	for {
		s.mu.Lock()
		p, err, changed := s.current, s.err, s.changed
		s.mu.Unlock()
		if p != nil {
			select {
			case <-p.gone:
			default:
				return p, nil
			}
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-s.ctx.Done():
			return nil, errHostClosed
		}
	}
}

// keep is the slot's goroutine: it waits for the process to end and starts the next, until the host is closed.
func (s *slot) keep(p *process) {
	defer s.h.running.Done()
	wait := s.first
	for {
		if p != nil {
			started := time.Now()
			select {
			case <-p.gone:
			case <-s.ctx.Done():
				p.end()
				return
			}
			if wait = min(wait*2, mostWait); time.Since(started) > young {
				wait = s.first
			}
			s.pause(wait, fmt.Errorf("its process ended (%s) and is started again in %v", p.verdict.text, wait))
		}
		p = s.begin(&wait)
		if s.ctx.Err() != nil {
			if p != nil {
				p.end()
			}
			return
		}
	}
}

// pause keeps a process that dies again and again from taking the machine; the first time there is no pause. Calls wait through
// short ones; they are refused in long ones.
func (s *slot) pause(wait time.Duration, why error) {
	if wait <= 2*s.first {
		s.set(nil, nil)
		return
	}
	if wait <= patience {
		why = nil
	}
	s.set(nil, why)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
	s.set(nil, nil)
}

// begin starts a process. When that fails it waits and gives nil.
func (s *slot) begin(wait *time.Duration) *process {
	p, all, err := startProcess(s.ctx, s.h, s.plugins)
	for _, l := range all {
		if l.plugin.setFunctions(l.functions, l.err); l.err != nil && s.ctx.Err() == nil {
			s.h.o.Log.Error("a plugin that was loaded before does not load any more", "error", l.err)
		}
	}
	if err != nil {
		if s.ctx.Err() == nil {
			s.h.o.Log.Error("plugins cannot run", "error", err, "again_in", *wait)
			*wait = min(*wait*2, mostWait)
			s.pause(*wait, err)
		}
		return nil
	}
	s.set(p, nil)
	return p
}
