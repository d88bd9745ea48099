package floor

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// Write tells how a test went: one line, and under one that failed what was expected, what happened, and all that led there. Dir
// is put before the names of files.
func (r Result) Write(w io.Writer, dir string) error {
	word := "ok    "
	if r.Failure != nil {
		word = "failed"
	}
	if _, err := fmt.Fprintf(w, "%s  %s (%d ms)\n", word, r.Test.Name, r.Took.Milliseconds()); err != nil || r.Failure == nil {
		return err
	}
	_, err := io.WriteString(w, indented(r.told(dir), "        "))
	return err
}

// told is a failure in words.
func (r Result) told(dir string) string {
	f := r.Failure
	var b strings.Builder
	what := f.Step + " could not be done"
	if f.Step == "expect" {
		what = "expect was not met"
	}
	fmt.Fprintf(&b, "%s:%d: %s\n", path.Join(dir, f.At.File), f.At.Line, what)
	list(&b, "expected", f.Expected)
	list(&b, "happened", f.Happened)
	if len(r.Timeline) == 0 {
		fmt.Fprintln(&b, "timeline  nothing happened")
		return b.String()
	}
	fmt.Fprintln(&b, "timeline")
	width := 0
	for _, m := range r.Timeline {
		width = max(width, len([]rune(m.Call)))
	}
	day := time.Time{}
	for _, m := range r.Timeline {
		if y, n, d := m.At.Date(); y != day.Year() || n != day.Month() || d != day.Day() {
			day = m.At
			fmt.Fprintf(&b, "  %s\n", m.At.Format("2006-01-02 Monday"))
		}
		name := m.Call
		if width > 0 {
			name += strings.Repeat(" ", width-len([]rune(name))+2)
		}
		fmt.Fprintf(&b, "  %s  %s%s\n", m.At.Format("15:04:05.000"), name, m.What)
	}
	return b.String()
}

// list writes a word and what belongs to it, one under the other.
func list(b *strings.Builder, word string, all []string) {
	for _, one := range all {
		for line := range strings.Lines(one) {
			fmt.Fprintf(b, "%-8s  %s\n", word, strings.TrimRight(line, "\n"))
			word = ""
		}
	}
}

func indented(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(by+line, " \n") + "\n")
	}
	return b.String()
}

// Shown is a result in JSON.
type Shown struct {
	Name         string        `json:"name"`
	File         string        `json:"file"`
	Line         int           `json:"line"`
	Passed       bool          `json:"passed"`
	Milliseconds float64       `json:"milliseconds"` // on the machine's clock
	Failure      *ShownFailure `json:"failure,omitempty"`
}

// ShownFailure is a failure in JSON.
type ShownFailure struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Step     string        `json:"step"`
	Expected []string      `json:"expected"`
	Happened []string      `json:"happened"`
	Timeline []ShownMoment `json:"timeline"`
}

// ShownMoment is a line of the timeline in JSON.
type ShownMoment struct {
	Time string `json:"time"` // virtual, RFC 3339 with milliseconds
	Call string `json:"call,omitempty"`
	What string `json:"what"`
}

// Shown is the result as JSON shows it.
func (r Result) Shown(dir string) Shown {
	s := Shown{
		Name: r.Test.Name, File: path.Join(dir, r.Test.Place.File), Line: r.Test.Place.Line, Passed: r.Failure == nil,
		Milliseconds: float64(r.Took.Microseconds()) / 1000,
	}
	if f := r.Failure; f != nil {
		s.Failure = &ShownFailure{path.Join(dir, f.At.File), f.At.Line, f.Step, f.Expected, f.Happened, []ShownMoment{}}
		for _, m := range r.Timeline {
			s.Failure.Timeline = append(s.Failure.Timeline, ShownMoment{m.At.Format("2006-01-02T15:04:05.000Z07:00"), m.Call, m.What})
		}
	}
	return s
}

// suite and its parts are what tools that read JUnit's reports expect.
type suite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []suiteCase `xml:"testcase"`
}

type suiteCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr"`
	Line    int          `xml:"line,attr"`
	Time    string       `xml:"time,attr"`
	Failure *suiteFailed `xml:"failure"`
}

type suiteFailed struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as a JUnit report.
func WriteJUnit(w io.Writer, dir string, results []Result) error {
	s := suite{Name: dir, Tests: len(results)}
	var all time.Duration
	for _, r := range results {
		all += r.Took
		c := suiteCase{
			Class: path.Join(dir, r.Test.Place.File), Name: r.Test.Name, File: path.Join(dir, r.Test.Place.File), Line: r.Test.Place.Line,
			Time: seconds(r.Took),
		}
		if r.Failure != nil {
			s.Failures++
			c.Failure = &suiteFailed{strings.Join(r.Failure.Expected, ", "), r.told(dir)}
		}
		s.Cases = append(s.Cases, c)
	}
	s.Time = seconds(all)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
