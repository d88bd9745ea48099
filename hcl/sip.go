package hcl

import (
	"net/netip"
)

// SIP is where phones and carriers reach the box.
type SIP struct {
	// Listen are the addresses the box listens at: udp://, tcp://, tls://,
	// ws:// or wss://, an IP address and a port from 1 to 65535. 0.0.0.0 and
	// [::] are all addresses of the machine; port 0 is any that is free.
	Listen []string `hcl:"listen" is:"listen-url" default:"udp://0.0.0.0:5060,tcp://0.0.0.0:5060"`
	// External is the address that peers outside LocalNetworks see the box at,
	// where a router stands between: "203.0.113.5". It is put into Contact, Via
	// and SDP towards them (RFC 3261 section 18, RFC 4566 section 5.7).
	External netip.Addr `hcl:"external"`
	// LocalNetworks are the networks that reach the box without a router:
	// ["192.168.0.0/16"]. When not written: those of RFC 1918, RFC 4193 and
	// loopback.
	LocalNetworks []netip.Prefix `hcl:"local_networks" default:"10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,169.254.0.0/16,::1/128,fc00::/7,fe80::/10"`
	// Origins are the web pages whose browsers may be phones by ws:// and
	// wss://: ["https://desk.example"] (RFC 6455 section 10.2). When not
	// written: pages of the same host alone. Who is no browser names no page
	// and is let in to prove itself.
	Origins []string `hcl:"origins" is:"web-origin"`
}

var sipKind = &kind{name: "sip", new: func() any { return new(SIP) }, effect: restart, example: `
sip {
  listen         = ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"]
  external       = "203.0.113.5"
  local_networks = ["192.168.0.0/16", "10.0.0.0/8", "127.0.0.0/8"]
  origins        = ["https://desk.example"]
}
`}

func (s *SIP) check(l *loader, b *block) {
	if b.has("listen") && len(s.Listen) == 0 {
		l.fail(b.at("listen"), "listen is empty", `Without an address no phone can reach the box; the default is "udp://0.0.0.0:5060" and "tcp://0.0.0.0:5060".`)
	}
	if b.has("external") && (s.External.IsUnspecified() || s.External.IsLoopback() || s.External.IsMulticast()) {
		l.fail(b.at("external"), "external is no address that others can reach", `Write the address the router has on the outside: "203.0.113.5".`)
	}
}
