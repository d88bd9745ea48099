package web

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// A Box is what this package shows. Its methods are called from many goroutines at once and must not wait for calls.
type Box interface {
	Status() Status
	Calls() []Call
	Past(q journal.Query) iter.Seq2[journal.CDR, error]
	// Why tells a call's way, live or past; ErrNotFound when nothing is known of it.
	Why(call string) ([]Step, error)
	Queues() []Queue
	Agents() []Agent
	// AgentSet chooses a status for an agent: ready, paused, offline. ErrNotFound for one who is not there, ErrInvalid for
	// what cannot be chosen.
	AgentSet(name, status, reason string) (Agent, error)
	Plugins() []Plugin // of the running configuration, by name
	Phones() []Phone
	Trunks() []Trunk
	Blocks() []Block
	Unblock(source string) error // ErrNotFound when nothing blocks it

	Plan(files map[string][]byte) PlanResult
	// Apply makes a configuration the running one. A configuration with errors is no error: Applied is false and the
	// plan carries the diagnostics. An error is what stood in the way otherwise, such as a port in use.
	Apply(ctx context.Context, files map[string][]byte, who string) (ApplyResult, error)
	Rollback(ctx context.Context, n int, who string) (ApplyResult, error) // n 0: the one before; ErrNotFound when it is not kept
	Generations() []Generation                                            // oldest first

	SecretSet(name, value string) error // ErrInvalid for a name that cannot be one
	SecretDelete(name string) error     // ErrNotFound
	Secrets() []string                  // names, never values

	Healthy() error // nil: takes calls. Otherwise the first broken link, in words for an operator.
	Metrics() Metrics
}

// What a Box answers when a request cannot be done. Anything else is the box's own failure (500).
var (
	ErrNotFound = errors.New("not found")
	ErrInvalid  = errors.New("not valid")
	ErrBusy     = errors.New("busy") // another change is under way
)

// Status is the box in one look.
type Status struct {
	Name        string    `json:"name"`
	Version     string    `json:"version"`
	Started     time.Time `json:"started"`
	Generation  int       `json:"generation"`
	Hash        string    `json:"hash"`
	Configured  string    `json:"configured"`            // the directory whose files are the intent
	ConfigState string    `json:"config_state"`          // "ok", or a sentence such as "last good generation 4 runs: files are broken"
	Diagnostics string    `json:"diagnostics,omitempty"` // of the files that were refused, as validate prints them
	Listen      []string  `json:"listen"`                // SIP addresses, as bound
	Calls       int       `json:"calls"`
	Extensions  int       `json:"extensions"`
	Phones      int       `json:"phones"` // extensions that are registered
	Trunks      int       `json:"trunks"`
	TrunksUp    int       `json:"trunks_up"`
	PortsUsed   int       `json:"ports_used"` // RTP
	PortsTotal  int       `json:"ports_total"`
	Store       string    `json:"store"`            // "ok" or what is wrong with it
	Alerts      []string  `json:"alerts,omitempty"` // each one sentence, worst first
	Draining    bool      `json:"draining,omitempty"`
}

// A Step is one thing that happened in a call, in words.
type Step struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"`
	More []string  `json:"more,omitempty"` // what was looked at, and what was considered
}

// A Queue is a queue now.
type Queue struct {
	Name         string   `json:"name"`
	Draining     bool     `json:"draining,omitempty"`
	Waiting      int      `json:"waiting"`
	LongestWait  float64  `json:"longest_wait"`            // seconds
	ExpectedWait *float64 `json:"expected_wait,omitempty"` // seconds, for one who comes now; null: not known
	ServiceLevel *float64 `json:"service_level,omitempty"` // of the last hour, 0 to 1; null: no calls
	Ready        int      `json:"ready"`
	Talking      int      `json:"talking"`
	LoggedIn     int      `json:"logged_in"`
}

// An Agent is an agent now.
type Agent struct {
	Name     string    `json:"name"`
	FullName string    `json:"full_name,omitempty"`
	Number   string    `json:"number,omitempty"`
	Status   string    `json:"status"` // what the agent chose: offline, ready, paused
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since,omitzero"` // of the status
	Next     string    `json:"next,omitempty"` // chosen for after the call
	Activity string    `json:"activity"`       // what the box sees: idle, ringing, talking, …
	Why      string    `json:"why,omitempty"`  // of a fault
	Queue    string    `json:"queue,omitempty"`
	Queues   []string  `json:"queues,omitempty"`
	Calls    int       `json:"calls"` // today
}

// A Plugin is a plugin of the running configuration, with what it did since that was applied.
type Plugin struct {
	Name      string           `json:"name"`
	Version   string           `json:"version,omitempty"`
	Source    string           `json:"source"`
	Functions []PluginFunction `json:"functions"`
}

