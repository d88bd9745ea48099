package sip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	lookupTime  = 2 * time.Second  // for the names of a trunk; calls never wait for it
	lookupAgain = 60 * time.Second // names are looked up anew that often
	lookupRetry = 5 * time.Second  // and that often while they fail
	maxTargets  = 8
	probeTCP    = 700 * time.Millisecond // for a TCP connection that only a large request asked for
	tcpRefused  = 10 * time.Minute       // a peer that would not take TCP is not asked again that long
)

// target is one address that a trunk's name stands for.
type target struct {
	transport string
	addr      netip.AddrPort
}

// trunk is a trunk at work. Its watch, timers and requests belong to its shard; what others read is atomic.
type trunk struct {
	s         *Server
	sh        *shard
	set       Trunk
	transport string // udp, tcp, tls
	explicit  bool   // the operator named the transport: no other is tried
	host      string // for URIs and TLS
	port      int    // 0: by NAPTR and SRV, or the transport's own

	targets atomic.Pointer[[]target] // in the order to be tried
	state   atomic.Pointer[TrunkState]
	usable  atomic.Bool
	noTCP   atomic.Int64 // unix time until which TCP is not tried for large requests

	// owned by the shard
	watch      *trunkWatch
	wake       *alarm
	lookup     *alarm
	probing    *clientTx
	callID     string
	fromTag    string
	cseq       uint32
	registered time.Time
	latency    time.Duration
	since      time.Time
	reason     string
	gone       bool
}

// parseTrunk reads "host", "host:port", "tcp://host:port".
func parseTrunk(address string) (transport, host string, port int, explicit bool, err error) {
	transport, rest, explicit := strings.Cut(address, "://")
	if !explicit {
		transport, rest = "udp", address
	}
	host = rest
	if h, p, e := net.SplitHostPort(rest); e == nil {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return "", "", 0, false, fmt.Errorf("%q is not a port", p)
		}
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "" || strings.ContainsAny(host, " /@;?<>\"\r\n") {
		return "", "", 0, false, fmt.Errorf("%q is not a host", host)
	}
	switch transport {
	case "udp", "tcp", "tls":
		return transport, host, port, explicit, nil
	}
	return "", "", 0, false, fmt.Errorf("unknown transport %q, want udp, tcp or tls", transport)
}

func (s *Server) newTrunk(set Trunk) (*trunk, error) {
	t := &trunk{s: s, set: set, callID: token(15), fromTag: token(10)}
	t.targets.Store(&[]target{})
	t.state.Store(&TrunkState{Name: set.Name})
	t.sh = s.shardOf(t.callID)
	if set.Address == "" {
		if set.Register {
			return nil, fmt.Errorf("trunk %q: to register, it needs an address", set.Name)
		}
		return t, nil // it only calls us
	}
	var err error
	if t.transport, t.host, t.port, t.explicit, err = parseTrunk(set.Address); err != nil {
		return nil, fmt.Errorf("trunk %q: address %q: %w", set.Name, set.Address, err)
	}
	if ip, err := netip.ParseAddr(t.host); err == nil {
		t.targets.Store(&[]target{{t.transport, netip.AddrPortFrom(ip.Unmap(), t.portOr(0))}})
		t.usable.Store(true)
	}
	return t, nil
}

func (t *trunk) same(set Trunk) bool { return reflect.DeepEqual(t.set, set) }

// owns reports whether requests from a are this trunk's.
func (t *trunk) owns(a netip.Addr) bool {
	if slices.ContainsFunc(*t.targets.Load(), func(x target) bool { return x.addr.Addr() == a }) {
		return true
	}
	return slices.ContainsFunc(t.set.AcceptFrom, func(p netip.Prefix) bool { return p.Contains(a) })
}

// at reports whether we send to exactly this address and port.
func (t *trunk) at(ap netip.AddrPort) bool {
	return slices.ContainsFunc(*t.targets.Load(), func(x target) bool { return x.addr == ap })
}

