package appliance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/sip"
	"callbox/appliance/speech"
	"callbox/hcl"
)

// Generation is a configuration made runnable. It never changes; calls hold on
// to the one they started with, and the last of them lets it go.
type Generation struct {
	N       int
	Applied time.Time
	Who     string
	Config  *hcl.Config
	Plan    hcl.Plan // what it changed against the one before

	voice *voice
	plan  *call.Plan
	calls atomic.Int64 // calls in progress that are pinned to it
}

// build makes a configuration runnable, or says why it cannot be. It has no
// effect on anything that runs. What did not change since the generation before,
// which may be nil, is taken over from it.
func build(ctx context.Context, n int, cfg *hcl.Config, cache *speech.Cache, before *Generation) (*Generation, error) {
	g := &Generation{N: n, Config: cfg}
	var was *voice
	if before != nil {
		was = before.voice
	}
	var err error
	if g.voice, err = newVoice(ctx, cfg, cache, was); err != nil {
		return nil, err
	}
	g.plan = &call.Plan{Generation: n, Config: cfg, Music: g.voice.musics[""], Resolve: g.resolve, Sound: g.voice.sound}
	return g, nil
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
	}
	return call.Refuse{Why: call.BoxLater}
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
