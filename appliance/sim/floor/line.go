package floor

import (
	"context"
	"slices"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// line is the call.Line of a scripted caller. Its methods mean what those of the switched line mean; where that waits for sound
// and for phones, this one waits for the clock and for the script of the test.
type line struct {
	w    *World
	name string // of the call in the test
	co   *coroutine
	call *call.Call
	cdr  func() (journal.CDR, bool)

	up      bool             // picked up
	pending []call.Happening // what the script of the call has not taken yet
	doing   doing            // what it waits in
	said    *call.Utterance  // being said now
	barge   bool             // a key ends it
	music   *call.Utterance  // plays under everything else
	endKeys string           // of the recording that runs
	endedBy byte             // the key that ended it
	ringing *ringing         // who is rung for it now
	with    *party           // who talks with the caller
	held    bool             // by whom the caller talks with
	goes    *hcl.Destination // where the agent transfers the caller
	voice   span             // when the caller speaks
}

// doing is what a line's call waits in.
type doing uint8

const (
	doingNothing doing = iota // it runs, or is over
	doingSay
	doingNext
	doingWait
	doingRecord
	doingRing
	doingTalk
	doingEcho
)

// Bounds of what may wait for a call's script; those of a real line.
const (
	inboxDepth = 64
	keysDepth  = 48
)

var _ call.Line = (*line)(nil)

// park waits as what until done, at most so long.
func (l *line) park(ctx context.Context, what doing, within time.Duration, done func() bool) {
	until := l.w.now.Add(within)
	for ctx.Err() == nil && !done() && l.w.now.Before(until) {
		l.doing = what
		l.co.park(ctx, until.Sub(l.w.now))
		l.doing = doingNothing
	}
}

// Answer implements call.Line.
func (l *line) Answer(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !l.up {
		l.up = true
		l.call.PickedUp()
		l.w.note(l, "the box answers")
	}
	return nil
}

// Say implements call.Line.
func (l *line) Say(ctx context.Context, u call.Utterance, barge bool) error {
	if err := l.Answer(ctx); err != nil {
		return err
	}
	if barge && l.keyWaits() {
		return nil
	}
	l.said, l.barge, l.music = &u, barge, nil
	defer func() { l.said, l.barge = nil, false }()
	l.w.note(l, "hears "+l.spoken(u))
	took := l.w.sounds.length(l.call.Plan.Config, u)
	if u.Loop {
		took = forever
	}
	l.park(ctx, doingSay, took, func() bool { return barge && l.keyWaits() })
	return context.Cause(ctx)
}

func (l *line) keyWaits() bool {
	return slices.ContainsFunc(l.pending, func(h call.Happening) bool { return h.Kind == call.HappenedKey })
}

// Music implements call.Line.
func (l *line) Music(ctx context.Context, u *call.Utterance) error {
	if u == nil {
		l.music = nil
		return nil
	}
	if err := l.Answer(ctx); err != nil {
		return err
	}
	if l.music == nil || l.music.Music != u.Music {
		l.w.note(l, "hears "+l.spoken(*u))
	}
	music := *u
	l.music = &music
	return nil
}

// Next implements call.Line.
func (l *line) Next(ctx context.Context, within time.Duration) call.Happening {
	l.park(ctx, doingNext, within, func() bool { return len(l.pending) > 0 })
	if len(l.pending) == 0 {
		return call.Happening{}
	}
	h := l.pending[0]
	l.pending = slices.Delete(l.pending, 0, 1)
	return h
}

// Wait implements call.Line.
func (l *line) Wait(ctx context.Context, d time.Duration) {
	l.park(ctx, doingWait, d, func() bool { return false })
}

// Talk implements call.Line.
func (l *line) Talk(ctx context.Context) {
	l.park(ctx, doingTalk, forever, func() bool { return l.goes != nil || l.parted() })
}

// parted tells whether the phone that the caller talked with vanished.
func (l *line) parted() bool {
	return slices.ContainsFunc(l.pending, func(h call.Happening) bool { _, is := h.Posted.(call.Parted); return is })
}

// Echo implements call.Line.
func (l *line) Echo(ctx context.Context) error {
	if err := l.Answer(ctx); err != nil {
		return err
	}
	l.call.Talks("feature.echo", "", "")
	l.park(ctx, doingEcho, forever, func() bool { return false })
	return nil
}

// TrunkUp implements call.Line. Trunks of the floor are up.
func (l *line) TrunkUp(name string) bool { return l.call.Plan.Config.Trunks[name] != nil }

// Post implements call.Line.
func (l *line) Post(x any) bool { return l.happens(call.Happening{Kind: call.HappenedPost, Posted: x}) }

// happens hands something to the call's script; false when it has too much before it, or is over.
func (l *line) happens(h call.Happening) bool {
	most := inboxDepth
	if h.Kind == call.HappenedKey {
		most = keysDepth
	}
	if l.over() || len(l.pending) >= most {
		return false
	}
	l.pending = append(l.pending, h)
	l.co.wake()
	return true
}

// takesKeys tells whether a key that is pressed now reaches somebody who waits for keys.
func (l *line) takesKeys() bool {
	if l.co.isBack { // it is about to do something else
		return false
	}
	switch l.doing {
	case doingSay:
		return l.barge
	case doingRecord:
		return l.endKeys != ""
	case doingNext:
		return true
	}
	return false
}

// press presses one key.
func (l *line) press(key byte) {
	switch l.doing {
	case doingSay:
		if !l.barge { // it is let go
			return
		}
	case doingRecord:
		if strings.IndexByte(l.endKeys, key) >= 0 {
			l.endedBy = key
			l.co.wake()
		}
		return
	}
	if !l.happens(call.Happening{Kind: call.HappenedKey, Key: key}) {
		l.call.Tell(journal.CallDigit{By: "caller"})
	}
}

// hearing tells whether somebody, or a recording, hears what the caller says.
func (l *line) hearing() bool {
	return !l.co.isBack && (l.doing == doingRecord || l.doing == doingTalk || l.doing == doingEcho)
}

// over tells whether the call has ended.
func (l *line) over() bool {
	_, over := l.cdr()
	return over
}

// end hangs up. A call that nobody picked up was cancelled, not hung up.
func (l *line) end(why call.Cause) {
	if why == call.CallerHungUp && !l.up {
		why = call.CallerCancelled
	}
	l.call.End(why)
}

// spoken is an utterance as the timeline shows it.
func (l *line) spoken(u call.Utterance) string {
	what := ""
	switch {
	case u.Prompt != "":
		what = "prompt." + u.Prompt
	case u.Loop || u.Music != "":
		if what = "music." + u.Music; u.Music == "" {
			what = "music"
		}
	case u.Phrase != "":
		what = "phrase " + u.Phrase
	}
	text := textOf(l.call.Plan.Config, u)
	if text == "" {
		text = u.File
	}
	if text == "" || u.Loop {
		return what
	}
	return strings.TrimSpace(what + " (" + u.Language + `) "` + text + `"`)
}
