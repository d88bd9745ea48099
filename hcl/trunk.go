package hcl

import (
	"fmt"
	"net/netip"
	"time"
)

// Trunk is a line to a carrier, or to another switch. Calls come in by it when
// they come from AcceptFrom, or over its registration; calls go out by it when a
// route names it.
type Trunk struct {
	// Name by which routes refer to it: trunk.pstn.
	Name string `hcl:",label"`
	// Address the carrier is called at, a SIP URI with a host, and a port and a
	// transport if they are not the usual ones:
	// "sip:sbc.carrier.example:5060;transport=udp".
	Address string `hcl:"address" is:"required sip-uri"`
	// Username for digest authentication (RFC 3261 section 22), and the account
	// that is registered.
	Username string `hcl:"username" is:"1..128"`
	// Password for digest authentication: secret("pstn").
	Password Secret `hcl:"password"`
	// Register with the carrier, so that it knows where to send calls.
	Register bool `hcl:"register" default:"false"`
	// Expires is how long a registration lasts before it is renewed.
	Expires time.Duration `hcl:"expires" is:"1m..24h" default:"10m"`
	// AcceptFrom are the addresses whose calls are this trunk's:
	// ["198.51.100.0/24"]. When not written: only those that Address names.
	AcceptFrom []netip.Prefix `hcl:"accept_from"`
	// Codecs to offer on this line, the preferred first. When not written:
	// those of the media block.
	Codecs []string `hcl:"codecs" is:"opus|g722|pcma|pcmu"`
	// Channels is how many calls the line carries, in and out together. More are
	// refused with 503, and go out by the next trunk. 0: as many as come.
	Channels int `hcl:"channels" is:"0..10000" default:"0" effect:"live at once"`
	// CallerID is shown to those who are called by this line, where neither the
	// route nor the extension says otherwise: "+886227001234".
	CallerID string `hcl:"caller_id" is:"number"`
	// Health is how often the line is asked whether it is up (OPTIONS). 0s: it
	// is never asked and taken to be up.
	Health time.Duration `hcl:"health" is:"0s..1h" default:"30s"`
	// Trusted says whether the line is believed when it says who calls and who
	// forwarded the call (P-Asserted-Identity, Diversion; RFC 3325), and is told
	// the same of our callers, also who wants to stay hidden.
	Trusted bool `hcl:"trusted" default:"true"`
	// DTMF is how keys are sent to the line: auto, rfc4733 (as events), info
	// (SIP INFO, application/dtmf-relay) or inband (as tones). Auto is as events
	// where both sides agree on them, else by INFO where the line says that it
	// takes it, else as tones. With rfc4733 they go as tones where events were
	// not agreed on. Keys are understood however they come.
	DTMF string `hcl:"dtmf" is:"auto|rfc4733|info|inband" default:"auto"`
	// FollowRedirects lets the line answer a call with other places to try (3xx,
	// RFC 3261 section 8.1.3.4), five in a row at most. The number named there is
	// called by this line, or by the trunk whose host is named with it; the caller
	// needs the right to call it. Without it the next trunk is tried.
	FollowRedirects bool `hcl:"follow_redirects" default:"false"`
}

var trunkKind = &kind{name: "trunk", new: func() any { return new(Trunk) }, effect: newCalls, example: `
trunk "pstn" {
  address     = "sip:sbc.carrier.example:5060;transport=udp"
  username    = "0227001234"
  password    = secret("pstn")
  register    = true
  expires     = "10m"
  accept_from = ["198.51.100.0/24"]
  codecs      = ["pcma", "pcmu"]
  channels    = 30
  caller_id   = "+886227001234"
  health      = "30s"
  trusted     = true
  dtmf        = "auto"

  follow_redirects = false
}

trunk "backup" {
  address = "sip:sip.second.example"
}
`}

func (t *Trunk) check(l *loader, b *block) {
	if t.Register && (!b.wrotePart("username") || !b.wrotePart("password")) {
		l.fail(b.at("register"), b.title()+" registers without an account", "Registration needs username and password; leave register out for a line that is known by its address.")
	}
	if b.has("password") && !b.wrotePart("username") {
		l.fail(b.def, b.title()+" has a password and no username", "Add username = \"…\", the account that the carrier gave.")
	}
	if b.has("codecs") && len(t.Codecs) == 0 {
		l.fail(b.at("codecs"), "codecs is empty", "Leave it out to take those of the media block.")
	}
	if t.Health > 0 && t.Health < 5*time.Second {
		l.fail(b.at("health"), fmt.Sprintf("health = %s is out of range", durationText(t.Health)), "0s (never) or 5s to 1h: asking more often looks like an attack to carriers.")
	}
	for _, p := range t.AcceptFrom {
		if p.Bits() == 0 {
			l.warn(b.at("accept_from"), b.title()+" takes calls from anywhere", "Whoever reaches the box can place calls as this trunk. Name the carrier's addresses.")
		}
	}
}
