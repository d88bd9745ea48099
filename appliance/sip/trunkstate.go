package sip

import "time"

// This file decides, and does nothing: a trunk's loop reports what happened, sends what it is told to send, and wakes at
// next(). The two tables are the whole behaviour; the functions below them only choose times.

// registration is where our registration with a trunk stands.
type registration int

const (
	registrationNone    registration = iota + 1 // not wanted, or not begun
	registrationTrying                          // a REGISTER is under way and we have nothing
	registrationHeld                            // we are registered, also while that is refreshed
	registrationRefused                         // the far end does not want us: tried again, rarely
	registrationWaiting                         // no answer, or trouble over there: tried again soon
)

// registrationEvent is what can happen to a registration.
type registrationEvent int

const (
	registerWanted   registrationEvent = iota + 1 // begin
	registerAccepted                              // 2xx; the hint is the granted lifetime
	registerDenied                                // refused although our credentials were shown
	registerFailed                                // no answer, no connection, 5xx; the hint is Retry-After
	registerTooBrief                              // 423; the hint is Min-Expires
	registerMoved                                 // our own address changed
	registerDue                                   // its time has come
	registerUnwanted                              // the trunk leaves the configuration
)

// registrationAction is what the trunk's loop must do.
type registrationAction int

const (
	registerNothing registrationAction = iota + 1
	registerSend                       // send REGISTER, asking for trunkWatch.expires
	registerRemove                     // send REGISTER with expires 0, once, whatever comes back
)

type registrationStep struct {
	to     registration
	action registrationAction
}

// registrationTable has every pair. A refresh that fails leaves the old registration to live out its time over there,
// hence a removal also from waiting.
var registrationTable = map[registration]map[registrationEvent]registrationStep{
	registrationNone: {
		registerWanted:   {registrationTrying, registerSend},
		registerAccepted: {registrationNone, registerNothing}, // an answer to the removal, or one that comes after it
		registerDenied:   {registrationNone, registerNothing},
		registerFailed:   {registrationNone, registerNothing},
		registerTooBrief: {registrationNone, registerNothing},
		registerMoved:    {registrationNone, registerNothing},
		registerDue:      {registrationNone, registerNothing},
		registerUnwanted: {registrationNone, registerNothing},
	},
	registrationTrying: {
		registerWanted:   {registrationTrying, registerNothing},
		registerAccepted: {registrationHeld, registerNothing},
		registerDenied:   {registrationRefused, registerNothing},
		registerFailed:   {registrationWaiting, registerNothing},
		registerTooBrief: {registrationTrying, registerSend},
		registerMoved:    {registrationTrying, registerSend},
		registerDue:      {registrationTrying, registerNothing},
		registerUnwanted: {registrationNone, registerRemove},
	},
	registrationHeld: {
		registerWanted:   {registrationHeld, registerNothing},
		registerAccepted: {registrationHeld, registerNothing},
		registerDenied:   {registrationRefused, registerNothing},
		registerFailed:   {registrationWaiting, registerNothing},
		registerTooBrief: {registrationHeld, registerSend},
		registerMoved:    {registrationTrying, registerSend},
		registerDue:      {registrationHeld, registerSend},
		registerUnwanted: {registrationNone, registerRemove},
	},
	registrationRefused: {
		registerWanted:   {registrationRefused, registerNothing},
		registerAccepted: {registrationHeld, registerNothing},
		registerDenied:   {registrationRefused, registerNothing},
		registerFailed:   {registrationWaiting, registerNothing},
		registerTooBrief: {registrationTrying, registerSend},
		registerMoved:    {registrationTrying, registerSend},
		registerDue:      {registrationTrying, registerSend},
		registerUnwanted: {registrationNone, registerNothing},
	},
	registrationWaiting: {
		registerWanted:   {registrationWaiting, registerNothing},
		registerAccepted: {registrationHeld, registerNothing},
		registerDenied:   {registrationRefused, registerNothing},
		registerFailed:   {registrationWaiting, registerNothing},
		registerTooBrief: {registrationTrying, registerSend},
		registerMoved:    {registrationTrying, registerSend},
		registerDue:      {registrationTrying, registerSend},
		registerUnwanted: {registrationNone, registerRemove},
	},
}

// health is whether a trunk can carry calls.
type health int

const (
	trunkUnknown health = iota + 1 // nothing was heard yet; calls are tried
	trunkUp
	trunkSuspect // something failed and an OPTIONS is under way; calls are tried
	trunkDown    // calls are not tried
)

// healthEvent is what can happen to the health of a trunk.
type healthEvent int

const (
	probeAlive    healthEvent = iota + 1 // any answer to OPTIONS but 408 and 503
	probeSilent                          // no answer, no connection, 408
	probeRefusing                        // 503: it says itself that calls should go elsewhere; the hint is Retry-After
	probeDue                             // its time has come
	callAlive                            // an INVITE was answered, however unkindly
	callFailing                          // an INVITE was not answered at all, or with 503
)

