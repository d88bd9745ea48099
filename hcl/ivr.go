package hcl

import (
	"fmt"
	"reflect"
	"slices"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// IVR is a flow: steps that a call goes through in the order written. A step
// list that ends without goto continues after the block around it; the end of
// the ivr hangs up. It answers the call at its first audible step.
type IVR struct {
	// Name by which routes and steps refer to it: ivr.main.
	Name string `hcl:",label"`
	// Steps in the order written.
	Steps []Step `hcl:",steps"`
}

// Place is a line of a file of the configuration. That something moved to
// another line is no change.
type Place struct {
	File string
	Line int
}

// String writes it as flows.hcl:12.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

func placeAt(r hashi.Range) Place { return Place{r.Filename, r.Start.Line} }

// Step is one step of a flow.
type Step struct {
	// Kind is the step's word: play, menu, …, or goto.
	Kind string
	// At is where it stands.
	At Place
	// Label by which goto = step.LABEL finds it; may be empty.
	Label string
	// Do is what the step does: a pointer to the struct of its kind.
	Do any

	def hashi.Range
}

// Goto leaves the flow for a destination, or goes on at a step of it.
type Goto struct {
	// To is the destination; its kind is empty for a step.
	To Destination
	// Step is the label of the step.
	Step string
}

// Branch is a list of steps for an occasion, such as failed { … }.
type Branch struct {
	// Steps in the order written.
	Steps []Step `hcl:",steps"`
}

var ivrKind = &kind{name: "ivr", new: func() any { return new(IVR) }, effect: newCalls, example: `
ivr "main" {
  play "greet" {
    prompt = prompt.welcome
  }

  when {
    condition = !schedule.office.open
    goto      = voicemail.claims
  }

  menu "top" {
    prompt = prompt.welcome

    key "1" {
      goto = queue.claims
    }
    key "*" {
      language {
        set = "en"
      }
      goto = step.greet
    }
    failed {
      goto = queue.claims
    }
  }
}
`}

func (i *IVR) check(l *loader, b *block) {
	if len(b.body.Blocks) == 0 && len(b.body.Attributes) == 0 {
		l.warn(b.def, b.title()+" has no steps", "It hangs up at once. Add play, menu, goto = …")
	}
}

// flow is what the steps of one flow may refer to.
type flow struct {
	labels  map[string][]hashi.Range
	inputs  []string
	results []string
	secrets []string // the inputs that no one may see
}

// secret tells whether an input of the flow is secret.
func (fl *flow) secret(name string) bool { return slices.Contains(fl.secrets, name) }

// flowOf collects the names in a flow before it is read, since steps may refer
// to later ones.
func flowOf(body *hclsyntax.Body) *flow {
	fl := &flow{labels: map[string][]hashi.Range{}}
	fl.collect(body)
	slices.Sort(fl.inputs)
	slices.Sort(fl.results)
	fl.inputs, fl.results = slices.Compact(fl.inputs), slices.Compact(fl.results)
	return fl
}

func (fl *flow) collect(body *hclsyntax.Body) {
	for _, in := range body.Blocks {
		if findStep(in.Type) != nil && len(in.Labels) == 1 {
			label := in.Labels[0]
			fl.labels[label] = append(fl.labels[label], in.DefRange())
			switch in.Type {
			case "collect", "menu":
				fl.inputs = append(fl.inputs, label)
				if a := in.Body.Attributes["secret"]; a != nil && !isFalse(a.Expr) {
					fl.secrets = append(fl.secrets, label)
				}
			case "run", "record":
				fl.results = append(fl.results, label)
			}
		}
		fl.collect(in.Body)
	}
}

// isFalse tells whether an expression stands there as false.
func isFalse(expr hclsyntax.Expression) bool {
	e, ok := expr.(*hclsyntax.LiteralValueExpr)
	return ok && e.Val.Type() == cty.Bool && e.Val.False()
}

// steps reads the steps of a body in the order written; goto is an attribute
// and a step.
func (l *loader) steps(b *block) []Step {
	var steps []Step
	var jump *hclsyntax.Attribute
	if a := b.body.Attributes["goto"]; a != nil {
		jump = a
	}
	add := func() {
		if g, ok := l.jump(jump); ok {
			steps = append(steps, Step{Kind: "goto", At: placeAt(jump.NameRange), Do: g, def: jump.Range()})
		}
		jump = nil
	}
	own := schemaOf(structOf(b.kind))
	for _, in := range b.body.Blocks {
		k := findStep(in.Type)
		if k == nil || own.find(in.Type) != nil {
			continue
		}
		if jump != nil && jump.NameRange.Start.Byte < in.TypeRange.Start.Byte {
			add()
		}
		if step, ok := l.step(b, k, in, steps); ok {
			steps = append(steps, step)
		}
	}
	if jump != nil {
		add()
	}
	return steps
}

// step reads one step.
func (l *loader) step(b *block, k *kind, in *hclsyntax.Block, before []Step) (Step, bool) {
	sb := &block{kind: k, def: in.DefRange(), label: in.DefRange(), body: in.Body, outer: b}
	if !l.readLabel(sb, in) {
		return Step{}, false
	}
	if k.name == "otherwise" && (len(before) == 0 || before[len(before)-1].Kind != "when") {
		l.fail(in.DefRange(), "otherwise follows no when", "It stands directly after the when { … } whose other case it is.")
	}
	return Step{Kind: k.name, At: placeAt(sb.def), Label: sb.name, Do: l.decodeNew(sb), def: sb.def}, true
}

var gotoField = &field{name: "goto", typ: reflect.TypeFor[Destination](), refs: []string{"destination"}}

// jump reads goto = DESTINATION and goto = step.LABEL.
func (l *loader) jump(a *hclsyntax.Attribute) (*Goto, bool) {
	if e, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok && e.Traversal.RootName() == "step" {
		return l.jumpToStep(e)
	}
	g := &Goto{}
	ok := l.decodeReferences(nil, gotoField, a.Expr, reflect.ValueOf(&g.To).Elem())
	return g, ok
}

func (l *loader) jumpToStep(e *hclsyntax.ScopeTraversalExpr) (*Goto, bool) {
	label, ok := stepName(e.Traversal, 1)
	places := l.flow.labels[label]
	var names []string
	if len(places) == 0 {
		names = sortedNames(l.flow.labels)
	}
	switch {
	case !ok || len(e.Traversal) > 2:
		l.fail(e.Range(), "goto takes one step", "Write step.LABEL. "+meant("", names, "Labels in this flow are"))
	case len(places) == 0:
		detail := meant(label, names, "Labels in this flow are")
		if len(names) == 0 {
			detail = fmt.Sprintf("No step of this flow has a label; give one: play %q { … }.", label)
		}
		l.fail(e.Range(), fmt.Sprintf("there is no step %q in this flow", label), detail)
	case len(places) > 1:
		l.fail(e.Range(), fmt.Sprintf("there are several steps %q in this flow", label), fmt.Sprintf("They stand at %s and %s. Give the one that is meant a label of its own.", placeOf(places[0]), placeOf(places[1])))
	default:
		return &Goto{Step: label}, true
	}
	return nil, false
}
