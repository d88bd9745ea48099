package peers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// keyed is how somebody sends or gets keys: as events (RFC 4733), by INFO, or as tones in the sound.
type keyed struct {
	peers.Kind
	way string
}

func (k keyed) String() string { return k.Kind.String() + " by " + k.way }

// carried says whether it is a carrier: our ears with SIPp's signalling, which knows no events.
func (k keyed) carried() bool { return k.Agent == "SIPp" }

// pressing is one row: who presses keys and who gets them.
type pressing struct {
	from, to keyed
	index    int
	port     int // of the carrier, when one of them is
}

func (p pressing) String() string { return p.from.String() + " to " + p.to.String() }

func (p pressing) address() string { return fmt.Sprintf("127.0.0.%d", 60+p.index) }
func (p pressing) outside() string { return fmt.Sprintf("02270020%02d", p.index) }

func (p pressing) configuration() string {
	text := ""
	for side, k := range []keyed{p.from, p.to} {
		if k.carried() {
			text += fmt.Sprintf(`
trunk "k%[1]d" {
  address     = "sip:%[2]s:%[3]d"
  accept_from = ["%[2]s/32"]
}
route "in%[1]d" {
  from   = trunk.k%[1]d
  number = %[4]q
  to     = extension.%[5]s
}
route "out%[1]d" {
  from   = phones
  number = %[4]q
  class  = "national"
  to     = trunk.k%[1]d
}
`, p.index, p.address(), p.port, p.outside(), number(2*p.index+1-side))
			continue
		}
		dtmf := "auto"
		if side == 1 && k.way == "INFO" { // how its own are sent is the phone's affair
			dtmf = "info"
		}
		own := number(2*p.index + side)
		text += fmt.Sprintf("extension %q {\n  password = %q\n  allow = [\"internal\", \"national\"]\n  dtmf = %q\n}\n", own, peers.Secret+own, dtmf)
	}
	return text
}

func pressings(t *testing.T) (all []pressing) {
	senders := []keyed{
		{peers.Kind{Agent: "baresip", Transport: "udp", Codec: "pcma"}, "events"},
		{peers.Kind{Agent: "baresip", Transport: "tls", Codec: "opus", Encryption: peers.SDES}, "events"},
		{peers.Kind{Agent: "linphone", Transport: "tcp", Codec: "g722", Encryption: peers.SDESOnly}, "INFO"},
		{peers.Kind{Agent: "chromium", Transport: "ws", Codec: "opus", Encryption: peers.DTLSWithICE}, "events"},
		{peers.Kind{Agent: "SIPp", Transport: "udp", Codec: "pcma"}, "tones"},
	}
	getters := []keyed{
		{peers.Kind{Agent: "baresip", Transport: "tcp", Codec: "pcmu", Encryption: peers.SDES}, "events"},
		{peers.Kind{Agent: "baresip", Transport: "udp", Codec: "g722"}, "INFO"},
		{peers.Kind{Agent: "linphone", Transport: "tls", Codec: "opus", Encryption: peers.DTLS}, "events"},
		{peers.Kind{Agent: "SIPp", Transport: "udp", Codec: "pcma"}, "tones"},
	}
	for _, from := range senders {
		for _, to := range getters {
			if !from.carried() || !to.carried() {
				all = append(all, pressing{from, to, len(all), peers.Ports(t, 2)})
			}
		}
	}
	return all
}

func TestKeysArriveHoweverTheyAreSentAndHoweverTheyAreUnderstood(t *testing.T) {
	t.Parallel()
	all := pressings(t)
	configuration := "appliance {\n  country = \"TW\"\n}\n"
	carriers, ears := map[int]*peers.SIPp{}, map[int]*peers.Ear{}
	for _, p := range all {
		configuration += p.configuration()
		if p.from.carried() || p.to.carried() {
			ears[p.index] = peers.NewEar(t, 440)
		}
		if p.to.carried() {
			carriers[p.index] = peers.Answer(t, peers.Callee{Sound: peers.Sound{Toneless: true}},
				peers.Run{Address: p.address(), Port: p.port, Ears: []*peers.Ear{ears[p.index]}, Patience: 5 * time.Minute})
		}
	}
	f := floor{box: peers.NewBoxWith(t, peers.BoxOptions{Configuration: configuration}), pages: map[float64]*peers.Browser{}}
	peers.Await(t, "the trunks are up", time.Minute, func() bool { return f.box.Status().TrunksUp == len(carriers) })
	for _, p := range all {
		f.open(t, p.from.Kind, low)
	}
	rows := newTable(t, "all keys arrived")
	for _, p := range all {
		rows.run(t, p.String(), func(t *testing.T) { p.do(t, f, carriers[p.index], ears[p.index]) })
	}
}

