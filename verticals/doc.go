// Package verticals embeds the industry packs: one folder each with vertical.hcl, flows, prompts and call-flow
// tests, and no Go. None ships before flows do.
package verticals
