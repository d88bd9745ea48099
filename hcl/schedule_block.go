package hcl

import "time"

// Schedule says when something is open.
type Schedule struct {
	Name string
	// Timezone is never nil after Load: the appliance's if the block has none.
	Timezone *time.Location
	Open     []Hours
	Closed   []Hours
	Holidays []Date
}

// Hours are hours of some days. From and To are minutes since midnight, From
// before To, To at most 1440; both zero: the whole day.
type Hours struct {
	Days  []time.Weekday
	Dates []Date
	From  int
	To    int
}

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}
