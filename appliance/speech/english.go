package speech

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// english reads values as people say them: "one hundred and five"; in America without the "and".
type english struct{ and bool }

var (
	englishOnes = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen" +
		" sixteen seventeen eighteen nineteen")
	englishTens   = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	englishScales = []string{"", " thousand", " million", " billion", " trillion", " quadrillion"}
	irregular     = map[string]string{
		"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
	}
)

func (e english) number(n decimal, how manner) string {
	words := e.whole(n.whole)
	if how.is("ordinal") {
		words = ordinal(words)
	}
	if n.fraction != "" {
		words += " point " + e.each(n.fraction)
	}
	if n.negative {
		words = "minus " + words
	}
	return words
}

func (e english) whole(n uint64) string {
	if n == 0 {
		return englishOnes[0]
	}
	var groups []string
	for scale, rest := 0, n; rest > 0; scale, rest = scale+1, rest/1000 {
		group := rest % 1000
		if group == 0 {
			continue
		}
		words := e.hundreds(group) + englishScales[scale]
		if scale == 0 && group < 100 && n > 1000 && e.and {
			words = "and " + words
		}
		groups = append([]string{words}, groups...)
	}
	return strings.Join(groups, " ")
}

// hundreds reads 1 to 999.
func (e english) hundreds(n uint64) string {
	if n < 100 {
		return tens(n)
	}
	words := englishOnes[n/100] + " hundred"
	switch {
	case n%100 == 0:
		return words
	case e.and:
		words += " and"
	}
	return words + " " + tens(n%100)
}

// tens reads 0 to 99.
func tens(n uint64) string {
	switch {
	case n < 20:
		return englishOnes[n]
	case n%10 == 0:
		return englishTens[n/10]
	}
	return englishTens[n/10] + "-" + englishOnes[n%10]
}

// ordinal makes the last word of a number its place in an order.
func ordinal(words string) string {
	at := strings.LastIndexAny(words, " -") + 1
	last := words[at:]
	switch stem, isTens := strings.CutSuffix(last, "y"); {
	case irregular[last] != "":
		last = irregular[last]
	case isTens:
		last = stem + "ieth"
	default:
		last += "th"
	}
	return words[:at] + last
}

// each reads digits one by one.
func (english) each(digits string) string {
	words := make([]string, len(digits))
	for i, d := range []byte(digits) {
		words[i] = englishOnes[d-'0']
	}
	return strings.Join(words, " ")
}

var englishSigns = map[rune]string{
	'+': "plus", '*': "star", '#': "hash", '-': "dash", '.': "dot", '@': "at", '_': "underscore", '/': "slash", '&': "and",
	':': "colon", '\\': "backslash", '%': "percent", '=': "equals", '!': "exclamation mark", '?': "question mark", ',': "comma",
}

// digits pauses where the number is written in groups.
func (e english) digits(s string, _ manner) string {
	return grouped(s, ", ", func(r rune) string {
		switch {
		case isGap(r):
			return ""
		case unicode.IsLetter(r):
			return e.character(r) + ","
		}
		return e.character(r)
	}, " ")
}

// spell pauses behind everything: without, the letter A is heard as the article.
func (e english) spell(s string) string {
	return grouped(s, "; ", func(r rune) string {
		if unicode.IsSpace(r) {
			return ""
		}
		return e.character(r)
	}, ", ")
}

func (english) character(r rune) string {
	switch {
	case r >= '0' && r <= '9':
		return englishOnes[r-'0']
	case englishSigns[r] != "":
		return englishSigns[r]
	}
	return string(unicode.ToUpper(r))
}

// isGap tells what separates groups of digits and is not read itself.
func isGap(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("-.()/", r) }

// grouped reads a text rune by rune, with a pause where runes have no name.
func grouped(s, pause string, name func(rune) string, between string) string {
	var groups, group []string
	for _, r := range s + " " {
		switch word := name(r); {
		case word != "":
			group = append(group, word)
		case len(group) > 0:
			groups, group = append(groups, strings.Join(group, between)), nil
		}
	}
	if len(group) > 0 {
		groups = append(groups, strings.Join(group, between))
	}
	return strings.Join(groups, pause)
}

func (e english) date(t time.Time, how manner) string {
	words := t.Month().String() + " " + ordinal(e.whole(uint64(t.Day())))
	if how.is("weekday") {
		words = t.Weekday().String() + ", " + words
	}
	if !how.is("short") {
		words += ", " + e.year(t.Year())
	}
	return words
}

// year reads 1999 as nineteen ninety-nine, 2005 as two thousand and five.
func (e english) year(y int) string {
	high, low := uint64(y/100), uint64(y%100)
	switch {
	case y < 1100 || y > 9999 || high%10 == 0 && low < 10:
		return e.whole(uint64(max(y, 0)))
	case low == 0:
		return tens(high) + " hundred"
	case low < 10:
		return tens(high) + " oh " + tens(low)
	}
	return tens(high) + " " + tens(low)
}

func (english) clock(t time.Time, how manner) string {
	hour, minute := t.Hour(), uint64(t.Minute())
	minutes := tens(minute)
	if minute < 10 {
		minutes = "oh " + minutes
	}
	if how.is("24h") {
		hours := tens(uint64(hour))
		if hour < 10 && hour > 0 {
			hours = "oh " + hours
		}
		if minute == 0 {
			minutes = "hundred"
		}
		return hours + " " + minutes
	}
	half, part := "a.m.", "in the morning"
	switch {
	case hour >= 18:
		half, part = "p.m.", "in the evening"
	case hour >= 12:
		half, part = "p.m.", "in the afternoon"
	}
	hours := tens(uint64((hour+11)%12 + 1))
	switch {
	case minute > 0:
		return hours + " " + minutes + " " + half
	case hour == 0:
		return "twelve midnight"
	case hour == 12:
		return "twelve noon"
	}
	return hours + " o'clock " + part
}

func (e english) money(n decimal, unit string) string {
	name, known := englishMoney[unit]
	minus := ""
	if n.negative {
		minus, n.negative = "minus ", false
	}
	switch {
	case !known:
		return minus + e.number(n, nil) + " " + e.spell(unit)
	case name.minors == "" || n.fraction == "":
		word := name.many
		if n.whole == 1 && n.fraction == "" {
			word = name.one
		}
		return minus + e.number(n, nil) + " " + word
	}
	var cents uint64
	for _, d := range []byte((n.fraction + "0")[:2]) { // those with named parts have hundred of them
		cents = cents*10 + uint64(d-'0')
	}
	parts := tens(cents) + " " + name.minors
	if cents == 1 {
		parts = "one " + name.minor
	}
	if n.whole == 0 {
		return minus + parts
	}
	return minus + e.money(decimal{whole: n.whole}, unit) + " and " + parts
}

func (e english) duration(d time.Duration) string {
	var parts []string
	for _, p := range partsOf(d) {
		words := fmt.Sprintf("%s %s", e.whole(p.count), p.unit)
		if p.count != 1 {
			words += "s"
		}
		parts = append(parts, words)
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return parts[0]
}

// part of a duration, in a unit's English name.
type part struct {
	count uint64
	unit  string
}

// partsOf a duration are those that are not zero; zero seconds when all are.
func partsOf(d time.Duration) (parts []part) {
	for _, u := range []struct {
		unit string
		is   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if count := uint64(d / u.is); count > 0 {
			parts = append(parts, part{count, u.unit})
		}
		d %= u.is
	}
	if len(parts) == 0 {
		return []part{{0, "second"}}
	}
	return parts
}
