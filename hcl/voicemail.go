package hcl

import "time"

// Voicemail is a box that messages are left in.
type Voicemail struct {
	// Name by which steps refer to it: voicemail.claims.
	Name string `hcl:",label"`
	// Greeting before the beep. When not written: the built-in one.
	Greeting string `hcl:"greeting" is:"ref:prompt"`
	// Max is the longest a message may be; silence of 5s ends it earlier.
	Max time.Duration `hcl:"max" is:"5s..1h" default:"2m"`
	// PIN that opens the box from a phone, 4 to 12 digits: secret("vm-claims").
	// Without one it opens from the phones in notify only.
	PIN Secret `hcl:"pin" is:"pin"`
	// MailTo are the addresses that get the messages as sound files.
	MailTo []string `hcl:"mail_to" is:"mail"`
	// Notify are the phones whose message lamp is lit.
	Notify []string `hcl:"notify" is:"ref:extension"`
	// Keep is how long messages are kept. When not written: as long as the
	// retention block says for voicemail.
	Keep time.Duration `hcl:"keep" is:"1d..3650d" default:"90d"`
}

var voicemailKind = &kind{name: "voicemail", new: func() any { return new(Voicemail) }, effect: newCalls, example: `
voicemail "claims" {
  greeting = prompt.welcome
  max      = "2m"
  pin      = secret("vm-claims")
  mail_to  = ["claims@example.com"]
  notify   = [extension.1001]
  keep     = "90d"
}
`}

func (v *Voicemail) check(l *loader, b *block) {
	if !b.has("keep") {
		l.afterwards(func() { v.Keep = l.config.Retention.Voicemail })
	}
}
