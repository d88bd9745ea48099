package appliance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/store"
	"callbox/appliance/web"
	"callbox/hcl"
)

// The methods of this file are what people and commands see of the box.
var _ web.Box = (*Appliance)(nil)

// Status implements web.Box.
func (a *Appliance) Status() web.Status {
	g, st := a.current.Load(), a.state.Load()
	s := web.Status{Version: a.o.Version, Started: a.started, Configured: a.o.Dir, Listen: a.sip.Addrs(),
		Calls: a.roster.count(), Draining: a.draining.Load(), ConfigState: "starting", Store: a.storeState()}
	s.PortsUsed, s.PortsTotal = a.media.Ports()
	if g == nil || st == nil {
		return s
	}
	s.Name, s.Generation, s.Hash, s.ConfigState = g.Config.Appliance.Name, g.N, g.Config.Hash, "ok"
	switch {
	case st.broken:
		s.ConfigState = fmt.Sprintf("last good generation %d runs: the files are broken", g.N)
		s.Diagnostics = st.text
	case st.held:
		s.ConfigState = fmt.Sprintf("generation %d was asked for: the files wait until they change", g.N)
	}
	s.Extensions = len(g.Config.Extensions)
	for _, p := range a.sip.Phones() {
		if len(p.Bindings) > 0 {
			s.Phones++
		}
	}
	for _, t := range a.sip.Trunks() {
		s.Trunks++
		if t.Up {
			s.TrunksUp++
		}
	}
	s.Alerts = a.alerts(g, st)
	return s
}

// alerts are what an operator should know, worst first.
func (a *Appliance) alerts(g *Generation, st *configState) []string {
	var out []string
	if a.diskless != "" {
		out = append(out, "facts are kept in memory only: "+a.diskless)
	} else if h := a.db.Health(); h.State != store.OK {
		out = append(out, fmt.Sprintf("the disk is %s: %s", h.State, h.Reason))
	}
	if st.broken {
		out = append(out, "the configuration files are broken: "+firstLine(st.text))
	}
	for _, t := range a.sip.Trunks() {
		if !t.Up {
			out = append(out, fmt.Sprintf("trunk %s is down: %s", t.Name, t.Reason))
		}
	}
	if n := a.box.Panics.Load(); n > 0 {
		out = append(out, fmt.Sprintf("%d faults in callbox were survived; the log has them", n))
	}
	return append(out, later(g.Config)...)
}

func (a *Appliance) storeState() string {
	if a.diskless != "" {
		return "memory only: " + a.diskless
	}
	h := a.db.Health()
	if h.Reason == "" {
		return string(h.State)
	}
	return fmt.Sprintf("%s: %s", h.State, h.Reason)
}

// Calls implements web.Box.
func (a *Appliance) Calls() []web.Call {
	out := []web.Call{}
	for _, c := range a.roster.all() {
		out = append(out, liveCall(c))
	}
	slices.SortFunc(out, func(x, y web.Call) int { return cmp.Or(x.Started.Compare(y.Started), strings.Compare(x.ID, y.ID)) })
	return out
}

func liveCall(c *call.Call) web.Call {
	v := c.View()
	w := web.Call{ID: v.ID, Direction: v.Direction, From: v.From, To: v.To, Trunk: v.Trunk, State: v.State,
		Started: v.Started, Generation: v.Generation, Legs: []web.Leg{}}
	if !v.Answered.IsZero() {
		w.Answered = &v.Answered
	}
	for _, l := range v.Legs {
		w.Legs = append(w.Legs, web.Leg{Peer: l.Peer, State: l.State, Codec: l.Codec, Secure: l.Secure, PacketsIn: l.PacketsIn, PacketsOut: l.PacketsOut,
			Lost: l.Lost, JitterMS: l.JitterMS, RTTMS: l.RTTMS, MOS: l.MOS})
	}
	return w
}

// Past implements web.Box.
func (a *Appliance) Past(q journal.Query) iter.Seq2[journal.CDR, error] { return a.journal.CDRs(q) }

