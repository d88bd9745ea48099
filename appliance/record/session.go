package record

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"callbox/appliance/call"
)

// session is somebody who listens to a box. What he deletes is deleted when he hangs up, so that he can think again.
type session struct {
	listening
	box     string
	all     []Message // new ones first, each the oldest first
	fresh   int       // of all
	at      int
	deleted []string
}

func newSession(l listening, box string) *session {
	s := &session{listening: l, box: box}
	for _, m := range l.b.List(box) {
		if !m.New {
			s.all = append(s.all, m)
			continue
		}
		s.all = slices.Insert(s.all, s.fresh, m)
		s.fresh++
	}
	return s
}

// what a key did to where the listener is.
type move uint8

const (
	stay move = iota
	onward
	back
	leave
)

// run plays the messages. It returns a stage when the listener calls somebody back.
func (s *session) run(ctx context.Context) call.Stage {
	defer s.finish()
	s.sound(ctx, s.summary(), true)
	for s.at = 0; s.at < len(s.all) && ctx.Err() == nil; {
		if s.at == s.fresh && s.fresh > 0 {
			s.sound(ctx, s.phrase("voicemail_old", values{"count": len(s.all) - s.fresh}), true)
		}
		switch next, step := s.message(ctx); {
		case next != nil:
			return next
		case step == leave:
			s.tell(ctx, "goodbye")
			return nil
		case step == back:
			s.at = max(0, s.at-1)
		default:
			if s.at++; s.at == len(s.all) {
				s.tell(ctx, "voicemail_last")
				if s.reconsiders(ctx) {
					s.at--
				}
			}
		}
	}
	s.tell(ctx, "goodbye")
	return nil
}

// reconsiders gives who heard the last message a moment to go back to it.
func (s *session) reconsiders(ctx context.Context) bool {
	return s.ask(ctx, s.phrase("voicemail_menu_last", nil)) == '*'
}

// summary is how many messages there are.
func (s *session) summary() call.Utterance {
	old := len(s.all) - s.fresh
	switch {
	case s.fresh == 0 && old == 0:
		return s.phrase("voicemail_none", nil)
	case old == 0:
		return s.phrase("voicemail_new", values{"count": s.fresh})
	case s.fresh == 0:
		return s.phrase("voicemail_old", values{"count": old})
	}
	return s.phrase("voicemail_new_and_old", values{"new": s.fresh, "old": old})
}

// message plays the one at hand and does what is keyed.
func (s *session) message(ctx context.Context) (call.Stage, move) {
	m := &s.all[s.at]
	s.c.Reach("voicemail " + s.box + " message " + strconv.Itoa(s.at+1))
	intro := append([]call.Utterance{s.phrase("voicemail_message", values{"position": s.at + 1})}, s.envelope(*m)...)
	key := s.say(ctx, intro...)
	if key == 0 && ctx.Err() == nil {
		key = s.hear(ctx, m)
	}
	for silent := 0; ctx.Err() == nil && silent < mostAsked; {
		if key == 0 {
			key = s.ask(ctx, s.menu(*m)...)
		}
		if key == 0 {
			silent++
			continue
		}
		silent = 0
		switch key {
		case '1':
			key = s.hear(ctx, m)
		case '6':
			key = s.say(ctx, s.envelope(*m)...)
		default:
			if next, step := s.do(ctx, m, key); next != nil || step != stay {
				return next, step
			}
			key = 0
		}
	}
	return nil, leave
}

// envelope is who left a message, and when.
func (s *session) envelope(m Message) []call.Utterance {
	from := s.phrase("voicemail_from_unknown", nil)
	if m.From != "" {
		from = s.phrase("voicemail_from", values{"number": m.From})
	}
	left := m.Left
	if zone := s.cfg.Appliance.Timezone; zone != nil {
		left = left.In(zone)
	}
	return []call.Utterance{from, s.phrase("voicemail_received", values{"at": left})}
}

// menu says what each key does with a message.
func (s *session) menu(m Message) []call.Utterance {
	keys := []string{"voicemail_menu"}
	if s.gone(m) {
		keys = []string{"voicemail_menu_deleted"}
	}
	if s.canCall(m) {
		keys = append(keys, "voicemail_menu_callback")
	}
	keys = append(keys, "voicemail_menu_more")
	var all []call.Utterance
	for _, key := range keys {
		all = append(all, s.phrase(key, nil))
	}
	return all
}

