package hcl

import "time"

// Retention says how long facts are kept. What is older is deleted, and that is
// written down.
type Retention struct {
	// Calls are CDRs and the events they come from.
	Calls time.Duration `hcl:"calls" is:"1d..3650d" default:"730d"`
	// Recordings of calls.
	Recordings time.Duration `hcl:"recordings" is:"1d..3650d" default:"90d"`
	// RecordingsSize is how much they may take; the oldest go first. 0B: as much
	// as there is.
	RecordingsSize Size `hcl:"recordings_size" is:"0B..100TB" default:"0B"`
	// Voicemail where the box does not say otherwise.
	Voicemail time.Duration `hcl:"voicemail" is:"1d..3650d" default:"90d"`
	// Tickets after they were closed.
	Tickets time.Duration `hcl:"tickets" is:"1d..3650d" default:"1825d"`
	// Customers after their last contact.
	Customers time.Duration `hcl:"customers" is:"1d..3650d" default:"1825d"`
	// Audit is the log of who did what in the box.
	Audit time.Duration `hcl:"audit" is:"30d..3650d" default:"730d"`
}

var retentionKind = &kind{name: "retention", new: func() any { return new(Retention) }, effect: atOnce, example: `
retention {
  calls           = "730d"
  recordings      = "90d"
  recordings_size = "200GB"
  voicemail       = "90d"
  tickets         = "1825d"
  customers       = "1825d"
  audit           = "730d"
}
`}
