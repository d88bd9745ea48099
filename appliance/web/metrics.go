package web

import (
	"net/http"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxSeries bounds one metric's label values whatever a Box hands over.
const maxSeries = 500

// metrics is /metrics. Every scrape asks the Box; nothing is counted twice or kept here.
func (s *Server) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		&collector{s},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("callbox_"+name, help, labels, nil)
}

var (
	descInfo       = desc("info", "Always 1; the labels say what runs.", "version", "go")
	descCalls      = desc("calls_total", "Calls that ended, by outcome and by who or what ended them.", "outcome", "cause")
	descActive     = desc("calls_active", "Calls in progress.")
	descRegistered = desc("registrations", "Contacts of phones that are registered.")
	descTrunkUp    = desc("trunk_up", "1: the trunk takes calls; 0: it is down.", "trunk")
	descPorts      = desc("rtp_ports_used", "RTP port pairs in use.")
	descPortsAll   = desc("rtp_ports_total", "RTP port pairs there are.")
	descLag        = desc("journal_lag_seconds", "Age of the oldest fact that is not on disk yet.")
	descParse      = desc("sip_parse_errors_total", "SIP packets that could not be read.")
	descDrops      = desc("sip_kernel_drops_total", "SIP datagrams that the kernel dropped because they were read too slowly.")
	descAuth       = desc("sip_auth_failures_total", "Requests refused for an unknown user or a wrong password.")
	descBlocked    = desc("blocked_total", "Sources that were blocked.")
	descBlockedNow = desc("blocked", "Sources blocked now.")
	descShed       = desc("calls_shed_total", "New calls refused because of load.")
	descReloads    = desc("reloads_total", "Configurations applied and refused.", "result")
	descGeneration = desc("generation", "Number of the running configuration.")
	descPanics     = desc("panics_total", "Bugs that were caught: each ended one call or request, not the box.")
)

// collector turns the Box's numbers into samples.
type collector struct{ s *Server }

// Describe sends nothing: which series exist depends on the configuration.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the Box once a scrape.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	m := c.s.box.Metrics()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descInfo, 1, c.s.box.Status().Version, goVersion())
	n := 0
	for e, v := range m.Ended {
		if n++; n > maxSeries {
			break
		}
		count(descCalls, v, e.Outcome, e.Cause)
	}
	n = 0
	for name, up := range m.Trunks {
		if n++; n > maxSeries {
			break
		}
		gauge(descTrunkUp, map[bool]float64{true: 1}[up], name)
	}
	gauge(descActive, float64(m.Active))
	gauge(descRegistered, float64(m.Registered))
	gauge(descPorts, float64(m.PortsUsed))
	gauge(descPortsAll, float64(m.PortsTotal))
	gauge(descLag, m.JournalLag.Seconds())
	count(descParse, m.ParseErrors)
	count(descDrops, m.KernelDrops)
	count(descAuth, m.AuthFailures)
	count(descBlocked, m.Blocked)
	gauge(descBlockedNow, float64(m.BlockedNow))
	count(descShed, m.Shed)
	count(descReloads, m.ReloadsOK, "ok")
	count(descReloads, m.ReloadsRefused, "refused")
	gauge(descGeneration, float64(m.Generation))
	count(descPanics, m.Panics+c.s.Panics())
}

func goVersion() string {
	if b, ok := debug.ReadBuildInfo(); ok {
		return b.GoVersion
	}
	return "unknown"
}
