package sim

import (
	"context"
	"fmt"
	"math"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// start runs the call's loop, the only one that reads its events.
func (c *PhoneCall) start(ctx context.Context) {
	go func() {
		defer c.phone.loops.Done()
		c.run(ctx)
		c.finish()
	}()
}

func (c *PhoneCall) run(ctx context.Context) {
	frames := c.stream.Capture()
	for {
		select {
		case e := <-c.events:
			if c.signal(e) {
				return
			}
		case e := <-c.sound:
			c.hear(e)
		case f, ok := <-frames:
			if !ok {
				frames = nil
				continue
			}
			c.keep(f)
		case <-c.stop:
			c.ended("us", 0, "")
			return
		case <-ctx.Done():
			c.dialog.Hangup(sip.Reason{})
			c.ended("us", 0, "")
			return
		}
	}
}

// signal handles what signalling tells; true when the call is over.
func (c *PhoneCall) signal(e sip.Event) (over bool) {
	switch e.Kind {
	case sip.EventProgress:
		if len(e.Body) > 0 && c.stream.Accept(e.Body) == nil {
			c.tell(PhoneEvent{Kind: PhoneEarly, Code: e.Code, Text: e.Text})
			return false
		}
		c.tell(PhoneEvent{Kind: PhoneRinging, Code: e.Code, Text: e.Text})
	case sip.EventAnswered:
		if len(e.Body) > 0 {
			if err := c.stream.Accept(e.Body); err != nil {
				c.dialog.Hangup(sip.Reason{Text: "session description cannot be used"})
				c.ended("us", 488, err.Error())
				return true
			}
		}
		c.markAnswered()
	case sip.EventConfirmed:
		if len(c.offer) == 0 && len(e.Body) > 0 {
			c.stream.Accept(e.Body) // a wrong one leaves the call silent; whoever sent it hears that
		}
	case sip.EventReinvite:
		c.reinvited(e)
	case sip.EventReinviteDone:
		c.reinviteDone(e)
	case sip.EventFailed, sip.EventCancelled, sip.EventNoAck:
		if e.Reply != nil {
			e.Reply(200, nil)
		}
		c.ended("them", e.Code, e.Text)
		return true
	case sip.EventBye:
		if e.Reply != nil {
			e.Reply(200, nil)
		}
		c.ended("them", 0, e.Text)
		return true
	}
	return false
}

// reinvited answers a peer that changes the session: hold, resume, or another address.
func (c *PhoneCall) reinvited(e sip.Event) {
	if len(e.Body) == 0 {
		e.Reply(200, c.stream.Offer(c.dialog.Local(), c.phone.codecs, media.SendRecv))
		return
	}
	body, err := c.stream.Answer(e.Body, c.dialog.Local(), c.phone.codecs, media.SendRecv)
	if err != nil {
		e.Reply(488, nil)
		return
	}
	e.Reply(200, body)
	d := c.stream.PeerDirection()
	held := d == media.SendOnly || d == media.Inactive
	c.mu.Lock()
	was := c.held
	c.held = held
	c.mu.Unlock()
	switch {
	case held && !was:
		c.tell(PhoneEvent{Kind: PhoneHeld})
	case was && !held:
		c.tell(PhoneEvent{Kind: PhoneResumed})
	}
}

func (c *PhoneCall) reinviteDone(e sip.Event) {
	var err error
	if e.Code >= 300 {
		err = fmt.Errorf("refused: %d %s", e.Code, e.Text)
	} else if len(e.Body) > 0 {
		err = c.stream.Accept(e.Body)
	}
	select {
	case c.changed <- err:
	default: // nobody waits any more
	}
}

func (c *PhoneCall) hear(e media.Event) {
	switch e.Kind {
	case media.EventDigit:
		c.mu.Lock()
		c.result.Digits += string(rune(e.Digit))
		c.mu.Unlock()
		c.tell(PhoneEvent{Kind: PhoneDigit, Text: string(rune(e.Digit))})
	case media.EventPlayed:
		c.tell(PhoneEvent{Kind: PhonePlayed})
	}
}

// keep adds what was heard; of a long call the beginning is forgotten.
func (c *PhoneCall) keep(frame []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if over := len(c.heard) + len(frame) - maxHeard; over > 0 {
		forget := max(over, maxHeard/10) // rarely, because it moves all the rest
		c.heard = append(c.heard[:0], c.heard[min(forget, len(c.heard)):]...)
		c.early = max(0, c.early-forget)
	}
	c.heard = append(c.heard, frame...)
	if !c.result.Answered {
		c.early = len(c.heard)
	}
}

func (c *PhoneCall) markAnswered() {
	c.mu.Lock()
	if c.result.Answered {
		c.mu.Unlock()
		return
	}
	c.result.Answered, c.result.Code, c.since = true, 200, time.Now()
	c.mu.Unlock()
	close(c.answered)
	c.tell(PhoneEvent{Kind: PhoneAnswered, Text: c.stream.Codec().Name})
}

// ended notes who ended the call; code 0 keeps what is known.
func (c *PhoneCall) ended(by string, code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.result
	r.By, r.Reason = by, reason
	switch {
	case r.Answered:
		r.Duration = time.Since(c.since)
		r.Seconds = r.Duration.Seconds()
	case code != 0:
		r.Code = code
	case r.Code == 0:
		r.Code = 487 // given up before an answer (RFC 3261 section 21.4.25)
	}
}

// finish reads the last numbers and lets go.
func (c *PhoneCall) finish() {
	s := c.stream.Stats()
	c.mu.Lock()
	r := &c.result
	r.Codec, r.PacketsIn, r.PacketsOut = s.Codec, s.PacketsIn, s.PacketsOut
	r.Lost, r.JitterMS, r.MOS = s.Lost, hundredths(s.JitterMS), hundredths(s.MOS)
	c.mu.Unlock()
	c.stream.Close()
	c.phone.mu.Lock()
	delete(c.phone.calls, c)
	c.phone.mu.Unlock()
	c.tell(PhoneEvent{Kind: PhoneEnded})
	c.mu.Lock()
	c.over = true
	close(c.news)
	c.mu.Unlock()
	close(c.done)
}

// hundredths is as exact as an estimate deserves to be shown.
func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// tell hands news to whoever reads Events; nobody is waited for.
func (c *PhoneCall) tell(e PhoneEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return // such as an Answer that comes too late
	}
	select {
	case c.news <- e:
	default:
	}
}
