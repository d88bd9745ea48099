package media

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"hash"
	"hash/crc32"
)

// STUN as ICE uses it (RFC 8489, RFC 8445 section 7). We are lite: we only answer.
const (
	stunHeader   = 20
	stunCookie   = 0x2112a442
	stunRequest  = 0x0001 // a binding request
	stunSuccess  = 0x0101
	stunError    = 0x0111
	stunMixer    = 0x5354554e // what a fingerprint is mixed with
	mostUnknown  = 8          // attributes that we tell the peer we do not know
	stunReplyMax = 256        // bytes that no answer of ours exceeds
)

const (
	attrUsername    = 0x0006
	attrIntegrity   = 0x0008
	attrErrorCode   = 0x0009
	attrUnknown     = 0x000a
	attrAddress     = 0x0020 // XOR-MAPPED-ADDRESS
	attrPriority    = 0x0024
	attrChosen      = 0x0025 // USE-CANDIDATE
	attrFingerprint = 0x8028
	attrControlled  = 0x8029
)

// Codes of errors.
const (
	codeUnknown  = 420
	codeConflict = 487 // both sides believe that the other chooses
)

// binding is a request to show that packets get through (RFC 8489 section 6).
type binding struct {
	id         []byte // the cookie and the transaction, 16 bytes
	user       []byte
	mac        []byte
	covered    int // bytes of the message that mac is of
	chosen     bool
	controlled bool
	unknown    []uint16 // that the peer says must be understood
}

// parseBinding reads a binding request. Every length must be true and the fingerprint right, because that is what tells
// STUN from what only looks like it.
func parseBinding(b []byte) (q binding, ok bool) {
	be := binary.BigEndian
	if len(b) < stunHeader || len(b)%4 != 0 || be.Uint16(b) != stunRequest ||
		int(be.Uint16(b[2:])) != len(b)-stunHeader || be.Uint32(b[4:]) != stunCookie {
		return q, false
	}
	q.id = b[4:stunHeader]
	for at := stunHeader; at < len(b); {
		if at+4 > len(b) {
			return q, false
		}
		kind, size := be.Uint16(b[at:]), int(be.Uint16(b[at+2:]))
		end := at + 4 + (size+3)&^3
		if end > len(b) {
			return q, false
		}
		value := b[at+4 : at+4+size]
		if kind == attrFingerprint {
			return q, size == 4 && end == len(b) && be.Uint32(value) == crc32.ChecksumIEEE(b[:at])^stunMixer
		}
		if q.mac == nil { // what follows the integrity is covered by nothing and means nothing
			q.attribute(kind, value, at)
		}
		at = end
	}
	return q, false
}

func (q *binding) attribute(kind uint16, value []byte, at int) {
	switch kind {
	case attrUsername:
		q.user = value
	case attrIntegrity:
		q.mac, q.covered = value, at
	case attrChosen:
		q.chosen = true
	case attrControlled:
		q.controlled = true
	case attrPriority: // of a pair that we would form; we form none
	default:
		if kind < 0x8000 && len(q.unknown) < mostUnknown {
			q.unknown = append(q.unknown, kind)
		}
	}
}

// isReply tells an answer or an indication from what is no STUN: we ask nothing, so neither means anything to us.
func isReply(b []byte) bool {
	return len(b) >= stunHeader && binary.BigEndian.Uint32(b[4:]) == stunCookie && binary.BigEndian.Uint16(b) != stunRequest
}

// checks is the lite half of ICE for one stream: who proved by the password that he is the peer, and is reached.
type checks struct {
	session *session
	user    []byte
	mac     hash.Hash
	sources [8]checked
	any     bool // somebody proved it at any time
}

// checked is one source that the peer checked from.
type checked struct {
	source endpoint
	at     int64 // of its last check
	chosen int64 // when it was last named as the one to use, 0 for never
}

func newChecks(s *session) *checks {
	c := &checks{}
	c.renew(s)
	return c
}

// renew takes new credentials. Who proved himself by the old ones is still heard until his consent runs out.
func (c *checks) renew(s *session) {
	c.session = s
	c.user = []byte(s.own.ufrag + ":" + s.peer.ufrag)
	c.mac = hmac.New(sha1.New, []byte(s.own.pwd))
}

