package hcl

import "time"

// Appliance is the box as a whole: whose it is and where it stands. From this
// come how numbers are read and written, which tones callers hear, which
// numbers are emergencies, and what hour it is.
type Appliance struct {
	// Name of the firm, as pages and prompts show it. In expressions it is
	// appliance.name.
	Name string `hcl:"name" is:"1..100" default:"callbox"`
	// Country where the box stands, as two letters of ISO 3166: "TW", "DE". It
	// decides how national numbers are read. Without it only numbers that begin
	// with + are known, and tones are the common ones of the ITU.
	Country string `hcl:"country" is:"country"`
	// Timezone of the box, a name of the IANA database: "Asia/Taipei". When not
	// written it is the zone of the machine.
	Timezone *time.Location `hcl:"timezone"`
	// Languages that callers are spoken to in, as BCP 47 tags; the first is the
	// default: ["zh-Hant", "en"].
	Languages []string `hcl:"languages" is:"language" default:"en"`

	writtenLanguages bool
}

var applianceKind = &kind{name: "appliance", new: func() any { return new(Appliance) }, effect: newCalls, example: `
appliance {
  name      = "Sunrise Insurance"
  country   = "TW"
  timezone  = "Asia/Taipei"
  languages = ["en", "zh-Hant"]
}
`}

func (a *Appliance) check(l *loader, b *block) {
	if a.Timezone == nil {
		a.Timezone = time.Local
	}
	a.writtenLanguages = b.has("languages")
	if a.writtenLanguages && len(a.Languages) == 0 {
		l.fail(b.at("languages"), "languages is empty", `Name at least one, the default first: ["en"].`)
	}
}

// zoneName is a time zone as it is written.
func zoneName(z *time.Location) string {
	if z == nil {
		return ""
	}
	return z.String()
}
