package sip

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// gate is a guard with a clock that the test turns, and what it told.
type gate struct {
	*guard
	at   time.Time
	told []Notice
}

func newGate() *gate {
	g := &gate{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	g.guard = newGuard(func() time.Time { return g.at }, func(n Notice) { g.told = append(g.told, n) })
	return g
}

func (g *gate) pass(d time.Duration) { g.at = g.at.Add(d) }

// flood sends n packets evenly over d and returns how many were admitted.
func (g *gate) flood(src netip.Addr, n int, d time.Duration) (admitted int) {
	for range n {
		if g.admit(src, false) {
			admitted++
		}
		g.pass(d / time.Duration(n))
	}
	return admitted
}

// guess tries wrong passwords for account, n times at most, and returns how many were looked at.
func (g *gate) guess(src netip.Addr, account string, n int, every time.Duration) (judged int) {
	for range n {
		if g.admit(src, false) && g.allowed(src, account) {
			g.failed(src, account)
			judged++
		}
		g.pass(every)
	}
	return judged
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// numbered returns the n-th of many addresses.
func numbered(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10 + byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)})
}

var (
	attacker = ip("203.0.113.66")
	office   = ip("198.51.100.10")
)

func TestAPasswordGuesserIsBlockedWithinTenTriesAndLongerEachTime(t *testing.T) {
	g := newGate()
	if n := g.guess(attacker, "100", 3000, time.Millisecond); n > 10 || len(g.blocks()) != 1 {
		t.Errorf("a thousand a second: %d guesses were looked at, %+v", n, g.blocks())
	}
	g = newGate()
	want := time.Minute
	for round := range 8 {
		if n := g.guess(attacker, "100", 20, 3*time.Second); n != 10 {
			t.Fatalf("round %d: %d guesses were looked at", round, n)
		}
		blocks := g.blocks()
		if len(blocks) != 1 || blocks[0].Source != attacker || blocks[0].Reason != "wrong passwords" || blocks[0].Count != 10 {
			t.Fatalf("round %d: %+v", round, blocks)
		}
		if d := blocks[0].Until.Sub(blocks[0].Since); d != want {
			t.Errorf("round %d: blocked for %v, want %v", round, d, want)
		}
		want = min(2*want, time.Hour)
		g.at = blocks[0].Until
		g.sweep()
		if len(g.blocks()) != 0 || !g.admit(attacker, false) {
			t.Errorf("round %d: still blocked when its time is over", round)
		}
	}
	g.pass(25 * time.Hour)
	g.guess(attacker, "100", 20, 3*time.Second)
	if b := g.blocks(); len(b) != 1 || b[0].Until.Sub(b[0].Since) != time.Minute {
		t.Errorf("after a quiet day: %+v", b)
	}
}

func TestABlockIsToldWhenItBeginsAndOnceWhenItEnds(t *testing.T) {
	g := newGate()
	g.guess(attacker, "100", 12, 3*time.Second)
	if len(g.told) != 1 || g.told[0].Kind != Blocked || g.told[0].Source != "203.0.113.66" || !g.told[0].Until.Equal(g.blocks()[0].Until) {
		t.Fatalf("%+v", g.told)
	}
	g.sweep()
	g.pass(2 * time.Minute)
	g.sweep()
	g.sweep()
	if len(g.told) != 2 || g.told[1].Kind != Unblocked {
		t.Errorf("%+v", g.told)
	}
}

func TestABlockCanBeLiftedByCommand(t *testing.T) {
	g := newGate()
	v6 := ip("2001:db8:1:2::3")
	for _, src := range []netip.Addr{attacker, v6} {
		g.guess(src, "100", 12, 3*time.Second)
		if g.admit(src, false) {
			t.Fatalf("%s is not blocked", src)
		}
	}
	if g.admit(ip("2001:db8:1:2:ffff::1"), false) || !g.admit(ip("2001:db8:1:3::3"), false) {
		t.Error("a block of IPv6 is one of its /64")
	}
	if g.unblock(ip("192.0.2.1")) || !g.unblock(ip("::ffff:203.0.113.66")) || g.unblock(attacker) || !g.unblock(ip("2001:db8:1:2::99")) {
		t.Error("unblock said what is not so")
	}
	if !g.admit(attacker, false) || !g.admit(v6, false) || len(g.blocks()) != 0 {
		t.Errorf("still blocked: %+v", g.blocks())
	}
	if last := g.told[len(g.told)-1]; last.Kind != Unblocked || last.Reason != "by command" {
		t.Errorf("%+v", last)
	}
}

