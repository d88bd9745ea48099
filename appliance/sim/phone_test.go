package sim

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbox/appliance/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is long enough for anything that happens on one machine.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func phone(t *testing.T, o PhoneOptions) *Phone {
	t.Helper()
	p, err := NewPhone(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// ring lets one phone call another, and gives both ends while it rings.
func ring(t *testing.T, from, to *Phone) (caller, callee *PhoneCall) {
	t.Helper()
	caller, err := from.Call(context.Background(), "sip:"+to.o.User+"@"+to.Addr())
	if err != nil {
		t.Fatal(err)
	}
	callee, err = to.Wait(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return caller, callee
}

// talk is ring, and the callee answers.
func talk(t *testing.T, from, to *Phone) (caller, callee *PhoneCall) {
	t.Helper()
	caller, callee = ring(t, from, to)
	if err := callee.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := caller.Answered(soon(t)); err != nil {
		t.Fatal(err)
	}
	return caller, callee
}

// hears waits until a call has heard a tone in the last half second.
func hears(t *testing.T, c *PhoneCall, hz int) {
	t.Helper()
	ctx := soon(t)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		heard := c.Heard()
		if n := len(heard) - sampleRate/2; n > 0 && slices.Contains(HeardTones(heard[n:]), hz) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never heard %d Hz, but %v in %d samples", hz, HeardTones(c.Heard()), len(c.Heard()))
		}
	}
}

// ended waits for the end of a call.
func ended(t *testing.T, c *PhoneCall) PhoneResult {
	t.Helper()
	select {
	case <-c.Done():
	case <-soon(t).Done():
		t.Fatal("the call does not end")
	}
	return c.Result()
}

// expect waits for an event of that kind.
func expect(t *testing.T, c *PhoneCall, kind PhoneEventKind) PhoneEvent {
	t.Helper()
	ctx := soon(t)
	for {
		select {
		case e, ok := <-c.Events():
			if !ok {
				t.Fatalf("the call ended before event %d", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-ctx.Done():
			t.Fatalf("event %d never came", kind)
		}
	}
}

func TestTwoPhonesHearEachOther(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			a := phone(t, PhoneOptions{User: "1001", Name: "Mei", Transport: transport})
			b := phone(t, PhoneOptions{User: "1002", Transport: transport})
			caller, callee := talk(t, a, b)
			if callee.Peer() != "1001" || caller.Peer() != "1002" {
				t.Errorf("%q calls %q", callee.Peer(), caller.Peer())
			}
			caller.PlayTone(440)
			callee.PlayTone(620)
			hears(t, callee, 440)
			hears(t, caller, 620)
			caller.Hangup()
			if r := ended(t, caller); !r.Answered || r.By != "us" || r.Code != 200 || r.Codec != "pcma" || r.PacketsIn == 0 || r.MOS < 4 {
				t.Errorf("caller: %+v", r)
			}
			if r := ended(t, callee); !r.Answered || r.By != "them" || r.PacketsIn == 0 {
				t.Errorf("callee: %+v", r)
			}
		})
	}
}

func TestACallThatIsRefusedSaysWhy(t *testing.T) {
	a, b := phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"})
	caller, callee := ring(t, a, b)
	expect(t, caller, PhoneRinging)
	callee.Reject(486)
	if r := ended(t, caller); r.Answered || r.Code != 486 || r.By != "them" {
		t.Errorf("caller: %+v", r)
	}
	if r := ended(t, callee); r.Code != 486 || r.By != "us" {
		t.Errorf("callee: %+v", r)
	}
	if err := caller.Answered(soon(t)); err == nil {
		t.Error("a refused call counts as answered")
	}
}

func TestACallerWhoGivesUpStopsTheRinging(t *testing.T) {
	a, b := phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"})
	caller, callee := ring(t, a, b)
	expect(t, caller, PhoneRinging)
	caller.Hangup()
	if r := ended(t, callee); r.Answered || r.By != "them" || r.Code != 487 {
		t.Errorf("callee: %+v", r)
	}
}