// do makes the call, presses some keys and sees that each arrives, once and in order.
func (p pressing) do(t *testing.T, f floor, carrier *peers.SIPp, ear *peers.Ear) {
	t.Helper()
	press, keys, end := p.connect(t, f, carrier, ear)
	got := arrive(press, keys)
	// A tone that a busy machine cuts in two is pressed twice to whoever hears it: then we press again.
	tones := p.from.way == "tones" || p.to.way == "tones"
	for again := 0; tones && got != pressed && again < 3 && f.box.Idle() > 100*time.Millisecond; again++ {
		t.Logf("pressed %s, got %s, on a busy machine", pressed, got)
		got = arrive(press, keys)
	}
	all := keys()
	end()
	if got != pressed {
		t.Errorf("pressed %s, got %s", pressed, got)
	}
	if late := keys(); late != all {
		t.Errorf("in the end it was %s, not %s", late, all)
	}
}

const pressed = "4#907"

// arrive presses the keys, each when those before it have arrived, and gives what arrived.
func arrive(press func(string), keys func() string) (got string) {
	before := len(keys())
	for i, key := range strings.Split(pressed, "") {
		press(key)
		if !peers.Within(patience, func() bool { got = keys()[before:]; return len(got) > i }) || got != pressed[:i+1] {
			return got
		}
	}
	return got
}

type presser interface {
	peers.Party
	Press(key string)
}

type getter interface {
	peers.Party
	Keys() string
}

// wentBy says by what its SIP shows whether the keys of a desk phone went by INFO where they must, and only there.
func (k keyed) wentBy(t *testing.T, p peers.Party) {
	t.Helper()
	if s, ok := p.(interface{ Saw(string) bool }); ok && s.Saw("INFO sip:") != (k.way == "INFO") {
		t.Errorf("%s: keys by INFO: %v", k, s.Saw("INFO sip:"))
	}
}

// connect lets the two talk until both hear each other. It gives how a key is pressed, which have arrived, and the end.
func (p pressing) connect(t *testing.T, f floor, carrier *peers.SIPp, ear *peers.Ear) (press func(string), keys func() string, end func()) {
	t.Helper()
	own, other := number(2*p.index), number(2*p.index+1)
	if p.from.carried() {
		phone := f.party(t, p.to.Kind, other, high).(getter)
		call := peers.Call(t, f.box.Address(), peers.Caller{Sound: peers.Sound{Toneless: true}, From: "0912345678", Number: p.outside(), Waits: true},
			peers.Run{Address: p.address(), Ears: []*peers.Ear{ear}})
		phone.Rings()
		phone.Answer()
		phone.Talks()
		ear.Hears(t, "the carrier hears the phone", high, patience)
		phone.Hears(440)
		return ear.Press, phone.Keys, func() { p.to.wentBy(t, phone); phone.HangUp(); call.Done(patience) }
	}
	phone := f.presser(t, p.from, own)
	if p.to.carried() {
		phone.Dial(p.outside())
		phone.Talks()
		phone.Hears(440)
		ear.Hears(t, "the carrier hears the phone", low, patience)
		return phone.Press, func() string { return ear.Keys(t) }, func() { p.from.wentBy(t, phone); phone.HangUp(); carrier.Await("done", 1, patience) }
	}
	callee := f.party(t, p.to.Kind, other, high).(getter)
	phone.Dial(other)
	callee.Rings()
	callee.Answer()
	phone.Talks()
	callee.Talks()
	phone.Hears(high)
	callee.Hears(low)
	return phone.Press, callee.Keys, func() {
		p.from.wentBy(t, phone)
		p.to.wentBy(t, callee)
		phone.HangUp()
		phone.Ends()
		callee.Ends()
	}
}

func (f floor) presser(t *testing.T, k keyed, number string) presser {
	t.Helper()
	if k.Agent == "linphone" {
		return peers.NewLinphone(t, peers.LinphoneOptions{
			Server: f.box.Server("127.0.0.1", k.Transport), Transport: k.Transport, Number: number, Password: peers.Secret + number,
			Hz: low, Codec: k.Codec, Encryption: k.Encryption, Info: k.way == "INFO",
		})
	}
	return f.party(t, k.Kind, number, low).(presser)
}