func TestAPasswordThatProvesRightEndsABlock(t *testing.T) {
	g := newGate()
	g.guess(office, "100", 10, 3*time.Second)
	g.good(office, "100") // its last packet had been admitted before
	g.sweep()
	if len(g.blocks()) != 0 || !g.admit(office, false) || g.told[len(g.told)-1].Kind != Unblocked {
		t.Errorf("%+v", g.blocks())
	}
}

func TestAFloodIsSlowedThenBlockedAndAPhoneIsNeither(t *testing.T) {
	g := newGate()
	if n := g.flood(office, 600, 5*time.Minute); n != 600 {
		t.Errorf("two packets a second: %d of 600 admitted", n)
	}
	if n := g.flood(attacker, 10000, 2*time.Second); n > 110 || len(g.blocks()) != 1 || g.blocks()[0].Reason != "flood" {
		t.Errorf("5,000 a second: %d admitted, %+v", n, g.blocks())
	}
	if c := g.counters(); c.Blocked != 1 || c.Blocks != 1 || c.Dropped < 9800 || c.Admitted < 600 {
		t.Errorf("%+v", c)
	}
}

func TestARegisteredPhoneIsNeverBlockedWhoeverSpeaksInItsName(t *testing.T) {
	g := newGate()
	g.admit(office, false)
	g.good(office, "100")
	if n := g.guess(office, "100", 500, 10*time.Millisecond); n != 500 {
		t.Errorf("account 100 is locked out at its own address after %d", n)
	}
	g.flood(office, 100000, 10*time.Second)
	g.pass(time.Second)
	if !g.admit(office, false) || !g.allowed(office, "100") || len(g.blocks()) != 0 {
		t.Errorf("blocked: %+v", g.blocks())
	}
	if n := g.flood(office, 100000, 10*time.Second); n > 3000 {
		t.Errorf("it is slowed all the same: %d admitted", n)
	}
}

func TestAnOfficeOf500PhonesBehindOneAddressComesBackAfterAPowerCut(t *testing.T) {
	g := newGate()
	registered := 0
	for second := 0; second < 60 && registered < 500; second++ {
		for i := registered; i < 500; i++ { // each tries once a second, in two rounds
			if !g.admit(office, false) {
				continue
			}
			if again := g.admit(office, false); again {
				g.good(office, fmt.Sprint(i))
				registered++
			}
		}
		g.pass(time.Second)
	}
	if registered != 500 || len(g.blocks()) != 0 {
		t.Errorf("%d registered, blocks %+v", registered, g.blocks())
	}
}

func TestOnePhoneWithAnOldPasswordDoesNotTakeItsOfficeDown(t *testing.T) {
	g := newGate()
	g.good(office, "100")
	if n := g.guess(office, "101", 600, time.Second); n > 40 {
		t.Errorf("%d guesses for 101 looked at in ten minutes", n)
	}
	if len(g.blocks()) != 0 || !g.admit(office, false) || !g.allowed(office, "100") || !g.allowed(office, "102") {
		t.Errorf("others suffer: %+v", g.blocks())
	}
	g.pass(time.Minute)
	if !g.allowed(office, "101") {
		t.Error("101 may not try its new password")
	}
}

