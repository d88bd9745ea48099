package hcl

import (
	"net/netip"
	"time"
)

// Security says what the box takes for an attack, and what it does then.
type Security struct {
	// Failures of one source within Window after which it is blocked.
	Failures int `hcl:"failures" is:"3..1000" default:"10"`
	// Window in which failures are counted.
	Window time.Duration `hcl:"window" is:"10s..24h" default:"10m"`
	// BlockFor is how long a source is blocked; each time again it is longer.
	BlockFor time.Duration `hcl:"block_for" is:"1m..30d" default:"1h"`
	// Trusted networks are slowed down, never blocked.
	Trusted []netip.Prefix `hcl:"trusted"`
	// Deny networks altogether.
	Deny []netip.Prefix `hcl:"deny"`
	// RequestsPerSecond that one source may send before it counts as a flood.
	RequestsPerSecond int `hcl:"requests_per_second" is:"1..10000" default:"50"`
	// PasswordLength is the least length of the passwords of users and phones.
	PasswordLength int `hcl:"password_length" is:"8..64" default:"8"`
	// InternationalPerDay is how many minutes one extension may call abroad on a
	// day; what is beyond looks like fraud. 0: as many as it likes.
	InternationalPerDay int `hcl:"international_per_day" is:"0..1440" default:"0"`
	// Countries that may be called, as two letters of ISO 3166. When not
	// written: all that the extension's class allows.
	Countries []string `hcl:"countries" is:"country"`
}

var securityKind = &kind{name: "security", new: func() any { return new(Security) }, effect: atOnce, example: `
security {
  failures              = 10
  window                = "10m"
  block_for             = "1h"
  trusted               = ["192.168.0.0/16"]
  deny                  = ["203.0.113.0/24"]
  requests_per_second   = 50
  password_length       = 12
  international_per_day = 60
  countries             = ["TW", "JP", "HK"]
}
`}
