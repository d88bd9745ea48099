package record

import (
	"context"
	"errors"
	"io"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/media"
)

// How long a caller has for a key.
const (
	firstKey = 6 * time.Second
	nextKey  = 3 * time.Second
)

// talk is what a stage of a box says and hears on a call.
type talk struct {
	b *Boxes
	c *call.Call
}

// values are those of a phrase.
type values = map[string]any

// phrase is one of the box's own phrases in the caller's language.
func (t talk) phrase(key string, v values) call.Utterance {
	return call.Utterance{Phrase: key, Language: t.c.Language(), Values: v, Private: len(v) > 0}
}

// tell says phrases without values. A key that is pressed meanwhile ends them, and waits.
func (t talk) tell(ctx context.Context, keys ...string) {
	for _, key := range keys {
		if ctx.Err() == nil {
			t.sound(ctx, t.phrase(key, nil), true)
		}
	}
}

// sound says one thing. What cannot be said is left out: the voice may be down, and the message is not.
func (t talk) sound(ctx context.Context, u call.Utterance, barge bool) {
	if err := t.c.Line().Say(ctx, u, barge); err != nil && ctx.Err() == nil {
		t.b.log.Warn("voicemail: a caller does not hear everything", "call", t.c.ID, "phrase", u.Phrase, "prompt", u.Prompt, "error", err)
	}
}

// say says things until a key is pressed, and gives the key; 0: none was.
func (t talk) say(ctx context.Context, all ...call.Utterance) byte {
	for _, u := range all {
		if ctx.Err() != nil {
			return 0
		}
		t.sound(ctx, u, true)
		if key, ok := t.c.Key(ctx, 0, false); ok {
			return key
		}
	}
	return 0
}

// pieceTime is how much of a message is read at once.
const pieceTime = 30 * time.Second

// play says a message. It gives the key that ended it, and whether it was said to its end.
func (t talk) play(ctx context.Context, m Message) (key byte, whole bool) {
	r, err := t.b.read(m)
	if err != nil {
		t.b.log.Error("voicemail: a message cannot be played", "voicemail", m.Box, "message", m.ID, "error", err)
		t.tell(ctx, "voicemail_gone")
		return 0, false
	}
	defer func() { _ = r.Close() }()
	_, at, err := readHeader(r.f)
	if err == nil {
		_, err = io.CopyN(io.Discard, r, at)
	}
	for piece := make([]byte, bytesOf(pieceTime)); err == nil; {
		var n int
		if n, err = io.ReadFull(r, piece); n < sampleBytes {
			break
		}
		u := call.Utterance{Sound: media.NewSound(decode(piece[:n])), Private: true}
		if key = t.say(ctx, u); key != 0 || ctx.Err() != nil {
			return key, false
		}
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.b.log.Error("voicemail: a message cannot be played to its end", "voicemail", m.Box, "message", m.ID, "error", err)
		t.tell(ctx, "voicemail_gone")
		return 0, false
	}
	return 0, true
}

// ask says things and waits for a key; 0: none came.
func (t talk) ask(ctx context.Context, all ...call.Utterance) byte {
	if key := t.say(ctx, all...); key != 0 {
		return key
	}
	key, _ := t.c.Key(ctx, firstKey, false)
	return key
}

// digits asks for a number, which # or a pause ends. Secret ones are no facts. Empty: nothing was keyed.
func (t talk) digits(ctx context.Context, phrase string, most int, secret bool) string {
	t.tell(ctx, phrase)
	var keyed []byte
	for wait := firstKey; len(keyed) < most; wait = nextKey {
		key, ok := t.c.Key(ctx, wait, secret)
		switch {
		case !ok || key == '#':
			return string(keyed)
		case key < '0' || key > '9':
			return "" // * begins anew, as does any nonsense
		}
		keyed = append(keyed, key)
	}
	return string(keyed)
}
