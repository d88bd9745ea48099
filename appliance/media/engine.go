package media

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

var (
	ErrNoPorts = errors.New("media: no free port pair in the configured range")
	ErrNoCodec = errors.New("media: no codec in common")
	ErrSDP     = errors.New("media: session description cannot be used")
	ErrClosed  = errors.New("media: closed")
)

const (
	defaultLow, defaultHigh = 16384, 32767
	defaultSilence          = 30 * time.Second
	quarantine              = 5 * time.Second
	encodersAWorker         = 40
	bindAttempts            = 64 // port pairs tried when other programs sit on some of the range
)

// Options of an Engine. The zero value is a working default.
type Options struct {
	PortLow, PortHigh int           // UDP ports, both included; default 16384–32767
	Bind              netip.Addr    // local address; default every address, IPv6 and IPv4
	Workers           int           // shards; default one a core (GOMAXPROCS)
	Silence           time.Duration // without RTP and RTCP from a peer that should send: EventSilent; default 30 s
	Log               *slog.Logger  // default: nowhere

	// Opus encoders that may work at once; default 40 a worker, which is a third of a core and makes other packets wait
	// 0.8 ms at the 99th percentile. Beyond that, legs are offered and answered other codecs where they have one.
	Encoders    int
	Certificate *tls.Certificate // shown in DTLS handshakes; default: one that the engine makes for itself

	quarantine time.Duration // rest of a port pair after use
}

// Engine carries the sound of all calls of the box.
type Engine struct {
	options Options
	origin  time.Time
	ports   *ports
	workers []*worker
	serial  atomic.Uint64 // of streams
	close   sync.Once
	warned  atomic.Int64 // ns since origin of the last warning

	identity   *identity
	handshakes chan struct{} // holds one for each that is under way
	shaking    sync.WaitGroup

	encoders atomic.Int64 // of Opus, at work now

	recovered, malformed, flooded, lostEvents atomic.Uint64
}

// Counters of an engine since it began.
type Counters struct {
	Streams    int    // open now
	Encoders   int    // of Opus, at work now
	Recovered  uint64 // panics that a worker survived: each one is a bug of ours
	Malformed  uint64 // datagrams that were neither RTP nor RTCP
	Flooded    uint64 // packets dropped because their sender sent more than any codec needs
	LostEvents uint64 // events dropped because their reader did not read
}

// New starts the workers. It fails when the port range holds no pair or the kernel refuses epoll.
func New(o Options) (*Engine, error) {
	if o.PortLow == 0 && o.PortHigh == 0 {
		o.PortLow, o.PortHigh = defaultLow, defaultHigh
	}
	if o.PortLow < 1 || o.PortHigh > 65535 || (o.PortLow+1)&^1+1 > o.PortHigh {
		return nil, fmt.Errorf("media: ports %d-%d hold no even port with its neighbour", o.PortLow, o.PortHigh)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Encoders <= 0 {
		o.Encoders = o.Workers * encodersAWorker
	}
	if o.Silence <= 0 {
		o.Silence = defaultSilence
	}
	if o.quarantine == 0 {
		o.quarantine = quarantine
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	own, err := newIdentity(o.Certificate)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		options: o, origin: time.Now(), ports: newPorts(o.PortLow, o.PortHigh, o.quarantine),
		identity: own, handshakes: make(chan struct{}, mostHandshakes),
	}
	for range o.Workers {
		w, err := newWorker(e)
		if err != nil {
			for _, w := range e.workers {
				w.free()
			}
			return nil, err
		}
		e.workers = append(e.workers, w)
	}
	for _, w := range e.workers {
		go w.run()
	}
	return e, nil
}

// SetPorts changes the range at once. Streams outside of it keep their ports until they close. A range without a pair
// leaves no room for new streams.
func (e *Engine) SetPorts(low, high int) { e.ports.set(low, high) }

// Ports returns how many port pairs streams hold, and how many pairs the range has.
func (e *Engine) Ports() (used, total int) { return e.ports.count() }

// Counters returns a snapshot.
func (e *Engine) Counters() Counters {
	c := Counters{
		Encoders:  int(e.encoders.Load()),
		Recovered: e.recovered.Load(), Malformed: e.malformed.Load(),
		Flooded: e.flooded.Load(), LostEvents: e.lostEvents.Load(),
	}
	for _, w := range e.workers {
		c.Streams += int(w.load.Load())
	}
	return c
}

// Close closes every stream and returns when the workers are gone.
func (e *Engine) Close() error {
	e.close.Do(func() {
		for _, w := range e.workers {
			w.post(func() { w.stopping = true })
		}
		for _, w := range e.workers {
			<-w.stopped
			w.free()
		}
		e.shaking.Wait()
	})
	return nil
}

// Open takes a port pair and starts to listen on it. Events of the stream go to events, which may be nil; the worker
// does not wait for its reader but keeps up to 16 events for it. ErrNoPorts when the range is exhausted, ErrClosed
// after Close.
func (e *Engine) Open(events chan<- Event) (*Stream, error) {
	port, rtp, rtcp, family, err := e.bind()
	if err != nil {
		return nil, err
	}
	w := e.workers[0]
	for _, other := range e.workers[1:] {
		if other.load.Load() < w.load.Load() {
			w = other
		}
	}
	s := &Stream{engine: e, serial: e.serial.Add(1), port: port, worker: w}
	s.sdp = newNegotiation()
	s.sdp.safety.identity = e.identity
	s.flow = newFlow(s, events, rtp, rtcp, family)
	w.load.Add(1)
	err = ErrClosed
	w.ask(func() { err = w.adopt(s.flow) })
	if err != nil {
		w.load.Add(-1)
		s.flow.shut()
		return nil, err
	}
	return s, nil
}

// bind finds a port pair that no other program holds. One that is held rests like a used one and is tried again later.
func (e *Engine) bind() (port, rtp, rtcp, family int, err error) {
	for range bindAttempts {
		port, ok := e.ports.take(time.Now())
		if !ok {
			break
		}
		rtp, rtcp, family, err = openPair(e.options.Bind, port)
		if err == nil {
			return port, rtp, rtcp, family, nil
		}
		e.ports.give(port, time.Now())
		if !errors.Is(err, unix.EADDRINUSE) {
			return 0, -1, -1, 0, fmt.Errorf("media: port %d: %w", port, err)
		}
	}
	return 0, -1, -1, 0, ErrNoPorts
}

// mayWarn is true at most once a second, because whoever can cause a warning with a packet can cause a million.
func (e *Engine) mayWarn() bool {
	now, last := int64(time.Since(e.origin))+int64(time.Second), e.warned.Load()
	return now-last >= int64(time.Second) && e.warned.CompareAndSwap(last, now)
}
