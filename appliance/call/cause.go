package call

import (
	"callbox/appliance/journal"
	"callbox/appliance/media"
)

// Cause says how a call, or one attempt within it, ended and who is to blame.
// The set is closed: every Cause that can be met stands in the table below,
// in docs/causes.md and nowhere else.
type Cause struct {
	Who     string     // caller, callee, agent, box, trunk or network
	Why     string     // one word, unique together with Who
	SIP     int        // the status that a caller whose call was not answered gets; 200 when it had been
	Q850    int        // ITU-T Q.850 cause value, sent in a Reason header (RFC 3326)
	Outcome string     // the outcome of a call that ends so before it was answered
	Tone    media.Tone // what a phone hears before it is refused; empty: nothing
	Text    string     // what the operator reads
}

// The causes. Names are Who then Why.
var (
	CallerHungUp     = Cause{"caller", "hung_up", 200, 16, "answered", "", "the caller hung up"}
	CalleeHungUp     = Cause{"callee", "hung_up", 200, 16, "answered", "", "the called side hung up"}
	CallerCancelled  = Cause{"caller", "cancelled", 487, 16, "abandoned", "", "the caller gave up before an answer"}
	CalleeBusy       = Cause{"callee", "busy", 486, 17, "busy", media.ToneBusy, "the called side is busy"}
	CalleeDeclined   = Cause{"callee", "declined", 603, 21, "no_answer", media.ToneBusy, "the called side declined the call"}
	CalleeNoAnswer   = Cause{"callee", "no_answer", 480, 19, "no_answer", media.ToneBusy, "nobody answered in time"}
	CalleeOffline    = Cause{"callee", "offline", 480, 20, "no_answer", media.ToneCongestion, "no phone of the extension is registered"}
	CalleeNotInUse   = Cause{"callee", "not_in_use", 404, 1, "failed", media.ToneUnobtainable, "the other network knows no such number"}
	CalleeFailed     = Cause{"callee", "failed", 480, 41, "failed", media.ToneCongestion, "the called phone refused the call for a reason of its own"}
	CalleeRedirected = Cause{"callee", "redirected", 480, 23, "failed", media.ToneCongestion, "the called phone named another place, and is not followed there"}
	CalleeSilent     = Cause{"callee", "silent", 200, 27, "answered", "", "no sound came from the called side any more"}
	CalleeGone       = Cause{"callee", "gone", 480, 27, "no_answer", media.ToneCongestion, "the called side's browser is not there any more"}
	CalleeInsecure   = Cause{"callee", "insecure", 488, 65, "failed", media.ToneCongestion, "the keys for the called side's sound could not be agreed on"}
	CallerSilent     = Cause{"caller", "silent", 200, 27, "answered", "", "no sound came from the caller any more"}
	CallerGone       = Cause{"caller", "gone", 480, 27, "abandoned", "", "the caller's browser is not there any more"}
	CallerInsecure   = Cause{"caller", "insecure", 488, 65, "failed", "", "the keys for the caller's sound could not be agreed on"}
	CallerNoAck      = Cause{"caller", "no_ack", 200, 102, "failed", "", "the caller's side never confirmed the answer"}
	BoxNotInUse      = Cause{"box", "not_in_use", 404, 1, "failed", media.ToneUnobtainable, "no route and no extension has this number"}
	BoxNotAllowed    = Cause{"box", "not_allowed", 403, 21, "blocked", media.ToneUnobtainable, "the extension may not call numbers of this class"}
	BoxIncompatible  = Cause{"box", "incompatible", 488, 88, "failed", "", "the two sides have no codec in common with the box"}
	BoxInsecure      = Cause{"box", "insecure", 488, 65, "failed", media.ToneCongestion, "one side insists on encrypting sound in a way that the other does not know or may not use"}
	BoxLoop          = Cause{"box", "loop", 482, 25, "failed", media.ToneCongestion, "forwards or redirects lead in a circle"}
	BoxFull          = Cause{"box", "full", 503, 34, "failed", media.ToneCongestion, "the box has no port left for another call"}
	BoxLater         = Cause{"box", "later", 480, 41, "failed", media.ToneCongestion, "the destination needs a part of callbox that this release does not run yet"}
	BoxHungUp        = Cause{"box", "hung_up", 200, 16, "answered", "", "the configuration or the operator ended the call"}
	BoxStopped       = Cause{"box", "stopped", 503, 41, "failed", "", "the box was stopped"}
	BoxFailed        = Cause{"box", "failed", 500, 41, "failed", media.ToneCongestion, "a fault in callbox ended the call; the log has it"}
	BoxRestarted     = Cause{"box", "restarted", 0, 41, "failed", "", "the box went down while the call was up"}
	BoxBusy          = Cause{"box", "busy", 486, 17, "busy", media.ToneBusy, "the flow told the caller that the line is busy"}
	BoxRejected      = Cause{"box", "rejected", 603, 21, "blocked", media.ToneBusy, "the flow rejected the call"}
	BoxUnavailable   = Cause{"box", "unavailable", 480, 20, "no_answer", media.ToneCongestion, "the flow told the caller that nobody can be reached"}
	BoxNotFound      = Cause{"box", "not_found", 404, 1, "failed", media.ToneUnobtainable, "the flow told the caller that nobody has this number"}
	BoxEndless       = Cause{"box", "endless", 480, 41, "failed", media.ToneCongestion, "the flow went round through 10,000 steps in which nothing was heard or waited for"}
	TrunkFull        = Cause{"trunk", "full", 480, 34, "failed", media.ToneCongestion, "every line of every trunk is taken"}
	TrunkOverLimit   = Cause{"trunk", "over_limit", 503, 34, "failed", "", "the trunk brought more calls than its channels"}
	TrunkDown        = Cause{"trunk", "down", 480, 38, "failed", media.ToneCongestion, "no trunk that could take the call is up"}
	TrunkRefused     = Cause{"trunk", "refused", 480, 21, "failed", media.ToneCongestion, "every trunk refused the call"}
	TrunkRedirected  = Cause{"trunk", "redirected", 480, 23, "failed", media.ToneCongestion, "the trunk named another place, and is not followed there"}
	NetworkLost      = Cause{"network", "lost", 480, 38, "failed", media.ToneCongestion, "the connection to the other side broke"}
	NetworkNoAnswer  = Cause{"network", "unreachable", 480, 18, "no_answer", media.ToneCongestion, "the phone does not react"}
)

