package call

import (
	"slices"
	"testing"
)

func TestEveryCauseSaysWhoWhyAndWhatTheCallerGets(t *testing.T) {
	seen := map[string]bool{}
	outcomes := []string{"answered", "abandoned", "busy", "no_answer", "failed", "blocked"}
	for _, c := range Causes() {
		if seen[c.String()] {
			t.Errorf("%s stands twice", c)
		}
		seen[c.String()] = true
		if !slices.Contains([]string{"caller", "callee", "agent", "box", "trunk", "network"}, c.Who) || c.Why == "" || c.Text == "" {
			t.Errorf("%s: incomplete", c)
		}
		if !slices.Contains(outcomes, c.Outcome) {
			t.Errorf("%s: outcome %q", c, c.Outcome)
		}
		if c.Q850 < 1 || c.Q850 > 127 {
			t.Errorf("%s: Q.850 %d", c, c.Q850)
		}
		if c != BoxRestarted && c.SIP != 200 && (c.SIP < 400 || c.SIP > 699) {
			t.Errorf("%s: status %d", c, c.SIP)
		}
	}
}

func TestAnyStatusOfAPhoneOrCarrierBecomesACauseOfTheClosedSet(t *testing.T) {
	known := map[string]bool{}
	for _, c := range Causes() {
		known[c.String()] = true
	}
	for status := 300; status < 700; status++ {
		if c := fromPhone(status); !known[c.String()] || c.SIP < 400 && c.SIP != status {
			t.Errorf("phone %d: %s %d", status, c, c.SIP)
		}
		if c, _ := fromTrunk(status); !known[c.String()] {
			t.Errorf("trunk %d: %s", status, c)
		}
	}
}

func TestABusyCalleeStaysBusyByEveryTrunk(t *testing.T) {
	for status, again := range map[int]bool{486: false, 603: false, 404: false, 480: false, 503: true, 408: true, 500: true, 488: true, 403: true, 482: false, 483: false} {
		if _, got := fromTrunk(status); got != again {
			t.Errorf("%d: try another trunk %v, want %v", status, got, again)
		}
	}
}

func TestALineIsTakenOnceAndGivenBack(t *testing.T) {
	var l Lines
	l.SetLimits(map[string]int{"pstn": 2})
	for i, want := range []bool{true, true, false} {
		if l.Take("pstn", false) != want {
			t.Fatalf("call %d of two lines: %v", i+1, !want)
		}
	}
	if !l.Take("pstn", true) {
		t.Error("an emergency call found no line")
	}
	l.Give("pstn")
	l.Give("pstn")
	if l.Used("pstn") != 1 || !l.Take("pstn", false) {
		t.Error("a line that was given back is free")
	}
	l.SetLimits(nil)
	if !l.Take("pstn", false) {
		t.Error("without channels there is no limit")
	}
}
