package hcl

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxFindings bounds what is told at once; nobody reads more.
const maxFindings = 200

// finding is a mistake that was found, before it is told.
type finding struct {
	severity        Severity
	at              hashi.Range
	summary, detail string
}

// full tells whether enough was found: what is found further would not be told,
// and looking for what was meant costs time.
func (l *loader) full() bool { return len(l.found) > maxFindings }

func (l *loader) fail(at hashi.Range, summary, detail string) {
	l.found = append(l.found, finding{Error, at, summary, detail})
}

func (l *loader) warn(at hashi.Range, summary, detail string) {
	l.found = append(l.found, finding{Warning, at, summary, detail})
}

// add takes over what the parser and the evaluator found.
func (l *loader) add(diags hashi.Diagnostics) {
	for _, d := range diags {
		at := hashi.Range{}
		if d.Subject != nil {
			at = *d.Subject
		}
		severity := Error
		if d.Severity == hashi.DiagWarning {
			severity = Warning
		}
		summary, detail := inOurWords(d)
		l.found = append(l.found, finding{severity, at, summary, detail})
	}
}

// inOurWords says what the parser and the evaluator found so that the remedy is
// in it. What is not in the table they say well themselves.
func inOurWords(d *hashi.Diagnostic) (summary, detail string) {
	if call, ok := hashi.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && call.FunctionCallError() != nil {
		what, remedy, _ := strings.Cut(call.FunctionCallError().Error(), "; ")
		return call.CalledFunctionName() + ": " + what, sentence(remedy)
	}
	if detail, ok := remedies[d.Summary]; ok {
		return strings.ToLower(d.Summary[:1]) + d.Summary[1:], detail
	}
	return d.Summary, d.Detail
}

var remedies = map[string]string{
	"Invalid single-argument block definition": "A block on one line holds one attribute. Write each attribute on a line of its own, and the closing } too.",
	"Argument or block definition required":    "Here begins an attribute, NAME = VALUE, or a block, NAME { … }.",
	"Invalid block definition":                 "An attribute has an equals sign: NAME = VALUE. A block has its { on the same line: NAME \"LABEL\" { … }.",
	"Invalid multi-line string":                "A text ends on its line: the closing \" is missing. A text of several lines is <<END … END.",
	"Unterminated template string":             "The closing mark is missing: \" for a text, or the word behind << on a line of its own.",
	"Unclosed configuration block":             "The closing } of this block, or of one inside it, is missing.",
	"Invalid legacy index syntax":              "Names with dots stand in brackets and quotes: extension[\"10.20\"].",
}

// sourceOf is the text of a range, if it is on one line and short enough to be
// repeated.
func (l *loader) sourceOf(r hashi.Range) string {
	src := l.sources[r.Filename]
	if !r.CanSliceBytes(src) {
		return ""
	}
	return string(r.SliceBytes(src))
}

// diagnostics are the findings in the order of files and places, each once,
// with excerpts, and without secrets.
func (l *loader) diagnostics() Diagnostics {
	slices.SortStableFunc(l.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.Filename, b.at.Filename), cmp.Compare(a.at.Start.Byte, b.at.Start.Byte), cmp.Compare(a.severity, b.severity))
	})
	l.found = slices.CompactFunc(l.found, func(a, b finding) bool {
		return a.at == b.at && a.summary == b.summary
	})
	cut := 0
	if len(l.found) > maxFindings {
		// Warnings go first: what stops the configuration must be told.
		slices.SortStableFunc(l.found, func(a, b finding) int { return cmp.Compare(a.severity, b.severity) })
		cut = len(l.found) - maxFindings
		l.found = l.found[:maxFindings]
	}
	ex := &excerpts{sources: l.sources, masked: map[string][]string{}}
	ds := make(Diagnostics, 0, len(l.found)+1)
	for _, f := range l.found {
		d := Diagnostic{
			Severity: f.severity, Summary: l.clean(f.summary), Detail: l.clean(f.detail), File: f.at.Filename,
			Range: Range{Start: position(f.at.Start), End: position(f.at.End)}, Block: l.clean(l.around(f.at)),
		}
		d.Excerpt = ex.of(d)
		for i := range d.Excerpt {
			d.Excerpt[i] = l.clean(d.Excerpt[i])
		}
		ds = append(ds, d)
	}
	if cut > 0 {
		ds = append(ds, Diagnostic{Severity: Error, Summary: fmt.Sprintf("%d more mistakes", cut), Detail: "They are told when these are gone."})
	}
	return ds
}

func position(p hashi.Pos) Position { return Position{Line: p.Line, Column: p.Column, Byte: p.Byte} }

// around is the title of the block a place is in.
func (l *loader) around(at hashi.Range) string {
	for _, body := range l.bodies {
		if body.SrcRange.Filename != at.Filename {
			continue
		}
		for _, b := range body.Blocks {
			if r := b.Range(); within(hashi.Range{Start: b.TypeRange.Start, End: r.End}, at) || within(hashi.Range{Start: b.TypeRange.Start, End: b.CloseBraceRange.End}, at) {
				return strings.TrimSpace(b.Type + " " + quotedLabels(b.Labels))
			}
		}
	}
	return ""
}

func quotedLabels(labels []string) string {
	quoted := make([]string, len(labels))
	for i, s := range labels {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(quoted, " ")
}

// clean takes the values of secrets out of a text: the last line of defence,
// behind marks and masks.
func (l *loader) clean(s string) string {
	for secret := range l.secrets {
		if len(secret) >= 4 && strings.Contains(s, secret) {
			s = strings.ReplaceAll(s, secret, mask)
		}
	}
	return userinfo.ReplaceAllString(s, "$1$2:"+mask+"@")
}

// excerpts makes excerpts of the files, with what is secret masked.
type excerpts struct {
	sources map[string][]byte
	masked  map[string][]string // the lines of a file
}

// maxExcerpt bounds an excerpt: lines, and characters of a line.
const (
	maxExcerptLines = 5
	maxExcerptWidth = 200
)

func (e *excerpts) of(d Diagnostic) []string {
	src, ok := e.sources[d.File]
	if !ok || d.Range.Start.Line < 1 {
		return nil
	}
	lines, ok := e.masked[d.File]
	if !ok {
		for line := range bytes.SplitSeq(maskSecrets(d.File, src), []byte("\n")) {
			lines = append(lines, string(bytes.ToValidUTF8(bytes.TrimSuffix(line, []byte("\r")), []byte("�"))))
		}
		e.masked[d.File] = lines
	}
	first := d.Range.Start.Line - 1
	last := min(max(d.Range.End.Line, d.Range.Start.Line), d.Range.Start.Line+maxExcerptLines-1, len(lines))
	if first >= last {
		return nil
	}
	excerpt := slices.Clone(lines[first:last])
	for i, line := range excerpt {
		if r := []rune(line); len(r) > maxExcerptWidth {
			excerpt[i] = string(r[:maxExcerptWidth]) + "…"
		}
	}
	return excerpt
}
