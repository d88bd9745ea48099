package peers_test

import "callbox/appliance/sim/peers"

// combination is one row of the matrix: a call from one kind of phone to another, by way of the box.
type combination struct {
	caller, callee peers.Kind
	clear          bool // nobody encrypts, whatever they would
}

func (c combination) String() string {
	text := c.caller.String() + " calls " + c.callee.String()
	if c.clear {
		text += ", both in the clear"
	}
	return text
}

// wants is how one side's sound must be encrypted in the end: see Encryption.Way.
func (c combination) wants(k peers.Kind) string {
	if c.clear {
		return peers.Plain.Way()
	}
	return k.Encryption.Way()
}

// absent is what the programs of Debian 12 cannot do, so that no row shows it.
var absent = map[string][]string{
	"baresip": {
		"baresip 1.0 by ws or wss: the program never opens the WebSockets that its library could",
		"baresip 1.0 with ICE: it offers no address of the loopback network, on which these tests run",
	},
	"linphone": {
		"linphone 5.1 by ws or wss: its SIP knows UDP, TCP and TLS",
		"linphone 5.1 over SDES called at a box that does not insist: it takes a=crypto beside plain sound (RFC 8643) for plain sound",
		"linphone 5.1 over ZRTP: the box does not speak it",
	},
	"chromium": {"chromium by udp, tcp or tls, in the clear or over SDES: browsers have none of these"},
	"SIPp":     {"SIPp 3.6 by tls, ws or wss, or encrypted: Debian builds it without TLS and SRTP"},
}

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
		rows = append(rows, combination{caller: k, callee: k})
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
			caller: peers.Kind{Agent: "baresip", Transport: desk[t[0]], Codec: allCodecs[c[0]], Encryption: encryptions[e[0]]},
			callee: peers.Kind{Agent: "baresip", Transport: desk[t[1]], Codec: allCodecs[c[1]], Encryption: encryptions[e[1]]},
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
		rows = append(rows, combination{caller: old, callee: new}, combination{caller: new, callee: old}, combination{caller: new, callee: new})
	}
	return rows
}

// pages are calls of a browser's page with desk phones, in both directions and every codec, and with another page.
func pages() (rows []combination) {
	others := []peers.Encryption{peers.Plain, peers.SDES, peers.SDESOnly, peers.DTLS}
	for i, transport := range []string{"ws", "wss"} {
		for j, codec := range allCodecs {
			page := peers.Kind{Agent: "chromium", Transport: transport, Codec: codec, Encryption: peers.DTLSWithICE}
			same := peers.Kind{Agent: "baresip", Transport: desk[(i+j)%len(desk)], Codec: codec, Encryption: others[(i+j)%len(others)]}
			other := peers.Kind{Agent: "baresip", Transport: desk[(i+j+1)%len(desk)], Codec: allCodecs[(j+1+i)%len(allCodecs)], Encryption: others[(i+j+2)%len(others)]}
			rows = append(rows, combination{caller: page, callee: same}, combination{caller: other, callee: page})
		}
	}
	one := peers.Kind{Agent: "chromium", Transport: "ws", Codec: "opus", Encryption: peers.DTLSWithICE}
	two := peers.Kind{Agent: "chromium", Transport: "wss", Codec: "g722", Encryption: peers.DTLSWithICE}
	return append(rows, combination{caller: one, callee: one}, combination{caller: one, callee: two})
}

// linphones are calls of linphone with its like. It knows nothing of keys beside plain sound when it is called (RFC 8643),
// so where it would be content with either it calls baresip, and is called that way in TestPhonesTalkAtABoxThatInsists.
func linphones() (rows []combination) {
	each(desk, allCodecs, []peers.Encryption{peers.Plain, peers.SDES, peers.SDESOnly, peers.DTLS}, func(transport, codec string, e peers.Encryption) {
		caller := peers.Kind{Agent: "linphone", Transport: transport, Codec: codec, Encryption: e}
		callee := caller
		if e == peers.SDES {
			callee.Agent = "baresip"
		}
		rows = append(rows, combination{caller: caller, callee: callee})
	})
	return rows
}

// insisting are calls at a box that has all sound encrypted. It offers RTP/SAVP, which even those take who know of no keys
// beside plain sound.
func insisting() (rows []combination) {
	for i, transport := range desk {
		for _, pair := range [][2]peers.Kind{
			{{Agent: "linphone", Encryption: peers.SDES}, {Agent: "linphone", Encryption: peers.SDES}},
			{{Agent: "baresip", Encryption: peers.SDES}, {Agent: "baresip", Encryption: peers.SDESOnly}},
			{{Agent: "baresip", Encryption: peers.DTLS}, {Agent: "baresip", Encryption: peers.SDES}},
			{{Agent: "baresip", Encryption: peers.SDES}, {Agent: "linphone", Encryption: peers.DTLS}},
		} {
			for side := range pair {
				pair[side].Transport, pair[side].Codec = transport, allCodecs[(i+side)%len(allCodecs)]
			}
			rows = append(rows, combination{caller: pair[0], callee: pair[1]})
		}
	}
	return rows
}

// unencrypted are calls of phones that would encrypt, and go without where the box does not.
func unencrypted() (rows []combination) {
	for i, transport := range desk {
		would := func(agent, codec string) peers.Kind {
			return peers.Kind{Agent: agent, Transport: transport, Codec: codec, Encryption: peers.SDES}
		}
		rows = append(rows, combination{would("baresip", allCodecs[i]), would("linphone", allCodecs[i+1]), true},
			combination{would("linphone", allCodecs[i]), would("baresip", allCodecs[i]), true})
	}
	return rows
}
