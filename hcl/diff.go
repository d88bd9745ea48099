package hcl

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Plan is what applying a configuration would change.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Change is one change in the operator's words. A block whose changes have
// different effects has one Change for each.
type Change struct {
	// Action is add, change or remove.
	Action string `json:"action"`
	// Block is the block as written: extension "1001".
	Block string `json:"block"`
	// What are the attributes that change: allow internal, national → internal.
	// Of a secret it is told only that it changes.
	What []string `json:"what,omitempty"`
	// Effect says what it does to calls in progress: new calls only, live at
	// once, drains.
	Effect string `json:"effect"`
}

// String is the change in one line.
func (c Change) String() string {
	what := strings.Join(c.What, ", ")
	switch c.Action {
	case "add":
		what = "added"
	case "remove":
		what = "removed"
	}
	return fmt.Sprintf("%s: %s; %s", strings.ReplaceAll(c.Block, `"`, ""), what, c.Effect)
}

// Empty tells whether nothing changes.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// String prints one line a change.
func (p Plan) String() string {
	var b strings.Builder
	for _, c := range p.Changes {
		b.WriteString(c.String() + "\n")
	}
	return b.String()
}

// Diff compares two configurations, in the order of the reference and of names.
// Old may be nil: everything is added.
func Diff(old, new *Config) Plan {
	p := Plan{Changes: []Change{}}
	for _, k := range kinds {
		before, after := old.of(k.name), new.of(k.name)
		names := slices.Sorted(maps.Keys(before))
		for name := range after {
			if _, ok := before[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			p.compare(k, name, before[name], after[name], filesChanged(old, new, before[name], after[name]))
		}
	}
	return p
}

// of are the blocks of a kind by name, the four that always are included.
func (c *Config) of(kind string) map[string]any {
	if c == nil {
		return nil
	}
	switch kind {
	case "appliance":
		return map[string]any{"": &c.Appliance}
	case "sip":
		return map[string]any{"": &c.SIP}
	case "media":
		return map[string]any{"": &c.Media}
	case "web":
		return map[string]any{"": &c.Web}
	case "variable", "locals":
		return nil // what they change shows where they are used
	}
	return c.blocks[kind]
}

func (p *Plan) compare(k *kind, name string, old, new any, files []string) {
	title := (&block{kind: k, name: name}).title()
	switch {
	case old == nil:
		p.Changes = append(p.Changes, Change{Action: "add", Block: title, Effect: k.effect})
		return
	case new == nil:
		effect := k.effect
		if slices.Contains(destinations, k.name) || k.name == "campaign" {
			effect = drains
		}
		p.Changes = append(p.Changes, Change{Action: "remove", Block: title, Effect: effect})
		return
	}
	deltas := compareStructs(reflect.ValueOf(old).Elem(), reflect.ValueOf(new).Elem(), "", k.effect)
	for _, f := range files {
		deltas = append(deltas, delta{f + " changed", k.effect})
	}
	var effects []string
	for _, d := range deltas {
		if !slices.Contains(effects, d.effect) {
			effects = append(effects, d.effect)
		}
	}
	for _, effect := range effects {
		c := Change{Action: "change", Block: title, Effect: effect}
		for _, d := range deltas {
			if d.effect == effect {
				c.What = append(c.What, d.what)
			}
		}
		p.Changes = append(p.Changes, c)
	}
}

// delta is one attribute that changes.
type delta struct{ what, effect string }

// compareStructs names the attributes that differ. Prefix is the nested block
// they are in.
func compareStructs(old, new reflect.Value, prefix, effect string) []delta {
	var deltas []delta
	s := schemaOf(old.Type())
	for _, f := range slices.Concat(s.fields, parts(s.rest), parts(s.steps)) {
		a, b := old.Field(f.index), new.Field(f.index)
		effect := effect
		if f.effect != "" {
			effect = f.effect
		}
		name := prefix + f.name
		switch {
		case same(a, b) && !phonesDiffer(f, old, new):
		case f.part == "steps":
			deltas = append(deltas, delta{prefix + "steps changed", effect})
		case f.block && f.many:
			deltas = append(deltas, compareLists(a, b, name, effect)...)
		case f.block:
			deltas = append(deltas, compareBlocks(a, b, name, effect)...)
		case f.part == "rest":
			deltas = append(deltas, delta{"inputs " + change(f, old, new), effect})
		default:
			deltas = append(deltas, delta{name + " " + change(f, old, new), effect})
		}
	}
	return deltas
}

func parts(f *field) []*field {
	if f == nil {
		return nil
	}
	return []*field{f}
}

func compareBlocks(a, b reflect.Value, name, effect string) []delta {
	switch {
	case a.Kind() != reflect.Pointer:
		return compareStructs(a, b, name+" ", effect)
	case a.IsNil():
		return []delta{{name + " added", effect}}
	case b.IsNil():
		return []delta{{name + " removed", effect}}
	}
	return compareStructs(a.Elem(), b.Elem(), name+" ", effect)
}

// compareLists compares repeated blocks: what is in both is no change, whatever
// its place; the same number of others are compared pair by pair.
func compareLists(a, b reflect.Value, name, effect string) []delta {
	gone, come := without(a, b), without(b, a)
	var deltas []delta
	if len(gone) == len(come) {
		for i := range gone {
			deltas = append(deltas, compareStructs(gone[i], come[i], name+" "+called(gone[i]), effect)...)
		}
		if len(deltas) == 0 {
			deltas = append(deltas, delta{name + " in another order", effect})
		}
		return deltas
	}
	for _, v := range gone {
		deltas = append(deltas, delta{strings.TrimSpace(name+" "+called(v)) + " removed", effect})
	}
	for _, v := range come {
		deltas = append(deltas, delta{strings.TrimSpace(name+" "+called(v)) + " added", effect})
	}
	return deltas
}

// called tells one of several blocks from the others: its label, or its first
// attribute.
func called(v reflect.Value) string {
	s := schemaOf(v.Type())
	f := s.label
	if f == nil {
		f = s.fields[0]
	}
	if text := display(v.Field(f.index)); text != "none" {
		return text + " "
	}
	return ""
}

func without(a, b reflect.Value) []reflect.Value {
	var left []reflect.Value
	for i := range a.Len() {
		found := false
		for j := range b.Len() {
			found = found || same(a.Index(i), b.Index(j))
		}
		if !found {
			left = append(left, a.Index(i))
		}
	}
	return left
}

// change shows what becomes of an attribute, or only that it changes, where
// showing it would tell a secret or fill the page.
func change(f *field, old, new reflect.Value) string {
	a, b := old.Field(f.index), new.Field(f.index)
	if keepsSecrets(a.Type()) {
		return "changed"
	}
	before, after := f.display(old), f.display(new)
	if before == after || len(before)+len(after) > 200 {
		return "changed"
	}
	if after == "none" && a.Kind() == b.Kind() {
		return before + " → none"
	}
	return before + " → " + after
}

// display shows an attribute of a struct as it is written.
func (f *field) display(owner reflect.Value) string {
	v := owner.Field(f.index)
	switch f.format {
	case "clock":
		return f.clock(v.Int())
	case "origin":
		if owner.FieldByName("FromPhones").Bool() {
			return "phones"
		}
		if v.Len() == 0 {
			return "any trunk"
		}
	}
	return display(v)
}

// clock writes minutes since midnight.
func (f *field) clock(minutes int64) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func phonesDiffer(f *field, old, new reflect.Value) bool {
	return f.format == "origin" && old.FieldByName("FromPhones").Bool() != new.FieldByName("FromPhones").Bool()
}

// same tells whether two values mean the same: where expressions and patterns
// stand in their files does not count.
func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch x := a.Interface().(type) {
	case Live:
		return x.same(b.Interface().(Live))
	case Place:
		return true
	case *regexp.Regexp:
		return display(a) == display(b)
	case *time.Location:
		return zoneName(x) == zoneName(b.Interface().(*time.Location))
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for _, k := range a.MapKeys() {
			if !same(a.MapIndex(k), b.MapIndex(k)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		return sameStruct(a, b)
	}
	return a.Equal(b)
}

func sameStruct(a, b reflect.Value) bool {
	if a.Comparable() && schemaOf(a.Type()).empty() && a.Type().PkgPath() != reflect.TypeFor[Step]().PkgPath() {
		return a.Equal(b) // a value of another package, such as an address
	}
	for i := range a.NumField() {
		if a.Type().Field(i).IsExported() && !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

// empty tells whether a struct is no block.
func (s *schema) empty() bool {
	return len(s.fields) == 0 && s.label == nil && s.steps == nil && s.rest == nil
}

// filesChanged names the files of a block whose bytes change while their name
// stays.
func filesChanged(old, new *Config, a, b any) []string {
	if a == nil || b == nil {
		return nil
	}
	var changed []string
	after := filesOf(b)
	for _, name := range filesOf(a) {
		if slices.Contains(after, name) {
			changed = append(changed, changedUnder(old.Files, new.Files, name)...)
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// filesOf are the files and folders a block names.
func filesOf(v any) []string {
	switch v := v.(type) {
	case *Prompt:
		return slices.Collect(maps.Values(v.File))
	case *Music:
		return v.Files
	case *Plugin:
		return v.paths()
	case *List:
		return []string{strings.TrimPrefix(v.File, "./")}
	}
	return nil
}

func changedUnder(old, new map[string][]byte, name string) []string {
	var changed []string
	for path, after := range new {
		before, was := old[path]
		if (path == name || strings.HasPrefix(path, name+"/")) && (!was || !bytes.Equal(before, after)) {
			changed = append(changed, path)
		}
	}
	for path := range old {
		if _, ok := new[path]; !ok && strings.HasPrefix(path, name+"/") {
			changed = append(changed, path)
		}
	}
	return changed
}
