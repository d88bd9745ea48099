package sip

import (
	"errors"
	"net/netip"
	"time"
)

// Errors of Dial.
var (
	ErrTrunkDown    = errors.New("trunk is down")
	ErrUnknownTrunk = errors.New("no such trunk")
	ErrUnreachable  = errors.New("no way to reach the peer")
	ErrClosed       = errors.New("server is closed")
)

// Party is who calls, as told to the other side.
type Party struct {
	Name, Number string
	Hidden       bool // privacy was asked for (RFC 3323)
}

// Invite is what a new call asked for.
type Invite struct {
	CallID         string
	From           Party
	FromUser       string // user of the From header as it was written
	Number         string // user of the Request-URI: what was dialled
	Account, Trunk string // exactly one is set
	Source         netip.AddrPort
	Transport      string // udp, tcp, tls
	UserAgent      string
	MaxForwards    int
	Body           []byte
}

// DialRequest is a call to place, to a phone (Contact) or to a number by a trunk (Trunk, Number).
type DialRequest struct {
	Events        chan<- Event
	Contact       *Binding
	Trunk, Number string
	Force         bool // try a trunk that is down all the same (emergency)
	From          Party
	Answer        time.Duration // no response at all within this: EventFailed 408 "no response"; 0: 32 s
	MaxForwards   int           // 0: 70
	Headers       [][2]string
	Offer         func(local netip.Addr) []byte // SDP; local is our address as this peer shall see it
}

// Dialog is one call leg in signalling. Every method returns at once; outcomes come as Events, in order, on the
// attached channel. All methods are safe from any goroutine.
type Dialog struct {
	id     string
	invite *Invite
	local  netip.Addr
}

// Invite is what the caller asked for; nil for a leg that we dialled.
func (d *Dialog) Invite() *Invite { return d.invite }

// ID is the Call-ID.
func (d *Dialog) ID() string { return d.id }

// Local is our address as the peer of this dialog shall see it, for SDP.
func (d *Dialog) Local() netip.Addr { return d.local }

// Attach names the channel that gets the Events.
func (d *Dialog) Attach(ch chan<- Event) {}

// Progress sends 180, 181 or 183; ignored after a final response.
func (d *Dialog) Progress(code int, body []byte) {}

// Answer sends 200, again and again until the ACK; then EventConfirmed or EventNoAck.
func (d *Dialog) Answer(body []byte) {}

// Reject refuses a call that was not answered.
func (d *Dialog) Reject(code int, why Reason) {}

// Reinvite offers a new session; EventReinviteDone tells the outcome. A glare (491) is tried again inside.
func (d *Dialog) Reinvite(body []byte) {}

// Info sends an INFO request.
func (d *Dialog) Info(contentType string, body []byte) {}

// Hangup ends the leg by CANCEL, BYE or a refusal, whatever its state needs. It may be called more than once.
func (d *Dialog) Hangup(why Reason) {}
