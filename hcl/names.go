package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// scope says which names an expression may use.
type scope int

const (
	static scope = iota // at load: var, local, appliance, and references
	live                // while a call runs: besides, what is known then
	spoken              // in the text of a prompt: besides, what a step gives it
)

// liveFields are the names that are known while a call runs, and their parts.
// nil: anything may follow.
var liveFields = map[string][]string{
	"call":     {"id", "from", "to", "trunk", "language", "started", "data"},
	"caller":   {"found", "name", "number", "fields", "tags"},
	"schedule": {"open", "next_open"},
	"queue":    {"waiting", "longest_wait", "expected_wait", "ready", "talking", "logged_in", "service_level"},
	"agent":    {"state"},
	"input":    nil,
	"result":   nil,
	"now":      nil,
}

var liveRoots = slices.Sorted(maps.Keys(liveFields))

// agentFields are what a prompt may say of the agent who takes the call.
var agentFields = []string{"name", "number"}

// namesKnown checks every name and function in an expression, and tells about
// all that are not known.
func (l *loader) namesKnown(expr hclsyntax.Expression, sc scope) bool {
	if l.full() {
		return false
	}
	good := l.functionsKnown(expr, sc)
	for _, t := range expr.Variables() {
		if !l.nameKnown(t, sc) {
			good = false
		}
	}
	return good
}

func (l *loader) functionsKnown(expr hclsyntax.Expression, sc scope) bool {
	good := true
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hashi.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if _, ok := l.context.Functions[call.Name]; ok || sc == spoken && slices.Contains(spokenFunctions, call.Name) {
			return nil
		}
		good = false
		names := slices.Sorted(maps.Keys(l.context.Functions))
		detail := meant(call.Name, names, "Functions are")
		if slices.Contains(spokenFunctions, call.Name) {
			detail = fmt.Sprintf("%s speaks a value: it stands in the text of a prompt.", call.Name)
		}
		l.fail(call.NameRange, fmt.Sprintf("there is no function %q", call.Name), detail)
		return nil
	})
	return good
}

func (l *loader) nameKnown(t hashi.Traversal, sc scope) bool {
	root, at := t.RootName(), t.SourceRange()
	switch root {
	case "var", "variable":
		return l.definedName(t, "var", "variable", l.variables)
	case "local":
		return l.definedName(t, "local", "local", l.locals)
	case "phones", "hangup":
		return true
	case "config":
		if l.pluginConfig != nil {
			return l.definedName(t, "config", "config", l.pluginConfig)
		}
	case "appliance":
		return l.fieldKnown(t, 1, []string{"name", "country", "timezone", "languages"})
	case "locals":
		l.fail(at, "locals is the block", "Its values are named one by one: local.NAME.")
		return false
	}
	if _, ok := liveFields[root]; ok && sc != static {
		return l.liveKnown(t, sc) && l.hasNoParts(t)
	}
	if k := kindOf(root); k != nil && schemaOf(structOf(k)).label != nil {
		return l.referenceKnown(t, sc)
	}
	if sc == spoken {
		return true // a value that the step which plays it gives
	}
	detail := meant(root, l.roots(sc), "Names begin with")
	if slices.Contains(liveRoots, root) {
		detail = fmt.Sprintf("What %s is, is known only while a call runs: in conditions, args, data and values. Here the value is fixed at load.", root)
	} else if refs := l.kindsWith(root); len(refs) > 0 {
		detail = fmt.Sprintf("Did you mean %s?", strings.Join(refs, " or "))
	}
	l.fail(at, fmt.Sprintf("unknown name %q", root), detail)
	return false
}

// roots are the words a name may begin with.
func (l *loader) roots(sc scope) []string {
	names := []string{"appliance", "local", "var"}
	if sc != static {
		return append(names, liveRoots...)
	}
	for _, k := range kinds {
		if schemaOf(structOf(k)).label != nil && k.name != "variable" && k.name != "vertical" {
			names = append(names, k.name)
		}
	}
	return names
}

// definedName checks var.NAME and local.NAME.
func (l *loader) definedName(t hashi.Traversal, root, what string, defined map[string]cty.Value) bool {
	name, ok := stepName(t, 1)
	if !ok {
		l.fail(t.SourceRange(), fmt.Sprintf("%s alone is no value", root), fmt.Sprintf("Write %s.NAME. %s", root, meant("", sortedNames(defined), "There are")))
		return false
	}
	v, ok := defined[name]
	if !ok {
		if !l.partial {
			detail := meant(name, sortedNames(defined), "There are")
			if len(defined) == 0 {
				detail = fmt.Sprintf("No %s is defined.", what)
			}
			if l.named[what][name] != nil {
				detail = "The default of a variable cannot need another variable; a local can."
			}
			l.fail(t.SourceRange(), fmt.Sprintf("there is no %s.%s", root, name), detail)
		}
		return false
	}
	return v != cty.NilVal // what could not be computed has been told already
}

// fieldKnown checks a step against a list of names.
func (l *loader) fieldKnown(t hashi.Traversal, i int, names []string) bool {
	name, ok := stepName(t, i)
	if ok && slices.Contains(names, name) {
		return true
	}
	prefix := pathOf(t[:min(i, len(t))])
	if !ok {
		l.fail(t.SourceRange(), prefix+" alone is no value", fmt.Sprintf("Write %s.%s. It has %s.", prefix, names[0], enumerate(names)))
		return false
	}
	l.fail(t.SourceRange(), fmt.Sprintf("%s has no %q", prefix, name), meant(name, names, "It has"))
	return false
}

