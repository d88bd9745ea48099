package lua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Event is one fact for plugins: its head and its own fields side by side, as the event is in JSON.
type Event struct {
	Seq    uint64
	Type   string // "call.ended"
	Fields map[string]any
}

// Events is where plugins hear of facts.
type Events interface {
	// After gives facts behind seq, oldest first, limit at most.
	After(seq uint64, limit int) ([]Event, error)
	// Last is the newest there is.
	Last() uint64
	// Wait returns when there are facts behind seq, or with the cause of ctx.
	Wait(ctx context.Context, seq uint64) error
}

// Cursors remember what a plugin has heard, across restarts.
type Cursors interface {
	Cursor(plugin string) (seq uint64, ok bool, err error)
	SetCursor(plugin string, seq uint64) error
}

const (
	pageOfEvents = 100
	eventTries   = 3
	givenUp      = 5 // events in a row that failed, after which each is tried once only
)

// retryWaits are before the second and the third try.
var retryWaits = []time.Duration{time.Second, 10 * time.Second}

// Deliver tells plugins of events, each in order and at least once, and returns when ctx ends and nothing of it runs any more. An
// event counts as heard when its function returned, or failed three times; a function that fails again and again is tried once
// each, so that it does not fall behind for ever. A plugin that never heard anything begins with what happens from now on.
func (h *Host) Deliver(ctx context.Context, events Events, cursors Cursors) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, p := range h.order {
		if !h.hears(p.Name) {
			continue
		}
		all.Go(func() {
			l := listener{h: h, plugin: p.Name, events: events, cursors: cursors}
			if err := l.run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("events for plugin %s: %w", p.Name, err))
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// hears says whether the plugin has a function for any event.
func (h *Host) hears(plugin string) bool {
	for _, name := range h.Functions(plugin) {
		if _, asked := hooks[name]; !asked && strings.HasPrefix(name, "on_") {
			return true
		}
	}
	return false
}

// listener tells one plugin.
type listener struct {
	h       *Host
	plugin  string
	events  Events
	cursors Cursors
	failing int // events in a row
}

func (l *listener) run(ctx context.Context) error {
	seq, ok, err := l.cursors.Cursor(l.plugin)
	if err != nil {
		return err
	}
	if !ok {
		seq = l.events.Last()
		if err := l.cursors.SetCursor(l.plugin, seq); err != nil {
			return err
		}
	}
	for {
		if err := l.events.Wait(ctx, seq); err != nil {
			return err
		}
		page, err := l.events.After(seq, pageOfEvents)
		if err != nil {
			return err
		}
		for _, e := range page {
			heard, err := l.tell(ctx, e)
			if err != nil {
				return err
			}
			if seq = e.Seq; heard {
				if err := l.cursors.SetCursor(l.plugin, seq); err != nil {
					return err
				}
			}
		}
		if len(page) > 0 { // those that nobody wanted need not be looked at again
			if err := l.cursors.SetCursor(l.plugin, seq); err != nil {
				return err
			}
		}
	}
}

// tell calls the function of one event. The error is the end of ctx only.
func (l *listener) tell(ctx context.Context, e Event) (heard bool, err error) {
	name := eventHook(e.Type)
	if _, asked := hooks[name]; asked || !l.h.Has(l.plugin, name) {
		return false, nil
	}
	tries := eventTries
	if l.failing >= givenUp {
		tries = 1
	}
	for try := range tries {
		if try > 0 {
			if err := sleep(ctx, retryWaits[try-1]); err != nil {
				return false, err
			}
		}
		_, err = l.h.invoke(ctx, l.plugin, name, phaseEvent, nil, 0, e.Fields)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err == nil || errors.Is(err, ErrLeft) {
			l.failing = 0
			return true, nil
		}
		l.h.o.Log.Warn("a plugin failed at an event", "error", err, "event", e.Type, "seq", e.Seq, "try", try+1, "of", tries)
	}
	l.failing++
	return true, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Tell calls the function of one plugin that hears of an event, on the goroutine of who calls it and once: for tests and
// simulations, where nothing happens beside. A plugin without such a function hears nothing.
func (h *Host) Tell(ctx context.Context, plugin string, e Event) error {
	name := eventHook(e.Type)
	if _, asked := hooks[name]; asked || !h.Has(plugin, name) {
		return nil
	}
	_, err := h.invoke(ctx, plugin, name, phaseEvent, nil, 0, e.Fields)
	if errors.Is(err, ErrLeft) {
		return nil
	}
	return err
}
