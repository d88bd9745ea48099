package sip

import (
	"net/netip"
	"time"
)

// guardCounters are totals since the start, and how full the tables are now.
type guardCounters struct {
	Admitted, Dropped, Malformed, Failures, Blocks, Overflow uint64
	Strangers, Friends, Blocked                              int
}

// guard decides which sources are listened to.
type guard struct {
	now    func() time.Time
	notify func(Notice)
}

func newGuard(now func() time.Time, notify func(Notice)) *guard {
	return &guard{now: now, notify: notify}
}

// admit reports whether a packet or connection from src is worth reading.
func (g *guard) admit(src netip.Addr, trusted bool) bool { return true }

// good notes that account authenticated from src.
func (g *guard) good(src netip.Addr, account string) {}

// failed notes wrong credentials for account from src.
func (g *guard) failed(src netip.Addr, account string) {}

// allowed reports whether credentials for account from src may be verified at all. When not, the answer is that of a wrong password.
func (g *guard) allowed(src netip.Addr, account string) bool { return true }

// malformed notes what could not be parsed, and says whether to log it.
func (g *guard) malformed(src netip.Addr) (logIt bool) { return false }

// malformedFrom returns how much of src could not be parsed of late.
func (g *guard) malformedFrom(src netip.Addr) int { return 0 }

func (g *guard) blocks() []Block               { return nil }
func (g *guard) unblock(addr netip.Addr) bool  { return false }
func (g *guard) trust(prefixes []netip.Prefix) {}
func (g *guard) sweep()                        {}
func (g *guard) counters() guardCounters       { return guardCounters{} }