// Phones implements web.Box.
func (a *Appliance) Phones() []web.Phone {
	g := a.current.Load()
	busy := map[string]int{}
	for _, c := range a.roster.all() {
		for _, ext := range c.Extensions() {
			busy[ext]++
		}
	}
	out := []web.Phone{}
	for _, p := range a.sip.Phones() {
		row := web.Phone{Extension: p.Account, Calls: busy[p.Account]}
		if g != nil && g.Config.Extensions[p.Account] != nil {
			row.Name = g.Config.Extensions[p.Account].Name
		}
		if len(p.Bindings) == 0 {
			out = append(out, row)
		}
		for _, b := range p.Bindings {
			expires := b.Expires
			row.Online, row.Contact, row.Source, row.Transport = true, b.Contact, b.Source, b.Transport
			row.UserAgent, row.Expires = b.UserAgent, &expires
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(x, y web.Phone) int { return strings.Compare(x.Extension, y.Extension) })
	return out
}

// Trunks implements web.Box.
func (a *Appliance) Trunks() []web.Trunk {
	g := a.current.Load()
	out := []web.Trunk{}
	for _, t := range a.sip.Trunks() {
		row := web.Trunk{Name: t.Name, Address: t.Address, Up: t.Up, Reason: t.Reason, Since: t.Since,
			Calls: a.box.Lines.Used(t.Name), RTTMS: float64(t.Latency.Microseconds()) / 1000}
		if g != nil && g.Config.Trunks[t.Name] != nil {
			cfg := g.Config.Trunks[t.Name]
			row.Channels, row.Address = cfg.Channels, cmp.Or(t.Address, cfg.Address)
			if cfg.Register {
				registered := t.Registered.After(a.now())
				row.Registered = &registered
			}
		}
		out = append(out, row)
	}
	return out
}

// Blocks implements web.Box.
func (a *Appliance) Blocks() []web.Block {
	out := []web.Block{}
	for _, b := range a.sip.Blocks() {
		out = append(out, web.Block{Source: b.Source.String(), Reason: b.Reason, Since: b.Since, Until: b.Until, Count: uint64(b.Count)})
	}
	return out
}

// Unblock implements web.Box.
func (a *Appliance) Unblock(source string) error {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return fmt.Errorf("%w: %q is no IP address", web.ErrInvalid, source)
	}
	if !a.sip.Unblock(addr) {
		return fmt.Errorf("%s is not blocked: %w", source, web.ErrNotFound)
	}
	return nil
}

// Plan implements web.Box.
func (a *Appliance) Plan(files map[string][]byte) web.PlanResult {
	return a.planOf(a.load(filesOf(files)))
}

// planOf compares a loaded configuration with the running one.
func (a *Appliance) planOf(cfg *hcl.Config, diags hcl.Diagnostics) web.PlanResult {
	current := a.current.Load()
	p := web.PlanResult{Valid: !diags.HasErrors(), Changes: []hcl.Change{}, Running: current.N,
		Diagnostics: diagJSON(diags), Text: diagText(diags)}
	if !p.Valid {
		return p
	}
	g, err := build(context.Background(), 0, cfg, a.speech, current, a.furniture())
	if err != nil {
		p.Valid, p.Text = false, err.Error()
		return p
	}
	_ = g.Close()
	p.Changes = append(p.Changes, hcl.Diff(current.Config, cfg).Changes...)
	p.CallsAffected = a.touched(p.Changes)
	return p
}

// touched counts the calls whose extension or trunk a change names.
func (a *Appliance) touched(changes []hcl.Change) int {
	named := map[string]bool{}
	for _, c := range changes {
		named[c.Block] = true
	}
	n := 0
	for _, c := range a.roster.all() {
		hit := named[fmt.Sprintf("trunk %q", c.Trunk)]
		for _, ext := range c.Extensions() {
			hit = hit || named[fmt.Sprintf("extension %q", ext)]
		}
		if hit {
			n++
		}
	}
	return n
}

// Apply implements web.Box.
func (a *Appliance) Apply(ctx context.Context, files map[string][]byte, who string) (res web.ApplyResult, err error) {
	if busy := a.inReload(ctx, func() { res, err = a.applyFiles(files, who) }); busy != nil {
		return res, busy
	}
	return res, err
}

// Rollback implements web.Box.
func (a *Appliance) Rollback(ctx context.Context, n int, who string) (res web.ApplyResult, err error) {
	busy := a.inReload(ctx, func() {
		if n == 0 {
			if n, err = a.before(); err != nil {
				return
			}
		}
		var k keptGeneration
		if k, err = a.kept.get(n); err == nil {
			res, err = a.applyFiles(k.Files, fmt.Sprintf("%s: rollback to %d", who, n))
		}
	})
	if busy != nil {
		return res, busy
	}
	return res, err
}

