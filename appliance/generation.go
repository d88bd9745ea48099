package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/ivr"
	"callbox/appliance/record"
	"callbox/appliance/sip"
	"callbox/appliance/speech"
	"callbox/hcl"
	"callbox/lua"
)

// Generation is a configuration made runnable. It never changes; calls hold on
// to the one they started with, and the last of them lets it go.
type Generation struct {
	N       int
	Applied time.Time
	Who     string
	Config  *hcl.Config
	Plan    hcl.Plan // what it changed against the one before

	voice  *voice
	lua    *lua.Host // nil without plugins
	errand func(context.Context, *call.Call, time.Duration) (context.Context, func(error) error)
	office *ivr.Office
	choose func(agent string, status acd.Status, reason string) error // nil: there is no floor
	boxes  func() *record.Boxes                                       // nil: there are none
	plan   *call.Plan

	mu      sync.Mutex // guards what follows
	calls   int        // calls in progress that are pinned to it
	retired bool       // another one is current
	closed  bool
}

// build makes a configuration runnable, or says why it cannot be. It has no
// effect on anything that runs. What did not change since the generation before,
// which may be nil, is taken over from it.
func build(ctx context.Context, n int, cfg *hcl.Config, cache *speech.Cache, before *Generation, f Furniture) (*Generation, error) {
	g := &Generation{N: n, Config: cfg}
	var was *voice
	if before != nil {
		was = before.voice
	}
	var err error
	if g.voice, err = newVoice(ctx, cfg, cache, was); err != nil {
		return nil, err
	}
	g.plan = &call.Plan{Generation: n, Config: cfg, Music: g.voice.musics[""], Resolve: g.resolve, Sound: g.voice.sound, Instead: g.instead, Feature: g.feature}
	return g, g.furnish(ctx, f)
}

// furnish gives a generation its plugins and what its flows work with.
func (g *Generation) furnish(ctx context.Context, f Furniture) error {
	var err error
	if g.lua, err = pluginsOf(ctx, g.Config, f.Lua); err != nil {
		return err
	}
	g.choose = f.Choose
	g.errand = f.Errand
	g.office = &ivr.Office{
		Config: g.Config, Log: f.Log, Plugin: g.runPlugin, Read: speech.Read,
		Queue: f.Queue, Agent: f.Agent, Caller: f.Caller, Callback: f.Callback, Record: f.Record,
	}
	if f.Boxes != nil {
		g.boxes = f.Boxes
		g.office.Voicemail = func(box, greeting string) call.Stage { return g.voicemail(f.Boxes(), box, greeting) }
	}
	if f.Floor != nil {
		queues := &acd.Office{
			Owner: f.Floor, Steps: g.office.Steps, Utterance: g.office.Utterance, Phrase: speech.Phrase, Wait: speech.Wait,
		}
		g.office.Enqueue = func(c *call.Call, r ivr.Request) call.Stage {
			s := acd.Queue{Office: queues, Name: r.Queue, Priority: r.Priority, Skills: r.Skills}
			if f.Kept != nil {
				s.Callback = f.Kept(c)
			}
			return s
		}
	}
	return nil
}

// Furniture is what a generation's flows need of the rooms beside them: of the
// box, or of the virtual floor. What is nil is not there.
type Furniture struct {
	Log      *slog.Logger
	Lua      lua.Options
	Queue    func(name string) (hcl.QueueScope, bool)
	Agent    func(name string) (state string, known bool)
	Caller   func(number string) hcl.CallerScope
	Floor    acd.Owner                                                  // of queues and agents
	Kept     func(c *call.Call) uint64                                  // the promise to call back that a call keeps; 0: none
	Choose   func(agent string, status acd.Status, reason string) error // an agent at a phone chooses
	Boxes    func() *record.Boxes
	Callback func(c *call.Call, queue, number string, at time.Time) error
	Record   func(ctx context.Context, c *call.Call, name string, r call.Recording) (string, call.Recorded)
	// Errand begins the run of a plugin's function, whose time is limited, where that time is not the machine's; what it
	// returns ends it and says how it went.
	Errand func(ctx context.Context, c *call.Call, limit time.Duration) (context.Context, func(error) error)
}

// Furnish makes a configuration runnable on lines of somebody else's: the
// virtual floor's. Close ends its plugins.
func Furnish(ctx context.Context, n int, cfg *hcl.Config, f Furniture) (*Generation, error) {
	g := &Generation{N: n, Config: cfg}
	g.plan = &call.Plan{Generation: n, Config: cfg, Resolve: g.resolve, Instead: g.instead, Feature: g.feature}
	return g, g.furnish(ctx, f)
}

// CallPlan is what calls of the generation are pinned to.
func (g *Generation) CallPlan() *call.Plan { return g.plan }

// Lua is the host of the generation's plugins; nil when it has none.
func (g *Generation) Lua() *lua.Host { return g.lua }

// hold pins a call to the generation; false: it is closed, another one is
// current by now.
func (g *Generation) hold() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.calls++
	}
	return !g.closed
}

// release lets a call go; the last of a generation that was replaced closes it.
func (g *Generation) release() {
	g.mu.Lock()
	g.calls--
	last := g.retired && g.calls == 0
	g.mu.Unlock()
	if last {
		_ = g.Close()
	}
}

// retire notes that another generation is current.
func (g *Generation) retire() {
	g.mu.Lock()
	g.retired = true
	last := g.calls == 0
	g.mu.Unlock()
	if last {
		_ = g.Close()
	}
}

// Close ends what runs for the generation alone. Calls that have it lose its
// plugins.
func (g *Generation) Close() error {
	g.mu.Lock()
	first := !g.closed
	g.closed = true
	g.mu.Unlock()
	if !first || g.lua == nil {
		return nil
	}
	return g.lua.Close()
}

