package hcl

import (
	"fmt"
	"math/big"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// secretMark is on every value that came from secret(), and on every value made
// of one.
type secretMark struct{}

// evaluate computes an expression at load.
func (l *loader) evaluate(expr hclsyntax.Expression) (v cty.Value, ok bool) {
	if lit, ok := expr.(*hclsyntax.LiteralValueExpr); ok {
		return lit.Val, true
	}
	if !l.namesKnown(expr, static) {
		return cty.NilVal, false
	}
	ctx := l.contextFor(expr)
	if !l.affordable(expr, ctx) {
		return cty.NilVal, false
	}
	return l.compute(expr, ctx)
}

// compute evaluates with names that are known to be there.
func (l *loader) compute(expr hclsyntax.Expression, ctx *hashi.EvalContext) (v cty.Value, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			l.fail(expr.Range(), "this expression cannot be computed", fmt.Sprintf("Computing it failed inside: %v. Please write it another way.", p))
			v, ok = cty.NilVal, false
		}
	}()
	v, diags := expr.Value(ctx)
	l.add(diags)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	if !v.IsWhollyKnown() {
		l.fail(expr.Range(), "this value is not known at load", "It can be computed from variables, locals and functions only.")
		return cty.NilVal, false
	}
	if !l.charge(sizeOf(v)) {
		l.failTooMuch(expr.Range())
		return cty.NilVal, false
	}
	if infinite(v) {
		l.fail(expr.Range(), "this divides by zero", "Check what stands behind the /.")
		return cty.NilVal, false
	}
	if !modestNumbers(v) {
		l.fail(expr.Range(), "this number is too large", fmt.Sprintf("Numbers have at most %d digits.", maxDigits))
		return cty.NilVal, false
	}
	return v, true
}

func (l *loader) failTooMuch(at hashi.Range) {
	l.fail(at, "the expressions compute too much", "All expressions of a configuration together move at most 32 MB. Look for texts that double and lists that multiply.")
}

// affordable counts what an expression will move, before it is computed. Loops
// may not nest: what they cost multiplies.
func (l *loader) affordable(expr hclsyntax.Expression, ctx *hashi.EvalContext) bool {
	if expr, ok := expr.(*hclsyntax.TemplateExpr); ok && expr.IsStringLiteral() {
		return true
	}
	loops := &loopFinder{}
	hclsyntax.Walk(expr, loops)
	if loops.nested != nil {
		l.fail(*loops.nested, "a for inside a for", "Loops do not nest here: each level multiplies the work of a reload. Name the inner list in locals { } first.")
		return false
	}
	cost := 0
	for _, t := range expr.Variables() {
		v, diags := t.TraverseAbs(ctx)
		if diags.HasErrors() {
			continue // compute will say so
		}
		times := 1
		for _, loop := range loops.found {
			if within(loop.ValExpr.Range(), t.SourceRange()) || loop.CondExpr != nil && within(loop.CondExpr.Range(), t.SourceRange()) {
				times = rounds(loop, ctx)
			}
		}
		if !l.charge(1 + times*sizeOf(v)) {
			l.failTooMuch(expr.Range())
			return false
		}
	}
	for _, loop := range loops.found {
		cost += rounds(loop, ctx) * 32
	}
	if !l.charge(cost) {
		l.failTooMuch(expr.Range())
		return false
	}
	return true
}

// rounds is how often a loop turns.
func rounds(loop *hclsyntax.ForExpr, ctx *hashi.EvalContext) int {
	v, diags := loop.CollExpr.Value(ctx)
	v, _ = v.Unmark()
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return 1
	}
	return 1 + v.LengthInt()
}

// loopFinder finds the loops of an expression, and one that nests.
type loopFinder struct {
	depth  int
	found  []*hclsyntax.ForExpr
	nested *hashi.Range
}

// Enter implements hclsyntax.Walker.
func (f *loopFinder) Enter(node hclsyntax.Node) hashi.Diagnostics {
	if loop, ok := node.(*hclsyntax.ForExpr); ok {
		if f.depth++; f.depth > 1 && f.nested == nil {
			r := loop.Range()
			f.nested = &r
		}
		f.found = append(f.found, loop)
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (f *loopFinder) Exit(node hclsyntax.Node) hashi.Diagnostics {
	if _, ok := node.(*hclsyntax.ForExpr); ok {
		f.depth--
	}
	return nil
}

func within(outer, inner hashi.Range) bool {
	return outer.Start.Byte <= inner.Start.Byte && inner.End.Byte <= outer.End.Byte
}

// sizeOf estimates the memory of a value; it gives up counting at the limit.
func sizeOf(v cty.Value) int {
	total := 0
	var count func(v cty.Value)
	count = func(v cty.Value) {
		total += 16
		v, _ = v.Unmark()
		switch {
		case total > maxWork || !v.IsKnown() || v.IsNull():
		case v.Type() == cty.String:
			total += len(v.AsString())
		case v.CanIterateElements():
			for it := v.ElementIterator(); it.Next() && total <= maxWork; {
				k, e := it.Element()
				if k.Type() == cty.String {
					total += len(k.AsString())
				}
				count(e)
			}
		}
	}
	count(v)
	return total
}

// infinite tells whether a value is the result of a division by zero.
func infinite(v cty.Value) bool {
	v, _ = v.Unmark()
	return v.Type() == cty.Number && !v.IsNull() && v.AsBigFloat().IsInf()
}

// modestNumbers tells whether all numbers of a value can be printed at no cost.
func modestNumbers(v cty.Value) bool {
	good := true
	_ = cty.Walk(v, func(_ cty.Path, e cty.Value) (bool, error) {
		if e, _ := e.Unmark(); e.Type() == cty.Number && e.IsKnown() && !e.IsNull() {
			f := e.AsBigFloat()
			good = good && !f.IsInf() && (f.Sign() == 0 || f.MantExp(nil) < 512 && f.MantExp(nil) > -512)
		}
		return good, nil
	})
	return good
}

// goValue turns a value into plain Go: text, float64, bool, nil, []any,
// map[string]any, Destination; what came from a secret is a Secret.
func goValue(v cty.Value) any {
	v, marks := v.Unmark()
	switch t := v.Type(); {
	case v.IsNull() || !v.IsKnown():
		return nil
	case t == cty.String && len(marks) > 0:
		return Secret(v.AsString())
	case t == cty.String:
		return v.AsString()
	case t == cty.Bool:
		return v.True()
	case t == cty.Number:
		return number(v.AsBigFloat())
	case t.Equals(referenceType):
		return *v.EncapsulatedValue().(*Destination)
	case isList(t):
		list := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			list = append(list, goValue(e.WithMarks(marks)))
		}
		return list
	default:
		object := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			k, _ = k.Unmark()
			object[k.AsString()] = goValue(e.WithMarks(marks))
		}
		return object
	}
}

func number(f *big.Float) float64 {
	n, _ := f.Float64()
	return n
}
