package appliance_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

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

// ivr is a carrier's machine by hand: it knows no events, and of INFO what its answer says.
func ivr(t *testing.T, allow string, info string) (*wire, *media.Stream, chan media.Event) {
	t.Helper()
	engine, err := media.New(media.Options{PortLow: 10000, PortHigh: 15998, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	sound := make(chan media.Event, 64)
	stream, err := engine.Open(sound)
	if err != nil {
		t.Fatal(err)
	}
	stream.Keys(media.KeysInband)
	w := newWire(t, "127.0.0.1", func(method, request string) (string, string) {
		switch method {
		case "INVITE":
			_, offer, _ := strings.Cut(request, "\r\n\r\n")
			answer, err := stream.Answer([]byte(offer), netip.MustParseAddr("127.0.0.1"), []media.Codec{media.PCMA}, media.SendRecv)
			if err != nil {
				t.Error(err)
			}
			return "SIP/2.0 200 OK\r\nAllow: " + allow + "\r\n", string(answer)
		case "INFO":
			return info, ""
		}
		return "", ""
	})
	return w, stream, sound
}

func TestKeysBecomeTonesForWhoDoesNotTakeThemByInfo(t *testing.T) {
	for _, c := range []struct {
		name, allow, info string
		infos             int
	}{
		{"it says nothing of INFO", "INVITE, ACK, BYE, CANCEL", "", 0},
		{"it takes INFO, but not for keys", "INVITE, ACK, BYE, CANCEL, INFO", "SIP/2.0 415 Unsupported Media Type\r\n", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			pstn, stream, sound := ivr(t, c.allow, c.info)
			o := newOffice(t, trunk("pstn", pstn.addr(), "")+ways)
			mei := o.handset("1001", func(*handset) {})
			a := mei.call("0227009999", sip.Party{Number: "1001"})
			o.isAnswered(a)
			stream.Play(media.Music(), true)
			o.eventually("both hear each other", func() bool { return a.stream.Stats().PacketsIn > 5 })
			for _, key := range "42" {
				a.press(string(key))
				if got := keyIn(sound); got != byte(key) {
					t.Errorf("the machine heard %q, not %c\n%s", got, key, o.log)
				}
			}
			if n := pstn.count("INFO", "wire"); n != c.infos {
				t.Errorf("%d keys came by INFO", n)
			}
			a.hangup()
		})
	}
}

// keyIn is the next key that a stream tells of, 0 when none comes.
func keyIn(sound <-chan media.Event) byte {
	for late := time.After(patience); ; {
		select {
		case e := <-sound:
			if e.Kind == media.EventDigit {
				return e.Digit
			}
		case <-late:
			return 0
		}
	}
}
