package call

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"callbox/hcl"
)

// A phone or a trunk may answer a call with other places to try (3xx). That
// somebody else decides whom the box calls is only so where the configuration
// says follow_redirects, and then within the rights that a forward would need.

const (
	maxRedirects = 5            // of a call
	deflected    = "deflection" // the reason of RFC 5806 for a phone that redirects
)

// redirects tells whether a status names other places to call. 305 names a
// proxy and 380 another service (RFC 3261 sections 21.3.4 and 21.3.5).
func redirects(status int) bool { return status >= 300 && status <= 302 }

// follows tells whether the configuration lets a leg redirect its call.
func (c *Call) follows(l *leg) bool {
	if e := c.Plan.Config.Extensions[l.account]; e != nil {
		return e.FollowRedirects
	}
	t := c.Plan.Config.Trunks[l.trunk]
	return t != nil && t.FollowRedirects
}

// leaves notes that a call is redirected from one place to another. It is false
// when that has gone on for too long, or has been there before.
func (c *Call) leaves(from, to string) bool {
	c.moved = append(c.moved, from)
	return len(c.moved) <= maxRedirects && !slices.Contains(c.moved, to)
}

// redirectedBy follows a phone, as if a forward of its extension said so. Only
// the number counts: what hosts phones write is of use to nobody.
func (c *Call) redirectedBy(e *hcl.Extension, a Attempt) Stage {
	i := slices.IndexFunc(a.Contacts, func(uri string) bool { _, ok := parsePlace(uri); return ok })
	if i < 0 {
		return Refuse{a.Why}
	}
	p, _ := parsePlace(a.Contacts[i])
	to, n := hcl.Destination{Kind: "number", Name: p.number}, ParseNumber(p.number, c.Plan.Config.Appliance.Country)
	if c.Plan.Config.Extensions[p.number] != nil {
		to.Kind = "extension"
	}
	switch {
	case !c.leaves("extension "+e.Number, to.Kind+" "+p.number):
		return Refuse{BoxLoop}
	case n.Class == ClassEmergency, to.Kind == "extension" && !slices.Contains(e.Allow, ClassInternal):
		return Refuse{BoxNotAllowed}
	}
	return c.forward(e, deflected, to)
}

// follow decides where to go on when a trunk redirects: to the first of the
// contacts whose host is the trunk's own or that of another trunk. A host that
// the configuration does not name is never called.
func (s Away) follow(c *Call, trunk string, from Number, a Attempt) (to string, n Number, refused *Cause) {
	for _, uri := range a.Contacts {
		p, ok := parsePlace(uri)
		if to = trunkAt(c.Plan.Config, trunk, p.host); !ok || to == "" {
			continue
		}
		n = ParseNumber(p.number, c.Plan.Config.Appliance.Country)
		switch {
		case !c.leaves("trunk "+trunk+" "+from.shown(), "trunk "+to+" "+n.shown()):
			return to, n, &BoxLoop
		case !s.mayGoOn(n):
			return to, n, &BoxNotAllowed
		}
		return to, n, nil
	}
	return "", n, &a.Why
}

// mayGoOn tells whether the call may go to another number than the one it was
// for. With nobody to ask for rights, the number must be of the kind that the
// configuration named.
func (s Away) mayGoOn(n Number) bool {
	switch {
	case s.Emergency:
		return true
	case n.Class == ClassEmergency, n.Class == "" && s.Number.Class != "":
		return false // what is no public number may cost anything
	case s.By != nil:
		return Allowed(s.By.Allow, n, s.Class)
	}
	return n.Class == s.Number.Class
}

// trunkAt is the trunk that a host belongs to, the redirecting one before the
// others; that one too when no host is named. None is "".
func trunkAt(cfg *hcl.Config, by, host string) string {
	for _, name := range append([]string{by}, sortedTrunks(cfg)...) {
		if t := cfg.Trunks[name]; host == "" || t != nil && strings.EqualFold(hostOfURI(t.Address), host) {
			return name
		}
	}
	return ""
}

// place is where a contact leads: a number, at a host or wherever.
type place struct{ number, host string }

const longestNumber = 32

// parsePlace reads a sip, sips or tel URI (RFC 3261 section 19.1, RFC 3966). It
// is false for others, and for what cannot be dialled.
func parsePlace(uri string) (p place, ok bool) {
	scheme, rest, _ := strings.Cut(uri, ":")
	rest, _, _ = strings.Cut(rest, "?")
	switch strings.ToLower(scheme) {
	case "tel":
		rest, _, _ = strings.Cut(rest, ";")
		p.number = strings.NewReplacer("-", "", ".", "", "(", "", ")", "").Replace(rest)
	case "sip", "sips":
		user, _, found := strings.Cut(rest, "@")
		if !found {
			return p, false
		}
		user, _, _ = strings.Cut(user, ":")
		user, _, _ = strings.Cut(user, ";") // parameters of a telephone number (RFC 3261 section 19.1.6)
		var err error
		if p.number, err = url.PathUnescape(user); err != nil {
			return p, false
		}
		p.host = hostOfURI(uri)
	default:
		return p, false
	}
	dialled := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+*#._-", r)
	}
	undialled := strings.ContainsFunc(p.number, func(r rune) bool { return !dialled(r) })
	return p, p.number != "" && len(p.number) <= longestNumber && !undialled
}

// hostOfURI is the host of a SIP URI, without its port.
func hostOfURI(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	if _, after, found := strings.Cut(rest, "@"); found {
		rest = after
	}
	rest, _, _ = strings.Cut(rest, ";")
	rest, _, _ = strings.Cut(rest, "?")
	if host, _, err := net.SplitHostPort(rest); err == nil {
		rest = host
	}
	return strings.Trim(rest, "[]")
}
