package sip

import (
	"net/netip"
	"time"
)

// NoticeKind says what a Notice tells.
type NoticeKind int

const (
	Registered NoticeKind = iota // an account's bindings changed; Bindings are all it has now
	Expired                      // an account lost a binding; Bindings are all that are left
	TrunkUp
	TrunkDown
	Blocked // Source is ignored until Until
	Unblocked
)

// Notice is one thing that happened to a phone, a trunk or a source.
type Notice struct {
	Kind                                      NoticeKind
	Account, Trunk, Source, UserAgent, Reason string
	Until                                     time.Time
	Bindings                                  []Binding
}

// Binding is one place where an account can be reached (RFC 3261 section 10). It is kept as JSON across restarts.
type Binding struct {
	Account   string    `json:"account"`
	Contact   string    `json:"contact"`   // URI, as the phone wrote it
	Source    string    `json:"source"`    // ip:port from which the phone registered
	Local     string    `json:"local"`     // our ip:port on which it did
	Transport string    `json:"transport"` // udp, tcp, tls, ws, wss
	UserAgent string    `json:"user_agent,omitempty"`
	CallID    string    `json:"call_id"`
	CSeq      uint32    `json:"cseq"`
	Expires   time.Time `json:"expires"`
	Q         float64   `json:"q"`
	Instance  string    `json:"instance,omitempty"` // +sip.instance (RFC 5626)
	Path      string    `json:"path,omitempty"`     // proxies on the way, as a Route header has them (RFC 3327)
}

// Phone is an account and where it is registered now.
type Phone struct {
	Account  string
	Bindings []Binding // empty: offline
}

// TrunkState is the health of a trunk.
type TrunkState struct {
	Name       string
	Address    string // the address in use, "" until it was resolved
	Up         bool
	Since      time.Time     // of Up, or of down
	Reason     string        // why it is down
	Registered time.Time     // until when we are registered; zero: not, or not asked for
	Latency    time.Duration // of the last OPTIONS or REGISTER that was answered
}

// Block is a source that is ignored for a while.
type Block struct {
	Source netip.Addr
	Reason string
	Since  time.Time
	Until  time.Time
	Count  int // offences that led to it
}

// Counters are totals since the start; Dialogs, Connections and Blocked are the numbers of now.
type Counters struct {
	Requests, Responses  uint64 // received and parsed
	Malformed            uint64 // could not be parsed, or lied
	TooLarge             uint64 // of Malformed: beyond a limit of what we read
	Scanned              uint64 // of attackers' tools; no answer
	Unpaid               uint64 // answers that a stranger did not get, because it had more than it sent
	Dropped              uint64 // refused by the guard before parsing
	Panics               uint64 // recovered; each is a bug of ours
	Shed                 uint64 // INVITEs refused with 503 while Refuse is on or we are full
	Unauthorized         uint64 // credentials that were wrong
	Invites              uint64 // calls that reached OnInvite
	KernelDrops          uint64 // datagrams that found a socket's buffer full
	EventsLost           uint64 // events of receivers that did not read for too long
	InfosLost            uint64 // INFO requests of ours that were too many, or too early
	Dialogs, Connections int
	Blocked              int
	Blocks               uint64 // sources that were blocked
}