// before is the newest generation that differs from the running one and is
// older than it.
func (a *Appliance) before() (int, error) {
	g := a.current.Load()
	for _, k := range slices.Backward(a.kept.list) {
		if k.N < g.N && k.Hash != g.Config.Hash {
			return k.N, nil
		}
	}
	return 0, fmt.Errorf("no earlier generation is kept: %w", web.ErrNotFound)
}

// Generations implements web.Box.
func (a *Appliance) Generations() []web.Generation {
	out := []web.Generation{}
	busy := map[int]int{}
	for _, c := range a.roster.all() {
		busy[c.Plan.Generation]++
	}
	a.inReload(context.Background(), func() {
		g := a.current.Load()
		for _, k := range a.kept.list {
			out = append(out, web.Generation{N: k.N, Applied: k.Applied, Who: k.Who, Hash: k.Hash, Plan: k.Plan,
				Active: k.N == g.N, Calls: busy[k.N]})
		}
	})
	return out
}

// SecretSet implements web.Box. What depends on the secret follows at once.
func (a *Appliance) SecretSet(name, value string) error {
	if err := a.secrets.Set(name, value); err != nil {
		return err
	}
	return a.inReload(context.Background(), func() { a.reloadFiles("secret "+name, true) })
}

// SecretDelete implements web.Box. The running generation keeps the value it
// was built with until the next change of the files.
func (a *Appliance) SecretDelete(name string) error { return a.secrets.Delete(name) }

// Secrets implements web.Box.
func (a *Appliance) Secrets() []string { return a.secrets.Names() }

// Healthy implements web.Box.
func (a *Appliance) Healthy() error {
	switch {
	case a.current.Load() == nil:
		return errors.New("the box is starting")
	case a.draining.Load():
		return errors.New("the box is stopping")
	case a.journal.Busy():
		return errors.New("the disk does not keep up: new calls are refused")
	}
	return nil
}

// Metrics implements web.Box.
func (a *Appliance) Metrics() web.Metrics {
	facts := a.journal.State()
	m := web.Metrics{Active: a.roster.count(), Trunks: map[string]bool{}, SIP: a.sip.Counters(), Sound: a.media.Counters(),
		JournalLag: facts.Lag, JournalWaiting: facts.Waiting, JournalRefused: facts.Refused}
	m.Panics = m.SIP.Panics + m.Sound.Recovered + a.box.Panics.Load() + a.web.Panics()
	m.Ended, m.Shed, m.ReloadsOK, m.ReloadsRefused = a.tally.totals()
	m.Shed += m.SIP.Shed
	m.PortsUsed, m.PortsTotal = a.media.Ports()
	for _, p := range a.sip.Phones() {
		m.Registered += len(p.Bindings)
	}
	for _, t := range a.sip.Trunks() {
		m.Trunks[t.Name] = t.Up
	}
	if g := a.current.Load(); g != nil {
		m.Generation = g.N
	}
	return m
}

// webTLS is how the page is encrypted; nil: it is not.
func webTLS(cfg *hcl.Config) (*tls.Config, error) {
	t := cfg.Web.TLS
	if t == nil {
		return nil, nil
	}
	switch t.Mode {
	case "files":
		pair, err := tls.X509KeyPair(cfg.Files[t.Certificate], []byte(t.Key.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("web: certificate: %w", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
	}
	return nil, fmt.Errorf("web: tls %q comes with the web release; until then use files, or no tls block", t.Mode)
}

func diagText(d hcl.Diagnostics) string {
	if len(d) == 0 {
		return ""
	}
	var b bytes.Buffer
	d.Write(&b, false)
	return b.String()
}

func diagJSON(d hcl.Diagnostics) json.RawMessage {
	if len(d) == 0 {
		return nil
	}
	b, err := json.Marshal(d.JSON())
	if err != nil {
		return nil
	}
	return b
}

// firstLine is the first problem of several in one line, with its place.
func firstLine(s string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if place, _, _ := strings.Cut(rest, "\n"); strings.HasPrefix(place, "  on ") {
		line += " " + strings.TrimRight(strings.TrimSpace(place), ":")
	}
	return line
}