// healthAction is what the trunk's loop must do.
type healthAction int

const (
	healthNothing  healthAction = iota + 1
	healthProbe                 // send OPTIONS now, with probeTimeout
	healthTellUp                // say that the trunk is up
	healthTellDown              // say that the trunk is down
)

type healthStep struct {
	to     health
	action healthAction
}

// healthTable has every pair. One silence of a trunk that worked is doubted, the second is believed; its own 503 is
// believed at once.
var healthTable = map[health]map[healthEvent]healthStep{
	trunkUnknown: {
		probeAlive:    {trunkUp, healthTellUp},
		probeSilent:   {trunkDown, healthTellDown},
		probeRefusing: {trunkDown, healthTellDown},
		probeDue:      {trunkUnknown, healthProbe},
		callAlive:     {trunkUp, healthTellUp},
		callFailing:   {trunkUnknown, healthNothing}, // the first OPTIONS is under way
	},
	trunkUp: {
		probeAlive:    {trunkUp, healthNothing},
		probeSilent:   {trunkSuspect, healthProbe},
		probeRefusing: {trunkDown, healthTellDown},
		probeDue:      {trunkUp, healthProbe},
		callAlive:     {trunkUp, healthNothing},
		callFailing:   {trunkSuspect, healthProbe},
	},
	trunkSuspect: {
		probeAlive:    {trunkUp, healthNothing},
		probeSilent:   {trunkDown, healthTellDown},
		probeRefusing: {trunkDown, healthTellDown},
		probeDue:      {trunkSuspect, healthProbe},
		callAlive:     {trunkUp, healthNothing},
		callFailing:   {trunkSuspect, healthNothing}, // fifty calls that fail at once are worth one OPTIONS
	},
	trunkDown: {
		probeAlive:    {trunkUp, healthTellUp},
		probeSilent:   {trunkDown, healthNothing},
		probeRefusing: {trunkDown, healthNothing},
		probeDue:      {trunkDown, healthProbe},
		callAlive:     {trunkUp, healthTellUp}, // an emergency call, which is tried whatever we think
		callFailing:   {trunkDown, healthNothing},
	},
}

// Times of a trunk. Every wait is shortened by chance, so that many boxes, or many trunks of one, do not knock together.
const (
	probeTimeout = 2 * time.Second // an OPTIONS without an answer by then is silent

	healthInterval = 30 * time.Second // between OPTIONS while up, when the policy says nothing
	registerExpiry = time.Hour        // asked for, when the policy says nothing

	probeRetry    = time.Second      // first wait while down, doubled each time
	registerRetry = 2 * time.Second  // first wait after a failed REGISTER, doubled each time
	retryMost     = time.Minute      // longest of both, and the most we believe of a Retry-After
	deniedRetry   = time.Minute      // first wait after a refusal, doubled each time
	deniedMost    = 10 * time.Minute // more often than that, far ends block us
	registerSoon  = 5 * time.Second  // a granted lifetime shorter than this is not followed
	registerMost  = 24 * time.Hour   // nor one longer than this
)

// trunkPolicy is how a trunk is kept.
type trunkPolicy struct {
	interval  time.Duration // between OPTIONS while up; 0: 30 s; negative: none are sent, and the trunk counts as up
	registers bool
	expires   time.Duration // asked for in REGISTER; 0: 1 h
}

// trunkWatch is the state of one trunk. It belongs to that trunk's loop and is not safe for anyone else.
type trunkWatch struct {
	registration registration
	health       health
	expires      time.Duration // to ask for in the next REGISTER

	policy       trunkPolicy
	random       func() float64
	registerTime time.Time // when registration is due; zero: an answer is awaited, or never
	probeTime    time.Time // the same for OPTIONS
	registerLost int       // REGISTERs that failed in a row
	probesLost   int       // OPTIONS that failed in a row
	answersProbe bool      // an OPTIONS was answered once
	raised       bool      // the last answer was a 423, and expires was raised for it
}

// newTrunkWatch begins a watch whose first work is due at now. random returns numbers in [0, 1).
func newTrunkWatch(p trunkPolicy, now time.Time, random func() float64) *trunkWatch {
	if p.interval == 0 {
		p.interval = healthInterval
	}
	if p.expires <= 0 {
		p.expires = registerExpiry
	}
	w := &trunkWatch{registration: registrationNone, health: trunkUp, expires: p.expires, policy: p, random: random}
	if p.interval > 0 {
		w.health, w.probeTime = trunkUnknown, now
	}
	if p.registers {
		w.registerTime = now
	}
	return w
}

// next returns when due must be called; zero: when nothing is awaited but answers.
func (w *trunkWatch) next() time.Time {
	if w.registerTime.IsZero() || (!w.probeTime.IsZero() && w.probeTime.Before(w.registerTime)) {
		return w.probeTime
	}
	return w.registerTime
}