// liveKnown checks a name that is known while a call runs.
func (l *loader) liveKnown(t hashi.Traversal, sc scope) bool {
	switch root := t.RootName(); root {
	case "now":
		return true
	case "call", "caller":
		return l.fieldKnown(t, 1, liveFields[root])
	case "input":
		return l.flowKnown(t, l.flow.inputs, `a collect or a menu of this ivr: collect "NAME" { … }`)
	case "result":
		return l.flowKnown(t, l.flow.results, `a run or a record of this ivr: run "NAME" { … }`)
	default:
		name, ok := stepName(t, 1)
		if sc == spoken && root == "agent" && len(t) == 2 {
			return l.fieldKnown(t, 1, agentFields)
		}
		if !ok {
			l.fail(t.SourceRange(), root+" alone is no value", fmt.Sprintf("Write %s.NAME.%s. %s", root, liveFields[root][0], l.existing(root)))
			return false
		}
		return l.exists(Destination{root, name}, t.SourceRange()) && l.fieldKnown(t, 2, liveFields[root])
	}
}

// hasNoParts refuses call.from.country: a text, a number or true and false has
// no parts.
func (l *loader) hasNoParts(t hashi.Traversal) bool {
	for i := 1; i < len(t); i++ {
		if n := newLiveName(t[:i], false); n.typ != cty.DynamicPseudoType && !n.typ.IsListType() {
			l.fail(t.SourceRange(), fmt.Sprintf("%s has no parts", n.text), fmt.Sprintf("It is %s: write %s.", friendly(n.typ), n.text))
			return false
		}
	}
	return true
}

// flowKnown checks input.NAME and result.NAME against the steps of the flow.
func (l *loader) flowKnown(t hashi.Traversal, names []string, what string) bool {
	root := t.RootName()
	name, ok := stepName(t, 1)
	if ok && slices.Contains(names, name) {
		return true
	}
	detail := fmt.Sprintf("It is what a step got: %s. %s", what, meant(name, names, "There are"))
	if !ok {
		l.fail(t.SourceRange(), root+" alone is no value", detail)
		return false
	}
	l.fail(t.SourceRange(), fmt.Sprintf("there is no %s.%s in this flow", root, name), strings.TrimSpace(detail))
	return false
}

// referenceKnown checks kind.NAME inside an expression.
func (l *loader) referenceKnown(t hashi.Traversal, sc scope) bool {
	root := t.RootName()
	name, ok := stepName(t, 1)
	if !ok {
		return true // indexed by something computed: the evaluation tells
	}
	if len(t) > 2 {
		detail := fmt.Sprintf("%s is a reference; its attributes are not values.", Destination{root, name})
		if part, _ := stepName(t, 2); slices.Contains(liveFields[root], part) {
			detail = fmt.Sprintf("%s is known only while a call runs: in conditions, args, data and values. Here the value is fixed at load.", pathOf(t))
		}
		l.fail(t.SourceRange(), fmt.Sprintf("%s is not known here", pathOf(t)), detail)
		return false
	}
	return l.exists(Destination{root, name}, t.SourceRange())
}

// pathOf is a traversal as it stands in the text.
func pathOf(t hashi.Traversal) string {
	parts := []string{t.RootName()}
	for i := 1; i < len(t); i++ {
		if name, ok := stepName(t, i); ok {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, ".")
}

// contextFor makes the names that an expression uses at load.
func (l *loader) contextFor(expr hclsyntax.Expression) *hashi.EvalContext {
	used := map[string]map[string]cty.Value{}
	put := func(root, name string, v cty.Value) {
		if used[root] == nil {
			used[root] = map[string]cty.Value{}
		}
		used[root][name] = v
	}
	ctx := &hashi.EvalContext{Variables: map[string]cty.Value{}, Functions: l.context.Functions}
	for _, t := range expr.Variables() {
		root := t.RootName()
		name, named := stepName(t, 1)
		switch {
		case root == "phones" || root == "hangup":
			ctx.Variables[root] = referenceValue(root, "")
		case root == "var" || root == "variable":
			put(root, name, l.variables[name])
		case root == "local":
			put(root, name, l.locals[name])
		case root == "config" && l.pluginConfig != nil:
			put(root, name, l.pluginConfig[name])
		case root == "appliance":
			l.offerAppliance(put)
		case named:
			put(root, name, referenceValue(root, name))
		default:
			for _, name := range l.namesOf(root) {
				put(root, name, referenceValue(root, name))
			}
		}
	}
	for root, values := range used {
		ctx.Variables[root] = cty.ObjectVal(values)
	}
	return ctx
}

func (l *loader) offerAppliance(put func(root, name string, v cty.Value)) {
	a := l.config.Appliance
	languages := make([]cty.Value, len(a.Languages))
	for i, s := range a.Languages {
		languages[i] = cty.StringVal(s)
	}
	put("appliance", "name", cty.StringVal(a.Name))
	put("appliance", "country", cty.StringVal(a.Country))
	put("appliance", "timezone", cty.StringVal(zoneName(a.Timezone)))
	put("appliance", "languages", cty.TupleVal(languages))
}
