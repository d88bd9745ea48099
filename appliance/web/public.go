package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
)

// A Change is a public listener that is ready but not live, from Prepare to Commit or Abort.
type Change struct {
	s    *Server
	addr string
	tls  *tls.Config
	l    *publicListener // nil: the address stays, or there is to be none
	keep bool
}

// Prepare opens the public listener for a new configuration: addr is "host:port", empty for none; t nil for plain HTTP.
// An address that stays keeps its socket. Nothing is served from a new one before Commit.
func (s *Server) Prepare(addr string, t *tls.Config) (*Change, error) {
	c := &Change{s: s, addr: addr, tls: t}
	if addr == "" {
		return c, nil
	}
	s.mu.Lock()
	c.keep = s.open != nil && s.open.addr == addr
	s.mu.Unlock()
	if c.keep {
		return c, nil
	}
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("web: %w; choose another web.listen, or end the program that has it (ss -ltnp shows it)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("web: listen on %s: %w", addr, err)
	}
	c.l = newPublicListener(l)
	return c, nil
}

// Commit makes the change live. It cannot fail.
func (c *Change) Commit() {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Abort()
		return
	}
	if c.keep && s.open != nil {
		s.open.listen.(*publicListener).tls.Store(c.tls)
		return
	}
	if s.open != nil {
		s.wg.Go(s.open.close)
		s.open = nil
	}
	if c.l != nil {
		c.l.tls.Store(c.tls)
		s.open = s.serve(c.addr, c.l, s.public)
	}
}

// Abort gives up what Prepare opened.
func (c *Change) Abort() {
	if c.l != nil {
		c.l.Close()
	}
}

// Addr is where the public listener listens, as bound; empty when there is none.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return ""
	}
	return s.open.listen.Addr().String()
}

// publicListener hands out at most maxPublic connections at a time and speaks TLS when the running configuration says so;
// that can change while it listens.
type publicListener struct {
	net.Listener
	tls  atomic.Pointer[tls.Config]
	room chan struct{}
	done chan struct{}
	once sync.Once
}

func newPublicListener(l net.Listener) *publicListener {
	return &publicListener{Listener: l, room: make(chan struct{}, maxPublic), done: make(chan struct{})}
}

// Accept waits for room first, so that what is too much waits in the kernel's backlog instead of in our memory.
func (l *publicListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	g := &guest{Conn: c, room: l.room}
	if t := l.tls.Load(); t != nil {
		return tls.Server(g, t), nil
	}
	return g, nil
}

// Close ends Accept, also while it waits for room.
func (l *publicListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// guest is a connection that gives its room back once.
type guest struct {
	net.Conn
	room chan struct{}
	once sync.Once
}

func (g *guest) Close() error {
	defer g.once.Do(func() { <-g.room })
	return g.Conn.Close()
}

// publicRoutes is all a stranger can ask.
func (s *Server) publicRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { s.health(w, false) })
	mux.Handle("GET /metrics", s.metrics())
	mux.HandleFunc("/", notHere)
	return mux
}

// health says in one word whether the box takes calls; why not is for those whom we trust.
func (s *Server) health(w http.ResponseWriter, trusted bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	err := s.box.Healthy()
	switch {
	case err == nil:
		fmt.Fprintln(w, "ok")
	case trusted:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "unavailable")
	}
}
