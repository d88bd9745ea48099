package peers_test

import "callbox/appliance/sim/peers"

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

// pages are calls of a browser's page with desk phones, in both directions and every codec, and with another page.
func pages() (rows []combination) {
	others := []peers.Encryption{peers.Plain, peers.SDES, peers.SDESOnly, peers.DTLS}
	for i, transport := range []string{"ws", "wss"} {
		for j, codec := range allCodecs {
			page := peers.Kind{Agent: "chromium", Transport: transport, Codec: codec, Encryption: peers.DTLSWithICE}
			same := peers.Kind{Agent: "baresip", Transport: desk[(i+j)%len(desk)], Codec: codec, Encryption: others[(i+j)%len(others)]}
			other := peers.Kind{Agent: "baresip", Transport: desk[(i+j+1)%len(desk)], Codec: allCodecs[(j+1+i)%len(allCodecs)], Encryption: others[(i+j+2)%len(others)]}
			rows = append(rows, combination{page, same}, combination{other, page})
		}
	}
	one := peers.Kind{Agent: "chromium", Transport: "ws", Codec: "opus", Encryption: peers.DTLSWithICE}
	two := peers.Kind{Agent: "chromium", Transport: "wss", Codec: "g722", Encryption: peers.DTLSWithICE}
	return append(rows, combination{one, one}, combination{one, two})
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
		rows = append(rows, combination{caller, callee})
	})
	return rows
}
