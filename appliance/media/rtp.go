package media

import "encoding/binary"

const (
	headerSize = 12
	largest    = 2048 // bytes of the largest datagram that is looked at; RTP over Ethernet stays under 1,500
)

// packet is one RTP packet (RFC 3550 section 5.1) as it lies in the worker's buffer.
type packet struct {
	payload []byte
	start   int // where the payload starts in the datagram, never less than headerSize
	ts      uint32
	ssrc    uint32
	seq     uint16
	pt      uint8
	marker  bool
}

// parseRTP reads the fixed header, steps over contributing sources and extension, and takes padding off. It refuses
// what lies about its own lengths and what carries nothing.
func parseRTP(b []byte) (p packet, ok bool) {
	if len(b) <= headerSize || b[0]>>6 != 2 {
		return p, false
	}
	start, end := headerSize+4*int(b[0]&0x0f), len(b)
	if b[0]&0x10 != 0 {
		if start+4 > end {
			return p, false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	if b[0]&0x20 != 0 {
		padding := int(b[end-1])
		if padding == 0 || padding > end-headerSize {
			return p, false
		}
		end -= padding
	}
	if start >= end {
		return p, false
	}
	return packet{
		payload: b[start:end], start: start,
		marker: b[1]&0x80 != 0, pt: b[1] & 0x7f,
		seq:  binary.BigEndian.Uint16(b[2:]),
		ts:   binary.BigEndian.Uint32(b[4:]),
		ssrc: binary.BigEndian.Uint32(b[8:]),
	}, true
}

// putHeader writes a plain 12-byte header: no extension, no contributing source, no padding.
func putHeader(b []byte, pt uint8, marker bool, seq uint16, ts, ssrc uint32) {
	b[0], b[1] = 2<<6, pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
}

// isRTCP tells RTCP from RTP on a shared port (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) > 1 && b[1] >= 192 && b[1] <= 223 }
