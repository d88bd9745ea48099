package sip

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	registrations      = []registration{registrationNone, registrationTrying, registrationHeld, registrationRefused, registrationWaiting}
	registrationEvents = []registrationEvent{registerWanted, registerAccepted, registerDenied, registerFailed, registerTooBrief, registerMoved, registerDue, registerUnwanted}
	healths            = []health{trunkUnknown, trunkUp, trunkSuspect, trunkDown}
	healthEvents       = []healthEvent{probeAlive, probeSilent, probeRefusing, probeDue, callAlive, callFailing}
)

// The expected tables are written a second time and in another shape, as one would explain them on a whiteboard: a state
// a row, an event a column.
func TestEveryRegistrationEventHasOneAnswerInEveryState(t *testing.T) {
	want := [][]string{
		//          wanted       accepted denied     failed     too brief    moved        due          unwanted
		/*none*/ {"trying send", "none", "none", "none", "none", "none", "none", "none"},
		/*trying*/ {"trying", "held", "refused", "waiting", "trying send", "trying send", "trying", "none remove"},
		/*held*/ {"held", "held", "refused", "waiting", "held send", "trying send", "held send", "none remove"},
		/*refused*/ {"refused", "held", "refused", "waiting", "trying send", "trying send", "trying send", "none"},
		/*waiting*/ {"waiting", "held", "refused", "waiting", "trying send", "trying send", "trying send", "none remove"},
	}
	states := map[registration]string{registrationNone: "none", registrationTrying: "trying", registrationHeld: "held", registrationRefused: "refused", registrationWaiting: "waiting"}
	actions := map[registrationAction]string{registerNothing: "", registerSend: " send", registerRemove: " remove"}
	for i, s := range registrations {
		for j, e := range registrationEvents {
			step := registrationTable[s][e]
			if got := states[step.to] + actions[step.action]; got != want[i][j] {
				t.Errorf("%s, event %d: %q, want %q", states[s], e, got, want[i][j])
			}
		}
		if len(registrationTable[s]) != len(registrationEvents) {
			t.Errorf("%s has %d events", states[s], len(registrationTable[s]))
		}
	}
	if len(registrationTable) != len(registrations) {
		t.Errorf("%d states", len(registrationTable))
	}
}

func TestEveryHealthEventHasOneAnswerInEveryState(t *testing.T) {
	want := [][]string{
		//           alive      silent           refusing     due              call alive  call failing
		/*unknown*/ {"up tell", "down tell", "down tell", "unknown probe", "up tell", "unknown"},
		/*up*/ {"up", "suspect probe", "down tell", "up probe", "up", "suspect probe"},
		/*suspect*/ {"up", "down tell", "down tell", "suspect probe", "up", "suspect"},
		/*down*/ {"up tell", "down", "down", "down probe", "up tell", "down"},
	}
	states := map[health]string{trunkUnknown: "unknown", trunkUp: "up", trunkSuspect: "suspect", trunkDown: "down"}
	for i, s := range healths {
		for j, e := range healthEvents {
			step := healthTable[s][e]
			actions := map[healthAction]string{healthNothing: "", healthProbe: " probe"}
			if step.to == trunkUp {
				actions[healthTellUp] = " tell"
			} else if step.to == trunkDown {
				actions[healthTellDown] = " tell"
			}
			action, known := actions[step.action]
			if got := states[step.to] + action; !known || got != want[i][j] {
				t.Errorf("%s, event %d: %q (known action: %t), want %q", states[s], e, got, known, want[i][j])
			}
		}
		if len(healthTable[s]) != len(healthEvents) {
			t.Errorf("%s has %d events", states[s], len(healthTable[s]))
		}
	}
	if len(healthTable) != len(healths) {
		t.Errorf("%d states", len(healthTable))
	}
}

var trunkStart = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

func half() float64 { return 0.5 }

// within fails unless w wakes between least and most after now.
func within(t *testing.T, w *trunkWatch, now time.Time, least, most time.Duration) {
	t.Helper()
	if d := w.next().Sub(now); w.next().IsZero() || d < least || d > most {
		t.Errorf("wakes after %v, want %v to %v", d, least, most)
	}
}

