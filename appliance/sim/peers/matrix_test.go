package peers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"callbox/appliance/sim/peers"
)

// combination is one row of the matrix: a call from one kind of phone to another, by way of the box.
type combination struct {
	caller, callee peers.Kind
}

func (c combination) String() string { return c.caller.String() + " calls " + c.callee.String() }

// each is every transport with every codec and encryption.
func each(transports, codecs []string, encryptions []peers.Encryption, do func(transport, codec string, e peers.Encryption)) {
	for _, e := range encryptions {
		for _, t := range transports {
			for _, c := range codecs {
				do(t, c, e)
			}
		}
	}
}

var (
	allCodecs = []string{"pcmu", "pcma", "g722", "opus"}
	desk      = []string{"udp", "tcp", "tls"}
)

// alike are calls between two phones of one kind.
func alike() (rows []combination) {
	each(desk, allCodecs, []peers.Encryption{peers.Plain, peers.SDES, peers.SDESOnly, peers.DTLS}, func(transport, codec string, e peers.Encryption) {
		k := peers.Kind{Agent: "baresip", Transport: transport, Codec: codec, Encryption: e}
		rows = append(rows, combination{k, k})
	})
	return rows
}

// mixed are calls between phones that differ in everything: every codec with every other, every encryption with every
// other, every transport with every other.
func mixed() (rows []combination) {
	encryptions := []peers.Encryption{peers.Plain, peers.SDES, peers.SDESOnly, peers.DTLS}
	transports := pairs(len(desk))
	for i, c := range pairs(len(allCodecs)) {
		e, t := pairs(len(encryptions))[(i*5+1)%12], transports[i%len(transports)]
		rows = append(rows, combination{
			peers.Kind{Agent: "baresip", Transport: desk[t[0]], Codec: allCodecs[c[0]], Encryption: encryptions[e[0]]},
			peers.Kind{Agent: "baresip", Transport: desk[t[1]], Codec: allCodecs[c[1]], Encryption: encryptions[e[1]]},
		})
	}
	return rows
}

// pairs are all pairs of two different numbers below n, in both orders.
func pairs(n int) (all [][2]int) {
	for i := range n {
		for j := range n {
			if i != j {
				all = append(all, [2]int{i, j})
			}
		}
	}
	return all
}

// families are calls between the two versions of IP, and within the newer one.
func families() (rows []combination) {
	for i, transport := range desk {
		old := peers.Kind{Agent: "baresip", Transport: transport, Codec: allCodecs[i], Encryption: peers.SDES}
		new := peers.Kind{Agent: "baresip", Transport: transport, Codec: allCodecs[i+1], IPv6: true}
		rows = append(rows, combination{old, new}, combination{new, old}, combination{new, new})
	}
	return rows
}

func TestPhonesTalkInEveryTransportCodecAndEncryption(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, alike())
}

func TestPhonesThatDifferInEverythingTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{}, mixed())
}

func TestPhonesOfBothVersionsOfIPTalk(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{IPv6: true}, families())
}

// matrix makes a call for each row, all by one box, and prints how they went.
func matrix(t *testing.T, o peers.BoxOptions, rows []combination) {
	t.Helper()
	var mu sync.Mutex
	how := make([]string, len(rows))
	t.Cleanup(func() {
		for i, r := range rows {
			t.Logf("%-110s %s", r, how[i])
		}
	})
	o.Configuration, o.SoundPorts = office(2*len(rows)), 400
	box := peers.NewBoxWith(t, o)
	for i, r := range rows {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			caller, callee := number(2*i), number(2*i+1)
			said := "failed"
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				how[i] = said
			}()
			heard(t, box, r, caller, callee)
			if !t.Failed() {
				said = "heard both ways"
			}
		})
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

// heard is a call in which both sides hear each other, in the codecs and encryptions of the row.
func heard(t *testing.T, box *peers.Box, r combination, from, to string) {
	t.Helper()
	const low, high = 500, 800
	caller, callee := box.Party(t, r.caller, from, low), box.Party(t, r.callee, to, high)
	for number, k := range map[string]peers.Kind{from: r.caller, to: r.callee} {
		if transport, source := box.Registered(number); transport != k.Transport || strings.HasPrefix(source, "[::1]:") != k.IPv6 {
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
	caller.HangUp()
	caller.Ends()
	callee.Ends()
	if way := caller.Encrypted(); way != r.caller.Encryption.Way() {
		t.Errorf("the caller's sound was encrypted by %q", way)
	}
	if way := callee.Encrypted(); way != r.callee.Encryption.Way() {
		t.Errorf("the callee's sound was encrypted by %q", way)
	}
	cdr := box.Between(from, to)
	if cdr.Outcome != "answered" || len(cdr.Legs) != 2 {
		t.Fatalf("the CDR: %+v", cdr)
	}
	spoken := map[string]string{}
	for _, leg := range cdr.Legs {
		spoken[leg.Peer] = leg.Codec
	}
	if spoken["extension "+from] != r.caller.Codec || spoken["extension "+to] != r.callee.Codec {
		t.Errorf("the CDR says that they spoke %v", spoken)
	}
}