// due says what to send now. Called too early it says nothing.
func (w *trunkWatch) due(now time.Time) (registrationAction, healthAction) {
	register, probe := registerNothing, healthNothing
	if !w.registerTime.IsZero() && !now.Before(w.registerTime) {
		w.registerTime = time.Time{}
		event := registerDue
		if w.registration == registrationNone {
			event = registerWanted
		}
		register = w.onRegistration(now, event, 0)
	}
	if !w.probeTime.IsZero() && !now.Before(w.probeTime) {
		w.probeTime = time.Time{}
		probe = w.onHealth(now, probeDue, 0)
	}
	return register, probe
}

// usable reports whether calls may be tried.
func (w *trunkWatch) usable() bool { return w.health != trunkDown }

// onRegistration takes an event. hint is the duration its constant speaks of, 0 when the far end named none.
func (w *trunkWatch) onRegistration(now time.Time, e registrationEvent, hint time.Duration) registrationAction {
	if e == registerTooBrief && (w.raised || hint <= w.expires || hint > registerMost) {
		e = registerDenied // it was given what it wanted, or wants nonsense: no endless conversation
	}
	if w.raised = e == registerTooBrief; w.raised {
		w.expires = hint
	}
	step := registrationTable[w.registration][e]
	w.registration = step.to
	switch {
	case step.to == registrationNone:
		w.registerTime = time.Time{}
	case e == registerAccepted:
		w.registerLost = 0
		w.registerTime = now.Add(w.refresh(hint))
	case e == registerFailed:
		w.registerTime = now.Add(w.wait(registerRetry, retryMost, w.registerLost, hint))
		w.registerLost++
	case e == registerDenied:
		w.registerTime = now.Add(w.wait(deniedRetry, deniedMost, w.registerLost, 0))
		w.registerLost++
	case step.action == registerSend:
		w.registerTime = time.Time{}
	}
	return step.action
}

// onHealth takes an event. hint is the Retry-After of a 503, 0 when there was none. A trunk without OPTIONS stays up:
// nothing would tell when it is back.
func (w *trunkWatch) onHealth(now time.Time, e healthEvent, hint time.Duration) healthAction {
	if w.policy.interval < 0 {
		return healthNothing
	}
	if e == probeAlive {
		w.answersProbe = true
	}
	if e == probeSilent && !w.answersProbe && w.registration == registrationHeld {
		e = probeAlive // some carriers drop OPTIONS; one that registers us and never answered any is such a one
	}
	step := healthTable[w.health][e]
	w.health = step.to
	switch {
	case step.action == healthProbe:
		w.probeTime = time.Time{}
	case e == probeAlive:
		w.probesLost = 0
		w.probeTime = now.Add(w.early(w.policy.interval, 0.9))
	case e == probeSilent || e == probeRefusing:
		most := max(probeRetry, min(w.policy.interval, retryMost))
		w.probeTime = now.Add(w.wait(probeRetry, most, w.probesLost, hint))
		w.probesLost++
	}
	return step.action
}

// wait is an exponential back-off (RFC 5626 section 4.5): between half and all of first doubled lost times, at most
// most. A Retry-After takes its place, believed up to a minute (and not believed when it is negative).
func (w *trunkWatch) wait(first, most time.Duration, lost int, retryAfter time.Duration) time.Duration {
	if retryAfter > 0 {
		return min(max(retryAfter, time.Second), retryMost)
	}
	d := first
	for range lost {
		if d *= 2; d >= most {
			break
		}
	}
	return w.early(min(d, most), 0.5)
}

// refresh is how long a granted registration is left alone: three quarters of its life, or a little more.
func (w *trunkWatch) refresh(granted time.Duration) time.Duration {
	if granted <= 0 {
		granted = w.expires
	}
	return max(w.early(min(granted, registerMost)*9/10, 0.83), registerSoon)
}

// early returns d shortened by chance to no less than share of it.
func (w *trunkWatch) early(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (share + (1-share)*w.random()))
}

// probeEvent says what the answer to OPTIONS means; code 0 is no answer. A refusal is an answer: 401, 404, 405 or 500
// come from something that lives.
func probeEvent(code int) healthEvent {
	switch code {
	case 0, 408:
		return probeSilent
	case 503:
		return probeRefusing
	}
	return probeAlive
}

// callEvent says what the final answer to an INVITE means for its trunk; code 0 is no answer. heard: a provisional
// answer came before, so that a 408 is a phone nobody picked up and not a trunk that is gone.
func callEvent(code int, heard bool) healthEvent {
	if code == 503 || (code == 0 || code == 408) && !heard {
		return callFailing
	}
	return callAlive
}

// registerEvent says what the answer to REGISTER means; code 0 is no answer. A 401 or 407 comes here only when it
// answers credentials.
func registerEvent(code int) registrationEvent {
	switch {
	case code >= 200 && code < 300:
		return registerAccepted
	case code == 423:
		return registerTooBrief
	case code == 408 || code == 480 || code == 491 || code < 400 || code >= 500 && code < 600:
		return registerFailed
	}
	return registerDenied
}
