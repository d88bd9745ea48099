package media

import "strings"

// Codec is one way of writing sound into RTP.
type Codec struct {
	Name string // "pcma", "pcmu"; "opus" and "g722" are known by name but not yet spoken
	PT   uint8  // payload number that we offer, 0–127 (RFC 3551 section 6)
	Rate int    // RTP clock in Hz
}

var (
	PCMA = Codec{Name: "pcma", PT: 8, Rate: 8000} // G.711 A-law: Europe and most of the world
	PCMU = Codec{Name: "pcmu", PT: 0, Rate: 8000} // G.711 µ-law: North America and Japan
)

// Codecs returns the codecs of that name in that order. Names that this build does not speak, and repetitions, are
// left out, so the result may be empty.
func Codecs(names []string) []Codec {
	var codecs []Codec
	for _, name := range names {
		for _, c := range []Codec{PCMA, PCMU} {
			if strings.EqualFold(name, c.Name) && !hasCodec(codecs, c.Name) {
				codecs = append(codecs, c)
			}
		}
	}
	return codecs
}

func hasCodec(codecs []Codec, name string) bool {
	for _, c := range codecs {
		if strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// Direction says who sends, seen from the one who wrote it (RFC 3264 section 5.1).
type Direction uint8

const (
	SendRecv Direction = iota
	SendOnly           // I send, I do not listen: the usual way to put somebody on hold
	RecvOnly
	Inactive
)

func (d Direction) String() string {
	switch d {
	case SendRecv:
		return "sendrecv"
	case SendOnly:
		return "sendonly"
	case RecvOnly:
		return "recvonly"
	}
	return "inactive"
}

func (d Direction) sends() bool { return d == SendRecv || d == SendOnly }
func (d Direction) hears() bool { return d == SendRecv || d == RecvOnly }

// direction is the Direction of one that sends and hears.
func direction(sends, hears bool) Direction {
	switch {
	case sends && hears:
		return SendRecv
	case sends:
		return SendOnly
	case hears:
		return RecvOnly
	}
	return Inactive
}
