package media

import (
	"math"
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestPeopleHearEachOtherWhateverTheirPhonesSpeak(t *testing.T) {
	for _, one := range spoken {
		for _, other := range spoken {
			t.Run(one.Name+" and "+other.Name, func(t *testing.T) {
				t.Parallel()
				phones, e := box(t, Options{}), box(t, Options{Workers: 2, PortLow: 10000, PortHigh: 15999})
				caller, _ := open(t, phones)
				called, _ := open(t, phones)
				a, events := open(t, e)
				b, _ := open(t, e)
				connect(t, caller, a, one)
				connect(t, called, b, other)
				Join(a, b)
				caller.Play(ToneSound(time.Second, 440), true)
				called.Play(ToneSound(time.Second, 1000), true)
				wantEvent(t, events, EventFirst)
				heardByCaller, heardByCalled := caller.Capture(), called.Capture()
				hearsTone(t, heardByCaller, 1000)
				hearsTone(t, heardByCalled, 440)
				direct := alike(kindOf(one), kindOf(other))
				for _, leg := range []*Stream{a, b} {
					s := leg.Stats()
					if s.PacketsIn == 0 || s.PacketsOut == 0 || s.MOS < 4 || (s.BufferMS > 0) == direct {
						t.Errorf("stats of a good call: %+v", s)
					}
				}
			})
		}
	}
}

// keyless is a description without any word of key events.
func keyless(description []byte) []byte {
	text := regexp.MustCompile("a=rtpmap:(101|110) telephone-event.*\r\na=fmtp.*\r\n").ReplaceAll(description, nil)
	return regexp.MustCompile("(m=audio.*) 101( 110)?\r").ReplaceAll(text, []byte("$1\r"))
}

// phoneAndLeg are connected, with events for keys or without.
func phoneAndLeg(t *testing.T, phones, e *Engine, codec Codec, by string) (phone, leg *Stream, atPhone, atLeg chan Event) {
	t.Helper()
	phone, atPhone = open(t, phones)
	leg, atLeg = open(t, e)
	offer := phone.Offer(localhost, []Codec{codec}, SendRecv)
	if by == "inband" {
		offer = keyless(offer)
	}
	answer, err := leg.Answer(offer, localhost, spoken, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.Accept(answer); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Stream{phone, leg} {
		if s.KeysBy() != by {
			t.Fatalf("keys by %q, want %q", s.KeysBy(), by)
		}
	}
	return phone, leg, atPhone, atLeg
}

func TestKeysReachEachSideInTheWayItAgreedOn(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		by    string
		other Codec
		way   string
	}{
		{PCMA, "inband", PCMA, "rfc4733"}, {PCMU, "inband", PCMA, "inband"}, {PCMA, "rfc4733", G722, "rfc4733"}, {G722, "inband", PCMU, "rfc4733"},
		{PCMA, "inband", G722, "inband"}, {Opus, "inband", PCMA, "rfc4733"}, {Opus, "rfc4733", PCMU, "inband"}, {Opus, "rfc4733", Opus, "rfc4733"},
		{Opus, "rfc4733", G722, "rfc4733"},
	} {
		t.Run(c.codec.Name+" "+c.by+", "+c.other.Name+" "+c.way, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			one, a, atOne, atA := phoneAndLeg(t, phones, e, c.codec, c.by)
			two, b, atTwo, atB := phoneAndLeg(t, phones, e, c.other, c.way)
			Join(a, b)
			one.Play(Music(), true)
			two.Play(Music(), true)
			one.Send("17*")
			two.Send("D05")
			for keys, hears := range map[string][]chan Event{"17*": {atA, atTwo}, "D05": {atB, atOne}} {
				for _, key := range []byte(keys) {
					for _, events := range hears {
						if got := wantEvent(t, events, EventDigit); got.Digit != key {
							t.Errorf("heard %c, not %c", got.Digit, key)
						}
					}
				}
			}
			for _, events := range []chan Event{atA, atB, atOne, atTwo} {
				for len(events) > 0 {
					if got := <-events; got.Kind == EventDigit {
						t.Errorf("heard %c once more", got.Digit)
					}
				}
			}
		})
	}
}