func TestAGuessFromManySourcesSlowsTheAccountButNotItsPhone(t *testing.T) {
	g := newGate()
	g.good(office, "100")
	judged := 0
	for minute := range 10 {
		for n := range 500 {
			judged += g.guess(numbered(n), "100", 1, 0)
		}
		g.pass(time.Minute)
		if !g.allowed(office, "100") {
			t.Fatalf("the real phone is locked out in minute %d", minute)
		}
	}
	if judged > 30+10*4 {
		t.Errorf("%d guesses were looked at in ten minutes", judged)
	}
	if !g.allowed(numbered(1), "101") {
		t.Error("another account suffers")
	}
}

func TestTrustedAddressesAreNeverRefused(t *testing.T) {
	g := newGate()
	trunk := ip("192.0.2.40")
	g.guess(trunk, "100", 12, 3*time.Second)
	if g.admit(trunk, false) {
		t.Fatal("not blocked")
	}
	g.trust([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::ffff:127.0.0.0/104"), netip.MustParsePrefix("2001:db8::/32")})
	for _, src := range []netip.Addr{trunk, ip("::ffff:192.0.2.41"), ip("127.0.0.1"), ip("2001:db8::1"), ip("2001:db8::1%eth0")} {
		g.guess(src, "100", 20, 0)
		if n := g.flood(src, 5000, time.Second); n != 5000 {
			t.Errorf("%s: %d of 5000", src, n)
		}
	}
	if len(g.blocks()) != 0 {
		t.Errorf("%+v", g.blocks())
	}
	if n := g.flood(attacker, 5000, time.Second); n > 100 {
		t.Errorf("attacker: %d", n)
	}
	for range 1000 {
		if !g.admit(attacker, true) {
			t.Fatal("the caller vouched for it")
		}
	}
	g.trust(nil)
	if n := g.flood(trunk, 5000, time.Second); n > 100 {
		t.Errorf("no trunk any more: %d", n)
	}
}

func TestAFloodFromInventedAddressesReachesNeitherFriendsNorBlocks(t *testing.T) {
	g := newGate()
	g.good(office, "100")
	g.guess(attacker, "100", 10, 3*time.Second)
	admitted := 0
	for n := range 4 * strangersMost {
		if g.admit(numbered(n), false) {
			admitted++
		}
		g.pass(50 * time.Microsecond)
		if n%1000 == 0 && (!g.admit(office, false) || g.admit(attacker, false)) {
			t.Fatalf("after %d packets: friend refused or block gone", n)
		}
	}
	c := g.counters()
	if c.Strangers > strangersMost || c.Overflow == 0 || admitted > strangersMost+1000 {
		t.Errorf("%d admitted, %+v", admitted, c)
	}
	g.pass(11 * time.Second)
	if !g.admit(ip("192.0.2.77"), false) {
		t.Error("a new phone is refused after the flood")
	}
}

func TestBlocksThatRunAreNotGivenUpForNewOnes(t *testing.T) {
	g := newGate()
	offend := func(src netip.Addr) {
		g.admit(src, false)
		for n := range 10 {
			g.failed(src, fmt.Sprint(src, n))
		}
	}
	offend(attacker)
	for n := range blocksMost + 100 {
		offend(numbered(n))
	}
	if n := len(g.blocks()); n != blocksMost || g.admit(attacker, false) {
		t.Errorf("%d blocks", n)
	}
	g.pass(time.Hour)
	offend(ip("192.0.2.99"))
	if n := len(g.blocks()); n != 1 {
		t.Errorf("%d blocks in a ledger full of those that are over", n)
	}
}

func TestGarbageIsCountedBySourceAndLoggedOnceASecond(t *testing.T) {
	g := newGate()
	logs, sent := 0, 0
	for n := range 3000 {
		src := numbered(n % 30)
		if g.admit(src, false) {
			sent++
			if g.malformed(src) {
				logs++
			}
		}
		g.pass(time.Millisecond)
	}
	if logs != 3 {
		t.Errorf("%d lines in three seconds", logs)
	}
	if n := g.malformedFrom(numbered(1)); n < 10 || n > 40 {
		t.Errorf("%d from one source", n)
	}
	if c := g.counters(); c.Malformed != uint64(sent) || sent > 1000 {
		t.Errorf("%d sent, %+v", sent, c)
	}
	g.good(office, "100")
	g.malformed(office)
	if n := g.malformedFrom(office); n != 1 || g.malformedFrom(ip("192.0.2.1")) != 0 {
		t.Errorf("%d", n)
	}
}

func TestAKnownSourceIsAdmittedWithoutAllocation(t *testing.T) {
	g := newGate()
	g.trust([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")})
	g.good(office, "100")
	g.guess(attacker, "100", 10, 3*time.Second)
	for _, src := range []netip.Addr{office, attacker, ip("192.0.2.1"), ip("198.51.100.99"), ip("2001:db8::1")} {
		if n := testing.AllocsPerRun(100, func() { g.admit(src, false) }); n != 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
}

func TestManyReadersShareOneGuard(t *testing.T) {
	g := newGuard(time.Now, func(Notice) {})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := range 2000 {
				src := numbered(n % 50 * (worker + 1))
				g.admit(src, false)
				g.allowed(src, "100")
				switch n % 7 {
				case 0:
					g.failed(src, fmt.Sprint(n))
				case 1:
					g.good(src, "100")
				case 2:
					g.malformed(src)
				case 3:
					g.blocks()
					g.unblock(src)
				case 4:
					g.sweep()
					g.counters()
				case 5:
					g.trust([]netip.Prefix{netip.PrefixFrom(src, 32)})
				}
			}
		})
	}
	wg.Wait()
}

// Whatever comes, in whatever order: the ledgers keep their size and stay whole, a friend is never among the blocked,
// and what is said about blocks is what happens.
func TestNoStormBreaksTheGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGate()
		g.strangers.most, g.friends.most, g.blocked.most, g.pairs.most, g.accounts.most = 8, 4, 4, 6, 6
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			src := numbered(rapid.IntRange(0, 15).Draw(t, "source"))
			account := fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "account"))
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				g.flood(src, rapid.IntRange(1, 500).Draw(t, "packets"), time.Second)
			case 1:
				g.guess(src, account, rapid.IntRange(1, 20).Draw(t, "guesses"), 10*time.Millisecond)
			case 2:
				if g.admit(src, false) {
					g.good(src, account)
				}
			case 3:
				g.malformed(src)
			case 4:
				g.pass(time.Duration(rapid.IntRange(0, 100000).Draw(t, "seconds")) * time.Second)
			case 5:
				g.unblock(src)
			case 6:
				g.sweep()
			}
			whole(t, "strangers", &g.strangers)
			whole(t, "friends", &g.friends)
			whole(t, "blocked", &g.blocked)
			whole(t, "pairs", &g.pairs)
			whole(t, "accounts", &g.accounts)
			for _, b := range g.blocks() {
				if f := g.friends.get(sourceOf(b.Source)); f != nil && g.clock()-f.seen < friendFor {
					t.Fatalf("a friend is blocked: %+v", b)
				}
				if d := b.Until.Sub(b.Since); g.admit(b.Source, false) || d < blockFirst || d > blockMost {
					t.Fatalf("a block that is none: %+v", b)
				}
			}
		}
	})
}

func whole[K comparable, V any](t *rapid.T, name string, l *ledger[K, V]) {
	if len(l.rows) > l.most || len(l.rows) != len(l.index) {
		t.Fatalf("%s: %d rows, %d indexed, room for %d", name, len(l.rows), len(l.index), l.most)
	}
	for i, r := range l.rows {
		if l.index[r.key] != int32(i) {
			t.Fatalf("%s: row %d is indexed as %d", name, i, l.index[r.key])
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	g := newGuard(time.Now, func(Notice) {})
	g.good(office, "100")
	g.trust([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("127.0.0.0/8")})
	for n := range 10000 {
		g.admit(numbered(n), false)
	}
	for name, src := range map[string]netip.Addr{"friend": office, "stranger": numbered(7), "trusted": ip("127.0.0.1")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.admit(src, false)
			}
		})
	}
}
