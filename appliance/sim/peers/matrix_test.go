package peers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"callbox/appliance/sim/peers"
)

func TestPhonesTalkInEveryTransportCodecAndEncryption(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, alike(), "baresip")
}

func TestPhonesThatDifferInEverythingTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, mixed())
}

func TestPhonesOfBothVersionsOfIPTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{IPv6: true}, families())
}

func TestPagesInABrowserAndPhonesTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, pages(), "chromium")
}

func TestLinphonesTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, linphones(), "linphone")
}

// matrix makes a call for each row, all by one box, and prints how they went, and what agents cannot do.
func matrix(t *testing.T, o peers.BoxOptions, calls []combination, agents ...string) {
	t.Helper()
	o.Configuration, o.SoundPorts = office(2*len(calls)), 300
	f := floor{box: peers.NewBoxWith(t, o), pages: map[float64]*peers.Browser{}}
	for _, r := range calls {
		f.open(t, r.caller, low)
		f.open(t, r.callee, high)
	}
	rows := newTable(t, "heard both ways", agents...)
	for i, c := range calls {
		rows.run(t, c.String(), func(t *testing.T) { f.connect(t, c, number(2*i), number(2*i+1)) })
	}
}

// office is a configuration with so many extensions.
func office(n int) string {
	var b strings.Builder
	b.WriteString("appliance {\n  country  = \"TW\"\n  timezone = \"Asia/Taipei\"\n}\n")
	for i := range n {
		fmt.Fprintf(&b, "extension %q {\n  password = %q\n}\n", number(i), peers.Secret+number(i))
	}
	return b.String()
}

func number(i int) string { return fmt.Sprint(2000 + i) }

// The tones of caller and callee.
const low, high = 500, 800

// floor is where the phones of a matrix stand.
type floor struct {
	box   *peers.Box
	pages map[float64]*peers.Browser // by the tone that they say
}

// open starts a browser where the kind asks for one.
func (f floor) open(t *testing.T, k peers.Kind, hz float64) {
	t.Helper()
	if k.Agent == "chromium" && f.pages[hz] == nil {
		f.pages[hz] = peers.NewBrowser(t, hz)
	}
}

// party puts someone of a kind at an extension, who says the tone of hz, and waits until it is registered.
func (f floor) party(t *testing.T, k peers.Kind, number string, hz float64) peers.Party {
	t.Helper()
	host := "127.0.0.1"
	if k.IPv6 {
		host = "::1"
	}
	switch k.Agent {
	case "baresip":
		return peers.NewPhone(t, peers.PhoneOptions{
			Server: f.box.Server(host, k.Transport), Transport: k.Transport, Number: number, Password: peers.Secret + number, Hz: hz,
			Codecs: []string{k.Codec}, Encryption: k.Encryption, IPv6: k.IPv6,
		})
	case "linphone":
		return peers.NewLinphone(t, peers.LinphoneOptions{
			Server: f.box.Server(host, k.Transport), Transport: k.Transport, Number: number, Password: peers.Secret + number, Hz: hz,
			Codec: k.Codec, Encryption: k.Encryption,
		})
	case "chromium":
		return f.pages[hz].Phone(t, f.box, number, k.Transport, k.Codec)
	}
	t.Fatalf("nobody can be a %s", k.Agent)
	return nil
}

// connect is a call in which both sides hear each other, in the codecs and encryptions of the row.
func (f floor) connect(t *testing.T, r combination, from, to string) {
	t.Helper()
	caller, callee := f.party(t, r.caller, from, low), f.party(t, r.callee, to, high)
	for number, k := range map[string]peers.Kind{from: r.caller, to: r.callee} {
		if transport, source := f.box.Registered(number); transport != k.Transport || strings.HasPrefix(source, "[::1]:") != k.IPv6 {
			t.Errorf("%s is registered by %s from %s", number, transport, source)
		}
	}
	caller.Dial(to)
	callee.Rings()
	callee.Answer()
	caller.Talks()
	callee.Talks()
	caller.Hears(high)
	callee.Hears(low)
	if way := caller.Encrypted(); way != r.wants(r.caller) {
		t.Errorf("the caller's sound is encrypted by %q", way)
	}
	if way := callee.Encrypted(); way != r.wants(r.callee) {
		t.Errorf("the callee's sound is encrypted by %q", way)
	}
	caller.HangUp()
	caller.Ends()
	callee.Ends()
	cdr := f.box.Between(from, to, "answered")
	if len(cdr.Legs) != 2 {
		t.Fatalf("the CDR: %+v", cdr)
	}
	for number, k := range map[string]peers.Kind{from: r.caller, to: r.callee} {
		i := slices.IndexFunc(cdr.Legs, func(l peers.Leg) bool { return l.Peer == "extension "+number })
		if i < 0 || cdr.Legs[i].Codec != k.Codec || (cdr.Legs[i].Secure == "") != (r.wants(k) == "") {
			t.Errorf("the legs of the CDR, with %s as %s: %+v", number, k, cdr.Legs)
		}
	}
}
