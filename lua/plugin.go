package lua

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Plugin is what one plugin block of the configuration brings, with its manifest already applied.
type Plugin struct {
	Name    string // as the configuration refers to it
	Version string // of the manifest; empty for a single file
	// Files are the Lua sources by their paths: the plugin's own, and those beside it that it may require. 256 kB each at most.
	Files  map[string][]byte
	Main   string         // the one of Files that is run first; empty: "main.lua"
	Config map[string]any // callbox.config
	Allow  Allow
	Limits Limits
}

// Allow is what the plugin may do; the zero value allows nothing.
type Allow struct {
	HTTP    []string // beginnings of addresses, each up to a slash: "https://erp.example/"
	KV      bool
	CRM     string // "", "read" or "write"
	Tickets string // "", "read" or "write"
	SMS     bool
	Mail    bool
}

// Limits bound one call of a function. What is zero gets its default.
type Limits struct {
	Time         time.Duration // of Lua and of what it asks of the box, the caller's own pace excepted; 2 s
	Instructions int           // of Lua; 1,000,000
	Memory       int64         // bytes it may hold; 16 MB
}

const (
	defaultTime         = 2 * time.Second
	defaultInstructions = 1_000_000
	defaultMemory       = 16_000_000
	maxSource           = 256 << 10 // deeper nesting than fits in it would overflow the stack of the parser
	maxFiles            = 200
)

var pluginName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

func (p Plugin) withDefaults() Plugin {
	p.Main = cmp.Or(p.Main, "main.lua")
	p.Limits.Time = cmp.Or(p.Limits.Time, defaultTime)
	p.Limits.Instructions = cmp.Or(p.Limits.Instructions, defaultInstructions)
	p.Limits.Memory = cmp.Or(p.Limits.Memory, defaultMemory)
	return p
}

// check finds what cannot be loaded before a process sees it.
func (p Plugin) check() *Error {
	refuse := func(file, text string) *Error {
		return &Error{Plugin: p.Name, File: file, Kind: KindError, Text: text}
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		source := p.Files[name]
		total += len(name) + len(source)
		switch {
		case name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, ".."):
			return refuse(name, "this is no path inside the configuration")
		case len(source) > maxSource:
			return refuse(name, fmt.Sprintf("the file has %d kB, %d kB at most; split it and require its parts", len(source)>>10, maxSource>>10))
		case !utf8.Valid(source):
			return refuse(name, "the file is no UTF-8; save it as UTF-8")
		}
	}
	switch {
	case !pluginName.MatchString(p.Name):
		return refuse("", "a plugin's name begins with a letter and has letters, digits, _ and -; this one is "+fmt.Sprintf("%.80q", p.Name))
	case p.Files[p.Main] == nil:
		return refuse(p.Main, "the plugin has no such file; a folder needs main.lua, a single file its own name")
	case len(p.Files) > maxFiles || total > maxProgram:
		return refuse("", fmt.Sprintf("the plugin has %d files of %d kB; %d files of %d kB at most", len(p.Files), total>>10, maxFiles, maxProgram>>10))
	case p.Limits.Time < 0 || p.Limits.Instructions < 0 || p.Limits.Memory < 0:
		return refuse("", "limits are more than zero")
	}
	if err := p.Allow.check(); err != nil {
		return refuse("", err.Error())
	}
	return nil
}

func (a Allow) check() error {
	for _, prefix := range a.HTTP {
		if _, err := parsePrefix(prefix); err != nil {
			return fmt.Errorf("allow http %q: %w", prefix, err)
		}
	}
	for name, grant := range map[string]string{"crm": a.CRM, "tickets": a.Tickets} {
		if grant != "" && grant != "read" && grant != "write" {
			return fmt.Errorf("allow %s is %q; it is \"read\" or \"write\", or left out", name, grant)
		}
	}
	return nil
}
