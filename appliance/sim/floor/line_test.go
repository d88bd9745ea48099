package floor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"callbox/appliance/call"
)

// said is an utterance that takes a number of seconds.
func said(seconds int) call.Utterance {
	text := make([]byte, seconds*lettersASecond)
	for i := range text {
		text[i] = 'a'
	}
	return call.Utterance{Text: string(text), Language: "en"}
}

// onLine runs a stage of ours on a line and gives the line with its world; script may then do things to it.
func onLine(t *testing.T, do func(ctx context.Context, l call.Line, now func() string)) (*World, *line) {
	t.Helper()
	o, _ := tested(t, map[string][]byte{"it.hcl": []byte("trunk \"city\" {\n  address = \"sip:127.0.0.1:5090\"\n}\n")})
	f := newKeeper(o)
	w := f.world(monday)
	built, err := f.b.build(1, o.Config)
	if err != nil {
		t.Fatal(err)
	}
	w.current = &generation{Generation: built, w: w}
	l, err := w.start("", call.Start{Dialled: "1", Trunk: "city"}, stageOf(func(ctx context.Context, c *call.Call) {
		do(ctx, c.Line(), func() string { return w.now.Sub(monday).Round(time.Millisecond).String() })
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.close()
		if w.fault != nil || w.alive > 0 {
			t.Errorf("%v, %d alive", w.fault, w.alive)
		}
	})
	return w, l
}

type stageOf func(context.Context, *call.Call)

// Run implements call.Stage.
func (f stageOf) Run(ctx context.Context, c *call.Call) call.Stage {
	f(ctx, c)
	return nil
}

// pass lets time pass.
func (w *World) pass(d time.Duration) { w.run(w.now, w.now.Add(d), nil) }

func TestAKeyEndsWhatMayBeInterruptedAndIsLetGoElsewhere(t *testing.T) {
	var told []string
	w, l := onLine(t, func(ctx context.Context, line call.Line, now func() string) {
		note := func(what any) { told = append(told, fmt.Sprint(now(), " ", what)) }
		note(line.Say(ctx, said(10), true))
		h := line.Next(ctx, time.Minute)
		note(string(h.Key))
		note(line.Say(ctx, said(4), false))
		note(line.Next(ctx, 2*time.Second).Kind)
		line.Wait(ctx, 3*time.Second)
		note(line.Say(ctx, said(5), true))
		note(string(line.Next(ctx, 0).Key))
		note(line.Next(ctx, 0).Kind)
	})
	w.pass(3 * time.Second)
	l.press('7')
	w.pass(time.Second)
	if l.takesKeys() {
		t.Error("a prompt that may not be interrupted takes keys")
	}
	w.pass(6 * time.Second) // in the wait
	l.press('8')
	w.pass(time.Minute)
	want := []string{"3s <nil>", "3s 7", "7s <nil>", "9s 0", "12s <nil>", "12s 8", "12s 0"}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

func TestWhatIsPostedWaitsItsTurnAndNeverOverflows(t *testing.T) {
	var got []any
	w, l := onLine(t, func(ctx context.Context, line call.Line, _ func() string) {
		line.Wait(ctx, time.Second)
		for {
			h := line.Next(ctx, 0)
			if h.Kind != call.HappenedPost {
				return
			}
			got = append(got, h.Posted)
		}
	})
	taken := 0
	for i := range 2 * inboxDepth {
		if l.Post(i) {
			taken++
		}
	}
	w.pass(time.Minute)
	if taken != inboxDepth || len(got) != inboxDepth || got[0] != 0 || got[inboxDepth-1] != inboxDepth-1 {
		t.Errorf("%d taken, %v", taken, got)
	}
	if l.Post("late") {
		t.Error("a call that is over took something")
	}
}

func TestACallersHangUpEndsWhateverTheCallWaitsIn(t *testing.T) {
	waits := map[string]func(context.Context, call.Line) error{
		"say":  func(ctx context.Context, l call.Line) error { return l.Say(ctx, said(60), true) },
		"next": func(ctx context.Context, l call.Line) error { l.Next(ctx, call.Forever); return nil },
		"wait": func(ctx context.Context, l call.Line) error { l.Wait(ctx, time.Hour); return nil },
		"record": func(ctx context.Context, l call.Line) error {
			l.Record(ctx, call.Recording{Max: time.Hour})
			return nil
		},
		"talk": func(ctx context.Context, l call.Line) error { l.Talk(ctx); return nil },
		"echo": func(ctx context.Context, l call.Line) error { return l.Echo(ctx) },
		"ring": func(ctx context.Context, l call.Line) error {
			l.Ring(ctx, []call.Target{{Extension: "1001", As: "agent.mei"}}, call.Forever)
			return nil
		},
	}
	for _, name := range sorted(waits) {
		ended := ""
		w, l := onLine(t, func(ctx context.Context, line call.Line, now func() string) {
			_ = waits[name](ctx, line)
			ended = now()
		})
		w.pass(10 * time.Second)
		l.end(call.CallerHungUp)
		w.pass(0)
		if ended != "10s" || !l.over() {
			t.Errorf("%s ended at %q, over %v", name, ended, l.over())
		}
	}
}

func TestARecordingIsWhatTheCallerSaysAndEndsAsItShould(t *testing.T) {
	full := errors.New("the disk is full")
	for _, c := range []struct {
		name   string
		r      call.Recording
		during func(w *World, l *line)
		why    string
		length time.Duration
		at     string
	}{
		{"spoken, then silent", call.Recording{Max: time.Minute, Silence: 5 * time.Second}, func(w *World, l *line) {
			l.voice = span{w.now, w.now.Add(20 * time.Second)}
			l.co.wake()
		}, "silence", 22 * time.Second, "27s"},
		{"silent all the time", call.Recording{Max: time.Minute, Silence: 5 * time.Second}, nil, "silence", 0, "5s"},
		{"too long", call.Recording{Max: 10 * time.Second}, func(w *World, l *line) {
			l.voice = span{w.now, w.now.Add(20 * time.Second)}
			l.co.wake()
		}, "max", 10 * time.Second, "10s"},
		{"ended by a key", call.Recording{Max: time.Minute, EndKeys: "#*"}, func(_ *World, l *line) { l.press('1'); l.press('#') }, "key", 0, "2s"},
		{"nobody takes it", call.Recording{Max: time.Minute, Sink: func([]int16) error { return full }}, func(w *World, l *line) {
			l.voice = span{w.now, w.now.Add(time.Second)}
			l.co.wake()
		}, "failed", 0, "2s"},
	} {
		var got call.Recorded
		samples, loud, ended := 0, 0, ""
		if c.r.Sink == nil {
			c.r.Sink = func(pcm []int16) error {
				samples += len(pcm)
				for _, v := range pcm {
					if v != 0 {
						loud++
					}
				}
				return nil
			}
		}
		w, l := onLine(t, func(ctx context.Context, line call.Line, now func() string) {
			got = line.Record(ctx, c.r)
			ended = now()
		})
		w.pass(2 * time.Second)
		if c.during != nil {
			c.during(w, l)
		}
		w.pass(2 * time.Minute)
		if got.Why != c.why || got.Length != c.length || ended != c.at || (got.Err != nil) != (c.why == "failed") {
			t.Errorf("%s: %+v at %s", c.name, got, ended)
		}
		if c.why == "silence" && (samples != int(w.at0(ended)*rate/time.Second) || loud != int(max(0, c.length-2*time.Second)*rate/time.Second)) && c.length > 0 {
			t.Errorf("%s: %d samples, %d loud", c.name, samples, loud)
		}
	}
}

// at0 is a moment since the start.
func (w *World) at0(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		w.fail(err)
	}
	return d
}

func TestTextsTakeTheTimeThatPeopleTakeToSayThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                             shortest,
		"Harbour Dental, how are you?": 2 * time.Second,
		"歡迎致電旭日":                       1500 * time.Millisecond,
		"按 1":                          (250 + 143) * time.Millisecond,
	} {
		if got := speechTime(text); got != want {
			t.Errorf("%q takes %v", text, got)
		}
	}
}
