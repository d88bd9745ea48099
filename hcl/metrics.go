package hcl

import "net/netip"

// Metrics says who may read /metrics, and what stands in it.
type Metrics struct {
	// Allow are the networks that may read it. When not written: the local
	// networks of the sip block.
	Allow []netip.Prefix `hcl:"allow"`
	// Token that others must bring: secret("metrics").
	Token Secret `hcl:"token"`
	// Labels that are put on every value: { site = "taipei" }.
	Labels map[string]string `hcl:"labels" is:"metric-label"`
	// Agents have values of their own. Off where the law forbids to measure
	// persons.
	Agents bool `hcl:"agents" default:"true"`
}

var metricsKind = &kind{name: "metrics", new: func() any { return new(Metrics) }, effect: atOnce, example: `
metrics {
  allow  = ["192.168.0.0/16"]
  token  = secret("metrics")
  labels = { site = "taipei" }
  agents = true
}
`}
