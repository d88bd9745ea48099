package hcl

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// checked is implemented by the structs that know more about themselves than
// their tags say. Check runs after the block was decoded, whatever was wrong
// in it: it relies on what b.has says.
type checked interface {
	check(l *loader, b *block)
}

// special decodes an attribute that no Go type tells how to: named by the
// format of its field. It reports whether the value is right.
type special func(l *loader, b *block, a *hclsyntax.Attribute, owner reflect.Value) bool

// structOf is the struct type of a kind.
func structOf(k *kind) reflect.Type { return reflect.TypeOf(k.new()).Elem() }

// decodeAll fills the structs of all blocks: the appliance first, since the
// others may name its values.
func (l *loader) decodeAll() {
	l.decodeSingletons()
	for _, b := range l.all {
		if b.value == nil && b.kind.name != "locals" {
			l.flow = flowOf(b.body)
			b.value = l.decodeNew(b)
		}
	}
}

// decodeNew makes the value of a block.
func (l *loader) decodeNew(b *block) any {
	v := b.kind.new()
	l.decode(b, reflect.ValueOf(v).Elem())
	return v
}

// decode fills the struct of a block from its body.
func (l *loader) decode(b *block, v reflect.Value) {
	s := schemaOf(v.Type())
	b.wrote, b.inner = map[string]hashi.Range{}, map[string][]*block{}
	if b.value == nil {
		b.value = v.Addr().Interface()
	}
	if s.label != nil {
		v.Field(s.label.index).SetString(b.name)
	}
	for _, f := range s.fields {
		setDefault(v.Field(f.index), f)
	}
	for _, a := range sorted(b.body) {
		l.decodeAttribute(b, s, a, v)
	}
	for _, syntax := range b.body.Blocks {
		l.decodeInner(b, s, syntax, v)
	}
	for _, f := range s.fields {
		if f.required && b.body.Attributes[f.name] == nil && len(b.inner[f.name]) == 0 {
			what := f.name + " = …"
			if f.block {
				what = f.name + " { … }"
			}
			l.fail(b.def, fmt.Sprintf("%s needs %s", b.title(), f.name), strings.TrimSpace(fmt.Sprintf("Add %s to it. %s", what, f.allowed())))
		}
	}
	switch {
	case s.isFlow():
		v.Field(s.steps.index).Set(reflect.ValueOf(l.steps(b)))
	case s.steps != nil:
		v.Field(s.steps.index).Set(reflect.ValueOf(l.testSteps(b)))
	}
	if c, ok := b.value.(checked); ok {
		c.check(l, b)
	}
}

func (l *loader) decodeAttribute(b *block, s *schema, a *hclsyntax.Attribute, v reflect.Value) {
	f := s.find(a.Name)
	switch {
	case l.full():
	case f != nil && f.block:
		l.fail(a.NameRange, fmt.Sprintf("%s is a block", a.Name), fmt.Sprintf("Write %s { … }, without the equals sign.", a.Name))
	case f != nil:
		if l.decodeField(b, f, a, v) {
			b.wrote[a.Name] = a.Expr.Range()
		}
	case s.isFlow() && a.Name == "goto":
		// a step: read with the others
	case s.rest != nil:
		if value, ok := l.evaluate(a.Expr); ok {
			set(v.Field(s.rest.index), a.Name, goValue(value))
		}
	default:
		l.unknownAttribute(b, s, a)
	}
}

func (l *loader) unknownAttribute(b *block, s *schema, a *hclsyntax.Attribute) {
	detail := meant(a.Name, s.names(false), "Attributes of "+b.kind.name+" are")
	if hint, ok := b.value.(interface{ unknown(name string) string }); ok {
		if h := hint.unknown(a.Name); h != "" {
			detail = h
		}
	}
	if block := nearest(a.Name, s.names(true)); block == a.Name {
		detail = fmt.Sprintf("%s is a block: write %s { … }, without the equals sign.", block, block)
	}
	if detail == "" {
		detail = "It has no attributes."
	}
	l.fail(a.NameRange, fmt.Sprintf("%s has no attribute %q", b.kind.name, a.Name), detail)
}

