package peers_test

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

const kills = 20

func TestTwentyKillsInTheMidstOfTrafficLoseNoRegistrationAndNoCDR(t *testing.T) {
	box := peers.NewLargeBox(t, traffic("3002"))
	answering(t, box, "3001", nil)
	answering(t, box, "3002", nil)
	late := 0
	begun, ended := map[string]bool{}, map[string]bool{} // callers whose call was answered, and who hung up
	for round := range kills {
		long, short := fmt.Sprintf("long%02d-", round), fmt.Sprintf("short%02d-", round)
		calls := map[string]*peers.SIPp{
			long:  steady(t, box, long, time.Minute, nil), // these calls find the phone: its registration is back
			short: changing(t, box, short, 1000, 300*time.Millisecond),
		}
		calls[short].Await("done", 5+round%7, patience)
		if round%3 == 0 {
			box.Write("office.hcl", traffic("3002")+fmt.Sprintf("# round %d\n", round))
		}
		box.Kill()
		for name, c := range calls {
			c.Kill()
			note(begun, name, c.Notes("answered"))
			note(ended, name, c.Notes("done"))
		}
		idle := box.Idle()
		if took := box.Start(); took > 2*time.Second+10*idle {
			late++
			t.Logf("round %d: up after %v, when a program that does nothing took %v", round, took, idle)
		}
	}
	if late > 1 { // once, the whole machine may have stood still: SIPp's own watchdog says so then
		t.Errorf("%d of %d starts took more than 2 s", late, kills)
	}
	balanced(t, box, begun, ended)
}

func note(callers map[string]bool, name string, notes []peers.Note) {
	for _, n := range notes {
		callers[name+n.Fields[0]] = true
	}
}

// balanced holds what the carrier saw against the records: one CDR a call, and the right end.
func balanced(t *testing.T, box *peers.Box, begun, ended map[string]bool) {
	t.Helper()
	seen := map[string]peers.CDR{}
	cut := 0
	for _, cdr := range box.CDRs() {
		if _, twice := seen[cdr.From]; twice {
			t.Errorf("two CDRs of the call from %s", cdr.From)
		}
		if seen[cdr.From] = cdr; cdr.Cause.Why == "restarted" && cdr.Cause.Who == "box" {
			cut++
		}
	}
	for caller := range begun { // in the last milliseconds before a kill, that it was answered may be lost, but not the call
		if cdr, there := seen[caller]; !there || cdr.Ended == nil || cdr.Outcome != "answered" && cdr.Cause.Why != "restarted" {
			t.Errorf("the call from %s was answered; its CDR: %v %+v", caller, there, cdr)
		}
	}
	short := 0 // a busy machine may stamp an answer late
	for caller := range ended {
		cdr := seen[caller]
		if cdr.Outcome != "answered" || cdr.Answered == nil {
			t.Errorf("the call from %s was answered and ended; its CDR: %+v", caller, cdr)
		}
		if cdr.Talk < 0.25 {
			short++
		}
	}
	if short > len(ended)/4 {
		t.Errorf("by their CDRs %d of %d calls of 0.3 s lasted less than 0.25 s", short, len(ended))
	}
	if t.Logf("%d calls, %d of them cut off by a kill", len(seen), cut); cut < kills*up {
		t.Errorf("%d CDRs say that a call was cut off; each of %d kills cut at least %d", cut, kills, up)
	}
}
