// Package hcl is the configuration language of the box: it reads a directory
// of HCL files, checks every word of it and returns plain Go values. It owns
// what may be written and what it means: the blocks, their attributes with
// ranges and defaults, the references between them, the expressions that are
// evaluated at load and those that stay live, and the reference pages made
// from all this.
//
// Live expressions and the texts of prompts are compiled here and evaluated by
// whoever runs a call: Live.Value and Prompt.Render take a Scope of plain data,
// are bounded in work, and take what is not there for null. LoadTests reads the
// call-flow tests of a configuration.
//
// It never touches the clock, the network, a random source or a goroutine,
// and it reads nothing but the file system it is handed: the same files give
// the same Config, or the same diagnostics. Files are taken for untrusted:
// size, nesting and the work an expression may cause are limited before they
// can hurt.
//
// Load ends either with a Config that nobody changes any more, or with
// diagnostics that name every mistake at once, each with its place, what is
// allowed there and what was probably meant. Secrets never appear in either.
package hcl
