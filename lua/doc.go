// Package lua is the plugin host: a child process under the kernel's limits in which a vertical's Lua runs. It
// arrives with the IVR release; the language checks plugin blocks already.
package lua
