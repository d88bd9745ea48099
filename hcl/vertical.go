package hcl

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Vertical brings a template for an industry in, as if its files stood in the
// directory, with its variables set to the inputs. A prompt or a plugin of the
// directory takes the place of the template's file of the same path.
type Vertical struct {
	// Name of the template: vertical "insurance".
	Name string `hcl:",label"`
	// Inputs are its variables; which ones there are says the template.
	Inputs map[string]any `hcl:",rest"`
	// Manifest of the template.
	Manifest *VerticalManifest
}

// VerticalManifest says what a template is: the attributes at the top of its
// vertical.hcl. Its variables, which the block sets, may stand behind them or in
// its other files.
type VerticalManifest struct {
	// Title of the template, as people read it: "Insurance broker".
	Title string `hcl:"title" is:"required 1..100"`
	// Version of the template.
	Version string `hcl:"version" is:"required 1..32"`
	// Description of what it brings, in a sentence or two.
	Description string `hcl:"description" is:"required 1..1000"`
}

var verticalKind = &kind{name: "vertical", new: func() any { return new(Vertical) }, effect: newCalls, example: `
vertical "insurance" {
  firm = "Sunrise Insurance"
}
`}

var verticalManifestKind = &kind{name: "vertical.hcl", new: func() any { return new(VerticalManifest) }, example: `
title       = "Insurance broker"
version     = "1.0.0"
description = "Claims and service queues, a policy menu, and an outbound renewal list."

variable "firm" {
  type        = string
  description = "Name of the firm, as callers hear it."
}
`}

// input is a value that a vertical block gives to a variable of its template.
type input struct {
	expr hclsyntax.Expression
	from string // the template
}

// verticals reads the templates that the files bring in.
func (l *loader) verticals() {
	own, layers := slices.Clone(l.bodies), overlay{l.files.fsys}
	seen := map[string]bool{}
	for _, body := range own {
		for _, syntax := range body.Blocks {
			if syntax.Type != "vertical" || len(syntax.Labels) != 1 || seen[syntax.Labels[0]] {
				continue // collect tells what is wrong with it
			}
			seen[syntax.Labels[0]] = true
			if layer := l.template(syntax); layer != nil {
				layers = append(layers, layer)
			}
		}
	}
	if len(layers) > 1 {
		l.files.fsys = layers
	}
}

// template reads the files of one template.
func (l *loader) template(syntax *hclsyntax.Block) fs.FS {
	name, at := syntax.Labels[0], syntax.LabelRanges[0]
	var names []string
	if l.opts.Verticals != nil {
		entries, err := fs.ReadDir(l.opts.Verticals, ".")
		if err != nil {
			l.fail(at, "the verticals of this box cannot be read", sentence(plain(err).Error()))
			return nil
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	if !slices.Contains(names, name) {
		detail := meant(name, names, "This box has")
		if len(names) == 0 {
			detail = "This box comes without any."
		}
		l.fail(at, fmt.Sprintf("there is no vertical %q", name), detail)
		l.partial = true
		return nil
	}
	sub, err := fs.Sub(l.opts.Verticals, name)
	if err != nil {
		l.fail(at, fmt.Sprintf("the vertical %q cannot be read", name), sentence(err.Error()))
		return nil
	}
	l.templateFiles(syntax, &reader{fsys: sub, files: map[string][]byte{}})
	return sub
}

func (l *loader) templateFiles(syntax *hclsyntax.Block, r *reader) {
	name, at := syntax.Labels[0], syntax.LabelRanges[0]
	files, err := r.sources()
	if err == nil && !slices.Contains(files, "vertical.hcl") {
		err = fmt.Errorf("it has no vertical.hcl, which says what it is")
	}
	if err != nil {
		l.fail(at, fmt.Sprintf("the vertical %q cannot be read", name), sentence(err.Error()))
		l.partial = true
		return
	}
	for _, file := range files {
		src, err := r.read(file, maxSource)
		if err != nil {
			l.fail(at, fmt.Sprintf("%s of the vertical %q cannot be read", file, name), sentence(err.Error()))
			l.partial = true
			continue
		}
		shown := "verticals/" + name + "/" + file
		body := l.parseSource(shown, src)
		if body == nil {
			l.partial = true
			continue
		}
		if file == "vertical.hcl" {
			l.verticalManifest(name, shown, body)
		}
		for _, in := range body.Blocks {
			if in.Type == "vertical" {
				l.fail(in.TypeRange, "a vertical brings in no other", "Write both blocks into the configuration.")
			}
		}
	}
	l.templates = append(l.templates, name)
	for _, a := range sorted(syntax.Body) {
		l.inputs[a.Name] = append(l.inputs[a.Name], input{a.Expr, name})
	}
}

// verticalManifest takes the manifest's attributes out of the body: what is left
// are blocks as in any other file.
func (l *loader) verticalManifest(name, shown string, body *hclsyntax.Body) {
	top := hashi.Range{Filename: shown, Start: hashi.InitialPos, End: hashi.InitialPos}
	b := &block{kind: verticalManifestKind, def: top, label: top, body: &hclsyntax.Body{Attributes: body.Attributes}}
	l.manifests[name] = l.decodeNew(b).(*VerticalManifest)
	body.Attributes = hclsyntax.Attributes{}
}

func (v *Vertical) check(l *loader, b *block) {
	v.Manifest = l.manifests[v.Name]
	if !slices.Contains(l.templates, v.Name) {
		return
	}
	names := l.variablesOf(v.Name)
	for _, a := range sorted(b.body) {
		if !slices.Contains(names, a.Name) {
			l.fail(a.NameRange, fmt.Sprintf("%s has no input %q", b.title(), a.Name), strings.TrimSpace(meant(a.Name, names, "It has")))
		}
	}
}

// variablesOf are the variables that a template defines.
func (l *loader) variablesOf(template string) []string {
	return slices.DeleteFunc(l.namesOf("variable"), func(name string) bool { return l.templateOf(l.named["variable"][name]) != template })
}

// templateOf is the template whose file a block stands in; empty: none.
func (l *loader) templateOf(b *block) string {
	rest, ok := strings.CutPrefix(b.def.Filename, "verticals/")
	name, _, _ := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	return name
}

// inputFor is the value that a vertical block gives to a variable, if it does.
// What it gives cannot need variables or locals: they are not known yet.
func (l *loader) inputFor(b *block, v *Variable) (value cty.Value, given bool) {
	template := l.templateOf(b)
	i := slices.IndexFunc(l.inputs[b.name], func(in input) bool { return in.from == template })
	if template == "" || i < 0 {
		return cty.NilVal, false
	}
	expr := l.inputs[b.name][i].expr
	for _, t := range expr.Variables() {
		if root := t.RootName(); root == "var" || root == "local" {
			l.fail(t.SourceRange(), "an input of a vertical cannot need "+root+".…", "It is known before variables and locals are. Write the value itself; env(\"NAME\") and secret(\"name\") work too.")
			return cty.NilVal, true
		}
	}
	value, ok := l.evaluate(expr)
	if !ok {
		return cty.NilVal, true
	}
	fits, err := convert.Convert(value, v.typ)
	if err != nil {
		l.fail(expr.Range(), fmt.Sprintf("input %s is %s here", b.name, friendly(value.Type())), strings.TrimSpace(fmt.Sprintf("The vertical takes %s. %s", typeexpr.TypeString(v.typ), v.Description)))
		return cty.NilVal, true
	}
	return fits, true
}
