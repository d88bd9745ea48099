package call

import (
	"strings"
	"testing"
)

func TestAContactIsReadAsAPhoneWouldDialIt(t *testing.T) {
	for uri, want := range map[string]place{
		"sip:1002@192.168.0.1:5060;transport=tcp":              {"1002", "192.168.0.1"},
		"SIPS:+886227001234;npdi;rn=+886@[2001:db8::1]:5061":   {"+886227001234", "2001:db8::1"},
		"sip:%2B886227001234:secret@gw.example?Replaces=x%40y": {"+886227001234", "gw.example"},
		"sip:*43@gw.example;lr":                                {"*43", "gw.example"},
		"tel:+886-2-2700.1234;ext=5":                           {"+886227001234", ""},
		"tel:(02)27001234":                                     {"0227001234", ""},
	} {
		if got, ok := parsePlace(uri); !ok || got != want {
			t.Errorf("%s: %+v %v, want %+v", uri, got, ok, want)
		}
	}
	for _, uri := range []string{
		"", "sip:", "sip:gw.example", "sip:@gw.example", "mailto:1002@gw.example", "http://gw.example/1002", "tel:", "1002", "1002@gw.example",
		"sip:the%20boss@gw.example", "sip:1%0d%0aVia:%20x@gw.example", "sip:%zz@gw.example", "sip:" + strings.Repeat("1", longestNumber+1) + "@gw.example",
	} {
		if got, ok := parsePlace(uri); ok {
			t.Errorf("%q is dialled as %+v", uri, got)
		}
	}
}

func FuzzRedirects(f *testing.F) {
	f.Add("sip:%2B886227001234;npdi:secret@[2001:db8::1]:5061;transport=tcp?x=y")
	f.Add("tel:+886-2-2700.1234;phone-context=+886")
	f.Fuzz(func(t *testing.T, uri string) {
		p, ok := parsePlace(uri)
		if ok && (p.number == "" || len(p.number) > longestNumber || strings.ContainsAny(p.number, " \r\n@;:<>\"%?")) {
			t.Errorf("%q is dialled as %q", uri, p.number)
		}
	})
}

func FuzzKeysByInfo(f *testing.F) {
	f.Add("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")
	f.Add("application/dtmf", "11")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		if key, ok := infoKey(contentType, body); ok && !strings.ContainsRune("0123456789*#ABCD", rune(key)) {
			t.Errorf("%q is taken for a key", key)
		}
	})
}

func TestARedirectSpeaksOnlyForWhosePhonesRing(t *testing.T) {
	desk, cell, other, pstn := &leg{account: "1001"}, &leg{account: "1001"}, &leg{account: "1002"}, &leg{trunk: "pstn"}
	for _, c := range []struct {
		rings []*leg
		want  bool
	}{{[]*leg{desk}, true}, {[]*leg{desk, cell}, true}, {[]*leg{pstn}, true}, {[]*leg{desk, cell, other}, false}, {[]*leg{desk, pstn}, false}} {
		d := &dial{legs: c.rings}
		if got := d.onePlace(); got != c.want {
			t.Errorf("%d phones: %v", len(c.rings), got)
		}
	}
}
