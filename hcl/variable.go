package hcl

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Variable is a value that comes from outside the files: from the command, from
// the block that brings a vertical in, or else its default. In expressions it
// is var.NAME.
type Variable struct {
	// Name in expressions: var.NAME.
	Name string `hcl:",label"`
	// Type: string, number, bool, list(string), map(number), any, … When not
	// written: that of the default, or text.
	Type string `hcl:"type" is:"type"`
	// Default when no value is given. Without one a value must be given.
	Default any `hcl:"default" is:"any-value"`
	// Description for those who give the value.
	Description string `hcl:"description" is:"..1000"`
	// Validation of the value; any number of blocks.
	Validation []Validation `hcl:"validation" is:"block"`

	typed
}

// typed is what has a type and a default.
type typed struct {
	typ   cty.Type
	value cty.Value // the default
}

// hasType is implemented by the structs that have a type and a default.
type hasType interface{ types() *typed }

func (t *typed) types() *typed { return t }

// Validation is a condition that the value of a variable must meet.
type Validation struct {
	// Condition over var.NAME: length(var.name) > 0.
	Condition Live `hcl:"condition" is:"required kept"`
	// ErrorMessage says what is allowed, in a whole sentence.
	ErrorMessage string `hcl:"error_message" is:"required 1..500"`

	condition hclsyntax.Expression
}

var variableKind = &kind{name: "variable", new: func() any { return new(Variable) }, effect: newCalls, example: `
variable "company" {
  type        = string
  default     = "Sunrise Insurance"
  description = "Name of the firm, as callers hear it."

  validation {
    condition     = strlen(var.company) > 1
    error_message = "The name has at least two letters."
  }
}
`}

// readVariables gives each variable its value.
func (l *loader) readVariables() {
	for name := range l.opts.Variables {
		if l.named["variable"][name] == nil && !l.partial {
			l.fail(hashi.Range{}, fmt.Sprintf("a value is given for %q, which is no variable", name), meant(name, l.namesOf("variable"), "Variables are"))
		}
	}
	// Until all are read, none may be used: a default cannot need another.
	for _, name := range l.namesOf("variable") {
		b := l.named["variable"][name]
		l.flow = flowOf(b.body)
		b.value = l.decodeNew(b)
	}
	for _, name := range l.namesOf("variable") {
		l.variables[name] = l.valueOf(l.named["variable"][name])
	}
	for _, name := range l.namesOf("variable") {
		l.validate(l.named["variable"][name])
	}
}

// valueOf is the value of a variable, or none if it has told what is wrong.
func (l *loader) valueOf(b *block) cty.Value {
	v := b.value.(*Variable)
	if value, ok := l.inputFor(b, v); ok {
		return value
	}
	given, ok := l.opts.Variables[b.name]
	switch {
	case ok && v.typ == cty.String:
		return cty.StringVal(given)
	case ok:
		return l.givenValue(b, v, given)
	case v.value != cty.NilVal:
		return v.value
	case !b.wrotePart("default") && (b.has("type") || !b.wrotePart("type")):
		detail := "Give it one when the box is started, or add default = … to it."
		if template := l.templateOf(b); template != "" {
			detail = strings.TrimSpace(fmt.Sprintf("Write %s = … into vertical %q { … }. %s", b.name, template, v.Description))
		}
		l.fail(b.def, fmt.Sprintf("var.%s has no value", b.name), detail)
	}
	return cty.NilVal
}

// givenValue reads a value that came as text for a variable that is none.
func (l *loader) givenValue(b *block, v *Variable, given string) cty.Value {
	const name = "(value given)"
	wrong := func() cty.Value {
		l.fail(b.def, fmt.Sprintf("the value given for var.%s does not fit", b.name), fmt.Sprintf("It is of type %s. Texts inside lists and maps stand in quotes.", typeexpr.TypeString(v.typ)))
		return cty.NilVal
	}
	quiet := &loader{meter: meter{most: maxWork}, sources: map[string][]byte{}, named: l.named, context: l.context}
	if len(given) > maxSource || !quiet.text(name, []byte(given)) || !quiet.scan(name, []byte(given)) {
		return wrong()
	}
	expr, diags := hclsyntax.ParseExpression([]byte(given), name, hashi.InitialPos)
	if diags.HasErrors() {
		return wrong()
	}
	value, ok := quiet.evaluate(expr)
	if !ok {
		return wrong()
	}
	value, err := convert.Convert(value, v.typ)
	if err != nil {
		return wrong()
	}
	return value
}

// validate checks the value of a variable against its validation blocks.
func (l *loader) validate(b *block) {
	value := l.variables[b.name]
	if value == cty.NilVal {
		return
	}
	for _, in := range b.inner["validation"] {
		v := in.value.(*Validation)
		if v.condition == nil || v.ErrorMessage == "" {
			continue
		}
		ok, known := l.evaluate(v.condition)
		switch {
		case !known:
		case ok.IsNull() || ok.Type() != cty.Bool:
			l.fail(in.at("condition"), "condition is no condition", "It comes to true or false: compare with ==, !=, <, >.")
		default:
			if ok, _ = ok.Unmark(); ok.False() {
				l.fail(b.def, fmt.Sprintf("var.%s is not right", b.name), v.ErrorMessage)
			}
		}
	}
}

func (v *Variable) check(l *loader, b *block) { v.settle(l, b) }

// settle brings type and default together.
func (v *typed) settle(l *loader, b *block) {
	if v.typ == cty.NilType {
		v.typ = cty.String
		if v.value != cty.NilVal {
			v.typ = v.value.Type()
		}
		return
	}
	if v.value == cty.NilVal {
		return
	}
	value, err := convert.Convert(v.value, v.typ)
	if err != nil {
		l.fail(b.at("default"), fmt.Sprintf("the default of %s does not fit its type", b.title()), fmt.Sprintf("The type is %s: %s.", typeexpr.TypeString(v.typ), err))
		v.value = cty.NilVal
		return
	}
	v.value = value
}

// decodeType reads a type: string, list(number), …
func decodeType(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	t, diags := typeexpr.TypeConstraint(a.Expr)
	if diags.HasErrors() {
		names := []string{"string", "number", "bool", "any", "list", "set", "map", "object", "tuple"}
		word := ""
		if e, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok {
			word = e.Traversal.RootName()
		}
		if slices.Contains(names, word) {
			word = ""
		}
		l.fail(a.Expr.Range(), "this is no type", meant(word, names, "Types are")+" Lists and maps say of what: list(string), map(number).")
		return false
	}
	owner.Addr().Interface().(hasType).types().typ = t
	owner.FieldByName("Type").SetString(typeexpr.TypeString(t))
	return true
}

// decodeAnyValue reads the default of a variable.
func decodeAnyValue(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	value, ok := l.evaluate(a.Expr)
	if !ok {
		return false
	}
	owner.Addr().Interface().(hasType).types().value = value
	if v := goValue(value); v != nil {
		owner.FieldByName("Default").Set(reflect.ValueOf(v))
	}
	return true
}

// decodeKept keeps an expression for later in this Load.
func decodeKept(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	v := owner.Addr().Interface().(*Validation)
	v.Condition = Live{Source: l.sourceOf(a.Expr.Range()), At: placeAt(a.Expr.Range())}
	v.condition = a.Expr
	return true
}
