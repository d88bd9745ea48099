package record

import (
	"context"
	"slices"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// Listen plays the messages of a box to who may hear them, and hangs up. Without a Box it is that of the phone that calls, the
// one that is chosen where there are several, or the one whose number is keyed.
type Listen struct {
	Boxes *Boxes
	Box   string
}

const (
	mostNumber = 20 // digits of a box's number
	mostPIN    = 12 // digits
	mostChoice = 9  // boxes that one phone chooses from
)

// Run implements call.Stage.
func (s Listen) Run(ctx context.Context, c *call.Call) call.Stage {
	c.Enter("feature", "voicemail")
	l := listening{Listen: s, talk: talk{s.Boxes, c}, cfg: c.Plan.Config}
	if box, ok := l.letIn(ctx); ok {
		c.Enter("voicemail", box)
		if next := newSession(l, box).run(ctx); next != nil {
			return next
		}
	}
	return call.Hangup{Why: call.BoxHungUp}
}

// listening is somebody at the door.
type listening struct {
	Listen
	talk
	cfg *hcl.Config
}

// letIn finds the box that is meant and makes sure that the caller may hear it. The number that a caller shows proves nothing: a
// phone is known by its password, everybody else by the PIN.
func (l listening) letIn(ctx context.Context) (box string, ok bool) {
	wrong := 0
	for asked := 0; wrong < mostTries && asked < 2*mostTries && ctx.Err() == nil; asked++ {
		name, boxes := l.meant(ctx)
		if len(boxes) == 1 && l.opens(boxes[0]) {
			return boxes[0], true
		}
		if name == "" {
			continue
		}
		if l.b.locked(name, l.c.Account, l.c.Now()) {
			l.tell(ctx, "voicemail_locked")
			return "", false
		}
		pin := l.digits(ctx, "voicemail_ask_pin", mostPIN, true)
		if pin == "" {
			continue
		}
		for _, box := range boxes {
			if v, _ := boxOf(l.cfg, box); same(pin, v.PIN.Reveal()) {
				l.b.guessed(name, l.c.Account, true, l.c.Now())
				return box, true
			}
		}
		wrong++
		l.wrong(ctx, name)
	}
	if wrong == mostTries {
		l.b.log.Warn("voicemail: a caller was hung up on after wrong PINs", "call", l.c.ID, "from", numberOf(l.c), "extension", l.c.Account)
	}
	if ctx.Err() == nil {
		l.tell(ctx, "goodbye")
	}
	return "", false
}

// meant tells which boxes can be meant, and the name under which wrong PINs are counted. None: nothing was said.
func (l listening) meant(ctx context.Context) (name string, boxes []string) {
	if l.Box != "" {
		return l.Box, []string{l.Box}
	}
	if l.c.Account != "" {
		switch mine := boxesOf(l.cfg, l.c.Account); len(mine) {
		case 0:
		case 1:
			return mine[0], mine
		default:
			box := l.choice(ctx, mine[:min(len(mine), mostChoice)])
			if box == "" {
				return "", nil
			}
			return box, []string{box}
		}
	}
	number := l.digits(ctx, "voicemail_ask_box", mostNumber, false)
	if number == "" {
		return "", nil
	}
	if boxes = boxesAt(l.cfg, number); len(boxes) == 1 {
		return boxes[0], boxes
	}
	return number, boxes // also when there is none: nobody learns that before the PIN
}

// choice lets the caller choose one of his boxes.
func (l listening) choice(ctx context.Context, boxes []string) string {
	var menu []call.Utterance
	for i, box := range boxes {
		u := l.phrase("voicemail_choose", values{"name": box, "key": string(rune('1' + i))})
		u.Private = false
		menu = append(menu, u)
	}
	key := l.ask(ctx, menu...)
	if i := int(key) - '1'; key != 0 && i >= 0 && i < len(boxes) {
		return boxes[i]
	}
	if key != 0 {
		l.tell(ctx, "invalid_entry")
	}
	return ""
}

// opens tells whether a box opens to this caller without a PIN.
func (l listening) opens(box string) bool {
	v, ok := boxOf(l.cfg, box)
	return ok && v.PIN == "" && l.c.Account != "" && slices.Contains(phonesOf(l.cfg, v), l.c.Account)
}

// wrong counts a wrong PIN and says so.
func (l listening) wrong(ctx context.Context, name string) {
	closed, until := l.b.guessed(name, l.c.Account, false, l.c.Now())
	if closed {
		source := l.c.Account
		if source == "" {
			source = numberOf(l.c)
		}
		l.c.Tell(journal.SecurityBlocked{Source: source, Reason: "wrong PINs for voicemail " + name, Until: journal.At(until)})
		l.b.log.Warn("voicemail: a box is closed for a while after wrong PINs", "call", l.c.ID, "voicemail", name, "extension", l.c.Account, "until", until)
	}
	l.tell(ctx, "voicemail_wrong_pin")
}