func (t *trunk) portOr(srv uint16) uint16 {
	switch {
	case t.port != 0:
		return uint16(t.port)
	case srv != 0:
		return srv
	case t.transport == "tls":
		return 5061
	}
	return 5060
}

// domain is the trunk's host as URIs name it; names stay names (RFC 3263 section 4).
func (t *trunk) domain() string {
	h := t.host
	if ip, err := netip.ParseAddr(h); err == nil {
		h = hostOf(ip)
	}
	if t.port != 0 {
		h += ":" + strconv.Itoa(t.port)
	}
	return h
}

// uri addresses user at the trunk, or the trunk itself.
func (t *trunk) uri(user string) string {
	u := "sip:"
	if user != "" {
		u += escapeUser(user) + "@"
	}
	u += t.domain()
	if t.transport != "udp" {
		u += ";transport=" + t.transport
	}
	return u
}

// start begins to register and to watch.
func (t *trunk) start() {
	if t.set.Address == "" {
		t.sh.post(func() { t.since = t.s.o.Now(); t.publish() })
		return
	}
	t.sh.post(func() {
		t.since = t.s.o.Now()
		t.watch = newTrunkWatch(trunkPolicy{interval: t.set.Health, registers: t.set.Register, expires: t.set.Expires}, time.Now(), rand.Float64)
		t.resolve()
		t.tick()
	})
}

// leave ends it. A successor that registers the same name takes the registration over; otherwise it is taken away.
func (t *trunk) leave(next *trunk) {
	t.usable.Store(false)
	same := next != nil && next.set.Register && next.set.Address == t.set.Address && next.set.Username == t.set.Username
	t.sh.post(func() {
		if t.watch != nil && t.watch.onRegistration(time.Now(), registerUnwanted, 0) == registerRemove && !same {
			t.register(0)
		}
		t.gone = true
		t.wake.stop()
		t.lookup.stop()
	})
}

// resolve looks the name up in a goroutine of its own: a name server that does not answer delays nobody.
func (t *trunk) resolve() {
	if _, err := netip.ParseAddr(t.host); err == nil {
		return
	}
	t.lookup = t.sh.after(lookupAgain, t.resolve)
	t.s.spawn(func() {
		defer t.s.recovered("lookup")
		ctx, cancel := context.WithTimeout(t.s.life, lookupTime)
		defer cancel()
		found := t.s.dns.locate(ctx, t)
		t.sh.post(func() { t.found(found) })
	})
}

func (t *trunk) found(targets []target) {
	if t.gone {
		return
	}
	had := len(*t.targets.Load()) > 0
	if len(targets) == 0 {
		t.lookup.stop()
		t.lookup = t.sh.after(lookupRetry, t.resolve)
		if !had {
			t.reason = "its name cannot be resolved"
			t.publish()
		}
		return
	}
	if !had || !sameTargets(*t.targets.Load(), targets) {
		t.targets.Store(&targets)
		t.publish()
	}
	if !had {
		t.tick()
	}
}

// sameTargets ignores the order, which failures change.
func sameTargets(a, b []target) bool {
	if len(a) != len(b) {
		return false
	}
	return !slices.ContainsFunc(a, func(x target) bool { return !slices.Contains(b, x) })
}

// flow is the way to the first target; size decides about TCP for a peer whose transport was left open (RFC 3261
// section 18.1.1).
func (t *trunk) flow(size int) (flow, error) {
	targets := *t.targets.Load()
	if len(targets) == 0 {
		return flow{}, ErrUnreachable
	}
	x := targets[0]
	if x.transport == "udp" && size > maxDatagram && !t.explicit && time.Now().Unix() > t.noTCP.Load() {
		return t.s.connect("tcp", x.addr, t.host, probeTCP), nil
	}
	return t.s.flowTo(x.transport, x.addr, t.host)
}
