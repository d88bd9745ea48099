package hcl

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// allowed is a sentence that says what may stand in a field. Diagnostics and
// the reference both say it.
func (f *field) allowed() string {
	if s := f.wants(); s != "" {
		return "It takes " + s + "."
	}
	return ""
}

// wants says the same without being a sentence.
func (f *field) wants() string {
	if f.block || f.part != "" {
		return ""
	}
	t := f.typ
	many := ""
	switch {
	case len(f.refs) > 0:
		return f.wantsReference()
	case t.Kind() == reflect.Slice && f.format != "ical" && f.format != "origin":
		many, t = "a list, each of it ", t.Elem()
	case t.Kind() == reflect.Map && t != reflect.TypeFor[map[string]any]() && t.Elem() != reflect.TypeFor[Live]():
		many, t = "a map, each value ", t.Elem()
	}
	what := f.wantsOne(t)
	if many != "" && strings.HasPrefix(what, "a map") {
		return what
	}
	return many + what
}

func (f *field) wantsReference() string {
	kinds := slices.Clone(f.kinds())
	for i, k := range kinds {
		switch k {
		case "number":
			kinds[i] = `number("…")`
		case "hangup", "phones":
		default:
			kinds[i] = k + ".NAME"
		}
	}
	what := strings.Join(kinds, ", ")
	if n := len(kinds); n > 1 {
		what = strings.Join(kinds[:n-1], ", ") + " or " + kinds[n-1]
	}
	if f.typ != nil && f.typ.Kind() == reflect.Slice {
		return what + ", or a list of them"
	}
	return what
}

func (f *field) wantsOne(t reflect.Type) string {
	if len(f.oneOf) > 0 {
		var words []string
		for _, w := range f.oneOf {
			if w == "" {
				w = `""`
			}
			words = append(words, w)
		}
		return strings.Join(words, ", ")
	}
	if says, ok := specialSays[f.format]; ok {
		return says
	}
	what := ""
	switch reflect.Zero(t).Interface().(type) {
	case time.Duration:
		what = `a duration such as "20s", "5m", "24h"`
	case Size:
		what = `a size such as "16MB", "20GB"`
	case netip.Addr:
		what = "an IP address"
	case netip.Prefix:
		what = `a network such as "192.168.0.0/16"`
	case *regexp.Regexp:
		what = fmt.Sprintf("a regular expression (RE2) of at most %d characters", maxPattern)
	case *time.Location:
		what = `a time zone such as "Asia/Taipei"`
	case Date:
		what = `a date such as "2026-02-14"`
	case time.Time:
		what = `a point in time (RFC 3339) such as "2026-03-02T10:00:00+08:00"`
	case time.Weekday:
		what = strings.Join(weekdays, ", ")
	case Secret:
		what = `a secret: secret("NAME"), or text`
	case Live:
		what = "an expression that is computed while the call runs"
	case map[string]any:
		what = "a map of values by name"
	default:
		what = kindWords[t.Kind()]
	}
	if format, ok := formats[f.format]; ok && t.Kind() == reflect.String && !strings.HasPrefix(format.says, "a map") {
		what = format.says
	}
	return what + f.rangeText(t)
}

var kindWords = map[reflect.Kind]string{
	reflect.String: "text in quotes", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number",
	reflect.Interface: "a value", reflect.Map: "a map of expressions that are computed while the call runs",
}

// specialSays is what the decoders of specials take.
var specialSays = map[string]string{
	"clock": `a time of day such as "09:00"`, "function": "plugin.NAME.FUNCTION", "ical": `the text of an iCalendar file: file("holidays.ics")`,
	"origin": "phones, trunk.NAME, or a list of trunks", "ports": `the first and the last port, such as "16384-32767"`,
	"texts": "a map of texts by language", "type": "string, number, bool, list(…), map(…) or any", "any-value": "a value of the type",
	"kept": "a condition", "tags": "a text, a list of texts, or a map of values by name", "condition": "a condition that is computed while the call runs", "count": "a number that is computed while the call runs",
}

func (f *field) rangeText(t reflect.Type) string {
	unit := ""
	if t.Kind() == reflect.String {
		unit = " characters"
	}
	switch {
	case f.low != "" && f.high != "":
		return fmt.Sprintf(" from %s to %s%s", f.low, f.high, unit)
	case f.low != "":
		return fmt.Sprintf(", at least %s%s", f.low, unit)
	case f.high != "":
		return fmt.Sprintf(", at most %s%s", f.high, unit)
	}
	return ""
}

// wrotePart tells whether an attribute was written at all, right or wrong.
func (b *block) wrotePart(name string) bool { return b.body.Attributes[name] != nil }

// needs says which attributes are missing.
func (b *block) needs(l *loader, what string, names ...string) bool {
	good := true
	for _, name := range names {
		if !b.wrotePart(name) {
			l.fail(b.def, fmt.Sprintf("%s needs %s", what, name), fmt.Sprintf("Add %s = …", name))
			good = false
		}
	}
	return good
}

// refuses says which attributes have no meaning.
func (b *block) refuses(l *loader, what string, names []string) {
	for _, name := range names {
		if a := b.body.Attributes[name]; a != nil {
			l.fail(a.NameRange, fmt.Sprintf("%s has no meaning with %s", name, what), "Remove it.")
		}
	}
}
