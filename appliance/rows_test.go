package appliance_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
)

// TestRows proves the rows of docs/rows.md that need a whole box, each by its id: `go test -v -run TestRows/S-18`.
func TestRows(t *testing.T) {
	for _, row := range rows {
		t.Run(row.says, row.prove)
	}
}

var rows = []struct {
	says  string
	prove func(*testing.T)
}{
	{"S-11 a call that has one leg only is held and resumed", rowS11ACallThatHasOneLegOnlyIsHeldAndResumed},
	{"S-18 two boxes that send a call to each other end it", rowS18TwoBoxesThatSendACallToEachOtherEndIt},
	{"S-24 whatever a trunk fails with, the next one has the call", rowS24WhateverATrunkFailsWithTheNextOneHasTheCall},
	{"S-24 no caller hears that trunks are overloaded", rowS24NoCallerHearsThatTrunksAreOverloaded},
	{"M-11 the call beyond the last port is refused, and all ports come back", rowM11TheCallBeyondTheLastPortIsRefusedAndAllPortsComeBack},
}

func rowS11ACallThatHasOneLegOnlyIsHeldAndResumed(t *testing.T) {
	o := newOffice(t, "")
	a := o.call(o.phone("1001"), "*43")
	o.answered(a)
	a.PlayTone(600)
	o.hears(a, 600)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.Hold(ctx); err != nil {
		t.Fatal(err)
	}
	var live []struct{ Legs []struct{ State string } }
	if o.ask("GET", "/v1/calls", nil, &live); len(live) != 1 || live[0].Legs[0].State != "holding" {
		t.Errorf("on hold it looks like %+v", live)
	}
	if err := a.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	a.PlayTone(900)
	o.hears(a, 900)
	a.Hangup()
	if c := o.cdr(1); c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

// lines are two trunks, and the routes by which calls from phones and from these trunks leave by them.
func lines(one, two string) string {
	text := `
route "out" {
  from            = phones
  number_matching = "^0"
  class           = "national"
  to              = [trunk.one, trunk.two]
}
route "through" {
  number_matching = "^0"
  to              = [trunk.one, trunk.two]
}
`
	for name, at := range map[string]string{"one": one, "two": two} {
		text += fmt.Sprintf("trunk %q {\n  address     = \"sip:%s\"\n  accept_from = [\"127.0.0.1/32\"]\n  caller_id   = \"+886227001234\"\n}\n", name, at)
	}
	return text
}

// Each box has two trunks to the other and sends on by them what it gets: what one way failed with must not be tried by
// the other, or every box on the way doubles the calls.
func rowS18TwoBoxesThatSendACallToEachOtherEndIt(t *testing.T) {
	here := newOffice(t, "")
	there := startOffice(t, lines(here.addr, here.addr), func(*office) {})
	here.write("more.hcl", lines(there.addr, there.addr))
	here.eventually("the lines are there", func() bool {
		var status struct{ Generation int }
		here.ask("GET", "/v1/status", nil, &status)
		return status.Generation == 2
	})
	got := here.gone(here.call(here.phone("1001"), "0227001234"))
	if got.Code != 482 || got.Answered {
		t.Errorf("the caller got %+v", got)
	}
	calls := 0
	for _, o := range []*office{here, there} {
		o.eventually("all calls are over", func() bool {
			var status struct{ Calls int }
			o.ask("GET", "/v1/status", nil, &status)
			return status.Calls == 0
		})
		calls += len(o.cdrs())
	}
	if calls < 2 || calls > 71 {
		t.Errorf("it became %d calls", calls)
	}
}

func rowS24WhateverATrunkFailsWithTheNextOneHasTheCall(t *testing.T) {
	for _, code := range []int{500, 502, 503, 504, 403, 407} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			one, two := carrier(t, ""), carrier(t, "")
			o := newOffice(t, lines(one.Addr(), two.Addr()))
			a := o.call(o.phone("1001"), "0227009999")
			o.rings(one).Reject(code)
			if err := o.rings(two).Answer(); err != nil {
				t.Fatal(err)
			}
			o.answered(a)
			a.Hangup()
			if c := o.cdr(1); c.Trunk != "two" || c.Outcome != "answered" {
				t.Errorf("CDR %+v", c)
			}
		})
	}
}

func rowS24NoCallerHearsThatTrunksAreOverloaded(t *testing.T) {
	one, two := carrier(t, ""), carrier(t, "")
	o := newOffice(t, lines(one.Addr(), two.Addr()))
	a := o.call(o.phone("1001"), "0227009999")
	o.rings(one).Reject(503)
	o.rings(two).Reject(503)
	if got := o.gone(a); got.Code != 480 {
		t.Errorf("the caller got %+v", got)
	}
	if c := o.cdr(1); c.Cause.Who != "trunk" || c.Cause.SIP != 503 || c.Outcome != "failed" {
		t.Errorf("CDR %+v", c)
	}
}

func rowM11TheCallBeyondTheLastPortIsRefusedAndAllPortsComeBack(t *testing.T) {
	o := officeThat(t, "", func(o *office) { o.ports = "15000-15007" })
	held := func() (used, total int) {
		var status struct {
			Used  int `json:"ports_used"`
			Total int `json:"ports_total"`
		}
		o.ask("GET", "/v1/status", nil, &status)
		return status.Used, status.Total
	}
	mei, jun, desk := o.phone("1001"), o.phone("1002"), o.phone("1003")
	a, _ := o.talk(mei, jun, "1002")
	echo := o.call(desk, "*43")
	o.answered(echo)
	beyond := o.call(desk, "1001")
	if err := o.rings(mei).Answer(); err != nil { // the last port is its own, and none is left for the caller
		t.Fatal(err)
	}
	if r := o.gone(beyond); r.Code != 503 {
		t.Errorf("the call beyond got %+v", r)
	}
	a.Hangup()
	echo.Hangup()
	o.eventually("all ports are back", func() bool { used, total := held(); return used == 0 && total == 4 })
}
