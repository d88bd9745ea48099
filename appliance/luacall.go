package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/ivr"
	"callbox/hcl"
	"callbox/lua"
)

// luaCall is a call as plugins see it.
type luaCall struct {
	g    *Generation
	c    *call.Call
	left *ivr.Leaving // where the plugin sent the call
}

// runPlugin is the ivr.Office.Plugin of a generation.
func (g *Generation) runPlugin(ctx context.Context, c *call.Call, plugin, function string, args map[string]any, timeout time.Duration) (map[string]any, error) {
	if g.lua == nil {
		return nil, errors.New("this generation has no plugins")
	}
	l := &luaCall{g: g, c: c}
	result, err := l.run(ctx, plugin, function, args, timeout)
	if errors.Is(err, lua.ErrLeft) && l.left != nil {
		return nil, *l.left
	}
	return result, err
}

// run runs a function, in whoever's time.
func (l *luaCall) run(ctx context.Context, plugin, function string, args map[string]any, timeout time.Duration) (map[string]any, error) {
	if l.g.errand == nil {
		return l.g.lua.Run(ctx, plugin, function, l, args, timeout)
	}
	limit := timeout
	if p := l.g.Config.Plugins[plugin]; p != nil && p.Limits != nil && (limit == 0 || p.Limits.Time < limit) {
		limit = p.Limits.Time
	}
	ctx, done := l.g.errand(ctx, l.c, limit)
	result, err := l.g.lua.Run(ctx, plugin, function, l, args, timeout)
	return result, done(err)
}

// Fields implements lua.Caller.
func (l *luaCall) Fields() lua.CallFields {
	s := l.g.office.Scope(l.c)
	f := lua.CallFields{
		ID: s.Call.ID, From: s.Call.From, To: s.Call.To, Trunk: s.Call.Trunk, Language: s.Call.Language,
		Generation: l.g.N, Data: s.Call.Data,
		Caller: map[string]any{"found": s.Caller.Found, "name": s.Caller.Name, "number": s.Caller.Number},
	}
	if s.Caller.Found {
		f.Caller["fields"], f.Caller["tags"] = s.Caller.Fields, s.Caller.Tags
	}
	return f
}

// Set implements lua.Caller.
func (l *luaCall) Set(key string, value any) error {
	if !l.c.Set(map[string]any{key: value}) {
		return errors.New("the call has too much data already")
	}
	return nil
}

// Tag implements lua.Caller.
func (l *luaCall) Tag(name string) error {
	if !l.c.Tag(name, "") {
		return errors.New("the call has too many tags already")
	}
	return nil
}

// Play implements lua.Caller.
func (l *luaCall) Play(ctx context.Context, prompt string, values map[string]any) error {
	u, err := l.g.office.Utterance(l.c, strings.TrimPrefix(prompt, "prompt."), values, hcl.AgentScope{})
	if err != nil {
		return err
	}
	return l.c.Line().Say(ctx, u, true)
}

// Say implements lua.Caller.
func (l *luaCall) Say(ctx context.Context, text string) error {
	return l.c.Line().Say(ctx, call.Utterance{Text: text, Language: l.c.Language(), Private: true}, true)
}

// Collect implements lua.Caller.
func (l *luaCall) Collect(ctx context.Context, q lua.Collect) (keys string, ok bool, err error) {
	return l.g.office.Ask(ctx, l.c, &hcl.Collect{
		Prompt: strings.TrimPrefix(q.Prompt, "prompt."), Digits: cmp.Or(q.Digits, "1-20"), EndKey: cmp.Or(q.EndKey, "#"),
		Timeout: cmp.Or(q.Timeout, 5*time.Second), Tries: cmp.Or(q.Tries, 3), Secret: q.Secret,
	})
}

