package media

import (
	"encoding/binary"
	"slices"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

const (
	replayWindow = 128  // packets that may arrive late by and are still told from replays: 2.5 s
	mostSources  = 64   // SSRCs of a peer under one secret; each costs some memory
	overhead     = 32   // bytes that encryption may add to a packet: tag, index
	fresherSeq   = 1024 // numbers before the wrap that no secret begins in
)

// scratch is what a worker lends to encryption, so that no packet allocates.
type scratch struct {
	out     [largest + overhead]byte
	header  rtp.Header
	control rtcp.Header
}

// sealer encrypts what one stream sends under one secret (RFC 3711). Two packets under one number would give the secret
// of the tags away (RFC 7714 section 8.4), so whatever comes to be sent, no number is used twice.
type sealer struct {
	context *srtp.Context
	newest  uint16
	used    uint64 // bit n: newest-n was used, or is too old to know
}

func newSealer(s *suite, secret []byte) (*sealer, error) {
	c, err := srtp.CreateContext(secret[:s.key], secret[s.key:], s.profile)
	if err != nil {
		return nil, err
	}
	return &sealer{context: c}, nil
}

// rtp encrypts a packet into the scratch; nil when its number was used or nothing can be done with it.
func (s *sealer) rtp(t *scratch, b []byte) []byte {
	if len(b) > largest || !s.take(binary.BigEndian.Uint16(b[2:])) {
		return nil
	}
	sealed, err := s.context.EncryptRTP(t.out[:0], b, &t.header)
	if err != nil {
		return nil
	}
	return sealed
}

func (s *sealer) rtcp(t *scratch, b []byte) []byte {
	if len(b) > largest {
		return nil
	}
	sealed, err := s.context.EncryptRTCP(t.out[:0], b, &t.control)
	if err != nil {
		return nil
	}
	return sealed
}

// take tells whether a sequence number is new, and remembers it.
func (s *sealer) take(seq uint16) bool {
	ahead := int(int16(seq - s.newest))
	switch {
	case s.used == 0: // the first: what is older belongs to the secret before
		s.used = ^uint64(0)
		s.newest = seq
	case ahead > 0:
		s.used = s.used<<min(ahead, 64) | 1 // shifting by 64 leaves nothing
		s.newest = seq
	case ahead <= -64 || s.used&(1<<-ahead) != 0:
		return false
	default:
		s.used |= 1 << -ahead
	}
	return true
}

// opener authenticates and decrypts what a peer sends under one secret, refuses what came before, and counts the peer's
// roll-overs for each of its SSRCs by itself.
type opener struct {
	context *srtp.Context
	sources []uint32 // SSRCs that were authenticated
}

func newOpener(s *suite, secret, mki []byte) (*opener, error) {
	options := []srtp.ContextOption{srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow)}
	if len(mki) > 0 {
		options = append(options, srtp.MasterKeyIndicator(mki))
	}
	c, err := srtp.CreateContext(secret[:s.key], secret[s.key:], s.profile, options...)
	if err != nil {
		return nil, err
	}
	return &opener{context: c}, nil
}

// rtp decrypts a packet where it lies; nil when it is not authentic, or a replay. Then what lay there may be gone.
func (o *opener) rtp(t *scratch, b []byte) []byte {
	if len(b) < headerSize {
		return nil
	}
	ssrc := binary.BigEndian.Uint32(b[8:])
	known := slices.Contains(o.sources, ssrc)
	if !known && len(o.sources) == mostSources {
		return nil
	}
	plain, err := o.context.DecryptRTP(b, b, &t.header)
	if err != nil {
		return nil
	}
	if !known {
		o.sources = append(o.sources, ssrc)
	}
	return plain
}

func (o *opener) rtcp(t *scratch, b []byte) []byte {
	if len(b) < 8 {
		return nil
	}
	ssrc := binary.BigEndian.Uint32(b[4:])
	known := slices.Contains(o.sources, ssrc)
	if !known && len(o.sources) == mostSources {
		return nil
	}
	plain, err := o.context.DecryptRTCP(b, b, &t.control)
	if err != nil {
		return nil
	}
	if !known {
		o.sources = append(o.sources, ssrc)
	}
	return plain
}
