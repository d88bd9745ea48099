package sip

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/emiago/sipgo/sip"
)

const maxRedirects = 10 // contacts of a 3xx that are told

// redirects are the URIs of a 3xx, best first (RFC 3261 section 8.1.3.4). Whether any of them is called is not decided
// here.
func redirects(r *sip.Response) []string {
	if r.StatusCode < 300 || r.StatusCode > 399 {
		return nil
	}
	type choice struct {
		uri string
		q   float64
	}
	var all []choice
	for _, h := range r.GetHeaders("contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.Wildcard || len(all) >= maxRedirects {
			continue
		}
		x := choice{requestURI(&c.Address), 1}
		if v, has := c.Params.Get("q"); has {
			if q, err := strconv.ParseFloat(v, 64); err == nil && q >= 0 && q <= 1 {
				x.q = q
			}
		}
		if len(x.uri) <= uriLimit {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b choice) int { return cmp.Compare(b.q, a.q) })
	var out []string
	for _, x := range all {
		out = append(out, x.uri)
	}
	return out
}
