package appliance_test

import (
	"fmt"
	"testing"

	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// keyed are extensions by how keys reach their phone: what the configuration says, what the phone does.
var keyed = map[string]struct{ ext, dtmf, phone string }{
	"as events":                                    {"3001", "auto", "rfc4733"},
	"by INFO, because it knows no events":          {"3002", "auto", "info"},
	"by INFO, because the configuration wants it":  {"3003", "info", "rfc4733"},
	"as tones, because the configuration wants it": {"3004", "inband", "rfc4733"},
	"as tones, because INFO is not wanted":         {"3005", "rfc4733", "inband"},
}

func init() {
	for _, k := range keyed {
		passwords[k.ext] = "secret-" + k.ext
	}
}

// byInfo tells whether the phone of an extension gets its keys by INFO.
func byInfo(way string) bool {
	return keyed[way].dtmf == "info" || keyed[way].dtmf == "auto" && keyed[way].phone == "info"
}

func TestKeysReachBothSidesWhateverWayEachSendsAndTakesThem(t *testing.T) {
	for one := range keyed {
		for other := range keyed {
			if one > other { // both directions are tried in each call
				continue
			}
			t.Run(one+", and "+other, func(t *testing.T) {
				var config string
				for _, k := range keyed {
					config += fmt.Sprintf("extension %q {\n  password = \"secret-%[1]s\"\n  dtmf     = %[2]q\n}\n", k.ext, k.dtmf)
				}
				o := newOffice(t, config)
				phone := func(way string) *handset {
					return o.handset(keyed[way].ext, func(h *handset) { h.keys = keyed[way].phone })
				}
				from := phone(one)
				at := from
				if other != one {
					at = phone(other)
				}
				a := from.call(keyed[other].ext, sip.Party{Number: keyed[one].ext})
				b := at.rings()
				b.answer()
				o.isAnswered(a)
				for _, c := range []*handsetCall{a, b} {
					c.stream.Play(media.Music(), true)
					c.stream.Stats()
				}
				o.eventually("both hear each other", func() bool { return a.stream.Stats().PacketsIn > 5 && b.stream.Stats().PacketsIn > 5 })
				a.press("159#")
				b.press("*0D2")
				for _, x := range []struct {
					c         *handsetCall
					way, want string
				}{{b, other, "159#"}, {a, one, "*0D2"}} {
					o.eventually("the keys "+x.want, func() bool {
						infos, heard := x.c.got()
						return len(infos)+len(heard) >= len(x.want)
					})
					infos, heard := x.c.got()
					if !byInfo(x.way) {
						infos, heard = heard, infos
					}
					if infos != x.want || heard != "" {
						t.Errorf("%s: got %q, and %q by another way; want %q", x.way, infos, heard, x.want)
					}
				}
				a.hangup()
				o.isOver(b)
			})
		}
	}
}

func TestKeysByInfoReachACarrierAsTheTrunkSays(t *testing.T) {
	pstn := newHandset(t, "0912345678", func(h *handset) {})
	o := newOffice(t, "trunk \"pstn\" {\n  address = \"sip:"+pstn.addr()+"\"\n  dtmf    = \"info\"\n}\n"+ways)
	mei := o.handset("1001", func(*handset) {})
	a := mei.call("0227009999", sip.Party{Number: "1001"})
	b := pstn.rings()
	b.answer()
	o.isAnswered(a)
	a.press("42")
	o.eventually("the carrier gets 42 by INFO", func() bool { infos, heard := b.got(); return infos == "42" && heard == "" })
}
