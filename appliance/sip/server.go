package sip

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxDialogs is when new calls are shed whatever Refuse says: a bound on memory.
const maxDialogs = 20000

// A box that gets more calls than it can bear shows it at two places: calls that nobody has taken over yet, because
// their owner waits for a processor or for the disk, and messages that wait for a shard. Beyond these bounds new calls
// are shed while that is still cheap, and those in progress do not notice. 256 beginnings are what comes in most of a
// second at 300 calls a second, which is how long a small disk may think about a sync; a shard does 512 messages in
// some 20 ms.
const (
	maxBeginnings = 256
	maxBacklog    = 512
)

// Server is the SIP side of one box. All methods are safe from any goroutine.
type Server struct {
	log    *slog.Logger
	o      Options
	timers timings

	live   atomic.Pointer[setup] // what was committed last
	change sync.Mutex            // held from Prepare to Commit or Abort
	swap   sync.Mutex            // held while sockets and goroutines begin or end

	shards []*shard
	conns  connections
	local  routes

	subs      subscriptions
	dns       resolver
	narrow    sync.Once // a socket's buffer is small: said
	guard     *guard
	registrar *registrar

	refuse  atomic.Bool
	dialogs atomic.Int64
	begun   atomic.Int64 // calls that were offered and have no owner yet
	count   counts

	tlsConfig *tls.Config
	ownCert   func() (*tls.Certificate, error)

	life context.Context // of connections being made and names being looked up
	kill context.CancelFunc
	stop chan struct{} // ends the shards, after all that feeds them has ended
	work sync.WaitGroup
	once sync.Once
}

// counts are the totals behind Counters.
type counts struct {
	requests, responses, malformed, tooLarge, scanned, unpaid, dropped, panics, shed, unauthorized, invites, eventsLost, infosLost, kernelDrops atomic.Uint64

	complained atomic.Int64 // unix time of the last log line about a panic or a socket
}

// New makes a Server that listens nowhere until Settings are prepared and committed.
func New(o Options) *Server { return newServer(o, standardTimings) }

func newServer(o Options, t timings) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Notify == nil {
		o.Notify = func(Notice) {}
	}
	if o.UserAgent == "" {
		o.UserAgent = "callbox"
	}
	s := &Server{
		log: o.Log, o: o, timers: t, stop: make(chan struct{}),
		conns: connections{byPeer: map[string]*stream{}, bySrc: map[source]int{}},
	}
	s.life, s.kill = context.WithCancel(context.Background())
	s.dns = resolver{servers: o.nameServers, now: o.Now}
	s.guard = newGuard(o.Now, o.Notify)
	s.registrar = newRegistrar(o.Now, o.Bindings)
	s.ownCert = sync.OnceValues(func() (*tls.Certificate, error) { return NewCertificate(o.Now()) })
	s.tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}
	s.live.Store(&setup{listeners: map[string]*listener{}, trunks: map[string]*trunk{}, challenger: newChallenger(o.Now, "callbox")})
	for account, bindings := range s.registrar.all() {
		for _, b := range bindings { // who was registered before the restart need not prove itself to be heard
			if src, err := netip.ParseAddrPort(b.Source); err == nil {
				s.guard.good(src.Addr(), account)
			}
		}
	}
	for range min(max(runtime.GOMAXPROCS(0), 2), 16) {
		sh := newShard(s)
		s.shards = append(s.shards, sh)
		s.work.Add(1)
		go sh.run()
	}
	s.work.Go(s.housekeeping)
	return s
}

// Close gives every dialog its last event, if its receiver has room, closes the sockets and waits for the goroutines of
// this package, but not for OnInvite. Nothing is sent: who wants calls to end politely hangs them up before.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.swap.Lock()
		defer s.swap.Unlock()
		s.kill()
		for _, l := range s.live.Load().listeners {
			l.close()
		}
		for _, l := range s.live.Load().retired {
			l.close()
		}
		close(s.stop)
	})
	s.work.Wait()
	return nil
}

// spawn starts a goroutine that Close waits for; false when the Server is closing.
func (s *Server) spawn(f func()) bool {
	s.swap.Lock()
	defer s.swap.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.work.Go(f)
	return true
}

