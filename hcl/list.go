package hcl

// List is a list of numbers: of those a campaign calls, or of those nobody may
// call.
type List struct {
	// Name by which campaigns refer to it: list.leads.
	Name string `hcl:",label"`
	// File with the entries: a CSV file of the configuration, its first line the
	// names of the columns. Without one the list is filled in the box.
	File string `hcl:"file" is:"path"`
	// Number is the column that has the number.
	Number string `hcl:"number" is:"1..64" default:"number"`
	// Timezone is the column that has the time zone. When not written it comes
	// from the number.
	Timezone string `hcl:"timezone" is:"1..64"`
	// Columns that agents and flows see, of those in the file. When not written:
	// all.
	Columns []string `hcl:"columns" is:"1..64"`
	// DoNotCall makes it a list of numbers that are never called.
	DoNotCall bool `hcl:"do_not_call" default:"false"`
}

var listKind = &kind{name: "list", new: func() any { return new(List) }, effect: atOnce, example: `
list "leads" {
  file     = "leads.csv"
  number   = "phone"
  timezone = "zone"
  columns  = ["name", "policy"]
}

list "never" {
  do_not_call = true
}
`}

func (s *List) check(l *loader, b *block) {
	if b.has("file") {
		l.takeFile(s.File, b.at("file"))
	}
	if s.DoNotCall && (b.has("columns") || b.has("timezone")) {
		l.warn(b.def, b.title()+" has more than numbers", "Of a list with do_not_call only the number is used.")
	}
}
