package appliance

import (
	"context"
	"sync"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/sip"
	"callbox/appliance/web"
)

// accept turns a new dialog into a call. It pins the current generation: the
// call keeps it to its end, whatever is applied meanwhile.
func (a *Appliance) accept(d *sip.Dialog) {
	g := a.pin()
	if g == nil || (a.draining.Load() || a.journal.Busy()) && !urgent(g, d.Invite()) {
		a.tally.shed()
		d.Reject(503, sip.Reason{RetryAfter: 5, Text: "the box takes no new calls now"})
		if g != nil {
			g.release()
		}
		return
	}
	c, err := call.New(context.Background(), a.box, g.plan, d)
	if err != nil {
		g.release()
		a.tally.shed()
		a.log.Error("call refused: it could not be written down", "error", err)
		return
	}
	a.roster.add(c)
	a.busy(c, true)
	go func() {
		defer func() {
			a.busy(c, false)
			a.roster.remove(c)
			g.release()
			a.tally.count(c.Ending())
		}()
		c.Serve(call.Route{})
	}()
}

// pin gives the current generation to one more call.
func (a *Appliance) pin() *Generation {
	for {
		g := a.current.Load()
		if g == nil || g.hold() {
			return g
		}
	}
}

// urgent is a call for help from one of our phones: it is taken even when the
// disk does not keep up.
func urgent(g *Generation, in *sip.Invite) bool {
	return in.Account != "" && call.IsEmergency(in.Number, g.Config.Appliance.Country)
}

// roster is the calls in progress.
type roster struct {
	mu    sync.Mutex
	calls map[string]*call.Call
	empty chan struct{} // closed and renewed whenever the last call leaves
}

func (r *roster) add(c *call.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = map[string]*call.Call{}
	}
	r.calls[c.ID] = c
}

func (r *roster) remove(c *call.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.calls, c.ID)
	if len(r.calls) == 0 && r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
}

func (r *roster) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

func (r *roster) all() []*call.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*call.Call, 0, len(r.calls))
	for _, c := range r.calls {
		all = append(all, c)
	}
	return all
}

// wait blocks until no call is left, at most for d; it reports which.
func (r *roster) wait(d time.Duration) bool {
	r.mu.Lock()
	if len(r.calls) == 0 {
		r.mu.Unlock()
		return true
	}
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	empty := r.empty
	r.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-empty:
		return true
	case <-t.C:
		return false
	}
}

// tally counts how calls ended since the start, for /metrics. Both words of an
// Ending come from closed sets.
type tally struct {
	mu                  sync.Mutex
	ended               map[web.Ending]uint64
	refused             uint64 // calls shed before they were calls
	applied, notApplied uint64 // reloads
}

func (t *tally) count(outcome string, why call.Cause) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended == nil {
		t.ended = map[web.Ending]uint64{}
	}
	t.ended[web.Ending{Outcome: outcome, Cause: why.String()}]++
}

func (t *tally) shed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused++
}

func (t *tally) reload(ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ok {
		t.applied++
	} else {
		t.notApplied++
	}
}

func (t *tally) totals() (ended map[web.Ending]uint64, shed, applied, refused uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended = make(map[web.Ending]uint64, len(t.ended))
	for k, v := range t.ended {
		ended[k] = v
	}
	return ended, t.refused, t.applied, t.notApplied
}
