package hcl

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// assign puts an evaluated value into a field, if it is of the field's type and
// within its bounds.
func (l *loader) assign(f *field, name string, v cty.Value, expr hclsyntax.Expression, dst reflect.Value) bool {
	if v.IsNull() { // as if it were not written
		if f.required {
			l.fail(expr.Range(), name+" is null", strings.TrimSpace("It is required. "+f.allowed()))
		}
		return false
	}
	t := dst.Type()
	hidden := v.IsMarked()
	if hidden && !keepsSecrets(t) {
		l.fail(expr.Range(), fmt.Sprintf("%s would show a secret", name), "Its value appears in lists and logs. Only passwords, pins, tokens and a plugin's config may come from secret().")
		return false
	}
	switch {
	case t == reflect.TypeFor[any]() || t == reflect.TypeFor[map[string]any]():
		return l.assignAny(f, name, v, expr, dst)
	case t.Kind() == reflect.Slice:
		return l.assignList(f, name, v, expr, dst)
	case t.Kind() == reflect.Map:
		return l.assignMap(f, name, v, expr, dst)
	}
	v, _ = v.Unmark()
	return l.assignOne(f, name, v, expr, dst)
}

// keepsSecrets tells whether values of a type are never printed.
func keepsSecrets(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[map[string]any]() || t == reflect.TypeFor[map[string]Secret]()
}

func (l *loader) assignList(f *field, name string, v cty.Value, expr hclsyntax.Expression, dst reflect.Value) bool {
	if !isList(v.Type()) {
		l.wrongType(f, name, v, expr)
		return false
	}
	good := true
	list := reflect.MakeSlice(dst.Type(), 0, v.LengthInt())
	exprs := elements(expr, v.LengthInt())
	seen := map[string]bool{}
	i := 0
	for it := v.ElementIterator(); it.Next(); i++ {
		_, e := it.Element()
		one := reflect.New(dst.Type().Elem()).Elem()
		if e.IsNull() || !l.assignOne(f, name, e, exprs[i], one) {
			good = false
			continue
		}
		if key := fmt.Sprint(one.Interface()); seen[key] {
			l.warn(exprs[i].Range(), fmt.Sprintf("%s has %s twice", name, key), "Once is enough; remove one.")
			continue
		} else {
			seen[key] = true
		}
		list = reflect.Append(list, one)
	}
	if f.required && i == 0 {
		l.fail(expr.Range(), name+" is empty", "Name at least one. "+f.allowed())
		return false
	}
	dst.Set(list)
	return good
}

func (l *loader) assignMap(f *field, name string, v cty.Value, expr hclsyntax.Expression, dst reflect.Value) bool {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		l.wrongType(f, name, v, expr)
		return false
	}
	good := true
	dst.Set(reflect.MakeMap(dst.Type()))
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		one := reflect.New(dst.Type().Elem()).Elem()
		at := itemOf(expr, k.AsString())
		if err := checkKey(f, k.AsString()); err != nil {
			l.fail(at.Range(), fmt.Sprintf("%s: %q cannot stand here", name, k.AsString()), err.Error())
			good = false
			continue
		}
		if !l.assign(&field{oneOf: f.oneOf, low: f.low, high: f.high, format: f.format, typ: f.typ.Elem()}, name+"."+k.AsString(), e, at, one) {
			good = false
			continue
		}
		dst.SetMapIndex(reflect.ValueOf(k.AsString()), one)
	}
	return good
}

// checkKey checks the key of a map: of skills, languages and the like.
func checkKey(f *field, key string) error {
	if key == "" || len(key) > 64 {
		return remedyf("A name has 1 to 64 characters.")
	}
	if f.format == "by-language" {
		return checkLanguage(key)
	}
	return nil
}

func (l *loader) assignAny(f *field, name string, v cty.Value, expr hclsyntax.Expression, dst reflect.Value) bool {
	value := goValue(v)
	if dst.Kind() == reflect.Map {
		m, ok := value.(map[string]any)
		if !ok {
			l.wrongType(f, name, v, expr)
			return false
		}
		dst.Set(reflect.ValueOf(m))
		return true
	}
	dst.Set(reflect.ValueOf(value))
	return true
}

// assignOne puts a single value.
func (l *loader) assignOne(f *field, name string, v cty.Value, expr hclsyntax.Expression, dst reflect.Value) bool {
	v, marks := v.Unmark()
	if len(marks) > 0 && !keepsSecrets(dst.Type()) {
		l.fail(expr.Range(), fmt.Sprintf("%s would show a secret", name), "Its value appears in lists and logs.")
		return false
	}
	t := dst.Type()
	switch {
	case textual(t):
		if v.Type() != cty.String {
			l.wrongType(f, name, v, expr)
			return false
		}
		return l.assignText(f, name, v.AsString(), expr, dst)
	case t.Kind() == reflect.Bool && v.Type() == cty.Bool:
		dst.SetBool(v.True())
		return true
	case t.Kind() == reflect.Int && v.Type() == cty.Number:
		n, exact := v.AsBigFloat().Int64()
		if exact != big.Exact {
			l.fail(expr.Range(), name+" is not a whole number", f.allowed())
			return false
		}
		dst.SetInt(n)
	case t.Kind() == reflect.Float64 && v.Type() == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		dst.SetFloat(n)
	default:
		l.wrongType(f, name, v, expr)
		return false
	}
	return l.within(f, name, dst, expr.Range())
}

