package hcl

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

const (
	maxCalendarBytes = 1 << 20
	maxCalendarLine  = 8 << 10 // unfolded; the parser's work grows with the square of it
	maxCalendarDepth = 4       // a calendar, an event, an alarm: nothing else nests
	maxHolidaySpan   = 366     // days of one event; longer is a slip of the year
	maxHolidays      = 20000
	firstYear        = 2000 // what repeats every year is written out from here
	lastYear         = 2099 // to here
)

// parseHolidays gives the days of a calendar's all-day events, in order, each once: from DTSTART until before DTEND, an
// event that repeats every year until 2099. Events that have a time of day are no holidays, and cancelled ones are none;
// a calendar that has only such events is an error, as is any rule of repetition other than every year.
func parseHolidays(file []byte) ([]Date, error) {
	places, err := scanCalendar(file)
	if err != nil {
		return nil, err
	}
	calendar, err := ics.ParseCalendarWithOptions(bytes.NewReader(file), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, fmt.Errorf("it cannot be read as a calendar: %w: export it again as iCalendar (.ics)", err)
	}
	events := calendar.Events()
	if len(events) != len(places) {
		return nil, errors.New("its events do not stand directly in its calendar: export it again as iCalendar (.ics)")
	}
	var days []Date
	timed := 0
	for i, event := range events {
		more, err := holiday{event, places[i]}.days()
		switch {
		case errors.Is(err, errTimed):
			timed++
		case err != nil:
			return nil, err
		case len(days)+len(more) > maxHolidays:
			return nil, fmt.Errorf("line %d: more than %d days so far: keep to the years that matter", places[i].line, maxHolidays)
		}
		days = append(days, more...)
	}
	if timed > 0 && timed == len(events) {
		return nil, fmt.Errorf("line %d: none of its %d events lasts all day: holidays are all-day events (DTSTART;VALUE=DATE:20260101)", places[0].line, timed)
	}
	slices.SortFunc(days, Date.compare)
	return slices.Compact(days), nil
}

func (d Date) compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// place is where an event stands in the file, which the parser does not tell.
type place struct {
	line       int
	properties map[string]int // name -> line
}

// of is the line of the first of these properties that the event has, else its own.
func (p place) of(names ...string) int {
	for _, name := range names {
		if line := p.properties[name]; line > 0 {
			return line
		}
	}
	return p.line
}

// calendarScan walks over the lines before the parser does: it finds the places, and keeps off what would cost the
// parser too much.
type calendarScan struct {
	open   []string // BEGINs without their END
	opened int      // line of the last of them
	ended  bool
	places []place
}

func scanCalendar(file []byte) ([]place, error) {
	if len(file) > maxCalendarBytes {
		return nil, fmt.Errorf("it is larger than %d kB: keep to the years that matter", maxCalendarBytes>>10)
	}
	var scan calendarScan
	content, start, number := "", 0, 0
	for raw := range bytes.Lines(bytes.TrimPrefix(file, []byte("\ufeff"))) {
		number++
		line := strings.TrimRight(string(raw), "\r\n")
		switch {
		case line != "" && (line[0] == ' ' || line[0] == '\t'): // folded (RFC 5545 section 3.1)
			content += line[1:]
		case line != "":
			if err := scan.take(content, start); err != nil {
				return nil, err
			}
			content, start = line, number
		}
		if len(content) > maxCalendarLine {
			return nil, fmt.Errorf("line %d: longer than %d kB: export without attachments and long descriptions", start, maxCalendarLine>>10)
		}
	}
	if err := scan.take(content, start); err != nil {
		return nil, err
	}
	switch {
	case len(scan.open) > 0:
		return nil, fmt.Errorf("line %d: BEGIN:%s has no END: the file is cut short, export it again", scan.opened, scan.open[len(scan.open)-1])
	case !scan.ended:
		return nil, errors.New("there is no calendar in it: export one as iCalendar (.ics)")
	}
	return scan.places, nil
}

func (s *calendarScan) take(content string, line int) error {
	if content == "" {
		return nil
	}
	name, value, found := strings.Cut(content, ":")
	name, _, _ = strings.Cut(name, ";")
	switch {
	case !found || name == "":
		return fmt.Errorf("line %d: %.40q is no NAME:VALUE: export the calendar again as iCalendar (.ics)", line, content)
	case s.ended:
		return fmt.Errorf("line %d: the file goes on after its calendar ended: put each calendar into a file of its own", line)
	case name == "BEGIN":
		return s.begin(value, line)
	case len(s.open) == 0:
		return fmt.Errorf("line %d: %.40q stands before BEGIN:VCALENDAR: export the calendar as iCalendar (.ics)", line, content)
	case name == "END":
		return s.end(value, line)
	case len(s.open) == 2 && s.open[1] == "VEVENT":
		properties := s.places[len(s.places)-1].properties
		if properties[name] == 0 {
			properties[name] = line
		}
	}
	return nil
}