// recovered keeps a bug of ours from ending the process. It is logged at most once a second.
func (s *Server) recovered(where string) {
	p := recover()
	if p == nil {
		return
	}
	s.count.panics.Add(1)
	if s.complain() {
		s.log.Error("sip: a bug was caught", "where", where, "panic", p, "stack", string(debug.Stack()))
	}
}

// complain is true once a second: what an attacker can cause must not fill the log.
func (s *Server) complain() bool {
	now := time.Now().Unix()
	return s.count.complained.Swap(now) != now
}

// arrive takes one message from the network. It is false when the peer's connection should be closed.
func (s *Server) arrive(f flow, data []byte) (ok bool) {
	defer s.recovered("parser")
	src := f.remote.Addr()
	if !s.guard.admit(src, s.trusted(src)) {
		s.count.dropped.Add(1)
		return false
	}
	if f.udp != nil {
		s.guard.paid(src, len(data))
		if keepAlive(f, data) {
			return true
		}
	}
	m, fault := parse(data)
	if fault != nil {
		s.malformed(f, m, data, fault)
		return fault != notSIP
	}
	if r, isRequest := m.(*sip.Request); isRequest {
		s.count.requests.Add(1)
		if isScanner(r) && s.guard.scanned(src) {
			s.count.scanned.Add(1)
			return false
		}
	} else {
		s.count.responses.Add(1)
	}
	if !s.shardOf(m.CallID().Value()).deliver(f, m, len(data)) {
		s.count.dropped.Add(1)
	}
	return true
}

// keepAlive takes what phones send to keep their NAT open: CRLFCRLF, which is answered, other blanks, and STUN.
func keepAlive(f flow, data []byte) bool {
	if string(data) == "\r\n\r\n" {
		f.send([]byte("\r\n"))
		return true
	}
	if len(data) >= 20 && data[0] < 4 && binary.BigEndian.Uint32(data[4:]) == 0x2112a442 {
		return true
	}
	return len(data) <= 4 && len(bytes.Trim(data, "\r\n\x00 ")) == 0
}

// malformed counts what could not be parsed, by source, and answers where an answer is due: m is the message when it is
// whole enough to be answered like any other, nil otherwise.
func (s *Server) malformed(f flow, m sip.Message, data []byte, why *fault) {
	s.count.malformed.Add(1)
	if why.limit {
		s.count.tooLarge.Add(1)
	}
	src := f.remote.Addr()
	if s.guard.malformed(src) {
		s.log.Warn("sip: message refused", "source", src, "why", why.reason, "bytes", len(data), "total", s.guard.malformedFrom(src))
	}
	if r, ok := m.(*sip.Request); ok {
		if why.code != 0 {
			markVia(r, f)
			s.reply(f, r, response{code: why.code, reason: why.reason})
		}
	} else if b := rawReply(data, why); b != nil {
		s.sendStranger(f, b)
	}
}

// trusted is true for trunks. The addresses of phones are the guard's friends:
// heard readily and never blocked, but not without limit, since an address can
// be invented.
func (s *Server) trusted(src netip.Addr) bool {
	return s.live.Load().knows(src)
}

// housekeeping does what is due by the clock, once a second: expiries, keep-alives, sockets that left the settings.
func (s *Server) housekeeping() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case <-tick.C:
			s.keepHouse(s.o.Now())
		}
	}
}

func (s *Server) keepHouse(now time.Time) {
	defer s.recovered("housekeeping")
	if gone := s.registrar.expire(now); len(gone) > 0 {
		left := s.registrar.all()
		for _, account := range gone {
			s.o.Notify(Notice{Kind: Expired, Account: account, Bindings: left[account]})
		}
	}
	s.guard.sweep()
	s.ping(now)
	s.countDrops()
	s.closeRetired()
}

// Refuse sheds new calls with 503 while on; calls in progress and Settings.Emergency numbers go on.
func (s *Server) Refuse(on bool) { s.refuse.Store(on) }

// crowded tells whether a new call is one too many for the box as it is now.
func (sh *shard) crowded() bool {
	s := sh.s
	return s.refuse.Load() || s.begun.Load() >= maxBeginnings || sh.backlog >= maxBacklog
}