func (l *loader) assignText(f *field, name, text string, expr hclsyntax.Expression, dst reflect.Value) bool {
	if dst.Type() == reflect.TypeFor[Secret]() {
		if text == "" {
			l.fail(expr.Range(), name+" is empty", `Write secret("NAME") and set it with callbox secret set NAME, or leave the attribute out.`)
			return false
		}
		l.secrets[text] = true
	}
	if len(f.oneOf) > 0 && !slices.Contains(f.oneOf, text) {
		l.fail(expr.Range(), fmt.Sprintf("unknown %s %q", name, text), meant(text, f.oneOf, "Allowed are"))
		return false
	}
	v, err := fromText(dst.Type(), text)
	if err == nil && f.format != "" {
		err = formats[f.format].check(text)
	}
	if err != nil {
		if dst.Type() == reflect.TypeFor[Secret]() {
			text = mask
		}
		l.fail(expr.Range(), fmt.Sprintf("%s: %s is not right", name, shorten(text)), err.Error())
		return false
	}
	dst.Set(v)
	return l.within(f, name, dst, expr.Range())
}

// shorten quotes a value that may be long.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}

// within checks a number, duration, size or text against the bounds of its
// field; of a text its length.
func (l *loader) within(f *field, name string, v reflect.Value, at hashi.Range) bool {
	n, ok := measure(v)
	if !ok || f.low == "" && f.high == "" {
		return true
	}
	low, high := f.bound(f.low, v.Type()), f.bound(f.high, v.Type())
	if (f.low == "" || n >= low) && (f.high == "" || n <= high) {
		return true
	}
	what := display(v)
	if v.Kind() == reflect.String {
		what = fmt.Sprintf("a text of %d characters", int(n))
	}
	if v.Kind() == reflect.String && n == 0 {
		l.fail(at, name+" is empty", strings.TrimSpace(f.allowed()+" Leave the attribute out where there is nothing to say."))
		return false
	}
	l.fail(at, fmt.Sprintf("%s = %s is out of range", name, what), f.allowed())
	return false
}

func measure(v reflect.Value) (float64, bool) {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		return float64(v.Int()), true
	case reflect.Float64:
		return v.Float(), true
	case reflect.String:
		return float64(len([]rune(v.String()))), true
	}
	return 0, false
}

// bound reads one end of a range of a tag.
func (f *field) bound(s string, t reflect.Type) float64 {
	if s == "" {
		return 0
	}
	if t == reflect.TypeFor[time.Duration]() || t == reflect.TypeFor[Size]() {
		v, err := fromText(t, s)
		if err != nil {
			panic("hcl: range of " + f.name + ": " + err.Error())
		}
		return float64(v.Int())
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("hcl: range of " + f.name + ": " + err.Error())
	}
	return n
}

// wrongType says what was given and what is wanted. A value is shown only when
// it stands there for everybody to read.
func (l *loader) wrongType(f *field, name string, v cty.Value, expr hclsyntax.Expression) {
	v, _ = v.Unmark()
	detail := f.allowed()
	t := f.typ
	source := l.sourceOf(expr.Range())
	switch {
	case t.Kind() == reflect.Slice && !isList(v.Type()) && source != "":
		detail = fmt.Sprintf("A list stands in brackets: [%s]. %s", source, detail)
	case v.Type() == cty.Number && t == reflect.TypeFor[time.Duration]() && source != "":
		detail = fmt.Sprintf("Write it with its unit, in quotes: \"%ss\" for seconds. %s", source, detail)
	case v.Type() == cty.Number && t.Kind() == reflect.String && source != "":
		detail = fmt.Sprintf("Write it in quotes: \"%s\". %s", source, detail)
	case v.Type() == cty.String && !v.IsNull() && bare(t, v.AsString()):
		detail = fmt.Sprintf("Write it without quotes: %s. %s", v.AsString(), detail)
	}
	if t == reflect.TypeFor[Secret]() {
		detail = `A secret is text: secret("NAME"), or text in quotes.`
	}
	l.fail(expr.Range(), fmt.Sprintf("%s is %s here", name, friendly(v.Type())), strings.TrimSpace(detail))
}

// bare tells whether a text would be right without its quotes.
func bare(t reflect.Type, s string) bool {
	switch t.Kind() {
	case reflect.Bool:
		return s == "true" || s == "false"
	case reflect.Int, reflect.Float64:
		_, err := strconv.ParseFloat(s, 64)
		return err == nil
	}
	return false
}

func friendly(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.Equals(referenceType):
		return "a reference"
	case isList(t):
		return "a list"
	case t.IsObjectType() || t.IsMapType():
		return "a map"
	}
	return t.FriendlyName()
}

func isList(t cty.Type) bool { return t.IsTupleType() || t.IsListType() || t.IsSetType() }

// elements are the expressions of a list's elements, as far as they are
// written one by one; otherwise the whole expression stands for each.
func elements(expr hclsyntax.Expression, n int) []hclsyntax.Expression {
	if list, ok := expr.(*hclsyntax.TupleConsExpr); ok && len(list.Exprs) == n {
		return list.Exprs
	}
	return slices.Repeat([]hclsyntax.Expression{expr}, n)
}

// itemOf is the expression of a map's value, or the whole.
func itemOf(expr hclsyntax.Expression, key string) hclsyntax.Expression {
	if object, ok := expr.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range object.Items {
			if keyOf(item) == key {
				return item.ValueExpr
			}
		}
	}
	return expr
}

// keyOf is the key of an item, if it is written as it is.
func keyOf(item hclsyntax.ObjectConsItem) string {
	if v, diags := item.KeyExpr.Value(nil); !diags.HasErrors() && v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
		return v.AsString()
	}
	return ""
}
