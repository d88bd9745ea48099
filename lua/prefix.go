package lua

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// prefix is the beginning of addresses that a plugin may ask: a scheme, a host, a port, and folders of a path.
type prefix struct {
	scheme, host, port string
	path               string // escaped, with a slash at its end
}

// parsePrefix reads what stands in an allow block.
func parsePrefix(s string) (prefix, error) {
	u, err := url.Parse(s)
	if err != nil {
		return prefix{}, errors.New("it is no address")
	}
	if u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/") {
		return prefix{}, errors.New(`it is the beginning of addresses, up to a slash: "https://erp.example/"`)
	}
	return parseAddress(u)
}

// parseAddress takes an address apart so that two can be compared. What servers read in different ways is refused.
func parseAddress(u *url.URL) (prefix, error) {
	p := prefix{scheme: strings.ToLower(u.Scheme), host: strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port: u.Port(), path: u.EscapedPath()}
	switch {
	case p.scheme != "http" && p.scheme != "https" || u.Opaque != "":
		return p, errors.New("it begins with neither http:// nor https://")
	case u.User != nil:
		return p, errors.New("it names a user; send headers instead")
	case p.host == "":
		return p, errors.New("it names no host")
	}
	if p.port == "" {
		p.port = map[string]string{"http": "80", "https": "443"}[p.scheme]
	}
	if p.path == "" {
		p.path = "/"
	}
	lower := strings.ToLower(p.path)
	for _, trick := range []string{"%2f", "%5c", "\\", "%00", "%25"} {
		if strings.Contains(lower, trick) {
			return p, fmt.Errorf("its path has %s in it, which servers read in different ways", trick)
		}
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(lower, "%2e", "."), "/") {
		if part, _, _ = strings.Cut(part, ";"); part == "." || part == ".." {
			return p, errors.New("its path has . or .. in it")
		}
	}
	return p, nil
}

// covers says whether an address begins with the prefix.
func (p prefix) covers(address prefix) bool {
	return p.scheme == address.scheme && p.host == address.host && p.port == address.port && strings.HasPrefix(address.path, p.path)
}

// permitted reads an address and checks it against what was granted.
func (a Allow) permitted(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 8192 {
		return nil, errors.New("it is no address")
	}
	p, err := parseAddress(u)
	if err != nil {
		return nil, err
	}
	for _, text := range a.HTTP {
		if granted, err := parsePrefix(text); err == nil && granted.covers(p) {
			return u, nil
		}
	}
	return nil, fmt.Errorf("allow http does not name it; %s is needed", shown(p))
}

// shown is the prefix that would allow an address.
func shown(p prefix) string {
	return fmt.Sprintf("%q", clip(p.scheme+"://"+joinHost(p)+"/", 200))
}

func joinHost(p prefix) string {
	host := p.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p.port != map[string]string{"http": "80", "https": "443"}[p.scheme] {
		host += ":" + p.port
	}
	return host
}

// inside are networks that no name on the outside may lead to, beyond those that netip knows.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),      // this network (RFC 1122)
	netip.MustParsePrefix("100.64.0.0/10"),  // carrier's own (RFC 6598)
	netip.MustParsePrefix("192.0.0.0/24"),   // protocol assignments (RFC 6890)
	netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks (RFC 2544)
	netip.MustParsePrefix("240.0.0.0/4"),    // reserved, and broadcast
	netip.MustParsePrefix("fec0::/10"),      // site-local, deprecated but routed by some
	netip.MustParsePrefix("64:ff9b:1::/48"), // translated locally (RFC 8215)
}

// public says whether an address lies on the outside, so that a name may lead to it.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.IsInterfaceLocalMulticast() {
		return false
	}
	for _, p := range inside {
		if p.Contains(a) {
			return false
		}
	}
	if hidden, ok := embedded(a); ok {
		return public(hidden)
	}
	return true
}

// embedded is the IPv4 address that some IPv6 addresses lead to: NAT64 (RFC 6052), 6to4 (RFC 3056), IPv4-compatible.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a), netip.MustParsePrefix("::/96").Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
