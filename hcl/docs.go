package hcl

// Reference is the reference of the language, ready to be printed.
type Reference struct{}

// Docs makes the reference from the comments, tags, defaults and examples of
// this package.
func Docs() Reference { return Reference{} }

// Markdown prints it as one Markdown page.
func (r Reference) Markdown() string { return "" }

// Man prints it as a manual page, callbox-config(5).
func (r Reference) Man() string { return "" }
