package appliance_test

import (
	"context"
	"math"
	"testing"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sim"
)

func TestTwoPhonesTalkAndHearEachOther(t *testing.T) {
	o := newOffice(t, "")
	mei, jun := o.phone("1001"), o.phone("1002")
	a, b := o.talk(mei, jun, "1002")
	o.hears(a, 880)
	o.hears(b, 440)
	a.Hangup()
	o.gone(b)
	c := o.cdr(1)
	if c.Direction != "internal" || c.From != "1001" || c.To != "1002" || c.Extension != "1002" || c.Outcome != "answered" ||
		c.Cause.Who != "caller" || c.Cause.Why != "hung_up" || c.Answered == nil {
		t.Errorf("CDR %+v", c)
	}
	if len(c.Legs) != 2 || c.Legs[0].Codec != "pcma" || c.Legs[0].In == 0 || c.Legs[0].MOS < 4 {
		t.Errorf("legs %+v", c.Legs)
	}
	o.balances(c)
}

// balances holds a CDR's times together.
func (o *office) balances(c cdr) {
	o.t.Helper()
	start, err := time.Parse(time.RFC3339Nano, c.Started)
	if err != nil {
		o.t.Fatal(err)
	}
	end, err := time.Parse(time.RFC3339Nano, c.Ended)
	if err != nil {
		o.t.Fatal(err)
	}
	if sum := c.Wait + c.Talk + c.Hold; math.Abs(sum-end.Sub(start).Seconds()) > 0.0015 {
		o.t.Errorf("wait %v + talk %v + hold %v is not %v", c.Wait, c.Talk, c.Hold, end.Sub(start))
	}
}

func TestTheCalledSideHangsUp(t *testing.T) {
	o := newOffice(t, "")
	a, b := o.talk(o.phone("1001"), o.phone("1002"), "1002")
	b.Hangup()
	if r := o.gone(a); r.By != "them" {
		t.Errorf("the caller's phone says %+v", r)
	}
	if c := o.cdr(1); c.Cause.Who != "callee" || c.Cause.Why != "hung_up" {
		t.Errorf("cause %+v", c.Cause)
	}
}

func TestTheEchoTestPlaysBackWhatItHears(t *testing.T) {
	o := newOffice(t, "")
	a := o.call(o.phone("1001"), "*43")
	o.answered(a)
	a.PlayTone(600)
	o.hears(a, 600)
	a.Hangup()
	if c := o.cdr(1); c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

func TestACallerOnHoldHearsMusicAndThenTheOtherAgain(t *testing.T) {
	o := newOffice(t, "")
	a, b := o.talk(o.phone("1001"), o.phone("1002"), "1002")
	o.hears(a, 880)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Hold(ctx); err != nil {
		t.Fatal(err)
	}
	o.eventually("music is heard", func() bool {
		heard := a.Heard()
		last := heard[max(0, len(heard)-8000):]
		return media.Goertzel(last, 880) < 0.3 && loud(last)
	})
	if err := b.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	o.hears(a, 880)
	a.Hangup()
	c := o.cdr(1)
	if c.Hold <= 0 {
		t.Errorf("hold_seconds %v", c.Hold)
	}
	o.balances(c)
}

func loud(pcm []int16) bool {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return len(pcm) > 0 && math.Sqrt(sum/float64(len(pcm))) > 200
}

// refusal is a way not to reach anybody.
type refusal struct {
	name     string
	dial     string
	callee   string // a phone that is there
	does     func(*sim.PhoneCall)
	code     int
	who, why string
	outcome  string
	tone     float64 // in Taiwan: 480 and 620 Hz for busy
}

func TestEveryRefusalHasItsStatusItsToneAndItsCause(t *testing.T) {
	for _, r := range []refusal{
		{"busy", "1002", "1002", func(c *sim.PhoneCall) { c.Reject(486) }, 486, "callee", "busy", "busy", 480},
		{"declined", "1002", "1002", func(c *sim.PhoneCall) { c.Reject(603) }, 603, "callee", "declined", "no_answer", 480},
		{"no answer", "1002", "1002", func(*sim.PhoneCall) {}, 480, "callee", "no_answer", "no_answer", 480},
		{"offline", "1003", "", nil, 480, "callee", "offline", "no_answer", 480},
		{"not in use", "4321", "", nil, 404, "box", "not_in_use", "failed", 0},
		{"not allowed", "0912345678", "", nil, 403, "box", "not_allowed", "blocked", 0},
	} {
		t.Run(r.name, func(t *testing.T) {
			o := newOffice(t, `
trunk "pstn" {
  address = "sip:127.0.0.1:9"
}
route "out" {
  from            = phones
  number_matching = "^0"
  class           = "national"
  to              = [trunk.pstn]
}
`)
			mei := o.phone("1001")
			var jun *sim.Phone
			if r.callee != "" {
				jun = o.phone(r.callee)
			}
			a := o.call(mei, r.dial)
			a.PlayTone(440)
			if jun != nil {
				r.does(o.rings(jun))
			}
			if r.tone > 0 {
				o.eventually("the tone is heard", func() bool { return media.Goertzel(a.Early(), r.tone) > 0.2 })
			}
			got := o.gone(a)
			if got.Code != r.code || got.Answered {
				t.Errorf("the phone got %+v, want %d", got, r.code)
			}
			c := o.cdr(1)
			if c.Cause.Who != r.who || c.Cause.Why != r.why || c.Cause.SIP != r.code || c.Outcome != r.outcome || c.Answered != nil {
				t.Errorf("CDR %+v", c)
			}
			o.balances(c)
		})
	}
}

func TestACallerWhoGivesUpIsAbandoned(t *testing.T) {
	o := newOffice(t, "")
	mei, jun := o.phone("1001"), o.phone("1002")
	a := o.call(mei, "1002")
	b := o.rings(jun)
	a.Hangup()
	if r := o.gone(b); r.Answered {
		t.Errorf("the called phone says %+v", r)
	}
	if c := o.cdr(1); c.Outcome != "abandoned" || c.Cause.Who != "caller" || c.Cause.Why != "cancelled" {
		t.Errorf("CDR %+v", c)
	}
}

func TestAllPhonesOfAnExtensionRingAndTheFirstTakesTheCall(t *testing.T) {
	o := newOffice(t, "")
	mei, desk, cell := o.phone("1001"), o.phone("1002"), o.phone("1002")
	a := o.call(mei, "1002")
	first, second := o.rings(desk), o.rings(cell)
	if err := second.Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	if r := o.gone(first); r.Answered {
		t.Errorf("the other phone says %+v", r)
	}
	second.PlayTone(700)
	o.hears(a, 700)
	a.Hangup()
	if c := o.cdr(1); c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

func TestACallWhoseOtherSideFallsSilentEnds(t *testing.T) {
	o := officeThat(t, "", func(o *office) { o.silence = time.Second })
	mei, jun := o.phone("1001"), o.phone("1002")
	a := o.call(mei, "1002")
	a.PlayTone(440)
	if err := o.rings(jun).Answer(); err != nil { // and never says a word: its phone sends no sound at all
		t.Fatal(err)
	}
	o.answered(a)
	o.gone(a)
	if c := o.cdr(1); c.Cause.Who != "callee" || c.Cause.Why != "silent" || c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}
