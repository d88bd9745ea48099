package media

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
)

// FuzzOpus reads whatever a payload may hold, in order, with losses between: what comes out has room, and the decoder
// never has to be caught.
func FuzzOpus(f *testing.F) {
	e, err := newOpusEncoder(opusWishes{repair: true})
	if err != nil {
		f.Fatal(err)
	}
	var packets []byte
	for range 3 {
		out := make([]byte, opusLargest)
		n, err := e.encode(out, sine(0.02, wideRate, 500, 9000))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(out[:n])
		packets = append(append(packets, byte(n)), out[:n]...)
	}
	f.Add(packets)
	f.Add([]byte{3, 0xff, 0xff, 0xff, 2, 0xfb, 0x3f, 4, 0x7b, 0x83, 1, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := newOpusDecoder()
		if err != nil {
			t.Fatal(err)
		}
		pcm := make([]int16, wideRate*opusLongest/1000)
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			packet := data[1 : 1+n]
			span := opusSpan(packet)
			got, err := d.decode(pcm, packet)
			if errors.Is(err, errOpusFault) {
				t.Fatalf("%x: %v", packet, err)
			}
			if got > len(pcm) || err == nil && got != int(span)/3 {
				t.Fatalf("%x: %d samples, want %d", packet, got, span/3)
			}
			for _, err := range []error{d.repair(pcm[:wideRate*frame/1000], packet), d.conceal(pcm[:wideRate*frame/1000])} {
				if errors.Is(err, errOpusFault) {
					t.Fatalf("%x: %v", packet, err)
				}
			}
			data = data[1+n:]
		}
	})
}

// FuzzKeys presses keys by event packets in any order, and has the same passed on in every way.
func FuzzKeys(f *testing.F) {
	f.Add([]byte{5, 10, 160, 1, 5, 10, 160, 0, 5, 0x8a, 160, 0, 255, 0, 0, 3}, uint8(0))
	f.Add([]byte{15, 0, 0, 0, 16, 0, 0, 9, 1, 0xff, 0xff, 128}, uint8(1))
	f.Fuzz(func(t *testing.T, script []byte, way uint8) {
		w, a := bench()
		events := make(chan Event, 1000)
		a.events = events
		b := a.peer
		if way&1 != 0 {
			b.route.keys = 0 // as tones
		}
		if way&2 != 0 {
			b.route.kind, b.route.codec = kindG722, G722 // through a converter
		}
		var seq uint16
		var ts uint32
		for ; len(script) >= 4; script = script[4:] {
			seq++
			ts += uint32(script[3]) * 80
			packet := keyPacket(101, seq, ts, uint32(way>>7), script[0], uint16(script[1])<<8|uint16(script[2]), script[1]&endBit != 0)
			packet = packet[:len(packet)-int(script[3]&1)*int(script[2]&3)] // now and then cut off
			a.arrived = 0
			a.datagram(w, copy(w.buf[:], packet))
			w.now += int64(script[3]) * ms
			w.expire()
		}
		for len(events) > 0 {
			if e := <-events; e.Kind == EventDigit && strings.IndexByte(keyNames, e.Digit) < 0 {
				t.Fatalf("a key %d", e.Digit)
			}
		}
		if k := &b.keypad; k.count < 0 || k.count > keysQueued {
			t.Fatalf("%d keys wait", k.count)
		}
		if w.engine.recovered.Load() != 0 {
			t.Fatal("the worker recovered")
		}
	})
}

// FuzzRTCP reads reports and reports itself, on a port of its own and on the sound's.
func FuzzRTCP(f *testing.F) {
	w, a := bench()
	a.out.packets, a.in.started = 5, true
	f.Add(a.report(w.out[:0], time.Unix(1e9, 0), ms), true)
	f.Add([]byte{0x81, 201, 0, 7, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, false)
	f.Add([]byte{0x81, 203, 0, 1, 0, 0, 0, 1}, true)
	f.Fuzz(func(t *testing.T, b []byte, shared bool) {
		if len(b) > largest {
			return
		}
		w, a := bench()
		before := *a.latch.peer()
		for range 2 {
			n := copy(w.buf[:], b)
			if shared {
				a.datagram(w, n)
			} else {
				a.control(w, w.buf[:n], false)
			}
			w.now += 100 * ms
		}
		if *a.latch.peer() != before || a.peer == nil {
			t.Fatal("control changed where the sound goes")
		}
		if s := a.stats(); s.RTTMS < 0 || s.RTTMS > 11_000 || s.MOS != 0 && !(s.MOS >= 1 && s.MOS <= 5) {
			t.Errorf("%+v", s)
		}
		if said := a.report(w.out[:0], time.Now(), w.now); len(said)%4 != 0 || len(said) > 200 {
			t.Errorf("our report has %d bytes", len(said))
		}
	})
}

// FuzzProtection reads what a description says of keys, fingerprints and ICE. What is taken means the same when it is
// written again.
func FuzzProtection(f *testing.F) {
	f.Add("crypto", newCrypto(1, suites[0]).attribute()[len("a=crypto:"):])
	f.Add("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 KDR=0 WSH=128")
	f.Add("fingerprint", "sha-256 "+strings.Repeat("AB:", 31)+"AB")
	f.Add("ice-ufrag", "abcd")
	f.Add("setup", "actpass")
	f.Add("mid", "audio_0")
	f.Add("candidate", "1 1 udp 2130706431 192.0.2.1 5000 typ host")
	f.Fuzz(func(t *testing.T, key, value string) {
		var p protection
		p.read([]sdp.Attribute{{Key: "group", Value: "BUNDLE " + value}}, []sdp.Attribute{{Key: key, Value: value}, {Key: key, Value: value}})
		for _, c := range p.crypto {
			again, ok := parseCrypto(strings.TrimSuffix(strings.TrimPrefix(c.attribute(), "a=crypto:"), "\r\n"))
			if !ok || again.suite != c.suite || again.tag != c.tag || !bytes.Equal(again.secret, c.secret) {
				t.Fatalf("%+v is written as %q", c, c.attribute())
			}
			if len(c.secret) != c.suite.key+c.suite.salt || len(c.mki) > 128 {
				t.Fatalf("%+v", c)
			}
		}
		if len(p.crypto) > 1 || len(p.prints) > 2 {
			t.Fatalf("%+v of one line", p)
		}
		for _, print := range p.prints {
			if len(print.sum)*8 != print.bits {
				t.Fatalf("%+v", print)
			}
		}
		if strings.ContainsAny(p.mid, " \r\n") || p.peer.valid() && strings.ContainsAny(p.peer.ufrag+p.peer.pwd, " :\r\n") {
			t.Fatalf("%+v would break a line of ours", p)
		}
	})
}
