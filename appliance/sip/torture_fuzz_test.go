package sip

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/emiago/sipgo/sip"
)

// FuzzMessage reads whatever a datagram may hold. What is taken must mean the same after it was written again, and what
// is answered must be a message that is read as the answer to it, by us and by the library.
func FuzzMessage(f *testing.F) {
	for _, m := range allTortures(f) {
		f.Add(m.wire())
	}
	f.Add([]byte(plain("UDP", "Refer-To: <sip:a@b?Replaces=1%3Bto-tag%3D2>\r\nRequire: a\r\nRecord-Route: <sip:x;lr>;y=\"z, <\", <sip:y>\r\n", "body")))
	library := sip.NewParser()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, why := parse(data)
		if m == nil {
			if why == nil {
				t.Fatal("neither a message nor a fault")
			}
			if b := rawReply(data, why); len(b) > 2*len(data)+100 {
				t.Errorf("%d bytes answered with %d", len(data), len(b))
			}
			return
		}
		if len(m.Body()) > maxBody || len(m.GetHeaders("via")) > maxVias {
			t.Errorf("%d Via, a body of %d bytes", len(m.GetHeaders("via")), len(m.Body()))
		}
		if why == nil {
			again, why := parse([]byte(m.String()))
			if why != nil || again.String() != m.String() {
				t.Fatalf("%v\n%q\nbecame\n%q", why, m, again)
			}
		}
		r, ok := m.(*sip.Request)
		if !ok || r.Method == sip.ACK {
			return
		}
		markVia(r, flow{remote: netip.MustParseAddrPort("[2001:db8::7]:5060")})
		b := render(r, response{code: 486, tag: "ours", headers: [][2]string{{"X", r.From().Value()}}})
		read, why := parse(b)
		if why != nil {
			t.Fatalf("%v\nin the answer %q\nto %q", why, b, data)
		}
		if answer := read.(*sip.Response); answer.CallID().Value() != r.CallID().Value() || answer.CSeq().Value() != r.CSeq().Value() ||
			len(answer.GetHeaders("via")) != len(r.GetHeaders("via")) || tagOf(answer.From().Params) != tagOf(r.From().Params) {
			t.Fatalf("%q\nis no answer to %q", b, data)
		}
		if _, err := library.ParseSIP(b); err != nil && isSIP(r.From().Address) && isSIP(r.To().Address) { // it cannot read all schemes
			t.Errorf("the library cannot read %q: %v", b, err)
		}
	})
}

func isSIP(u sip.Uri) bool { return u.Scheme == "sip" || u.Scheme == "sips" }

// FuzzStreamFraming cuts whatever a connection may bring into messages: in the same places whatever the pieces, never
// more than was sent, and with the length that parse finds too.
func FuzzStreamFraming(f *testing.F) {
	var everything []byte
	for _, m := range allTortures(f) {
		f.Add(m.wire())
		everything = append(everything, m.wire()...)
	}
	f.Add(everything)
	f.Add([]byte("x\r\nl: 99999999999999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cut := func(from io.Reader) (out [][]byte, taken int, why string) {
			r := bufio.NewReader(from)
			for {
				m, err := readMessage(r)
				if err != nil {
					return out, taken, err.Error()
				}
				out, taken = append(out, m), taken+len(m)
			}
		}
		whole, taken, why := cut(bytes.NewReader(data))
		pieces, _, whyPieces := cut(iotest.OneByteReader(bytes.NewReader(data)))
		if len(whole) != len(pieces) || why != whyPieces || !bytes.Equal(bytes.Join(whole, nil), data[:taken]) {
			t.Fatalf("%d messages (%s), in pieces %d (%s)", len(whole), why, len(pieces), whyPieces)
		}
		for _, m := range whole {
			if len(m) > maxMessage {
				t.Errorf("a message of %d bytes", len(m))
			}
			if _, why := parse(m); why != nil && why.reason == "Body Shorter Than Content-Length" {
				t.Errorf("%q was cut too short", m)
			}
		}
	})
}

// Ten thousand damaged messages, the same in every run (T-04): nothing panics, and no message takes more than a little
// memory for its size. The fuzzers go on from there.
func rowT04DamagedMessagesCostLittle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4475))
	words := []string{"\r\n", "\n", "\r", "\x00", ";", ",", "\"", "<", ">", "@", ":", "%", "%00", "=", "[", "]", "\\", " ", "\t", "z9hG4bK", "SIP/2.0",
		"4294967296", "-1", ";tag=", ";branch=", "Content-Length: 1\r\n", "l: 1\r\n", "Via: ", "To: ", "\r\n ", "\r\n\r\n", "\xff\xfe", "é"}
	damage := func(s []byte) []byte {
		i, j := rnd.IntN(len(s)), rnd.IntN(len(s))
		i, j = min(i, j), max(i, j)
		switch rnd.IntN(7) {
		case 0: // a bit
			s[i] ^= 1 << rnd.IntN(8)
		case 1, 2: // a word put in
			return slices.Concat(s[:i], []byte(words[rnd.IntN(len(words))]), s[i:])
		case 3: // a piece twice
			return slices.Concat(s[:j], s[i:])
		case 4: // a piece less
			return slices.Concat(s[:i], s[j:])
		case 5: // a line twice, or not at all
			lines := bytes.SplitAfter(s, []byte("\n"))
			k := rnd.IntN(len(lines))
			if rnd.IntN(2) == 0 {
				return bytes.Join(slices.Insert(lines, rnd.IntN(len(lines)), lines[k]), nil)
			}
			return bytes.Join(slices.Delete(lines, k, k+1), nil)
		default: // other line ends
			return bytes.Replace(s, []byte("\r\n"), []byte(words[rnd.IntN(3)]), 1+rnd.IntN(3))
		}
		return s
	}
	var all [][]byte
	bytesIn := 0
	for _, m := range allTortures(t) {
		for range 170 {
			s := m.wire()
			for range 1 + rnd.IntN(4) {
				if s = damage(s); len(s) == 0 {
					break
				}
			}
			all, bytesIn = append(all, s), bytesIn+len(s)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, s := range all {
		if m, why := parse(s); m == nil {
			rawReply(s, why)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(bytesIn); each > 30 {
		t.Errorf("%d bytes for each byte that came", each)
	}
}
