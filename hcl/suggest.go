package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxNames bounds the names that are searched for one that was meant.
const maxNames = 20_000

// sortedNames are the keys of a map in order, unless there are so many that
// nobody would read them.
func sortedNames[T any](m map[string]T) []string {
	if len(m) > maxNames {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// nearest returns the name that was probably meant, or "".
func nearest(given string, names []string) string {
	best, least := "", 1+max(1, min(3, len(given)/3))
	folded := strings.ToLower(strings.ReplaceAll(given, "-", "_"))
	for _, name := range names {
		if strings.EqualFold(name, folded) {
			return name
		}
		if d := distance(folded, strings.ToLower(name), least); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters that must be put in, left out, changed or
// swapped to make b of a; it stops counting at limit.
func distance(a, b string, limit int) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 || len(s)-len(t) >= limit || len(t)-len(s) >= limit {
		return limit
	}
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

// meant is the sentence that offers what was probably meant, then what there
// is: `Did you mean "x"? There are a, b and x.`
func meant(given string, names []string, what string) string {
	var s []string
	if best := nearest(given, names); best != "" {
		s = append(s, fmt.Sprintf("Did you mean %q?", best))
	}
	if len(names) > 0 {
		s = append(s, fmt.Sprintf("%s: %s.", what, enumerate(names)))
	}
	return strings.Join(s, " ")
}

// enumerate lists names, but not thousands of them.
func enumerate(names []string) string {
	const most = 40
	names = slices.Clone(names)
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
