package peers

import (
	"testing"
	"time"
)

// Sound is what SIPp says of the sound of its calls. The sound itself is that of ears, or an echo.
type Sound struct {
	Codec    string // default pcma
	Echoes   bool   // SIPp sends back all that it gets
	Toneless bool   // it knows no telephone-event: keys are tones in the sound
}

// Format is the codec's payload number, Encoding what rtpmap says of it. The number of Opus is the one that the box offers,
// so that it does for both directions.
func (s Sound) Format() int {
	return map[string]int{"pcmu": 0, "": typePCMA, "pcma": typePCMA, "g722": 9, "opus": 111}[s.Codec]
}

// Encoding is described with Format.
func (s Sound) Encoding() string {
	return map[int]string{0: "PCMU/8000", typePCMA: "PCMA/8000", 9: "G722/8000", 111: "opus/48000/2"}[s.Format()]
}

// Caller is how SIPp makes a call.
type Caller struct {
	Sound
	From, Name string
	Number     string
	Password   string        // empty: it is not challenged, as a trunk is not
	Code       int           // the final status it expects, default 200
	Talk       time.Duration // then it hangs up
	Waits      bool          // it leaves hanging up to the other side
	Cancel     time.Duration // after the first 180 it waits that long and gives up
}

// Requests that are challenged are sent twice and differ by their sequence number; these are the caller as the first
// and as the second one sees it.
func (c Caller) First() any  { return numbered[Caller]{c, 1} }
func (c Caller) Second() any { return numbered[Caller]{c, 2} }

// Last is the sequence number of the INVITE that counted.
func (c Caller) Last() int {
	if c.Password != "" {
		return 2
	}
	return 1
}

type numbered[T any] struct {
	Who  T
	CSeq int
}

// Callee is how SIPp takes a call: rings, then answers or refuses.
type Callee struct {
	Sound
	Ring    time.Duration
	Code    int  // default 200
	Rings   bool // it rings until the caller gives up
	HangsUp bool // it ends the call after Talk, otherwise waits for the end
	Talk    time.Duration
}

// Run is how often and from where.
type Run struct {
	Address  string // default 127.0.0.1; trunks are told by their address, so a carrier has one of its own
	Port     int    // default any
	TCP      bool
	Calls    int // of a caller, default 1
	Rate     int // new calls a second
	Ears     []*Ear
	Patience time.Duration // default 60 s
}

func (r Run) options() sippOptions {
	return sippOptions{address: r.Address, port: r.Port, tcp: r.TCP, rate: r.Rate, ears: r.Ears, patience: r.Patience}
}

// Call makes SIPp call by way of remote (host:port).
func Call(t testing.TB, remote string, c Caller, r Run) *SIPp {
	t.Helper()
	if c.Code == 0 {
		c.Code = 200
	}
	if c.Cancel > 0 {
		c.Code = 487
	}
	o := r.options()
	o.scenario, o.values, o.remote, o.calls, o.echoes = "caller", c, remote, max(1, r.Calls), c.Echoes
	o.uri = c.Number + "@" + remote
	return startSIPp(t, o)
}

// Answer lets SIPp take calls until it is stopped, and waits until it does. It answers OPTIONS, too.
func Answer(t testing.TB, c Callee, r Run) *SIPp {
	t.Helper()
	if c.Code == 0 && !c.Rings {
		c.Code = 200
	}
	o := r.options()
	o.scenario, o.values, o.echoes = "callee", c, c.Echoes
	s := startSIPp(t, o)
	Await(t, "SIPp takes calls", patience, func() bool {
		if r.TCP {
			return accepts(s.address)
		}
		return answers(s.address)
	})
	return s
}

// Account is how SIPp registers.
type Account struct {
	Number, Password string
	Wrong            bool // the password is, and SIPp expects to be told so
}

func (a Account) First() any  { return numbered[Account]{a, 1} }
func (a Account) Second() any { return numbered[Account]{a, 2} }

// Register binds an extension to the port of the run, from which then Answer can take its calls.
func Register(t testing.TB, remote, number, password string, r Run) {
	t.Helper()
	Try(t, remote, Account{Number: number, Password: password}, r).Done(20 * time.Second)
}

// Try registers, once or as often and as fast as the run says.
func Try(t testing.TB, remote string, a Account, r Run) *SIPp {
	t.Helper()
	o := r.options()
	o.scenario, o.values, o.remote, o.calls = "register", a, remote, max(1, r.Calls)
	return startSIPp(t, o)
}