// maxInner bounds how often a nested block is repeated; checks compare them with
// each other.
const maxInner = 1000

// decodeInner reads a nested block. Steps are left to l.steps, which reads them
// in the order written.
func (l *loader) decodeInner(b *block, s *schema, syntax *hclsyntax.Block, v reflect.Value) {
	f := s.find(syntax.Type)
	switch {
	case f != nil && !f.block:
		l.fail(syntax.TypeRange, fmt.Sprintf("%s is an attribute", syntax.Type), fmt.Sprintf("Write %s = …, with an equals sign. %s", syntax.Type, f.allowed()))
		return
	case f == nil && stepIn(s.stepKinds(), syntax.Type) != nil:
		return
	case f == nil:
		names := s.names(true)
		detail := meant(syntax.Type, names, "Blocks in "+b.kind.name+" are")
		if len(names) == 0 {
			detail = "There are no blocks in it."
		}
		if attribute := s.find(nearest(syntax.Type, s.names(false))); attribute != nil {
			detail = fmt.Sprintf("Did you mean the attribute %s = …? %s", attribute.name, detail)
		}
		l.fail(syntax.TypeRange, fmt.Sprintf("%s has no block %q", b.kind.name, syntax.Type), detail)
		return
	}
	t := f.element()
	in := &block{
		kind: &kind{name: f.name, new: func() any { return reflect.New(t).Interface() }},
		def:  syntax.DefRange(), label: syntax.DefRange(), body: syntax.Body, outer: b,
	}
	if l.full() || !l.readLabel(in, syntax) || l.repeated(b, f, in) {
		return
	}
	if len(b.inner[f.name]) == maxInner {
		l.fail(in.def, fmt.Sprintf("%s has too many %s blocks", b.title(), f.name), fmt.Sprintf("At most %d are read.", maxInner))
	}
	if len(b.inner[f.name]) >= maxInner {
		return
	}
	b.inner[f.name] = append(b.inner[f.name], in)
	value := reflect.New(t)
	l.decode(in, value.Elem())
	switch dst := v.Field(f.index); dst.Kind() {
	case reflect.Slice:
		dst.Set(reflect.Append(dst, value.Elem()))
		// The block keeps pointing at what it checked; the copy is the same.
	case reflect.Pointer:
		dst.Set(value)
	default:
		dst.Set(value.Elem())
	}
}

// repeated refuses a second block where there is one, or one of that name.
func (l *loader) repeated(b *block, f *field, in *block) bool {
	i := slices.IndexFunc(b.inner[f.name], func(first *block) bool { return first.name == in.name && (in.name != "" || !f.many) })
	if i < 0 {
		return false
	}
	l.fail(in.def, fmt.Sprintf("%s stands twice in %s", in.title(), b.title()), fmt.Sprintf("It stands first at %s. Put everything into one.", placeOf(b.inner[f.name][i].def)))
	return true
}

// decodeField reads one attribute into its field.
func (l *loader) decodeField(b *block, f *field, a *hclsyntax.Attribute, v reflect.Value) bool {
	if s, ok := specials[f.format]; ok {
		return s(l, b, a, v)
	}
	dst := v.Field(f.index)
	switch dst.Interface().(type) {
	case Live:
		return l.decodeLive(f, a.Expr, dst)
	case map[string]Live:
		return l.decodeLiveMap(f, a.Expr, dst)
	}
	if len(f.refs) > 0 {
		return l.decodeReferences(b, f, a.Expr, dst)
	}
	value, ok := l.evaluate(a.Expr)
	if !ok {
		return false
	}
	return l.assign(f, a.Name, value, a.Expr, dst)
}

// set puts a value into a map that may not be there yet.
func set(m reflect.Value, key string, value any) {
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		v = reflect.Zero(m.Type().Elem())
	}
	m.SetMapIndex(reflect.ValueOf(key), v)
}
