// Package acd decides who should talk to whom, now. It owns all queues and agents of the box: who waits, who is ready,
// who is rung, and why. It never rings a phone, never plays a sound and never writes to a disk: it says what shall be
// done, and the calls' own scripts, the journal and the appliance do it.
//
// Floor is the decision: a state machine that is told what happens and answers with actions. It has no clock, no
// goroutine and no chance but a seed, so the same floor runs live and in virtual time. Desk gives a floor's actions to
// those whom they concern; Live is a Desk with a goroutine, a mailbox and a clock; Queue is the stage of a call that
// waits. A floor keeps nothing that it cannot be told again (see Restore), and it ends with its last reference; a Live
// ends with Close.
package acd
