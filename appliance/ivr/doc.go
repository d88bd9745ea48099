// Package ivr is what the caller hears and presses: the flows of a configuration, compiled once for each generation into
// programs of numbered places, and walked by a stage of the call that knows at each place what comes next. What is keyed is
// matched by decisions without a clock; all that takes time goes through the call's Line, so that the same flows run on a
// phone and in virtual time. Each step that a call went through is a fact with what it looked at, secrets masked.
//
// The package never knows queues, plugins, voicemail boxes or voices: the Office hands in functions for them, and gets
// stages back. It starts no goroutine, and asks no clock but the call's. A flow ends by leaving for another stage, with its
// last step, or soon after the call has ended; a flow that goes round without anything being heard or waited for is ended
// after 10,000 steps, with a cause that says so.
package ivr
