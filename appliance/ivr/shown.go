package ivr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"callbox/appliance/journal"
	"callbox/hcl"
)

// How much of a value a fact keeps, in characters.
const (
	shortText = 100
	longText  = 300
	maxLooked = 20
)

// mask stands for what nobody may see; its length says nothing.
var mask = hcl.Secret("").String()

// shown is a value as facts keep it: as it would be written, cut, and without anything that was keyed in secret.
func (w *walk) shown(v any, most int) string {
	if s, ok := v.(hcl.Secret); ok {
		return s.String()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "?"
	}
	return w.masked(strings.TrimSpace(b.String()), most)
}

// tellingSecret is how long a secret is that is looked for inside of texts: shorter ones stand in too many by chance.
const tellingSecret = 4

// masked hides in a text what was keyed in secret, as a plugin may give it back, and cuts it.
func (w *walk) masked(text string, most int) string {
	for _, s := range w.secrets {
		if len(s) >= tellingSecret {
			text = strings.ReplaceAll(text, s, mask)
		} else if text == s || text == `"`+s+`"` {
			text = mask
		}
	}
	text = strings.ToValidUTF8(text, "�")
	if len(text) > most { // bytes: then the characters are worth counting
		if all := []rune(text); len(all) > most {
			text = string(all[:most]) + "…"
		}
	}
	return text
}

// looked notes what an expression looks at.
func (w *walk) looked(x hcl.Live, s hcl.Scope) {
	for _, l := range x.Explain(s) {
		w.saw(l.Name, l.Value)
	}
}

// saw notes a value.
func (w *walk) saw(name string, v any) {
	if len(w.fact.Looked) < maxLooked {
		w.fact.Looked = append(w.fact.Looked, journal.Looked{Name: name, Value: w.shown(v, shortText)})
	}
}

// values evaluates what a step gives, in the order of the names, and notes it as NAME.KEY. What cannot be computed is left
// out, and the first reason returned.
func (w *walk) values(o *op, name string, live map[string]hcl.Live, s hcl.Scope) (values map[string]any, err error) {
	values = make(map[string]any, len(live))
	for _, key := range slices.Sorted(maps.Keys(live)) {
		v, failed := live[key].Value(s)
		if failed != nil {
			w.fault(o, failed)
			if err == nil {
				err = fmt.Errorf("%s.%s: %w", name, key, failed)
			}
			continue
		}
		values[key] = v
		if live[key].Secret() {
			v = hcl.Secret("")
		}
		w.saw(name+"."+key, v)
	}
	return values, err
}
