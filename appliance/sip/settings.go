package sip

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"
)

// Options are fixed for the life of a Server.
type Options struct {
	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: time.Now

	// OnInvite gets every new call that passed authentication. It runs in its own goroutine and must call Attach
	// before it returns; otherwise the call is rejected with 500.
	OnInvite func(*Dialog)

	// OnSubscribe decides about a phone that wants to hear of a state: 200 accepts, 300 to 699 refuse. It runs in its
	// own goroutine and may tell the state by Server.Notify at once. nil: every event is refused with 489.
	OnSubscribe func(*Subscription) (code int)

	// Notify hears of registrations, trunks and blocks. It must not block.
	Notify func(Notice)

	Bindings  []Binding // what the registrar knew before a restart
	UserAgent string    // User-Agent and Server header; empty: "callbox"

	nameServers []string // host:port, for tests; nil: those of the system
}

// Settings are what a configuration says about signalling. They are replaced as a whole by Prepare and Commit.
type Settings struct {
	Listen        []string         // "udp://0.0.0.0:5060", "tcp://…", "tls://…", "ws://…", "wss://…"; port 0 lets the kernel choose
	External      netip.Addr       // our address as peers outside LocalNetworks see it; invalid: none
	LocalNetworks []netip.Prefix   // peers in these see our own address; loopback always counts as local
	Certificate   *tls.Certificate // for tls:// and wss:// listeners; nil: self-signed
	Accounts      []Account
	Trunks        []Trunk
	Origins       []string // pages whose browsers may use ws:// and wss://, as "https://desk.example"; empty: those of the same host
	Realm         string   // of the digest challenges; empty: "callbox"
	Emergency     []string // numbers that are never shed
}

// Account is one extension's credential.
type Account struct {
	Name, Password string
	MaxContacts    int // phones that may be registered at once; 0: 10
}

// Trunk is a peer that carries calls to and from the outside.
type Trunk struct {
	Name               string
	Address            string // host, host:port, or "udp|tcp|tls://host:port"; a bare name is looked up by SRV, then by address
	Username, Password string
	Register           bool           // we register with it
	Expires            time.Duration  // asked for when registering; 0: 1 h
	AcceptFrom         []netip.Prefix // sources whose INVITEs are this trunk's, besides its own address
	Health             time.Duration  // OPTIONS interval; 0: 30 s, negative: off
	Untrusted          bool           // what it says about who calls is not believed, and it is not told what is hidden
}
