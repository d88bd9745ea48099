package hcl

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The reference is made from the source of this package: what stands in a
// comment, a tag or an example is what users read.
//
//go:embed *.go
var source embed.FS

// Reference is the reference of the language, ready to be printed.
type Reference struct {
	Blocks []Page
	Steps  []Page
	// Test is the block of call-flow tests; TestSteps are its steps.
	Test      Page
	TestSteps []Page
	// Manifests are the files that say what a plugin and a template are.
	Manifests []Page
	Functions []Function
	// Spoken are the functions that stand in the text of a prompt.
	Spoken []Function
}

// Page is about one kind of block, or of step.
type Page struct {
	// Kind is its word: trunk. Head is how it begins: trunk "NAME".
	Kind, Head string
	// Doc says what it is.
	Doc string
	// Effect says what a change does to calls in progress.
	Effect string
	// Later marks what is checked, but not run by this release.
	Later bool
	// Attributes in the order written, then the nested blocks.
	Attributes []Attribute
	Nested     []Page
	// Steps tells that flow steps may stand in it.
	Steps bool
	// Example is configuration that loads.
	Example string
}

// Attribute is one attribute of a block.
type Attribute struct {
	Name, Takes, Default, Doc string
	Required                  bool
	// Effect of a change, where it differs from the block's.
	Effect string
}

// Function is one function of expressions.
type Function struct{ Name, Signature, Doc string }

// Docs makes the reference from the comments, tags, defaults and examples of
// this package.
func Docs() Reference {
	var r Reference
	for _, k := range kinds {
		r.Blocks = append(r.Blocks, page(k.name, reflect.TypeOf(k.new()).Elem(), k))
	}
	for _, k := range stepKinds {
		r.Steps = append(r.Steps, page(k.name, reflect.TypeOf(k.new()).Elem(), k))
	}
	r.Test = page(testKind.name, structOf(testKind), testKind)
	for _, k := range testStepKinds {
		r.TestSteps = append(r.TestSteps, page(k.name, structOf(k), k))
	}
	for _, k := range []*kind{manifestKind, verticalManifestKind} {
		r.Manifests = append(r.Manifests, page(k.name, structOf(k), k))
	}
	all := (&loader{files: &reader{}}).functions()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		var params []string
		for _, p := range f.Params() {
			params = append(params, p.Name)
		}
		if p := f.VarParam(); p != nil {
			params = append(params, p.Name+"…")
		}
		r.Functions = append(r.Functions, Function{name, name + "(" + strings.Join(params, ", ") + ")", oneLine(f.Description())})
	}
	for _, name := range spokenFunctions {
		r.Spoken = append(r.Spoken, Function{name, name + "(value, how…)", spokenHow[name].doc})
	}
	return r
}

func page(name string, t reflect.Type, k *kind) Page {
	s := schemaOf(t)
	c := comments()[t.Name()]
	p := Page{Kind: name, Head: name, Doc: s.renamed(t, c.text(t.Name(), name)), Steps: s.isFlow()}
	if k != nil {
		p.Effect, p.Later, p.Example = k.effect, !runs[k.name] && kindOf(k.name) == k, strings.TrimSpace(k.example)
	}
	if s.label != nil {
		label := strings.ToUpper(s.label.nameOf(t))
		p.Head += ` "` + label + `"`
		if s.label.optional {
			p.Head = name + ` ["` + label + `"]`
		}
		p.Attributes = append(p.Attributes, attribute(label, s.label, t, c))
	}
	for _, f := range s.fields {
		if !f.block {
			p.Attributes = append(p.Attributes, attribute(f.name, f, t, c))
			continue
		}
		in := page(f.name, f.element(), nil)
		in.Effect = f.effect
		in.Doc = c.fieldText(t, f)
		if own := comments()[f.element().Name()].text(f.element().Name(), f.name); own != "" && f.element() != reflect.TypeFor[Branch]() {
			in.Doc += " " + schemaOf(f.element()).renamed(f.element(), own)
		}
		p.Nested = append(p.Nested, in)
	}
	if s.rest != nil {
		p.Attributes = append(p.Attributes, attribute("…", s.rest, t, c))
	}
	return p
}