func (s *calendarScan) begin(what string, line int) error {
	switch {
	case len(s.open) == 0 && what != "VCALENDAR":
		return fmt.Errorf("line %d: BEGIN:%.40s where BEGIN:VCALENDAR should be: export the calendar as iCalendar (.ics)", line, what)
	case len(s.open) == maxCalendarDepth:
		return fmt.Errorf("line %d: BEGIN:%.40s is nested too deep: export the calendar again", line, what)
	case len(s.open) == 1 && what == "VEVENT":
		s.places = append(s.places, place{line: line, properties: map[string]int{}})
	}
	s.open, s.opened = append(s.open, what), line
	return nil
}

func (s *calendarScan) end(what string, line int) error {
	last := len(s.open) - 1
	if s.open[last] != what {
		return fmt.Errorf("line %d: END:%.40s where END:%.40s should be: export the calendar again", line, what, s.open[last])
	}
	s.open = s.open[:last]
	s.ended = last == 0
	return nil
}

// holiday is an event that may be one.
type holiday struct {
	event *ics.VEvent
	place place
}

// errTimed says that an event has a time of day.
var errTimed = errors.New("not an all-day event")

func (h holiday) days() ([]Date, error) {
	if strings.EqualFold(h.value(ics.ComponentPropertyStatus), "CANCELLED") {
		return nil, nil
	}
	first, err := h.date(ics.ComponentPropertyDtStart)
	if err != nil {
		return nil, err
	}
	length, err := h.length(first)
	if err != nil {
		return nil, err
	}
	for _, name := range []ics.ComponentProperty{ics.ComponentPropertyRecurrenceId, ics.ComponentPropertyRdate, ics.ComponentPropertyExrule} {
		if h.event.HasProperty(name) {
			return nil, fmt.Errorf("line %d: %s is not understood: give each of these days an event of its own", h.place.of(string(name)), name)
		}
	}
	starts, err := h.repeated(first)
	if err != nil {
		return nil, err
	}
	var days []Date
	for _, start := range starts {
		for n := range length {
			days = append(days, dateOf(start.AddDate(0, 0, n)))
		}
	}
	return days, nil
}

func (h holiday) value(name ics.ComponentProperty) string {
	if property := h.event.GetProperty(name); property != nil {
		return strings.TrimSpace(property.Value)
	}
	return ""
}

// date reads a property that is a date. Midnight without a zone of its own counts as one: some programs write all-day
// events so.
func (h holiday) date(name ics.ComponentProperty) (time.Time, error) {
	value := h.value(name)
	if value == "" {
		return time.Time{}, fmt.Errorf("line %d: this event has no %s: give it one (%s;VALUE=DATE:20260101)", h.place.line, name, name)
	}
	day, err := time.Parse("20060102", strings.TrimSuffix(value, "T000000"))
	if err == nil {
		return day.Add(12 * time.Hour), nil // noon, as everywhere where only the date matters
	}
	if _, timed := time.Parse("20060102T150405", strings.TrimSuffix(value, "Z")); timed == nil {
		return time.Time{}, errTimed
	}
	return time.Time{}, fmt.Errorf("line %d: %s %.40q is no date: write it as 20260101", h.place.of(string(name)), name, value)
}

// length gives the number of days from the first until before DTEND.
func (h holiday) length(first time.Time) (int, error) {
	days := 1 // an event without an end lasts its day (RFC 5545 section 3.6.1)
	if value := h.value(ics.ComponentPropertyDuration); value != "" {
		var ok bool
		if days, ok = wholeDays(value); !ok {
			return 0, fmt.Errorf("line %d: DURATION %.40q is not a number of days: write P1D, or a DTEND", h.place.of("DURATION"), value)
		}
	}
	if h.event.HasProperty(ics.ComponentPropertyDtEnd) {
		end, err := h.date(ics.ComponentPropertyDtEnd)
		if err != nil {
			return 0, err
		}
		days = int(end.Sub(first) / (24 * time.Hour))
		if days == 0 {
			days = 1 // not allowed, but written by some for a single day
		}
	}
	if days < 1 || days > maxHolidaySpan {
		return 0, fmt.Errorf("line %d: this event lasts %d days, 1 to %d are possible: DTEND is the day after the last", h.place.of("DTEND", "DURATION"), days, maxHolidaySpan)
	}
	return days, nil
}

// wholeDays reads P3D or P2W.
func wholeDays(duration string) (int, bool) {
	number, isDays := strings.CutSuffix(strings.TrimPrefix(duration, "P"), "D")
	number, isWeeks := strings.CutSuffix(number, "W")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 1000 || isDays == isWeeks {
		return 0, false
	}
	if isWeeks {
		n *= 7
	}
	return n, true
}
