package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// safety is the part of a negotiation that is about encryption.
type safety struct {
	mode     Security
	identity *identity    // of the engine
	also     []netip.Addr // further candidates

	offered offeredKind
	crypto  []*cryptoLine // of our last offer
	own     credentials   // of ours for ICE; empty until needed
	agreed  *agreement    // how sound is encrypted; nil while it is plain
	before  *agreement    // the same when we last offered: each branch of a forked call answers by itself
}

type offeredKind uint8

const (
	offeredPlain offeredKind = iota
	offeredCrypto
	offeredDTLS
)

// agreement is how both sides said that sound is encrypted. It is made when they agree and never changed; the flow tells
// by its pointers what is new.
type agreement struct {
	profile string
	// by SDES: the lines of both, and what stands ready to work by them
	mine, theirs *cryptoLine
	seal         *sealer
	open         *opener
	// by DTLS
	association *association
	ice         *session // nil without ICE
	mid         string
}

// association is one DTLS handshake to be made, or made (RFC 5763).
type association struct {
	client bool // we begin it
	prints []fingerprint
}

// session is ICE between two pairs of credentials; new ones on either side begin another (RFC 8445 section 9).
type session struct {
	own, peer credentials
	lite      bool // the peer is as lite as we are: nobody checks, and nobody is checked
}

// propose writes into the line of an offer how its sound may be encrypted. What was agreed on stays as it is: the same
// way, the same secret of ours, the same credentials.
func (s *safety) propose(l *line, local netip.Addr, port int) {
	s.before = s.agreed
	switch {
	case s.agreed != nil && s.agreed.association != nil, s.agreed == nil && s.mode == SecureBrowser:
		s.offered = offeredDTLS
		l.profile, l.fallback = profileBrowser, false
		if s.own.ufrag == "" {
			s.own = newCredentials()
		}
		ice, mid := &session{own: s.own}, "0"
		if s.agreed != nil {
			l.profile, ice, mid = s.agreed.profile, s.agreed.ice, s.agreed.mid
		}
		s.write(l, setupEither, ice, mid, local, port)
	case s.agreed != nil:
		s.offered, s.crypto = offeredCrypto, []*cryptoLine{s.agreed.mine}
		l.profile, l.extra = s.agreed.profile, s.agreed.mine.attribute()
	case s.mode == SecureOptional || s.mode == SecureRequired:
		s.offered = offeredCrypto
		if s.mode == SecureRequired {
			l.profile = profileSecure
		}
		if len(s.crypto) == 0 {
			for i, suite := range suites {
				s.crypto = append(s.crypto, newCrypto(i+1, suite))
			}
		}
		for _, c := range s.crypto {
			l.extra += c.attribute()
		}
	default:
		s.offered = offeredPlain
	}
}

// order is in which order to look at the lines of an offer: who offers a call both encrypted and plain shall have it
// encrypted.
func (s *safety) order(lines []line) []int {
	var first, rest []int
	for i := range lines {
		if plainProfile(lines[i].profile) || s.mode == SecureOff {
			rest = append(rest, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, rest...)
}

// respond decides how the sound of a line that the peer offers is encrypted. Nil and no error is plain sound.
func (s *safety) respond(l *line) (*agreement, error) {
	plain := plainProfile(l.profile)
	switch {
	case s.mode == SecureOff && s.agreed == nil:
		if !plain {
			return nil, ErrInsecure
		}
		return nil, nil
	case l.overDTLS():
		return s.respondDTLS(l)
	case s.mode == SecureBrowser:
		return nil, ErrInsecure
	}
	if theirs := chooseCrypto(l.crypto); theirs != nil {
		return s.respondCrypto(l, theirs)
	}
	return nil, s.allowPlain(plain, s.agreed)
}

// allowPlain is nil where plain sound will do after what was before.
func (s *safety) allowPlain(plain bool, before *agreement) error {
	if plain && before == nil && (s.mode == SecureOptional || s.mode == SecureOff) {
		return nil
	}
	return ErrInsecure
}

// respondCrypto answers an a=crypto line. Our secret changes whenever the peer's does: another device may stand behind
// it now, which cannot know how often our sequence numbers rolled over; under a new secret all count from zero.
func (s *safety) respondCrypto(l *line, theirs *cryptoLine) (*agreement, error) {
	var mine *cryptoLine
	if a := s.agreed; a != nil && a.theirs != nil && a.theirs.same(theirs) {
		kept := *a.mine
		kept.tag = theirs.tag
		mine = &kept
	} else {
		mine = newCrypto(theirs.tag, theirs.suite)
	}
	return s.agreeCrypto(l, mine, theirs)
}

// agreeCrypto makes two lines work. What is the same as before goes on where it was: its roll-overs and its replays are
// remembered.
func (s *safety) agreeCrypto(l *line, mine, theirs *cryptoLine) (a *agreement, err error) {
	if string(mine.secret) == string(theirs.secret) {
		return nil, fmt.Errorf("%w: the peer sends our own secret back", ErrInsecure)
	}
	a = &agreement{profile: l.profile, mine: mine, theirs: theirs}
	if mine.seal == nil {
		if mine.seal, err = newSealer(mine.suite, mine.secret); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInsecure, err)
		}
	}
	a.seal = mine.seal
	if was := s.agreed; was != nil && was.theirs != nil && was.theirs.same(theirs) {
		a.open = was.open
		return a, nil
	}
	if a.open, err = newOpener(theirs.suite, theirs.secret, theirs.mki); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInsecure, err)
	}
	return a, nil
}

