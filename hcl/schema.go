package hcl

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// The structs of this package are its schema. A field that can be written says
// so in its tags:
//
//	hcl:"name"       the attribute's or the nested block's name; a lone option
//	                 behind a comma is not a name but a part: label, steps
//	                 (flow steps in order) or rest (whatever else is written)
//	is:"…"           words that bound it: required, optional (a label), block,
//	                 a|b|c (one of), 1..30 (a range, either end may be left
//	                 out), ref:agent,team (kinds it may refer to), or the name
//	                 of a format
//	default:"…"      what it is when not written
//	effect:"…"       what a change does to calls in progress, where it differs
//	                 from its block's
type schema struct {
	fields []*field
	label  *field
	steps  *field
	rest   *field
}

// field is one line of a schema.
type field struct {
	name     string
	index    int
	typ      reflect.Type
	part     string // label, steps, rest, or empty
	block    bool
	many     bool // a block that may be repeated
	required bool
	optional bool
	oneOf    []string
	low      string
	high     string
	refs     []string
	format   string
	def      string
	effect   string
}

// kind is one kind of block, or of step.
type kind struct {
	name string
	// new makes an empty value: a pointer to its struct.
	new func() any
	// effect is what a change does to calls in progress.
	effect string
	// example is configuration that uses every attribute. The examples of all
	// kinds together are one valid configuration.
	example string
}

// What a change does to calls in progress.
const (
	newCalls = "new calls only"
	atOnce   = "live at once"
	drains   = "drains"
	restart  = "live at once; what is open stays until it ends"
)

var schemas sync.Map // reflect.Type of a struct → *schema: types do not change

// schemaOf reads the tags of a struct.
func schemaOf(t reflect.Type) *schema {
	if s, ok := schemas.Load(t); ok {
		return s.(*schema)
	}
	s := &schema{}
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("hcl")
		if !ok {
			continue
		}
		f := parseField(i, t.Field(i), tag)
		switch f.part {
		case "label":
			s.label = f
		case "steps":
			s.steps = f
		case "rest":
			s.rest = f
		default:
			s.fields = append(s.fields, f)
		}
	}
	schemas.Store(t, s)
	return s
}

func parseField(index int, sf reflect.StructField, tag string) *field {
	f := &field{index: index, typ: sf.Type, def: sf.Tag.Get("default"), effect: sf.Tag.Get("effect")}
	f.name, f.part, _ = strings.Cut(tag, ",")
	for _, word := range strings.Fields(sf.Tag.Get("is")) {
		low, high, ranged := strings.Cut(word, "..")
		kinds, refs := strings.CutPrefix(word, "ref:")
		switch {
		case word == "required":
			f.required = true
		case word == "optional":
			f.optional = true
		case word == "block":
			f.block = true
			f.many = sf.Type.Kind() == reflect.Slice
		case refs:
			f.refs = strings.Split(kinds, ",")
		case strings.Contains(word, "|"):
			f.oneOf = strings.Split(word, "|")
		case ranged:
			f.low, f.high = low, high
		default:
			f.format = word
		}
	}
	return f
}

// find returns the field of that name, or nil.
func (s *schema) find(name string) *field {
	for _, f := range s.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// names lists the attributes, or the nested blocks.
func (s *schema) names(blocks bool) []string {
	var names []string
	for _, f := range s.fields {
		if f.block == blocks {
			names = append(names, f.name)
		}
	}
	if s.steps != nil {
		switch {
		case blocks:
			names = append(names, namesOf(s.stepKinds())...)
		case s.isFlow():
			names = append(names, "goto")
		}
	}
	slices.Sort(names)
	return names
}

// isFlow tells whether its steps are those of a flow.
func (s *schema) isFlow() bool { return s.steps != nil && s.steps.typ == reflect.TypeFor[[]Step]() }

// stepKinds are the steps that may stand in it.
func (s *schema) stepKinds() []*kind {
	switch {
	case s.isFlow():
		return stepKinds
	case s.steps != nil:
		return testStepKinds
	}
	return nil
}

// element is the struct of a nested block.
func (f *field) element() reflect.Type {
	t := f.typ
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
