package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// table is aligned columns. Cells may hold anything, also what strangers sent: nothing in them reaches the terminal as
// a command.
type table struct {
	head []string // a leading ">" aligns the column to the right
	rows [][]string
}

const (
	gap = 2
	// maxCell is the width after which a cell is cut, because a stranger's User-Agent must not push the rest away.
	maxCell = 48
)

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	right := make([]bool, len(t.head))
	head := make([]string, len(t.head))
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		head[i], right[i] = strings.TrimPrefix(h, ">"), strings.HasPrefix(h, ">")
		widths[i] = columns(head[i])
	}
	for _, row := range t.rows {
		for i, cell := range row {
			row[i] = cut(strings.Join(strings.Fields(clean(cell)), " "), maxCell)
			widths[i] = max(widths[i], columns(row[i]))
		}
	}
	for _, row := range append([][]string{head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-columns(cell))
			if right[i] {
				cell, pad = pad+cell, ""
			}
			line.WriteString(cell + pad + strings.Repeat(" ", gap))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// columns is how many columns of a terminal a text takes: Chinese, Japanese and Korean characters and most symbols of
// their size take two, marks that combine with the one before take none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a text to n columns.
func cut(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// clean takes out of a text what a terminal would obey.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // also what turns the direction of writing
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// span is a duration as people say it: 12s, 3m05s, 2h03m, 4d02h.
func span(d time.Duration) string {
	d = max(0, d.Round(time.Second))
	switch s := int(d.Seconds()); {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
}

// moment is a time in the reader's zone, without the date when it is today.
func (a *app) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	now := a.now()
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format("2006-01-02 15:04")
}

// counted is "1 call", "2 calls".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// mos is a quality from 1 to 4.5, or nothing while it is not known.
func mos(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", v)
}
