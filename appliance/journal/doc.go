// Package journal is the box's memory of what happened: one ordered, durable log of events, and the CDRs that are folded from it.
//
// It owns the tail of the log: sequence numbers, the fold of every open call, and what says that a call is open. events.go is the
// glossary of the product; whatever a report, a webhook or a plugin hears of is named there. It never decides anything about a
// call, and it never drops a fact that it accepted: when the disk cannot keep up it says so (Busy, ErrFull) before its memory is
// full, so that the box can refuse new calls instead.
//
// One writer goroutine takes events from a bounded queue, numbers them without gaps, and commits many at a time. call.ended, the
// CDR and the end of the call's open mark are one transaction, so that there is exactly one CDR a call, whatever kills the process;
// calls that were open when that happened are ended by Recover. A Journal ends with Close, which writes what is queued.
package journal
