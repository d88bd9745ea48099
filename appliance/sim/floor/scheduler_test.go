package floor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/hcl"
)

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func TestOneRunsAtATimeAndTheClockJumpsToWhatComesNext(t *testing.T) {
	s := &scheduler{now: monday}
	var told []string
	sleeper := func(name string, naps ...time.Duration) {
		var co *coroutine
		co = s.spawn(name, func() {
			for _, d := range naps {
				co.park(t.Context(), d)
				told = append(told, fmt.Sprint(name, " ", s.now.Sub(monday)))
			}
		})
	}
	sleeper("a", 3*time.Second, time.Hour)
	sleeper("b", time.Second, 2*time.Second, 0)
	if s.run(s.now, monday.Add(2*time.Hour), func() bool { return s.alive == 0 }); s.alive != 0 {
		t.Fatal(s.alive)
	}
	if want := []string{"b 1s", "a 3s", "b 3s", "b 3s", "a 1h0m3s"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	if now := s.now.Sub(monday); now != time.Hour+3*time.Second {
		t.Errorf("the clock stands at %v", now)
	}
}

func TestWhatHoldsIsSeenAtTheFirstMomentAndNotBeforeItMay(t *testing.T) {
	s := &scheduler{now: monday}
	on := false
	s.after(time.Second, func() { on = true })
	s.after(2*time.Second, func() { on = false })
	s.after(5*time.Second, func() { on = true })
	holds := func() bool { return on }
	if !s.run(s.now, monday.Add(time.Minute), holds) || s.now.Sub(monday) != time.Second {
		t.Errorf("seen at %v", s.now.Sub(monday))
	}
	if !s.run(monday.Add(3*time.Second), monday.Add(time.Minute), holds) || s.now.Sub(monday) != 5*time.Second {
		t.Errorf("then seen at %v", s.now.Sub(monday))
	}
	if s.run(s.now, monday.Add(time.Minute), func() bool { return false }) || s.now.Sub(monday) != time.Minute {
		t.Errorf("waited until %v", s.now.Sub(monday))
	}
}

func TestTheEndOfAContextWakesWhoWaits(t *testing.T) {
	s := &scheduler{now: monday}
	ctx, cancel := context.WithCancel(t.Context())
	var co *coroutine
	over := false
	co = s.spawn("a call", func() {
		for ctx.Err() == nil {
			co.park(ctx, forever)
		}
		over = true
	})
	s.after(time.Second, cancel)
	if !s.run(s.now, monday.Add(time.Minute), func() bool { return over }) || s.now.Sub(monday) != time.Second {
		t.Errorf("over %v at %v", over, s.now.Sub(monday))
	}
}

func TestAPanicEndsTheRunWithItsStack(t *testing.T) {
	s := &scheduler{now: monday}
	s.spawn("a call", func() { panic("something broke") })
	s.run(s.now, monday.Add(time.Minute), nil)
	if s.fault == nil || !strings.Contains(s.fault.Error(), "something broke") || !strings.Contains(s.fault.Error(), "scheduler_test.go") {
		t.Errorf("%v", s.fault)
	}
}

func TestACircleInWhichNoTimePassesIsNoticed(t *testing.T) {
	s := &scheduler{now: monday}
	var co *coroutine
	co = s.spawn("a call", func() {
		for s.fault == nil {
			co.park(t.Context(), 0)
		}
	})
	s.run(s.now, monday.Add(time.Minute), nil)
	if s.fault == nil || !strings.Contains(s.fault.Error(), "a call goes on without end at the same moment") {
		t.Errorf("%v", s.fault)
	}
	fault := s.fault
	if s.fault = nil; s.alive > 0 { // lets the coroutine see the end of it
		s.fail(fault)
		s.turns = 0
		for s.turn() {
		}
	}
}

// stubborn waits for something real, which never comes.
type stubborn struct{}

// Run implements call.Stage.
func (stubborn) Run(ctx context.Context, _ *call.Call) call.Stage {
	<-ctx.Done()
	return nil
}

// onFloor plays a test in whose world a call goes on already, at a stage of ours.
func onFloor(t *testing.T, watchdog time.Duration, stage call.Stage) (Result, *floorKeeper) {
	t.Helper()
	o, tests := tested(t, map[string][]byte{
		"it.hcl":      []byte("trunk \"city\" {\n  address = \"sip:127.0.0.1:5090\"\n}\n"),
		"it.test.hcl": []byte("test \"it\" {\n  call { to = \"1\" }\n  expect { ended = \"failed\" }\n}\n"),
	})
	o.Watchdog = watchdog
	f := newKeeper(o)
	w := f.world(monday)
	built, err := f.b.build(1, o.Config)
	if err != nil {
		t.Fatal(err)
	}
	w.current = &generation{Generation: built, w: w}
	if _, err := w.start("of ours", call.Start{Dialled: "1", Trunk: "city"}, stage); err != nil {
		t.Fatal(err)
	}
	return f.play(w, tests[0]), f
}

func TestAStageThatWaitsForSomethingRealIsNoticedAndNamed(t *testing.T) {
	r, f := onFloor(t, 200*time.Millisecond, stubborn{})
	if r.Failure == nil || r.Failure.At != (hcl.Place{File: "it.test.hcl", Line: 2}) || r.Failure.Step != "call" ||
		!strings.Contains(r.Failure.Happened[0], "stubborn.Run") || f.b != nil {
		t.Errorf("%+v", r.Failure)
	}
}

func TestAFaultInAStageFailsTheTestWithItsStack(t *testing.T) {
	r, _ := onFloor(t, 0, broken{})
	if r.Failure == nil || !strings.Contains(r.Failure.Happened[0], "the stage broke") || !strings.Contains(r.Failure.Happened[0], "broken.Run") {
		t.Errorf("%+v", r.Failure)
	}
}

type broken struct{}

// Run implements call.Stage.
func (broken) Run(context.Context, *call.Call) call.Stage { panic("the stage broke") }
