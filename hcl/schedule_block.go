package hcl

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Schedule says when something is open. Closed hours beat open ones, holidays
// are closed, and so is whatever no open block names.
type Schedule struct {
	// Name by which flows refer to it: schedule.office.
	Name string `hcl:",label"`
	// Timezone of its hours, a name of the IANA database. When not written: the
	// appliance's.
	Timezone *time.Location `hcl:"timezone"`
	// Open hours; any number of blocks.
	Open []Hours `hcl:"open" is:"block"`
	// Closed hours; any number of blocks. They beat the open ones.
	Closed []Hours `hcl:"closed" is:"block"`
	// Holidays are closed days: all-day events of an iCalendar file (RFC 5545),
	// file("holidays.ics").
	Holidays []Date `hcl:"holidays" is:"ical"`
}

// Hours are hours of some days: of the days of the week, or of dates.
type Hours struct {
	// Days of the week: mon, tue, wed, thu, fri, sat, sun.
	Days []time.Weekday `hcl:"days"`
	// Dates of the calendar: ["2026-02-14"].
	Dates []Date `hcl:"dates"`
	// From is when they begin, as hours and minutes: "09:00". Without from and
	// to it is the whole day. The field counts minutes since midnight.
	From int `hcl:"from" is:"clock"`
	// To is when they end, up to "24:00"; earlier than from, it is on the day
	// after: "06:00". The field counts minutes since midnight.
	To int `hcl:"to" is:"clock"`
}

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String writes it as 2026-02-14.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

var scheduleKind = &kind{name: "schedule", new: func() any { return new(Schedule) }, effect: newCalls, example: `
schedule "office" {
  timezone = "Asia/Taipei"

  open {
    days = ["mon", "tue", "wed", "thu", "fri"]
    from = "09:00"
    to   = "18:00"
  }
  open {
    dates = ["2026-02-14"]
    from  = "09:00"
    to    = "12:00"
  }
  closed {
    dates = ["2026-02-17"]
  }

  holidays = file("holidays.ics")
}
`}

func (s *Schedule) check(l *loader, b *block) {
	if s.Timezone == nil {
		s.Timezone = l.config.Appliance.Timezone
	}
	if len(b.inner["open"]) == 0 {
		l.warn(b.def, b.title()+" never opens", "What no open block names is closed. Add one: open { days = [\"mon\", …]; from = \"09:00\"; to = \"18:00\" }, each attribute on a line of its own.")
	}
}

func (h *Hours) check(l *loader, b *block) {
	if !b.wrotePart("days") && !b.wrotePart("dates") {
		l.fail(b.def, b.kind.name+" does not say which days", `Add days = ["mon", …] or dates = ["2026-02-14", …].`)
	}
	if b.wrotePart("days") && b.wrotePart("dates") {
		l.fail(b.def, b.kind.name+" has both days and dates", "Write a block for the days of the week and one for the dates.")
	}
	switch {
	case b.wrotePart("from") != b.wrotePart("to"):
		l.fail(b.def, b.kind.name+" has only one of from and to", `Write both: from = "09:00", to = "18:00"; or neither, for the whole day.`)
	case b.has("from") && b.has("to") && h.From == h.To:
		l.fail(b.at("to"), b.kind.name+" ends when it begins", `Leave from and to out for the whole day. Hours that end earlier than they begin end on the day after: from = "22:00", to = "06:00".`)
	}
}

// decodeClock reads "09:00" into minutes.
func decodeClock(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	f := &field{name: a.Name, typ: reflect.TypeFor[string]()}
	var text string
	v, ok := l.evaluate(a.Expr)
	if !ok || !l.assign(f, a.Name, v, a.Expr, reflect.ValueOf(&text).Elem()) {
		return false
	}
	minutes, ok := parseClock(text)
	if !ok {
		l.fail(a.Expr.Range(), fmt.Sprintf("%s: %s is no time of day", a.Name, shorten(text)), `Write hours and minutes, "00:00" to "24:00": "09:00", "18:30".`)
		return false
	}
	s := schemaOf(owner.Type())
	owner.Field(s.find(a.Name).index).SetInt(int64(minutes))
	return true
}

func parseClock(s string) (int, bool) {
	h, m, found := strings.Cut(s, ":")
	hours, err1 := strconv.Atoi(h)
	minutes, err2 := strconv.Atoi(m)
	if !found || len(h) != 2 || len(m) != 2 || err1 != nil || err2 != nil || hours < 0 || minutes < 0 || minutes > 59 || hours*60+minutes > 24*60 {
		return 0, false
	}
	return hours*60 + minutes, true
}

// maxCalendar bounds a calendar, in bytes.
const maxCalendar = 500_000

// decodeHolidays reads the text of an iCalendar file.
func decodeHolidays(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	f := &field{name: a.Name, typ: reflect.TypeFor[string]()}
	var text string
	v, ok := l.evaluate(a.Expr)
	if !ok || !l.assign(f, a.Name, v, a.Expr, reflect.ValueOf(&text).Elem()) {
		return false
	}
	if len(text) > maxCalendar {
		l.fail(a.Expr.Range(), "the calendar is too big", fmt.Sprintf("It has at most %s. Keep the years that matter.", Size(maxCalendar)))
		return false
	}
	if !strings.Contains(text, "BEGIN:VCALENDAR") {
		l.fail(a.Expr.Range(), "holidays is no calendar", `It takes the text of an iCalendar file: file("holidays.ics").`)
		return false
	}
	days, err := parseHolidays([]byte(text))
	if err != nil {
		l.fail(a.Expr.Range(), "the calendar cannot be read", sentence(err.Error()))
		return false
	}
	owner.Addr().Interface().(*Schedule).Holidays = days
	return true
}
