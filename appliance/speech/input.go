package speech

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/width"
)

const (
	mostCharacters = 64 // that are read one by one: more is nothing that a caller could follow
	mostDecimals   = 20
	mostWhole      = 10_000_000_000_000_000 // 10^16
	longest        = 100 * 365 * 24 * time.Hour
)

// decimal is a number as it is written, so that nothing of it is lost on the way.
type decimal struct {
	negative bool
	whole    uint64
	fraction string // its digits; empty for a whole number
}

func (n decimal) String() string {
	s := strconv.FormatUint(n.whole, 10)
	if n.fraction != "" {
		s += "." + n.fraction
	}
	if n.negative {
		s = "-" + s
	}
	return s
}

// textOf is a value as it is written, with digits and signs of full width made plain.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		if !utf8.ValidString(v) {
			return "", errors.New("the text is not UTF-8")
		}
		return strings.TrimSpace(width.Fold.String(v)), nil
	case json.Number:
		return v.String(), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", fmt.Errorf("%v is no number", v)
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case float32:
		return textOf(float64(v))
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v), nil
	case nil:
		return "", errors.New("there is no value")
	case bool:
		return "", fmt.Errorf("%v is no value to read: choose between two texts instead", v)
	}
	return "", fmt.Errorf("a %T cannot be read", value)
}

