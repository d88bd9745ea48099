package floor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/ivr"
	"callbox/appliance/journal"
	"callbox/appliance/speech"
	"callbox/hcl"
	"callbox/lua"
)

// builder makes generations runnable on the floor. It is shared by the tests of a run, so that what a configuration needs once
// (its plugins' processes, the lengths of its recordings) is made once.
type builder struct {
	load   func(files map[string][]byte) (*hcl.Config, hcl.Diagnostics)
	child  []string // argv of the process that runs plugins
	zone   *time.Location
	sounds sounds
	world  *World // whose turn it is; plugins' questions go there
	hosts  map[string]*lua.Host
}

// generation is a configuration made runnable: what a call is pinned to.
type generation struct {
	n      int
	w      *World
	cfg    *hcl.Config
	plan   *call.Plan
	office *ivr.Office
	host   *lua.Host // nil: there are no plugins
	hears  []*hearer
}

// apply makes a configuration the current one. Nothing has changed when it fails.
func (w *World) apply(cfg *hcl.Config) error {
	g, err := w.builder.build(w, len(w.all)+1, cfg)
	if err != nil {
		return err
	}
	var changes []string
	if w.current != nil {
		for line := range strings.Lines(hcl.Diff(w.cfg, cfg).String()) {
			changes = append(changes, strings.TrimSpace(line))
		}
	}
	w.cfg, w.current, w.all = cfg, g, append(w.all, g)
	limits := map[string]int{}
	for name, t := range cfg.Trunks {
		limits[name] = t.Channels
	}
	w.box.Lines.SetLimits(limits)
	w.desk.configure(cfg)
	if g.n == 1 {
		return nil
	}
	return w.books.Append(journal.Event{Time: w.now, Generation: g.n, Body: journal.ConfigApplied{Hash: cfg.Hash, By: "test", Changes: changes}})
}

// build makes a configuration runnable.
func (b *builder) build(w *World, n int, cfg *hcl.Config) (*generation, error) {
	host, err := b.host(cfg)
	if err != nil {
		return nil, err
	}
	g := &generation{n: n, w: w, cfg: cfg, host: host}
	g.office = &ivr.Office{
		Config: cfg, Queue: w.queueScope, Agent: w.desk.agent, Caller: w.services.caller, Read: speech.Read,
		Enqueue: func(c *call.Call, r ivr.Request) call.Stage { return w.desk.queue(g, r) },
	}
	if host != nil {
		g.office.Plugin = g.plugin
		g.listen()
	}
	g.plan = &call.Plan{Generation: n, Config: cfg, Resolve: g.resolve}
	return g, nil
}

// first is the first stage of a call.
func (g *generation) first() call.Stage { return call.Route{} }

// resolve says what a destination means in this generation.
func (g *generation) resolve(to hcl.Destination) call.Stage {
	switch to.Kind {
	case "ivr":
		return g.office.Flow(to.Name)
	case "queue":
		return g.w.desk.queue(g, ivr.Request{Queue: to.Name})
	case "extension":
		return call.Extension{Number: to.Name}
	case "agent":
		return g.resolveAgent(to.Name)
	case "trunk":
		return call.Onward{Trunk: to.Name}
	case "number":
		return call.Onward{Number: to.Name}
	case "hangup":
		return call.Hangup{Why: call.BoxHungUp}
	}
	return call.Refuse{Why: call.BoxLater}
}

func (g *generation) resolveAgent(name string) call.Stage {
	switch a := g.cfg.Agents[name]; {
	case a == nil:
		return call.Refuse{Why: call.BoxNotInUse}
	case a.Extension != "":
		return call.Extension{Number: a.Extension, As: "agent." + name}
	case a.Phone != "":
		return call.Onward{Number: a.Phone}
	}
	return call.Refuse{Why: call.CalleeOffline}
}