// answer answers a request, and takes its source for the peer's when it proves to be. It writes into out, which has room
// for stunReplyMax. Not ok when the request proves nothing: then there is no answer either, so that strangers learn
// nothing and nobody is flooded in the name of others.
func (c *checks) answer(out []byte, q *binding, b []byte, from *endpoint, now int64) (reply []byte, ok bool) {
	if !bytes.Equal(q.user, c.user) || !hmac.Equal(q.mac, c.sum(b[:q.covered])) {
		return nil, false
	}
	switch {
	case len(q.unknown) > 0:
		out = append(c.begin(out, stunError, q), 0, attrErrorCode, 0, 4, 0, 0, codeUnknown/100, codeUnknown%100)
		out = binary.BigEndian.AppendUint16(out, attrUnknown)
		out = binary.BigEndian.AppendUint16(out, uint16(2*len(q.unknown)))
		for _, kind := range q.unknown {
			out = binary.BigEndian.AppendUint16(out, kind)
		}
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	case q.controlled: // the full side chooses, always (RFC 8445 section 6.1.1)
		out = append(c.begin(out, stunError, q), 0, attrErrorCode, 0, 4, 0, 0, codeConflict/100, codeConflict%100)
	default:
		c.confirm(from, q.chosen, now)
		out = appendAddress(c.begin(out, stunSuccess, q), q.id, from)
	}
	return c.finish(out), true
}

// sum is the MESSAGE-INTEGRITY of a message that has got that far: over all of it, with a length as if it ended right
// after the integrity.
func (c *checks) sum(b []byte) []byte {
	if len(b) < stunHeader {
		return nil
	}
	var header [stunHeader]byte
	copy(header[:], b)
	binary.BigEndian.PutUint16(header[2:], uint16(len(b)-stunHeader+4+sha1.Size))
	c.mac.Reset()
	c.mac.Write(header[:])
	c.mac.Write(b[stunHeader:])
	return c.mac.Sum(nil)
}

func (c *checks) begin(out []byte, kind uint16, q *binding) []byte {
	out = binary.BigEndian.AppendUint16(out[:0], kind)
	out = append(out, 0, 0)
	return append(out, q.id...)
}

func (c *checks) finish(out []byte) []byte {
	mac := c.sum(out)
	out = append(append(out, 0, attrIntegrity, 0, sha1.Size), mac...)
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)-stunHeader+8))
	sum := crc32.ChecksumIEEE(out) ^ stunMixer
	out = append(out, attrFingerprint>>8, attrFingerprint&0xff, 0, 4)
	return binary.BigEndian.AppendUint32(out, sum)
}

// appendAddress tells the peer where it is seen, mixed with the cookie so that no router rewrites it.
func appendAddress(out, id []byte, from *endpoint) []byte {
	at := from.addrPort()
	ip, family := at.Addr().AsSlice(), byte(1)
	if len(ip) == 16 {
		family = 2
	}
	for i := range ip {
		ip[i] ^= id[i]
	}
	out = append(out, 0, attrAddress, 0, byte(4+len(ip)), 0, family)
	out = binary.BigEndian.AppendUint16(out, at.Port()^(stunCookie>>16))
	return append(out, ip...)
}

// confirm notes a source that proved itself. The oldest gives way when there are too many; only the peer can do that.
func (c *checks) confirm(from *endpoint, chosen bool, now int64) {
	at := 0
	for i := range c.sources {
		if c.sources[i].source == *from {
			at = i
			break
		}
		if c.sources[i].at < c.sources[at].at {
			at = i
		}
	}
	one := &c.sources[at]
	if one.source != *from {
		*one = checked{source: *from}
	}
	one.at, c.any = now, true
	if chosen {
		one.chosen = now
	}
}

func (c *checks) has(from *endpoint) bool {
	for i := range c.sources {
		if c.sources[i].source == *from {
			return true
		}
	}
	return false
}

// best is whom to send to: the one that was chosen last, or the first to show up while none was. Zero when nobody has
// consented within the last 30 s (RFC 7675 section 5.1); who has not is forgotten.
func (c *checks) best(now int64) (to endpoint) {
	var best *checked
	for i := range c.sources {
		one := &c.sources[i]
		if !one.source.valid() {
			continue
		}
		if now-one.at >= consent {
			*one = checked{}
			continue
		}
		if best == nil || one.chosen > best.chosen {
			best = one
		}
	}
	if best != nil {
		to = best.source
	}
	return to
}
