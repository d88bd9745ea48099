package speech

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// tongue puts values into the words of one language. What comes in was checked: whole parts have at most 17 digits,
// durations are whole seconds.
type tongue interface {
	number(n decimal, how manner) string
	digits(s string, how manner) string
	date(t time.Time, how manner) string
	clock(t time.Time, how manner) string
	money(n decimal, unit string) string
	duration(d time.Duration) string
	spell(s string) string
}

// manner are the words behind a value that say how to read it.
type manner []string

func (m manner) is(word string) bool { return slices.Contains(m, word) }

// manners are the words that each kind takes. That of money is a currency instead.
var manners = map[string]manner{
	"number":   {"count", "ordinal"},
	"digits":   {"phone"},
	"date":     {"short", "weekday", "roc"},
	"time":     {"24h"},
	"money":    nil,
	"duration": nil,
	"spell":    nil,
}

// Read puts a value into words of a language (BCP 47): as people say them in English and in Chinese, simplified or
// traditional. In any other language the value is left in figures, as the engine of that language reads them: 1234.5,
// 2026-04-01, 14:30; digits and spelled letters stand apart. Reads tells which languages are read in words.
//
// The kinds, and how they can be read:
//
//	number    up to ten quadrillion (10^16), at most 20 decimals; "count" as before a noun (兩 for 二), "ordinal" (first, 第一)
//	digits    one by one, up to 64; "phone" as in telephone numbers (幺 for 一 in zh-Hans)
//	date      with its year; "short" without, "weekday" with the day of the week, "roc" by the calendar of Taiwan (民國)
//	time      as the clock shows it; "24h" without the halves of the day
//	money     how is the currency (ISO 4217), unless the value has it: "TWD 1200"; rounded to what the currency has
//	duration  a text as "90s", "1h30m", "2d", or seconds; rounded to seconds, up to 100 years
//	spell     letters, digits and signs one by one, up to 64
//
// Values are texts, numbers, times and durations of Go. A time is read in the zone it is written in.
func Read(language, kind string, value any, how ...string) (string, error) {
	known, ok := manners[kind]
	if !ok {
		return "", fmt.Errorf("%q is nothing that can be read: number, digits, date, time, money, duration or spell", kind)
	}
	if kind != "money" {
		for _, word := range how {
			if !known.is(word) {
				return "", fmt.Errorf("%s cannot be read as %q: %s", kind, word, known.choices())
			}
		}
	}
	text, err := read(tongueOf(language), kind, value, how)
	if err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	return text, nil
}

func (m manner) choices() string {
	if len(m) == 0 {
		return "it is read in one way only"
	}
	return "as " + strings.Join(m, ", ") + ", or without a word for it"
}

func read(t tongue, kind string, value any, how manner) (string, error) {
	switch kind {
	case "number":
		n, err := parseDecimal(value)
		if err == nil && how.is("ordinal") && (n.negative || n.fraction != "") {
			err = fmt.Errorf("%s has no place in an order: whole numbers from 0 have", n)
		}
		return said(err, func() string { return t.number(n, how) })
	case "digits", "spell":
		s, err := parseCharacters(value)
		if kind == "spell" {
			return said(err, func() string { return t.spell(s) })
		}
		return said(err, func() string { return t.digits(s, how) })
	case "date":
		at, err := parseDate(value)
		return said(err, func() string { return t.date(at, how) })
	case "time":
		at, err := parseClock(value)
		return said(err, func() string { return t.clock(at, how) })
	case "money":
		n, unit, err := parseMoney(value, how)
		return said(err, func() string { return t.money(n, unit) })
	}
	d, err := parseDuration(value)
	return said(err, func() string { return t.duration(d) })
}

func said(err error, words func() string) (string, error) {
	if err != nil {
		return "", err
	}
	text := words()
	if text == "" { // only gaps between digits, which there are none of
		return "", errors.New("nothing of it is read aloud")
	}
	return text, nil
}

// Reads tells whether values are read in words in a language, and whether the box has its own phrases in it.
func Reads(language string) bool { return family(language) != "" }

// family is which of the languages that the box knows one belongs to: "en", "zh-Hans", "zh-Hant", or "". Taiwan, Hong Kong and
// Macao write traditional characters, as their tags imply.
func family(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	switch base, _ := t.Base(); base.String() {
	case "en":
		return "en"
	case "zh", "cmn":
		if script, _ := t.Script(); script.String() == "Hant" {
			return "zh-Hant"
		}
		return "zh-Hans"
	}
	return ""
}

func tongueOf(tag string) tongue {
	switch family(tag) {
	case "en":
		region, sure := language.Make(tag).Region()
		return english{and: region.String() != "US" || sure != language.Exact}
	case "zh-Hans":
		return simplified
	case "zh-Hant":
		return traditional
	}
	return figures{}
}

// CurrencyOf is the currency of a country (ISO 3166, two letters), empty when there is none: what the box may give to money
// when nobody named one.
func CurrencyOf(country string) string {
	region, err := language.ParseRegion(country)
	if err != nil {
		return ""
	}
	unit, ok := currency.FromRegion(region)
	if !ok {
		return ""
	}
	return unit.String()
}

// figures leaves values to the engine as they are written.
type figures struct{}

func (figures) number(n decimal, _ manner) string   { return n.String() }
func (figures) digits(s string, _ manner) string    { return apart(s) }
func (figures) spell(s string) string               { return apart(s) }
func (figures) date(t time.Time, _ manner) string   { return t.Format(time.DateOnly) }
func (figures) clock(t time.Time, _ manner) string  { return t.Format("15:04") }
func (figures) money(n decimal, unit string) string { return n.String() + " " + unit }
func (figures) duration(d time.Duration) string     { return d.String() }
func apart(s string) string                         { return strings.Join(strings.Split(s, ""), " ") }
