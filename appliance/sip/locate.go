package sip

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
)

// service is one way to reach a domain: its transport, and where its SRV records are.
type service struct{ transport, name string }

// services of a NAPTR record that we can use (RFC 3263 section 4.1).
var naptrServices = map[string]string{"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}

// srvNames are the names of the SRV records by transport.
var srvNames = map[string]string{"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}

// locate finds the addresses behind a name, in the order in which they are to be tried (RFC 3263). An operator who
// named a port wants the addresses of the name, one who named a transport its SRV records; otherwise the domain says by
// NAPTR what it prefers.
func (r *resolver) locate(ctx context.Context, t *trunk) []target {
	if t.port == 0 {
		for _, s := range r.services(ctx, t) {
			if out := r.srv(ctx, s); len(out) > 0 {
				return out
			}
		}
	}
	var out []target
	for _, ip := range r.addresses(ctx, t.host) {
		out = append(out, target{t.transport, netip.AddrPortFrom(ip, t.portOr(0))})
	}
	return out[:min(len(out), maxTargets)]
}

// services are what a domain offers, best first.
func (r *resolver) services(ctx context.Context, t *trunk) []service {
	if t.explicit {
		return []service{{t.transport, srvNames[t.transport] + t.host}}
	}
	records, _ := r.lookup(ctx, t.host, typeNAPTR)
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.weight, b.weight))
	})
	var out []service
	for _, x := range records {
		if transport := naptrServices[x.service]; transport != "" && x.flags == "S" && x.target != "" {
			out = append(out, service{transport, x.target})
		}
	}
	if len(out) == 0 {
		for _, transport := range []string{"udp", "tcp", "tls"} {
			out = append(out, service{transport, srvNames[transport] + t.host})
		}
	}
	return out
}

// srv are the addresses of a service, by priority, and by chance according to their weights (RFC 2782).
func (r *resolver) srv(ctx context.Context, s service) []target {
	records, _ := r.lookup(ctx, s.name, typeSRV)
	var out []target
	for _, x := range byWeight(records, rand.IntN) {
		if x.target == "" || x.port == 0 { // "." says that the service is not offered
			continue
		}
		for _, ip := range r.addresses(ctx, x.target) {
			to := target{s.transport, netip.AddrPortFrom(ip, x.port)}
			if len(out) < maxTargets && !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}

// byWeight orders SRV records: the lowest priority first, and within one each with the chance that its weight gives it.
func byWeight(records []record, chance func(n int) int) []record {
	rest := slices.Clone(records)
	slices.SortStableFunc(rest, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.weight, b.weight))
	})
	var out []record
	for len(rest) > 0 {
		same := 1
		for same < len(rest) && rest[same].priority == rest[0].priority {
			same++
		}
		total := 0
		for _, x := range rest[:same] {
			total += int(x.weight)
		}
		at, drawn := 0, chance(total+1)
		for sum := int(rest[0].weight); sum < drawn; sum += int(rest[at].weight) {
			at++
		}
		out = append(out, rest[at])
		rest = slices.Delete(rest, at, at+1)
	}
	return out
}

// hosts reads /etc/hosts and nothing else.
var hosts = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errNoName }}

// addresses of a host, IPv4 first: offices without IPv6 are many. What no name server tells may be known to the system
// in its own ways.
func (r *resolver) addresses(ctx context.Context, host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	if ips, err := hosts.LookupNetIP(ctx, "ip", host); err == nil {
		return v4First(ips)
	}
	var out []netip.Addr
	for _, kind := range []uint16{typeA, typeAAAA} {
		records, err := r.lookup(ctx, host, kind)
		for _, x := range records {
			out = append(out, x.addr)
		}
		if err != nil { // nobody answers for one, nobody will for the other
			break
		}
	}
	if len(out) == 0 && r.servers == nil {
		ips, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		out = v4First(ips)
	}
	return out
}

func v4First(ips []netip.Addr) []netip.Addr {
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return ips
}
