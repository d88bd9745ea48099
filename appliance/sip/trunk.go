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

	"github.com/emiago/sipgo/sip"
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
	port      int    // 0: by SRV, or the transport's own

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
	for _, x := range *t.targets.Load() {
		if x.addr.Addr() == a {
			return true
		}
	}
	return slices.ContainsFunc(t.set.AcceptFrom, func(p netip.Prefix) bool { return p.Contains(a) })
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

// start begins to register and to watch; leave ends it.
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

func (t *trunk) leave() {
	t.usable.Store(false)
	t.sh.post(func() {
		if t.watch != nil && t.watch.onRegistration(time.Now(), registerUnwanted, 0) == registerRemove {
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
	t.s.work.Go(func() {
		defer t.s.recovered("lookup")
		ctx, cancel := context.WithTimeout(t.s.life, lookupTime)
		defer cancel()
		found := t.find(ctx)
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

// find asks for SRV records unless the operator named a port, then for addresses (RFC 3263).
func (t *trunk) find(ctx context.Context) []target {
	type name struct {
		host string
		port uint16
	}
	var names []name
	if t.port == 0 {
		service, proto := "sip", t.transport
		if t.transport == "tls" {
			service, proto = "sips", "tcp"
		}
		if _, srvs, err := net.DefaultResolver.LookupSRV(ctx, service, proto, t.host); err == nil {
			for _, r := range srvs {
				names = append(names, name{r.Target, r.Port})
			}
		}
	}
	if len(names) == 0 {
		names = []name{{t.host, 0}}
	}
	var out []target
	for _, n := range names {
		ips, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", n.host)
		v6 := func(a netip.Addr) bool { return !a.Unmap().Is4() }
		slices.SortStableFunc(ips, func(a, b netip.Addr) int { // offices without IPv6 are many
			switch {
			case v6(a) == v6(b):
				return 0
			case v6(a):
				return 1
			}
			return -1
		})
		for _, ip := range ips {
			x := target{t.transport, netip.AddrPortFrom(ip.Unmap(), t.portOr(n.port))}
			if len(out) < maxTargets && !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out
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

// tick does what is due and sleeps until the next.
func (t *trunk) tick() {
	if t.gone || len(*t.targets.Load()) == 0 {
		return
	}
	register, probe := t.watch.due(time.Now())
	t.act(register)
	t.actHealth(probe, "")
	t.sleep()
}

func (t *trunk) sleep() {
	t.wake.stop()
	if next := t.watch.next(); !next.IsZero() && !t.gone {
		t.wake = t.sh.after(max(time.Until(next), 0), t.tick)
	}
	t.usable.Store(t.watch.usable() && !t.gone)
	t.publish()
}

func (t *trunk) act(a registrationAction) {
	switch a {
	case registerSend:
		t.register(t.watch.expires)
	case registerRemove:
		t.register(0)
	}
}

func (t *trunk) actHealth(a healthAction, why string) {
	switch a {
	case healthProbe:
		t.probe()
	case healthTellUp:
		t.since, t.reason = t.s.o.Now(), ""
		t.s.o.Notify(Notice{Kind: TrunkUp, Trunk: t.set.Name})
	case healthTellDown:
		t.since, t.reason = t.s.o.Now(), why
		t.s.o.Notify(Notice{Kind: TrunkDown, Trunk: t.set.Name, Reason: why})
	}
}

// health takes what a call or an OPTIONS told about the trunk.
func (t *trunk) health(e healthEvent, hint time.Duration, why string) {
	if t.watch == nil || t.gone {
		return
	}
	if e == probeSilent || e == callFailing {
		t.rotate()
	}
	t.actHealth(t.watch.onHealth(time.Now(), e, hint), why)
	t.sleep()
}

// rotate tries the next address of the name first.
func (t *trunk) rotate() {
	if old := *t.targets.Load(); len(old) > 1 {
		next := append(slices.Clone(old[1:]), old[0])
		t.targets.Store(&next)
	}
}

// heard is for dialogs, which live in other shards.
func (t *trunk) heard(code int, rang bool, why string) {
	t.sh.post(func() { t.health(callEvent(code, rang), 0, why) })
}

func (t *trunk) publish() {
	st := &TrunkState{Name: t.set.Name, Since: t.since, Reason: t.reason, Registered: t.registered, Latency: t.latency, Up: t.watch == nil}
	if x := *t.targets.Load(); len(x) > 0 {
		st.Address = x[0].transport + "://" + x[0].addr.String()
	}
	if t.watch != nil {
		st.Up = len(*t.targets.Load()) > 0 && (t.watch.health == trunkUp || t.watch.health == trunkSuspect)
	}
	t.state.Store(st)
}

// message is a request of the trunk itself, outside of calls.
func (t *trunk) message(method, callID string, f flow) *outgoing {
	user := t.set.Username
	if user == "" {
		user = "callbox"
	}
	t.cseq++
	us := t.s.contactAt(f)
	aor := "<sip:" + escapeUser(user) + "@" + t.domain() + ">"
	return &outgoing{
		method: method, uri: t.uri(""), via: t.s.viaAt(f, us), branch: newBranch(), callID: callID, cseq: t.cseq,
		from: aor + ";tag=" + t.fromTag, to: aor,
		headers: [][2]string{{"Contact", "<" + t.s.contactURI(user, us, f) + ">"}, {"User-Agent", t.s.o.UserAgent}},
	}
}

// probe asks with OPTIONS whether the trunk lives.
func (t *trunk) probe() {
	if t.probing != nil {
		return
	}
	f, err := t.flow(0)
	if err != nil {
		t.probing = nil
		t.sh.after(0, func() { t.health(probeSilent, 0, err.Error()) })
		return
	}
	o := t.message("OPTIONS", token(15), f)
	o.to = "<" + t.uri("") + ">"
	sent := time.Now()
	var late *alarm
	done := func(code int, hint time.Duration, why string) {
		late.stop()
		if t.probing == nil {
			return
		}
		t.probing = nil
		t.health(probeEvent(code), hint, why)
	}
	tx := t.sh.request(f, o, func(r *sip.Response) {
		if !r.IsProvisional() {
			t.latency = time.Since(sent)
			done(r.StatusCode, retryAfter(r), fmt.Sprintf("it answers %d %s", r.StatusCode, r.Reason))
		}
	}, func(code int, why string) { done(0, 0, why) })
	t.probing = tx
	late = t.sh.after(probeTimeout, func() {
		tx.end()
		done(0, 0, "it does not answer")
	})
}

// register sends REGISTER; 0 takes our registration away.
func (t *trunk) register(expires time.Duration) {
	f, err := t.flow(0)
	if err != nil {
		t.sh.after(0, func() { t.registerDone(0, 0, err.Error()) })
		return
	}
	o := t.message("REGISTER", t.callID, f)
	o.headers = append(o.headers, [2]string{"Expires", strconv.Itoa(int(expires / time.Second))})
	t.sendRegister(f, o, 0, time.Now())
}

func (t *trunk) sendRegister(f flow, o *outgoing, tries int, sent time.Time) {
	t.sh.request(f, o, func(r *sip.Response) {
		switch {
		case r.IsProvisional():
			return
		case (r.StatusCode == 401 || r.StatusCode == 407) && tries < maxAuthTries:
			if next, err := authorize(o, r, t.set.Username, t.set.Password); err == nil {
				t.cseq = next.cseq
				t.sendRegister(f, next, tries+1, sent)
				return
			}
		}
		t.latency = time.Since(sent)
		hint := retryAfter(r)
		if r.StatusCode == 423 {
			hint = seconds(value(r, "min-expires"))
		}
		if r.IsSuccess() {
			hint = granted(r, o)
		}
		t.registerDone(r.StatusCode, hint, fmt.Sprintf("registration: %d %s", r.StatusCode, r.Reason))
	}, func(code int, why string) { t.registerDone(0, 0, "registration: "+why) })
}

func (t *trunk) registerDone(code int, hint time.Duration, why string) {
	if t.gone {
		return
	}
	e := registerEvent(code)
	t.act(t.watch.onRegistration(time.Now(), e, hint))
	if e == registerAccepted {
		t.registered, t.reason = t.s.o.Now().Add(hint), ""
	} else if t.watch.registration != registrationHeld {
		t.registered, t.reason = time.Time{}, why
	}
	if code == 0 {
		t.health(callFailing, 0, why)
	} else {
		t.health(callAlive, 0, why)
	}
}

// granted is how long a registrar keeps us: the parameter of our Contact, or the Expires header.
func granted(r *sip.Response, o *outgoing) time.Duration {
	ours := o.headers[0][1]
	for _, h := range r.GetHeaders("contact") {
		if c, ok := h.(*sip.ContactHeader); ok && strings.Contains(ours, c.Address.Endpoint()) {
			if e, ok := c.Params.Get("expires"); ok {
				return seconds(e)
			}
		}
	}
	return seconds(value(r, "expires"))
}

func retryAfter(r *sip.Response) time.Duration { return seconds(value(r, "retry-after")) }

// seconds reads the number at the start of a header, 0 when there is none.
func seconds(v string) time.Duration {
	end := strings.IndexFunc(v, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(v)
	}
	n, err := strconv.ParseUint(v[:end], 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
