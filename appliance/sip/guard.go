package sip

import (
	"cmp"
	"hash/maphash"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// What sources may do. A packet pours 1 into the meter of its source, which leaks; what does not fit is dropped.
var (
	strangerPace = pace{20, 60}    // a phone that registers, retries and calls stays far below
	guesserPace  = pace{0.5, 3}    // after guessesSlow wrong passwords
	friendPace   = pace{200, 600}  // an office of 500 phones behind one address after a power cut
	sharedPace   = pace{100, 100}  // all strangers for whom there is no room, together
	dropPace     = pace{10, 300}   // dropped packets of a stranger; full: blocked as a flood
	guessPace    = pace{0.003, 10} // wrong passwords of a stranger, one forgiven in 5 min; full: blocked
	pairPace     = pace{0.033, 10} // of one account at a friend's address; full: no more than 2 a minute are looked at
	accountPace  = pace{0.05, 30}  // of one account from everywhere; full: no more than 3 a minute are looked at
	garblePace   = pace{0.1, math.Inf(1)}
)

const (
	guessesSlow = 3
	garbleCost  = 5 // what a packet that cannot be parsed pours more

	blockFirst  = time.Minute // doubled with each further block
	blockMost   = time.Hour
	blockMemory = 24 * time.Hour // without offence, and the next block is a first one again
	friendFor   = 24 * time.Hour // after the last successful authentication

	strangersMost = 32768
	friendsMost   = 8192
	blocksMost    = 8192
	pairsMost     = 8192
	accountsMost  = 8192
)

// guard decides whom we listen to. Strangers, friends (sources from which an account authenticated) and blocked sources
// are kept apart, each in a ledger that cannot grow past its size: a flood of invented addresses fills the strangers'
// and then shares one meter, but reaches neither friends nor blocks. A UDP address proves nothing until a password came
// from it, so a friend is slowed but never blocked, and blocks of strangers end by themselves. Trusted addresses are
// never refused. IPv6 addresses count by /64. It has no goroutine: sweep only tells of what has ended.
type guard struct {
	now    func() time.Time
	notify func(Notice) // called without the lock
	start  time.Time
	seed   maphash.Seed

	mu         sync.Mutex
	trusted    []netip.Prefix
	strangers  ledger[source, stranger]
	friends    ledger[source, friend]
	blocked    ledger[source, block]
	pairs      ledger[uint64, pair]  // by hash of source and account
	accounts   ledger[uint64, meter] // by hash of account: its wrong passwords
	shared     meter
	sharedDebt debt
	logged     time.Duration // when something malformed was logged last
	count      guardCounters
}

// Times in these are since the start of the guard.
type (
	source   [16]byte // an IPv4 address, or an IPv6 /64
	stranger struct {
		rate, drops, guesses, garble, probes meter
		debt                                 debt
	}
	friend struct {
		rate, garble meter
		seen         time.Duration // last authenticated
	}
	block struct {
		addr         netip.Addr // the address that led to it
		since, until time.Duration
		strikes      int // blocks in a row
		count        int // offences that led to this one
		reason       string
		told         bool // that it has ended
	}
	pair struct {
		good    bool // this account authenticated from this source
		seen    time.Duration
		guesses meter
	}
)

// guardCounters are totals since the start, and how full the ledgers are now.
type guardCounters struct {
	Admitted, Dropped, Malformed, Failures, Blocks uint64
	Overflow                                       uint64 // packets of strangers for whom there was no room
	Strangers, Friends, Blocked                    int
}

// newGuard makes a guard that trusts nobody. notify hears Blocked and Unblocked and must not block.
func newGuard(now func() time.Time, notify func(Notice)) *guard {
	return &guard{
		now: now, notify: notify, start: now(), seed: maphash.MakeSeed(), logged: -time.Hour,
		strangers: newLedger[source, stranger](strangersMost), friends: newLedger[source, friend](friendsMost),
		blocked: newLedger[source, block](blocksMost), pairs: newLedger[uint64, pair](pairsMost), accounts: newLedger[uint64, meter](accountsMost),
	}
}

// admit reports whether a packet or connection from src is worth reading. trusted is for those the caller knows.
func (g *guard) admit(src netip.Addr, trusted bool) bool {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	ok, flood := g.pour(k, src, trusted, t)
	var n *Notice
	if ok {
		g.count.Admitted++
	} else {
		g.count.Dropped++
	}
	if flood {
		n = g.block(k, src, "flood", int(dropPace.most), t)
	}
	g.mu.Unlock()
	g.tell(n)
	return ok
}

// pour is admit without its counting; flood: the source has earned a block.
func (g *guard) pour(k source, src netip.Addr, trusted bool, t time.Duration) (ok, flood bool) {
	if trusted {
		return true, false
	}
	if f := g.friends.get(k); f != nil && t-f.seen < friendFor {
		return f.rate.pour(t, friendPace, 1), false
	}
	if g.isTrusted(src) {
		return true, false
	}
	if b := g.blocked.get(k); b != nil && t < b.until {
		return false, false
	}
	s := g.strangers.get(k)
	if s == nil {
		s = g.strangers.put(k, func(s *stranger) bool { return t-s.rate.at > 10*time.Second && s.guesses.read(t, guessPace) < 1 })
	}
	if s == nil {
		g.count.Overflow++
		return g.shared.pour(t, sharedPace, 1), false
	}
	p := strangerPace
	if s.guesses.read(t, guessPace) >= guessesSlow {
		p = guesserPace
	}
	if s.rate.pour(t, p, 1) {
		return true, false
	}
	return false, !s.drops.pour(t, dropPace, 1)
}

// good notes that account authenticated from src, now or (after a restart) before.
func (g *guard) good(src netip.Addr, account string) {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isTrusted(src) {
		return
	}
	f := g.friends.get(k)
	if f == nil {
		if f = g.friends.put(k, func(f *friend) bool { return t-f.seen >= friendFor }); f != nil {
			g.strangers.remove(k)
		}
	}
	if f != nil {
		f.seen = t
	}
	if b := g.blocked.get(k); b != nil && t < b.until {
		b.until = t // what it sent last came before the block
	}
	if p := g.pair(k, account, t); p != nil {
		p.good, p.seen = true, t
	}
}

// failed notes wrong credentials for account from src. A stranger is slowed, then blocked; at a friend's address only
// that account is slowed, as its other phones have done nothing; and an account that has authenticated from there
// before is left alone, or anyone who knew its address could lock it out.
func (g *guard) failed(src netip.Addr, account string) {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	n := g.fail(k, src, account, t)
	g.mu.Unlock()
	g.tell(n)
}

func (g *guard) fail(k source, src netip.Addr, account string, t time.Duration) *Notice {
	g.count.Failures++
	if g.isTrusted(src) || g.known(k, account, t) {
		return nil
	}
	id := maphash.String(g.seed, account)
	a := g.accounts.get(id)
	if a == nil {
		a = g.accounts.put(id, func(a *meter) bool { return a.read(t, accountPace) <= 1 })
	}
	if a != nil {
		a.pour(t, accountPace, 1)
	}
	if f := g.friends.get(k); f != nil && t-f.seen < friendFor {
		if p := g.pair(k, account, t); p != nil {
			p.guesses.pour(t, pairPace, 1)
		}
		return nil
	}
	s := g.strangers.get(k)
	if s == nil || s.guesses.pour(t, guessPace, 1) && s.guesses.level < guessPace.most-0.5 {
		return nil
	}
	return g.block(k, src, "wrong passwords", int(guessPace.most), t)
}

// allowed reports whether credentials for account from src count. When not, they are answered as a wrong password is,
// whatever they are, and failed is not called. Where the account has authenticated before they always count.
func (g *guard) allowed(src netip.Addr, account string) bool {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isTrusted(src) || g.known(k, account, t) {
		return true
	}
	if a := g.accounts.get(maphash.String(g.seed, account)); a != nil && a.read(t, accountPace) > accountPace.most-1 {
		return false
	}
	p := g.pairs.get(g.pairID(k, account))
	return p == nil || p.guesses.read(t, pairPace) <= pairPace.most-1
}

// known reports whether account authenticated from k of late.
func (g *guard) known(k source, account string, t time.Duration) bool {
	p := g.pairs.get(g.pairID(k, account))
	return p != nil && p.good && t-p.seen < friendFor
}

func (g *guard) pair(k source, account string, t time.Duration) *pair {
	id := g.pairID(k, account)
	p := g.pairs.get(id)
	if p == nil {
		p = g.pairs.put(id, func(p *pair) bool {
			return !(p.good && t-p.seen < friendFor) && p.guesses.read(t, pairPace) <= 1
		})
	}
	return p
}

func (g *guard) pairID(k source, account string) uint64 {
	return maphash.Comparable(g.seed, struct {
		k       source
		account string
	}{k, account})
}

// malformed notes what could not be parsed. It is true at most once a second, over all sources: then it may be logged.
func (g *guard) malformed(src netip.Addr) (logIt bool) {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count.Malformed++
	if f := g.friends.get(k); f != nil {
		f.garble.pour(t, garblePace, 1)
	} else if s := g.strangers.get(k); s != nil {
		s.garble.pour(t, garblePace, 1)
		s.rate.level += garbleCost // admit has just read it
	}
	if t-g.logged < time.Second {
		return false
	}
	g.logged = t
	return true
}

// malformedFrom returns how much of what src sent of late could not be parsed.
func (g *guard) malformedFrom(src netip.Addr) int {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	level := 0.0
	if f := g.friends.get(k); f != nil {
		level = f.garble.read(t, garblePace)
	} else if s := g.strangers.get(k); s != nil {
		level = s.garble.read(t, garblePace)
	}
	return int(math.Ceil(level))
}

// block ignores a source for a while. When the ledger is full of blocks that still run, the source stays a stranger
// whose meter is full: a new offender does not free an old one.
func (g *guard) block(k source, src netip.Addr, reason string, count int, t time.Duration) *Notice {
	b := g.blocked.get(k)
	if b == nil {
		if b = g.blocked.put(k, func(b *block) bool { return b.until <= t }); b == nil {
			return nil
		}
	}
	if t-b.until >= blockMemory {
		b.strikes = 0
	}
	d := min(blockFirst<<min(b.strikes, 16), blockMost)
	*b = block{addr: src.Unmap(), since: t, until: t + d, strikes: b.strikes + 1, count: count, reason: reason}
	g.strangers.remove(k)
	g.count.Blocks++
	return &Notice{Kind: Blocked, Source: b.addr.String(), Reason: reason, Until: g.now().Add(d)}
}

// blocks returns the sources that are ignored now, those that end first at the front.
func (g *guard) blocks() []Block {
	now, t := g.now(), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []Block
	for _, r := range g.blocked.rows {
		if b := r.value; t < b.until {
			all = append(all, Block{Source: b.addr, Reason: b.reason, Since: now.Add(b.since - t), Until: now.Add(b.until - t), Count: b.count})
		}
	}
	slices.SortFunc(all, func(a, b Block) int { return cmp.Or(a.Until.Compare(b.Until), a.Source.Compare(b.Source)) })
	return all
}

// unblock ends the block of an address, or of the /64 it is in, and forgets what led to it.
func (g *guard) unblock(addr netip.Addr) bool { return g.lift(addr, "by command") }

func (g *guard) lift(addr netip.Addr, why string) bool {
	k, t := sourceOf(addr), g.clock()
	g.mu.Lock()
	b := g.blocked.get(k)
	if b == nil || b.until <= t {
		g.mu.Unlock()
		return false
	}
	n := &Notice{Kind: Unblocked, Source: b.addr.String(), Reason: why}
	g.blocked.remove(k)
	g.mu.Unlock()
	g.tell(n)
	return true
}

// trust sets the addresses that are never refused, in place of those before, and lifts their blocks.
func (g *guard) trust(prefixes []netip.Prefix) {
	trusted := make([]netip.Prefix, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Addr().Is4In6() {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		trusted = append(trusted, p.Masked())
	}
	g.mu.Lock()
	g.trusted = trusted
	var lifted []netip.Addr
	for _, r := range g.blocked.rows {
		if g.isTrusted(r.value.addr) {
			lifted = append(lifted, r.value.addr)
		}
	}
	g.mu.Unlock()
	for _, a := range lifted {
		g.lift(a, "trusted by configuration")
	}
}

func (g *guard) isTrusted(src netip.Addr) bool {
	src = src.Unmap().WithZone("")
	return slices.ContainsFunc(g.trusted, func(p netip.Prefix) bool { return p.Contains(src) })
}

// sweep tells of blocks that have ended. Nothing but the telling depends on it.
func (g *guard) sweep() {
	t := g.clock()
	g.mu.Lock()
	var ended []*Notice
	for i := range g.blocked.rows {
		if b := &g.blocked.rows[i].value; b.until <= t && !b.told {
			b.told = true
			ended = append(ended, &Notice{Kind: Unblocked, Source: b.addr.String(), Reason: "time is over"})
		}
	}
	g.mu.Unlock()
	for _, n := range ended {
		g.tell(n)
	}
}

func (g *guard) counters() guardCounters {
	t := g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.count
	c.Strangers, c.Friends = len(g.strangers.rows), len(g.friends.rows)
	for _, r := range g.blocked.rows {
		if t < r.value.until {
			c.Blocked++
		}
	}
	return c
}

func (g *guard) tell(n *Notice) {
	if n != nil && g.notify != nil {
		g.notify(*n)
	}
}

// clock is the time since the start, by which no change of the wall clock ends or prolongs a block.
func (g *guard) clock() time.Duration { return g.now().Sub(g.start) }

func sourceOf(a netip.Addr) source {
	k := source(a.Unmap().As16())
	if a.Is6() && !a.Is4In6() {
		clear(k[8:])
	}
	return k
}
