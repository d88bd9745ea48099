// Package floor is a box in virtual time: the real flows, queues and plugins of a configuration, with callers, agents and the
// world outside played from the script of a call-flow test (hcl.Test), no phone, no network and no waiting.
//
// It owns the virtual clock and the coroutines that run under it: exactly one runs at a time, hands its turn back only where a
// stage waits (the methods of call.Line), and the clock jumps to the next moment at which something happens. So a run is the same
// each time it is made with the same seed. It owns the people of a test too: who rings, answers, speaks, presses and hangs up,
// and the books in memory from which CDRs are folded. It never decides what a call does, which is the stages' work, and it never
// reads the machine's clock but to say how long a test took and to notice that something does not come to an end.
//
// A run ends when the test's steps are done or one of them failed; then every call is ended, every coroutine returns, and the
// plugins' processes are closed.
package floor
