package peers_test

import (
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

func TestFiftyCallsGoOnUndisturbedWhileTwentyReloadsChangeWhereNewCallsGo(t *testing.T) {
	box := peers.NewLargeBox(t, traffic("3001"))
	callers, callees := ears(t, up, 500), ears(t, up, 800)
	first, second := answering(t, box, "3001", callees), answering(t, box, "3002", nil)
	long := steady(t, box, "steady", 25*time.Second, callers)
	short := changing(t, box, "changing", 30*perSecond, 500*time.Millisecond)
	short.Await("answered", perSecond, patience)
	hearEachOther(t, callers, callees)
	aside := elsewhere(t)
	all := append(callers, callees...)
	for _, e := range append(all, aside) {
		e.Forget()
	}

	leads := reloads(t, box, short)

	still := aside.Hearing().Longest // a machine that stands still does so for all
	for i, e := range all {
		if h := e.Hearing(); h.Lost > 0 || h.Longest > 200*time.Millisecond+2*still || h.Packets < 250 {
			t.Errorf("ear %d, in a call that was up during all reloads: %+v; one at another box waited for %v", i, h, still)
		}
	}
	hearEachOther(t, callers, callees)
	short.Done(time.Minute)
	long.Done(time.Minute)
	first.Stop()
	second.Stop()
	followed(t, box, leads)
}

// elsewhere is an ear in a call at a box of its own, where nothing happens.
func elsewhere(t *testing.T) *peers.Ear {
	t.Helper()
	box := peers.NewBox(t, traffic("3002"))
	caller, callee := peers.NewEar(t, 500), peers.NewEar(t, 800)
	answering(t, box, "3001", []*peers.Ear{callee})
	peers.Call(t, box.Address(), peers.Caller{From: "0912345678", Number: steadyNumber, Talk: 2 * time.Minute},
		peers.Run{Address: carrier, Ears: []*peers.Ear{caller}, Patience: 3 * time.Minute}).Await("answered", 1, patience)
	caller.Hears(t, "the caller hears the callee", 800, patience)
	return caller
}

func ears(t *testing.T, n int, hz float64) (all []*peers.Ear) {
	t.Helper()
	for range n {
		all = append(all, peers.NewEar(t, hz))
	}
	return all
}

func hearEachOther(t *testing.T, callers, callees []*peers.Ear) {
	t.Helper()
	for i := range callers {
		callers[i].Hears(t, "each caller hears a callee", 800, patience)
		callees[i].Hears(t, "each callee hears a caller", 500, patience)
	}
}

// reloads changes the configuration twenty times, every third time for the worse, while calls come and go. It tells
// where each generation sent the number that changes.
func reloads(t *testing.T, box *peers.Box, calls *peers.SIPp) map[int]string {
	t.Helper()
	last, to := box.Status().Generation, "3001"
	leads := map[int]string{last: to}
	for n := range 20 {
		if n%3 == 2 {
			box.Write("office.hcl", traffic("3003")) // there is no such extension
			peers.Await(t, "the broken files are refused", patience, func() bool { return box.Status().State != "ok" })
			if now := box.Status().Generation; now != last {
				t.Errorf("broken files made generation %d", now)
			}
		} else {
			to = map[string]string{"3001": "3002", "3002": "3001"}[to]
			box.Write("office.hcl", traffic(to))
			peers.Await(t, "the files are taken", patience, func() bool { return box.Status().Generation > last })
			last = box.Status().Generation
			leads[last] = to
		}
		calls.Await("answered", len(calls.Notes("answered"))+3, patience) // calls go on before the next change
	}
	return leads
}

// followed checks that each call went where the generation said that it was pinned to.
func followed(t *testing.T, box *peers.Box, leads map[int]string) {
	t.Helper()
	stayed, seen := 0, map[int]int{}
	for _, cdr := range box.CDRs() {
		if cdr.Outcome != "answered" || cdr.Cause != (peers.Cause{Who: "caller", Why: "hung_up", SIP: 200}) {
			t.Errorf("a call was disturbed: %+v", cdr)
		}
		switch cdr.Dialled {
		case steadyNumber:
			if stayed++; cdr.Extension != "3001" || cdr.Talk < 24 {
				t.Errorf("a call of 25 s that began before all reloads: %+v", cdr)
			}
		case changingNumber:
			if seen[cdr.Generation]++; cdr.Extension != leads[cdr.Generation] {
				t.Errorf("generation %d sends calls to %s, this one went to %s", cdr.Generation, leads[cdr.Generation], cdr.Extension)
			}
		}
	}
	if stayed != up {
		t.Errorf("%d CDRs of the %d calls that were up", stayed, up)
	}
	for generation := range leads {
		if seen[generation] == 0 {
			t.Errorf("no call followed generation %d", generation)
		}
	}
}
