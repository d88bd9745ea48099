package call

import (
	"context"
	"math"
	"slices"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// switched is the Line of a call that came in over the wire. Its methods run in
// the script and ask the loop.
type switched struct {
	c       *Call
	pending []Happening // what happened while nobody waited for it, bounded like the inbox
}

// inboxDepth is how much may wait for a script; keys get less of it, so that
// someone who leans on a key cannot keep it from hearing that a sound is over.
const (
	inboxDepth = 64
	keysDepth  = 48
)

// happens hands something to the script; false when it has too much before it.
func (c *Call) happens(h Happening) bool {
	if h.Kind == HappenedKey && len(c.inbox) >= keysDepth {
		return false
	}
	select {
	case c.inbox <- h:
		return true
	default:
		return false
	}
}

// Answer implements Line.
func (s *switched) Answer(ctx context.Context) error {
	err := context.Cause(ctx)
	s.c.do(func() { err = s.c.answerCaller(nil) })
	return err
}

// Say implements Line.
func (s *switched) Say(ctx context.Context, u Utterance, barge bool) error {
	if barge && s.keyWaits() {
		return s.Answer(ctx)
	}
	sound, err := u.Sound, error(nil)
	if sound == nil {
		sound, err = s.c.Plan.Sound(ctx, u)
	}
	if err != nil {
		return err
	}
	play, err := s.play(ctx, sound, false)
	if err != nil {
		return err
	}
	for {
		select {
		case h := <-s.c.inbox:
			switch {
			case h.Kind == happenedPlayed:
				if h.play == play {
					return nil
				}
			case h.Kind == HappenedKey && !barge:
			default:
				s.keep(h)
				if h.Kind == HappenedKey {
					return s.Music(ctx, nil)
				}
			}
		case <-ctx.Done():
			_ = s.Music(ctx, nil)
			return context.Cause(ctx)
		}
	}
}

func (s *switched) keyWaits() bool {
	s.gather()
	return slices.ContainsFunc(s.pending, func(h Happening) bool { return h.Kind == HappenedKey })
}

// gather takes what is in the inbox.
func (s *switched) gather() {
	for {
		select {
		case h := <-s.c.inbox:
			s.keep(h)
		default:
			return
		}
	}
}

func (s *switched) keep(h Happening) {
	if h.Kind != happenedPlayed && len(s.pending) < inboxDepth {
		s.pending = append(s.pending, h)
	}
}

// play answers and plays.
func (s *switched) play(ctx context.Context, sound *media.Sound, loop bool) (play uint64, err error) {
	err = context.Cause(ctx)
	s.c.do(func() {
		if err = s.c.answerCaller(nil); err == nil && s.c.caller.stream != nil {
			play = s.c.caller.stream.Play(sound, loop)
			s.c.music = loop
		}
	})
	return play, err
}

// Music implements Line.
func (s *switched) Music(ctx context.Context, u *Utterance) error {
	if u == nil {
		s.c.do(func() {
			if s.c.music = false; s.c.caller.stream != nil {
				s.c.caller.stream.Stop()
			}
		})
		return nil
	}
	sound, err := s.c.Plan.Sound(ctx, *u)
	if err != nil {
		return err
	}
	_, err = s.play(ctx, sound, true)
	return err
}

// Next implements Line.
func (s *switched) Next(ctx context.Context, within time.Duration) Happening {
	s.gather() // so that nothing that is there is missed when there is no time to wait
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		if len(s.pending) > 0 {
			h := s.pending[0]
			s.pending = slices.Delete(s.pending, 0, 1)
			return h
		}
		select {
		case h := <-s.c.inbox:
			s.keep(h)
		case <-timer.C:
			return Happening{}
		case <-ctx.Done():
			return Happening{}
		}
	}
}

