package sim

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// anywhere are all addresses.
var anywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// target is who is called.
type target struct {
	user, host string // host may have a port; empty: the phone's own box
}

// parseTarget reads a number, "user@host", a SIP URI, or the address of a listener. Parameters are left out: the transport
// is the phone's.
func parseTarget(s string) (target, error) {
	bad := fmt.Errorf("%q is no SIP address: write sip:1002@192.168.0.5, or a number such as 1002", s)
	rest := strings.Trim(strings.TrimSpace(s), "<>")
	scheme, after, found := strings.Cut(rest, ":")
	listener := false
	switch {
	case !found:
	case strings.EqualFold(scheme, "sip"), strings.EqualFold(scheme, "sips"), strings.EqualFold(scheme, "tel"):
		rest = after
	case strings.HasPrefix(after, "//"):
		rest, listener = after[2:], true
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, ";")
	user, host, isAddress := strings.Cut(rest, "@")
	if listener {
		user, host = "", rest
	}
	user, _, _ = strings.Cut(user, ":")
	user, err := url.PathUnescape(user)
	switch {
	case err != nil, user == "" && !listener, isAddress && host == "", strings.ContainsAny(user, " <>\"\r\n"):
		return target{}, bad
	}
	if host != "" && !validHost(host) {
		return target{}, bad
	}
	return target{user, host}, nil
}

// validHost is true for a name or address, with a port or without.
func validHost(s string) bool {
	if host, port, err := net.SplitHostPort(s); err == nil {
		return host != "" && port != "" && strings.Trim(port, "0123456789") == ""
	}
	return !strings.ContainsAny(s, " /<>\"\r\n")
}

// facing is our own address on the way to a host; loopback when there is none to face.
func facing(server string) (string, error) {
	if server == "" {
		return "127.0.0.1", nil
	}
	host := server
	if h, _, err := net.SplitHostPort(server); err == nil {
		host = h
	}
	// Connecting a UDP socket sends nothing; it only asks the routing table. Signalling prefers IPv4, so does this.
	there := net.JoinHostPort(strings.Trim(host, "[]"), "9")
	c, err := net.Dial("udp4", there)
	if err != nil {
		c, err = net.Dial("udp6", there)
	}
	if err != nil {
		return "", fmt.Errorf("no way to %s: %w", server, err)
	}
	defer c.Close()
	address, _, err := net.SplitHostPort(c.LocalAddr().String())
	return address, err
}

// SplitAddress takes a SIP address apart: who is called, and host or host:port of where.
func SplitAddress(s string) (user, host string, err error) {
	t, err := parseTarget(s)
	return t.user, t.host, err
}
