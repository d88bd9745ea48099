package hcl

import "time"

// Recording says how calls are recorded, where a queue or a campaign says that
// they are.
type Recording struct {
	// Format of the files: wav (two tracks, caller left), or opus (a tenth of
	// the size).
	Format string `hcl:"format" is:"wav|opus" default:"wav"`
	// Consent is said to callers before a call is recorded.
	Consent string `hcl:"consent" is:"ref:prompt"`
	// Beep every so often, where the law asks for it. 0s: never.
	Beep time.Duration `hcl:"beep" is:"0s..5m" default:"0s"`
	// Pause lets agents pause it, when a card number is said.
	Pause bool `hcl:"pause" default:"true"`
	// Internal calls are recorded too.
	Internal bool `hcl:"internal" default:"false"`
	// Max is the longest a recording may be.
	Max time.Duration `hcl:"max" is:"1m..24h" default:"4h"`
	// MinFree stops recordings when the disk has less than this.
	MinFree Size `hcl:"min_free" is:"100MB..10TB" default:"2GB"`
}

var recordingKind = &kind{name: "recording", new: func() any { return new(Recording) }, effect: newCalls, example: `
recording {
  format   = "wav"
  consent  = prompt.welcome
  beep     = "15s"
  pause    = true
  internal = false
  max      = "4h"
  min_free = "2GB"
}
`}
