package peers

import "strings"

// Encryption is how a phone would have its sound encrypted.
type Encryption string

// The ways that phones know.
const (
	Plain       Encryption = ""
	SDES        Encryption = "SDES"              // offered beside plain sound (RFC 4568, RFC 8643)
	SDESOnly    Encryption = "mandatory SDES"    // or no call
	DTLS        Encryption = "DTLS-SRTP"         // RFC 5763
	DTLSWithICE Encryption = "DTLS-SRTP and ICE" // RFC 8827
)

// Way is how the keys travel when it comes to encryption: "", "SDES" or "DTLS-SRTP".
func (e Encryption) Way() string {
	switch e {
	case SDESOnly:
		return string(SDES)
	case DTLSWithICE:
		return string(DTLS)
	}
	return string(e)
}

// Kind is how one side of a call speaks: by which program, over which transport, in which codec, encrypted how.
type Kind struct {
	Agent      string // baresip, linphone, chromium or SIPp
	Transport  string // udp, tcp, tls, ws or wss
	Codec      string // pcmu, pcma, g722 or opus
	Encryption Encryption
	IPv6       bool
}

// String is the kind in words: "baresip by tls in opus over mandatory SDES".
func (k Kind) String() string {
	words := []string{k.Agent, "by", k.Transport}
	if k.IPv6 {
		words = append(words, "and IPv6")
	}
	words = append(words, "in", k.Codec)
	if k.Encryption == Plain {
		words = append(words, "in the clear")
	} else {
		words = append(words, "over", string(k.Encryption))
	}
	return strings.Join(words, " ")
}
