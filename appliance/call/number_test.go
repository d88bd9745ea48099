package call

import (
	"regexp"
	"testing"

	"callbox/hcl"
)

func TestANumberIsWhatItIsHoweverItIsSpelt(t *testing.T) {
	for _, c := range []struct{ dialled, country, e164, class string }{
		{"0227001234", "TW", "+886227001234", ClassNational},
		{"02-2700-1234", "TW", "+886227001234", ClassNational},
		{"０２２７００１２３４", "TW", "+886227001234", ClassNational},
		{"+886227001234", "TW", "+886227001234", ClassNational},
		{"0912345678", "TW", "+886912345678", ClassMobile},
		{"0085223456789", "TW", "", ""}, // 00 alone is no international prefix in Taiwan
		{"00285223456789", "TW", "+85223456789", ClassInternational},
		{"+85223456789", "TW", "+85223456789", ClassInternational},
		{"030123456", "DE", "+4930123456", ClassNational},
		{"0900123456", "DE", "+49900123456", ClassPremium},
		{"09001234567", "DE", "+499001234567", ClassPremium},
		{"004915123456789", "DE", "+4915123456789", ClassMobile},
		{"+881612345678", "DE", "+881612345678", ClassPremium}, // satellite
		{"9005551234", "US", "+19005551234", ClassPremium},
		{"2125551234", "US", "+12125551234", ClassNational},
		{"1001", "TW", "", ""},
		{"*43", "TW", "", ""},
		{"", "TW", "", ""},
	} {
		n := ParseNumber(c.dialled, c.country)
		if n.E164 != c.e164 || n.Class != c.class {
			t.Errorf("%s in %s: %q %q, want %q %q", c.dialled, c.country, n.E164, n.Class, c.e164, c.class)
		}
	}
}

func TestEmergencyNumbersAreKnownInEveryCountry(t *testing.T) {
	for country, numbers := range map[string][]string{
		"TW": {"110", "119", "112"}, "CN": {"110", "120"}, "HK": {"999", "112"}, "US": {"911", "112"}, "GB": {"999", "112"},
		"DE": {"110", "112"}, "JP": {"119"}, "AU": {"000"}, "NZ": {"111"}, "FR": {"15", "17", "18", "112"}, "SG": {"995", "999"},
	} {
		for _, n := range numbers {
			if got := ParseNumber(n, country).Class; got != ClassEmergency {
				t.Errorf("%s in %s is %q", n, country, got)
			}
		}
	}
	for _, n := range []string{"1001", "0227001234", "1100", "11", "*110"} {
		if ParseNumber(n, "TW").Class == ClassEmergency {
			t.Errorf("%s is no emergency number", n)
		}
	}
}

func TestAPhoneMayCallWhatItsRightsCover(t *testing.T) {
	for _, c := range []struct {
		dialled string
		rights  []string
		route   string
		want    bool
	}{
		{"0227001234", []string{"internal", "national"}, "national", true},
		{"0912345678", []string{"internal", "national"}, "national", false}, // a mobile number stays one, whatever the route says
		{"0912345678", []string{"mobile", "national"}, "national", true},
		{"+85223456789", []string{"national"}, "national", false},
		{"+85223456789", []string{"international"}, "", true},
		{"0227001234", []string{"national"}, "premium", false}, // the route knows better
		{"4321", []string{"internal", "national"}, "", false},
		{"4321", []string{"internal"}, "internal", true},
		{"119", nil, "", true},
	} {
		if got := Allowed(c.rights, ParseNumber(c.dialled, "TW"), c.route); got != c.want {
			t.Errorf("%s with %v by a %q route: %v", c.dialled, c.rights, c.route, got)
		}
	}
}

func TestARouteSeesTheNumberAsItArrivedAndInItsInternationalForm(t *testing.T) {
	cfg := &hcl.Config{Appliance: hcl.Appliance{Country: "TW"}, Routes: []*hcl.Route{
		{Name: "exact", From: []string{"pstn"}, Number: "+886227001234"},
		{Name: "hong kong", From: []string{"pstn"}, NumberMatching: regexp.MustCompile("^02270012[0-9]{2}$"), CallerMatching: regexp.MustCompile(`^\+852`)},
		{Name: "pattern", From: []string{"pstn"}, NumberMatching: regexp.MustCompile("^02270012[0-9]{2}$")},
		{Name: "any trunk", Number: "0800000123"},
		{Name: "out", FromPhones: true, NumberMatching: regexp.MustCompile("^0")},
	}}
	for _, c := range []struct{ trunk, dialled, caller, want string }{
		{"pstn", "0227001234", "0912345678", "exact"},
		{"pstn", "+886227001234", "0912345678", "exact"},
		{"pstn", "0227001299", "0912345678", "pattern"},
		{"pstn", "0227001299", "+85223456789", "hong kong"},
		{"pstn", "0227001299", "00285223456789", "hong kong"},
		{"backup", "0227001299", "0912345678", ""},
		{"backup", "0800000123", "0912345678", "any trunk"},
		{"pstn", "0999", "0912345678", ""},
	} {
		got := ""
		if r := RouteFromTrunk(cfg, c.trunk, ParseNumber(c.dialled, "TW"), ParseNumber(c.caller, "TW")); r != nil {
			got = r.Name
		}
		if got != c.want {
			t.Errorf("%s by %s from %s: route %q, want %q", c.dialled, c.trunk, c.caller, got, c.want)
		}
	}
	if r := RouteFromPhone(cfg, ParseNumber("0227001234", "TW")); r == nil || r.Name != "out" {
		t.Errorf("a phone's call took %v", r)
	}
}
