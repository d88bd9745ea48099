package lua

import (
	"strings"
	"testing"
)

// Valid numbers are the standards' own examples or computed by hand; one digit that is another is noticed.
var checks = map[string]struct {
	check func(string) string
	good  []string
	bad   []string
}{
	"luhn": {checkLuhn, []string{"79927398713", "4111 1111 1111 1111", "490154203237518", "00"}, []string{"79927398710", "4111111111111112", "7", "", "4a"}},
	"iban": {checkIBAN, []string{"GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "fr14 2004 1010 0505 0001 3m02 606", "CH9300762011623852957"},
		[]string{"GB82WEST12345698765433", "DE8937040044053201300", "XX", "DE00", "GB82 WEST 1234 5698 7654 3!"}},
	"vin":   {checkVIN, []string{"1M8GDM9AXKP042788", "1HGCM82633A004352", "WVWZZZ1JZXW000001", "11111111111111111"}, []string{"1M8GDM9A1KP042788", "1HGCM82633A00435", "1HGCM82633A0O4352", "WVWZZZ1JZXW00000I"}},
	"cn_id": {checkCNID, []string{"11010519491231002X", "440524188001010014", "11010519491231002x"}, []string{"110105194912310021", "990105194912310021", "11010519491331002X", "11010519490229002X", "1101054912310"}},
	"tw_id": {checkTWID, []string{"A123456789", "a 123 456 789", "A800000014", "AA00000009"}, []string{"A123456788", "A323456789", "1123456789", "A12345678"}},
	"s10":   {checkS10, []string{"RB123456785GB", "RR 473124829 US", "EE000000005TW"}, []string{"RB123456784GB", "R1123456785GB", "RB123456785G", "RB12345678XGB"}},
}

func TestNumbersThatSomebodyMistypedAreFound(t *testing.T) {
	test := func(check func(string) string, s string) string {
		plain, reason := bare(s)
		if reason != "" {
			return reason
		}
		return check(plain)
	}
	for name, c := range checks {
		for _, s := range c.good {
			if why := test(c.check, s); why != "" {
				t.Errorf("%s: %s is right, not: %s", name, s, why)
			}
		}
		for _, s := range c.bad {
			if why := test(c.check, s); why == "" {
				t.Errorf("%s: %s is wrong", name, s)
			}
		}
	}
	for _, name := range []string{"luhn", "iban", "cn_id"} { // an S10's 5 and 0 stand for two remainders each
		c := checks[name]
		plain, _ := bare(c.good[0])
		for i := range plain {
			for _, d := range "0123456789" {
				if other := plain[:i] + string(d) + plain[i+1:]; other != plain && plain[i] >= '0' && plain[i] <= '9' && test(c.check, other) == "" {
					t.Errorf("%s: %s instead of %s is not noticed", name, other, plain)
				}
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range checks {
		for _, s := range append(c.good, c.bad...) {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, reason := bare(s)
		if reason != "" {
			return
		}
		if strings.ContainsFunc(plain, func(r rune) bool { return r > 'Z' }) {
			t.Fatalf("%q", plain)
		}
		for _, c := range checks {
			c.check(plain)
		}
	})
}
