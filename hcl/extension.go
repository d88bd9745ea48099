package hcl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Extension is a phone of the house: an account that phones register with, and
// a number that the others dial.
type Extension struct {
	// Number that is dialled, and the account's name: extension "1001". It is
	// text: 0101 and 101 are two.
	Number string `hcl:",label" is:"extension"`
	// Name shown to those who are called.
	Name string `hcl:"name" is:"1..100"`
	// Password the phone registers with (RFC 3261 section 22). Without one no
	// phone can register, and calls go where forward says.
	Password Secret `hcl:"password"`
	// Allow says what may be called: internal, national, mobile, international,
	// premium. Emergency numbers are always allowed, on any trunk that is up.
	Allow []string `hcl:"allow" is:"internal|national|mobile|international|premium|emergency" default:"internal"`
	// Codecs to offer to this phone, the preferred first. When not written:
	// those of the media block.
	Codecs []string `hcl:"codecs" is:"opus|g722|pcma|pcmu"`
	// Voicemail takes a message when nobody answers and no forward does better:
	// in the voicemail block of the same name, or a box of its own.
	Voicemail bool `hcl:"voicemail" default:"false"`
	// Forward sends calls elsewhere, one block for each occasion.
	Forward []Forward `hcl:"forward" is:"block"`
	// NoAnswer is how long the phone rings before that counts as no answer.
	NoAnswer time.Duration `hcl:"no_answer" is:"5s..5m" default:"25s"`
	// CallerID is shown to those outside who are called: "+886227001234". When
	// not written: what the route or the trunk says.
	CallerID string `hcl:"caller_id" is:"number"`
	// MaxContacts is how many phones may be registered at once; all ring.
	MaxContacts int `hcl:"max_contacts" is:"1..20" default:"10"`
	// DTMF is how keys are sent to the phone: auto, rfc4733 (as events), info
	// (SIP INFO, application/dtmf-relay) or inband (as tones). Auto is as events
	// where both sides agree on them, else by INFO where the phone says that it
	// takes it, else as tones. With rfc4733 they go as tones where events were
	// not agreed on. Keys are understood however they come.
	DTMF string `hcl:"dtmf" is:"auto|rfc4733|info|inband" default:"auto" effect:"new calls only"`
	// FollowRedirects lets the phone send its calls elsewhere by itself (3xx,
	// RFC 3261 section 8.1.3.4), as when somebody sets a forward on the phone;
	// five in a row at most. The number named there is called as if a forward of
	// the extension said so: it needs the right to call it. Without it such a
	// call is not answered, and goes where the forward for no_answer leads. What
	// a queue or a ring group offers stays with it.
	FollowRedirects bool `hcl:"follow_redirects" default:"false" effect:"new calls only"`
}

// Forward sends calls for an extension elsewhere.
type Forward struct {
	// When it does: always, busy (also declined), no_answer, or offline (no phone
	// is registered).
	When string `hcl:"when" is:"required always|busy|no_answer|offline"`
	// To is where the call goes: extension.1002, number("+886912345678").
	To Destination `hcl:"to" is:"required ref:destination"`
	// After is how long it rings first, where the extension's no_answer is not
	// right; with when = "no_answer" only.
	After time.Duration `hcl:"after" is:"5s..5m"`
}

var extensionKind = &kind{name: "extension", new: func() any { return new(Extension) }, effect: atOnce, example: `
extension "1001" {
  name         = "Mei Lin"
  password     = secret("ext-1001")
  allow        = ["internal", "national"]
  codecs       = ["pcma"]
  voicemail    = true
  no_answer    = "25s"
  caller_id    = "+886227001234"
  max_contacts = 3
  dtmf         = "auto"

  follow_redirects = true

  forward {
    when = "busy"
    to   = extension.1002
  }
  forward {
    when  = "no_answer"
    to    = number("+886912345678")
    after = "15s"
  }
}

extension "1002" {
  name     = "Jun Ho"
  password = secret("ext-1002")
}
`}

func (e *Extension) check(l *loader, b *block) {
	seen := map[string]*block{}
	for _, in := range b.inner["forward"] {
		f := in.value.(*Forward)
		if first := seen[f.When]; first != nil && f.When != "" {
			l.fail(in.at("when"), fmt.Sprintf("%s forwards %s calls twice", b.title(), f.When), fmt.Sprintf("It does so first at %s; one forward for each occasion.", placeOf(first.def)))
		}
		seen[f.When] = in
		if f.To == (Destination{"extension", b.name}) {
			l.fail(in.at("to"), b.title()+" forwards to itself", "Name another destination.")
		}
		if in.has("after") && f.When != "no_answer" && f.When != "" {
			l.fail(in.at("after"), fmt.Sprintf("after has no meaning with when = %q", f.When), `Only a call that rings can wait: when = "no_answer".`)
		}
	}
	if always := seen["always"]; always != nil && len(seen) > 1 {
		l.warn(always.def, b.title()+" forwards every call, so its other forwards never do", "Remove this one or the others.")
	}
	if b.has("codecs") && len(e.Codecs) == 0 {
		l.fail(b.at("codecs"), "codecs is empty", "Leave it out to take those of the media block.")
	}
}

// forwardCircles warns about calls that would be forwarded round and round.
func (l *loader) forwardCircles() {
	next := map[string][]*block{}
	for name, b := range l.named["extension"] {
		for _, in := range b.inner["forward"] {
			if f := in.value.(*Forward); f.To.Kind == "extension" && (f.When == "always" || f.When == "offline") {
				next[name] = append(next[name], in)
			}
		}
	}
	for _, name := range l.namesOf("extension") {
		for _, first := range next[name] {
			when := first.value.(*Forward).When
			path, at := []string{name}, first
			for seen := map[string]bool{name: true}; at != nil; {
				to := at.value.(*Forward).To.Name
				path = append(path, to)
				if to == name && len(path) > 2 && name == slices.Min(path) {
					l.warn(first.at("to"), "calls would be forwarded in a circle", fmt.Sprintf("They forward to each other (%s): %s. Such a call ends as unreachable.", when, strings.Join(path, " → ")))
				}
				if seen[to] {
					break
				}
				seen[to] = true
				at = sameForward(next[to], when)
			}
		}
	}
}

// sameForward is the forward that goes on with a call of that occasion.
func sameForward(forwards []*block, when string) *block {
	for _, in := range forwards {
		if w := in.value.(*Forward).When; w == "always" || w == when {
			return in
		}
	}
	return nil
}
