package appliance

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"

	"callbox/appliance/call"
	"callbox/appliance/record"
	"callbox/appliance/web"
	"callbox/hcl"
	"callbox/lua"
)

// luaChild is the argument by which the program knows that it shall run Lua.
const luaChild = "lua-host"

// pluginsOf starts the plugins of a configuration, or says which of them does
// not load and why. Without plugins there is no process, and the host is nil.
func pluginsOf(ctx context.Context, cfg *hcl.Config, o lua.Options) (*lua.Host, error) {
	if len(cfg.Plugins) == 0 {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Plugins)) {
		o.Plugins = append(o.Plugins, pluginOf(cfg.Plugins[name]))
	}
	if o.Child == nil {
		o.Child = LuaCommand()
	}
	country := cfg.Appliance.Country
	o.Services.Phone = func(number, of string) (string, bool) {
		if of == "" {
			of = country
		}
		n := call.ParseNumber(number, of)
		return n.E164, n.E164 != ""
	}
	return lua.Start(ctx, o)
}

// TryPlugin loads one plugin and ends it again. It tells the functions that it
// has, in the order of its source, and what is odd about them; the error joins
// one [*lua.Error] for each reason why it does not load.
func TryPlugin(ctx context.Context, p *hcl.Plugin, log *slog.Logger) (functions, odd []string, err error) {
	h, err := pluginsOf(ctx, &hcl.Config{Plugins: map[string]*hcl.Plugin{p.Name: p}}, lua.Options{Log: log})
	if err != nil {
		return nil, nil, err
	}
	functions, odd = h.Functions(p.Name), h.Warnings()
	return functions, odd, h.Close()
}

// pluginOf is a plugin as the host takes it.
func pluginOf(p *hcl.Plugin) lua.Plugin {
	out := lua.Plugin{Name: p.Name, Files: p.Files, Main: p.Main, Config: revealed(p.Config).(map[string]any)}
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

// revealed is a plugin's config with the secrets that it was given: this is
// where they leave the configuration, for that plugin alone.
func revealed(v any) any {
	switch v := v.(type) {
	case hcl.Secret:
		return v.Reveal()
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = revealed(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = revealed(e)
		}
		return out
	}
	return v
}

// Plugins implements web.Box.
func (a *Appliance) Plugins() []web.Plugin {
	g := a.current.Load()
	if g == nil || g.lua == nil {
		return nil
	}
	did := map[string]map[string]web.PluginFunction{}
	for _, f := range g.lua.Stats() {
		if did[f.Plugin] == nil {
			did[f.Plugin] = map[string]web.PluginFunction{}
		}
		did[f.Plugin][f.Function] = web.PluginFunction{
			Name: f.Function, Calls: f.Calls, Running: f.Running, Failed: f.Failed,
			Total: f.Total.Seconds(), Longest: f.Longest.Seconds(), LastError: f.LastError,
		}
	}
	var all []web.Plugin
	for _, name := range slices.Sorted(maps.Keys(g.Config.Plugins)) {
		p := g.Config.Plugins[name]
		shown := web.Plugin{Name: name, Source: p.Source, Functions: []web.PluginFunction{}}
		if p.Manifest != nil {
			shown.Version = p.Manifest.Version
		}
		for _, function := range g.lua.Functions(name) {
			f, called := did[name][function]
			if !called {
				f = web.PluginFunction{Name: function, Failed: map[string]uint64{}}
			}
			shown.Functions = append(shown.Functions, f)
			delete(did[name], function)
		}
		for _, missing := range slices.Sorted(maps.Keys(did[name])) { // asked for by a flow, and not there
			shown.Functions = append(shown.Functions, did[name][missing])
		}
		all = append(all, shown)
	}
	return all
}

// furniture is what the box has for a generation's flows.
func (a *Appliance) furniture() Furniture {
	return Furniture{
		Log: a.log, Boxes: func() *record.Boxes { return a.boxes }, Floor: owner{a}, Choose: a.choose,
		Queue: func(name string) (hcl.QueueScope, bool) { return a.floor.Queue(name) },
		Agent: func(name string) (string, bool) { return a.floor.Agent(name) },
		Lua:   lua.Options{Child: a.o.Child, Wall: a.now, Log: a.log, Services: lua.Services{KV: a.kv}},
	}
}

// LuaCommand starts this program as a child that runs Lua. It is the file that
// runs now, also when an update has put another in its place.
func LuaCommand() []string { return []string{"/proc/self/exe", luaChild} }

// RunLua is what the program does when it was started as a child that runs Lua;
// false: it was not.
func RunLua(args []string) (status int, is bool) {
	if len(args) != 2 || args[1] != luaChild {
		return 0, false
	}
	return lua.Child(os.Stdin, os.Stdout), true
}
