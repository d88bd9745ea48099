package media

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	keysPT     = 101 // what we offer for telephone-event, as everybody does
	wideKeysPT = 110 // the same on Opus' clock, as browsers do
	comfortPT  = 13  // RFC 3389
)

// negotiation is what offers and answers of one stream agreed on so far (RFC 3264).
type negotiation struct {
	id, version uint64
	said        string // our last description but for its o= line

	lines []string // media lines of the session in their order; they never become fewer (RFC 3264 section 8)
	audio int      // which of them is ours

	offered []Codec // by our last offer
	dir     Direction
	keys    keyNumbers // that we expect key presses under
	way     KeyWay     // only with KeysAgreed are there any

	codec  Codec // that we send; zero before the first agreement
	events bool  // keys travel as events, not as tones
	peer   Direction

	safety safety
}

func newNegotiation() negotiation {
	// RFC 8866 section 5.2 wants the id unique; 62 bits stay clear of parsers that count in signed ones.
	return negotiation{id: rand.Uint64() >> 2, version: 1, lines: []string{""}, keys: ourKeys}
}

// offer describes what we would like.
func (n *negotiation) offer(local netip.Addr, port int, codecs []Codec, dir Direction) []byte {
	if n.codec.Name == "" {
		n.keys = ourKeys
	}
	n.offered, n.dir = n.numbered(codecs), dir
	keys := n.agreeable(n.keys.beside(n.offered))
	said := line{profile: profilePlain, codecs: n.offered, keys: keys, ptime: frame, mux: true, fallback: true}
	n.safety.propose(&said, local, port)
	return n.describe(local, said, dir, port)
}

// numbered gives codecs the payload numbers that the session already has for them, because a number means one thing from
// its first offer to its end (RFC 3264 section 8.3.2).
func (n *negotiation) numbered(codecs []Codec) []Codec {
	numbered := slices.Clone(codecs)
	for i, c := range numbered {
		if known := common([]Codec{c}, n.offered, n.offered); len(known) > 0 {
			numbered[i] = known[0]
		}
	}
	return numbered
}

// accept takes the answer to our last offer and returns the line that is ours.
func (n *negotiation) accept(text []byte) (line, error) {
	lines, err := parseSDP(text)
	if err != nil {
		return line{}, err
	}
	if len(lines) <= n.audio {
		return line{}, fmt.Errorf("%w: %d media lines in the answer", ErrSDP, len(lines))
	}
	l := lines[n.audio]
	if l.codecs = common(l.codecs, n.offered, l.codecs); !l.taken || len(l.codecs) == 0 {
		return line{}, ErrNoCodec
	}
	agreed, err := n.safety.conclude(&l)
	if err != nil {
		return line{}, err
	}
	l.keys = n.agreeable(l.keys.with(l.codecs[0]))
	n.agree(l, agreed)
	return l, nil
}

// answer answers an offer. The codec is the first of ours that the peer has, so whoever calls decides whether two legs
// get the same one; all other media are refused by port 0, in their place.
func (n *negotiation) answer(text []byte, local netip.Addr, port int, codecs []Codec, dir Direction) (line, []byte, error) {
	lines, err := parseSDP(text)
	if err != nil {
		return line{}, nil, err
	}
	refused := ErrNoCodec
	for _, i := range n.safety.order(lines) {
		l := lines[i]
		all := l.codecs
		if l.codecs = common(codecs, all, all); !l.taken || len(l.codecs) == 0 {
			continue
		}
		agreed, err := n.safety.respond(&l)
		if err != nil {
			refused = err
			continue
		}
		n.lines, n.audio = nil, i
		for _, other := range lines {
			n.lines = append(n.lines, other.text)
		}
		// What we may say is bounded by what was offered (RFC 3264 section 6.1).
		n.dir = direction(dir.sends() && l.dir.hears(), dir.hears() && l.dir.sends())
		n.keys = l.keys.or(n.keys)
		l.keys = n.agreeable(l.keys.with(l.codecs[0]))
		said := l
		said.codecs, said.ptime = l.codecs[:1], frame
		n.safety.declare(&said, agreed, local, port)
		body := n.describe(local, said, n.dir, port)
		n.offered = all
		n.agree(l, agreed)
		return l, body, nil
	}
	return line{}, nil, refused
}

func (n *negotiation) agree(l line, a *agreement) {
	n.codec, n.events, n.peer = l.codecs[0], l.keys != keyNumbers{}, l.dir
	n.safety.settle(a)
}

// common returns those of first that are also in second, with the payload numbers of numbers.
func common(first, second, numbers []Codec) []Codec {
	var both []Codec
	for _, c := range first {
		if !hasCodec(second, c.Name) {
			continue
		}
		for _, numbered := range numbers {
			if strings.EqualFold(numbered.Name, c.Name) {
				both = append(both, numbered)
				break
			}
		}
	}
	return both
}

