package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Manifest says what a plugin is, what it is configured with, and what it must
// be allowed: the file plugin.hcl of its folder, beside main.lua.
type Manifest struct {
	// Name of the plugin.
	Name string `hcl:"name" is:"required 1..64"`
	// Version of the plugin: "1.2.0".
	Version string `hcl:"version" is:"required 1..32"`
	// API it is written for; this release has 1.
	API int `hcl:"api" is:"required 1..1000"`
	// Description of what it does, in a sentence.
	Description string `hcl:"description" is:"required 1..1000"`
	// Config is one thing it is configured with, one block for each:
	// config "base_url".
	Config []Setting `hcl:"config" is:"block"`
	// Needs is what it must be allowed, in the shape of allow. What it is
	// configured with may stand there: ["${config.base_url}/"].
	Needs *Allow `hcl:"needs" is:"block"`
}

// Setting is one thing that a plugin is configured with.
type Setting struct {
	// Key in the config of the plugin's block.
	Key string `hcl:",label"`
	// Type: string, number, bool, list(string), map(number), any, … When not
	// written: that of the default, or text.
	Type string `hcl:"type" is:"type"`
	// Default when the block does not say it. Without one it must be said.
	Default any `hcl:"default" is:"any-value"`
	// Description for those who configure it.
	Description string `hcl:"description" is:"..1000"`

	typed
}

var manifestKind = &kind{name: "plugin.hcl", new: func() any { return new(Manifest) }, example: `
name        = "policy"
version     = "1.0.0"
api         = 1
description = "Looks up a policy in the firm's own system."

config "base_url" {
  type        = string
  description = "Where the system is: https://erp.example"
}
config "tries" {
  type    = number
  default = 2
}

needs {
  http    = ["${config.base_url}/"]
  kv      = true
  crm     = "read"
  tickets = "write"
  sms     = false
  mail    = false
}
`}

func (s *Setting) check(l *loader, b *block) { s.settle(l, b) }

// apiVersion is the version of the Lua interface of this release.
const apiVersion = 1

func (m *Manifest) check(l *loader, b *block) {
	if b.has("api") && m.API != apiVersion {
		l.fail(b.at("api"), fmt.Sprintf("the plugin is written for api %d", m.API), fmt.Sprintf("This release has api %d. Take a release of the plugin for it.", apiVersion))
	}
}

// manifest reads the plugin.hcl of a plugin's folder, and checks what the block
// says against it. Shown is the name of the file in diagnostics.
func (l *loader) manifest(p *Plugin, b *block, shown string, src []byte) {
	body := l.parseSource(shown, src)
	if body == nil {
		return
	}
	b.refuseSteps(l, body)
	var needs *hclsyntax.Block
	rest := *body
	rest.Blocks = slices.DeleteFunc(slices.Clone(body.Blocks), func(in *hclsyntax.Block) bool {
		if in.Type == "needs" && needs == nil {
			needs = in
			return true
		}
		return false
	})
	told := len(l.found)
	top := hashi.Range{Filename: shown, Start: hashi.InitialPos, End: hashi.InitialPos}
	mb := &block{kind: manifestKind, def: top, label: top, body: &rest}
	p.Manifest = l.decodeNew(mb).(*Manifest)
	config := l.configure(p, b, mb)
	if needs == nil || len(l.found) > told {
		return
	}
	l.pluginConfig = config
	defer func() { l.pluginConfig = nil }()
	nb := &block{kind: &kind{name: "needs", new: func() any { return new(Allow) }}, def: needs.DefRange(), label: needs.DefRange(), body: needs.Body, outer: mb}
	p.Manifest.Needs = l.decodeNew(nb).(*Allow)
	switch {
	case l.alone:
		p.Allow = p.Manifest.Needs
	case len(l.found) == told:
		l.allowed(p, b, nb)
	}
}

// refuseSteps says that other blocks do not belong into a manifest; decode does
// the rest.
func (b *block) refuseSteps(l *loader, body *hclsyntax.Body) {
	for _, in := range body.Blocks {
		if in.Type == "plugin" {
			l.fail(in.TypeRange, "plugin.hcl is the manifest of a plugin, and holds no plugin block", "Its attributes stand in it as they are: name, version, api, description. The block plugin \"NAME\" { … } stands in the configuration.")
		}
	}
}

