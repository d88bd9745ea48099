package media

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/pion/sdp/v3"
)

const mostPrints = 8 // a=fingerprint lines of a peer that are looked at

// How a DTLS association begins (RFC 4145 section 4, RFC 5763 section 5).
const (
	setupActive  = "active"
	setupPassive = "passive"
	setupEither  = "actpass"
)

// protection is what a peer's description says about encrypting one line of sound.
type protection struct {
	crypto []*cryptoLine // SDES, of those that we speak
	prints []fingerprint // DTLS, of those that we can check
	setup  string
	peer   credentials // ICE
	lite   bool
	mid    string // its name in the session's bundle; empty outside of one
}

// credentials of one side of ICE (RFC 8445 section 5.3).
type credentials struct{ ufrag, pwd string }

func (c credentials) valid() bool {
	return len(c.ufrag) >= 4 && len(c.ufrag) <= 256 && len(c.pwd) >= 22 && len(c.pwd) <= 256 &&
		onlyChars(c.ufrag, "+/") && onlyChars(c.pwd, "+/")
}

// onlyChars tells whether text is of letters, digits and what else is named.
func onlyChars(text, also string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return true
}

// fingerprint is the hash of a certificate (RFC 8122).
type fingerprint struct {
	bits int // of the hash of the SHA-2 family
	sum  string
}

// parseFingerprint reads "sha-256 12:AB:…". What is older than SHA-2 counts as no fingerprint.
func parseFingerprint(value string) (f fingerprint, ok bool) {
	name, digits, _ := strings.Cut(strings.TrimSpace(value), " ")
	switch strings.ToLower(name) {
	case "sha-256":
		f.bits = 256
	case "sha-384":
		f.bits = 384
	case "sha-512":
		f.bits = 512
	default:
		return f, false
	}
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), ":", ""))
	f.sum = string(sum)
	return f, err == nil && len(sum)*8 == f.bits
}

// isOf tells whether a certificate has that fingerprint.
func (f fingerprint) isOf(certificate []byte) bool {
	var sum []byte
	switch f.bits {
	case 256:
		h := sha256.Sum256(certificate)
		sum = h[:]
	case 384:
		h := sha512.Sum384(certificate)
		sum = h[:]
	case 512:
		h := sha512.Sum512(certificate)
		sum = h[:]
	}
	return len(sum) > 0 && subtle.ConstantTimeCompare(sum, []byte(f.sum)) == 1
}

func fingerprintOf(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var b bytes.Buffer
	b.WriteString("sha-256 ")
	for i := 0; i < len(text); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(text[i : i+2])
	}
	return b.String()
}

// read takes the attributes of the session and then those of the line, which count more.
func (p *protection) read(session, own []sdp.Attribute) {
	p.attributes(session)
	whole := p.prints
	p.prints = nil
	if p.attributes(own); p.prints == nil {
		p.prints = whole
	}
	bundled := false
	for _, a := range session {
		if members := strings.Fields(a.Value); a.Key == "group" && len(members) > 1 && members[0] == "BUNDLE" {
			for _, member := range members[1:] {
				bundled = bundled || member == p.mid
			}
		}
	}
	if !bundled {
		p.mid = ""
	}
}

func (p *protection) attributes(all []sdp.Attribute) {
	for _, a := range all {
		switch a.Key {
		case "crypto":
			if c, ok := parseCrypto(a.Value); ok && len(p.crypto) < mostCrypto && !p.tagged(c.tag) {
				p.crypto = append(p.crypto, c)
			}
		case "fingerprint":
			if f, ok := parseFingerprint(a.Value); ok && len(p.prints) < mostPrints {
				p.prints = append(p.prints, f)
			}
		case "setup":
			p.setup = strings.ToLower(strings.TrimSpace(a.Value))
		case "ice-ufrag":
			p.peer.ufrag = strings.TrimSpace(a.Value)
		case "ice-pwd":
			p.peer.pwd = strings.TrimSpace(a.Value)
		case "ice-lite":
			p.lite = true
		case "mid":
			if mid := strings.TrimSpace(a.Value); mid != "" && len(mid) <= 32 && onlyChars(mid, "-_.+") {
				p.mid = mid
			}
		}
	}
}

func (p *protection) tagged(tag int) bool {
	for _, c := range p.crypto {
		if c.tag == tag {
			return true
		}
	}
	return false
}

// strongest are the fingerprints by the best hash among them; those by weaker ones say nothing more (RFC 8122 section 5).
func (p *protection) strongest() (best []fingerprint) {
	for _, f := range p.prints {
		switch {
		case len(best) == 0 || f.bits > best[0].bits:
			best = []fingerprint{f}
		case f.bits == best[0].bits:
			best = append(best, f)
		}
	}
	return best
}

// Profiles of a media line (RFC 3551, RFC 3711, RFC 4585, RFC 5124, RFC 5764).
const (
	profilePlain   = "RTP/AVP"
	profileSecure  = "RTP/SAVP"
	profileBrowser = "UDP/TLS/RTP/SAVPF"
)

// soundProfile tells whether a line of that profile can be RTP for us.
func soundProfile(profile string) bool {
	switch profile {
	case profilePlain, "RTP/AVPF", profileSecure, "RTP/SAVPF", "UDP/TLS/RTP/SAVP", profileBrowser:
		return true
	}
	return false
}

// plainProfile tells whether a profile by itself means no encryption.
func plainProfile(profile string) bool { return strings.HasPrefix(profile, "RTP/AVP") }

// overDTLS tells whether a line asks for keys by DTLS: by its profile, or because it has no other keys.
func (l *line) overDTLS() bool {
	return strings.HasPrefix(l.profile, "UDP/TLS/") || (len(l.crypto) == 0 && len(l.prints) > 0)
}
