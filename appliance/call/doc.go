// Package call is one call: its legs, its loop, its stages and its cause.
//
// A call has two goroutines. The loop owns everything that lives: the legs,
// who is on hold, what is ringing, the cause. Packets, phones and timers speak
// to it through bounded channels. The script walks from stage to stage; a stage
// asks the call to play, dial or wait and blocks until that is done. Nobody else
// touches a leg.
//
// The package knows phones, trunks, numbers and sounds. It never knows menus,
// queues or plugins, and it reads no clock and no file: time and configuration
// come with the Box and the Plan it is given. A call ends in exactly one place,
// Finish, with exactly one Cause, and by then its ports, dialogs and goroutines
// are given back.
package call