func TestWhoHasEventsForKeysHearsNextToNothingOfTheirTones(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		most  int // frames of 20 ms
	}{{PCMA, 3}, {G722, 2}} { // without a jitter buffer, the tone passes until it is known for one
		t.Run(c.codec.Name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			one, a, _, _ := phoneAndLeg(t, phones, e, PCMA, "inband")
			two, b, atTwo, _ := phoneAndLeg(t, phones, e, c.codec, "rfc4733")
			Join(a, b)
			heard := two.Capture()
			one.Play(ToneSound(time.Second, 500), true)
			hearFrames(t, heard, 20)
			least := 100
			for try := 0; try < 3 && least > c.most; try++ { // a machine that stops for a moment makes up more of it
				one.Send("9")
				wantEvent(t, atTwo, EventDigit)
				tones := 0
				for frame := range slices.Chunk(hearFrames(t, heard, 30), 160) {
					if Goertzel(frame, 852) > 0.15 && Goertzel(frame, 1477) > 0.15 {
						tones++
					}
				}
				least = min(least, tones)
			}
			if least > c.most {
				t.Errorf("%d ms of the tone came through", 20*least)
			}
		})
	}
}

func TestNoiseInAPauseIsHeardByTheOtherSide(t *testing.T) {
	for _, codec := range []Codec{PCMA, PCMU, G722, Opus} {
		t.Run(codec.Name, func(t *testing.T) {
			t.Parallel()
			e := box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			a, _ := open(t, e)
			one := newPhone(t)
			one.call(a, "sendrecv")
			two, b, _, _ := phoneAndLeg(t, box(t, Options{}), e, codec, "rfc4733")
			Join(a, b)
			heard := two.Capture()
			for range 5 {
				one.say(0xd5)
			}
			one.pt = 13
			one.ts += 160
			one.seq++
			quiet := make([]byte, headerSize+1)
			putHeader(quiet, 13, false, one.seq, one.ts, one.ssrc)
			quiet[headerSize] = 50 // −50 dBov
			one.raw(quiet)
			pcm := hearFrames(t, heard, 60)
			if level := 20 * math.Log10(RMS(pcm[len(pcm)-4000:])/32768); level < -53 || level > -47 {
				t.Errorf("the noise has a level of %.1f dB", level)
			}
			tone := ToneSound(time.Second, 500).Encoded(PCMA)
			for i := range uint16(25) {
				b := make([]byte, headerSize, headerSize+160)
				putHeader(b, 8, i == 0, one.seq+1+i, one.ts+160*(70+uint32(i)), one.ssrc)
				one.raw(append(b, tone[160*int(i):160*int(i+1)]...))
			}
			until(t, "the noise ends when the pause does", func() bool { return RMS(hearFrames(t, heard, 1)) > 300 })
		})
	}
}

func TestASoundIsPlayedToEveryCodecAndGoesOnInAnother(t *testing.T) {
	for _, codec := range spoken {
		t.Run(codec.Name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{PortLow: 10000, PortHigh: 15999})
			phone, leg, _, atLeg := phoneAndLeg(t, phones, e, codec, "rfc4733")
			heard := phone.Capture()
			loop := ToneSound(310*time.Millisecond, 600)
			loop.Prepare(spoken)
			leg.Play(loop, true)
			wantTone(t, hearFrames(t, heard, 20)[800:], 600)
			id := leg.Play(ToneSound(610*time.Millisecond, 900), false)
			hearFrames(t, heard, 10)
			answer, err := leg.Answer(phone.Offer(localhost, []Codec{PCMU}, SendRecv), localhost, spoken, SendRecv) // in the middle of it
			if err != nil {
				t.Fatal(err)
			}
			if err := phone.Accept(answer); err != nil {
				t.Fatal(err)
			}
			if got := wantEvent(t, atLeg, EventPlayed); got.Play != id {
				t.Errorf("play %d is over, not %d", got.Play, id)
			}
			var late []int16
			for len(heard) > 0 {
				late = append(late, <-heard...)
			}
			wantTone(t, late[len(late)/2:len(late)-400], 900)
		})
	}
}