// resolve says what a destination means in this generation.
func (g *Generation) resolve(to hcl.Destination) call.Stage {
	switch to.Kind {
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
	case "ivr":
		return g.office.Flow(to.Name)
	case "queue":
		return queueStage{g, to.Name}
	case "voicemail":
		if g.office.Voicemail != nil {
			return g.office.Voicemail(to.Name, "")
		}
	}
	return call.Refuse{Why: call.BoxLater}
}

// feature is what a code does that is dialled at a phone of the box.
func (g *Generation) feature(code string) call.Stage {
	f := g.Config.FeatureCodes
	switch {
	case code == "":
	case code == f.Echo:
		return call.Echo{}
	case code == f.Voicemail && g.boxes != nil:
		return record.Listen{Boxes: g.boxes()}
	case g.choose == nil:
	case code == f.SignIn:
		return signing{g, acd.Ready, "agent_signed_in"}
	case code == f.Pause:
		return signing{g, acd.Paused, "agent_paused"}
	case code == f.SignOff:
		return signing{g, acd.Offline, "agent_signed_off"}
	}
	return nil
}

// queueStage enters a queue; the stage itself is made when the call is there,
// because what a queue does is settled by the floor of that moment.
type queueStage struct {
	g    *Generation
	name string
}

// Run implements call.Stage.
func (s queueStage) Run(_ context.Context, c *call.Call) call.Stage {
	if s.g.office.Enqueue == nil {
		return call.Refuse{Why: call.BoxLater}
	}
	return s.g.office.Enqueue(c, ivr.Request{Queue: s.name})
}

// resolveAgent rings an agent outside of any queue: on the desk phone, or at
// the outside number of a remote agent.
func (g *Generation) resolveAgent(name string) call.Stage {
	switch a := g.Config.Agents[name]; {
	case a == nil:
		return call.Refuse{Why: call.BoxNotInUse}
	case a.Extension != "":
		return call.Extension{Number: a.Extension, As: "agent." + name}
	case a.Phone != "":
		return call.Onward{Number: a.Phone}
	}
	return call.Refuse{Why: call.CalleeOffline}
}

// later are the routes of a configuration that lead to something this release
// checks but does not run yet, in words for the log and for status.
func later(cfg *hcl.Config) []string {
	var out []string
	for _, r := range cfg.Routes {
		for _, to := range r.To {
			if !hcl.Runs(to.Kind) {
				out = append(out, fmt.Sprintf("route %q leads to %s, which this release checks but does not run yet: its callers are refused", r.Name, to))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Queues)) {
		q := cfg.Queues[name]
		if q.Callback != nil {
			out = append(out, fmt.Sprintf("queue %q offers to call back, which this release checks but does not run yet: nobody is offered it", name))
		}
		if q.Record != "never" {
			out = append(out, fmt.Sprintf("queue %q records calls, which this release checks but does not run yet: nothing is recorded", name))
		}
		if q.Survey != "" {
			out = append(out, fmt.Sprintf("queue %q ends with a survey, which this release checks but does not run yet: nobody is asked", name))
		}
	}
	return out
}

// signalling is the part of a configuration that sip lives by.
func (a *Appliance) signalling(cfg *hcl.Config) (sip.Settings, error) {
	s := sip.Settings{
		Listen: cfg.SIP.Listen, External: cfg.SIP.External, LocalNetworks: cfg.SIP.LocalNetworks,
		Origins: cfg.SIP.Origins, Emergency: call.EmergencyNumbers(cfg.Appliance.Country),
	}
	if slices.ContainsFunc(s.Listen, func(l string) bool {
		return strings.HasPrefix(l, "tls://") || strings.HasPrefix(l, "wss://")
	}) {
		var err error
		if s.Certificate, err = ownCertificate(a.o.Data, a.now()); err != nil {
			return s, err
		}
	}
	for _, e := range cfg.Extensions {
		s.Accounts = append(s.Accounts, sip.Account{Name: e.Number, Password: e.Password.Reveal(), MaxContacts: e.MaxContacts})
	}
	for _, t := range cfg.Trunks {
		s.Trunks = append(s.Trunks, sip.Trunk{
			Name: t.Name, Address: nextHop(t.Address), Username: t.Username, Password: t.Password.Reveal(),
			Register: t.Register, Expires: t.Expires, AcceptFrom: t.AcceptFrom, Health: health(t.Health),
			Untrusted: !t.Trusted,
		})
	}
	slices.SortFunc(s.Accounts, func(a, b sip.Account) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Trunks, func(a, b sip.Trunk) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// health turns the language's 0s, off, into signalling's.
func health(interval time.Duration) time.Duration {
	if interval == 0 {
		return -1
	}
	return interval
}

// nextHop turns a trunk's SIP URI into what signalling dials: a bare host where
// the URI leaves the transport to DNS, else transport://host.
func nextHop(uri string) string {
	scheme, rest, found := strings.Cut(uri, ":")
	if !found {
		return uri
	}
	host, params, _ := strings.Cut(rest, ";")
	if _, after, at := strings.Cut(host, "@"); at {
		host = after
	}
	if strings.EqualFold(scheme, "sips") {
		return "tls://" + host
	}
	for p := range strings.SplitSeq(params, ";") {
		if k, v, _ := strings.Cut(p, "="); strings.EqualFold(k, "transport") {
			return strings.ToLower(v) + "://" + host
		}
	}
	return host
}

// channels are the limits of all trunks.
func channels(cfg *hcl.Config) map[string]int {
	limits := make(map[string]int, len(cfg.Trunks))
	for name, t := range cfg.Trunks {
		limits[name] = t.Channels
	}
	return limits
}