// do is what one key does with a message that is not about to be heard.
func (s *session) do(ctx context.Context, m *Message, key byte) (call.Stage, move) {
	switch key {
	case '2':
		s.heard(m)
		s.revive(*m)
		s.tell(ctx, "voicemail_saved")
		return nil, onward
	case '3':
		s.toggle(ctx, m)
	case '4':
		s.forward(ctx, m)
	case '5':
		if s.canCall(*m) {
			s.heard(m)
			s.tell(ctx, "transferring")
			return call.Anew{Number: m.From}, leave
		}
		s.tell(ctx, "callback_refused")
	case '#':
		return nil, onward
	case '*':
		return nil, back
	default:
		s.tell(ctx, "invalid_entry")
	}
	return nil, stay
}

// hear plays a message; who hears it to its end has heard it.
func (s *session) hear(ctx context.Context, m *Message) byte {
	key, whole := s.play(ctx, *m)
	if whole {
		s.heard(m)
	}
	return key
}

func (s *session) heard(m *Message) {
	if !m.New {
		return
	}
	m.New = false
	if err := s.b.Mark(m.ID, false); err != nil && !errors.Is(err, ErrNotFound) {
		s.b.log.Error("voicemail: a message stays new", "voicemail", m.Box, "message", m.ID, "error", err)
	}
}

func (s *session) gone(m Message) bool { return slices.Contains(s.deleted, m.ID) }

func (s *session) revive(m Message) {
	s.deleted = slices.DeleteFunc(s.deleted, func(id string) bool { return id == m.ID })
}

// toggle deletes a message, or takes that back.
func (s *session) toggle(ctx context.Context, m *Message) {
	if s.gone(*m) {
		s.revive(*m)
		s.tell(ctx, "voicemail_restored")
		return
	}
	s.heard(m)
	s.deleted = append(s.deleted, m.ID)
	s.tell(ctx, "voicemail_deleted")
}

// finish does what was put off until the listener hangs up.
func (s *session) finish() {
	for _, id := range s.deleted {
		if err := s.b.Delete(id); err != nil && !errors.Is(err, ErrNotFound) {
			s.b.log.Error("voicemail: a message that was deleted is still there", "voicemail", s.box, "message", id, "error", err)
		}
	}
}

// canCall tells whether the listener can call back: from a phone of the box, with the rights it has. From outside it would be a
// way to have the box call anybody for whoever finds out a PIN.
func (s *session) canCall(m Message) bool {
	return s.c.Account != "" && m.From != "" && m.From != s.c.Account
}

// forward copies a message into another box.
func (s *session) forward(ctx context.Context, m *Message) {
	number := s.digits(ctx, "voicemail_ask_forward", mostNumber, false)
	boxes := boxesAt(s.cfg, number)
	if number == "" || len(boxes) == 0 || boxes[0] == m.Box {
		s.tell(ctx, "voicemail_forward_failed")
		return
	}
	switch err := s.copyTo(ctx, *m, boxes[0]); {
	case errors.Is(err, ErrFull):
		s.tell(ctx, "voicemail_full")
	case err != nil:
		s.b.log.Error("voicemail: a message could not be forwarded", "call", s.c.ID, "voicemail", boxes[0], "message", m.ID, "error", err)
		s.tell(ctx, "trouble")
	default:
		s.heard(m)
		s.tell(ctx, "voicemail_forwarded")
	}
}

// copyTo makes a message of another box of the sound of this one.
func (s *session) copyTo(ctx context.Context, m Message, box string) error {
	if err := s.b.admit(box); err != nil {
		return err
	}
	defer s.b.release(box)
	c, err := s.b.duplicate(m, box, s.c.ID, s.c.Now())
	if err != nil {
		return err
	}
	if err := s.b.enter(s.cfg, c); err != nil {
		s.b.drop(c)
		return err
	}
	s.b.tellOf(ctx, s.c, c)
	return nil
}

// stamp is when a message was left, as facts keep it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
