package call

import (
	"context"
	"errors"
	"testing"

	"callbox/appliance/media"
)

// sounding is a call between two legs with real streams, both answered, without signalling.
func sounding(t *testing.T) *Call {
	t.Helper()
	e, err := media.New(media.Options{PortLow: 10000, PortHigh: 15998, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	open := func(role string) *leg {
		s, err := e.Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &leg{role: role, stream: s, up: true}
	}
	c := &Call{caller: open("caller"), callee: open("callee")}
	c.legs = []*leg{c.caller, c.callee}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

func TestSoundThatEndsTellsWhoseItWasAndWhatBecameOfIt(t *testing.T) {
	for _, x := range []struct {
		name           string
		kind           media.EventKind
		caller, callee Cause
		onHold         bool // it ends the call on hold too
	}{
		{"silence", media.EventSilent, CallerSilent, CalleeSilent, false},
		{"a browser that went away", media.EventLost, CallerGone, CalleeGone, true},
		{"no keys", media.EventInsecure, CallerInsecure, CalleeInsecure, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, side := range []string{"caller", "callee"} {
				for _, held := range []bool{false, true} {
					c := sounding(t)
					l, want := c.caller, x.caller
					if side == "callee" {
						l, want = c.callee, x.callee
					}
					l.held = held
					c.onSound(media.Event{Stream: l.stream, Kind: x.kind})
					var why Cause
					ended := errors.As(context.Cause(c.ctx), &why)
					if ended != (x.onHold || !held) || ended && why != want {
						t.Errorf("%s, held %v: ended %v by %v, want %v", side, held, ended, why, want)
					}
				}
			}
		})
	}
}

func TestOneOfSeveralPhonesThatRingAndHasNoKeysStopsRingingAlone(t *testing.T) {
	c := sounding(t)
	desk := c.callee
	page := &leg{role: "callee", stream: sounding(t).callee.stream}
	desk.up, c.callee = false, nil
	c.legs = append(c.legs, page)
	c.dial = &dial{legs: []*leg{desk, page}, best: CalleeOffline, result: make(chan Attempt, 1)}
	c.onSound(media.Event{Stream: page.stream, Kind: media.EventInsecure})
	if c.ctx.Err() != nil || c.dial == nil || len(c.dial.legs) != 1 || c.dial.legs[0] != desk {
		t.Fatalf("the call ended by %v, %+v rings", context.Cause(c.ctx), c.dial)
	}
	result := c.dial.result
	c.onSound(media.Event{Stream: desk.stream, Kind: media.EventInsecure})
	if a := <-result; a.Answered || a.Why != CalleeInsecure || a.Status != 488 {
		t.Errorf("the attempt came out as %+v", a)
	}
}
