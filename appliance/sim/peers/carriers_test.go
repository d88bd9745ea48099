package peers_test

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// line is one carrier in its row: SIPp at an address of its own, which sends back the sound that it gets, and the
// extension that talks over it. SIPp of Debian 12 (3.6.1) is built without TLS and SRTP.
type line struct {
	peers.Kind
	calls bool // the carrier does; otherwise it is called
	index int
	port  int
}

func (l line) String() string {
	if l.calls {
		return l.Kind.String() + " calls baresip"
	}
	return "baresip calls " + l.Kind.String()
}

func (l line) address() string { return fmt.Sprintf("127.0.0.%d", 20+l.index) }
func (l line) number() string  { return fmt.Sprintf("02270010%02d", l.index) }

func (l line) configuration() string {
	return fmt.Sprintf(`
extension %[1]q {
  password = %[2]q
  allow    = ["internal", "national"]
}
trunk "t%[3]d" {
  address     = "sip:%[4]s:%[5]d;transport=%[6]s"
  accept_from = ["%[4]s/32"]
}
route "in%[3]d" {
  from   = trunk.t%[3]d
  number = %[7]q
  to     = extension.%[1]s
}
route "out%[3]d" {
  from   = phones
  number = %[7]q
  class  = "national"
  to     = trunk.t%[3]d
}
`, number(l.index), peers.Secret+number(l.index), l.index, l.address(), l.port, l.Transport, l.number())
}

func (l line) sound() peers.Sound { return peers.Sound{Codec: l.Codec, Echoes: true} }

func TestCarriersOfEveryTransportAndCodecGiveBackWhatTheyHear(t *testing.T) {
	t.Parallel()
	var lines []line
	configuration := "appliance {\n  country = \"TW\"\n}\n"
	carriers := map[int]*peers.SIPp{}
	for _, transport := range []string{"udp", "tcp"} {
		for _, codec := range allCodecs {
			for _, calls := range []bool{true, false} {
				l := line{peers.Kind{Agent: "SIPp", Transport: transport, Codec: codec}, calls, len(lines), peers.Ports(t, 2)}
				lines, configuration = append(lines, l), configuration+l.configuration()
				if !calls { // it is there before the box asks whether it is
					carriers[l.index] = peers.Answer(t, peers.Callee{Sound: l.sound()},
						peers.Run{Address: l.address(), Port: l.port, TCP: transport == "tcp", Patience: 5 * time.Minute})
				}
			}
		}
	}
	box := peers.NewBoxWith(t, peers.BoxOptions{Configuration: configuration})
	peers.Await(t, "the trunks are up", time.Minute, func() bool { return box.Status().TrunksUp == len(carriers) })
	rows := newTable(t, "heard both ways", "SIPp")
	for _, l := range lines {
		rows.run(t, l.String(), func(t *testing.T) {
			phone := peers.NewPhone(t, peers.PhoneOptions{
				Server: box.Address(), Transport: "udp", Number: number(l.index), Password: peers.Secret + number(l.index), Hz: low,
				Codecs: []string{l.Codec},
			})
			if l.calls {
				l.comesIn(t, box, phone)
			} else {
				l.goesOut(phone, carriers[l.index])
			}
			cdr := box.Between(map[bool]string{true: "+886912345678", false: number(l.index)}[l.calls], l.number(), "answered")
			if len(cdr.Legs) != 2 || cdr.Legs[0].Codec != l.Codec || cdr.Legs[1].Codec != l.Codec {
				t.Errorf("the CDR: %+v", cdr)
			}
		})
	}
}

// comesIn is a call from the carrier to the phone, which hears itself, and hangs up.
func (l line) comesIn(t *testing.T, box *peers.Box, phone *peers.Phone) {
	t.Helper()
	call := peers.Call(t, box.Address(), peers.Caller{Sound: l.sound(), From: "0912345678", Number: l.number(), Waits: true},
		peers.Run{Address: l.address(), TCP: l.Transport == "tcp"})
	phone.Rings()
	phone.Answer()
	phone.Talks()
	phone.Hears(low)
	phone.HangUp()
	call.Done(patience)
}

// goesOut is a call of the phone to the carrier. The phone hears itself, and hangs up.
func (l line) goesOut(phone *peers.Phone, carrier *peers.SIPp) {
	phone.Dial(l.number())
	phone.Talks()
	phone.Hears(low)
	phone.HangUp()
	carrier.Await("done", 1, patience)
}
