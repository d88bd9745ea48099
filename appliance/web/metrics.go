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
	descWaiting    = desc("journal_waiting", "Facts that are not on disk yet.")
	descRefused    = desc("journal_refused_total", "Facts that contradicted what is written: bugs of ours.")

	descMessages   = desc("sip_messages_total", "SIP messages that were read.", "kind")
	descInvites    = desc("sip_calls_total", "New calls by SIP that were let in.")
	descDialogs    = desc("sip_dialogs", "SIP dialogs: two for a call between two parties.")
	descConns      = desc("sip_connections", "Connections by TCP, TLS and WebSocket.")
	descParse      = desc("sip_parse_errors_total", "SIP packets that could not be read.")
	descTooLarge   = desc("sip_too_large_total", "Of those: larger than anything that is read.")
	descScanned    = desc("sip_scanned_total", "Requests of attackers' tools, which get no answer.")
	descDropped    = desc("sip_dropped_total", "SIP packets of sources that sent too much, unread.")
	descUnpaid     = desc("sip_unpaid_total", "Answers that a stranger did not get because it had more than it sent: the source may be forged.")
	descDrops      = desc("sip_kernel_drops_total", "SIP datagrams that the kernel dropped because they were read too slowly.")
	descEvents     = desc("sip_events_lost_total", "What happened to calls and was not told because its reader was too slow: bugs of ours.")
	descInfos      = desc("sip_info_lost_total", "Keys to be sent by SIP INFO that were too many.")
	descAuth       = desc("sip_auth_failures_total", "Requests refused for an unknown user or a wrong password.")
	descBlocked    = desc("blocked_total", "Sources that were blocked.")
	descBlockedNow = desc("blocked", "Sources blocked now.")

	descStreams    = desc("rtp_streams", "Legs of calls that have sound.")
	descEncoders   = desc("opus_encoders", "Opus encoders at work.")
	descGarbled    = desc("rtp_malformed_total", "Datagrams at sound ports that were no sound.")
	descFlooded    = desc("rtp_flooded_total", "RTP packets dropped because their sender sent more than any codec needs.")
	descSoundLost  = desc("rtp_events_lost_total", "Keys and ends of sounds that were not told because their reader was too slow: bugs of ours.")
	descShed       = desc("calls_shed_total", "New calls refused because of load.")
	descReloads    = desc("reloads_total", "Configurations applied and refused.", "result")
	descGeneration = desc("generation", "Number of the running configuration.")

	descPluginCalls   = desc("plugin_calls_total", "Calls of functions of plugins that ended, since the configuration was applied.", "plugin", "function")
	descPluginRunning = desc("plugin_calls_running", "Calls of functions of plugins that run.", "plugin", "function")
	descPluginFailed  = desc("plugin_failures_total", "Of those that ended: failed, by kind.", "plugin", "function", "kind")
	descPluginTime    = desc("plugin_seconds_total", "Time that they took together, waiting for callers included.", "plugin", "function")
	descPluginLongest = desc("plugin_longest_seconds", "Time that the longest of them took.", "plugin", "function")

	descPanics = desc("panics_total", "Bugs that were caught: each ended one call or request, not the box.")
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
	gauge(descWaiting, float64(m.JournalWaiting))
	count(descRefused, m.JournalRefused)
	c.signalling(m, gauge, count)
	c.plugins(ch, gauge, count)
	gauge(descStreams, float64(m.Sound.Streams))
	gauge(descEncoders, float64(m.Sound.Encoders))
	count(descGarbled, m.Sound.Malformed)
	count(descFlooded, m.Sound.Flooded)
	count(descSoundLost, m.Sound.LostEvents)
	count(descShed, m.Shed)
	count(descReloads, m.ReloadsOK, "ok")
	count(descReloads, m.ReloadsRefused, "refused")
	gauge(descGeneration, float64(m.Generation))
	count(descPanics, m.Panics+c.s.Panics())
}

// signalling is the part of the samples that SIP counts.
func (c *collector) signalling(m Metrics, gauge func(*prometheus.Desc, float64, ...string), count func(*prometheus.Desc, uint64, ...string)) {
	count(descMessages, m.SIP.Requests, "request")
	count(descMessages, m.SIP.Responses, "response")
	count(descInvites, m.SIP.Invites)
	gauge(descDialogs, float64(m.SIP.Dialogs))
	gauge(descConns, float64(m.SIP.Connections))
	count(descParse, m.SIP.Malformed)
	count(descTooLarge, m.SIP.TooLarge)
	count(descScanned, m.SIP.Scanned)
	count(descDropped, m.SIP.Dropped)
	count(descUnpaid, m.SIP.Unpaid)
	count(descDrops, m.SIP.KernelDrops)
	count(descEvents, m.SIP.EventsLost)
	count(descInfos, m.SIP.InfosLost)
	count(descAuth, m.SIP.Unauthorized)
	count(descBlocked, m.SIP.Blocks)
	gauge(descBlockedNow, float64(m.SIP.Blocked))
}

// plugins is the part of the samples that functions of plugins cause.
func (c *collector) plugins(ch chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string), count func(*prometheus.Desc, uint64, ...string)) {
	n := 0
	for _, p := range c.s.box.Plugins() {
		for _, f := range p.Functions {
			if n++; n > maxSeries {
				return
			}
			count(descPluginCalls, f.Calls, p.Name, f.Name)
			gauge(descPluginRunning, float64(f.Running), p.Name, f.Name)
			for kind, failed := range f.Failed {
				count(descPluginFailed, failed, p.Name, f.Name, kind)
			}
			ch <- prometheus.MustNewConstMetric(descPluginTime, prometheus.CounterValue, f.Total, p.Name, f.Name)
			gauge(descPluginLongest, f.Longest, p.Name, f.Name)
		}
	}
}

func goVersion() string {
	if b, ok := debug.ReadBuildInfo(); ok {
		return b.GoVersion
	}
	return "unknown"
}
