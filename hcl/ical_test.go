package hcl

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// calendar puts lines into a calendar, from its line 3 on.
func calendar(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
}

// event is one event of these lines, from line 4 on.
func event(lines ...string) []byte {
	return calendar("BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT")
}

func show(days []Date) string {
	var words []string
	for _, d := range days {
		words = append(words, fmt.Sprintf("%d-%02d-%02d", d.Year, d.Month, d.Day))
	}
	return strings.Join(words, " ")
}

func TestTheHolidaysOfACalendarAreItsAllDayEvents(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"one day":               {event("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260102", "SUMMARY:New Year"), "2026-01-01"},
		"no end":                {event("DTSTART;VALUE=DATE:20260101"), "2026-01-01"},
		"an end that is no end": {event("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260101"), "2026-01-01"},
		"several days":          {event("DTSTART;VALUE=DATE:20260227", "DTEND;VALUE=DATE:20260302"), "2026-02-27 2026-02-28 2026-03-01"},
		"a duration":            {event("DTSTART;VALUE=DATE:20260227", "DURATION:P2D"), "2026-02-27 2026-02-28"},
		"weeks":                 {event("DTSTART;VALUE=DATE:20261231", "DURATION:P1W", "STATUS:CONFIRMED"), "2026-12-31 2027-01-01 2027-01-02 2027-01-03 2027-01-04 2027-01-05 2027-01-06"},
		"midnight to midnight":  {event("DTSTART;TZID=Europe/Berlin:20260101T000000", "DTEND;TZID=Europe/Berlin:20260103T000000"), "2026-01-01 2026-01-02"},
		"cancelled":             {event("DTSTART;VALUE=DATE:20260101", "STATUS:CANCELLED"), ""},
		"three years":           {event("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227", "RRULE:FREQ=YEARLY;COUNT=3"), "2026-12-25 2026-12-26 2027-12-25 2027-12-26 2028-12-25 2028-12-26"},
		"until":                 {event("DTSTART;VALUE=DATE:20260704", "RRULE:FREQ=YEARLY;UNTIL=20280704T000000Z;BYMONTH=7;BYMONTHDAY=4;WKST=SU"), "2026-07-04 2027-07-04 2028-07-04"},
		"every second year":     {event("DTSTART;VALUE=DATE:20260704", "RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2"), "2026-07-04 2028-07-04"},
		"without one year":      {event("DTSTART;VALUE=DATE:20260704", "RRULE:FREQ=YEARLY;COUNT=3", "EXDATE;VALUE=DATE:20270704"), "2026-07-04 2028-07-04"},
		"leap days":             {event("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY;UNTIL=20330101"), "2024-02-29 2028-02-29 2032-02-29"},
		"long ago":              {event("DTSTART;VALUE=DATE:18900501", "RRULE:FREQ=YEARLY;UNTIL=20010501"), "2000-05-01 2001-05-01"},
		"no events":             {calendar("X-WR-CALNAME:Nothing"), ""},
		"only its line ends":    {[]byte(strings.ReplaceAll(string(event("DTSTART;VALUE=DATE:20260101")), "\r\n", "\n")), "2026-01-01"},
		"a byte order mark":     {append([]byte("\ufeff"), event("DTSTART;VALUE=DATE:20260101")...), "2026-01-01"},
		"folded":                {event("SUMMARY:A very", "  long name", "DTSTART;VALUE=", " DATE:202601", "\t01"), "2026-01-01"},
		"an alarm and a zone": {calendar("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19701025T030000", "END:STANDARD", "END:VTIMEZONE",
			"BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260101", "BEGIN:VALARM", "TRIGGER:-P1D", "END:VALARM", "END:VEVENT"), "2026-01-01"},
		"in order and once": {calendar("BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260501", "END:VEVENT", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260101", "END:VEVENT",
			"BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260430", "DTEND;VALUE=DATE:20260502", "END:VEVENT"), "2026-01-01 2026-04-30 2026-05-01"},
		"a party among them": {calendar("BEGIN:VEVENT", "DTSTART:20260501T150000Z", "DTEND:20260501T180000Z", "RRULE:FREQ=WEEKLY", "END:VEVENT",
			"BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260101", "END:VEVENT"), "2026-01-01"},
	} {
		days, err := parseHolidays(c.file)
		if got := show(days); err != nil || got != c.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

func TestChristmasComesEveryYearOfThisCentury(t *testing.T) {
	days, err := parseHolidays(event("DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY"))
	if err != nil || len(days) != 80 || days[79] != (Date{2099, time.December, 25}) {
		t.Fatalf("%d days, %v", len(days), err)
	}
	s := &Schedule{Timezone: time.UTC, Open: []Hours{{}}, Holidays: days}
	if s.IsOpen(time.Date(2031, time.December, 25, 12, 0, 0, 0, time.UTC)) || !s.IsOpen(time.Date(2031, time.December, 26, 12, 0, 0, 0, time.UTC)) {
		t.Error("it is open at Christmas 2031")
	}
}

func TestACalendarThatCannotBeUsedSaysWhereAndWhatToDo(t *testing.T) {
	day := "DTSTART;VALUE=DATE:20260101"
	for _, c := range []struct {
		file []byte
		want []string
	}{
		{nil, []string{"there is no calendar in it", ".ics"}},
		{[]byte("Date,Name\n2026-01-01,New Year\n"), []string{"line 1", "no NAME:VALUE", ".ics"}},
		{[]byte("VERSION:2.0\n"), []string{"line 1", "before BEGIN:VCALENDAR"}},
		{[]byte("END:VEVENT\n"), []string{"line 1", "before BEGIN:VCALENDAR"}},
		{[]byte("BEGIN:VCARD\nEND:VCARD\n"), []string{"line 1", "BEGIN:VCARD where BEGIN:VCALENDAR"}},
		{[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n"), []string{"line 2", "BEGIN:VEVENT has no END", "cut short"}},
		{calendar("BEGIN:VEVENT", day, "END:VTODO"), []string{"line 5", "END:VTODO where END:VEVENT"}},
		{append(event(day), event(day)...), []string{"line 7", "goes on after", "a file of its own"}},
		{calendar(strings.Repeat("BEGIN:VEVENT\r\n", 5)), []string{"line 6", "nested too deep"}},
		{event("SUMMARY:x"), []string{"line 3", "has no DTSTART", "VALUE=DATE"}},
		{event("SUMMARY:x", "DTSTART;VALUE=DATE:1 January"), []string{"line 5", `"1 January" is no date`, "20260101"}},
		{event("DTSTART;VALUE=DATE:20260230"), []string{"line 4", "is no date"}},
		{event(day, "DTEND;VALUE=DATE:20251231"), []string{"line 5", "lasts -1 days", "the day after the last"}},
		{event(day, "DTEND;VALUE=DATE:21260101"), []string{"line 5", "1 to 366"}},
		{event(day, "DURATION:PT8H"), []string{"line 5", "PT8H", "P1D"}},
		{event(day, "DURATION:P400D"), []string{"line 5", "lasts 400 days"}},
		{event(day, "RRULE:FREQ=WEEKLY;BYDAY=MO"), []string{"line 5", `"BYDAY=MO" is not understood`, "FREQ=YEARLY", "an event of its own"}},
		{event(day, "RRULE:FREQ=MONTHLY"), []string{"line 5", "only FREQ=YEARLY"}},
		{event(day, "RRULE:FREQ=YEARLY;BYMONTH=5"), []string{"line 5", "BYMONTH=5"}},
		{event(day, "RRULE:FREQ=YEARLY;COUNT=0"), []string{"line 5", "COUNT=0"}},
		{event(day, "RRULE:FREQ=YEARLY;UNTIL=soon"), []string{"line 5", "UNTIL=SOON"}},
		{event(day, "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY"), []string{"line 5", "several RRULEs"}},
		{event(day, "RRULE:FREQ=YEARLY", "EXDATE:x"), []string{"line 6", "EXDATE"}},
		{event(day, "RDATE:20260301"), []string{"line 5", "RDATE is not understood"}},
		{event(day, "RECURRENCE-ID;VALUE=DATE:20260101"), []string{"line 5", "RECURRENCE-ID"}},
		{event("DTSTART:20260101T090000Z"), []string{"line 3", "none of its 1 events lasts all day"}},
		{event(day, "SUMMARY;x"), []string{"line 5", "no NAME:VALUE"}},
		{event(day, "SUMMARY;LANGUAGE:x"), []string{"cannot be read as a calendar", "export it again"}},
		{event(day, "DESCRIPTION:"+strings.Repeat("x", maxCalendarLine)), []string{"line 5", "longer than 8 kB"}},
		{event(strings.Repeat("SUMMARY:x\r\n", maxCalendarBytes/10)), []string{"larger than 1024 kB", "years that matter"}},
		{calendar(strings.Repeat("BEGIN:VEVENT\r\nDTSTART:20000101\r\nDURATION:P366D\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n", 2)), []string{"line 3", "more than 20000 days"}},
	} {
		days, err := parseHolidays(c.file)
		if err == nil {
			t.Errorf("%.60q gives %s", c.file, show(days))
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%.60q: %q does not speak of %q", c.file, err, want)
			}
		}
	}
}

func FuzzHolidays(f *testing.F) {
	f.Add(event("DTSTART;VALUE=DATE:20260227", "DTEND;VALUE=DATE:20260302", "RRULE:FREQ=YEARLY;COUNT=3", "EXDATE:20270227"))
	f.Add(event("DTSTART;TZID=\"Europe/Berlin\":20260101T000000", "DURATION:P2W"))
	f.Add(calendar("BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:VEVENT", "DTSTART:20260101T101112Z", "BEGIN:VALARM", "END:VALARM", "END:VEVENT"))
	f.Fuzz(func(t *testing.T, file []byte) {
		days, err := parseHolidays(file)
		if err != nil && (err.Error() == "" || len(err.Error()) > 500) {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		if len(days) > maxHolidays {
			t.Errorf("%d days", len(days))
		}
		for i := 1; i < len(days); i++ {
			if days[i-1].compare(days[i]) >= 0 {
				t.Errorf("%v comes before %v", days[i-1], days[i])
			}
		}
	})
}
