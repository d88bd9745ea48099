package main

import (
	"fmt"
	"strings"
)

const (
	// around is how many unchanged lines a difference shows on both sides.
	around = 3
	// maxTable bounds the comparison: two stretches of a thousand lines each that have nothing in common at the ends.
	maxTable = 1 << 20
)

// unified shows the difference of two texts as diff -u does.
func unified(name, before, after string) string {
	a, b := lines(before), lines(after)
	edits := compare(a, b)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
	for start := 0; start < len(edits); {
		if edits[start].op == ' ' {
			start++
			continue
		}
		end, quiet := start, 0
		for i := start; i < len(edits) && quiet <= 2*around; i++ {
			if edits[i].op == ' ' {
				quiet++
				continue
			}
			end, quiet = i+1, 0
		}
		from, to := max(0, start-around), min(len(edits), end+around)
		hunk(&out, edits, from, to)
		start = to
	}
	return out.String()
}

func hunk(out *strings.Builder, edits []edit, from, to int) {
	oldStart, newStart := 1, 1
	for _, e := range edits[:from] {
		oldStart += e.inOld()
		newStart += e.inNew()
	}
	var oldLen, newLen int
	for _, e := range edits[from:to] {
		oldLen += e.inOld()
		newLen += e.inNew()
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", oldStart, oldLen, newStart, newLen)
	for _, e := range edits[from:to] {
		fmt.Fprintf(out, "%c%s\n", e.op, e.line)
	}
}

// edit is one line that stays (' '), goes ('-') or comes ('+').
type edit struct {
	op   byte
	line string
}

func (e edit) inOld() int { return map[byte]int{' ': 1, '-': 1}[e.op] }
func (e edit) inNew() int { return map[byte]int{' ': 1, '+': 1}[e.op] }

func lines(s string) []string {
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// compare finds the longest common lines between what differs; what both begin and end with is taken off first.
func compare(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	edits := append(head, middle(a, b)...)
	for i := len(tail) - 1; i >= 0; i-- {
		edits = append(edits, tail[i])
	}
	return edits
}

func middle(a, b []string) []edit {
	var edits []edit
	i, j := 0, 0
	if len(a)*len(b) <= maxTable {
		common := commonTable(a, b)
		for i < len(a) && j < len(b) {
			switch {
			case a[i] == b[j]:
				edits = append(edits, edit{' ', a[i]})
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				edits = append(edits, edit{'-', a[i]})
				i++
			default:
				edits = append(edits, edit{'+', b[j]})
				j++
			}
		}
	}
	for ; i < len(a); i++ {
		edits = append(edits, edit{'-', a[i]})
	}
	for ; j < len(b); j++ {
		edits = append(edits, edit{'+', b[j]})
	}
	return edits
}

// commonTable is the length of the longest common subsequence of a[i:] and b[j:].
func commonTable(a, b []string) [][]int {
	t := make([][]int, len(a)+1)
	for i := range t {
		t[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				t[i][j] = t[i+1][j+1] + 1
			} else {
				t[i][j] = max(t[i+1][j], t[i][j+1])
			}
		}
	}
	return t
}