// Wait implements Line.
func (s *switched) Wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Record implements Line.
func (s *switched) Record(ctx context.Context, r Recording) Recorded {
	var heard <-chan []int16
	if err := s.Answer(ctx); err != nil {
		return Recorded{Why: "failed", Err: err}
	}
	s.c.do(func() {
		if s.c.caller.stream != nil {
			heard = s.c.caller.stream.Capture()
		}
	})
	for len(heard) > 0 { // what was said before the beep
		<-heard
	}
	k := keeper{Recording: r, began: time.Now(), voice: time.Now()}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case pcm, ok := <-heard:
			if !ok {
				heard = nil
				continue
			}
			if err := k.take(pcm, time.Now()); err != nil {
				return k.end("failed", 0, err)
			}
		case h := <-s.c.inbox:
			if h.Kind == HappenedKey && h.endsWith(r.EndKeys) {
				return k.end("key", h.Key, nil)
			}
			if h.Kind == HappenedPost {
				s.keep(h)
			}
		case now := <-tick.C:
			if why := k.over(now); why != "" {
				return k.end(why, 0, nil)
			}
		case <-ctx.Done():
			return k.end("hangup", 0, nil)
		}
	}
}

func (h Happening) endsWith(keys string) bool {
	return slices.Contains([]byte(keys), h.Key)
}

// keeper follows a recording.
type keeper struct {
	Recording
	began, voice time.Time // since when, and when something was heard last
	samples      int
	loud         int // samples up to the last that was heard
}

// quiet is the level below which a line is silent: -45 dB of full scale.
const quiet = 184

func (k *keeper) take(pcm []int16, now time.Time) error {
	k.samples += len(pcm)
	if loudness(pcm) >= quiet {
		k.voice, k.loud = now, k.samples
	}
	if k.Sink == nil {
		return nil
	}
	return k.Sink(pcm)
}

// loudness is the root of the mean square.
func loudness(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(max(1, len(pcm))))
}

func (k *keeper) over(now time.Time) string {
	switch {
	case now.Sub(k.began) >= k.Max:
		return "max"
	case k.Silence > 0 && now.Sub(k.voice) >= k.Silence:
		return "silence"
	}
	return ""
}

func (k *keeper) end(why string, key byte, err error) Recorded {
	const rate = 8000
	return Recorded{Length: time.Duration(k.loud) * time.Second / rate, Why: why, Key: key, Err: err}
}

// Ring implements Line.
func (s *switched) Ring(ctx context.Context, to []Target, within time.Duration) Attempt {
	var targets []target
	offline := map[string]bool{}
	for _, t := range to {
		one := target{Target: t, first: firstResponse, tell: s.words(ctx, t.Tell), greet: s.words(ctx, t.Greet)}
		if t.Extension == "" {
			targets = append(targets, one)
			continue
		}
		one.first = firstSign
		contacts := s.c.box.SIP.Contacts(t.Extension)
		offline[t.As] = len(contacts) == 0
		for i := range contacts {
			one.contact = &contacts[i]
			targets = append(targets, one)
		}
	}
	if len(targets) == 0 {
		return Attempt{Why: CalleeOffline}
	}
	ringing, stop := context.WithTimeoutCause(ctx, within, CalleeNoAnswer)
	defer stop()
	a := s.c.ring(ringing, targets)
	for as, is := range offline {
		if is && as != "" {
			if a.Each == nil {
				a.Each = map[string]Cause{}
			}
			a.Each[as] = CalleeOffline
		}
	}
	return a
}

// Talk implements Line.
func (s *switched) Talk(ctx context.Context) { <-ctx.Done() }

// Echo implements Line.
func (s *switched) Echo(ctx context.Context) error {
	failed := context.Cause(ctx)
	s.c.do(func() {
		if failed = s.c.answerCaller(nil); failed == nil {
			s.c.answered = s.c.box.Now()
			s.c.tell(journal.CallAnswered{Who: "feature.echo"})
			s.c.caller.stream.Echo(true)
			s.c.show("echo")
		}
	})
	if failed == nil {
		<-ctx.Done()
	}
	return failed
}

// TrunkUp implements Line.
func (s *switched) TrunkUp(name string) bool {
	return slices.ContainsFunc(s.c.box.SIP.Trunks(), func(t sip.TrunkState) bool { return t.Name == name && t.Up })
}

// Post implements Line.
func (s *switched) Post(x any) bool { return s.c.happens(Happening{Kind: HappenedPost, Posted: x}) }
