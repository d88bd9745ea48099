package media

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

const preamble = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"

func rowS25WhatAnOfferIsAnsweredWith(t *testing.T) {
	for _, c := range []struct {
		name, offer string
		codecs      []Codec
		dir         Direction
		want        []string // lines of the answer, in order
		peer        Direction
	}{
		{"the first codec of ours that the phone has, and its number for keys",
			preamble + "m=audio 4000 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n", []Codec{PCMA, PCMU}, SendRecv,
			[]string{"m=audio PORT RTP/AVP 8 96", "a=rtpmap:8 PCMA/8000", "a=rtpmap:96 telephone-event/8000", "a=ptime:20", "a=rtcp:", "a=sendrecv"}, SendRecv},
		{"a codec under a number of the phone's choice",
			preamble + "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000/1\r\n", []Codec{PCMA, PCMU}, SendRecv,
			[]string{"m=audio PORT RTP/AVP 97", "a=rtpmap:97 PCMU/8000"}, SendRecv},
		{"video, a fax and encrypted sound keep their place and are refused",
			preamble + "m=video 4002 RTP/AVP 31\r\nm=image 4004 udptl t38\r\nm=audio 4006 RTP/SAVP 8\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4010 RTP/AVP 8\r\n", []Codec{PCMA}, SendRecv,
			[]string{"m=video 0 RTP/AVP 31", "m=image 0 udptl t38", "m=audio 0 RTP/SAVP 8", "m=audio PORT RTP/AVP 8", "m=audio 0 RTP/AVP 8"}, SendRecv},
		{"hold is answered by listening only", preamble + "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n", []Codec{PCMA}, SendRecv, []string{"a=recvonly"}, SendOnly},
		{"hold by a session attribute", preamble + "a=inactive\r\nm=audio 4000 RTP/AVP 8\r\n", []Codec{PCMA}, SendRecv, []string{"a=inactive"}, Inactive},
		{"hold by address", strings.Replace(preamble, "IP4 192.0.2.9\r\nt", "IP4 0.0.0.0\r\nt", 1) + "m=audio 4000 RTP/AVP 8\r\n", []Codec{PCMA}, SendRecv, []string{"a=recvonly"}, SendOnly},
		{"hold by both", preamble + "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n", []Codec{PCMA}, SendRecv, []string{"a=inactive"}, Inactive},
		{"a listener is sent to", preamble + "m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n", []Codec{PCMA}, SendRecv, []string{"a=sendonly"}, RecvOnly},
		{"we hold", preamble + "m=audio 4000 RTP/AVP 8\r\n", []Codec{PCMA}, SendOnly, []string{"a=sendonly"}, SendRecv},
		{"one port for sound and control", preamble + "m=audio 4000 RTP/AVPF 8\r\na=rtcp-mux\r\n", []Codec{PCMA}, SendRecv, []string{"m=audio PORT RTP/AVPF 8", "a=rtcp-mux"}, SendRecv},
		{"G.722 under the clock that everybody writes", preamble + "m=audio 4000 RTP/AVP 9 8\r\n", []Codec{G722, PCMA}, SendRecv,
			[]string{"m=audio PORT RTP/AVP 9\r\n", "a=rtpmap:9 G722/8000"}, SendRecv},
		{"a browser's Opus, with keys on its clock",
			preamble + "m=audio 4000 RTP/AVP 96 9 0 110 126\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=10;useinbandfec=1\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n",
			spoken[3:], SendRecv, []string{"m=audio PORT RTP/AVP 96 110\r\n", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1", "a=rtpmap:110 telephone-event/48000"}, SendRecv},
		{"a browser's G.711, with keys on its clock",
			preamble + "m=audio 4000 RTP/AVP 96 0 110 126\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n",
			[]Codec{PCMU, Opus}, SendRecv, []string{"m=audio PORT RTP/AVP 0 126\r\n", "a=rtpmap:126 telephone-event/8000"}, SendRecv},
		{"a phone's Opus, with keys on the only clock it has",
			preamble + "m=audio 4000 RTP/AVP 107 101\r\na=rtpmap:107 OPUS/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n",
			[]Codec{Opus}, SendRecv, []string{"m=audio PORT RTP/AVP 107 101\r\n", "a=rtpmap:101 telephone-event/8000"}, SendRecv},
		{"a phone that takes no Opus packets as long as ours", preamble + "m=audio 4000 RTP/AVP 107 8\r\na=rtpmap:107 opus/48000/2\r\na=maxptime:10\r\n",
			[]Codec{Opus, PCMA}, SendRecv, []string{"m=audio PORT RTP/AVP 8\r\n"}, SendRecv},
		{"IPv6", "v=0\r\no=- 1 1 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", []Codec{PCMA}, SendRecv, []string{"m=audio PORT"}, SendRecv},
		{"what sloppy phones write", "v=0\no=Phone x-y -1 IN IP4 host\ns=\ni=\nc=IN IP4 192.0.2.9/127\nb=\nt= 0 0\nz=\nm=audio 4000 RTP/AVP 8 999 x\na=rtpmap:\na=rtpmap:8 PCMA/8000\na=ptime:4294967295\na=ptime:0\n\n",
			[]Codec{PCMA}, SendRecv, []string{"m=audio PORT RTP/AVP 8", "a=ptime:20"}, SendRecv},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNegotiation()
			l, body, err := n.answer([]byte(c.offer), localhost, 16384, c.codecs, c.dir)
			if err != nil {
				t.Fatal(err)
			}
			if n.peer != c.peer || (l.ptime != frame && !strings.Contains(c.offer, "maxptime")) {
				t.Errorf("peer direction %v, ptime %d", n.peer, l.ptime)
			}
			rest := strings.ReplaceAll(string(body), "audio 16384 ", "audio PORT ")
			for _, want := range c.want {
				_, after, ok := strings.Cut(rest, strings.ReplaceAll(want, "PORT", "PORT"))
				if !ok {
					t.Fatalf("no %q, in its place, in\n%s", want, body)
				}
				rest = after
			}
			if strings.Count(string(body), "\nm=") != strings.Count(c.offer, "\nm=") {
				t.Errorf("another number of media lines:\n%s", body)
			}
			if _, err := parseSDP(body); err != nil {
				t.Errorf("our own answer cannot be read: %v", err)
			}
		})
	}
}

