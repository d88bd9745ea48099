package hcl

import (
	"fmt"
	"maps"
	"slices"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// rewriter turns the expression that the parser made into one that can be
// evaluated while calls run: each live name becomes one variable, operators and
// texts forgive what is not there, and what reads files or the environment has
// been read.
type rewriter struct {
	l     *loader
	sc    scope
	bound map[string]bool // the variables of the loops around
	loop  int             // the loop around, or -1
	c     *compiled
	index map[string]int // of names, by key
	bad   bool
}

// rewrite compiles an expression whose names are known. Nil: it cannot run, and
// that was told.
func (l *loader) rewrite(expr hclsyntax.Expression, ctx *hashi.EvalContext, sc scope) *compiled {
	r := &rewriter{l: l, sc: sc, bound: map[string]bool{}, loop: -1, index: map[string]int{}, c: &compiled{
		static: &hashi.EvalContext{Variables: map[string]cty.Value{}}, fixed: map[string]any{}, settings: l.settings, spoken: sc == spoken,
	}}
	for _, root := range slices.Sorted(maps.Keys(ctx.Variables)) {
		if _, isLive := liveFields[root]; !isLive {
			r.c.static.Variables[root] = ctx.Variables[root]
			r.c.fixed[root] = goValue(ctx.Variables[root])
		}
	}
	r.c.expr = r.expression(expr)
	if r.bad {
		return nil
	}
	return r.c
}

// expression rewrites one node and what is below it.
func (r *rewriter) expression(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return r.name(e)
	case *hclsyntax.RelativeTraversalExpr:
		e.Source = r.expression(e.Source)
		return &partsOf{e}
	case *hclsyntax.IndexExpr:
		e.Collection, e.Key = r.expression(e.Collection), r.expression(e.Key)
		return &partAt{e}
	case *hclsyntax.FunctionCallExpr:
		return r.call(e)
	case *hclsyntax.ConditionalExpr:
		e.Condition = &yesOrNo{r.expression(e.Condition)}
		e.TrueResult, e.FalseResult = r.expression(e.TrueResult), r.expression(e.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		e.LHS, e.RHS = r.expression(e.LHS), r.expression(e.RHS)
		if slices.Contains(ordering, e.Op) {
			r.c.ordered = append(r.c.ordered, e)
		}
		if op := r.l.settings.operations[e.Op]; op != nil {
			e.Op = op
		}
	case *hclsyntax.UnaryOpExpr:
		e.Val = r.expression(e.Val)
		if op := r.l.settings.operations[e.Op]; op != nil {
			e.Op = op
		}
	case *hclsyntax.ParenthesesExpr:
		e.Expression = r.expression(e.Expression)
	case *hclsyntax.TupleConsExpr:
		for i := range e.Exprs {
			e.Exprs[i] = r.expression(e.Exprs[i])
		}
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			e.Items[i].KeyExpr, e.Items[i].ValueExpr = r.expression(e.Items[i].KeyExpr), r.expression(e.Items[i].ValueExpr)
		}
	case *hclsyntax.ObjectConsKeyExpr:
		if e.ForceNonLiteral || hashi.ExprAsKeyword(e.Wrapped) == "" {
			e.Wrapped = r.expression(e.Wrapped)
		}
	case *hclsyntax.ForExpr:
		r.each(e)
	case *hclsyntax.SplatExpr:
		e.Source, e.Each = r.expression(e.Source), r.expression(e.Each)
	case *hclsyntax.TemplateExpr:
		for i := range e.Parts {
			e.Parts[i] = r.piece(e.Parts[i])
		}
	case *hclsyntax.TemplateWrapExpr:
		e.Wrapped = r.expression(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		e.Tuple = r.expression(e.Tuple)
		if loop, ok := e.Tuple.(*hclsyntax.ForExpr); ok {
			loop.ValExpr = &textOrNothing{loop.ValExpr}
		}
	}
	return expr
}

// piece rewrites a part of a text.
func (r *rewriter) piece(expr hclsyntax.Expression) hclsyntax.Expression {
	if _, ok := expr.(*hclsyntax.LiteralValueExpr); ok {
		return expr
	}
	return &textOrNothing{r.expression(expr)}
}

// each rewrites a loop.
func (r *rewriter) each(e *hclsyntax.ForExpr) {
	e.CollExpr = &listOrNothing{r.expression(e.CollExpr)}
	outer, loop := r.bound, r.loop
	r.bound, r.loop = maps.Clone(outer), len(r.c.loops)
	r.c.loops = append(r.c.loops, liveLoop{expr: e})
	r.bound[e.ValVar] = true
	if e.KeyVar != "" {
		r.bound[e.KeyVar] = true
	}
	if e.KeyExpr != nil {
		e.KeyExpr = r.expression(e.KeyExpr)
	}
	e.ValExpr = r.expression(e.ValExpr)
	if e.CondExpr != nil {
		e.CondExpr = &yesOrNo{r.expression(e.CondExpr)}
	}
	r.bound, r.loop = outer, loop
}

// name rewrites a name: one that is live becomes a variable of its own.
func (r *rewriter) name(e *hclsyntax.ScopeTraversalExpr) hclsyntax.Expression {
	root := e.Traversal.RootName()
	_, isLive := liveFields[root]
	given := r.sc == spoken && r.l.givenByStep(e.Traversal)
	switch {
	case r.bound[root]:
		return &partsOfName{e}
	case !isLive && !given:
		return e
	}
	n := newLiveName(e.Traversal, given)
	n.secret = root == "input" && len(n.path) > 1 && r.l.flow.secret(fmt.Sprint(n.path[1]))
	r.c.secret = r.c.secret || n.secret
	i, seen := r.index[n.key]
	if !seen {
		i = len(r.c.names)
		r.index[n.key] = i
		if r.loop >= 0 {
			n.times = 0
		}
		r.c.names = append(r.c.names, n)
	} else if r.loop < 0 {
		r.c.names[i].times++
	}
	if r.loop >= 0 {
		r.c.loops[r.loop].names = append(r.c.loops[r.loop].names, i)
	}
	return &hclsyntax.ScopeTraversalExpr{Traversal: hashi.Traversal{hashi.TraverseRoot{Name: n.key, SrcRange: e.SrcRange}}, SrcRange: e.SrcRange}
}

// how checks the words behind a value that is spoken, where they stand there.
func (r *rewriter) how(function string, arg hclsyntax.Expression) {
	v, diags := arg.Value(nil)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || v.Type() != cty.String || v.IsMarked() {
		return
	}
	if err := checkHow(function, v.AsString()); err != nil {
		r.bad = true
		r.l.fail(arg.Range(), fmt.Sprintf("%s cannot be said as %s", function, shorten(v.AsString())), err.Error())
	}
}

// call rewrites the call of a function. What reads files or the environment is
// read now: calls neither wait for a disk nor differ from each other by it.
func (r *rewriter) call(e *hclsyntax.FunctionCallExpr) hclsyntax.Expression {
	switch e.Name {
	case "secret":
		r.bad = true
		r.l.fail(e.Range(), "a secret cannot stand here", "What a flow computes with is kept with the call. Give secrets to a plugin in its config.")
		return e
	case "file", "env":
		for _, t := range e.Variables() {
			if _, isLive := liveFields[t.RootName()]; isLive || r.bound[t.RootName()] || r.l.givenByStep(t) {
				r.bad = true
				r.l.fail(e.Range(), e.Name+" takes a fixed name here", "Files and the environment are read once, when the configuration is loaded.")
				return e
			}
		}
		v, ok := r.l.evaluate(e)
		r.bad = r.bad || !ok
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: e.Range()}
	}
	for i := range e.Args {
		e.Args[i] = r.expression(e.Args[i])
		if i > 0 && r.c.speaks(e.Name) {
			r.how(e.Name, e.Args[i])
		}
	}
	if !slices.Contains(r.c.functions, e.Name) {
		r.c.functions = append(r.c.functions, e.Name)
	}
	return e
}