// respondDTLS answers fingerprints. We let the peer begin wherever it may: behind a NAT it is the one who can, and our
// answer may still be on its way.
func (s *safety) respondDTLS(l *line) (*agreement, error) {
	client := l.setup == setupPassive
	if was := s.agreed; l.setup == setupEither && was != nil && was.association != nil {
		client = was.association.client
	}
	switch l.setup {
	case setupActive, setupPassive, setupEither, "":
		return s.agreeDTLS(l, client)
	}
	return nil, fmt.Errorf("%w: a=setup:%.10s", ErrInsecure, l.setup)
}

func (s *safety) agreeDTLS(l *line, client bool) (*agreement, error) {
	a := &agreement{profile: l.profile, association: &association{client: client, prints: l.strongest()}, mid: l.mid}
	if len(a.association.prints) == 0 {
		return nil, fmt.Errorf("%w: no fingerprint", ErrInsecure)
	}
	was := s.agreed
	if was != nil && was.association != nil && was.association.client == client &&
		slices.Equal(was.association.prints, a.association.prints) {
		a.association = was.association // it outlives a new negotiation (RFC 8842 section 4)
	}
	if !l.peer.valid() || !l.mux {
		return a, nil // with a second port for control there would be a second component, which nobody needs
	}
	a.ice = &session{own: s.own, peer: l.peer, lite: l.lite}
	if was != nil && was.ice != nil {
		a.ice.own = was.ice.own
		if *a.ice == *was.ice {
			a.ice = was.ice
		}
	}
	return a, nil
}

// declare writes into the line of an answer how its sound is encrypted.
func (s *safety) declare(l *line, a *agreement, local netip.Addr, port int) {
	switch {
	case a == nil:
	case a.association == nil:
		l.extra = a.mine.attribute()
	default:
		setup := setupPassive
		if a.association.client {
			setup = setupActive
		}
		// A peer that begins ICE anew gets new credentials of ours, too.
		if a.ice != nil && (a.ice.own.ufrag == "" || (s.agreed != nil && s.agreed.ice != nil && a.ice != s.agreed.ice)) {
			a.ice.own = newCredentials()
		}
		s.write(l, setup, a.ice, a.mid, local, port)
	}
}

// conclude reads from the answer to our last offer how sound is encrypted. Nil and no error is plain sound.
func (s *safety) conclude(l *line) (*agreement, error) {
	switch s.offered {
	case offeredDTLS:
		// Without a=setup the one who answers begins (RFC 4145 section 4.1).
		if l.setup == setupEither {
			return nil, fmt.Errorf("%w: an answer of a=setup:actpass", ErrInsecure)
		}
		return s.agreeDTLS(l, l.setup == setupPassive)
	case offeredCrypto:
		for _, theirs := range l.crypto {
			for _, mine := range s.crypto {
				if theirs.tag == mine.tag && theirs.suite == mine.suite {
					return s.agreeCrypto(l, mine, theirs)
				}
			}
		}
	}
	return nil, s.allowPlain(plainProfile(l.profile), s.before)
}

// settle takes what was agreed on.
func (s *safety) settle(a *agreement) {
	s.agreed = a
	if a != nil && a.ice != nil {
		s.own = a.ice.own
	}
}

// write puts fingerprint, role and ICE into a line of ours (RFC 8839 section 5). We are lite: the peer checks, we answer.
func (s *safety) write(l *line, setup string, ice *session, mid string, local netip.Addr, port int) {
	var b strings.Builder
	fmt.Fprintf(&b, "a=fingerprint:%s\r\na=setup:%s\r\n", s.identity.print, setup)
	if mid != "" {
		l.session = "a=group:BUNDLE " + mid + "\r\n"
		fmt.Fprintf(&b, "a=mid:%s\r\n", mid)
	}
	if ice != nil {
		l.session += "a=ice-lite\r\n"
		fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ice.own.ufrag, ice.own.pwd)
		for i, at := range append([]netip.Addr{local}, s.also...) {
			if at = at.Unmap().WithZone(""); at.IsValid() && !at.IsUnspecified() {
				// Type preference 126 of a host, then one less for each address, then component 1 (RFC 8445 section 5.1.2.1).
				fmt.Fprintf(&b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, 126<<24|(65535-i)<<8|255, at, port)
			}
		}
	}
	l.extra = b.String()
}

func newCredentials() credentials {
	return credentials{ufrag: chance(6), pwd: chance(24)}
}

// chance is that many random bytes in the alphabet of ICE, which is that of base64.
func chance(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawStdEncoding.EncodeToString(b)
}
