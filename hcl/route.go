package hcl

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Route says where a call goes. An exact number beats a pattern; among patterns
// the higher priority, then the name; a route without any number comes last.
// Numbers are compared as they arrived, then in their E.164 form.
type Route struct {
	// Name in lists and logs.
	Name string `hcl:",label"`
	// From is where the call comes from: phones (extensions and agents), a
	// trunk, or a list of trunks. When not written: any trunk. The field has the
	// names of the trunks, none for any.
	From []string `hcl:"from" is:"origin"`
	// FromPhones is true for from = phones.
	FromPhones bool
	// Number that was dialled, exactly: "0227001234".
	Number string `hcl:"number" is:"dialled"`
	// NumberMatching is a pattern (RE2) for the number that was dialled:
	// "^0[2-9][0-9]{7,8}$". It may match a part; ^ and $ tie it to the ends.
	NumberMatching *regexp.Regexp `hcl:"number_matching"`
	// CallerMatching is a pattern for the number of the caller: "^\\+852".
	CallerMatching *regexp.Regexp `hcl:"caller_matching"`
	// Class the caller must be allowed to call, for from = phones. What the
	// number really is, is checked besides.
	Class string `hcl:"class" is:"internal|national|mobile|international|premium|emergency"`
	// Priority among patterns that match the same call; the highest wins.
	Priority int `hcl:"priority" is:"-1000..1000" default:"0"`
	// To is where the call goes. Of several each is tried in turn, on failure or
	// when it is full; all but the last are trunks.
	To []Destination `hcl:"to" is:"required ref:destination"`
	// CallerID is shown to those who are called: "+886227001234". When not
	// written: what the extension or the trunk says.
	CallerID string `hcl:"caller_id" is:"number"`
}

var routeKind = &kind{name: "route", new: func() any { return new(Route) }, effect: newCalls, example: `
route "main" {
  from            = trunk.pstn
  number          = "0227001234"
  caller_matching = "^\\+852"
  to              = ivr.main
}

route "out" {
  from            = phones
  number_matching = "^0[2-9][0-9]{7,8}$"
  class           = "national"
  priority        = 10
  to              = [trunk.pstn, trunk.backup]
  caller_id       = "+886227001234"
}
`}

func (r *Route) check(l *loader, b *block) {
	if b.has("number") && b.has("number_matching") {
		l.fail(b.at("number_matching"), b.title()+" has both number and number_matching", "An exact number or a pattern: remove one of them.")
	}
	if !r.FromPhones && b.has("class") {
		l.fail(b.at("class"), "class is for calls that phones make", "Remove it, or add from = phones.")
	}
	if b.has("priority") && b.has("number") {
		l.warn(b.at("priority"), "priority has no meaning with an exact number", "An exact number beats every pattern; remove it.")
	}
	for i, d := range r.To[:max(0, len(r.To)-1)] {
		if d.Kind != "trunk" {
			l.fail(b.at("to"), fmt.Sprintf("%s comes before the end of the list", d), fmt.Sprintf("A call that reaches %s does not come back, so %s would never be tried. Only trunks are tried in turn.", d, r.To[i+1]))
			break
		}
	}
}

// decodeOrigin reads from: phones, a trunk or trunks.
func decodeOrigin(l *loader, b *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	r := owner.Addr().Interface().(*Route)
	f := &field{name: "from", typ: reflect.TypeFor[[]Destination](), refs: []string{"phones", "trunk"}}
	var from []Destination
	if !l.decodeReferences(b, f, a.Expr, reflect.ValueOf(&from).Elem()) {
		return false
	}
	for _, d := range from {
		if d.Kind == "phones" {
			r.FromPhones = true
			continue
		}
		r.From = append(r.From, d.Name)
	}
	if r.FromPhones && len(from) > 1 || len(from) == 0 {
		l.fail(a.Expr.Range(), "from mixes or names nothing", "It is phones, a trunk, or a list of trunks; write a route for each.")
		return false
	}
	return true
}

// rank orders routes: exact numbers, patterns, then those for any number.
func (r *Route) rank() int {
	switch {
	case r.Number != "":
		return 0
	case r.NumberMatching != nil:
		return 1
	}
	return 2
}

// sortRoutes puts routes into their order of precedence.
func sortRoutes(routes []*Route) {
	slices.SortFunc(routes, func(a, b *Route) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Name, b.Name))
	})
}

// hiddenRoutes warns about routes that another always wins over.
func (l *loader) hiddenRoutes(routes []*Route) {
	first := map[string][]*Route{}
	for _, r := range routes {
		key := fmt.Sprint(r.FromPhones, r.rank(), r.Number, r.NumberMatching)
		for _, other := range first[key][:min(100, len(first[key]))] { // more only in files that are made to be slow
			if other.covers(r) {
				b, o := l.named["route"][r.Name], l.named["route"][other.Name]
				l.warn(b.def, fmt.Sprintf("%s never gets a call", b.title()), fmt.Sprintf("%s at %s takes the same calls, and comes first. Tell them apart by from, number, caller_matching or priority, or remove one.", o.title(), placeOf(o.def)))
				break
			}
		}
		first[key] = append(first[key], r)
	}
}

// covers tells whether r takes every call that other would, their numbers being
// the same.
func (r *Route) covers(other *Route) bool {
	if len(r.From) > 0 {
		if len(other.From) == 0 {
			return false
		}
		for _, name := range other.From {
			if !slices.Contains(r.From, name) {
				return false
			}
		}
	}
	return r.CallerMatching == nil || other.CallerMatching != nil && r.CallerMatching.String() == other.CallerMatching.String()
}