// Contacts are the bindings of an account.
func (s *Server) Contacts(extension string) []Binding { return s.registrar.contacts(extension) }

// Phones are all accounts of the settings, by name.
func (s *Server) Phones() []Phone {
	l := s.live.Load()
	out := make([]Phone, 0, len(l.accounts))
	for name := range l.accounts {
		out = append(out, Phone{Account: name, Bindings: s.registrar.contacts(name)})
	}
	slices.SortFunc(out, func(a, b Phone) int { return strings.Compare(a.Account, b.Account) })
	return out
}

// Trunks are the states of all trunks, by name.
func (s *Server) Trunks() []TrunkState {
	l := s.live.Load()
	out := make([]TrunkState, 0, len(l.trunks))
	for _, t := range l.trunks {
		out = append(out, *t.state.Load())
	}
	slices.SortFunc(out, func(a, b TrunkState) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Blocks are the sources that are ignored now.
func (s *Server) Blocks() []Block { return s.guard.blocks() }

// Unblock lets a source in again; false when it was not blocked.
func (s *Server) Unblock(a netip.Addr) bool { return s.guard.unblock(a) }

// Counters are the totals.
func (s *Server) Counters() Counters {
	c, g := &s.count, s.guard.counters()
	return Counters{
		Requests: c.requests.Load(), Responses: c.responses.Load(), Malformed: c.malformed.Load(), TooLarge: c.tooLarge.Load(), Scanned: c.scanned.Load(), Unpaid: c.unpaid.Load(), Dropped: c.dropped.Load(),
		Panics: c.panics.Load(), Shed: c.shed.Load(), Unauthorized: c.unauthorized.Load(), Invites: c.invites.Load(),
		EventsLost: c.eventsLost.Load(), InfosLost: c.infosLost.Load(), KernelDrops: c.kernelDrops.Load(), Dialogs: int(s.dialogs.Load()), Connections: s.conns.len(), Blocked: g.Blocked, Blocks: g.Blocks,
	}
}

// Addrs are the real listen addresses, as "udp://127.0.0.1:5060".
func (s *Server) Addrs() []string {
	var out []string
	for _, l := range s.live.Load().listeners {
		out = append(out, l.network+"://"+l.local.String())
	}
	slices.Sort(out)
	return out
}

// port is where we listen for that transport, 0 when nowhere.
func (l *setup) port(transport string) uint16 {
	for _, x := range l.sorted {
		if x.network == transport {
			return x.local.Port()
		}
	}
	return 0
}

// contactAt is our address as the peer behind f shall see it.
func (s *Server) contactAt(f flow) netip.AddrPort {
	l := s.live.Load()
	var bound netip.AddrPort
	if f.udp != nil {
		bound = f.udp.local
	} else if p := f.conn.local.Load(); p != nil {
		bound = *p
	}
	ip := bound.Addr()
	if !ip.IsValid() || ip.IsUnspecified() {
		ip = s.local.to(f.remote.Addr())
	}
	if l.set.External.IsValid() && !l.isLocal(f.remote.Addr()) {
		ip = l.set.External
	}
	port := bound.Port()
	if f.udp == nil {
		if p := l.port(f.transport()); p != 0 {
			port = p
		}
	}
	return netip.AddrPortFrom(ip, port)
}

// routes remembers which of our addresses the kernel uses towards a peer.
type routes struct {
	mu    sync.Mutex
	known map[netip.Addr]route
}

type route struct {
	ours  netip.Addr
	until time.Time
}

const maxRoutes = 4096

func (r *routes) to(peer netip.Addr) netip.Addr {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.known[peer]; ok && now.Before(k.until) {
		return k.ours
	}
	ours := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	// connecting a UDP socket sends nothing; it only asks the routing table
	if c, err := net.Dial("udp", netip.AddrPortFrom(peer, 5060).String()); err == nil {
		ours = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		c.Close()
	}
	if r.known == nil || len(r.known) >= maxRoutes {
		r.known = map[netip.Addr]route{}
	}
	r.known[peer] = route{ours, now.Add(time.Minute)}
	return ours
}