func TestKeysArriveInOrder(t *testing.T) {
	caller, callee := talk(t, phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"}))
	caller.PlayTone()
	callee.PlayTone()
	caller.Press("12#")
	for _, key := range []string{"1", "2", "#"} {
		if e := expect(t, callee, PhoneDigit); e.Text != key {
			t.Errorf("key %q, not %q", e.Text, key)
		}
	}
	if got := callee.Digits(); got != "12#" {
		t.Errorf("digits %q", got)
	}
}

func TestHoldIsSeenAndTakenBack(t *testing.T) {
	caller, callee := talk(t, phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"}))
	if err := caller.Hold(soon(t)); err != nil {
		t.Fatal(err)
	}
	expect(t, callee, PhoneHeld)
	if !callee.Held() {
		t.Error("not held")
	}
	if err := caller.Resume(soon(t)); err != nil {
		t.Fatal(err)
	}
	expect(t, callee, PhoneResumed)
	caller.PlayTone(440)
	hears(t, callee, 440)
}

func TestAFileIsPlayedAndWhatIsHeardIsWritten(t *testing.T) {
	caller, callee := talk(t, phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"}))
	var wav bytes.Buffer
	if err := media.WriteWAV(&wav, media.ToneSound(600*time.Millisecond, 1000).PCM()); err != nil {
		t.Fatal(err)
	}
	if d, err := caller.PlayWAV(&wav); err != nil || d != 600*time.Millisecond {
		t.Fatalf("%s %v", d, err)
	}
	expect(t, caller, PhonePlayed)
	caller.Hangup()
	ended(t, callee)
	var heard bytes.Buffer
	if err := callee.WriteHeard(&heard); err != nil {
		t.Fatal(err)
	}
	s, err := media.LoadWAV(&heard)
	if err != nil || !slices.Equal(HeardTones(s.PCM()), []int{1000}) {
		t.Errorf("heard %v %v", HeardTones(s.PCM()), err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	a, b := phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"})
	ctx, cancel := context.WithCancel(context.Background())
	caller, err := a.Call(ctx, "sip:1002@"+b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	callee, err := b.Wait(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	ended(t, caller)
	ended(t, callee)
}

func TestAPhoneThatClosesHangsUp(t *testing.T) {
	a, b := phone(t, PhoneOptions{}), phone(t, PhoneOptions{User: "1002"})
	_, callee := talk(t, a, b)
	a.Close()
	if r := ended(t, callee); r.By != "them" {
		t.Errorf("%+v", r)
	}
	if _, err := a.Call(context.Background(), "sip:1002@"+b.Addr()); err == nil {
		t.Error("a closed phone calls")
	}
}

func TestNobodyThereIsSaidSoon(t *testing.T) {
	a := phone(t, PhoneOptions{Transport: "tcp"})
	gone := phone(t, PhoneOptions{Transport: "tcp"})
	address := gone.Addr()
	gone.Close()
	c, err := a.Call(context.Background(), "sip:1002@"+address)
	if err != nil {
		return // said at once
	}
	if r := ended(t, c); r.Answered || r.Code < 400 {
		t.Errorf("%+v", r)
	}
}

func TestWaitingCanBeGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	if _, err := phone(t, PhoneOptions{}).Wait(ctx); err == nil || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
}

func TestANumberNeedsABox(t *testing.T) {
	if _, err := phone(t, PhoneOptions{}).Call(context.Background(), "1002"); err == nil {
		t.Error("called without a box")
	}
	if err := phone(t, PhoneOptions{}).Register(context.Background()); err == nil {
		t.Error("registered without a box")
	}
}

func TestAddressesAreReadAsPeopleWriteThem(t *testing.T) {
	for s, want := range map[string]target{
		"1002":                          {"1002", ""},
		"*43":                           {"*43", ""},
		"sip:1002@192.168.0.5":          {"1002", "192.168.0.5"},
		"sip:*43@127.0.0.1:5070":        {"*43", "127.0.0.1:5070"},
		"<sip:%2343@box;transport=tcp>": {"#43", "box"},
		"1002@[::1]:5060":               {"1002", "[::1]:5060"},
		"tel:+886912345678":             {"+886912345678", ""},
		"udp://127.0.0.1:5060":          {"", "127.0.0.1:5060"},
		"sips:a:secret@h?subject=x":     {"a", "h"},
	} {
		if got, err := parseTarget(s); err != nil || got != want {
			t.Errorf("%s: %+v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "sip:", "@host", "1002@", "a b@c", "1002@h:port", "1%zz@h", "1002@a b", "a\r\nb@c"} {
		if got, err := parseTarget(s); err == nil {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

func TestTonesAreToldApart(t *testing.T) {
	for _, hz := range [][]float64{{440}, {350, 440}, {480, 620}, {425}, {1004}} {
		tones := HeardTones(media.ToneSound(time.Second, hz...).PCM())
		if len(tones) != len(hz) {
			t.Errorf("%v heard as %v", hz, tones)
			continue
		}
		for i := range tones {
			if d := float64(tones[i]) - hz[i]; d < -5 || d > 5 {
				t.Errorf("%v heard as %v", hz, tones)
			}
		}
	}
	if tones := HeardTones(media.Music().PCM()); len(tones) > 0 {
		t.Errorf("the music on hold passes for %v Hz", tones)
	}
	for tone, n := range map[media.Tone]int{media.ToneRingback: 1, media.ToneBusy: 1, media.ToneUnobtainable: 3} {
		if tones := HeardTones(media.CountryTone("DE", tone).PCM()); len(tones) != n {
			t.Errorf("the %s tone is heard as %v", tone, tones)
		}
	}
	if !Silent(make([]int16, sampleRate)) || HeardTones(make([]int16, sampleRate)) != nil {
		t.Error("silence is heard")
	}
}
