package media

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// moment is one thing that happens to a latch, and what must come of it.
type moment struct {
	at    int64  // ms
	from  string // a packet of this source, or
	says  string // a negotiation that names this address, "" for none
	mute  bool   // … and says that the peer does not send
	junk  bool   // the packet is nothing to learn from
	heard bool
	peer  string // where we send afterwards, when it matters
}

// One test a row of the table in latch.go.
func rowM02WhoIsHeard(t *testing.T) {
	const told, same, other, third = "198.51.100.7:4000", "198.51.100.7:61000", "203.0.113.9:5000", "203.0.113.9:6000"
	for _, c := range []struct {
		row     string
		moments []moment
	}{
		{"1: before anything was negotiated nobody is heard", []moment{{from: told}}},
		{"2: the signalled address is heard, and then nobody else", []moment{
			{says: told}, {at: 5, from: told, heard: true, peer: told}, {at: 2000, from: same}, {at: 2000, from: other, peer: told}}},
		{"3: another port of the signalled host is learned, and settles in three seconds", []moment{
			{says: told, peer: told}, {at: 5000, from: same, heard: true, peer: same}, {at: 8100, from: told, peer: same}}},
		{"4: behind a NAT the real source is learned", []moment{
			{says: told}, {at: 100, from: other, heard: true, peer: other}, {at: 3200, from: third, peer: other}}},
		{"5: who is nearer to the signalled address takes over at once", []moment{
			{says: told}, {at: 0, from: other, heard: true}, {at: 10, from: same, heard: true, peer: same},
			{at: 20, from: told, heard: true, peer: told}, {at: 30, from: same}}},
		{"6: who is as near or farther waits in vain while the learned one speaks", []moment{
			{says: told}, {at: 0, from: same, heard: true}, {at: 400, from: other}, {at: 450, from: same, heard: true, peer: same}}},
		{"7: who fell silent inside the window may be replaced", []moment{
			{says: told}, {at: 0, from: other, heard: true}, {at: 600, from: third, heard: true, peer: third}}},
		{"8: after the window the learned one goes on", []moment{
			{says: told}, {at: 0, from: other, heard: true}, {at: 60_000, from: other, heard: true}}},
		{"9: after the window strangers are not heard, however long the peer was silent", []moment{
			{says: told}, {at: 0, from: other, heard: true}, {at: 60_000, from: third}, {at: 60_000, from: told, peer: other}}},
		{"10: who was never heard inside the window must come from where he said", []moment{
			{says: told}, {at: 11_000, from: other}, {at: 11_000, from: same}, {at: 11_000, from: told, heard: true}, {at: 11_001, from: other}}},
		{"11: a new address forgets the old one", []moment{
			{says: told}, {at: 0, from: told, heard: true}, {at: 50, says: third, peer: third}, {at: 60, from: third, heard: true}, {at: 70, from: told}}},
		{"12: the same address again keeps whom we know, and lets a moved peer in when that one is silent", []moment{
			{says: told}, {at: 0, from: other, heard: true}, {at: 20_000, from: other, heard: true}, {at: 20_100, says: told, peer: other},
			{at: 20_200, from: third}, {at: 20_600, from: third, heard: true, peer: third}}},
		{"13: a peer who says that he does not send opens no window", []moment{
			{says: told, mute: true}, {at: 10, from: other}, {at: 10, from: told, heard: true}, {at: 20_000, says: told, mute: true}, {at: 29_000, from: other}}},
		{"what is no sound that was agreed on is not learned from", []moment{
			{says: told}, {at: 0, from: other, junk: true, peer: told}, {at: 0, from: told, junk: true}}},
	} {
		t.Run(c.row, func(t *testing.T) {
			var l latch
			for i, m := range c.moments {
				if m.says != "" {
					l.negotiated(endpointOf(netip.MustParseAddrPort(m.says), unix.AF_INET), !m.mute, m.at*ms)
				} else {
					from := endpointOf(netip.MustParseAddrPort(m.from), unix.AF_INET)
					if heard := l.admit(&from, !m.junk, m.at*ms); heard != m.heard {
						t.Fatalf("moment %d, %s: heard %v", i, m.from, heard)
					}
				}
				if m.peer != "" && l.peer().addrPort().String() != m.peer {
					t.Fatalf("moment %d: we send to %v", i, l.peer().addrPort())
				}
			}
		})
	}
}

func rowM04AStrangerIsNeitherHeardNorCanHePressKeys(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, events := open(t, e)
	b, _ := open(t, e)
	one, two, stranger := newPhone(t), newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.call(b, "sendrecv")
	Join(a, b)
	one.say(1)
	two.hear()
	stranger.leg, stranger.ssrc, stranger.seq, stranger.ts = one.leg, one.ssrc, one.seq, one.ts // he knows it all
	stranger.say(0x66)
	stranger.pt = 96
	stranger.raw(keyPacket(96, one.seq+1, one.ts, one.ssrc, 5, 160, false))
	one.say(2)
	if got := two.hear(); got.payload[0] != 2 {
		t.Errorf("the stranger was heard: %x", got.payload[0])
	}
	s := a.Stats()
	if s.Foreign != 2 || s.Peer != one.addr() {
		t.Errorf("foreign %d, peer %v", s.Foreign, s.Peer)
	}
	for len(events) > 0 {
		if got := <-events; got.Kind == EventDigit {
			t.Error("the stranger pressed a key")
		}
	}
}

func keyPacket(pt uint8, seq uint16, ts, ssrc uint32, number byte, duration uint16, end bool) []byte {
	b := make([]byte, headerSize+4)
	putHeader(b, pt, false, seq, ts, ssrc)
	b[headerSize], b[headerSize+1] = number, 10
	if end {
		b[headerSize+1] |= endBit
	}
	b[headerSize+2], b[headerSize+3] = byte(duration>>8), byte(duration)
	return b
}
