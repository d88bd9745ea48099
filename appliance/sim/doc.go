// Package sim is the other side of the box: what calls it, and what it calls, when nobody real is there.
//
// It owns Phone, a small softphone on the box's own signalling and sound, which `callbox dial`, the demo and tests use;
// package peers below it starts other people's phones. It never runs inside a box that serves calls. A Phone ends with
// Close, which hangs up, and returns when all its goroutines are gone.
package sim
