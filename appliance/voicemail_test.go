package appliance_test

import (
	"testing"
	"time"

	"callbox/appliance/media"
)

func TestAMessageThatWasLeftIsHeardByWhomItIsFor(t *testing.T) {
	o := newOffice(t, "extension \"1004\" {\n  password  = \"four\"\n  voicemail = true\n}\n")
	a := o.call(o.phone("1001"), "1004") // whose phone is off
	o.answered(a)
	o.eventually("the beep is heard", func() bool {
		heard := a.Heard()
		return len(heard) > 2000 && media.Goertzel(heard[len(heard)-2000:], 1000) > 0.8
	})
	a.PlayTone(440)
	<-time.After(2 * time.Second) // somebody speaks
	a.Hangup()
	c := o.cdr(1)
	if c.Outcome != "voicemail" || c.Answered != nil {
		t.Errorf("CDR %+v", c)
	}
	b := o.call(o.phone("1004"), "*97")
	o.answered(b)
	o.hears(b, 440)
	b.Press("7")
	b.Hangup()
}