func TestATrunkThatStopsAnsweringIsDownAfterTwoSilencesAndComesBackByItself(t *testing.T) {
	now := trunkStart
	w := newTrunkWatch(trunkPolicy{}, now, half)
	if !w.usable() || w.health != trunkUnknown {
		t.Fatal("calls must be tried before anything is known")
	}
	if r, h := w.due(now); r != registerNothing || h != healthProbe {
		t.Fatalf("start: %d %d", r, h)
	}
	if !w.next().IsZero() {
		t.Error("wakes while it waits for the answer")
	}
	if h := w.onHealth(now, probeAlive, 0); h != healthTellUp {
		t.Errorf("first answer: %d", h)
	}
	within(t, w, now, 27*time.Second, 30*time.Second)

	now = w.next()
	if _, h := w.due(now); h != healthProbe {
		t.Errorf("due: %d", h)
	}
	if h := w.onHealth(now, probeSilent, 0); h != healthProbe || !w.usable() {
		t.Errorf("first silence: %d, usable %t", h, w.usable())
	}
	if h := w.onHealth(now, probeSilent, 0); h != healthTellDown || w.usable() {
		t.Errorf("second silence: %d, usable %t", h, w.usable())
	}
	waits := []time.Duration{}
	for range 8 {
		waits = append(waits, w.next().Sub(now))
		now = w.next()
		w.due(now)
		if h := w.onHealth(now, probeSilent, 0); h != healthNothing {
			t.Errorf("silence while down: %d", h)
		}
	}
	if !slices.IsSorted(waits) || waits[0] > 2*time.Second || waits[7] > 30*time.Second {
		t.Errorf("waits %v", waits)
	}
	now = w.next()
	w.due(now)
	if h := w.onHealth(now, probeAlive, 0); h != healthTellUp || !w.usable() {
		t.Errorf("back: %d", h)
	}
}

func TestACallThatFailsMakesTheTrunkProveItselfAtOnce(t *testing.T) {
	w := newTrunkWatch(trunkPolicy{}, trunkStart, half)
	w.due(trunkStart)
	w.onHealth(trunkStart, probeAlive, 0)
	if h := w.onHealth(trunkStart, callFailing, 0); h != healthProbe || w.health != trunkSuspect {
		t.Errorf("first failure: %d, %d", h, w.health)
	}
	for range 49 {
		if h := w.onHealth(trunkStart, callFailing, 0); h != healthNothing {
			t.Errorf("further failure: %d", h)
		}
	}
	if h := w.onHealth(trunkStart, probeAlive, 0); h != healthNothing || w.health != trunkUp {
		t.Errorf("it was up all the time, nobody need hear of it: %d, %d", h, w.health)
	}
	within(t, w, trunkStart, 27*time.Second, 30*time.Second)
}

func TestRetryAfterIsBelievedUpToAMinute(t *testing.T) {
	for _, c := range []struct{ said, least, most time.Duration }{
		{3600 * time.Second, time.Minute, time.Minute},
		{7 * time.Second, 7 * time.Second, 7 * time.Second},
		{time.Millisecond, time.Second, time.Second},
		{0, 500 * time.Millisecond, 2 * time.Second},
		{-1, 500 * time.Millisecond, 2 * time.Second},
		{1 << 62, time.Minute, time.Minute},
	} {
		w := newTrunkWatch(trunkPolicy{}, trunkStart, half)
		w.due(trunkStart)
		if h := w.onHealth(trunkStart, probeRefusing, c.said); h != healthTellDown {
			t.Errorf("%v: %d", c.said, h)
		}
		within(t, w, trunkStart, c.least, c.most)

		w = newTrunkWatch(trunkPolicy{interval: -1, registers: true}, trunkStart, half)
		w.due(trunkStart)
		w.onRegistration(trunkStart, registerFailed, c.said)
		within(t, w, trunkStart, c.least, c.most)
	}
}

