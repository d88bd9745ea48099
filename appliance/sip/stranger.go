package sip

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Strangers are sources from which no password and no trunk's traffic has come. Nothing in our answers to them names the
// product or its version, and over UDP, where a source may be invented, they get hardly more bytes than they sent.

const (
	answersAhead  = 2048 // bytes by which our answers to an address may exceed what came from it
	answersForget = 20   // bytes of that which are forgiven a second: a gateway that pings us briefly is answered for ever
)

// probePace is how many messages a scanner may send before its source is blocked: one would let anybody have any
// address blocked.
var probePace = pace{0.003, 10}

// scanners are what attackers' tools call themselves unless told otherwise. That is easily changed, but most do not.
var scanners = []string{
	"friendly-scanner", "friendly-request", "sipvicious", "sundayddr", "sipcli", "sip-scan", "siptoolkit", "pplsip",
	"vaxsipuseragent", "vaxipuseragent",
}

// isScanner knows a request of such a tool by its User-Agent.
func isScanner(r *sip.Request) bool {
	agent := strings.ToLower(value(r, "user-agent"))
	return agent != "" && slices.ContainsFunc(scanners, func(s string) bool { return strings.Contains(agent, s) })
}

// sendStranger answers someone of whom nothing is known yet. What an address is owed no more it does not get; a phone
// that repeats its request pays with it for the answer.
func (s *Server) sendStranger(f flow, b []byte) {
	src := f.remote.Addr()
	if f.udp != nil && !s.trusted(src) && !s.guard.afford(src, len(b)) {
		s.count.unpaid.Add(1)
		return
	}
	f.send(b)
}

// debt is by how many bytes our answers exceed what came, or fall short of it.
type debt struct {
	bytes float64
	at    time.Duration
}

// add changes the debt, within its bounds; false when it would grow past them.
func (d *debt) add(t time.Duration, n int) bool {
	if d.bytes > 0 && t > d.at {
		d.bytes = max(0, d.bytes-answersForget*(t-d.at).Seconds())
	}
	d.at = t
	if d.bytes+float64(n) > answersAhead {
		return false
	}
	d.bytes = max(d.bytes+float64(n), -answersAhead)
	return true
}

// paid notes that n bytes came from src by UDP.
func (g *guard) paid(src netip.Addr, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.debtOf(sourceOf(src)).add(g.clock(), -n)
}

// befriended is true for a source from which an account has authenticated of late.
func (g *guard) befriended(src netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isFriend(sourceOf(src), g.clock())
}

func (g *guard) isFriend(k source, t time.Duration) bool {
	f := g.friends.get(k)
	return f != nil && t-f.seen < friendFor
}

// afford reports whether src may be sent n bytes, and notes them. Who has authenticated always may.
func (g *guard) afford(src netip.Addr, n int) bool {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isFriend(k, t) || g.isTrusted(src) {
		return true
	}
	return g.debtOf(k).add(t, n)
}

// debtOf is that of a stranger, or the one that all share for whom there is no room.
func (g *guard) debtOf(k source) *debt {
	if s := g.strangers.get(k); s != nil {
		return &s.debt
	}
	return &g.sharedDebt
}

// scanned notes a message of a scanner. It is false for sources that are known: a tool that its owner uses.
func (g *guard) scanned(src netip.Addr) bool {
	k, t := sourceOf(src), g.clock()
	g.mu.Lock()
	if g.isFriend(k, t) || g.isTrusted(src) {
		g.mu.Unlock()
		return false
	}
	var n *Notice
	if s := g.strangers.get(k); s != nil && !s.probes.pour(t, probePace, 1) {
		n = g.block(k, src, "scanner", int(probePace.most), t)
	}
	g.mu.Unlock()
	g.tell(n)
	return true
}
