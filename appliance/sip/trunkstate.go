package sip

import "time"

// registration is where a trunk's registration stands.
type registration int

const (
	unregistered registration = iota + 1 // not wanted, or not begun
	registering                          // the first REGISTER is under way
	registered                           // also while it is refreshed
	refused                              // the far end does not want us: tried again, rarely
	waiting                              // no answer, or trouble over there: tried again soon
)

// registrationEvent is what can happen to it.
type registrationEvent int

const (
	registerWanted   registrationEvent = iota + 1 // begin
	registerAccepted                              // 2xx; the hint is the granted lifetime
	registerDenied                                // 4xx or 6xx, also to our credentials
	registerFailed                                // no answer, no connection, 5xx; the hint is Retry-After
	registerTooBrief                              // 423; the hint is Min-Expires
	registerMoved                                 // our address changed
	registerDue                                   // the time of next() has come
	registerUnwanted                              // the trunk leaves the configuration
)

// registrationAction is what to do about it.
type registrationAction int

const (
	registerNothing registrationAction = iota
	registerSend                       // send REGISTER
	registerRemove                     // send REGISTER with expires 0, once, best effort
)

// health is whether a trunk can carry calls.
type health int

const (
	trunkUp      health = iota + 1
	trunkSuspect        // something went wrong or nothing is known yet; calls are still tried
	trunkDown           // calls are not tried
)

// healthEvent is what can happen to it.
type healthEvent int

const (
	probeAlive    healthEvent = iota + 1 // any answer to OPTIONS but 408 and 503
	probeSilent                          // no answer, no connection, 408
	probeRefusing                        // 503; the hint is Retry-After
	probeDue                             // the time of next() has come
	callAlive                            // an INVITE was answered in any way but 408 and 503
	callFailing                          // an INVITE was not answered at all, or with 503
)

// healthAction is what to do about it.
type healthAction int

const (
	healthNothing  healthAction = iota
	healthProbe                 // send OPTIONS now
	healthTellUp                // say that the trunk is up
	healthTellDown              // say that the trunk is down
)

// trunkPolicy is how a trunk is kept.
type trunkPolicy struct {
	interval  time.Duration // between OPTIONS while up; 0: 30 s; negative: none, and the trunk counts as up
	registers bool
	expires   time.Duration // asked for in REGISTER; 0: 1 h
}

// trunkWatch is the state of one trunk. It belongs to the loop of that trunk and is not safe for others.
type trunkWatch struct {
	registration registration
	health       health
	expires      time.Duration // to ask for in the next REGISTER
}

// newTrunkWatch starts the watch; random returns numbers in [0, 1). The first due() begins the work.
func newTrunkWatch(p trunkPolicy, now time.Time, random func() float64) *trunkWatch {
	return &trunkWatch{registration: unregistered, health: trunkUp}
}

// next returns when due must be called, zero for never.
func (w *trunkWatch) next() time.Time { return time.Time{} }

// due does what the time asks for.
func (w *trunkWatch) due(now time.Time) (registrationAction, healthAction) {
	return registerNothing, healthNothing
}

// onRegistration and onHealth take an event. hint is a duration the far end named, 0 for none.
func (w *trunkWatch) onRegistration(now time.Time, e registrationEvent, hint time.Duration) registrationAction {
	return registerNothing
}

func (w *trunkWatch) onHealth(now time.Time, e healthEvent, hint time.Duration) healthAction {
	return healthNothing
}

// usable reports whether calls may be tried.
func (w *trunkWatch) usable() bool { return w.health != trunkDown }

// probeEvent says what an answer to OPTIONS means; code 0 is no answer.
func probeEvent(code int) healthEvent { return probeAlive }

// callEvent says what the end of an INVITE means for its trunk; heard: a provisional answer came before.
func callEvent(code int, heard bool) healthEvent { return callAlive }

// registerEvent says what an answer to REGISTER means; code 0 is no answer. A first 401 or 407 is not an event.
func registerEvent(code int) registrationEvent { return registerAccepted }
