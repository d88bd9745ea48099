package hcl

import (
	"fmt"
	"io"
	"log/slog"
)

// mask stands wherever a secret would.
const mask = "••••"

// Secret is a value that is never printed: every verb of fmt, slog, JSON and
// text encoding show a mask of constant length. Reveal is the only way to it.
type Secret string

// Reveal returns the secret itself, for the place that must send it.
func (s Secret) Reveal() string { return string(s) }

// String returns the mask.
func (s Secret) String() string { return mask }

// Format writes the mask whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalJSON writes the mask.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText writes the mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }
