package media

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// damaged is what becomes of a message on a bad day: bits, words, pieces and lines of it change, double or go.
func damaged(rnd *rand.Rand, s []byte, words []string) []byte {
	s = slices.Clone(s)
	for range 1 + rnd.IntN(4) {
		if len(s) == 0 {
			return s
		}
		i, j := rnd.IntN(len(s)), rnd.IntN(len(s))
		i, j = min(i, j), max(i, j)
		switch rnd.IntN(6) {
		case 0:
			s[i] ^= 1 << rnd.IntN(8)
		case 1:
			s[i] = byte(rnd.Uint32())
		case 2:
			s = slices.Concat(s[:i], []byte(words[rnd.IntN(len(words))]), s[i:])
		case 3:
			s = slices.Concat(s[:j], s[i:])
		case 4:
			s = slices.Concat(s[:i], s[j:])
		default:
			lines := bytes.SplitAfter(s, []byte("\n"))
			k := rnd.IntN(len(lines))
			s = bytes.Join(slices.Insert(lines, rnd.IntN(len(lines)), lines[k]), nil)
		}
	}
	return s
}

// Thousands of damaged messages, the same in every run: nothing panics, none costs more than a little memory for its
// size. The fuzzers go on from there.
func rowT04DamagedSoundAndDescriptionsCostLittle(t *testing.T) {
	sound := make([]byte, headerSize+160)
	putHeader(sound, 8, true, 1, 2, 3)
	w, flow := bench()
	flow.out.packets = 1
	flow.in.started = true
	wavs := wave{tag: 1, bits: 16, channels: 2, rate: 44100, hz: 440}.file(50 * time.Millisecond)
	sdp := preamble + "a=group:BUNDLE 0\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\nm=video 4002 RTP/AVP 31\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 111 9 8 0 110\r\n" +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1;maxaveragebitrate=9000\r\na=rtpmap:110 telephone-event/48000\r\na=mid:0\r\na=setup:actpass\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\na=rtcp-mux\r\na=ptime:30\r\na=maxptime:60\r\na=sendonly\r\n" +
		newCrypto(1, suites[2]).attribute()
	text := []string{"\r\n", "\x00", "m=audio 1 RTP/AVP 8\r\n", "a=", ":", "/", " ", "4294967296", "-1", "0", "|", ";", "=", "inline:", "\xff"}
	binary := []string{"\x00", "\xff", "\xff\xff\xff\xff", "\x00\x00\x00\x01", "\x80\xc8", "\x21\x12\xa4\x42"}
	describe := func(b []byte) error {
		n := newNegotiation()
		n.safety.mode, n.safety.identity = SecureOptional, &identity{}
		_, _, err := n.answer(b, localhost, 16384, spoken, SendRecv)
		return err
	}
	if err := describe([]byte(sdp)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		seed  []byte
		words []string
		times int
		read  func([]byte)
	}{
		{"sound", sound, binary, 10_000, func(b []byte) { flow.datagram(w, copy(w.buf[:], b)) }},
		{"control", flow.report(nil, time.Now(), ms), binary, 10_000, func(b []byte) { flow.control(w, w.buf[:copy(w.buf[:], b)], false) }},
		{"checks", goodCheck(t), binary, 10_000, func(b []byte) {
			if q, ok := parseBinding(b); ok {
				newChecks(testSession).answer(make([]byte, 0, stunReplyMax), &q, b, &w.from, ms)
			}
		}},
		{"keys of SDES", []byte("1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 KDR=0"), text, 10_000, func(b []byte) { parseCrypto(string(b)) }},
		{"a description", []byte(sdp), text, 3000, func(b []byte) { _ = describe(b) }},
		{"a file", wavs, binary, 60, func(b []byte) { _, _ = LoadWAV(bytes.NewReader(b)) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(4, 4475))
			var all [][]byte
			size := 0
			for range c.times {
				b := damaged(rnd, c.seed, c.words)
				all, size = append(all, b), size+len(b)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for _, b := range all {
				flow.arrived = 0
				c.read(b)
			}
			runtime.ReadMemStats(&after)
			each := (after.TotalAlloc - before.TotalAlloc) / uint64(size)
			if each > 200 {
				t.Errorf("%d bytes for each byte that came", each)
			}
		})
	}
	if w.engine.recovered.Load() != 0 {
		t.Error("the worker recovered")
	}
}
