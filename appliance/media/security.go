package media

import (
	"errors"
	"net/netip"

	"github.com/pion/srtp/v3"
)

// ErrInsecure says that one side insists on encrypted sound in a way that the other does not speak.
var ErrInsecure = errors.New("media: no encryption in common")

// Security says whether a stream's sound is encrypted (SRTP, RFC 3711). Sound that was encrypted once is never plain
// again in the same stream: a later offer of either side that ends so is refused with ErrInsecure. Only several answers
// to one first offer, as a forked call gets them, may differ.
type Security uint8

const (
	// SecureOff is plain sound only; encrypted offers are refused.
	SecureOff Security = iota
	// SecureOptional is encrypted sound with everybody who can. We offer RTP/AVP with a=crypto in it (RFC 8643), since an
	// offer of RTP/SAVP is an error to phones that do not know it and two media lines confuse more of them; who does not
	// know a=crypto skips it. What is offered to us is taken as it comes, encrypted lines before plain ones.
	SecureOptional
	// SecureRequired is encrypted sound or none. We offer RTP/SAVP.
	SecureRequired
	// SecureBrowser is SRTP keyed by DTLS with ICE (RFC 5763, RFC 8445), the only sound that browsers speak.
	SecureBrowser
)

// SecurityNamed is the Security that the configuration calls so: "off", "optional" or "required".
func SecurityNamed(name string) Security {
	switch name {
	case "optional":
		return SecureOptional
	case "required":
		return SecureRequired
	}
	return SecureOff
}

// Secure says how the next Offer and Answer treat encryption. A new stream is SecureOff.
func (s *Stream) Secure(mode Security) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sdp.safety.mode = mode
}

// Reachable names further addresses of ours, as of the other IP version. A peer that speaks ICE is told them as
// candidates after the one that Offer and Answer are given; at most three more.
func (s *Stream) Reachable(also ...netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sdp.safety.also = also[:min(len(also), 3)]
}

// suite is one way to encrypt and authenticate packets.
type suite struct {
	name    string // in a=crypto (RFC 4568 section 6.2, RFC 7714 section 14.1)
	profile srtp.ProtectionProfile
	key     int // bytes of the master key
	salt    int // bytes of the master salt
}

// suites are all that we speak, the preferred first: what has hardware in every processor, then what every phone has,
// last the short tag that only very old ones insist on.
var suites = []*suite{
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
	{"AEAD_AES_256_GCM", srtp.ProtectionProfileAeadAes256Gcm, 32, 12},
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, 16, 14},
}