// parseDecimal takes 1234.50, 1,234.50 and −5.
func parseDecimal(value any) (n decimal, err error) {
	s, err := textOf(value)
	if err != nil {
		return n, err
	}
	wrong := fmt.Errorf("%s is no number: write it as 1234.5", quoted(s))
	rest, minus := strings.CutPrefix(strings.Replace(s, "−", "-", 1), "-")
	if !minus {
		rest, _ = strings.CutPrefix(rest, "+")
	}
	whole, fraction, point := strings.Cut(rest, ".")
	whole, err = ungrouped(whole)
	if err != nil || !isDigits(whole) || point && !isDigits(fraction) {
		return n, wrong
	}
	if len(fraction) > mostDecimals {
		return n, fmt.Errorf("%s has more than %d decimals", quoted(s), mostDecimals)
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if n.whole, err = strconv.ParseUint(whole, 10, 64); err != nil || n.whole > mostWhole {
		return n, fmt.Errorf("%s is beyond ten quadrillion: read it with digits", quoted(s))
	}
	n.fraction = fraction
	n.negative = minus && (n.whole > 0 || strings.Trim(fraction, "0") != "")
	return n, nil
}

// ungrouped takes the commas out of 1,234,567 and refuses those that stand elsewhere.
func ungrouped(whole string) (string, error) {
	groups := strings.Split(whole, ",")
	for i, group := range groups[1:] {
		if len(group) != 3 || i == 0 && (len(groups[0]) == 0 || len(groups[0]) > 3) {
			return "", errors.New("commas")
		}
	}
	return strings.Join(groups, ""), nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func parseCharacters(value any) (string, error) {
	s, err := textOf(value)
	switch n := utf8.RuneCountInString(s); {
	case err != nil:
		return "", err
	case n == 0:
		return "", errors.New("the text is empty")
	case n > mostCharacters:
		return "", fmt.Errorf("%d characters are too many to read one by one: %d at most", n, mostCharacters)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s), nil
}

var (
	dateForms  = []string{time.DateOnly, time.RFC3339, "2006/1/2", "20060102", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"}
	clockForms = []string{"15:04", "15:04:05", time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"}
)

func parseDate(value any) (time.Time, error) {
	t, err := parseMoment(value, dateForms, "a date: write it as 2026-04-01, or as 2026-04-01T14:30:00+08:00")
	if err == nil && (t.Year() < 1 || t.Year() > 9999) {
		err = fmt.Errorf("the year %d is read from 1 to 9999 only", t.Year())
	}
	return t, err
}

func parseClock(value any) (time.Time, error) {
	return parseMoment(value, clockForms, "a time: write it as 14:30, or as 2026-04-01T14:30:00+08:00")
}

func parseMoment(value any, forms []string, wanted string) (time.Time, error) {
	if t, ok := value.(time.Time); ok {
		return t, nil
	}
	s, err := textOf(value)
	if err != nil {
		return time.Time{}, err
	}
	for _, form := range forms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is not %s", quoted(s), wanted)
}

// parseMoney gives the amount, rounded to what the currency has, and the currency.
func parseMoney(value any, how manner) (n decimal, unit string, err error) {
	s, err := textOf(value)
	if err != nil {
		return n, "", err
	}
	if before, after, two := strings.Cut(s, " "); two {
		after = strings.TrimSpace(after)
		if isDigits(before[max(0, len(before)-1):]) {
			before, after = after, before
		}
		unit, s = before, after
	}
	if len(how) > 1 || len(how) == 1 && unit != "" && !strings.EqualFold(unit, how[0]) {
		return n, "", errors.New("money has one currency")
	}
	if len(how) == 1 {
		unit = how[0]
	}
	if unit == "" {
		return n, "", errors.New(`of which currency? name it: money(amount, "TWD")`)
	}
	iso, err := currency.ParseISO(unit)
	if err != nil {
		return n, "", fmt.Errorf("%s is no currency: TWD, USD and so on are (ISO 4217)", quoted(unit))
	}
	if n, err = parseDecimal(s); err != nil {
		return n, "", err
	}
	places, _ := currency.Standard.Rounding(iso)
	return n.rounded(places), iso.String(), nil
}

// rounded has that many decimals at most, half of one rounded away from zero, and none when all are zero.
func (n decimal) rounded(places int) decimal {
	if len(n.fraction) > places {
		up := n.fraction[places] >= '5'
		n.fraction = n.fraction[:places]
		if up {
			n = n.next()
		}
	}
	if strings.Trim(n.fraction, "0") == "" {
		n.fraction = ""
		n.negative = n.negative && n.whole > 0
	}
	return n
}

// next is n with one added to the last of its decimals, away from zero.
func (n decimal) next() decimal {
	digits := []byte(n.fraction)
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] < '9' {
			digits[i]++
			n.fraction = string(digits)
			return n
		}
		digits[i] = '0'
	}
	n.fraction, n.whole = string(digits), n.whole+1
	return n
}

// parseDuration takes Go's notation with d and w besides, and seconds.
func parseDuration(value any) (d time.Duration, err error) {
	d, is := value.(time.Duration)
	if !is {
		s, err := textOf(value)
		if err != nil {
			return 0, err
		}
		if d, err = durationOf(s); err != nil {
			return 0, err
		}
	}
	switch d = d.Round(time.Second); {
	case d < 0:
		return 0, errors.New("it is less than nothing")
	case d > longest:
		return 0, errors.New("it is longer than 100 years")
	}
	return d, nil
}

func durationOf(s string) (d time.Duration, err error) {
	wrong := fmt.Errorf(`%s is no duration: write it as "90s", "1h30m" or "2d", or as a number of seconds`, quoted(s))
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if !(math.Abs(seconds) < longest.Seconds()*2) {
			return 0, wrong
		}
		return time.Duration(seconds * float64(time.Second)), nil
	}
	for _, unit := range []struct {
		letter string
		is     time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		if count, rest, ok := strings.Cut(s, unit.letter); ok {
			n, err := strconv.ParseUint(count, 10, 16)
			if err != nil {
				return 0, wrong
			}
			d += min(time.Duration(n)*unit.is, 2*longest)
			if s = rest; s == "" {
				return d, nil
			}
		}
	}
	rest, err := time.ParseDuration(s)
	if err != nil || rest > longest {
		return 0, wrong
	}
	return d + rest, nil
}

// quoted is a text short enough for one line of a log.
func quoted(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		s = string(runes[:39]) + "…"
	}
	return strconv.Quote(s)
}