// configure checks the config of a plugin's block against its manifest, and
// fills in what has a default. It returns the values for needs.
func (l *loader) configure(p *Plugin, b, mb *block) map[string]cty.Value {
	given, written := map[string]cty.Value{}, b.body.Attributes["config"]
	if written != nil && b.has("config") {
		if v, ok := l.evaluate(written.Expr); ok && !v.IsNull() {
			v, _ = v.Unmark()
			given = v.AsValueMap()
		}
	}
	values, names := map[string]cty.Value{}, []string{}
	if p.Config == nil {
		p.Config = map[string]any{}
	}
	for _, in := range mb.inner["config"] {
		s := in.value.(*Setting)
		names = append(names, s.Key)
		v, ok := given[s.Key]
		switch {
		case ok && !v.IsNull():
			fits, err := convert.Convert(v, s.typ)
			if err != nil {
				l.fail(itemOf(written.Expr, s.Key).Range(), fmt.Sprintf("config.%s is %s here", s.Key, friendly(v.Type())), fmt.Sprintf("The plugin takes %s. %s", typeexpr.TypeString(s.typ), describe(s, in)))
				continue
			}
			v = fits
		case s.value != cty.NilVal:
			v = s.value
		case in.wrotePart("default"):
			v = cty.NullVal(s.typ)
		case l.alone:
			v = standIn(s.Key, s.typ)
		default:
			l.fail(b.at("config"), fmt.Sprintf("%s does not say config.%s", b.title(), s.Key), fmt.Sprintf("Add config = { %s = … }. %s", s.Key, describe(s, in)))
			continue
		}
		values[s.Key], p.Config[s.Key] = v, goValue(v)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(names, key) {
			l.fail(itemOf(written.Expr, key).Range(), fmt.Sprintf("%s takes no config.%s", b.title(), key), strings.TrimSpace(meant(key, names, "It takes")+fmt.Sprintf(" Its manifest is %s.", mb.def.Filename)))
		}
	}
	return values
}

// describe is what the manifest says of a setting.
func describe(s *Setting, in *block) string {
	if s.Description == "" {
		return fmt.Sprintf("Its manifest says so at %s.", placeOf(in.def))
	}
	return fmt.Sprintf("Its manifest says at %s: %s", placeOf(in.def), s.Description)
}

// allowed checks that a plugin's block allows what the plugin needs.
func (l *loader) allowed(p *Plugin, b, nb *block) {
	needs, allow := p.Manifest.Needs, p.Allow
	if allow == nil {
		allow = &Allow{}
	}
	lacks := func(name, value string) {
		l.fail(b.allowPlace(name), fmt.Sprintf("%s needs %s = %s, which it is not allowed", b.title(), name, value),
			fmt.Sprintf("Its manifest says so at %s. Write allow { %s = %s }, if it may; without it the plugin cannot do its work.", placeOf(nb.at(name)), name, value))
	}
	for _, prefix := range needs.HTTP {
		if !slices.ContainsFunc(allow.HTTP, func(a string) bool { return strings.HasPrefix(prefix, a) }) {
			lacks("http", fmt.Sprintf("[%q]", prefix))
		}
	}
	for _, yes := range []struct {
		name          string
		needs, allows bool
	}{{"kv", needs.KV, allow.KV}, {"sms", needs.SMS, allow.SMS}, {"mail", needs.Mail, allow.Mail}} {
		if yes.needs && !yes.allows {
			lacks(yes.name, "true")
		}
	}
	for _, level := range []struct{ name, needs, allows string }{{"crm", needs.CRM, allow.CRM}, {"tickets", needs.Tickets, allow.Tickets}} {
		if level.needs != "" && level.allows != level.needs && level.allows != "write" {
			lacks(level.name, fmt.Sprintf("%q", level.needs))
		}
	}
}

// allowPlace is where a plugin's block allows something, or could.
func (b *block) allowPlace(name string) hashi.Range {
	if in := b.inner["allow"]; len(in) > 0 {
		return in[0].at(name)
	}
	return b.def
}
