// Package speech is what the box says: values put into words as a language says them, the box's own phrases in three
// languages, and texts spoken by an engine (espeak-ng, piper, any command, any HTTP service) and kept as sound. It owns the
// folder of rendered speech and the processes that render it, at most two at once, each for ten seconds at most. It never
// decides what is said when, never plays anything, and never lets one caller's text wait for another's engine without end.
// It ends with Cache.Close, which stops what is being rendered and returns when nothing of it runs any more.
package speech
