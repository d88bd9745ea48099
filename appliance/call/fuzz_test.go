package call

import (
	"slices"
	"strings"
	"testing"
)

// FuzzNumber reads what anybody may dial. Its class is one of ours and no cheaper in its international form, and an
// emergency stays one however it is written.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0227001234", "+886 2 2700-1234", "00886227001234", "110", "112", "*43", "1001", "９１１", "٩١١", "+1 (900) 555-0100", "0800;phone-context=+49", "002", "+", "0\x00", "#31#0912345678"} {
		f.Add(s, uint8(0))
	}
	classes := []string{"", ClassInternal, ClassNational, ClassMobile, ClassInternational, ClassPremium, ClassEmergency}
	f.Fuzz(func(t *testing.T, dialled string, country uint8) {
		home := []string{"TW", "DE", "US", "GB", "JP"}[country%5]
		n := parseNumber(dialled, home)
		if n.Dialled != dialled {
			t.Errorf("%q became %+v", dialled, n)
		}
		if !slices.Contains(classes, n.Class) {
			t.Errorf("%q is of class %q", dialled, n.Class)
		}
		if n.E164 != "" {
			if n.E164[0] != '+' || strings.Trim(n.E164[1:], "0123456789") != "" || len(n.E164) < 5 || len(n.E164) > 21 {
				t.Errorf("%q is %q to the world", dialled, n.E164)
			}
			// what no country's plan knows is closed as premium, and its zeros may count as a prefix once more
			if again := parseNumber(n.E164, home); n.Class != ClassPremium && again.Class != n.Class && again.Class != ClassPremium {
				t.Errorf("%q is %+v, and %q is %+v", dialled, n, n.E164, again)
			}
		}
		if IsEmergency(dialled, home) != (n.Class == ClassEmergency) {
			t.Errorf("%q calls for help or not: %+v", dialled, n)
		}
	})
}
