package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

const (
	longestSDP = 16 << 10 // bytes; a browser's description has about 8,000
	mostLines  = 16       // m-lines
)

// line is one media line of a peer's description with everything of it that we use.
type line struct {
	text    string // as it came, without "m="
	taken   bool   // sound over RTP with an open port: the only kind that we take
	profile string // as "RTP/AVP"
	rtp     netip.AddrPort
	rtcp    netip.AddrPort
	dir     Direction // with hold by address already counted in
	mux     bool
	codecs  []Codec // that this build speaks, by the peer's preference and with its payload numbers
	keys    keyNumbers
	opus    opusWishes
	ptime   int // ms, 20 unless the peer asked for another that we can make

	protection
	fallback bool   // of a line of ours: control may also have its own port
	session  string // of a line of ours: what stands before all lines because of it
	extra    string // of a line of ours: more attributes
}

// parseSDP reads a description (RFC 8866). It is lenient where real phones are sloppy and we do not look anyway: only
// the lines that matter here reach the parser, and media that it has never heard of is kept by name, to be refused
// politely.
func parseSDP(text []byte) (lines []line, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			lines, err = nil, fmt.Errorf("%w: the parser gave up", ErrSDP)
		}
	}()
	if len(text) == 0 || len(text) > longestSDP {
		return nil, fmt.Errorf("%w: %d bytes", ErrSDP, len(text))
	}
	plain, media, err := sift(string(text))
	if err != nil {
		return nil, err
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(plain); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSDP, err)
	}
	if len(media) != len(parsed.MediaDescriptions) {
		return nil, fmt.Errorf("%w: media lines", ErrSDP)
	}
	for i, text := range media {
		l, err := readLine(text, parsed.MediaDescriptions[i], &parsed)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// sift keeps the lines that we use and sets the rest to what every parser takes: the o= of some phones is no number,
// their b= is empty, and T.38 and other media are unknown to the parser.
func sift(text string) (plain string, media []string, err error) {
	var b strings.Builder
	b.Grow(len(text) + 64)
	for l := range strings.SplitSeq(text, "\n") {
		l = strings.TrimRight(l, "\r\x00 ")
		if len(l) < 2 || l[1] != '=' {
			if l == "" {
				continue
			}
			return "", nil, fmt.Errorf("%w: a line without its type", ErrSDP)
		}
		for i := range len(l) {
			if l[i] < ' ' && l[i] != '\t' {
				return "", nil, fmt.Errorf("%w: control characters", ErrSDP)
			}
		}
		switch l[0] {
		case 'v', 'c', 'a':
		case 't':
			l = "t=0 0"
		case 'o':
			l = "o=- 0 0 IN IP4 0.0.0.0"
		case 's':
			l = "s=-"
		case 'm':
			media = append(media, strings.TrimSpace(l[2:]))
			if !soundLine(l[2:]) {
				l = "m=application 0 UDP 0"
			}
		default:
			continue
		}
		b.WriteString(l)
		b.WriteString("\r\n")
	}
	if len(media) == 0 || len(media) > mostLines {
		return "", nil, fmt.Errorf("%w: %d media lines", ErrSDP, len(media))
	}
	return b.String(), media, nil
}

func soundLine(m string) bool {
	fields := strings.Fields(m)
	return len(fields) >= 4 && fields[0] == "audio" && soundProfile(fields[2])
}

func readLine(text string, m *sdp.MediaDescription, session *sdp.SessionDescription) (line, error) {
	fields := strings.Fields(text)
	if len(fields) < 4 {
		return line{}, fmt.Errorf("%w: m=%.40q", ErrSDP, text)
	}
	l := line{text: text}
	if !soundLine(text) || m.MediaName.Port.Value == 0 {
		return l, nil
	}
	l.taken, l.profile = true, fields[2]
	port := uint16(m.MediaName.Port.Value)
	host, held, err := address(m.ConnectionInformation, session.ConnectionInformation)
	if err != nil {
		return line{}, err
	}
	if host.IsValid() {
		l.rtp, l.rtcp = netip.AddrPortFrom(host, port), netip.AddrPortFrom(host, port+1)
	}
	l.dir = SendRecv
	for _, attributes := range [][]sdp.Attribute{session.Attributes, m.Attributes} {
		for _, a := range attributes {
			l.dir = directionOf(a.Key, l.dir)
		}
	}
	l.read(session.Attributes, m.Attributes)
	// With ICE the address says nothing: browsers write 0.0.0.0 while they do not know one (RFC 8840 section 4.1.1).
	if held && !l.peer.valid() {
		l.dir = direction(l.dir.sends(), false)
	}
	l.readFormats(m)
	l.readAttributes(m, host)
	return l, nil
}

// address is where the peer listens. Held says that it named the unspecified address (RFC 3264 section 8.4 keeps this
// old way to hold). A name that is no address is not resolved: then the peer is learned from its first packet.
func address(own, session *sdp.ConnectionInformation) (host netip.Addr, held bool, err error) {
	c := own
	if c == nil {
		c = session
	}
	if c == nil || c.Address == nil {
		return host, false, fmt.Errorf("%w: no c= line", ErrSDP)
	}
	text, _, _ := strings.Cut(c.Address.Address, "/")
	host, err = netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false, nil
	}
	host = host.Unmap().WithZone("")
	if host.IsMulticast() || host == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, false, fmt.Errorf("%w: %s is no single peer", ErrSDP, host)
	}
	if host.IsUnspecified() {
		return netip.Addr{}, true, nil
	}
	return host, false, nil
}

