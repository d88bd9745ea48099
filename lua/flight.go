package lua

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// answerSlack is how long after its limit a function is still waited for: it tells by itself at which line it was, if it can.
const answerSlack = 50 * time.Millisecond

// flight is one call of a function in one process.
type flight struct {
	id     uint64
	p      *process
	c      *invocation
	events chan frame // a question, or the end: never more than both at once

	// guarded by the process's mu
	asking    bool // waits for the box, so that it does not compute
	effect    bool // the outside noticed something
	abandoned bool // nobody waits for it any more
	cancel    context.CancelCauseFunc
	reaper    *time.Timer
}

// invocation is what is to be called, whichever process does it.
type invocation struct {
	plugin   *plugin
	function string
	phase    phase
	caller   Caller
	fields   map[string]any // of the call; nil: there is none
	args     []any
	limit    time.Duration
}

// errProcessGone says that the process ended; what becomes of the call is in its verdict.
var errProcessGone = errors.New("the process ended")

// open begins a call.
func (p *process) open(c *invocation) (*flight, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.flights) >= maxFlights {
		return nil, &Error{Plugin: c.plugin.Name, Function: c.function, Kind: KindError, Text: fmt.Sprintf("%d functions run at once already", maxFlights)}
	}
	p.next++
	f := &flight{id: p.next, p: p, c: c, events: make(chan frame, 2)}
	p.flights[f.id] = f
	return f, nil
}

// send tells the child what to call.
func (f *flight) send(ctx context.Context) error {
	e, h := begin(frameCall, f.id), f.p.h
	seed := h.o.Seed()
	e.text(f.c.plugin.Name)
	e.text(f.c.function)
	e.number(float64(f.c.phase))
	e.number(float64(f.c.limit))
	e.number(float64(seed >> 32))
	e.number(float64(uint32(seed)))
	e.time(h.o.Wall())
	var first any
	if f.c.fields != nil {
		first = f.c.fields
	}
	e.max = len(e.b) + maxPayload
	for i, v := range append([]any{first}, f.c.args...) {
		name := "args"
		if i == 0 {
			name = "call"
		}
		if err := e.value(v, 0, name); err != nil {
			return f.fail(KindError, err.Error())
		}
	}
	if err := f.p.out.send(e); err != nil {
		f.p.kill() // it has stopped reading, or ended
		<-f.p.gone
		return errProcessGone
	}
	return nil
}

func (f *flight) fail(kind, text string) *Error {
	return &Error{Plugin: f.c.plugin.Name, Function: f.c.function, Kind: kind, Text: text}
}

// fly makes the call on the goroutine of whoever wants it: questions of the plugin are answered here.
func (f *flight) fly(ctx context.Context) ([]any, error) {
	if err := f.send(ctx); err != nil {
		f.p.land(f.id)
		return nil, err
	}
	left, since := f.c.limit, time.Now()
	timer := time.NewTimer(left + answerSlack)
	defer timer.Stop()
	for {
		select {
		case e := <-f.events:
			values, again, err := f.event(ctx, e, timer, &left, &since)
			if !again {
				return values, err
			}
		case <-timer.C:
			f.abandon()
			return nil, f.fail(KindTimeout, fmt.Sprintf("it took longer than its limit of %v", f.c.limit))
		case <-ctx.Done():
			f.abandon()
			return nil, context.Cause(ctx)
		case <-f.p.gone:
			select {
			case e := <-f.events: // said before the process ended
				values, again, err := f.event(ctx, e, timer, &left, &since)
				if !again {
					return values, err
				}
			default:
			}
			return nil, errProcessGone
		}
	}
}

// event handles the end of a call, or a question. The time that the caller takes is not counted.
func (f *flight) event(ctx context.Context, e frame, timer *time.Timer, left *time.Duration, since *time.Time) (values []any, again bool, err error) {
	if e.kind == frameDone {
		if values, err = f.done(&e.body); err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return values, false, err
	}
	d, args, err := e.question()
	if err != nil {
		f.p.kill()
		return nil, true, nil
	}
	asked := time.Now()
	*left -= asked.Sub(*since)
	if d.waits {
		timer.Stop()
	}
	r, err := f.ask(ctx, d, args, *left)
	*since = time.Now()
	if d.waits {
		timer.Reset(*left + answerSlack)
	} else {
		*left -= time.Since(asked)
	}
	if ctx.Err() != nil {
		f.abandon()
		return nil, false, context.Cause(ctx)
	}
	if err == nil {
		err = f.answer(r)
	}
	if err != nil {
		f.p.kill()
	}
	return nil, true, nil
}

