package media

import (
	"testing"
)

func rowS25KeysArePassedOnUnderTheOtherSidesNumberAndToldOnce(t *testing.T) {
	e := box(t, Options{Workers: 1})
	a, events := open(t, e)
	b, _ := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.call(b, "sendrecv") // 96 here, and 101 there:
	if _, err := b.Answer([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio "+
		itoa(int(two.addr().Port()))+" RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"), localhost, []Codec{PCMA}, SendRecv); err != nil {
		t.Fatal(err)
	}
	Join(a, b)
	one.say(0)
	was := two.hear()
	for i := range 6 {
		one.raw(keyPacket(96, one.seq+1+uint16(i), one.ts+160, one.ssrc, 5, uint16(min(i+1, 4)*160), i >= 3))
		got := two.hear()
		if got.pt != 101 || got.payload[0] != 5 || got.seq != was.seq+1+uint16(i) || got.ts != was.ts+160 {
			t.Errorf("key packet %d arrived as %+v", i, got)
		}
	}
	one.seq, one.ts = one.seq+6, one.ts+640
	one.raw(keyPacket(96, one.seq, one.ts, one.ssrc, 11, 160, true)) // all but the last packet of # was lost
	two.hear()
	var keys []byte
	a.Stats()
	for len(events) > 0 {
		if got := <-events; got.Kind == EventDigit {
			keys = append(keys, got.Digit)
		}
	}
	if string(keys) != "5#" {
		t.Errorf("keys told: %q", keys)
	}
}

func TestAKeyHeldForLongIsOneKey(t *testing.T) {
	var k pressed
	var told []byte
	press := func(ts uint32, number byte, duration uint16, marker bool) {
		p := packet{ts: ts, ssrc: 1, marker: marker, payload: []byte{number, 10, byte(duration >> 8), byte(duration)}}
		if key, ok := k.press(&p); ok {
			told = append(told, key)
		}
	}
	press(1000, 7, 160, true)
	press(1000, 7, 0xffff, false)
	press(1000+0xffff, 7, 160, false) // the same key, counting anew
	press(1000, 7, 0xffff, false)     // late
	press(900_000, 7, 160, true)      // pressed again
	press(900_000, 16, 160, true)     // a flash is no key
	if string(told) != "77" {
		t.Errorf("told %q", told)
	}
}

func TestKeysThatWeSendHaveDurationsEndsAndGaps(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	p := newPhone(t)
	p.call(leg, "sendrecv")
	leg.Send("1x*")
	var got []packet
	for range 16 {
		got = append(got, p.hear())
	}
	for i, g := range got {
		key, step := i/8, i%8
		wantDuration := uint32(min(step+1, 5) * 160)
		if g.pt != 96 || g.payload[0] != []byte{1, 10}[key] || keyDuration(g.payload) != wantDuration ||
			(g.payload[1]&endBit != 0) != (step >= 5) || g.marker != (step == 0) || g.ts != got[key*8].ts || g.seq != got[0].seq+uint16(i) {
			t.Errorf("packet %d: pt %d marker %v seq %d ts %d payload %x", i, g.pt, g.marker, g.seq, g.ts, g.payload)
		}
	}
	if gap := got[8].ts - got[0].ts; gap < 1200 {
		t.Errorf("second key %d timestamp units after the first", gap)
	}
}

func TestKeysSentFromOneStreamAreHeardByAnother(t *testing.T) {
	t.Parallel()
	phones, e := box(t, Options{}), box(t, Options{PortLow: 10000, PortHigh: 15999})
	caller, _ := open(t, phones)
	leg, events := open(t, e)
	connect(t, caller, leg, PCMU)
	caller.Send("0,9")
	for _, want := range []byte("09") {
		if got := wantEvent(t, events, EventDigit); got.Digit != want {
			t.Errorf("heard key %c", got.Digit)
		}
	}
}

func TestKeysAsTonesHoldASoundUpNoLongerThanTheyLast(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, events := open(t, e)
	if _, err := leg.Answer([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"),
		localhost, []Codec{PCMU}, SendRecv); err != nil {
		t.Fatal(err)
	}
	leg.Send("1,x2")
	leg.Play(NewSound(make([]int16, 160)), false)
	wantEvent(t, events, EventPlayed)
}

func TestAKeyHeldDownIsHeldDownOnTheOtherSide(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	one, two := newPhone(t), newPhone(t)
	one.call(a, "sendrecv")
	two.offer(b, "9 100", "a=rtpmap:100 telephone-event/8000")
	Join(a, b)
	var last packet
	for i := range uint16(20) { // each packet when the other side heard the one before: 400 ms
		one.raw(keyPacket(96, one.seq+1+i, one.ts, one.ssrc, 7, (i+1)*160, false))
		if last = two.hear(); last.pt != 100 || last.payload[0] != 7 || last.payload[1]&endBit != 0 {
			t.Fatalf("packet %d arrived as %+v", i, last)
		}
	}
	one.raw(keyPacket(96, one.seq+21, one.ts, one.ssrc, 7, 21*160, true))
	for last.payload[1]&endBit == 0 {
		last = two.hear()
	}
	if got := keyDuration(last.payload) / 8; got < 380 || got > 700 {
		t.Errorf("a key of 420 ms lasted %d ms", got)
	}
	one.seq, one.ts = one.seq+21, one.ts+8000
	one.raw(keyPacket(96, one.seq+1, one.ts, one.ssrc, 8, 160, false)) // and of this one no more is heard
	for last.payload[0] != 8 || last.payload[1]&endBit == 0 {
		last = two.hear()
	}
	if got := keyDuration(last.payload) / 8; got > 500 {
		t.Errorf("a key whose end was lost lasted %d ms", got)
	}
}
