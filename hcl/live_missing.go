package hcl

import (
	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The nodes below stand for those of the parser in live expressions. While a
// call runs something may not be there: a plugin gave no due date, nobody set
// call.data.lane. That is null, and null is no reason for a flow to fail: it
// counts as false where true or false is wanted, as nothing in a text, and as
// an empty list in a loop.

// yesOrNo is false where its expression is null.
type yesOrNo struct{ hclsyntax.Expression }

// Value implements hclsyntax.Expression.
func (e *yesOrNo) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	return orElse(e.Expression, ctx, cty.False)
}

// textOrNothing is an empty text where its expression is null.
type textOrNothing struct{ hclsyntax.Expression }

// Value implements hclsyntax.Expression.
func (e *textOrNothing) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	return orElse(e.Expression, ctx, cty.StringVal(""))
}

// listOrNothing is an empty list where its expression is null.
type listOrNothing struct{ hclsyntax.Expression }

// Value implements hclsyntax.Expression.
func (e *listOrNothing) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	return orElse(e.Expression, ctx, cty.EmptyTupleVal)
}

func orElse(expr hclsyntax.Expression, ctx *hashi.EvalContext, instead cty.Value) (cty.Value, hashi.Diagnostics) {
	v, diags := expr.Value(ctx)
	if !diags.HasErrors() && v.IsNull() {
		return instead, diags
	}
	return v, diags
}

// partsOfName is a variable of a loop with its parts: x.name.
type partsOfName struct{ *hclsyntax.ScopeTraversalExpr }

// Value implements hclsyntax.Expression.
func (e *partsOfName) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	v, diags := e.Traversal[:1].TraverseAbs(ctx)
	if diags.HasErrors() {
		return v, diags
	}
	return follow(v, e.Traversal[1:])
}

// partsOf is any expression with its parts: (a).b.
type partsOf struct {
	*hclsyntax.RelativeTraversalExpr
}

// Value implements hclsyntax.Expression.
func (e *partsOf) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	v, diags := e.Source.Value(ctx)
	if diags.HasErrors() {
		return v, diags
	}
	return follow(v, e.Traversal)
}

// partAt is an expression with a computed part: a[b].
type partAt struct{ *hclsyntax.IndexExpr }

// Value implements hclsyntax.Expression.
func (e *partAt) Value(ctx *hashi.EvalContext) (cty.Value, hashi.Diagnostics) {
	v, diags := e.Collection.Value(ctx)
	key, more := e.Key.Value(ctx)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if v.IsNull() || key.IsNull() {
		return cty.NullVal(cty.DynamicPseudoType), diags
	}
	return follow(v, hashi.Traversal{hashi.TraverseIndex{Key: key, SrcRange: e.BracketRange}})
}

// follow goes along the parts of a value; what is not there is null.
func follow(v cty.Value, parts hashi.Traversal) (cty.Value, hashi.Diagnostics) {
	for _, step := range parts {
		if v.IsNull() || absent(v, step) {
			return cty.NullVal(cty.DynamicPseudoType), nil
		}
		next, diags := step.TraversalStep(v)
		if diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		v = next
	}
	return v, nil
}

// absent tells whether a known value of the right kind lacks a part.
func absent(v cty.Value, step hashi.Traverser) bool {
	if !v.IsKnown() || v.Type() == cty.DynamicPseudoType {
		return false
	}
	var key cty.Value
	switch s := step.(type) {
	case hashi.TraverseAttr:
		key = cty.StringVal(s.Name)
	case hashi.TraverseIndex:
		key = s.Key
	}
	if key == cty.NilVal || !key.IsKnown() || key.IsNull() {
		return false
	}
	v, _ = v.Unmark()
	key, _ = key.Unmark()
	switch t := v.Type(); {
	case t.IsObjectType() && key.Type() == cty.String:
		return !t.HasAttribute(key.AsString())
	case t.IsMapType() && key.Type() == cty.String, (t.IsTupleType() || t.IsListType()) && key.Type() == cty.Number:
		return v.HasIndex(key).False()
	}
	return false
}