// A PluginFunction is what one function did. Its times go from the call to its end, waiting for callers included.
type PluginFunction struct {
	Name      string            `json:"name"`
	Calls     uint64            `json:"calls"` // that ended
	Running   int               `json:"running"`
	Failed    map[string]uint64 `json:"failed"` // of the calls, by kind: error, timeout, budget, memory, crashed, denied
	Total     float64           `json:"total_seconds"`
	Longest   float64           `json:"longest_seconds"`
	LastError string            `json:"last_error,omitempty"`
}

// A Call is a call in progress.
type Call struct {
	ID         string     `json:"id"`
	Direction  string     `json:"direction"` // in out internal
	From       string     `json:"from"`
	To         string     `json:"to"`
	Trunk      string     `json:"trunk,omitempty"`
	State      string     `json:"state"` // ringing talking held …, in the words of the call
	Started    time.Time  `json:"started"`
	Answered   *time.Time `json:"answered,omitempty"`
	Generation int        `json:"generation"`
	Legs       []Leg      `json:"legs"`
}

// A Leg is one party of a live call, with its sound as measured now.
type Leg struct {
	Peer       string  `json:"peer"`
	State      string  `json:"state"`
	Codec      string  `json:"codec,omitempty"`
	Secure     string  `json:"secure"` // suite that encrypts the sound; empty: it is plain
	PacketsIn  uint64  `json:"packets_in"`
	PacketsOut uint64  `json:"packets_out"`
	Lost       uint64  `json:"lost"`
	JitterMS   float64 `json:"jitter_ms"`
	RTTMS      float64 `json:"rtt_ms"`
	MOS        float64 `json:"mos"` // 1.0 to 4.5; 0: not known yet
}

// A Phone is one contact of an extension, or an extension that has none.
type Phone struct {
	Extension string     `json:"extension"`
	Name      string     `json:"name,omitempty"`
	Online    bool       `json:"online"`
	Contact   string     `json:"contact,omitempty"`
	Source    string     `json:"source,omitempty"` // ip:port
	Transport string     `json:"transport,omitempty"`
	UserAgent string     `json:"user_agent,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"`
	Calls     int        `json:"calls"`
}

// A Trunk is a carrier's line as it stands now.
type Trunk struct {
	Name       string    `json:"name"`
	Address    string    `json:"address"`
	Up         bool      `json:"up"`
	Registered *bool     `json:"registered,omitempty"` // nil: it does not register
	Reason     string    `json:"reason,omitempty"`     // why it is down
	Since      time.Time `json:"since,omitzero"`
	Calls      int       `json:"calls"`
	Channels   int       `json:"channels,omitempty"` // 0: no limit
	RTTMS      float64   `json:"rtt_ms,omitempty"`
}

// A Block is a source whose packets are dropped for a while.
type Block struct {
	Source string    `json:"source"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until"`
	Count  uint64    `json:"count"` // what it sent since
}

// A Generation is a configuration that was once applied.
type Generation struct {
	N       int          `json:"generation"`
	Applied time.Time    `json:"applied"`
	Who     string       `json:"who"`
	Hash    string       `json:"hash"`
	Active  bool         `json:"active"`
	Calls   int          `json:"calls"` // calls in progress that it still serves
	Plan    []hcl.Change `json:"plan,omitempty"`
}

// PlanResult says what applying a configuration would change.
type PlanResult struct {
	Valid         bool            `json:"valid"`
	Diagnostics   json.RawMessage `json:"diagnostics,omitempty"` // as hcl.Diagnostics.JSON prints them
	Text          string          `json:"text,omitempty"`        // the same for people, with excerpts
	Changes       []hcl.Change    `json:"changes"`
	CallsAffected int             `json:"calls_affected"` // calls in progress that a change touches
	Running       int             `json:"running"`        // the generation it was compared with
}

// ApplyResult says what applying did.
type ApplyResult struct {
	Applied    bool       `json:"applied"` // false: refused, or nothing to change
	Generation int        `json:"generation"`
	Plan       PlanResult `json:"plan"`
}

// Metrics are the numbers behind /metrics. Keys are words of closed sets or names from the configuration, never anything
// a stranger chose.
type Metrics struct {
	Ended          map[Ending]uint64
	Active         int
	Registered     int // contacts
	Trunks         map[string]bool
	PortsUsed      int
	PortsTotal     int
	JournalLag     time.Duration // age of the oldest fact not yet on disk
	JournalWaiting int           // facts not yet on disk
	JournalRefused uint64        // facts that contradicted what is written
	SIP            sip.Counters
	Sound          media.Counters
	Shed           uint64 // new calls refused because of load, here and in SIP
	ReloadsOK      uint64
	ReloadsRefused uint64
	Generation     int
	Panics         uint64
}

// An Ending names how calls ended: one outcome and who ended them, both of closed sets.
type Ending struct{ Outcome, Cause string }
