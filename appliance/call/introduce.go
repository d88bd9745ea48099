package call

import (
	"context"

	"callbox/appliance/media"
)

// introduce says to who answered, and to the caller, what they shall hear before
// they are joined. False: there is nothing to say.
func (c *Call) introduce(l *leg) bool {
	c.dial.legs, c.dial.words = []*leg{l}, map[uint64]*media.Stream{}
	if s := l.target.tell; s != nil {
		c.dial.words[l.stream.Play(s, false)] = l.stream
	}
	if s := l.target.greet; s != nil {
		c.dial.words[c.caller.stream.Play(s, false)] = c.caller.stream
	}
	if len(c.dial.words) > 0 {
		c.show("connecting")
	}
	return len(c.dial.words) > 0
}

// said notes that something was said to its end; when it was the last of an
// introduction the two are joined.
func (c *Call) said(e media.Event) {
	d := c.dial
	if d == nil || d.words[e.Play] != e.Stream {
		c.happens(Happening{Kind: happenedPlayed, play: e.Play})
		return
	}
	if delete(d.words, e.Play); len(d.words) == 0 && c.ctx.Err() == nil { // a caller who hung up meanwhile talks with nobody
		c.connect(d.legs[0])
	}
}

// words are the sounds of a target's introduction. One that cannot be spoken is
// left out: people talk without it.
func (s *switched) words(ctx context.Context, u *Utterance) *media.Sound {
	if u == nil {
		return nil
	}
	sound, err := s.c.Plan.Sound(ctx, *u)
	if err != nil {
		s.c.box.Log.Warn("an introduction is left out", "call", s.c.ID, "prompt", u.Prompt, "error", err)
	}
	return sound
}
