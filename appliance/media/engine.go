package media

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"
)

var (
	ErrNoPorts = errors.New("media: no free port pair in the configured range")
	ErrNoCodec = errors.New("media: no codec in common")
	ErrSDP     = errors.New("media: session description cannot be used")
	ErrClosed  = errors.New("media: closed")
)

type Options struct {
	PortLow, PortHigh int
	Workers           int
	Silence           time.Duration
	Log               *slog.Logger
}

type Engine struct{}

type Counters struct{ Recovered uint64 }

func New(o Options) (*Engine, error)                        { return &Engine{}, nil }
func (e *Engine) SetPorts(low, high int)                    {}
func (e *Engine) Close() error                              { return nil }
func (e *Engine) Ports() (used, total int)                  { return 0, 0 }
func (e *Engine) Counters() Counters                        { return Counters{} }
func (e *Engine) Open(events chan<- Event) (*Stream, error) { return nil, ErrNoPorts }

type EventKind uint8

const (
	EventPlayed EventKind = iota
	EventDigit
	EventSilent
	EventFirst
)

type Event struct {
	Stream *Stream
	Kind   EventKind
	Play   uint64
	Digit  byte
}

type Stats struct {
	Codec                                                   string
	PacketsIn, PacketsOut, BytesIn, BytesOut, Lost, Foreign uint64
	JitterMS, RTTMS, MOS                                    float64
	Peer                                                    netip.AddrPort
}

type Stream struct{}

func (s *Stream) Offer(local netip.Addr, codecs []Codec, dir Direction) []byte { return nil }
func (s *Stream) Accept(answer []byte) error                                   { return nil }
func (s *Stream) Answer(offer []byte, local netip.Addr, codecs []Codec, dir Direction) ([]byte, error) {
	return nil, ErrNoCodec
}
func (s *Stream) PeerDirection() Direction        { return SendRecv }
func (s *Stream) Codec() Codec                    { return Codec{} }
func Join(a, b *Stream)                           {}
func (s *Stream) Part()                           {}
func (s *Stream) Play(p *Sound, loop bool) uint64 { return 0 }
func (s *Stream) Stop()                           {}
func (s *Stream) Echo(on bool)                    {}
func (s *Stream) Send(digits string)              {}
func (s *Stream) Capture() <-chan []int16         { return nil }
func (s *Stream) Stats() Stats                    { return Stats{} }
func (s *Stream) Close()                          {}
