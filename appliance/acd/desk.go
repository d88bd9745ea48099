package acd

import (
	"log/slog"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// Desk gives what a floor decides to those whom it concerns: to the scripts of calls, to the journal, and to whoever
// places calls. Like its floor it is for one goroutine at a time, and it never waits.
type Desk struct {
	*Floor
	o     DeskOptions
	posts map[string]func(any) bool
}

// DeskOptions is who gets what. Nil is nobody; without Place nobody can be called back.
type DeskOptions struct {
	Facts call.Facts
	// Place calls somebody back, Changed shows an agent who does something else. They must not wait, and tell the floor
	// nothing before they have returned. What comes of a Place is told later: CallbackFailed, or the call enters. Without
	// Place nobody is offered to be called back.
	Place   func(Place)
	Changed func(AgentView)
	Log     *slog.Logger
}

// Owner is what a call's script needs of the floor: a Live, or the virtual floor around a Desk. Both return when what
// was told has been done, so that what is told by one script is in its order.
type Owner interface {
	// Join enters a call, whose script gets its actions by post: any goroutine may call that, and it never waits.
	Join(in Enter, post func(any) bool)
	// Tell tells anything else.
	Tell(in Input)
}

// NewDesk makes a desk around a floor.
func NewDesk(f *Floor, o DeskOptions) *Desk {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	f.promisesNothing = o.Place == nil
	return &Desk{Floor: f, o: o, posts: map[string]func(any) bool{}}
}

// Join is Owner's, at a moment.
func (d *Desk) Join(now time.Time, in Enter, post func(any) bool) {
	d.posts[in.Call] = post
	d.Tell(now, in)
}

// Tell hands the floor an input and does what it answers. It returns the facts that must be on disk before anybody is
// told of them; they are not written yet.
func (d *Desk) Tell(now time.Time, in Input) (told []journal.Event) {
	todo := d.Handle(now, in)
	if ended, ok := in.(CallEnded); ok {
		delete(d.posts, ended.Call)
	}
	for len(todo) > 0 {
		a := todo[0]
		todo = todo[1:]
		if lost := d.do(a, &told); lost != nil {
			todo = append(todo, d.Handle(now, lost)...)
		}
	}
	return told
}

// do does one thing. What cannot be done gives what the floor shall hear of it.
func (d *Desk) do(a Action, told *[]journal.Event) (lost Input) {
	switch a := a.(type) {
	case Fact:
		d.write(a.Event, told)
	case AgentChanged:
		if d.o.Changed != nil {
			d.o.Changed(a.Agent)
		}
	case Place:
		if d.o.Place == nil {
			return CallbackFailed{Callback: a.Callback, Why: "this box places no calls", Enough: true}
		}
		d.o.Place(a)
	case Offer:
		if !d.post(a.Call, a) {
			return OfferFailed{Offer: a.ID, Why: "the call's script does not listen", Ours: true}
		}
	default:
		d.post(recipient(a), a)
	}
	return nil
}

func (d *Desk) post(call string, a Action) bool {
	post := d.posts[call]
	return post != nil && post(a)
}

// write keeps a fact. A promise to call back is told to the caller only when it is on disk.
func (d *Desk) write(e journal.Event, told *[]journal.Event) {
	if b, ok := e.Body.(journal.QueueCallback); ok && (b.State == "" || b.State == "promised") {
		*told = append(*told, e)
		return
	}
	if d.o.Facts == nil {
		return
	}
	if err := d.o.Facts.Append(e); err != nil {
		d.o.Log.Error("fact not kept", "type", e.Body.Type(), "call", e.Call, "queue", e.Queue, "agent", e.Agent, "error", err)
	}
}