func rowS25OffersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		offer string
		want  error
	}{
		"encrypted only":           {preamble + "m=audio 4000 RTP/SAVP 8\r\n", ErrInsecure},
		"a codec that nobody has":  {preamble + "m=audio 4000 RTP/AVP 18 96\r\na=rtpmap:96 telephone-event/8000\r\n", ErrNoCodec},
		"opus with 255 channels":   {preamble + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/255\r\n", ErrNoCodec},
		"a number that was taken":  {preamble + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 opus/48000\r\n", ErrNoCodec},
		"clock 0":                  {preamble + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/0\r\n", ErrNoCodec},
		"sound switched off":       {preamble + "m=audio 0 RTP/AVP 8\r\n", ErrNoCodec},
		"only a fax":               {preamble + "m=image 4000 udptl t38\r\n", ErrNoCodec},
		"nothing":                  {"", ErrSDP},
		"no media":                 {preamble, ErrSDP},
		"no address":               {"v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", ErrSDP},
		"a group of listeners":     {strings.ReplaceAll(preamble, "192.0.2.9", "224.0.0.9") + "m=audio 4000 RTP/AVP 8\r\n", ErrSDP},
		"everybody on the network": {strings.ReplaceAll(preamble, "192.0.2.9", "255.255.255.255") + "m=audio 4000 RTP/AVP 8\r\n", ErrSDP},
		"a port beyond all":        {preamble + "m=audio 70000 RTP/AVP 8\r\n", ErrSDP},
		"half a line":              {preamble + "m=audio\r\n", ErrSDP},
		"no lines at all":          {"hello", ErrSDP},
		"a bell":                   {preamble + "m=audio 4000 RTP/AVP 8\a\r\n", ErrSDP},
		"too much":                 {preamble + "m=audio 4000 RTP/AVP 8\r\n" + strings.Repeat("a=x\r\n", longestSDP/5), ErrSDP},
		"too many media":           {preamble + strings.Repeat("m=audio 4000 RTP/AVP 8\r\n", mostLines+1), ErrSDP},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNegotiation()
			before := n.version
			if _, _, err := n.answer([]byte(c.offer), localhost, 16384, []Codec{PCMA, PCMU}, SendRecv); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			if n.version != before || n.codec.Name != "" {
				t.Error("a refused offer changed what was agreed")
			}
		})
	}
}

func TestTheVersionCountsOnlyChanges(t *testing.T) {
	n := newNegotiation()
	version := func(b []byte) string { return strings.Fields(strings.Split(string(b), "\r\n")[1])[2] }
	first := n.offer(localhost, 16384, []Codec{PCMA, PCMU}, SendRecv)
	again := n.offer(localhost, 16384, []Codec{PCMA, PCMU}, SendRecv)
	hold := n.offer(localhost, 16384, []Codec{PCMA, PCMU}, SendOnly)
	if version(first) != "1" || version(again) != "1" || version(hold) != "2" {
		t.Errorf("versions %s, %s, %s", version(first), version(again), version(hold))
	}
	if string(first) != string(again) {
		t.Error("the same offer reads differently the second time")
	}
}