// Record implements lua.Caller.
func (l *luaCall) Record(ctx context.Context, r lua.Record) (map[string]any, error) {
	if l.g.office.Record == nil {
		return nil, errors.New("this box keeps no recordings")
	}
	if r.Beep {
		if err := l.c.Line().Say(ctx, call.Utterance{Phrase: "beep"}, false); err != nil {
			return nil, err
		}
	}
	id, heard := l.g.office.Record(ctx, l.c, "plugin", call.Recording{Max: cmp.Or(r.Max, 2*time.Minute), Silence: 5 * time.Second, EndKeys: cmp.Or(r.EndKey, "#")})
	if heard.Err != nil {
		return nil, heard.Err
	}
	return map[string]any{"id": id, "seconds": heard.Length.Seconds()}, nil
}

// Queue implements lua.Caller.
func (l *luaCall) Queue(_ context.Context, name string, options map[string]any) error {
	name = strings.TrimPrefix(name, "queue.")
	if l.g.Config.Queues[name] == nil {
		return fmt.Errorf("there is no queue %q", name)
	}
	r := ivr.Request{Queue: name, Skills: map[string]int{}}
	if p, ok := options["priority"].(float64); ok {
		r.Priority = &p
	}
	if skills, ok := options["skills"].(map[string]any); ok {
		for skill, least := range skills {
			if n, ok := least.(float64); ok {
				r.Skills[skill] = int(n)
			}
		}
	}
	if data, ok := options["data"].(map[string]any); ok {
		r.Data = data
		l.c.Set(data)
	}
	l.left = &ivr.Leaving{To: l.g.office.Enqueue(l.c, r), Where: "queue." + name}
	return lua.ErrLeft
}

// Transfer implements lua.Caller. The destination is written as in a flow, or
// is a number.
func (l *luaCall) Transfer(_ context.Context, destination string) error {
	to, err := l.g.destination(destination)
	if err != nil {
		return err
	}
	l.left = &ivr.Leaving{To: l.g.resolve(to), Where: to.String()}
	return lua.ErrLeft
}

// Hangup implements lua.Caller.
func (l *luaCall) Hangup(context.Context, string) error {
	l.left = &ivr.Leaving{Where: "hangup"}
	return lua.ErrLeft
}

// destination reads what a plugin names: queue.claims, extension.1001, or a
// number.
func (g *Generation) destination(text string) (hcl.Destination, error) {
	kind, name, dotted := strings.Cut(text, ".")
	if !dotted {
		n := call.ParseNumber(text, g.Config.Appliance.Country)
		if g.Config.Extensions[text] != nil {
			return hcl.Destination{Kind: "extension", Name: text}, nil
		}
		if n.E164 == "" {
			return hcl.Destination{}, fmt.Errorf("%q is neither a destination, such as queue.claims, nor a number", text)
		}
		return hcl.Destination{Kind: "number", Name: n.E164}, nil
	}
	there := map[string]bool{
		"ivr": g.Config.IVRs[name] != nil, "queue": g.Config.Queues[name] != nil, "extension": g.Config.Extensions[name] != nil,
		"agent": g.Config.Agents[name] != nil, "voicemail": g.Config.Voicemails[name] != nil, "trunk": g.Config.Trunks[name] != nil,
	}
	if !there[kind] {
		return hcl.Destination{}, fmt.Errorf("there is no %s", text)
	}
	return hcl.Destination{Kind: kind, Name: name}, nil
}

// instead asks the plugins where a call that came in shall go (on_route); nil
// leaves it to the routes.
func (g *Generation) instead(ctx context.Context, c *call.Call) call.Stage {
	if g.lua == nil || len(g.lua.With(lua.HookRoute)) == 0 {
		return nil
	}
	named, ok := g.lua.Route(ctx, &luaCall{g: g, c: c})
	if !ok {
		return nil
	}
	to, err := g.destination(named)
	if err != nil {
		g.office.Log.Warn("a plugin's on_route names no destination; the route holds", "call", c.ID, "error", err)
		return nil
	}
	return g.resolve(to)
}
