package lua

import (
	"fmt"
	"strings"
)

// Stubs are the files that make an editor with the Lua language server know the box: definitions of every module, class and hook,
// and the settings that say where they lie. Paths are relative to the plugin's folder.
func Stubs() map[string][]byte {
	var b strings.Builder
	b.WriteString("---@meta\n-- What callbox gives to plugins. Generated; changes here are lost.\n\n")
	for i := range classes {
		classes[i].stub(&b)
	}
	b.WriteString("---@class callbox\n---@field config table<string, any> What the plugin block's config says.\ncallbox = {}\n")
	files := map[string][]byte{".callbox/callbox.lua": []byte(b.String()), ".luarc.json": []byte(luarc)}
	for _, m := range modules {
		if m.name == "call" {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "---@meta callbox.%s\n\n--- %s\n---@class callbox.%[1]s\nlocal M = {}\n", m.name, m.doc)
		if m.name == "json" {
			b.WriteString("\n--- A value that says that there is none.\nM.null = {}\n")
		}
		for i := range declarations {
			if declarations[i].module == m.name {
				declarations[i].stub(&b, "M.")
			}
		}
		b.WriteString("\nreturn M\n")
		files[".callbox/callbox/"+m.name+".lua"] = []byte(b.String())
	}
	files[".callbox/callbox/config.lua"] = []byte("---@meta callbox.config\n\n--- What the plugin block's config says.\n---@type table<string, any>\nlocal M = {}\n\nreturn M\n")
	return files
}

const luarc = `{
  "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
  "runtime.version": "Lua 5.1",
  "runtime.path": ["?.lua", "?/init.lua"],
  "runtime.builtin": {
    "debug": "disable",
    "ffi": "disable",
    "io": "disable",
    "jit": "disable",
    "os": "disable",
    "package": "disable"
  },
  "diagnostics.disable": ["lowercase-global"],
  "workspace.checkThirdParty": false,
  "workspace.library": [".callbox"]
}
`

func (c *class) stub(b *strings.Builder) {
	fmt.Fprintf(b, "--- %s\n---@class callbox.%s\n", c.doc, c.name)
	for _, f := range c.fields {
		fmt.Fprintf(b, "---@field %s%s %s %s\n", f.name, mark(f.optional), f.kind, f.doc)
	}
	if c.name == "Call" {
		b.WriteString("local Call = {}\n")
		for i := range declarations {
			if declarations[i].module == "call" {
				declarations[i].stub(b, "Call:")
			}
		}
	}
	b.WriteString("\n")
}

func mark(optional bool) string {
	if optional {
		return "?"
	}
	return ""
}

func (d *declaration) stub(b *strings.Builder, before string) {
	fmt.Fprintf(b, "\n--- %s\n", d.doc)
	if d.phases != always {
		fmt.Fprintf(b, "--- Only %s.\n", d.phases)
	}
	if d.needs != "" {
		fmt.Fprintf(b, "--- Needs `%s` in the plugin's allow block.\n", d.needs.remedy())
	}
	fmt.Fprintf(b, "--- ```lua\n--- %s\n--- ```\n", d.example)
	var names []string
	for _, p := range d.params {
		fmt.Fprintf(b, "---@param %s%s %s %s\n", p.name, mark(p.optional), p.kind, p.doc)
		names = append(names, p.name)
	}
	for _, r := range d.returns {
		fmt.Fprintf(b, "---@return %s%s %s %s\n", r.kind, mark(r.optional || d.fails), r.name, r.doc)
	}
	if d.fails {
		b.WriteString("---@return string? err Why not, when the first is nil.\n")
	}
	fmt.Fprintf(b, "function %s%s(%s) end\n", before, d.name, strings.Join(names, ", "))
}

// Reference is the same for people to read, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Lua\n\nA plugin is Lua 5.1 that returns a table of functions. Modules are found by `require \"callbox.http\"`; `callbox.config` is the plugin's configuration.\n")
	for _, m := range modules {
		if m.name == "call" {
			fmt.Fprintf(&b, "\n## call\n\n%s\n", m.doc)
		} else {
			fmt.Fprintf(&b, "\n## callbox.%s\n\n%s\n", m.name, m.doc)
		}
		for i := range declarations {
			if declarations[i].module == m.name {
				declarations[i].document(&b)
			}
		}
	}
	b.WriteString("\n## Tables\n")
	for i := range classes {
		fmt.Fprintf(&b, "\n### callbox.%s\n\n%s\n\n| field | type | |\n|---|---|---|\n", classes[i].name, classes[i].doc)
		for _, f := range classes[i].fields {
			fmt.Fprintf(&b, "| `%s`%s | `%s` | %s |\n", f.name, optionally(f), strings.ReplaceAll(f.kind, "|", "\\|"), f.doc)
		}
	}
	return b.String()
}

func optionally(p param) string {
	if p.optional {
		return " (optional)"
	}
	return ""
}

func (d *declaration) document(b *strings.Builder) {
	var names []string
	for _, p := range d.params {
		names = append(names, p.name+mark(p.optional))
	}
	fmt.Fprintf(b, "\n### %s(%s)\n\n%s\n\n```lua\n%s\n```\n\n", d.spoken(), strings.Join(names, ", "), d.doc, d.example)
	for _, p := range d.params {
		fmt.Fprintf(b, "* `%s` `%s`%s – %s\n", p.name, p.kind, optionally(p), p.doc)
	}
	for _, r := range d.returns {
		fmt.Fprintf(b, "* returns `%s` `%s` – %s\n", r.name, r.kind, r.doc)
	}
	if d.fails {
		b.WriteString("* or nil and the reason\n")
	}
	if d.phases != always {
		fmt.Fprintf(b, "* only %s\n", d.phases)
	}
	if d.needs != "" {
		fmt.Fprintf(b, "* needs `%s` in the plugin's `allow` block\n", d.needs.remedy())
	}
	if d.waits {
		b.WriteString("* the time it waits for the caller does not count\n")
	}
}
