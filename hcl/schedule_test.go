package hcl

import (
	"maps"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, wherever they run

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

var workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

// office is the schedule of the language's own example.
func office(t *testing.T) *Schedule {
	return &Schedule{
		Name:     "office",
		Timezone: zone(t, "Asia/Taipei"),
		Open: []Hours{
			{Days: workdays, From: 9 * 60, To: 18 * 60},
			{Dates: []Date{{2026, time.February, 14}}, From: 9 * 60, To: 12 * 60},
		},
		Closed:   []Hours{{Dates: []Date{{2026, time.February, 17}}}, {Days: workdays, From: 12 * 60, To: 13 * 60}},
		Holidays: []Date{{2026, time.February, 18}},
	}
}

func TestAnOfficeIsOpenToTheMinute(t *testing.T) {
	s := office(t)
	for at, want := range map[string]bool{
		"2026-02-13 08:59:59": false, // a Friday
		"2026-02-13 09:00:00": true,
		"2026-02-13 11:59:59": true,
		"2026-02-13 12:00:00": false, // closed beats open
		"2026-02-13 12:59:59": false,
		"2026-02-13 13:00:00": true,
		"2026-02-13 17:59:59": true,
		"2026-02-13 18:00:00": false,
		"2026-02-14 08:59:00": false, // a Saturday that makes up for a bridge day
		"2026-02-14 09:00:00": true,
		"2026-02-14 12:00:00": false,
		"2026-02-15 10:00:00": false, // a Sunday
		"2026-02-16 10:00:00": true,
		"2026-02-17 10:00:00": false, // closed for the day
		"2026-02-18 10:00:00": false, // a holiday
		"2026-02-19 10:00:00": true,
		"2026-02-21 10:00:00": false,
	} {
		moment, err := time.ParseInLocation(time.DateTime, at, s.Timezone)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.IsOpen(moment.UTC()); got != want {
			t.Errorf("%s: open is %t", at, got)
		}
	}
}

func TestCallersAreToldWhenItOpensNext(t *testing.T) {
	s := office(t)
	for at, want := range map[string]string{
		"2026-02-13 08:00:00": "2026-02-13 09:00:00",
		"2026-02-13 10:11:12": "2026-02-13 10:11:12", // it is open
		"2026-02-13 12:30:00": "2026-02-13 13:00:00",
		"2026-02-13 18:00:00": "2026-02-14 09:00:00",
		"2026-02-14 12:00:00": "2026-02-16 09:00:00",
		"2026-02-16 20:00:00": "2026-02-19 09:00:00", // over the closed day and the holiday
	} {
		moment, _ := time.ParseInLocation(time.DateTime, at, s.Timezone)
		got, ok := s.NextOpen(moment)
		if !ok || got.In(s.Timezone).Format(time.DateTime) != want {
			t.Errorf("after %s it opens %v %t, want %s", at, got, ok, want)
		}
	}
}

func TestAHelpdeskOverNightIsOpenUntilTheMorningAfter(t *testing.T) {
	s := &Schedule{
		Timezone: time.UTC,
		Open:     []Hours{{Days: []time.Weekday{time.Friday}, From: 22 * 60, To: 6 * 60}},
		Closed:   []Hours{{Dates: []Date{{2026, time.May, 15}}, From: 23 * 60, To: 60}},
		Holidays: []Date{{2026, time.May, 9}},
	}
	for at, want := range map[string]bool{
		"2026-05-01 21:59:00": false, // a Friday
		"2026-05-01 22:00:00": true,
		"2026-05-02 00:00:00": true,
		"2026-05-02 05:59:59": true,
		"2026-05-02 06:00:00": false,
		"2026-05-02 22:00:00": false,
		"2026-05-01 05:00:00": false, // the night before was Thursday's
		"2026-05-08 23:00:00": true,
		"2026-05-09 00:00:00": false, // the holiday begins at midnight
		"2026-05-15 22:30:00": true,
		"2026-05-15 23:30:00": false, // closed hours cross midnight too
		"2026-05-16 00:59:00": false,
		"2026-05-16 01:00:00": true,
	} {
		moment, _ := time.Parse(time.DateTime, at)
		if got := s.IsOpen(moment); got != want {
			t.Errorf("%s: open is %t", at, got)
		}
	}
	if next, _ := s.NextOpen(time.Date(2026, time.May, 15, 23, 30, 0, 0, time.UTC)); next.Format(time.DateTime) != "2026-05-16 01:00:00" {
		t.Errorf("it opens again %v", next)
	}
}

func TestAnEmptyScheduleIsNeverOpen(t *testing.T) {
	now := time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
	for name, s := range map[string]*Schedule{
		"empty":          {},
		"only closed":    {Closed: []Hours{{Days: workdays}}},
		"always closed":  {Open: []Hours{{Days: workdays, From: 60, To: 120}}, Closed: []Hours{{}}},
		"long gone":      {Open: []Hours{{Dates: []Date{{2026, time.April, 30}}}}},
		"too far ahead":  {Open: []Hours{{Dates: []Date{{2029, time.May, 1}}}}},
		"eaten by lunch": {Open: []Hours{{From: 720, To: 780}}, Closed: []Hours{{From: 720, To: 780}}},
	} {
		if next, ok := s.NextOpen(now); ok || !next.IsZero() || s.IsOpen(now) {
			t.Errorf("%s: open next %v %t", name, next, ok)
		}
	}
	round := &Schedule{Open: []Hours{{}}}
	if next, ok := round.NextOpen(now); !ok || !next.Equal(now) || !round.IsOpen(now) {
		t.Error("open without any limits is not open round the clock")
	}
	far := &Schedule{Open: []Hours{{Dates: []Date{{2028, time.April, 30}}, From: 60, To: 61}}}
	if next, ok := far.NextOpen(now); !ok || next.Format(time.DateTime) != "2028-04-30 01:00:00" {
		t.Errorf("the one open minute within two years is %v %t", next, ok)
	}
}

func TestNightsWhenTheClockJumps(t *testing.T) {
	nightly := []Hours{{From: 2 * 60, To: 2*60 + 45}}
	for _, c := range []struct{ name, zone, at, want string }{
		// Clocks go from 02:00 to 03:00: the hours between do not exist, it opens a night later.
		{"a gap swallows the hours", "Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-30T00:00:00Z"},
		{"a gap swallows the hours", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T06:00:00Z"},
		// Half an hour is left out: the wall clock jumps from 02:00 to 02:30, into the open hours.
		{"a gap of half an hour", "Australia/Lord_Howe", "2026-10-03T13:00:00Z", "2026-10-03T15:30:00Z"},
		// Clocks go from 03:00 back to 02:00: the hours come twice.
		{"the first of two", "Europe/Berlin", "2026-10-24T23:30:00Z", "2026-10-25T00:00:00Z"},
		{"the second of two", "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z"},
		{"after the second", "Europe/Berlin", "2026-10-25T01:45:00Z", "2026-10-26T01:00:00Z"},
		{"the first of two", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T07:00:00Z"},
		// From 02:00 back to 01:30, before they begin.
		{"half an hour again", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", "2026-04-04T15:30:00Z"},
	} {
		s := &Schedule{Timezone: zone(t, c.zone), Open: nightly}
		at, _ := time.Parse(time.RFC3339, c.at)
		next, ok := s.NextOpen(at)
		if got := next.UTC().Format(time.RFC3339); !ok || got != c.want {
			t.Errorf("%s in %s: after %s it opens %s, want %s", c.name, c.zone, c.at, got, c.want)
		}
	}
	midnight := &Schedule{Timezone: zone(t, "America/Sao_Paulo"), Open: []Hours{{Dates: []Date{{2018, time.November, 4}}}}}
	if next, _ := midnight.NextOpen(time.Date(2018, time.November, 3, 12, 0, 0, 0, time.UTC)); next.UTC().Format(time.RFC3339) != "2018-11-04T03:00:00Z" {
		t.Errorf("a day without a midnight opens %v", next.UTC())
	}
}

// naive says the same as IsOpen in the most literal way: it lays every window of the last two days on a line of minutes.
func naive(s *Schedule, at time.Time) bool {
	local := at.In(s.Timezone)
	inside := func(all []Hours) bool {
		for _, h := range all {
			length := (h.To - h.From + 1440) % 1440
			if length == 0 {
				length = 1440
			}
			for ago := range 2 {
				day := time.Date(local.Year(), local.Month(), local.Day()-ago, 0, 0, 0, 0, time.UTC)
				named := len(h.Days) == 0 && len(h.Dates) == 0
				for _, d := range h.Days {
					named = named || d == day.Weekday()
				}
				for _, d := range h.Dates {
					named = named || time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Equal(day)
				}
				minute := ago*1440 + local.Hour()*60 + local.Minute() - h.From
				if named && minute >= 0 && minute < length {
					return true
				}
			}
		}
		return false
	}
	for _, d := range s.Holidays {
		if local.Year() == d.Year && local.Month() == d.Month && local.Day() == d.Day {
			return false
		}
	}
	return inside(s.Open) && !inside(s.Closed)
}

// Any schedule in any night: the answer is that of somebody who looks at the wall clock every minute.
func TestNextOpenIsWhatSomebodyWatchingTheClockWouldSay(t *testing.T) {
	moments := map[string][]string{ // around what makes each zone special
		"Europe/Berlin":       {"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"},
		"America/New_York":    {"2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"},
		"Australia/Lord_Howe": {"2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"},
		"America/Sao_Paulo":   {"2018-11-04T03:00:00Z", "2019-02-17T02:00:00Z"},
		"Africa/Cairo":        {"2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"},
		"Pacific/Apia":        {"2011-12-30T10:00:00Z"}, // the day that Samoa left out
		"Asia/Taipei":         {"2026-02-14T00:00:00Z"},
		"Asia/Kathmandu":      {"2026-02-28T18:15:00Z"},
	}
	zones := slices.Sorted(maps.Keys(moments))
	const days = 5
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		around, _ := time.Parse(time.RFC3339, rapid.SampledFrom(moments[name]).Draw(t, "around"))
		at := around.Add(time.Duration(rapid.IntRange(-3*86400, 86400).Draw(t, "offset")) * time.Second)
		day := rapid.Custom(func(t *rapid.T) Date {
			return dateOf(around.AddDate(0, 0, rapid.IntRange(-3, 4).Draw(t, "day")))
		})
		minute := rapid.OneOf(rapid.SampledFrom([]int{0, 60, 90, 120, 150, 180, 1439}), rapid.IntRange(0, 1439))
		hours := rapid.Custom(func(t *rapid.T) Hours {
			return Hours{
				Days:  rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")) }), 0, 3).Draw(t, "days"),
				Dates: rapid.SliceOfN(day, 0, 2).Draw(t, "dates"),
				From:  minute.Draw(t, "from"),
				To:    rapid.OneOf(minute, rapid.Just(1440)).Draw(t, "to"),
			}
		})
		s := &Schedule{
			Timezone: zone(t, name),
			Open:     rapid.SliceOfN(hours, 0, 3).Draw(t, "open"),
			Closed:   rapid.SliceOfN(hours, 0, 3).Draw(t, "closed"),
			Holidays: rapid.SliceOfN(day, 0, 2).Draw(t, "holidays"),
		}
		if got, want := s.IsOpen(at), naive(s, at); got != want {
			t.Fatalf("at %v: open is %t", at.In(s.Timezone), got)
		}
		next, ok := s.NextOpen(at)
		for watched := at; watched.Sub(at) < days*24*time.Hour; watched = watched.Truncate(time.Minute).Add(time.Minute) {
			if naive(s, watched) {
				if !ok || !next.Equal(watched) {
					t.Fatalf("after %v it opens %v, said was %v %t", at.In(s.Timezone), watched.In(s.Timezone), next.In(s.Timezone), ok)
				}
				return
			}
		}
		if ok && next.Sub(at) < days*24*time.Hour {
			t.Fatalf("after %v it never opens, said was %v", at.In(s.Timezone), next.In(s.Timezone))
		}
	})
}
