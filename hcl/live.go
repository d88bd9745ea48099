package hcl

import (
	"fmt"
	"reflect"
	"slices"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Live is an expression that is evaluated while a call runs, compiled and
// checked at load: its names are there, its functions too, and its type is as
// far as it can be known.
type Live struct {
	// Source is the expression as written.
	Source string
	expr   hclsyntax.Expression
}

// String returns the expression as written.
func (x Live) String() string { return x.Source }

// MarshalText writes the expression as written.
func (x Live) MarshalText() ([]byte, error) { return []byte(x.Source), nil }

// decodeLive reads a live expression. The format of its field says what it must
// come to: condition (true or false), count (a number), or anything.
func (l *loader) decodeLive(f *field, expr hclsyntax.Expression, dst reflect.Value) bool {
	if !l.checkLive(f.name, f.format, expr, live) {
		return false
	}
	dst.Set(reflect.ValueOf(Live{Source: l.sourceOf(expr.Range()), expr: expr}))
	return true
}

// decodeLiveMap reads a map whose values are live expressions.
func (l *loader) decodeLiveMap(f *field, expr hclsyntax.Expression, dst reflect.Value) bool {
	object, ok := expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		l.fail(expr.Range(), f.name+" is no map", fmt.Sprintf("Write %s = { NAME = VALUE }; the values are computed while the call runs.", f.name))
		return false
	}
	values, good := map[string]Live{}, true
	for _, item := range object.Items {
		key := keyOf(item)
		switch {
		case key == "":
			l.fail(item.KeyExpr.Range(), f.name+" has a key that is no name", "Keys are written as they are: letters, digits and _.")
			good = false
		case values[key].expr != nil:
			l.fail(item.KeyExpr.Range(), fmt.Sprintf("%s has %q twice", f.name, key), "Remove one of them.")
			good = false
		default:
			good = l.checkLive(f.name+"."+key, "", item.ValueExpr, live) && good
			values[key] = Live{Source: l.sourceOf(item.ValueExpr.Range()), expr: item.ValueExpr}
		}
	}
	dst.Set(reflect.ValueOf(values))
	return good
}

// checkLive checks names and types: the expression is computed with values that
// are unknown but of the right type, so what could never work is told now.
func (l *loader) checkLive(name, want string, expr hclsyntax.Expression, sc scope) bool {
	if !l.namesKnown(expr, sc) {
		return false
	}
	ctx := l.contextFor(expr)
	l.offerLive(expr, ctx, sc)
	if !l.affordable(expr, ctx) {
		return false
	}
	v, diags := expr.Value(ctx)
	l.add(diags)
	if diags.HasErrors() {
		return false
	}
	if v.ContainsMarked() {
		l.fail(expr.Range(), name+" would show a secret", "What a flow computes with is kept with the call. Give secrets to a plugin in its config.")
		return false
	}
	t := v.Type()
	switch {
	case t == cty.DynamicPseudoType:
		return true // known only when the call runs
	case want == "condition" && t != cty.Bool:
		l.fail(expr.Range(), fmt.Sprintf("%s is %s here", name, friendly(t)), "A condition comes to true or false: compare with ==, !=, <, >, and combine with &&, || and !.")
	case want == "count" && t != cty.Number:
		l.fail(expr.Range(), fmt.Sprintf("%s is %s here", name, friendly(t)), "It comes to a number.")
	case t.Equals(referenceType):
		l.fail(expr.Range(), fmt.Sprintf("%s is a reference here", name), "Name one of its values; queue.X.waiting, schedule.X.open and agent.X.state are some.")
	default:
		return true
	}
	return false
}

// offerLive adds what is known while a call runs: its type, not its value.
func (l *loader) offerLive(expr hclsyntax.Expression, ctx *hashi.EvalContext, sc scope) {
	text, num, yes := cty.UnknownVal(cty.String), cty.UnknownVal(cty.Number), cty.UnknownVal(cty.Bool)
	parts := map[string]cty.Value{
		"call": cty.ObjectVal(map[string]cty.Value{
			"id": text, "from": text, "to": text, "trunk": text, "language": text, "started": text, "data": cty.DynamicVal,
		}),
		"caller": cty.ObjectVal(map[string]cty.Value{
			"found": yes, "name": text, "number": text, "fields": cty.DynamicVal, "tags": cty.UnknownVal(cty.List(cty.String)),
		}),
		"schedule": cty.ObjectVal(map[string]cty.Value{"open": yes, "next_open": text}),
		"queue": cty.ObjectVal(map[string]cty.Value{
			"waiting": num, "longest_wait": num, "expected_wait": num, "ready": num, "talking": num, "logged_in": num, "service_level": num,
		}),
		"agent":  cty.ObjectVal(map[string]cty.Value{"state": text}),
		"input":  text,
		"result": cty.DynamicVal,
		"now":    text,
	}
	named := map[string]map[string]cty.Value{}
	for _, t := range expr.Variables() {
		root := t.RootName()
		value, ok := parts[root]
		name, _ := stepName(t, 1)
		switch {
		case !ok && ctx.Variables[root] == cty.NilVal && sc == spoken:
			ctx.Variables[root] = cty.DynamicVal
		case !ok:
		case root == "call" || root == "caller" || root == "now":
			ctx.Variables[root] = value
		case sc == spoken && root == "agent" && slices.Contains(agentFields, name):
			put(named, root, name, text)
		case len(t) > 1 && (len(t) > 2 || liveFields[root] == nil):
			put(named, root, name, value)
		}
	}
	for root, values := range named {
		ctx.Variables[root] = cty.ObjectVal(values)
	}
	if sc == spoken {
		ctx.Functions = l.spokenFunctions()
	}
}

func put(m map[string]map[string]cty.Value, root, name string, v cty.Value) {
	if m[root] == nil {
		m[root] = map[string]cty.Value{}
	}
	m[root][name] = v
}

// spokenFunctions are the functions of a prompt's text: those that speak take
// any value, and come to a text that is not known yet.
func (l *loader) spokenFunctions() map[string]function.Function {
	all := map[string]function.Function{}
	for name, f := range l.context.Functions {
		all[name] = f
	}
	for _, name := range spokenFunctions {
		all[name] = function.New(&function.Spec{
			Params:   []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
			VarParam: &function.Parameter{Name: "how", Type: cty.String},
			Type:     function.StaticReturnType(cty.String),
			Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
				return cty.UnknownVal(cty.String), nil
			},
		})
	}
	return all
}
