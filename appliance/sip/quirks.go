package sip

import "strings"

// understandsSHA256 are the beginnings of User-Agents that take a SHA-256
// challenge beside the MD5 one (RFC 8760). Everybody else is offered MD5 alone:
// the standard has phones pass over an algorithm that they do not know, and
// baresip 1.0 gives up instead, as SIPp 3.6 does.
// An answer in SHA-256 is taken from anyone.
var understandsSHA256 = []string{"callbox", "linphone"}

// offersSHA256 tells whether an agent is offered SHA-256. It depends on nothing
// but what the agent says of itself, so that it tells nothing about accounts.
func offersSHA256(agent string) bool {
	agent = strings.ToLower(agent)
	for _, a := range understandsSHA256 {
		if strings.HasPrefix(agent, a) {
			return true
		}
	}
	return false
}
