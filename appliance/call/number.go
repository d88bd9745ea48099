package call

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// The classes of numbers that an extension's allow list names.
const (
	ClassInternal      = "internal"
	ClassNational      = "national"
	ClassMobile        = "mobile"
	ClassInternational = "international"
	ClassPremium       = "premium"
	ClassEmergency     = "emergency"
)

// Number is a number as somebody dialled it and what it means in the country
// of the box.
type Number struct {
	Dialled string // as it arrived
	E164    string // "+886227001234"; empty when it is no public number
	Class   string // one of the classes; empty when it is no public number
}

// emergency holds what phones in a country must reach although libphonenumber's
// short-number data leaves it out, or callers from abroad know it by heart.
var emergency = map[string][]string{
	"":   {"112", "911"}, // GSM and the Americas: understood everywhere a phone may come from
	"TW": {"110", "119"},
	"CN": {"110", "119", "120", "122"},
	"HK": {"999"},
	"GB": {"999"},
	"AU": {"000", "106"},
	"NZ": {"111"},
	"JP": {"110", "118", "119"},
	"KR": {"112", "119"},
	"SG": {"995", "999"},
	"DE": {"110"},
	"FR": {"15", "17", "18"},
	"CH": {"117", "118", "144"},
}

// global are the country codes of no country (ITU-T E.164 annex: satellite
// networks, universal personal and premium numbers). A minute costs what a
// premium number's does, and stolen phones dial them first.
var global = []int{870, 878, 881, 882, 883, 979}

// ParseNumber reads a number as it is dialled in country (ISO 3166). Digits of
// other scripts count as digits; spaces and punctuation do not count at all, so
// that no spelling slips past a class that is not allowed.
func ParseNumber(dialled, country string) Number {
	return known.read(dialled, country)
}

func parseNumber(dialled, country string) Number {
	n := Number{Dialled: dialled}
	plain := plainNumber(dialled)
	if IsEmergency(plain, country) {
		n.Class = ClassEmergency
		return n
	}
	p, err := phonenumbers.Parse(plain, country)
	if err != nil || !phonenumbers.IsPossibleNumber(p) {
		return n
	}
	n.E164 = phonenumbers.Format(p, phonenumbers.E164)
	home := phonenumbers.GetCountryCodeForRegion(country)
	switch kind := phonenumbers.GetNumberType(p); {
	case slices.Contains(global, int(p.GetCountryCode())), kind == phonenumbers.PREMIUM_RATE || kind == phonenumbers.SHARED_COST:
		n.Class = ClassPremium
	case int(p.GetCountryCode()) != home:
		n.Class = ClassInternational
	case kind == phonenumbers.MOBILE:
		n.Class = ClassMobile
	case kind == phonenumbers.UNKNOWN && !phonenumbers.IsValidNumber(p):
		// Possible in length, unknown to the plan: neither safe to call
		// national nor surely abroad. Satellite and test ranges hide here.
		n.Class = ClassPremium
	default:
		n.Class = ClassNational
	}
	return n
}

// EmergencyNumbers are those of a country that this package itself knows.
func EmergencyNumbers(country string) []string {
	return slices.Concat(emergency[""], emergency[country])
}

// IsEmergency tells whether the number reaches emergency services in country.
func IsEmergency(number, country string) bool {
	if number = plainNumber(number); strings.ContainsAny(number, "*#") {
		return false // a feature code, not a number
	}
	return slices.Contains(emergency[""], number) || slices.Contains(emergency[country], number) ||
		phonenumbers.IsEmergencyNumber(number, country)
}

// plainNumber keeps what a telephone can dial.
func plainNumber(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r == '+', r == '*', r == '#':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		}
		return -1
	}, s)
}

// spellings are the forms in which a route may name the number, as it arrived
// first.
func (n Number) spellings() []string {
	if n.E164 == "" || n.E164 == n.Dialled {
		return []string{n.Dialled}
	}
	return []string{n.Dialled, n.E164}
}

// shown is the form that facts keep: E.164 when the number is public.
func (n Number) shown() string {
	if n.E164 != "" {
		return n.E164
	}
	return n.Dialled
}
