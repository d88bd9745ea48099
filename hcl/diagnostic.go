package hcl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Severity tells what stops a configuration from what does not.
type Severity int

// Severities.
const (
	Error Severity = iota
	Warning
)

// String returns error or warning.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

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
	File string
	// Range has Line 0 when the mistake is the whole file's.
	Range Range
	// Block is the block around the place, such as `trunk "pstn"`; or empty.
	Block string
	// Excerpt are the lines of Range, at most five, secrets masked. The first is
	// Range.Start.Line.
	Excerpt []string
}

// String is the diagnostic in one line, for logs.
func (d Diagnostic) String() string {
	where := ""
	if d.File != "" {
		where = d.File + ": "
		if d.Range.Start.Line > 0 {
			where = fmt.Sprintf("%s:%d: ", d.File, d.Range.Start.Line)
		}
	}
	return strings.TrimSpace(where + d.Summary + ". " + d.Detail)
}

// Diagnostics are all mistakes of a configuration, in the order of files and
// lines.
type Diagnostics []Diagnostic

// HasErrors tells whether any of them stops the configuration from being used.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Write prints them for people, with colours for a terminal if asked. Only
// writing can fail.
func (ds Diagnostics) Write(w io.Writer, color bool) error {
	var b bytes.Buffer
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.write(&b, color)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (d Diagnostic) write(b *bytes.Buffer, color bool) {
	paint := func(code, s string) string {
		if !color || s == "" {
			return s
		}
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	if d.Severity == Error {
		b.WriteString(paint("1;31", "Error:"))
	} else {
		b.WriteString(paint("1;33", "Warning:"))
	}
	fmt.Fprintf(b, " %s\n", paint("1", d.Summary))
	d.writePlace(b)
	width := len(fmt.Sprint(d.Range.Start.Line + len(d.Excerpt) - 1))
	for i, line := range d.Excerpt {
		if color {
			from, to := d.highlight(i)
			line = line[:from] + paint("4", line[from:to]) + line[to:]
		}
		number := paint("2", fmt.Sprintf("%*d:", width, d.Range.Start.Line+i))
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %s %s", number, line), " ") + "\n")
	}
	if d.Detail != "" {
		fmt.Fprintf(b, "  %s\n", strings.ReplaceAll(d.Detail, "\n", "\n  "))
	}
}

func (d Diagnostic) writePlace(b *bytes.Buffer) {
	if d.File == "" {
		return
	}
	fmt.Fprintf(b, "  on %s", d.File)
	if d.Range.Start.Line > 0 {
		fmt.Fprintf(b, " line %d", d.Range.Start.Line)
	}
	if d.Block != "" {
		fmt.Fprintf(b, ", in %s", d.Block)
	}
	if len(d.Excerpt) > 0 {
		b.WriteByte(':')
	}
	b.WriteByte('\n')
}

// highlight is the part of a line of the excerpt, in bytes, that the range
// covers. A line with a mask is covered whole: its places have moved.
func (d Diagnostic) highlight(i int) (from, to int) {
	line := d.Excerpt[i]
	to = len(strings.TrimRight(line, " \t"))
	from = min(len(line)-len(strings.TrimLeft(line, " \t")), to)
	if strings.Contains(line, mask) {
		return from, to
	}
	if n := d.Range.Start.Line + i; n == d.Range.Start.Line {
		from = min(byteAt(line, d.Range.Start.Column), to)
	}
	if n := d.Range.Start.Line + i; n == d.Range.End.Line {
		to = max(from, min(byteAt(line, d.Range.End.Column), to))
	}
	return from, to
}

// byteAt is the offset of a column in a line.
func byteAt(line string, column int) int {
	offset := 0
	for ; column > 1 && offset < len(line); column-- {
		_, n := utf8.DecodeRuneInString(line[offset:])
		offset += n
	}
	return offset
}

type jsonRange struct {
	Filename string   `json:"filename"`
	Start    Position `json:"start"`
	End      Position `json:"end"`
}

type jsonSnippet struct {
	Context              *string `json:"context"`
	Code                 string  `json:"code"`
	StartLine            int     `json:"start_line"`
	HighlightStartOffset int     `json:"highlight_start_offset"`
	HighlightEndOffset   int     `json:"highlight_end_offset"`
	Values               []any   `json:"values"`
}

type jsonDiagnostic struct {
	Severity string       `json:"severity"`
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Range    *jsonRange   `json:"range,omitempty"`
	Snippet  *jsonSnippet `json:"snippet,omitempty"`
}

// JSON returns them in the shape of `terraform validate -json`, format 1.0.
func (ds Diagnostics) JSON() []byte {
	out := struct {
		FormatVersion string           `json:"format_version"`
		Valid         bool             `json:"valid"`
		ErrorCount    int              `json:"error_count"`
		WarningCount  int              `json:"warning_count"`
		Diagnostics   []jsonDiagnostic `json:"diagnostics"`
	}{FormatVersion: "1.0", Valid: !ds.HasErrors(), Diagnostics: []jsonDiagnostic{}}
	for _, d := range ds {
		if d.Severity == Error {
			out.ErrorCount++
		} else {
			out.WarningCount++
		}
		out.Diagnostics = append(out.Diagnostics, d.json())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		panic("hcl: diagnostics: " + err.Error()) // plain structs of texts and numbers always encode
	}
	return b.Bytes()
}

func (d Diagnostic) json() jsonDiagnostic {
	j := jsonDiagnostic{Severity: d.Severity.String(), Summary: d.Summary, Detail: d.Detail}
	if d.File != "" {
		j.Range = &jsonRange{Filename: d.File, Start: d.Range.Start, End: d.Range.End}
	}
	if len(d.Excerpt) == 0 {
		return j
	}
	s := &jsonSnippet{Code: strings.Join(d.Excerpt, "\n"), StartLine: d.Range.Start.Line, Values: []any{}}
	if d.Block != "" {
		s.Context = &d.Block
	}
	s.HighlightStartOffset, s.HighlightEndOffset = d.highlight(0)
	if n := len(d.Excerpt); n > 1 {
		_, to := d.highlight(n - 1)
		s.HighlightEndOffset = len(s.Code) - len(d.Excerpt[n-1]) + to
	}
	j.Snippet = s
	return j
}
