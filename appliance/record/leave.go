package record

import (
	"context"
	"errors"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// Leave takes a message. Its Run returns nil when the caller may go on, and what Listen returns when he turned out to be
// the owner of the box.
type Leave struct {
	Boxes    *Boxes
	Box      string
	Greeting string // a prompt; empty: the box's own, or the built-in phrases
	// Prompt is how a prompt is said to a call's caller. Nil: prompts with live values are not said.
	Prompt func(c *call.Call, prompt string) (call.Utterance, error)
}

const (
	endSilence = 5 * time.Second // ends a message
	mostTakes  = 10              // of one message: who records it again and again has made up his mind by then
	mostShort  = 3               // takes too short to be kept, in a row
	mostAsked  = 3               // times that a menu is read to somebody who presses nothing
)

// Run implements call.Stage.
func (s Leave) Run(ctx context.Context, c *call.Call) call.Stage {
	c.Enter("voicemail", s.Box)
	l := leaving{Leave: s, talk: talk{s.Boxes, c}}
	var known bool
	if l.box, known = boxOf(c.Plan.Config, s.Box); !known {
		l.b.log.Error("voicemail: a call was sent to a box that is not there", "call", c.ID, "voicemail", s.Box)
		return l.refuse(ctx, "voicemail_closed")
	}
	switch err := l.b.admit(s.Box); {
	case errors.Is(err, ErrFull):
		l.b.log.Warn("voicemail: a caller could leave no message because the box is full; delete some, or keep them for less long", "call", c.ID, "voicemail", s.Box)
		return l.refuse(ctx, "voicemail_full")
	case err != nil:
		l.b.log.Error("voicemail: a caller could leave no message", "call", c.ID, "voicemail", s.Box, "error", err)
		return l.refuse(ctx, "voicemail_closed")
	}
	defer l.b.release(s.Box)
	c.Reach("voicemail " + s.Box + " greeting")
	if key := l.say(ctx, l.greeting()...); key == '*' && l.box.PIN != "" {
		return Listen{Boxes: l.b, Box: s.Box}.Run(ctx, c)
	}
	l.message(ctx)
	if ctx.Err() != nil && c.Outcome() == "" {
		c.Became(journal.OutcomeAbandoned)
	}
	return nil
}

// leaving is one caller at one box.
type leaving struct {
	Leave
	talk
	box hcl.Voicemail
}

// refuse sends the caller on without a message.
func (l leaving) refuse(ctx context.Context, phrase string) call.Stage {
	l.b.stats.refused.Add(1)
	l.c.Became(journal.OutcomeFailed)
	l.tell(ctx, phrase)
	return nil
}

// greeting is what the caller hears before the beep.
func (l leaving) greeting() []call.Utterance {
	prompt := l.Greeting
	if prompt == "" {
		prompt = l.box.Greeting
	}
	if prompt != "" {
		u, err := l.prompt(prompt)
		if err == nil {
			return []call.Utterance{u}
		}
		l.b.log.Warn("voicemail: the built-in greeting stands in for a prompt", "call", l.c.ID, "voicemail", l.box.Name, "prompt", prompt, "error", err)
	}
	first := l.phrase("voicemail_greeting", nil)
	if e := l.c.Plan.Config.Extensions[l.box.Name]; e != nil && e.Name != "" {
		first = l.phrase("voicemail_greeting_named", values{"name": e.Name})
		first.Private = false // who lives here is no secret of this caller's
	}
	return []call.Utterance{first, l.phrase("voicemail_after_tone", nil)}
}

func (l leaving) prompt(name string) (call.Utterance, error) {
	if l.Prompt != nil {
		return l.Prompt(l.c, name)
	}
	p := l.c.Plan.Config.Prompts[name]
	if p == nil {
		return call.Utterance{}, errors.New("there is no such prompt")
	}
	u := call.Utterance{Prompt: name, Language: p.Language(l.c.Language())}
	if path, ok := p.Sound(u.Language); ok {
		u.File = path
		return u, nil
	}
	text, ok := p.Constant(u.Language)
	if !ok {
		return u, errors.New("it has live values")
	}
	u.Text = text
	return u, nil
}

// message records until there is something to keep, and keeps it.
func (l leaving) message(ctx context.Context) {
	for takes, short := 1, 0; takes <= mostTakes && short < mostShort && ctx.Err() == nil; takes++ {
		m, err := l.take(ctx)
		switch {
		case errors.Is(err, errNothing):
			short++
			l.tell(ctx, "voicemail_too_short")
		case err != nil:
			l.failed(ctx, err)
			return
		case l.review(ctx, m, takes < mostTakes):
			l.keep(ctx, m)
			return
		default:
			short = 0
			l.b.drop(m)
		}
	}
}

// take records once. The sound of what it returns is on disk; after an error nothing of it is left.
func (l leaving) take(ctx context.Context) (Message, error) {
	now := l.c.Now()
	t, err := l.b.tape(Message{
		ID: journal.NewID(now), Box: l.box.Name, Call: l.c.ID, From: numberOf(l.c), Name: nameOf(l.c), Left: stamp(now),
	})
	if err != nil {
		return Message{}, err
	}
	defer t.discard() // unless it was sealed
	l.c.Reach("voicemail " + l.box.Name + " message")
	l.sound(ctx, call.Utterance{Phrase: "beep", Language: l.c.Language()}, false)
	heard := l.c.Line().Record(ctx, call.Recording{Sink: t.Write, Max: l.box.Max, Silence: endSilence, EndKeys: "#"})
	switch {
	case heard.Why == "failed" && ctx.Err() == nil:
		return Message{}, heard.Err
	case heard.Length < shortest:
		return Message{}, errNothing
	}
	return t.seal(heard.Length)
}

// review lets a caller who stays listen to his message. It is false when he wants to speak it again.
func (l leaving) review(ctx context.Context, m Message, again bool) (keep bool) {
	for asked := 0; asked < mostAsked && ctx.Err() == nil; asked++ {
		key := l.ask(ctx, l.phrase("voicemail_review", nil))
		if key == '2' {
			key, _ = l.play(ctx, m)
		}
		switch {
		case key == '1' || key == '#':
			return true
		case key == '3' && again:
			return false
		case key != 0:
			l.tell(ctx, "invalid_entry")
		}
	}
	return true
}

// keep puts a message into the box, and only then says so.
func (l leaving) keep(ctx context.Context, m Message) {
	m.New = true
	stays := ctx.Err() == nil
	if err := l.b.enter(l.c.Plan.Config, m); err != nil {
		if stays { // he will be told that it is lost, and that must be true
			l.b.drop(m)
		} else {
			l.b.log.Warn("voicemail: the sound is there, and becomes a message when the disk takes it", "voicemail", m.Box, "message", m.ID)
		}
		l.failed(ctx, err)
		return
	}
	l.c.Became(journal.OutcomeVoicemail)
	l.b.tellOf(ctx, l.c, m)
	l.tell(ctx, "voicemail_kept")
}

// failed tells the caller and the operator that a message is lost.
func (l leaving) failed(ctx context.Context, err error) {
	l.b.stats.failed.Add(1)
	l.b.log.Error("voicemail: a message could not be kept", "call", l.c.ID, "voicemail", l.box.Name, "error", err)
	l.c.Became(journal.OutcomeFailed)
	l.tell(ctx, "voicemail_not_kept")
}

// numberOf is the number of a call's caller as messages keep it; empty when he hides it.
func numberOf(c *call.Call) string {
	switch {
	case c.From.Hidden:
		return ""
	case c.Account != "":
		return c.Account
	case c.Caller.E164 != "":
		return c.Caller.E164
	}
	return plain(c.Caller.Dialled, 64)
}

// nameOf is what a call's caller is called.
func nameOf(c *call.Call) string {
	if c.From.Hidden || c.From.Name == c.From.Number {
		return ""
	}
	return plain(c.From.Name, 100)
}