func TestATrunkWithoutHealthChecksStaysUpWhateverHappens(t *testing.T) {
	w := newTrunkWatch(trunkPolicy{interval: -1}, trunkStart, half)
	for _, e := range healthEvents {
		if h := w.onHealth(trunkStart, e, 0); h != healthNothing || !w.usable() || !w.next().IsZero() {
			t.Errorf("event %d: %d", e, h)
		}
	}
}

func TestACarrierThatRegistersUsButDropsOPTIONSIsNotTakenForDead(t *testing.T) {
	w := newTrunkWatch(trunkPolicy{registers: true}, trunkStart, half)
	w.due(trunkStart)
	w.onRegistration(trunkStart, registerAccepted, time.Hour)
	if h := w.onHealth(trunkStart, probeSilent, 0); h != healthTellUp {
		t.Errorf("silence: %d", h)
	}
	w.onRegistration(trunkStart, registerFailed, 0)
	w.onHealth(trunkStart, probeSilent, 0)
	if h := w.onHealth(trunkStart, probeSilent, 0); h != healthTellDown {
		t.Errorf("silence when REGISTER fails too: %d", h)
	}
	answering := newTrunkWatch(trunkPolicy{registers: true}, trunkStart, half)
	answering.due(trunkStart)
	answering.onRegistration(trunkStart, registerAccepted, time.Hour)
	answering.onHealth(trunkStart, probeAlive, 0)
	if h := answering.onHealth(trunkStart, probeSilent, 0); h != healthProbe {
		t.Errorf("one that used to answer is doubted: %d", h)
	}
}

func TestARegistrationIsRefreshedInTimeAndRetriedWithCare(t *testing.T) {
	now := trunkStart
	w := newTrunkWatch(trunkPolicy{interval: -1, registers: true}, now, half)
	if r, _ := w.due(now); r != registerSend || w.expires != time.Hour {
		t.Fatalf("start: %d, %v", r, w.expires)
	}
	w.onRegistration(now, registerAccepted, 600*time.Second)
	within(t, w, now, 440*time.Second, 545*time.Second)
	now = w.next()
	if r, _ := w.due(now); r != registerSend || w.registration != registrationHeld {
		t.Errorf("refresh: %d, state %d", r, w.registration)
	}
	w.onRegistration(now, registerFailed, 0)
	within(t, w, now, time.Second, 2*time.Second)
	for range 10 {
		now = w.next()
		w.due(now)
		w.onRegistration(now, registerFailed, 0)
	}
	within(t, w, now, 30*time.Second, time.Minute)
	now = w.next()
	w.due(now)
	w.onRegistration(now, registerAccepted, 0)
	if w.registration != registrationHeld {
		t.Errorf("state %d", w.registration)
	}
	within(t, w, now, 44*time.Minute, 54*time.Minute)

	w.onRegistration(now, registerDenied, 0)
	within(t, w, now, 30*time.Second, time.Minute)
	for range 10 {
		now = w.next()
		w.due(now)
		w.onRegistration(now, registerDenied, 0)
	}
	within(t, w, now, 5*time.Minute, 10*time.Minute)
	if r := w.onRegistration(now, registerMoved, 0); r != registerSend {
		t.Errorf("a new address: %d", r)
	}
	w.onRegistration(now, registerAccepted, time.Minute)
	if r := w.onRegistration(now, registerUnwanted, 0); r != registerRemove || !w.next().IsZero() {
		t.Errorf("leaving: %d, wakes %v", r, w.next())
	}
}

func TestAFarEndThatAlwaysWantsLongerRegistrationsIsNotTalkedToForEver(t *testing.T) {
	w := newTrunkWatch(trunkPolicy{interval: -1, registers: true, expires: time.Minute}, trunkStart, half)
	w.due(trunkStart)
	if r := w.onRegistration(trunkStart, registerTooBrief, 5*time.Minute); r != registerSend || w.expires != 5*time.Minute {
		t.Errorf("first 423: %d, %v", r, w.expires)
	}
	if r := w.onRegistration(trunkStart, registerTooBrief, 6*time.Minute); r != registerNothing || w.registration != registrationRefused {
		t.Errorf("second 423: %d, state %d", r, w.registration)
	}
	for _, hint := range []time.Duration{0, -1, time.Second, time.Minute, 100 * 24 * time.Hour} {
		w = newTrunkWatch(trunkPolicy{interval: -1, registers: true, expires: time.Minute}, trunkStart, half)
		w.due(trunkStart)
		if w.onRegistration(trunkStart, registerTooBrief, hint); w.registration != registrationRefused {
			t.Errorf("Min-Expires %v: state %d", hint, w.registration)
		}
	}
}