func rowS25ALaterOfferOfOursKeepsThePlacesOfRefusedMedia(t *testing.T) {
	n := newNegotiation()
	if _, _, err := n.answer([]byte(preamble+"m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 98\r\na=rtpmap:98 telephone-event/8000\r\n"), localhost, 16384, []Codec{PCMA}, SendRecv); err != nil {
		t.Fatal(err)
	}
	offer := string(n.offer(localhost, 16384, []Codec{PCMA}, SendOnly))
	if !strings.Contains(offer, "m=video 0 RTP/AVP 31\r\nm=audio 16384 RTP/AVP 8 98\r\n") {
		t.Errorf("our offer:\n%s", offer)
	}
	if _, err := n.accept([]byte(preamble + "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8\r\na=recvonly\r\n")); err != nil {
		t.Error(err)
	}
	if _, err := n.accept([]byte(preamble + "m=video 0 RTP/AVP 31\r\n")); !errors.Is(err, ErrSDP) {
		t.Errorf("an answer without our line: %v", err)
	}
	if _, err := n.accept([]byte(preamble + "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 8\r\n")); !errors.Is(err, ErrNoCodec) {
		t.Errorf("a refusal: %v", err)
	}
}

func TestWhatTheAgreementMeansForPackets(t *testing.T) {
	n := newNegotiation()
	n.offer(localhost, 16384, []Codec{PCMA, PCMU}, SendRecv)
	l, err := n.accept([]byte(preamble + "m=audio 4000 RTP/AVP 0 8 110\r\na=rtpmap:110 telephone-event/8000\r\na=ptime:40\r\na=rtcp:4009 IN IP4 203.0.113.1\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := n.route(l, 2)
	if n.codec.Name != "pcmu" || r.samples != 320 || r.keys != 110 || !r.sends || !r.hears || !r.expects {
		t.Errorf("codec %v, route %+v", n.codec, r)
	}
	if r.kinds[0] != kindPCMU || r.kinds[8] != kindPCMA || r.kinds[101] != kindKeys || r.kinds[110] != kindKeys || r.kinds[13] != kindComfort || r.kinds[3] != kindUnknown {
		t.Error("payload numbers are mistaken")
	}
	if r.rtp.addrPort() != netip.MustParseAddrPort("192.0.2.9:4000") || r.rtcp.addrPort() != netip.MustParseAddrPort("192.0.2.9:4009") {
		t.Errorf("sound to %v, control to %v", r.rtp.addrPort(), r.rtcp.addrPort())
	}
}

func TestWhatWeOfferWithOpusSuitsEveryPhone(t *testing.T) {
	n := newNegotiation()
	offer := string(n.offer(localhost, 16384, Codecs([]string{"opus", "g722", "pcma", "pcmu"}), SendRecv))
	want := "m=audio 16384 RTP/AVP 111 9 8 0 101 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\n" +
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n"
	if !strings.Contains(offer, want) {
		t.Errorf("our offer:\n%s", offer)
	}
	// A phone that knows G.711 only, as most do.
	l, err := n.accept([]byte(preamble + "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r := n.route(l, 2); n.codec.Name != "pcma" || r.keys != 101 || r.keysKind != kindKeys || !n.events || r.samples != 160 {
		t.Errorf("codec %v, route %+v", n.codec, r)
	}
	// A browser.
	if l, err = n.accept([]byte(preamble + "m=audio 4000 RTP/AVP 111 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1;maxaveragebitrate=20000;cbr=1\r\na=rtpmap:110 telephone-event/48000\r\na=ptime:60\r\n")); err != nil {
		t.Fatal(err)
	}
	r := n.route(l, 2)
	if n.codec.Name != "opus" || r.keys != 110 || r.keysKind != kindWideKeys || r.samples != 960 || r.opus != (opusWishes{repair: true, constant: true, bitrate: 20000}) {
		t.Errorf("codec %v, route %+v", n.codec, r)
	}
}

func rowS25ANumberMeansOneThingFromTheFirstOfferToTheLast(t *testing.T) {
	n := newNegotiation()
	if _, _, err := n.answer([]byte(preamble+"m=audio 4000 RTP/AVP 110 111 8\r\na=rtpmap:110 opus/48000/2\r\na=rtpmap:111 telephone-event/8000\r\n"), localhost, 16384, []Codec{PCMA}, SendRecv); err != nil {
		t.Fatal(err)
	}
	offer := string(n.offer(localhost, 16384, []Codec{Opus, PCMA}, SendRecv))
	if !strings.Contains(offer, "m=audio 16384 RTP/AVP 110 8 111\r\n") {
		t.Errorf("our offer:\n%s", offer)
	}
}

func TestCodecsThatWeDoNotSpeakAreLeftOut(t *testing.T) {
	if got := Codecs([]string{"opus", "PCMU", "g729", "g722", "pcma", "pcmu"}); !slices.Equal(got, []Codec{Opus, PCMU, G722, PCMA}) {
		t.Errorf("codecs %v", got)
	}
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(preamble + "m=audio 4000 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:30\r\na=rtcp:9\r\n"))
	f.Add([]byte("v=0\no=x\ns=\nc=IN IP6 ::1\nt=\nm=image 1 udptl t38\nm=audio 1/2 RTP/AVPF 8\na=rtcp-mux\na=inactive\n"))
	f.Add([]byte(preamble + "m=audio 4000 RTP/AVP 96 9 110\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 maxaveragebitrate=9000;cbr=1\r\na=rtpmap:110 telephone-event/48000\r\na=maxptime:20\r\n"))
	const key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
	f.Add([]byte(preamble + "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^20|1:4 KDR=0 WSH=128 -X\r\n"))
	f.Add([]byte(preamble + "m=audio 4000 RTP/SAVPF 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" + key + "|1048576;inline:" + key + "|2^20|2:4\r\na=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" + key + "\r\n"))
	f.Add([]byte(preamble + "a=group:BUNDLE 0 1\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=mid:0\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\na=rtcp-mux\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"))
	own, err := newIdentity(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, offer []byte) {
		n := newNegotiation()
		n.safety.identity, n.safety.mode = own, SecureOptional
		l, body, err := n.answer(offer, localhost, 16384, spoken, SendRecv)
		if err != nil {
			if !errors.Is(err, ErrSDP) && !errors.Is(err, ErrNoCodec) && !errors.Is(err, ErrInsecure) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		n.route(l, 2)
		answered, err := parseSDP(body)
		if err != nil {
			t.Fatalf("our answer cannot be read: %v\n%s", err, body)
		}
		if len(answered) != len(n.lines) || l.ptime < 10 || l.ptime > 60 {
			t.Errorf("%d lines for %d, ptime %d", len(answered), len(n.lines), l.ptime)
		}
		if a := n.safety.agreed; a != nil {
			// What we said of encryption is what a peer reads.
			said := answered[n.audio]
			if a.association == nil && (len(said.crypto) != 1 || !said.crypto[0].same(a.mine)) || a.association != nil && len(said.prints) != 1 {
				t.Errorf("of %+v the peer reads %+v", a, said.protection)
			}
			if again := n.offer(localhost, 16384, []Codec{PCMA, PCMU}, SendRecv); !strings.Contains(string(again), said.profile) {
				t.Errorf("our own offer then:\n%s", again)
			}
		} else if !plainProfile(l.profile) {
			t.Errorf("plain sound by %s", l.profile)
		}
	})
}

func rowS25PhonesHearAndAreHeardInPacketsOfAnyLength(t *testing.T) {
	e := box(t, Options{})
	for _, length := range []int{10, 20, 30, 40, 60} {
		t.Run(itoa(length)+" ms", func(t *testing.T) {
			t.Parallel()
			a, _ := open(t, e)
			b, _ := open(t, e)
			one, two := newPhone(t), newPhone(t)
			one.offer(a, "8", "a=ptime:"+itoa(length))
			two.call(b, "sendrecv")
			a.Play(ToneSound(time.Second, 440), true)
			first, second := one.hear(), one.hear()
			if n := 8 * length; len(first.payload) != n || len(second.payload) != n || second.seq != first.seq+1 || second.ts != first.ts+uint32(n) {
				t.Errorf("%d and %d bytes, numbers %d and %d, times %d and %d", len(first.payload), len(second.payload), first.seq, second.seq, first.ts, second.ts)
			}
			a.Stop()
			Join(a, b)
			a.Stats()
			said := make([]byte, headerSize+8*length) // and who listens gets what was said, whatever length it likes
			for i := range uint16(3) {
				putHeader(said, 8, false, 100+i, uint32(i)*uint32(8*length), 7)
				said[headerSize] = byte(i)
				one.raw(said)
				if got := two.hear(); len(got.payload) != 8*length || got.payload[0] != byte(i) {
					t.Errorf("heard %d bytes, %x", len(got.payload), got.payload[0])
				}
			}
		})
	}
}
