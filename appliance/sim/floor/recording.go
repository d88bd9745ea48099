package floor

import (
	"context"
	"fmt"
	"time"

	"callbox/appliance/call"
)

// Record implements call.Line: the caller's voice is what the test's step speak lets sound.
func (l *line) Record(ctx context.Context, r call.Recording) call.Recorded {
	if err := l.Answer(ctx); err != nil {
		return call.Recorded{Why: "failed", Err: err}
	}
	began := l.w.now
	k := keeper{sink: r.Sink, fed: began}
	l.endKeys, l.endedBy = r.EndKeys, 0
	defer func() { l.endKeys = "" }()
	l.w.note(l, "is recorded")
	for {
		ends, why := began.Add(r.Max), "max"
		if quiet := l.lastVoice(began).Add(r.Silence); r.Silence > 0 && quiet.Before(ends) {
			ends, why = quiet, "silence"
		}
		if !ends.After(l.w.now) {
			return k.end(l, why, nil)
		}
		until := l.voice.until
		l.park(ctx, doingRecord, ends.Sub(l.w.now), func() bool { return l.endedBy != 0 || l.voice.until != until })
		switch err := k.feed(l.voice, l.w.now); {
		case err != nil:
			return k.end(l, "failed", err)
		case l.endedBy != 0:
			return k.end(l, "key", nil)
		case ctx.Err() != nil:
			return k.end(l, "hangup", nil)
		}
	}
}

// span is when the caller speaks.
type span struct{ from, until time.Time }

// lastVoice is until when the caller is heard, not before began.
func (l *line) lastVoice(began time.Time) time.Time {
	if l.voice.until.After(began) {
		return l.voice.until
	}
	return began
}

// keeper hands the sound of a recording on as the clock goes.
type keeper struct {
	sink func([]int16) error
	fed  time.Time
	all  time.Duration
	loud time.Duration // of all, up to the last that was spoken
}

// rate is that of recordings, in Hz.
const rate = 8000

// voice and silence are a second of each.
var (
	voice   = square(1000)
	silence = make([]int16, rate)
)

func square(level int16) []int16 {
	pcm := make([]int16, rate)
	for i := range pcm {
		if pcm[i] = level; i/8%2 == 1 {
			pcm[i] = -level
		}
	}
	return pcm
}

// feed hands over what sounded until now: silence, voice, silence.
func (k *keeper) feed(v span, now time.Time) error {
	within := func(t time.Time) time.Time {
		switch {
		case t.Before(k.fed):
			return k.fed
		case t.After(now):
			return now
		}
		return t
	}
	from, until := within(v.from), within(v.until)
	parts := []struct {
		sound []int16
		d     time.Duration
	}{{silence, from.Sub(k.fed)}, {voice, until.Sub(from)}, {silence, now.Sub(until)}}
	k.fed = now
	for i, p := range parts {
		k.all += p.d
		if i == 1 && p.d > 0 {
			k.loud = k.all
		}
		if err := k.give(p.sound, p.d); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) give(sound []int16, d time.Duration) error {
	if k.sink == nil {
		return nil
	}
	for n := int(d * rate / time.Second); n > 0; n -= len(sound) {
		if err := k.sink(sound[:min(n, len(sound))]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) end(l *line, why string, err error) call.Recorded {
	l.w.note(l, fmt.Sprintf("was recorded for %s, ended by %s", k.loud.Round(time.Millisecond), why))
	r := call.Recorded{Length: k.loud, Why: why, Err: err}
	if why == "key" {
		r.Key = l.endedBy
	}
	return r
}
