package hcl

import (
	"errors"
	"math/big"
	"time"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// liveOperations are the operators of live expressions, by those of the parser.
// They differ where something is null, and where texts are compared: two points
// in time by their order, and a text with a number by what the text reads like,
// since digits that a caller keyed are text.
func liveOperations(s *settings) map[*hclsyntax.Operation]*hclsyntax.Operation {
	return map[*hclsyntax.Operation]*hclsyntax.Operation{
		hclsyntax.OpLogicalAnd:         both(hclsyntax.OpLogicalAnd),
		hclsyntax.OpLogicalOr:          both(hclsyntax.OpLogicalOr),
		hclsyntax.OpLogicalNot:         not,
		hclsyntax.OpEqual:              equality(true),
		hclsyntax.OpNotEqual:           equality(false),
		hclsyntax.OpLessThan:           s.order(func(c int) bool { return c < 0 }),
		hclsyntax.OpLessThanOrEqual:    s.order(func(c int) bool { return c <= 0 }),
		hclsyntax.OpGreaterThan:        s.order(func(c int) bool { return c > 0 }),
		hclsyntax.OpGreaterThanOrEqual: s.order(func(c int) bool { return c >= 0 }),
		hclsyntax.OpAdd:                sum(stdlib.AddFunc),
		hclsyntax.OpSubtract:           sum(stdlib.SubtractFunc),
		hclsyntax.OpMultiply:           sum(stdlib.MultiplyFunc),
		hclsyntax.OpDivide:             sum(stdlib.DivideFunc),
		hclsyntax.OpModulo:             sum(stdlib.ModuloFunc),
		hclsyntax.OpNegate:             minus,
	}
}

// ordering are the operators of the parser that compare by size.
var ordering = []*hclsyntax.Operation{
	hclsyntax.OpLessThan, hclsyntax.OpLessThanOrEqual, hclsyntax.OpGreaterThan, hclsyntax.OpGreaterThanOrEqual,
}

var minus = &hclsyntax.Operation{Type: cty.Number, Impl: function.New(&function.Spec{
	Params: []function.Parameter{number1("a")},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].IsNull() {
			return args[0], nil
		}
		return args[0].Negate(), nil
	},
})}

func number1(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.Number, AllowNull: true}
}

func orFalse(v cty.Value) cty.Value {
	if v.IsNull() {
		return cty.False
	}
	return v
}

// both makes && and ||: null counts as false, and the side that decides alone
// forgives what is wrong on the other.
func both(op *hclsyntax.Operation) *hclsyntax.Operation {
	yes := function.Parameter{Type: cty.Bool, AllowNull: true}
	a, b := yes, yes
	a.Name, b.Name = "a", "b"
	return &hclsyntax.Operation{
		Type: cty.Bool,
		Impl: function.New(&function.Spec{
			Params: []function.Parameter{a, b},
			Type:   function.StaticReturnType(cty.Bool),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				return op.Impl.Call([]cty.Value{orFalse(args[0]), orFalse(args[1])})
			},
		}),
		ShortCircuit: func(lhs, rhs cty.Value, lhsDiags, rhsDiags hashi.Diagnostics) (cty.Value, hashi.Diagnostics) {
			return op.ShortCircuit(orFalse(lhs), orFalse(rhs), lhsDiags, rhsDiags)
		},
	}
}

var not = &hclsyntax.Operation{Type: cty.Bool, Impl: function.New(&function.Spec{
	Params: []function.Parameter{{Name: "a", Type: cty.Bool, AllowNull: true}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return orFalse(args[0]).Not(), nil
	},
})}

// two are the parameters of operators that take anything.
func two() []function.Parameter {
	p := function.Parameter{Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true}
	a, b := p, p
	a.Name, b.Name = "a", "b"
	return []function.Parameter{a, b}
}

// equality makes == and !=. Null equals null and nothing else.
func equality(want bool) *hclsyntax.Operation {
	return &hclsyntax.Operation{Type: cty.Bool, Impl: function.New(&function.Spec{
		Params: two(),
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(equal(args[0], args[1]) == want), nil
		},
	})}
}

func equal(a, b cty.Value) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	if a.Type() == cty.String && b.Type().IsPrimitiveType() {
		a = readAs(a, b.Type())
	} else if b.Type() == cty.String && a.Type().IsPrimitiveType() {
		b = readAs(b, a.Type())
	}
	same := a.Equals(b)
	return same.IsKnown() && same.True()
}

// readAs reads a text as a number or as true or false, if it is one.
func readAs(v cty.Value, t cty.Type) cty.Value {
	if c, err := convert.Convert(v, t); err == nil {
		return c
	}
	return v
}

// order makes <, <=, > and >=: of numbers, and of points in time. With null, or
// with a text that is neither, no order holds.
func (s *settings) order(holds func(int) bool) *hclsyntax.Operation {
	return &hclsyntax.Operation{Type: cty.Bool, Impl: function.New(&function.Spec{
		Params: two(),
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			c, ok := s.compare(args[0], args[1])
			return cty.BoolVal(ok && holds(c)), nil
		},
	})}
}

// neverComparable refuses at load what can never be compared: one side is
// neither a number nor a text, or stands there and reads like the wrong one.
func neverComparable(a, b cty.Value) error {
	for _, v := range []cty.Value{a, b} {
		if t := v.Type(); t != cty.Number && t != cty.String && t != cty.DynamicPseudoType && !v.IsNull() {
			return errors.New("this cannot be compared by size; <, <=, > and >= take numbers, and times such as \"2026-03-01\"")
		}
	}
	for _, pair := range [][2]cty.Value{{a, b}, {b, a}} {
		if pair[0].Type() != cty.Number {
			continue
		}
		if text := pair[1]; text.Type() == cty.String && text.IsKnown() && !text.IsNull() && readAs(text, cty.Number).Type() != cty.Number {
			return errNotANumber
		}
	}
	return nil
}

var errNotANumber = errors.New("a number is compared with a text that is none; compare numbers with numbers, and times with times")

// compareValues compares two numbers, or two points in time; false when they
// are neither.
func (s *settings) compare(a, b cty.Value) (int, bool) {
	if a.IsNull() || b.IsNull() {
		return 0, false
	}
	if x, y := numberIn(a), numberIn(b); x != nil && y != nil {
		return x.Cmp(y), true
	}
	x, ok1 := s.timeIn(a)
	y, ok2 := s.timeIn(b)
	return x.Compare(y), ok1 && ok2
}

func numberIn(v cty.Value) *big.Float {
	if v.Type() == cty.String {
		v = readAs(v, cty.Number)
	}
	if v.Type() != cty.Number {
		return nil
	}
	return v.AsBigFloat()
}

// timeIn reads a point in time; without a zone it is the appliance's.
func (s *settings) timeIn(v cty.Value) (time.Time, bool) {
	if v.Type() != cty.String {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "15:04"} {
		if t, err := time.ParseInLocation(layout, v.AsString(), s.zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// sum makes an operator of numbers; with null it is null.
func sum(f function.Function) *hclsyntax.Operation {
	return &hclsyntax.Operation{Type: cty.Number, Impl: function.New(&function.Spec{
		Params: []function.Parameter{number1("a"), number1("b")},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].IsNull() || args[1].IsNull() {
				return cty.NullVal(cty.Number), nil
			}
			return f.Call(args)
		},
	})}
}
