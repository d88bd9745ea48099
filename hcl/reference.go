package hcl

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Destination is wherever a call can go: a block that takes calls, an outside
// number, or the end.
type Destination struct {
	// Kind is ivr, queue, extension, agent, ring_group, conference, voicemail,
	// survey, trunk (the same number, out by that trunk), number or hangup.
	Kind string
	// Name is the block's name; of a number the number; of hangup nothing.
	Name string
}

// String writes it as in a configuration: queue.claims, extension.1001,
// number("+8862…"), hangup.
func (d Destination) String() string {
	switch {
	case d.Name == "":
		return d.Kind
	case d.Kind == "number":
		return fmt.Sprintf("number(%q)", d.Name)
	case hclsyntax.ValidIdentifier(d.Name) || strings.Trim(d.Name, "0123456789") == "":
		return d.Kind + "." + d.Name
	}
	return fmt.Sprintf("%s[%q]", d.Kind, d.Name)
}

// MarshalText writes it as in a configuration.
func (d Destination) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// destinations are the kinds a call can go to.
var destinations = []string{"ivr", "queue", "extension", "agent", "ring_group", "conference", "voicemail", "survey", "trunk", "number", "hangup"}

// referenceType is what a reference is while expressions are evaluated.
var referenceType = cty.Capsule("reference", reflect.TypeFor[Destination]())

func referenceValue(kind, name string) cty.Value {
	return cty.CapsuleVal(referenceType, &Destination{kind, name})
}

// restoreNames turns the numbers that the parser makes of extension.0101 back
// into the text that was written.
func (l *loader) restoreNames(body *hclsyntax.Body, src []byte) {
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hashi.Diagnostics {
		e, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if !ok {
			return nil
		}
		for i, step := range e.Traversal {
			index, ok := step.(hashi.TraverseIndex)
			if !ok {
				continue
			}
			name := ""
			if index.Key.Type() == cty.Number && kindOf(e.Traversal.RootName()) != nil {
				name = strings.Trim(string(index.SrcRange.SliceBytes(src)), ".[] \t\r\n")
			} else if index.Key.Type() == cty.String {
				name = index.Key.AsString()
			} else {
				continue
			}
			e.Traversal[i] = hashi.TraverseAttr{Name: name, SrcRange: index.SrcRange}
		}
		return nil
	})
}