// host starts the plugins of a configuration, once for all tests that have the same.
func (b *builder) host(cfg *hcl.Config) (*lua.Host, error) {
	if len(cfg.Plugins) == 0 {
		return nil, nil
	}
	var plugins []lua.Plugin
	for _, name := range sorted(cfg.Plugins) {
		plugins = append(plugins, pluginOf(cfg.Plugins[name]))
	}
	raw, err := json.Marshal(plugins)
	if err != nil {
		return nil, err
	}
	if h := b.hosts[string(raw)]; h != nil {
		return h, nil
	}
	h, err := lua.Start(context.Background(), lua.Options{
		Plugins: plugins, Child: b.child, Services: b.services(),
		Wall: func() time.Time { return b.world.now },
		Seed: func() int64 { return int64(b.world.chance.Uint64() >> 1) },
	})
	if err != nil {
		return nil, err
	}
	if b.hosts == nil {
		b.hosts = map[string]*lua.Host{}
	}
	b.hosts[string(raw)] = h
	return h, nil
}

// close ends the plugins' processes.
func (b *builder) close() error {
	var all []error
	for _, key := range sorted(b.hosts) {
		all = append(all, b.hosts[key].Close())
	}
	return errors.Join(all...)
}

// pluginOf is a plugin of the configuration as its host takes it.
func pluginOf(p *hcl.Plugin) lua.Plugin {
	out := lua.Plugin{Name: p.Name, Files: p.Files, Main: p.Main, Config: revealed(p.Config)}
	if p.Manifest != nil {
		out.Version = p.Manifest.Version
	}
	if a := p.Allow; a != nil {
		out.Allow = lua.Allow{HTTP: a.HTTP, KV: a.KV, CRM: a.CRM, Tickets: a.Tickets, SMS: a.SMS, Mail: a.Mail}
	}
	if l := p.Limits; l != nil {
		out.Limits = lua.Limits{Time: l.Time, Instructions: l.Instructions, Memory: int64(l.Memory)}
	}
	return out
}

// revealed are values with secrets as plain text.
func revealed(m map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range m {
		switch v := v.(type) {
		case hcl.Secret:
			out[name] = v.Reveal()
		case map[string]any:
			out[name] = revealed(v)
		default:
			out[name] = v
		}
	}
	return out
}

// services send plugins' questions to the test whose turn it is.
func (b *builder) services() lua.Services {
	now := func() lua.Services { return b.world.services.lua() }
	return lua.Services{
		HTTP: func(ctx context.Context, plugin string, r lua.HTTPRequest) (lua.HTTPResponse, error) {
			return now().HTTP(ctx, plugin, r)
		},
		KV: present{b}, CRM: presentCRM{b}, Tickets: presentTickets{b},
		Queues: func(name string) (map[string]any, bool) { return now().Queues(name) },
		SMS:    func(ctx context.Context, to, text string) error { return now().SMS(ctx, to, text) },
		Mail:   func(ctx context.Context, m lua.Mail) error { return now().Mail(ctx, m) },
		Phone:  func(number, country string) (string, bool) { return now().Phone(number, country) },
	}
}

// plugin runs a function for a flow.
func (g *generation) plugin(ctx context.Context, c *call.Call, plugin, function string, args map[string]any, timeout time.Duration) (map[string]any, error) {
	limit := 2 * time.Second
	if l := g.cfg.Plugins[plugin].Limits; l != nil {
		limit = l.Time
	}
	if timeout > 0 {
		limit = min(limit, timeout)
	}
	l := g.w.calls[c.ID]
	inner, e := g.w.services.run(ctx, l, limit)
	defer e.cancel(nil)
	caller := &caller{g: g, c: c, e: e}
	result, err := g.host.Run(inner, plugin, function, caller, args, timeout)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, errLate):
		return nil, &lua.Error{Plugin: plugin, Function: function, Kind: lua.KindTimeout, Text: fmt.Sprintf("it took longer than its limit of %v", limit)}
	case errors.Is(err, lua.ErrLeft):
		return nil, cmp.Or[error](caller.left, err)
	}
	return result, err
}
