package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Locals are values with a name, for use in several places: local.NAME. They
// may use variables, functions and each other; there may be any number of
// locals blocks.
type Locals struct {
	// Values by name: number = "+886227001234".
	Values map[string]any `hcl:",rest"`
}

var localsKind = &kind{name: "locals", new: func() any { return new(Locals) }, effect: newCalls, example: `
locals {
  main_number = "+886227001234"
  greeting    = "Welcome to ${var.company}."
}
`}

// readLocals evaluates the locals in the order in which they need each other.
// It walks no deeper than one local at a time: a chain of thousands must not
// be a stack of thousands.
func (l *loader) readLocals() {
	attributes, order := l.writtenLocals()
	needs, waiting := map[string]int{}, map[string][]string{}
	for _, name := range order {
		for _, on := range localsIn(attributes[name].Expr) {
			if attributes[on] != nil {
				needs[name]++
				waiting[on] = append(waiting[on], name)
			}
		}
	}
	ready := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return needs[name] > 0 })
	done := map[string]bool{}
	for len(ready) > 0 {
		name := ready[0]
		ready = ready[1:]
		done[name] = true
		if v, ok := l.evaluate(attributes[name].Expr); ok {
			l.locals[name] = v
		}
		for _, next := range waiting[name] {
			if needs[next]--; needs[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	l.circle(order, done, attributes)
}

// writtenLocals are the attributes of all locals blocks, and their names in the
// order written.
func (l *loader) writtenLocals() (attributes map[string]*hclsyntax.Attribute, order []string) {
	attributes = map[string]*hclsyntax.Attribute{}
	for _, b := range l.all {
		if b.kind.name != "locals" {
			continue
		}
		for _, in := range b.body.Blocks {
			l.fail(in.TypeRange, "locals holds no blocks", fmt.Sprintf("Write NAME = VALUE in it; %s { … } stands beside it.", in.Type))
		}
		for _, a := range sorted(b.body) {
			if first := attributes[a.Name]; first != nil {
				l.fail(a.NameRange, fmt.Sprintf("local %q is defined twice", a.Name), fmt.Sprintf("It is defined first at %s. Rename or remove one of them.", placeOf(first.NameRange)))
				continue
			}
			attributes[a.Name] = a
			order = append(order, a.Name)
			l.locals[a.Name] = cty.NilVal // known, not yet computed
		}
	}
	return attributes, order
}

// circle tells about the locals that need each other.
func (l *loader) circle(order []string, done map[string]bool, attributes map[string]*hclsyntax.Attribute) {
	var stuck []string
	for _, name := range order {
		if !done[name] {
			stuck = append(stuck, "local."+name)
		}
	}
	if len(stuck) == 0 {
		return
	}
	name := strings.TrimPrefix(stuck[0], "local.")
	l.fail(attributes[name].NameRange, fmt.Sprintf("local %q needs itself", name), fmt.Sprintf("These locals need each other in a circle, or need one that does: %s.", enumerate(stuck)))
}

// localsIn are the locals an expression needs, each once.
func localsIn(expr hclsyntax.Expression) []string {
	seen := map[string]bool{}
	for _, t := range expr.Variables() {
		if name, ok := stepName(t, 1); ok && t.RootName() == "local" {
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
