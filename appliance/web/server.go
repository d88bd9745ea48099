package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of both doors. The control socket is trusted and still bounded: a script in a loop must not harm calls.
const (
	headTimeout = 5 * time.Second
	readTimeout = 30 * time.Second
	// sendTimeout is for one answer; answers that stream extend it while they make progress.
	sendTimeout = time.Minute
	idleTimeout = time.Minute
	maxHead     = 16 << 10
	maxBody     = 4 << 20
	// partTime is what requests in progress get to finish when a door closes.
	partTime = 2 * time.Second
	// Connections at the same time; more wait in the kernel's backlog.
	maxPublic  = 64
	maxControl = 256
)

// Options are what a Server needs besides its Box.
type Options struct {
	Log *slog.Logger
}

// Server is the box's HTTP side.
type Server struct {
	box     Box
	log     *slog.Logger
	panics  atomic.Uint64
	public  http.Handler
	control *door

	mu     sync.Mutex // guards the two fields below
	open   *door      // the public listener; nil: none
	closed bool
	wg     sync.WaitGroup
}

// New makes a server that listens nowhere yet.
func New(b Box, o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{box: b, log: o.Log}
	s.public = s.guard(s.publicRoutes())
	return s
}

// Panics is how many requests ended in a bug of ours.
func (s *Server) Panics() uint64 { return s.panics.Load() }

// Close ends both doors and returns when nothing of them runs any more, at most a few seconds later.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	open := s.open
	s.open = nil
	control := s.control
	s.control = nil
	s.mu.Unlock()
	for _, d := range []*door{open, control} {
		if d != nil {
			s.wg.Go(d.close)
		}
	}
	s.wg.Wait()
	return nil
}

// A door is one listener with its HTTP server.
type door struct {
	addr   string // as asked for, so that port 0 stays what it is over a reload
	listen net.Listener
	http   *http.Server
}

func (s *Server) serve(addr string, l net.Listener, h http.Handler) *door {
	d := &door{addr: addr, listen: l, http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      sendTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead,
		ConnContext:       withPeer,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}}
	s.wg.Go(func() {
		if err := d.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("a web listener ended", "address", addr, "error", err)
		}
	})
	return d
}

// close lets requests in progress finish, but not for long.
func (d *door) close() {
	ctx, cancel := context.WithTimeout(context.Background(), partTime)
	defer cancel()
	if d.http.Shutdown(ctx) != nil {
		d.http.Close()
	}
}

// guard stands before every handler: a bug in one request is counted and told, and ends nothing but that request.
func (s *Server) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			bug := recover()
			if bug == nil {
				return
			}
			if err, ok := bug.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(bug) // the way to cut an answer short on purpose
			}
			s.panics.Add(1)
			s.log.Error("a web request failed by a bug", "method", r.Method, "path", r.URL.Path, "bug", bug)
			problem(w, http.StatusInternalServerError, "The box could not answer this. It is in the box's log.")
		}()
		r.Body = http.MaxBytesReader(w, r.Body, limitOf(r))
		h.ServeHTTP(w, r)
	})
}
