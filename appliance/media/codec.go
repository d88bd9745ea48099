package media

import "strings"

// Codec is one way of writing sound into RTP.
type Codec struct {
	Name string // "opus", "g722", "pcma", "pcmu"
	PT   uint8  // payload number that we offer, 0–127 (RFC 3551 section 6)
	Rate int    // RTP clock in Hz, which is not always that of the samples
}

var (
	PCMA = Codec{Name: "pcma", PT: 8, Rate: 8000} // G.711 A-law: Europe and most of the world
	PCMU = Codec{Name: "pcmu", PT: 0, Rate: 8000} // G.711 µ-law: North America and Japan
	G722 = Codec{Name: "g722", PT: 9, Rate: 8000} // 7 kHz of sound in as many bits as G.711; 16,000 samples a second
	Opus = Codec{Name: "opus", PT: 111, Rate: 48000}
)

var spoken = []Codec{PCMA, PCMU, G722, Opus}

// Codecs returns the codecs of that name in that order. Names that this build does not speak, and repetitions, are
// left out, so the result may be empty.
func Codecs(names []string) []Codec {
	var codecs []Codec
	for _, name := range names {
		for _, c := range spoken {
			if strings.EqualFold(name, c.Name) && !hasCodec(codecs, c.Name) {
				codecs = append(codecs, c)
			}
		}
	}
	return codecs
}

// kind is what a payload number means to a flow.
type kind uint8

const (
	kindUnknown kind = iota
	kindPCMA
	kindPCMU
	kindG722
	kindOpus
	kindKeys     // telephone-event, RFC 4733, on a clock of 8 kHz
	kindWideKeys // the same on a clock of 48 kHz
	kindComfort  // comfort noise, RFC 3389
)

func kindOf(c Codec) kind {
	for i, k := range []kind{kindPCMA, kindPCMU, kindG722, kindOpus} {
		if strings.EqualFold(c.Name, spoken[i].Name) {
			return k
		}
	}
	return kindUnknown
}

// speaks tells whether packets of that kind carry sound.
func (k kind) speaks() bool { return k >= kindPCMA && k <= kindOpus }

// narrow tells the two laws of G.711, which one table turns into each other.
func (k kind) narrow() bool { return k == kindPCMA || k == kindPCMU }

func (k kind) keys() bool { return k == kindKeys || k == kindWideKeys }

// clock is that of the RTP timestamps, in kHz. G.722's is a mistake of RFC 1890 that everybody keeps (RFC 3551 section
// 4.5.2).
func (k kind) clock() int64 {
	if k == kindOpus || k == kindWideKeys {
		return 48
	}
	return 8
}

// rate is that of the samples which we decode and encode: of Opus no more than a telephone has to give.
func (k kind) rate() int {
	if k.narrow() {
		return sampleRate
	}
	return wideRate
}

// span is how long a packet of sound lasts, in timestamp units; 0 when it is none.
func (k kind) span(payload []byte) int64 {
	if k == kindOpus {
		return int64(opusSpan(payload))
	}
	return int64(len(payload)) // a byte for each of 8,000 parts of a second, by whichever of the others
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
