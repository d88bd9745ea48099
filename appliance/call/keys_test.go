package call

import (
	"testing"

	"callbox/appliance/media"
)

func TestKeysByInfoAreReadAsEveryPhoneWritesThem(t *testing.T) {
	for _, c := range []struct {
		kind, body string
		want       byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'},
		{"application/dtmf-relay", "Signal= #\r\nDuration= 250", '#'},
		{"application/dtmf-relay; charset=utf-8", "Duration=100\nSignal=10", '*'},
		{"application/dtmf", "7", '7'},
		{"application/dtmf", "d\r\n", 'D'},
		{"application/dtmf", "77", 0},
		{"application/dtmf-relay", "Duration=160", 0},
		{"text/plain", "5", 0},
		{"", "", 0},
	} {
		if got, _ := infoKey(c.kind, c.body); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.body, got, c.want)
		}
	}
}

func TestKeysGoToAPhoneInTheBestWayThatItTakes(t *testing.T) {
	for _, c := range []struct {
		dtmf, agreed string
		takesInfo    bool
		want         media.KeyWay
	}{
		{"auto", "rfc4733", true, media.KeysAgreed},
		{"auto", "rfc4733", false, media.KeysAgreed},
		{"auto", "inband", true, media.KeysInfo},
		{"auto", "inband", false, media.KeysAgreed},
		{"auto", "info", true, media.KeysInfo},    // it stays so when the sound is agreed on anew …
		{"auto", "info", false, media.KeysAgreed}, // … until the phone refused a key
		{"auto", "", true, media.KeysAgreed},
		{"rfc4733", "inband", true, media.KeysAgreed},
		{"info", "inband", false, media.KeysInfo},
		{"inband", "inband", true, media.KeysInband},
	} {
		if got := keyWay(c.dtmf, c.agreed, c.takesInfo); got != c.want {
			t.Errorf("dtmf %s, agreed %q, takes INFO %v: way %d, want %d", c.dtmf, c.agreed, c.takesInfo, got, c.want)
		}
	}
}
