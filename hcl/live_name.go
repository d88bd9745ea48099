package hcl

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// liveName is one thing that a live expression looks at: result.policy.due. In
// the compiled expression it is a single variable, whatever its parts: so it
// can be looked up when it is needed, and be null when it is not there.
type liveName struct {
	key    string // of the variable
	text   string // as people write it
	path   []any  // its parts: texts and whole numbers
	at     hashi.Range
	typ    cty.Type
	times  int // how often it stands in the expression, loops left out
	given  bool
	secret bool
}

// liveLoop is a for in a live expression, and the names inside it.
type liveLoop struct {
	expr  *hclsyntax.ForExpr
	names []int
}

// liveTypes are the types of what is known while a call runs; what is not here
// may be anything.
var liveTypes = map[string]cty.Type{
	"call.id": cty.String, "call.from": cty.String, "call.to": cty.String, "call.trunk": cty.String, "call.language": cty.String, "call.started": cty.String,
	"caller.found": cty.Bool, "caller.name": cty.String, "caller.number": cty.String, "caller.tags": cty.List(cty.String),
	"schedule.open": cty.Bool, "schedule.next_open": cty.String,
	"queue.waiting": cty.Number, "queue.longest_wait": cty.Number, "queue.expected_wait": cty.Number, "queue.ready": cty.Number,
	"queue.talking": cty.Number, "queue.logged_in": cty.Number, "queue.service_level": cty.Number,
	"agent.state": cty.String, "now": cty.String,
	"agent.name": cty.String, "agent.number": cty.String,
}

// wholes are the names that have a part each of their own kind: queue.X.waiting.
var wholes = []string{"schedule", "queue", "agent"}

// newLiveName makes one of a traversal.
func newLiveName(t hashi.Traversal, given bool) liveName {
	n := liveName{given: given, times: 1, at: t.SourceRange()}
	var text strings.Builder
	for i := range t {
		switch part := partOf(t[i]).(type) {
		case string:
			if i > 0 && !hclsyntax.ValidIdentifier(part) && strings.Trim(part, "0123456789") != "" {
				fmt.Fprintf(&text, "[%q]", part)
			} else {
				text.WriteString(strings.Repeat(".", min(i, 1)) + part)
			}
			n.path = append(n.path, part)
		case int:
			fmt.Fprintf(&text, "[%d]", part)
			n.path = append(n.path, part)
		}
	}
	n.text = text.String()
	n.key = "live " + n.text // no name that people write has a space
	n.typ = n.typeOf()
	return n
}

// partOf is the name or the number at a step of a traversal.
func partOf(step hashi.Traverser) any {
	switch s := step.(type) {
	case hashi.TraverseRoot:
		return s.Name
	case hashi.TraverseAttr:
		return s.Name
	case hashi.TraverseIndex:
		if s.Key.Type() == cty.String {
			return s.Key.AsString()
		}
		if i, exact := s.Key.AsBigFloat().Int64(); exact == big.Exact && i >= 0 && i < 1<<31 {
			return int(i)
		}
	}
	return -1 // nothing stands there
}

// typeOf is the type of a name as far as it can be known.
func (n liveName) typeOf() cty.Type {
	if n.given {
		return cty.DynamicPseudoType
	}
	root := n.path[0].(string)
	parts := []string{root}
	switch {
	case root == "input" && len(n.path) == 2:
		return cty.String
	case root == "agent" && len(n.path) == 2, root == "call" && len(n.path) == 2, root == "caller" && len(n.path) == 2:
		parts = append(parts, fmt.Sprint(n.path[1]))
	case slices.Contains(wholes, root) && len(n.path) == 3:
		parts = append(parts, fmt.Sprint(n.path[2]))
	case root == "caller" && len(n.path) == 3 && n.path[1] == "tags":
		return cty.String
	case len(n.path) > 1:
		return cty.DynamicPseudoType
	}
	if t, ok := liveTypes[strings.Join(parts, ".")]; ok {
		return t
	}
	return cty.DynamicPseudoType
}

// null is what stands for a name that is not there.
func (n liveName) null() cty.Value { return cty.NullVal(n.typ) }