func (f *field) nameOf(t reflect.Type) string { return t.Field(f.index).Name }

func attribute(name string, f *field, t reflect.Type, c comment) Attribute {
	a := Attribute{Name: name, Takes: f.wants(), Required: f.required, Doc: c.fieldText(t, f), Effect: f.effect}
	if f.part == "label" {
		a.Takes = "a name"
		if format, ok := formats[f.format]; ok {
			a.Takes = format.says
		}
	}
	if f.def != "" {
		a.Default = f.literal()
	}
	return a
}

// literal is the default as it would be written.
func (f *field) literal() string {
	v := reflect.New(f.typ).Elem()
	setDefault(v, f)
	quote := func(s string) string {
		if t := f.element(); t.Kind() == reflect.Bool || t.Kind() == reflect.Float64 || t.Kind() == reflect.Int && f.format != "clock" {
			return s
		}
		return `"` + s + `"`
	}
	if f.typ.Kind() == reflect.Slice {
		var items []string
		for s := range strings.SplitSeq(f.def, ",") {
			items = append(items, quote(s))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	if f.format == "clock" {
		return quote(f.clock(v.Int()))
	}
	return quote(f.def)
}

// comment is what the source says of a struct and its fields.
type comment struct {
	doc    string
	fields map[string]string
}

// comments reads the source once.
var comments = sync.OnceValue(func() map[string]comment {
	all := map[string]comment{}
	names, err := fs.Glob(source, "*.go")
	if err != nil {
		panic("hcl: own source: " + err.Error()) // the pattern is fixed
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := source.ReadFile(name)
		if err != nil {
			panic("hcl: own source: " + err.Error()) // embedded by the compiler
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			panic("hcl: own source: " + err.Error()) // it was compiled
		}
		for _, d := range file.Decls {
			addComments(all, d)
		}
	}
	return all
})

func addComments(all map[string]comment, d ast.Decl) {
	types, ok := d.(*ast.GenDecl)
	if !ok || types.Tok != token.TYPE {
		return
	}
	for _, spec := range types.Specs {
		t := spec.(*ast.TypeSpec)
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		c := comment{doc: types.Doc.Text(), fields: map[string]string{}}
		for _, f := range s.Fields.List {
			for _, n := range f.Names {
				c.fields[n.Name] = f.Doc.Text()
			}
		}
		all[t.Name.Name] = c
	}
}

// text is the comment of a struct, without its Go name.
func (c comment) text(goName, name string) string {
	return rename(oneLine(c.doc), goName, "`"+name+"`")
}

// fieldText is the comment of a field: Go names of attributes become the names
// that are written, and what is said to readers of Go is left out.
func (c comment) fieldText(t reflect.Type, f *field) string {
	doc := goOnly.ReplaceAllString(oneLine(c.fields[f.nameOf(t)]), "")
	if f.part == "" {
		doc = rename(doc, f.nameOf(t), "`"+f.name+"`")
	}
	return schemaOf(t).renamed(t, doc)
}

// renamed replaces the Go names that no plain word looks like.
func (s *schema) renamed(t reflect.Type, doc string) string {
	for _, f := range s.fields {
		if goName := f.nameOf(t); twoHumps.MatchString(goName) {
			doc = regexp.MustCompile(`\b`+goName+`\b`).ReplaceAllString(doc, "`"+f.name+"`")
		}
	}
	return doc
}

var (
	goOnly   = regexp.MustCompile(` ?\bThe field [^.]*\.`)
	twoHumps = regexp.MustCompile(`[a-z][A-Z]`)
)

// rename replaces a Go name that opens a comment.
func rename(doc, goName, name string) string {
	if rest, ok := strings.CutPrefix(doc, goName+" "); ok {
		return name + " " + rest
	}
	if rest, ok := strings.CutPrefix(doc, goName); ok && rest != "" && strings.ContainsAny(rest[:1], ",:;") {
		return name + rest
	}
	return doc
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