// describe writes a description and counts its version up when anything but the o= line changed.
func (n *negotiation) describe(local netip.Addr, l line, dir Direction, port int) []byte {
	family := "IP4"
	if local = local.Unmap().WithZone(""); local.Is6() {
		family = "IP6"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n%s", family, local, l.session)
	for i, other := range n.lines {
		if i == n.audio {
			writeSound(&b, l, dir, port)
		} else {
			b.WriteString(refusal(other))
		}
	}
	if n.said != "" && n.said != b.String() {
		n.version++
	}
	n.said = b.String()
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\n%s", n.id, n.version, family, local, n.said)
}

func writeSound(b *strings.Builder, l line, dir Direction, port int) {
	var formats, maps strings.Builder
	for _, c := range l.codecs {
		fmt.Fprintf(&formats, " %d", c.PT)
		writeCodec(&maps, c)
	}
	for _, keys := range []struct {
		pt   uint8
		rate int
	}{{l.keys.narrow, PCMA.Rate}, {l.keys.wide, Opus.Rate}} {
		if keys.pt != 0 {
			fmt.Fprintf(&formats, " %d", keys.pt)
			fmt.Fprintf(&maps, "a=rtpmap:%d telephone-event/%d\r\na=fmtp:%d 0-15\r\n", keys.pt, keys.rate, keys.pt)
		}
	}
	fmt.Fprintf(b, "m=audio %d %s%s\r\n%s", port, l.profile, formats.String(), maps.String())
	fmt.Fprintf(b, "a=ptime:%d\r\n", l.ptime)
	if l.mux {
		b.WriteString("a=rtcp-mux\r\n")
	}
	if !l.mux || l.fallback {
		fmt.Fprintf(b, "a=rtcp:%d\r\n", port+1)
	}
	fmt.Fprintf(b, "%sa=%s\r\n", l.extra, dir)
}

func writeCodec(b *strings.Builder, c Codec) {
	if kindOf(c) == kindOpus { // always written with two channels, whatever is sent (RFC 7587 section 7)
		fmt.Fprintf(b, "a=rtpmap:%d opus/%d/2\r\na=fmtp:%d useinbandfec=1\r\n", c.PT, c.Rate, c.PT)
		return
	}
	fmt.Fprintf(b, "a=rtpmap:%d %s/%d\r\n", c.PT, strings.ToUpper(c.Name), c.Rate)
}

// refusal is a media line with port 0 and everything else as it was offered (RFC 3264 section 6).
func refusal(m string) string {
	fields := strings.Fields(m)
	fields[1] = strconv.Itoa(0)
	return "m=" + strings.Join(fields, " ") + "\r\n"
}

// route is what the agreement means for the packets.
func (n *negotiation) route(l line, family int) route {
	r := route{
		ready: true, codec: n.codec, kind: kindOf(n.codec), opus: l.opus,
		step:      int64(l.ptime),
		sends:     n.dir.sends() && l.dir.hears(),
		hears:     n.dir.hears() && l.dir.sends(),
		peerSends: l.dir.sends(), expects: l.dir == SendRecv && n.dir.hears(),
		mux: l.mux, safe: n.safety.agreed,
		rtp: endpointOf(l.rtp, family), rtcp: endpointOf(l.rtcp, family),
	}
	r.kinds[comfortPT] = kindComfort
	// Both sides' numbers are understood, because some peers send under their own and some under ours.
	for _, codecs := range [][]Codec{n.offered, l.codecs} {
		for _, c := range codecs {
			r.kinds[c.PT&0x7f] = kindOf(c)
		}
	}
	if r.kind == kindOpus {
		r.step = frame // an encoding of a stored sound has no other packets, and what the peer wrote is only a wish
	}
	r.samples = uint32(r.step * r.kind.clock())
	switch {
	case l.keys.wide != 0:
		r.keys, r.keysKind = l.keys.wide, kindWideKeys
		r.means(kindWideKeys, n.keys.wide, l.keys.wide)
	case l.keys.narrow != 0:
		r.keys, r.keysKind = l.keys.narrow, kindKeys
		r.means(kindKeys, n.keys.narrow, l.keys.narrow)
	}
	return r
}

// means takes payload numbers for a kind unless they stand for something else.
func (r *route) means(k kind, numbers ...uint8) {
	for _, pt := range numbers {
		if r.kinds[pt&0x7f] == kindUnknown {
			r.kinds[pt&0x7f] = k
		}
	}
}

// keyNumbers are the payload numbers for telephone-event on each of the two clocks, 0 where there is none.
type keyNumbers struct{ narrow, wide uint8 }

var ourKeys = keyNumbers{narrow: keysPT, wide: wideKeysPT}

// agreeable leaves no numbers where keys shall not travel as events.
func (n *negotiation) agreeable(k keyNumbers) keyNumbers {
	if n.way != KeysAgreed {
		return keyNumbers{}
	}
	return k
}

// or fills in what k lacks.
func (k keyNumbers) or(other keyNumbers) keyNumbers {
	return keyNumbers{cmp.Or(k.narrow, other.narrow), cmp.Or(k.wide, other.wide)}
}

// beside leaves the numbers that make sense beside these codecs: on Opus' clock only with Opus, and none twice.
func (k keyNumbers) beside(codecs []Codec) keyNumbers {
	if !hasCodec(codecs, Opus.Name) {
		k.wide = 0
	}
	for _, c := range codecs {
		if c.PT == k.narrow {
			k.narrow = 0
		}
		if c.PT == k.wide {
			k.wide = 0
		}
	}
	return k
}

// with leaves the number that goes with a codec: of the same clock (RFC 4733 section 2.1), or with Opus that of 8 kHz where
// the peer, as many phones, has no other.
func (k keyNumbers) with(c Codec) keyNumbers {
	if kindOf(c) == kindOpus && k.wide != 0 {
		return keyNumbers{wide: k.wide}
	}
	return keyNumbers{narrow: k.narrow}
}
