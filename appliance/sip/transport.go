package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// listener is one address of Settings.Listen that is open.
type listener struct {
	addr    string // as the settings write it
	network string // udp, tcp, tls, ws, wss
	udp     *udpSocket
	tcp     net.Listener
	local   netip.AddrPort
	dropped atomic.Uint32 // datagrams that the kernel threw away, as far as counted
}

func (l *listener) close() {
	if l.udp != nil {
		l.udp.conn.Close()
		return
	}
	l.tcp.Close()
}

// parseListen reads "udp://host:port".
func parseListen(s string) (network, addr string, err error) {
	network, addr, ok := strings.Cut(s, "://")
	if !ok {
		return "", "", fmt.Errorf("listen %q: want udp://, tcp://, tls://, ws:// or wss:// before the address", s)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", "", fmt.Errorf("listen %q: %w", s, err)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		return "", "", fmt.Errorf("listen %q: %q is not an IP address", s, host)
	}
	switch network {
	case "udp", "tcp", "tls", "ws", "wss":
		return network, net.JoinHostPort(host, port), nil
	}
	return "", "", fmt.Errorf("listen %q: unknown transport %q, want udp, tcp, tls, ws or wss", s, network)
}

func openListener(s string) (*listener, error) {
	network, addr, err := parseListen(s)
	if err != nil {
		return nil, err
	}
	family := "" // 0.0.0.0 shall not mean IPv6 too
	if strings.Contains(addr, ".") {
		family = "4"
	}
	if network == "udp" {
		u, err := listenUDP("udp"+family, addr)
		if err != nil {
			return nil, fmt.Errorf("listen %q: %w", s, err)
		}
		return &listener{addr: s, network: network, udp: u, local: u.local}, nil
	}
	l, err := net.Listen("tcp"+family, addr)
	if err != nil {
		return nil, fmt.Errorf("listen %q: %w", s, err)
	}
	ap, _ := addrPort(l.Addr())
	return &listener{addr: s, network: network, tcp: l, local: ap}, nil
}

// connections are all streams by transport and peer.
type connections struct {
	mu     sync.Mutex
	byPeer map[string]*stream
	bySrc  map[source]int
}

func peerKey(transport string, remote netip.AddrPort) string {
	return transport + "|" + remote.String()
}

// add reports false when there are too many, all told or from this source. However many sources strangers have, there
// is room for friends.
func (t *connections) add(c *stream, friend bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit, room := maxConnectionsASource, maxConnectionsStrangers
	if friend {
		limit, room = maxConnectionsFriend, maxConnections
	}
	src := sourceOf(c.remote.Addr())
	if len(t.byPeer) >= room || t.bySrc[src] >= limit {
		return false
	}
	t.byPeer[peerKey(c.transport, c.remote)] = c
	t.bySrc[src]++
	return true
}

func (t *connections) remove(c *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := peerKey(c.transport, c.remote); t.byPeer[k] == c {
		delete(t.byPeer, k)
	}
	src := sourceOf(c.remote.Addr())
	if t.bySrc[src]--; t.bySrc[src] <= 0 {
		delete(t.bySrc, src)
	}
}

func (t *connections) get(transport string, remote netip.AddrPort) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byPeer[peerKey(transport, remote)]
	if c == nil || c.closed() {
		return nil
	}
	return c
}

func (t *connections) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byPeer)
}

// accept is the goroutine of a listener for connections. It does nothing slow: handshakes happen in the connection's own.
func (s *Server) accept(l *listener) {
	defer s.work.Done()
	for {
		conn, err := l.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, most likely: wait for some to be closed
			if s.complain() {
				s.log.Warn("sip: accepting failed", "listen", l.local, "err", err)
			}
			select {
			case <-s.life.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		remote, _ := addrPort(conn.RemoteAddr())
		trusted := s.trusted(remote.Addr())
		c := newStream(l.network, remote)
		if !s.guard.admit(remote.Addr(), trusted) || !s.conns.add(c, trusted || s.guard.befriended(remote.Addr())) {
			s.count.dropped.Add(1)
			conn.Close()
			continue
		}
		c.friend.Store(trusted)
		if l.network == "tls" || l.network == "wss" {
			conn = tls.Server(conn, s.tlsConfig)
		}
		serve := s.run
		if l.network == "ws" || l.network == "wss" {
			serve = s.runSocket
		}
		s.work.Go(func() { serve(c, conn) })
	}
}

// run serves a connection to its end.
func (s *Server) run(c *stream, conn net.Conn) {
	defer s.recovered("connection")
	defer s.lose(c)
	s.serve(c, conn)
}

// lose tells the shards that a connection is gone, so that nobody waits for answers over it.
func (s *Server) lose(c *stream) {
	c.close(errFlowLost)
	s.conns.remove(c)
	for _, sh := range s.shards {
		sh.post(func() { sh.lost(c) })
	}
}

// connect makes a connection. It returns at once: what is sent before the peer accepted waits in the queue, and a
// failure is told like any lost connection.
func (s *Server) connect(transport string, remote netip.AddrPort, serverName string, within time.Duration) flow {
	if c := s.conns.get(transport, remote); c != nil {
		return flow{conn: c, remote: remote}
	}
	c := newStream(transport, remote)
	f := flow{conn: c, remote: remote}
	if !s.conns.add(c, true) {
		c.close(errFlowLost)
		return f
	}
	c.friend.Store(true)
	if !s.spawn(func() {
		ctx, cancel := context.WithTimeout(s.life, within)
		conn, err := (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext(ctx, "tcp", remote.String())
		cancel()
		if err != nil {
			c.close(err)
			s.lose(c)
			return
		}
		if transport == "tls" {
			conn = tls.Client(conn, s.peerTLS(serverName))
		}
		s.run(c, conn)
	}) {
		s.lose(c)
	}
	return f
}