// Causes is the closed set, in the order of the documentation.
func Causes() []Cause {
	return []Cause{
		CallerHungUp, CallerCancelled, CallerSilent, CallerGone, CallerInsecure, CallerNoAck,
		CalleeHungUp, CalleeBusy, CalleeDeclined, CalleeNoAnswer, CalleeOffline, CalleeNotInUse, CalleeRedirected, CalleeFailed,
		CalleeSilent, CalleeGone, CalleeInsecure,
		BoxNotInUse, BoxNotAllowed, BoxIncompatible, BoxInsecure, BoxLoop, BoxFull, BoxLater, BoxHungUp, BoxStopped, BoxFailed, BoxRestarted,
		BoxBusy, BoxRejected, BoxUnavailable, BoxNotFound, BoxEndless,
		TrunkFull, TrunkOverLimit, TrunkDown, TrunkRedirected, TrunkRefused,
		NetworkLost, NetworkNoAnswer,
	}
}

func (c Cause) String() string { return c.Who + " " + c.Why }

// Error makes a Cause usable as the cause of a context.
func (c Cause) Error() string { return c.String() + ": " + c.Text }

// with keeps the blame and replaces the status by the one that the far side
// really sent, so that a CDR tells both.
func (c Cause) with(status int) Cause {
	if status >= 300 {
		c.SIP = status
	}
	return c
}

// is compares causes without the status that the far side sent.
func (c Cause) is(other Cause) bool { return c.Who == other.Who && c.Why == other.Why }

func (c Cause) entry() journal.Cause { return journal.Cause{Who: c.Who, Why: c.Why, SIP: c.SIP} }

// fromPhone reads a final failure of one of our phones.
func fromPhone(status int) Cause {
	switch status {
	case 486, 600:
		return CalleeBusy
	case 603, 403:
		return CalleeDeclined
	case 480, 487:
		return CalleeNoAnswer
	case 408:
		return NetworkNoAnswer
	case 503:
		return NetworkLost
	case 482, 483:
		return BoxLoop
	case 488, 606, 415:
		return BoxIncompatible
	}
	if status < 400 {
		return CalleeRedirected.with(status)
	}
	return CalleeFailed.with(status)
}

// fromTrunk reads a final failure from a carrier. again says whether another
// trunk may still complete the call: a busy callee stays busy by every road.
func fromTrunk(status int) (c Cause, again bool) {
	switch status {
	case 408:
		return TrunkDown, true // it said nothing at all
	case 486, 600:
		return CalleeBusy, false
	case 603:
		return CalleeDeclined, false
	case 480:
		return CalleeNoAnswer, false
	case 404, 410, 484, 604:
		return CalleeNotInUse, false
	case 482, 483: // by another road it would go round again, and every switch on the way would double the calls
		return BoxLoop, false
	case 488, 606, 415:
		return BoxIncompatible, true
	}
	if status < 400 {
		return TrunkRedirected.with(status), true
	}
	return TrunkRefused.with(status), true
}