// stepName is the name at a step of a traversal.
func stepName(t hashi.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	switch step := t[i].(type) {
	case hashi.TraverseAttr:
		return step.Name, true
	case hashi.TraverseIndex:
		if step.Key.Type() == cty.String {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

// reference is a reference with its place.
type reference struct {
	Destination
	at hashi.Range
}

// references reads one reference, or a list of them.
func (l *loader) references(b *block, f *field, name string, expr hclsyntax.Expression) (refs []reference, ok bool) {
	if l.full() {
		return nil, false
	}
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return l.references(b, f, name, e.Expression)
	case *hclsyntax.TupleConsExpr:
		ok = true
		for _, one := range e.Exprs {
			more, good := l.references(b, f, name, one)
			refs, ok = append(refs, more...), ok && good
		}
		return refs, ok
	case *hclsyntax.TemplateExpr:
		l.quoted(f, name, expr)
		return nil, false
	case *hclsyntax.ScopeTraversalExpr:
		if root := e.Traversal.RootName(); root != "var" && root != "variable" && root != "local" {
			return l.direct(f, name, e)
		}
	}
	v, good := l.evaluate(expr)
	if !good || v.IsNull() {
		return nil, false
	}
	return l.referencesIn(f, name, v, expr)
}

// referencesIn takes the references out of a computed value.
func (l *loader) referencesIn(f *field, name string, v cty.Value, expr hclsyntax.Expression) (refs []reference, ok bool) {
	v, _ = v.Unmark()
	switch {
	case v.IsNull():
		return nil, false
	case v.Type().Equals(referenceType):
		d := *v.EncapsulatedValue().(*Destination)
		if !l.allowedKind(f, name, d, expr.Range()) {
			return nil, false
		}
		return []reference{{d, expr.Range()}}, true
	case isList(v.Type()):
		ok = true
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			more, good := l.referencesIn(f, name, e, expr)
			refs, ok = append(refs, more...), ok && good
		}
		return refs, ok
	case v.Type() == cty.String:
		l.quoted(f, name, expr)
	default:
		l.fail(expr.Range(), fmt.Sprintf("%s is %s here", name, friendly(v.Type())), f.allowed())
	}
	return nil, false
}

// direct reads a reference that stands as it is: queue.claims.
func (l *loader) direct(f *field, name string, e *hclsyntax.ScopeTraversalExpr) ([]reference, bool) {
	t, at := e.Traversal, e.Range()
	root := t.RootName()
	if root == "phones" || root == "hangup" {
		d := Destination{Kind: root}
		return []reference{{d, at}}, l.allowedKind(f, name, d, at)
	}
	k := kindOf(root)
	if k == nil || schemaOf(structOf(k)).label == nil {
		l.unknownRoot(f, name, root, at)
		return nil, false
	}
	target, ok := stepName(t, 1)
	switch {
	case !ok:
		l.fail(at, fmt.Sprintf("%s names a kind, not one of them", root), fmt.Sprintf("Write %s.NAME. %s", root, l.existing(root)))
		return nil, false
	case len(t) > 2:
		l.fail(at, fmt.Sprintf("%s does not take a part of %s.%s", name, root, target), fmt.Sprintf("Write %s.", Destination{root, target}))
		return nil, false
	}
	d := Destination{root, target}
	if !l.allowedKind(f, name, d, at) || !l.exists(d, at) {
		return nil, false
	}
	return []reference{{d, at}}, true
}

// exists tells whether a block is there, and says so if it is not.
func (l *loader) exists(d Destination, at hashi.Range) bool {
	if d.Kind == "number" || d.Kind == "hangup" || d.Kind == "phones" || l.named[d.Kind][d.Name] != nil {
		return true
	}
	if l.partial {
		return false // it may stand in a file that could not be read
	}
	detail := l.existing(d.Kind)
	if best := nearest(d.Name, sortedNames(l.named[d.Kind])); best != "" {
		detail = fmt.Sprintf("Did you mean %s? ", Destination{d.Kind, best}) + detail
	} else if others := l.kindsWith(d.Name); len(others) > 0 {
		detail = fmt.Sprintf("Did you mean %s? ", strings.Join(others, " or ")) + detail
	}
	l.fail(at, fmt.Sprintf("there is no %s", d), detail)
	return false
}

// existing lists what there is of a kind.
func (l *loader) existing(kind string) string {
	names := sortedNames(l.named[kind])
	if len(l.named[kind]) == 0 {
		return fmt.Sprintf("There is no %s at all; define one: %s \"NAME\" { … }.", kind, kind)
	}
	if len(names) == 0 {
		return fmt.Sprintf("There are %d others.", len(l.named[kind]))
	}
	return fmt.Sprintf("There is %s.", enumerate(names))
}

func (l *loader) namesOf(kind string) []string { return slices.Sorted(maps.Keys(l.named[kind])) }

// kindsWith are the references that a bare name may have meant.
func (l *loader) kindsWith(name string) []string {
	var refs []string
	for _, k := range kinds {
		if l.named[k.name][name] != nil && name != "" {
			refs = append(refs, Destination{k.name, name}.String())
		}
	}
	return refs
}

// allowedKind checks a reference against what its attribute takes.
func (l *loader) allowedKind(f *field, name string, d Destination, at hashi.Range) bool {
	if slices.Contains(f.kinds(), d.Kind) {
		return true
	}
	l.fail(at, fmt.Sprintf("%s cannot be %s", name, d), f.allowed())
	return false
}

// kinds are the kinds of block an attribute may refer to.
func (f *field) kinds() []string {
	if slices.Contains(f.refs, "destination") {
		return destinations
	}
	return f.refs
}

// unknownRoot says what was probably meant by a word that is no kind.
func (l *loader) unknownRoot(f *field, name, root string, at hashi.Range) {
	detail := f.allowed()
	if best := nearest(root, f.kinds()); best != "" {
		detail = fmt.Sprintf("Did you mean %q? ", best) + detail
	} else if refs := l.kindsWith(root); len(refs) > 0 {
		detail = fmt.Sprintf("Did you mean %s? ", strings.Join(refs, " or ")) + detail
	}
	if slices.Contains(liveRoots, root) {
		detail = fmt.Sprintf("What %s is, is known only while a call runs; %s is fixed at load. ", root, name) + detail
	}
	l.fail(at, fmt.Sprintf("%q is nothing that %s could refer to", root, name), detail)
}

// quoted tells how to write a reference that stands in quotes.
func (l *loader) quoted(f *field, name string, expr hclsyntax.Expression) {
	text := ""
	if v, diags := expr.Value(nil); !diags.HasErrors() && v.IsKnown() && v.Type() == cty.String {
		text = v.AsString()
	}
	detail := "Names are referred to, never quoted. " + f.allowed()
	kind, rest, dotted := strings.Cut(text, ".")
	switch {
	case dotted && kindOf(kind) != nil:
		detail = fmt.Sprintf("Names are referred to, never quoted: write %s.", Destination{kind, rest})
	case slices.Contains(f.kinds(), text) && (text == "phones" || text == "hangup"):
		detail = fmt.Sprintf("Write %s without quotes.", text)
	case slices.Contains(f.kinds(), "number") && text != "" && strings.Trim(text, "+0123456789") == "":
		detail = fmt.Sprintf("An outside number is number(%q). %s", text, f.allowed())
		if l.named["extension"][text] != nil {
			detail = fmt.Sprintf("Names are referred to, never quoted: write %s; an outside number is number(%q).", Destination{"extension", text}, text)
		}
	default:
		var refs []string
		for _, kind := range f.kinds() {
			if l.named[kind][text] != nil {
				refs = append(refs, Destination{kind, text}.String())
			}
		}
		if len(refs) > 0 {
			detail = fmt.Sprintf("Names are referred to, never quoted: write %s.", strings.Join(refs, " or "))
		}
	}
	l.fail(expr.Range(), name+" is a text here, not a reference", detail)
}

// decodeReferences reads references into a field: Destination, []Destination,
// string or []string (the names, where one kind is allowed).
func (l *loader) decodeReferences(b *block, f *field, expr hclsyntax.Expression, dst reflect.Value) bool {
	refs, ok := l.references(b, f, f.name, expr)
	if !ok {
		return false
	}
	_, listed := expr.(*hclsyntax.TupleConsExpr)
	if many := dst.Kind() == reflect.Slice; !many && (listed || len(refs) != 1) {
		l.fail(expr.Range(), f.name+" takes one", "Write it without brackets. "+f.allowed())
		return false
	} else if many && len(refs) == 0 && f.required {
		l.fail(expr.Range(), f.name+" is empty", f.allowed())
		return false
	}
	seen := map[Destination]bool{}
	for _, r := range refs {
		if seen[r.Destination] {
			l.warn(r.at, fmt.Sprintf("%s has %s twice", f.name, r), "Once is enough; remove one.")
			continue
		}
		seen[r.Destination] = true
		if r.Kind == "prompt" {
			l.uses = append(l.uses, promptUse{prompt: r.Name, at: r.at, by: b})
		}
		switch one := reflect.ValueOf(r.Destination); {
		case dst.Kind() == reflect.String:
			dst.SetString(r.Name)
		case dst.Kind() == reflect.Struct:
			dst.Set(one)
		case dst.Type().Elem().Kind() == reflect.String:
			dst.Set(reflect.Append(dst, reflect.ValueOf(r.Name)))
		default:
			dst.Set(reflect.Append(dst, one))
		}
	}
	return true
}
