package hcl

import (
	"slices"
	"time"
)

const (
	minutesOfDay = 24 * 60
	// openHorizon is how far NextOpen looks. Two years see every holiday and every day of the week in every season.
	openHorizon = 2 * 366 * 24 * time.Hour
)

// IsOpen tells whether the schedule is open at this moment: in open hours, not in closed hours, not on a holiday. Hours
// are what the clock on the wall of the schedule's time zone shows, so "02:30" comes twice in the night when summer
// time ends and not at all when it begins. They include their first minute and end before their last.
func (s *Schedule) IsOpen(at time.Time) bool {
	local := at.In(s.zone())
	today := dateOf(local)
	minute := local.Hour()*60 + local.Minute()
	return covered(s.Open, today, minute) && !covered(s.Closed, today, minute) && !slices.Contains(s.Holidays, today)
}

// NextOpen gives the first moment at or after at when the schedule is open: at itself when it is open then. False means
// never within two years.
func (s *Schedule) NextOpen(at time.Time) (time.Time, bool) {
	if len(s.Open) == 0 {
		return time.Time{}, false
	}
	zone, edges := s.zone(), s.edges()
	for next := at; next.Sub(at) <= openHorizon; next = edgeAfter(next.In(zone), edges) {
		if s.IsOpen(next) {
			return next, true
		}
	}
	return time.Time{}, false
}

func (s *Schedule) zone() *time.Location {
	if s.Timezone == nil {
		return time.UTC
	}
	return s.Timezone
}

// edges are the minutes of the day at which the schedule can change, in order. Midnight always is one.
func (s *Schedule) edges() []int {
	edges := []int{0, minutesOfDay}
	for _, hours := range slices.Concat(s.Open, s.Closed) {
		edges = append(edges, hours.From, hours.To)
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// edgeAfter gives the first moment after at when the wall clock stands on one of the edges, or jumps.
func edgeAfter(at time.Time, edges []int) time.Time {
	hour, minute, second := at.Clock()
	sinceMidnight := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(at.Nanosecond())
	next := at
	for _, edge := range edges {
		if wall := time.Duration(edge) * time.Minute; wall > sinceMidnight {
			next = at.Add(wall - sinceMidnight) // true as long as the clock does not jump before
			break
		}
	}
	if _, jump := at.ZoneBounds(); !jump.IsZero() && jump.Before(next) {
		return jump
	}
	return next
}

// covered tells whether one of the hours holds this minute of this day.
func covered(all []Hours, today Date, minute int) bool {
	for _, hours := range all {
		from, to := hours.From, hours.To
		if from == 0 && to == 0 {
			to = minutesOfDay
		}
		switch {
		case from < to:
			if from <= minute && minute < to && hours.includes(today) {
				return true
			}
		case minute >= from && hours.includes(today), // from 22:00 to 06:00: the evening of the day itself
			minute < to && hours.includes(today.before()): // and the morning after
			return true
		}
	}
	return false
}

// includes tells whether the hours belong to this day: named by its weekday or its date. Hours that name neither belong
// to every day.
func (h Hours) includes(day Date) bool {
	return slices.Contains(h.Days, day.weekday()) || slices.Contains(h.Dates, day) || len(h.Days)+len(h.Dates) == 0
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// noon stands for the date where no time zone matters.
func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

func (d Date) weekday() time.Weekday { return d.noon().Weekday() }

func (d Date) before() Date { return dateOf(d.noon().AddDate(0, 0, -1)) }
