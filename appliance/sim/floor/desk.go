package floor

import (
	"errors"
	"time"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// desk is the one floor of queues and agents of a world: what acd.Live is to a box, under the virtual clock.
type desk struct {
	*acd.Desk
	w     *World
	alarm time.Time         // the next that is set; zero: none
	backs map[string]uint64 // calls of people who were called back: which callback
}

var _ acd.Owner = (*desk)(nil)

func newDesk(w *World, cfg *hcl.Config, seed uint64) *desk {
	d := &desk{w: w, backs: map[string]uint64{}}
	d.Desk = acd.NewDesk(acd.NewFloor(cfg, seed), acd.DeskOptions{Facts: w.books, Place: d.place, Log: w.box.Log})
	return d
}

// Join implements acd.Owner.
func (d *desk) Join(in acd.Enter, post func(any) bool) {
	d.Desk.Join(d.w.now, in, post)
	d.wind()
}

// Tell implements acd.Owner.
func (d *desk) Tell(in acd.Input) {
	for _, e := range d.Desk.Tell(d.w.now, in) {
		if err := d.w.books.Append(e); err != nil {
			d.w.fail(err)
		}
	}
	d.wind()
}

// wind sets the alarm for the next moment at which something is due.
func (d *desk) wind() {
	next := d.Next()
	if next.IsZero() || !d.alarm.IsZero() && !next.Before(d.alarm) {
		return
	}
	d.alarm = next
	d.w.after(next.Sub(d.w.now), func() {
		if d.alarm.Equal(next) { // no earlier one was set since
			d.alarm = time.Time{}
			d.Tell(acd.Tick{})
		}
	})
}

func (d *desk) configure(cfg *hcl.Config) { d.Tell(acd.Configure{Config: cfg}) }

// choose sets what an agent is, by somebody; empty: the agent.
func (d *desk) choose(agent string, status acd.Status, reason, by string) error {
	if err := d.CanChoose(agent, status); err != nil {
		return err
	}
	d.Tell(acd.ChooseStatus{Agent: agent, Status: status, Reason: reason, By: by})
	return nil
}

// shown is what an agent does, in words.
func (d *desk) shown(agent string) string {
	v, known := d.View(agent)
	switch {
	case !known:
		return "not in the configuration"
	case v.Activity != acd.Idle:
		return string(v.Status) + ", " + string(v.Activity)
	case v.Reason != "":
		return string(v.Status) + ", " + v.Reason
	}
	return string(v.Status)
}

// scope is a queue as live expressions see it.
func (d *desk) scope(name string) (hcl.QueueScope, bool) { return d.Queue(name, d.w.now) }

// promise promises to call somebody back who did not wait: as if he had come into the queue and asked for it at once.
func (d *desk) promise(c *call.Call, queue, number string, at time.Time) error {
	if d.w.cfg.Queues[queue] == nil {
		return errors.New("there is no queue " + queue)
	}
	in := acd.Enter{Call: c.ID, Queue: queue, Generation: c.Plan.Generation, Caller: number, Language: c.Language()}
	d.w.after(at.Sub(d.w.now), func() {
		d.Join(in, func(any) bool { return true })
		d.Tell(acd.TakeCallback{Call: in.Call, Number: number})
	})
	return nil
}

// place calls somebody back. He answers after a while, and wants to speak.
func (d *desk) place(p acd.Place) {
	w := d.w
	w.note(nil, "the box calls "+p.Number+" back")
	w.after(pickup, func() {
		trunks := sorted(w.cfg.Trunks)
		if len(trunks) == 0 {
			d.Tell(acd.CallbackFailed{Callback: p.Callback, Why: "there is no trunk", Enough: true})
			return
		}
		start := call.Start{ID: w.id(), From: sip.Party{Number: p.Number}, Dialled: p.Number, Trunk: trunks[0]}
		d.backs[start.ID] = p.Callback
		if _, err := w.start("callback", start, w.current.CallPlan().Resolve(hcl.Destination{Kind: "queue", Name: p.Queue})); err != nil {
			w.fail(err)
		}
	})
}
