package appliance

import "testing"

func TestATrunksAddressKeepsItsTransport(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:sbc.carrier.example":                    "sbc.carrier.example",
		"sip:sbc.carrier.example:5062":               "sbc.carrier.example:5062",
		"sip:sbc.carrier.example:5060;transport=udp": "udp://sbc.carrier.example:5060",
		"sip:10.0.0.1;lr;transport=TCP":              "tcp://10.0.0.1",
		"sips:sbc.carrier.example":                   "tls://sbc.carrier.example",
		"sip:user@[2001:db8::1]:5080;transport=tls":  "tls://[2001:db8::1]:5080",
	} {
		if got := nextHop(uri); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}