func directionOf(attribute string, otherwise Direction) Direction {
	for _, d := range []Direction{SendRecv, SendOnly, RecvOnly, Inactive} {
		if attribute == d.String() {
			return d
		}
	}
	return otherwise
}

// readFormats resolves payload numbers by rtpmap, or by RFC 3551 where there is none.
func (l *line) readFormats(m *sdp.MediaDescription) {
	names := map[string]string{"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}
	seen := map[string]bool{}
	for _, a := range m.Attributes {
		pt, encoding, ok := strings.Cut(a.Value, " ")
		if a.Key == "rtpmap" && ok && !seen[pt] {
			seen[pt] = true
			names[pt] = strings.TrimSpace(encoding)
		}
	}
	for _, format := range m.MediaName.Formats {
		n, err := strconv.ParseUint(format, 10, 8)
		if err != nil || n > 127 {
			continue
		}
		pt := uint8(n)
		switch strings.ToUpper(strings.TrimSuffix(names[format], "/1")) {
		case "PCMA/8000":
			l.take(PCMA, pt)
		case "PCMU/8000":
			l.take(PCMU, pt)
		case "G722/8000", "G722/16000": // the second is wrong, and so sure of itself that it is understood
			l.take(G722, pt)
		case "OPUS/48000/2":
			l.take(Opus, pt)
		case "TELEPHONE-EVENT/8000":
			l.keys = l.keys.or(keyNumbers{narrow: dynamic(pt)})
		case "TELEPHONE-EVENT/48000":
			l.keys = l.keys.or(keyNumbers{wide: dynamic(pt)})
		}
	}
}

// take adds a codec under the peer's number, once.
func (l *line) take(c Codec, pt uint8) {
	if !hasCodec(l.codecs, c.Name) {
		l.codecs = append(l.codecs, Codec{Name: c.Name, PT: pt, Rate: c.Rate})
	}
}

// dynamic is pt unless that number belongs to a codec (RFC 3551 section 6).
func dynamic(pt uint8) uint8 {
	if pt < 35 {
		return 0
	}
	return pt
}

func (l *line) readAttributes(m *sdp.MediaDescription, host netip.Addr) {
	l.ptime = frame
	longest := 60 // ms
	for _, a := range m.Attributes {
		switch a.Key {
		case "rtcp-mux":
			l.mux = true
		case "ptime":
			// Others than these are no multiple of what phones sample, or so long that a lost packet is a lost word.
			if n, err := strconv.Atoi(strings.TrimSpace(a.Value)); err == nil && n >= 10 && n <= 60 && n%10 == 0 {
				l.ptime = n
			}
		case "maxptime":
			if n, err := strconv.Atoi(strings.TrimSpace(a.Value)); err == nil && n >= 10 {
				longest = min(longest, n/10*10)
			}
		case "fmtp":
			l.readWishes(a.Value)
		case "rtcp":
			// Another host for control than for sound would make us send to whom nobody asked, so only the port counts.
			port, _, _ := strings.Cut(a.Value, " ")
			if n, err := strconv.ParseUint(port, 10, 16); err == nil && n != 0 && host.IsValid() {
				l.rtcp = netip.AddrPortFrom(host, uint16(n))
			}
		}
	}
	if l.ptime = min(l.ptime, longest); longest < frame {
		l.codecs = slices.DeleteFunc(l.codecs, func(c Codec) bool { return kindOf(c) == kindOpus }) // we have none so short
	}
}

// opusWishes is what a peer would like of the Opus that it is sent (RFC 7587 section 6.1).
type opusWishes struct {
	repair   bool // it can make use of what packets say of those before them (useinbandfec)
	constant bool // all packets alike in size (cbr)
	bitrate  int  // bits a second at most, 0 when it does not mind
}

// readWishes takes a fmtp attribute, if it is that of Opus. Stereo is the peer's wish too, but what we make is mono.
func (l *line) readWishes(attribute string) {
	format, wishes, _ := strings.Cut(attribute, " ")
	pt, err := strconv.ParseUint(format, 10, 7)
	if i := slices.IndexFunc(l.codecs, func(c Codec) bool { return kindOf(c) == kindOpus }); err != nil || i < 0 || l.codecs[i].PT != uint8(pt) {
		return
	}
	for wish := range strings.SplitSeq(wishes, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(wish), "=")
		switch strings.ToLower(name) {
		case "useinbandfec":
			l.opus.repair = value == "1"
		case "cbr":
			l.opus.constant = value == "1"
		case "maxaveragebitrate":
			if n, err := strconv.Atoi(value); err == nil && n >= 6000 && n <= 510000 {
				l.opus.bitrate = n
			}
		}
	}
}