func TestAnswersAreReadAsTheyAreMeant(t *testing.T) {
	for code, want := range map[int]healthEvent{0: probeSilent, 408: probeSilent, 503: probeRefusing, 200: probeAlive, 401: probeAlive, 404: probeAlive, 405: probeAlive, 483: probeAlive, 500: probeAlive, 501: probeAlive, 603: probeAlive} {
		if got := probeEvent(code); got != want {
			t.Errorf("OPTIONS %d: %d, want %d", code, got, want)
		}
	}
	for _, c := range []struct {
		code  int
		heard bool
		want  healthEvent
	}{
		{0, false, callFailing}, {408, false, callFailing}, {503, false, callFailing}, {503, true, callFailing},
		{0, true, callAlive}, {408, true, callAlive}, {200, true, callAlive}, {486, false, callAlive}, {500, false, callAlive}, {603, false, callAlive},
	} {
		if got := callEvent(c.code, c.heard); got != c.want {
			t.Errorf("INVITE %d heard %t: %d, want %d", c.code, c.heard, got, c.want)
		}
	}
	for code, want := range map[int]registrationEvent{200: registerAccepted, 0: registerFailed, 302: registerFailed, 408: registerFailed, 500: registerFailed, 503: registerFailed, 401: registerDenied, 403: registerDenied, 404: registerDenied, 423: registerTooBrief, 603: registerDenied} {
		if got := registerEvent(code); got != want {
			t.Errorf("REGISTER %d: %d, want %d", code, got, want)
		}
	}
}

// Whatever comes in whatever order, a trunk that is wanted is never forgotten: it either awaits an answer or will wake.
func TestATrunkIsNeverForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := trunkStart
		random := rapid.Float64Range(0, 0.999)
		w := newTrunkWatch(trunkPolicy{registers: true, interval: time.Duration(rapid.IntRange(1, 3600).Draw(t, "interval")) * time.Second}, now,
			func() float64 { return random.Draw(t, "random") })
		registerOut, probeOut := false, false
		note := func(r registrationAction, h healthAction) {
			registerOut = registerOut || r == registerSend
			probeOut = probeOut || h == healthProbe
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			hint := time.Duration(rapid.Int64().Draw(t, "hint"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				if next := w.next(); !next.IsZero() && next.After(now) {
					now = next
				}
				note(w.due(now))
			case 1:
				if registerOut {
					registerOut = false
					e := rapid.SampledFrom([]registrationEvent{registerAccepted, registerDenied, registerFailed, registerTooBrief}).Draw(t, "answer")
					note(w.onRegistration(now, e, hint), healthNothing)
				}
			case 2:
				if probeOut {
					probeOut = false
					note(registerNothing, w.onHealth(now, rapid.SampledFrom(healthEvents[:3]).Draw(t, "probe"), hint))
				}
			case 3:
				note(registerNothing, w.onHealth(now, rapid.SampledFrom(healthEvents[4:]).Draw(t, "call"), 0))
			}
			if !registerOut && w.registerTime.IsZero() || !probeOut && w.probeTime.IsZero() {
				t.Fatalf("forgotten: registration %d, wakes %v; health %d, wakes %v", w.registration, w.registerTime, w.health, w.probeTime)
			}
			if w.registerTime.Sub(now) > registerMost || w.probeTime.Sub(now) > time.Hour {
				t.Fatalf("all but forgotten: registration wakes %v, health %v", w.registerTime, w.probeTime)
			}
		}
	})
}
