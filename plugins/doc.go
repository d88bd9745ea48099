// Package plugins embeds the Lua plugins that ship with callbox, one folder each: plugin.hcl, main.lua,
// README.md and call-flow tests. None ships before the plugin host does.
package plugins