// ask answers a question in the box. Its context ends with the call's, with the function's time unless the caller is waited for,
// and with the process.
func (f *flight) ask(ctx context.Context, d *declaration, args []any, left time.Duration) (reply, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f.p.mu.Lock()
	f.effect = f.effect || d.effect
	f.cancel = cancel
	f.p.mu.Unlock()
	if !d.waits {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, max(0, left))
		defer stop()
	}
	s := &service{h: f.p.h, plugin: &f.c.plugin.Plugin, caller: f.c.caller, phase: f.c.phase, ctx: ctx}
	return s.answer(d, args)
}

// answer sends the reply. The call computes again from then on.
func (f *flight) answer(r reply) error {
	e := begin(frameAnswer, f.id)
	e.text(r.how)
	e.time(f.p.h.o.Wall())
	for _, v := range r.values {
		if err := e.value(v, 0, "the answer"); err != nil {
			e = begin(frameAnswer, f.id)
			e.text(answerRaised)
			e.time(f.p.h.o.Wall())
			e.text(err.Error())
			break
		}
	}
	f.p.mu.Lock()
	f.asking, f.cancel = false, nil
	f.p.mu.Unlock()
	return f.p.out.send(e)
}

// done reads what a function returned, or why it ended.
func (f *flight) done(b *decoder) ([]any, error) {
	values, err := b.rest()
	if err != nil || len(values) == 0 {
		f.p.kill()
		return nil, f.fail(KindCrashed, "its process answers what nobody understands")
	}
	if values[0] == true {
		return values[1:], nil
	}
	failed := failure(f.c.plugin.Name, f.c.function, values)
	if failed.Kind == kindGone {
		return nil, ErrLeft
	}
	return nil, failed
}

// abandon tells the child that nobody waits any more, and ends the process if that does not help.
func (f *flight) abandon() {
	f.p.mu.Lock()
	inside := f.p.flights[f.id] != nil
	if inside {
		f.abandoned = true
		f.reaper = time.AfterFunc(killAfter, func() { f.p.killFor(f.id) })
	}
	f.p.mu.Unlock()
	if inside { // or it has just ended
		_ = f.p.out.send(begin(frameStop, f.id)) // a child that does not hear it is ended
	}
}

// killFor ends the process for the sake of a call that does not end.
func (p *process) killFor(id uint64) {
	p.mu.Lock()
	if p.flights[id] != nil && p.killedFor == 0 {
		p.killedFor = id
	}
	p.mu.Unlock()
	p.kill()
}

// land forgets a call that is over.
func (p *process) land(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.flights[id]; f != nil {
		if f.reaper != nil {
			f.reaper.Stop()
		}
		delete(p.flights, id)
	}
}

// deliver hands a frame to its call.
func (p *process) deliver(e frame) error {
	p.mu.Lock()
	f := p.flights[e.id]
	if f == nil || e.kind == frameAsk && f.asking {
		p.mu.Unlock()
		return errForged
	}
	f.asking = e.kind == frameAsk
	abandoned := f.abandoned
	p.mu.Unlock()
	if e.kind == frameDone {
		p.land(e.id)
	}
	if abandoned {
		return nil
	}
	select {
	case f.events <- e:
		return nil
	default:
		return errForged
	}
}

// bury decides who was to blame, and lets every call that was here know.
func (p *process) bury(err error) {
	exit := "it ended by itself"
	var status *exec.ExitError
	if errors.As(err, &status) {
		exit = status.String()
	}
	p.mu.Lock()
	var computing []uint64
	for id, f := range p.flights {
		if !f.asking {
			computing = append(computing, id)
		}
		if f.reaper != nil {
			f.reaper.Stop()
		}
		if f.cancel != nil {
			f.cancel(errProcessGone)
		}
	}
	p.verdict = judge(p.killedFor, p.confessed, computing, exit, p.last.line())
	guilty := p.flights[p.verdict.guilty]
	p.mu.Unlock()
	if guilty != nil {
		p.h.strike(guilty.c.plugin)
	}
	close(p.gone)
}

// fate is what becomes of a call now that its process is gone.
func (f *flight) fate() (fate, *Error) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	kind, text := f.p.verdict.told(f.id, f.effect)
	return f.p.verdict.fate(f.id, f.effect), f.fail(kind, text)
}
