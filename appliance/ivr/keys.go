package ivr

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"callbox/hcl"
)

// interDigit is how long a menu waits for the next digit of a key that may have more.
const interDigit = 3 * time.Second

// verdict is what keys come to so far.
type verdict int

const (
	more   verdict = iota // another key may change it
	good                  // it is an entry
	wrong                 // it is none
	silent                // nothing was keyed
)

// choices are the keys of a menu, and where each leads.
type choices map[string]place

// take judges what was keyed so far. A key that begins no longer one counts at once; one that does waits for the rest, and
// a # ends the waiting. What is no key is wrong when it is as long as the shortest one: who mistypes a number of three
// digits has mistyped once, not three times. Entry is the key that was meant.
func (m choices) take(keyed string) (entry string, v verdict) {
	longer := false
	for k := range m {
		longer = longer || len(k) > len(keyed) && strings.HasPrefix(k, keyed)
	}
	if _, is := m[keyed]; is && !longer {
		return keyed, good
	}
	if longer {
		return keyed, more
	}
	if begun, ended := strings.CutSuffix(keyed, "#"); ended {
		if _, is := m[begun]; is {
			return begun, good
		}
	}
	if m.shortest() > len(keyed) {
		return keyed, more
	}
	return keyed, wrong
}

func (m choices) shortest() int {
	shortest := 0
	for k := range m {
		if shortest == 0 || len(k) < shortest {
			shortest = len(k)
		}
	}
	return shortest
}

// rest judges what was keyed when nothing more comes.
func (m choices) rest(keyed string) verdict {
	_, is := m[keyed]
	switch {
	case keyed == "":
		return silent
	case is:
		return good
	}
	return wrong
}

// entry says which digits a collect takes.
type entry struct {
	least, most int
	end         string // the key that ends it; empty: none does
	matching    *regexp.Regexp
}

// entryOf reads what the language has checked: "6", "4-12".
func entryOf(do *hcl.Collect) entry {
	least, most, ranged := strings.Cut(do.Digits, "-")
	e := entry{end: do.EndKey, matching: do.Matching}
	e.least, _ = strconv.Atoi(least)
	e.most = e.least
	if ranged {
		e.most, _ = strconv.Atoi(most)
	}
	return e
}

// take judges an entry to which a key is added.
func (e entry) take(keyed, key string) (entry string, v verdict) {
	if key == e.end {
		return keyed, e.judge(keyed)
	}
	if keyed += key; len(keyed) >= e.most {
		return keyed, e.judge(keyed)
	}
	return keyed, more
}

// judge judges an entry that is complete.
func (e entry) judge(keyed string) verdict {
	if len(keyed) < e.least || e.matching != nil && !e.matching.MatchString(keyed) {
		return wrong
	}
	return good
}

// rest judges what was keyed when nothing more comes.
func (e entry) rest(keyed string) verdict {
	if keyed == "" {
		return silent
	}
	return e.judge(keyed)
}
