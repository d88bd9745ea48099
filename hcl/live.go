package hcl

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Live is an expression that is evaluated while a call runs, compiled and
// checked at load: its names are there, its functions too, and its type is as
// far as it can be known. Any number of goroutines may evaluate it at once.
type Live struct {
	// Source is the expression as written; empty when none was.
	Source string
	// At is where it stands.
	At Place

	compiled *compiled
}

// String returns the expression as written.
func (x Live) String() string { return x.Source }

// MarshalText writes the expression as written.
func (x Live) MarshalText() ([]byte, error) { return []byte(x.Source), nil }

// Written tells whether there is an expression at all: optional ones may be
// left out.
func (x Live) Written() bool { return x.compiled != nil }

// Secret tells whether it is made of what a collect with secret = true got: then
// what it comes to is as secret, and is masked wherever it would be shown. What
// is only true or false is no secret.
func (x Live) Secret() bool { return x.compiled != nil && x.compiled.tells }

// same tells whether two expressions mean the same: where they stand does not
// count, the values that were fixed at load do.
func (x Live) same(y Live) bool {
	if x.Source != y.Source || x.Written() != y.Written() {
		return false
	}
	return !x.Written() || reflect.DeepEqual(x.compiled.fixed, y.compiled.fixed)
}

// compiled is a live expression that is ready to be evaluated. Nothing of it
// changes any more.
type compiled struct {
	expr      hclsyntax.Expression
	names     []liveName         // what it looks at while the call runs
	static    *hashi.EvalContext // what was fixed at load
	fixed     map[string]any     // the same in Go
	functions []string
	loops     []liveLoop
	settings  *settings
	secret    bool // it looks at what a caller keyed in secret
	tells     bool // and may come to it
	spoken    bool
	ordered   []*hclsyntax.BinaryOpExpr // comparisons by size, for the check at load
}

// settings are what all live expressions of a configuration know of it. They
// are filled at the end of its Load.
type settings struct {
	schedules  map[string]*Schedule
	languages  []string
	zone       *time.Location
	operations map[*hclsyntax.Operation]*hclsyntax.Operation
}

func newSettings() *settings {
	s := &settings{zone: time.UTC}
	s.operations = liveOperations(s)
	return s
}

// decodeLive reads a live expression. The format of its field says what it must
// come to: condition (true or false), count (a number), or anything.
func (l *loader) decodeLive(f *field, expr hclsyntax.Expression, dst reflect.Value) bool {
	x, ok := l.compileLive(f.name, f.format, expr, live)
	if ok {
		dst.Set(reflect.ValueOf(x))
	}
	return ok
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
		case values[key].Written():
			l.fail(item.KeyExpr.Range(), fmt.Sprintf("%s has %q twice", f.name, key), "Remove one of them.")
			good = false
		default:
			x, ok := l.compileLive(f.name+"."+key, "", item.ValueExpr, live)
			good = good && ok
			values[key] = x
		}
	}
	dst.Set(reflect.ValueOf(values))
	return good
}

// compileLive checks names and types, and makes the expression ready: it is
// computed with values that are unknown but of the right type, so what could
// never work is told now.
func (l *loader) compileLive(name, want string, expr hclsyntax.Expression, sc scope) (Live, bool) {
	x := Live{Source: l.sourceOf(expr.Range()), At: placeAt(expr.Range())}
	if !l.namesKnown(expr, sc) {
		return x, false
	}
	ctx := l.contextFor(expr)
	if !l.affordable(expr, ctx) {
		return x, false
	}
	c := l.rewrite(expr, ctx, sc)
	if c == nil {
		return x, false
	}
	x.compiled = c
	ctx = l.unknown(c)
	v, diags := c.expr.Value(ctx)
	l.add(diags)
	if diags.HasErrors() || !l.comparable(c, ctx) {
		return x, false
	}
	c.tells = c.secret && v.Type() != cty.Bool
	return x, l.liveTypeRight(name, want, expr, v)
}

// comparable refuses comparisons that can never hold.
func (l *loader) comparable(c *compiled, ctx *hashi.EvalContext) bool {
	good := true
	for _, e := range c.ordered {
		a, diags := e.LHS.Value(ctx)
		b, more := e.RHS.Value(ctx)
		if diags.HasErrors() || more.HasErrors() {
			continue // a variable of a loop: known only there
		}
		if err := neverComparable(a, b); err != nil {
			what, remedy, _ := strings.Cut(err.Error(), "; ")
			l.fail(e.Range(), what, sentence(remedy))
			good = false
		}
	}
	c.ordered = nil
	return good
}

// liveTypeRight checks what a live expression comes to, as far as it is known.
func (l *loader) liveTypeRight(name, want string, expr hclsyntax.Expression, v cty.Value) bool {
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

// unknown is the context in which an expression is checked: the types of what
// is known while a call runs, not its values.
func (l *loader) unknown(c *compiled) *hashi.EvalContext {
	ctx := c.static.NewChild()
	ctx.Variables = map[string]cty.Value{}
	for _, n := range c.names {
		ctx.Variables[n.key] = cty.UnknownVal(n.typ)
	}
	ctx.Functions = c.table(&l.meter, unspoken)
	return ctx
}

// keepsToItself tells that an expression looks at nothing but what is fixed at
// load, and speaks no value.
func (c *compiled) keepsToItself() bool {
	return len(c.names) == 0 && !slices.ContainsFunc(c.functions, c.speaks)
}
