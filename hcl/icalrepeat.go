package hcl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// everyYear is the one rule of repetition that holidays need: the same date each year, or each interval years.
type everyYear struct {
	interval int
	count    int       // how often in all, 0: without end
	until    time.Time // last day, zero: without end
}

// repeated gives the first days of all occurrences.
func (h holiday) repeated(first time.Time) ([]time.Time, error) {
	rules := h.event.GetProperties(ics.ComponentPropertyRrule)
	if len(rules) == 0 {
		return []time.Time{first}, nil
	}
	if len(rules) > 1 {
		return nil, fmt.Errorf("line %d: an event with several RRULEs is not understood: give it one", h.place.of("RRULE"))
	}
	rule, err := parseRule(rules[0].Value, first)
	if err != nil {
		return nil, fmt.Errorf("line %d: RRULE %.80q: %w", h.place.of("RRULE"), rules[0].Value, err)
	}
	left, err := h.leftOut()
	if err != nil {
		return nil, err
	}
	var starts []time.Time
	for _, start := range rule.from(first) {
		if !left[dateOf(start)] {
			starts = append(starts, start)
		}
	}
	return starts, nil
}

// parseRule reads an RRULE (RFC 5545 section 3.3.10). The BY parts are taken when they only repeat what DTSTART says.
func parseRule(value string, first time.Time) (rule everyYear, err error) {
	rule.interval = 1
	frequency := ""
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		name, setting, _ := strings.Cut(part, "=")
		understood := true
		switch name {
		case "FREQ":
			frequency = setting
		case "INTERVAL":
			rule.interval, understood = positive(setting)
		case "COUNT":
			rule.count, understood = positive(setting)
		case "UNTIL":
			day, _, _ := strings.Cut(setting, "T")
			rule.until, err = time.Parse("20060102", day)
			rule.until, understood = rule.until.AddDate(0, 0, 1), err == nil
		case "BYMONTH":
			understood = setting == strconv.Itoa(int(first.Month()))
		case "BYMONTHDAY":
			understood = setting == strconv.Itoa(first.Day())
		case "WKST", "":
		default:
			understood = false
		}
		if !understood {
			return rule, fmt.Errorf("%.40q is not understood, only FREQ=YEARLY with INTERVAL, COUNT and UNTIL: give each of these days an event of its own", part)
		}
	}
	if frequency != "YEARLY" {
		return rule, errors.New("only FREQ=YEARLY is understood: give each of these days an event of its own")
	}
	return rule, nil
}

func positive(number string) (int, bool) {
	n, err := strconv.Atoi(number)
	return n, err == nil && n > 0 && n <= 1000
}

// from writes the rule out, from the year 2000 to 2099. A 29th of February exists in leap years only, and counts only there.
func (r everyYear) from(first time.Time) (starts []time.Time) {
	seen := 0
	for year := first.Year(); year <= lastYear; year += r.interval {
		start := time.Date(year, first.Month(), first.Day(), 12, 0, 0, 0, time.UTC)
		if start.Day() != first.Day() {
			continue
		}
		if seen++; r.count > 0 && seen > r.count || !r.until.IsZero() && start.After(r.until) {
			break
		}
		if year >= firstYear {
			starts = append(starts, start)
		}
	}
	return starts
}

// leftOut gives the days that EXDATE takes away from a repetition.
func (h holiday) leftOut() (map[Date]bool, error) {
	left := map[Date]bool{}
	for _, property := range h.event.GetProperties(ics.ComponentPropertyExdate) {
		for value := range strings.SplitSeq(property.Value, ",") {
			day, _, _ := strings.Cut(strings.TrimSpace(value), "T")
			date, err := time.Parse("20060102", day)
			if err != nil {
				return nil, fmt.Errorf("line %d: EXDATE %.40q is no date: write it as 20260101", h.place.of("EXDATE"), value)
			}
			left[dateOf(date)] = true
		}
	}
	return left, nil
}
