package hcl

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Plugin is Lua that flows and the box call. Nothing is allowed to it unless it
// stands in allow.
type Plugin struct {
	// Name by which flows refer to it: plugin.policy.lookup.
	Name string `hcl:",label"`
	// Source is a Lua file of the configuration, a folder with a plugin.hcl, or
	// one that is bundled: "callbox:survey".
	Source string `hcl:"source" is:"required plugin-source"`
	// Config that the plugin sees as callbox.config; checked against the
	// plugin's manifest. Secrets may stand here.
	Config map[string]any `hcl:"config"`
	// Allow is what the plugin may do.
	Allow *Allow `hcl:"allow" is:"block"`
	// Limits of one call of a function.
	Limits *Limits `hcl:"limits" is:"block"`

	// Main is the file of Files that is run.
	Main string
	// Files are what it is made of, by their path from its folder: of a folder
	// all but tests, what they run in, and pages, of a file it and the .lua files beside it.
	Files map[string][]byte
	// Manifest of a folder; nil for a file.
	Manifest *Manifest
}

// Allow is what a plugin may do; what is not written it may not.
type Allow struct {
	// HTTP are the beginnings of the addresses it may ask:
	// ["https://erp.example/"].
	HTTP []string `hcl:"http" is:"http-prefix"`
	// KV is a store of its own.
	KV bool `hcl:"kv" default:"false"`
	// CRM lets it read customers, or write them too.
	CRM string `hcl:"crm" is:"read|write"`
	// Tickets lets it read tickets, or write them too.
	Tickets string `hcl:"tickets" is:"read|write"`
	// SMS lets it send messages.
	SMS bool `hcl:"sms" default:"false"`
	// Mail lets it send mail.
	Mail bool `hcl:"mail" default:"false"`
}

// Limits bound one call of a plugin's function.
type Limits struct {
	// Time it may take.
	Time time.Duration `hcl:"time" is:"10ms..60s" default:"2s"`
	// Instructions of Lua it may run.
	Instructions int `hcl:"instructions" is:"1000..1000000000" default:"1000000"`
	// Memory it may hold.
	Memory Size `hcl:"memory" is:"1MB..1GB" default:"16MB"`
}

var pluginKind = &kind{name: "plugin", new: func() any { return new(Plugin) }, effect: newCalls, example: `
plugin "policy" {
  source = "plugins/policy.lua"
  config = { base_url = "https://erp.example", token = secret("erp") }

  allow {
    http    = ["https://erp.example/"]
    kv      = true
    crm     = "read"
    tickets = "write"
    sms     = false
    mail    = false
  }
  limits {
    time         = "2s"
    instructions = 1000000
    memory       = "16MB"
  }
}
`}

func (p *Plugin) check(l *loader, b *block) {
	if !b.has("source") {
		return
	}
	if err := l.readPlugin(p, b); err != nil {
		detail := sentence(err.Error())
		if !strings.HasPrefix(p.Source, "callbox:") {
			detail += " Paths are relative to the configuration."
		}
		l.fail(b.at("source"), fmt.Sprintf("the plugin %s cannot be read", shorten(p.Source)), detail)
	}
}

func checkHTTPPrefix(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/") {
		return remedyf(`Write the beginning of the addresses up to a slash: "https://erp.example/". A prefix without the last slash would allow other hosts.`)
	}
	return nil
}
