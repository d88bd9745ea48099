package appliance_test

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/sim"
)

// lineTo is a trunk to a carrier, with a number in and a way out.
func lineTo(name string, c *sim.Phone) string {
	return fmt.Sprintf(`
trunk %q {
  address     = "sip:%s"
  accept_from = ["127.0.0.1/32"]
  caller_id   = "+886227001234"
}
`, name, c.Addr())
}

const ways = `
route "in" {
  number = "0227001234"
  to     = extension.1002
}
route "out" {
  from            = phones
  number_matching = "^0[2-9][0-9]{7,8}$"
  class           = "national"
  to              = [trunk.pstn]
}
`

func TestACallFromOutsideRingsTheExtensionItsRouteNames(t *testing.T) {
	pstn := carrier(t, "")
	o := newOffice(t, lineTo("pstn", pstn)+ways)
	jun := o.phone("1002")
	a := o.call(pstn, "sip:0227001234@"+o.addr)
	a.PlayTone(440)
	b := o.rings(jun)
	if b.Peer() != "0912345678" {
		t.Errorf("the phone shows %q", b.Peer())
	}
	b.PlayTone(880)
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	o.hears(a, 880)
	o.hears(b, 440)
	b.Hangup()
	o.gone(a)
	if c := o.cdr(1); c.Direction != "in" || c.Trunk != "pstn" || c.From != "+886912345678" || c.Dialled != "0227001234" || c.Extension != "1002" {
		t.Errorf("CDR %+v", c)
	}
}

func TestACallToTheOutsideShowsTheTrunksCallerID(t *testing.T) {
	pstn := carrier(t, "")
	o := newOffice(t, lineTo("pstn", pstn)+ways)
	a := o.call(o.phone("1001"), "0227009999")
	b := o.rings(pstn)
	if b.Peer() != "+886227001234" {
		t.Errorf("the called side sees %q", b.Peer())
	}
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	b.PlayTone(880)
	o.answered(a)
	o.hears(a, 880)
	a.Hangup()
	o.gone(b)
	if c := o.cdr(1); c.Direction != "out" || c.Trunk != "pstn" || c.From != "1001" || c.To != "+886227009999" || c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

func TestANumberThatNoRouteKnowsIsRefusedToATrunkAtOnce(t *testing.T) {
	pstn := carrier(t, "")
	o := newOffice(t, lineTo("pstn", pstn)+ways)
	began := time.Now()
	r := o.gone(o.call(pstn, "sip:0299999999@"+o.addr))
	if r.Code != 404 || time.Since(began) > 2*time.Second {
		t.Errorf("%+v after %v", r, time.Since(began))
	}
}

func TestADeadTrunkGivesWayToTheNextWithinTwoSeconds(t *testing.T) {
	backup := carrier(t, "")
	dead := freePort(t)
	o := newOffice(t, fmt.Sprintf(`
trunk "dead" {
  address = "sip:127.0.0.1:%d"
}
`, dead)+lineTo("pstn", backup)+`
route "out" {
  from = phones
  number_matching = "^0"
  class = "national"
  to   = [trunk.dead, trunk.pstn]
}
`)
	mei := o.phone("1001")
	began := time.Now()
	a := o.call(mei, "0227009999")
	b := o.rings(backup)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the second trunk rang after %v", took)
	}
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	a.Hangup()
	if c := o.cdr(1); c.Trunk != "pstn" {
		t.Errorf("CDR %+v", c)
	}
}

func TestATrunkCarriesNoMoreCallsThanItHasChannels(t *testing.T) {
	pstn := carrier(t, "")
	o := newOffice(t, fmt.Sprintf(`
trunk "pstn" {
  address     = "sip:%s"
  accept_from = ["127.0.0.1/32"]
  channels    = 1
}
`, pstn.Addr())+ways)
	mei, jun := o.phone("1001"), o.phone("1002")
	first := o.call(pstn, "sip:0227001234@"+o.addr)
	if err := o.rings(jun).Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(first)
	if r := o.gone(o.call(pstn, "sip:0227001234@"+o.addr)); r.Code != 503 {
		t.Errorf("the second call in got %+v", r)
	}
	if r := o.gone(o.call(mei, "0227009999")); r.Code != 480 {
		t.Errorf("the call out got %+v", r)
	}
	if c := o.cdr(2); c.Cause.Who != "trunk" || c.Cause.Why != "full" {
		t.Errorf("CDR %+v", c)
	}
	help := o.call(mei, "119")
	o.rings(pstn)
	help.Hangup()
	first.Hangup()
}

func TestAnEmergencyCallNeedsNoRightNoRouteAndNoLine(t *testing.T) {
	pstn := carrier(t, "")
	o := newOffice(t, lineTo("pstn", pstn))
	a := o.call(o.phone("1003"), "119") // no right to call anything but extensions
	b := o.rings(pstn)
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	a.Hangup()
	o.gone(b)
}

func TestForwardsLeadOn(t *testing.T) {
	for _, f := range []struct {
		when string
		does func(o *office)
	}{
		{"always", func(o *office) { o.phone("1004") }},
		{"offline", func(*office) {}},
		{"busy", func(o *office) { go rejectNext(o, o.phone("1004"), 486) }},
		{"no_answer", func(o *office) { o.phone("1004") }},
	} {
		t.Run(f.when, func(t *testing.T) {
			o := newOffice(t, fmt.Sprintf(`
extension "1004" {
  password  = "four"
  no_answer = "5s"
  forward {
    when = %q
    to   = extension.1002
  }
}
`, f.when))
			mei, jun := o.phone("1001"), o.phone("1002")
			f.does(o)
			a := o.call(mei, "1004")
			if err := o.rings(jun).Answer(); err != nil {
				t.Fatal(err)
			}
			o.answered(a)
			a.Hangup()
			if c := o.cdr(1); c.Extension != "1002" || c.Dialled != "1004" {
				t.Errorf("CDR %+v", c)
			}
		})
	}
}

func rejectNext(o *office, p *sim.Phone, code int) { o.rings(p).Reject(code) }

func TestForwardsInACircleEnd(t *testing.T) {
	o := newOffice(t, `
extension "2001" {
  password = "x1"
  forward {
    when = "always"
    to   = extension.2002
  }
}
extension "2002" {
  password = "x2"
  forward {
    when = "always"
    to   = extension.2001
  }
}
`)
	r := o.gone(o.call(o.phone("1001"), "2001"))
	if c := o.cdr(1); r.Code != 482 || c.Cause.Why != "loop" {
		t.Errorf("%+v, CDR %+v", r, c)
	}
}
