package hcl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// speaker says a value in a language; see Prompt.Render.
type speaker func(kind string, value any, how ...string) (string, error)

// unspoken is the speaker of what is never spoken.
func unspoken(string, any, ...string) (string, error) { return "", nil }

// Value evaluates the expression: string, float64, bool, nil, []any or
// map[string]any. What is not there is null: false where true or false is
// wanted, nothing in a text, an empty list in a loop; null equals only null, is
// neither less nor greater than anything, and a sum with it is null. An error
// says what else is wrong, such as a text where a function takes a number, or
// more work than one expression may cause.
func (x Live) Value(s Scope) (any, error) {
	v, err := x.evaluate(&s, unspoken)
	if err != nil {
		return nil, err
	}
	return goValue(v), nil
}

// Bool evaluates a condition; null is false. With an error it is false too.
func (x Live) Bool(s Scope) (bool, error) {
	v, err := x.evaluate(&s, unspoken)
	if err != nil || v.IsNull() {
		return false, err
	}
	b, err := convert.Convert(v, cty.Bool)
	if err != nil {
		return false, x.wrong(fmt.Sprintf("this is %s, and must be true or false", friendly(v.Type())))
	}
	return b.True(), nil
}

// Text evaluates to a text; numbers are written as people do, null is empty.
// Lists and maps are an error.
func (x Live) Text(s Scope) (string, error) {
	v, err := x.evaluate(&s, unspoken)
	if err != nil || v.IsNull() {
		return "", err
	}
	t, err := asText(v)
	if err != nil {
		return "", x.wrong(err.Error())
	}
	return t.AsString(), nil
}

func asText(v cty.Value) (cty.Value, error) {
	t, err := convert.Convert(v, cty.String)
	if err != nil {
		return t, fmt.Errorf("this is %s, and must be a text", friendly(v.Type()))
	}
	return t, nil
}

// Number evaluates to a number; a text that reads like one is one. False: there
// is none, because the expression was not written or is null.
func (x Live) Number(s Scope) (n float64, ok bool, err error) {
	if !x.Written() {
		return 0, false, nil
	}
	v, err := x.evaluate(&s, unspoken)
	if err != nil || v.IsNull() {
		return 0, false, err
	}
	if v, err = convert.Convert(v, cty.Number); err != nil {
		return 0, false, x.wrong("this is no number")
	}
	return number(v.AsBigFloat()), true, nil
}

// Explain tells what the expression looks at, each name once in the order
// written, and the values that it has.
func (x Live) Explain(s Scope) []Looked {
	if x.compiled == nil {
		return nil
	}
	looked := make([]Looked, 0, len(x.compiled.names))
	m := &meter{most: maxLiveWork}
	for _, n := range x.compiled.names {
		var value any = Secret(n.text)
		if !n.secret {
			v, err := m.value(s.look(n, x.compiled), n.typ, 0)
			if err != nil {
				break
			}
			value = goValue(v)
		}
		looked = append(looked, Looked{Name: n.text, Value: value})
	}
	return looked
}

// wrong says what is wrong with the expression, and where it stands.
func (x Live) wrong(what string) error {
	return fmt.Errorf("%s: %s: %s", x.At, shorten(x.Source), what)
}

func (x Live) evaluate(s *Scope, speak speaker) (cty.Value, error) {
	if x.compiled == nil {
		return cty.NullVal(cty.DynamicPseudoType), nil
	}
	v, err := x.compiled.evaluate(s, speak)
	switch {
	case err != nil && x.compiled.secret:
		return v, x.wrong("it cannot be computed; the reason would show what the caller keyed")
	case err != nil:
		return v, x.wrong(err.Error())
	}
	return v, nil
}

// evaluate computes the expression, within its bounds of work.
func (c *compiled) evaluate(s *Scope, speak speaker) (v cty.Value, err error) {
	defer func() {
		if p := recover(); p != nil { // data from outside met a library
			v, err = cty.NilVal, fmt.Errorf("computing it failed inside: %v", p)
		}
	}()
	m := &meter{most: maxLiveWork}
	ctx := c.static.NewChild()
	ctx.Variables = make(map[string]cty.Value, len(c.names))
	sizes := make([]int, len(c.names))
	for i, n := range c.names {
		value, err := m.value(s.look(n, c), n.typ, 0)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", n.text, err)
		}
		if value.IsNull() {
			value = n.null()
		}
		ctx.Variables[n.key], sizes[i] = value, sizeOf(value)
		if !m.charge(1 + n.times*sizes[i]) {
			return cty.NilVal, m.tooMuch()
		}
	}
	ctx.Functions = c.table(m, speak)
	for _, loop := range c.loops {
		cost := 32
		for _, i := range loop.names {
			cost += sizes[i]
		}
		if !m.charge(rounds(loop.expr, ctx) * cost) {
			return cty.NilVal, m.tooMuch()
		}
	}
	v, diags := c.expr.Value(ctx)
	if diags.HasErrors() {
		return cty.NilVal, inOneSentence(diags)
	}
	if !m.charge(sizeOf(v)) {
		return cty.NilVal, m.tooMuch()
	}
	if infinite(v) || !modestNumbers(v) {
		return cty.NilVal, errors.New("a number divided by zero, or grew too large")
	}
	return v, nil
}

// inOneSentence is the first of what the evaluator says.
func inOneSentence(diags hashi.Diagnostics) error {
	for _, d := range diags {
		if d.Severity == hashi.DiagError {
			summary, detail := inOurWords(d)
			return errors.New(strings.TrimRight(strings.TrimSpace(summary+": "+detail), ".: "))
		}
	}
	return errors.New("it cannot be computed")
}

// speaks tells whether a function says a value in the language of a prompt.
func (c *compiled) speaks(name string) bool {
	return c.spoken && slices.Contains(spokenFunctions, name)
}

// table are the functions of an expression, each on the meter.
func (c *compiled) table(m *meter, speak speaker) map[string]function.Function {
	if len(c.functions) == 0 {
		return nil
	}
	table := make(map[string]function.Function, len(c.functions))
	for _, name := range c.functions {
		switch f, ok := pure[name]; {
		case c.speaks(name):
			table[name] = speakFunction(name, m, speak)
		case ok:
			table[name] = m.metered(name, f)
		case name == "number":
			table[name] = outsideNumber
		}
	}
	return table
}

// speakFunction makes a function of a prompt's text: it takes any value, and
// comes to what is said.
func speakFunction(name string, m *meter, speak speaker) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true}},
		VarParam: &function.Parameter{Name: "how", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].IsNull() {
				return cty.StringVal(""), nil
			}
			var how []string
			for _, a := range args[1:] {
				how = append(how, a.AsString())
			}
			said, err := speak(name, goValue(args[0]), how...)
			if err != nil {
				return cty.NilVal, err
			}
			if !m.charge(len(said)) {
				return cty.NilVal, m.tooMuch()
			}
			return cty.StringVal(strings.ToValidUTF8(said, "�")), nil
		},
	})
}

// value turns plain Go into a value, on the meter.
func (m *meter) value(v any, t cty.Type, depth int) (cty.Value, error) {
	if depth > maxDepth {
		return cty.NilVal, fmt.Errorf("it nests more than %d deep", maxDepth)
	}
	if !m.charge(16) {
		return cty.NilVal, m.tooMuch()
	}
	switch x := v.(type) {
	case nil:
		return cty.NullVal(t), nil
	case string:
		return m.text(x)
	case Destination:
		return referenceValue(x.Kind, x.Name), nil
	case bool:
		return cty.BoolVal(x), nil
	case int:
		return cty.NumberIntVal(int64(x)), nil
	case int64:
		return cty.NumberIntVal(x), nil
	case uint64:
		return cty.NumberUIntVal(x), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return cty.NullVal(cty.Number), nil
		}
		return cty.NumberFloatVal(x), nil
	case time.Time:
		return cty.StringVal(x.Format(time.RFC3339)), nil
	case time.Duration:
		return cty.NumberFloatVal(x.Seconds()), nil
	}
	return m.many(v, t, depth)
}

func (m *meter) text(s string) (cty.Value, error) {
	if !m.charge(len(s)) {
		return cty.NilVal, m.tooMuch()
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	return cty.StringVal(s), nil
}

// many turns lists and maps into values.
func (m *meter) many(v any, t cty.Type, depth int) (cty.Value, error) {
	switch x := v.(type) {
	case []string:
		list := make([]cty.Value, len(x))
		for i, s := range x {
			var err error
			if list[i], err = m.text(s); err != nil {
				return cty.NilVal, err
			}
		}
		if len(list) == 0 {
			return cty.ListValEmpty(cty.String), nil
		}
		return cty.ListVal(list), nil
	case []any:
		list := make([]cty.Value, len(x))
		for i, e := range x {
			var err error
			if list[i], err = m.value(e, cty.DynamicPseudoType, depth+1); err != nil {
				return cty.NilVal, err
			}
		}
		return cty.TupleVal(list), nil
	case map[string]string:
		object := make(map[string]any, len(x))
		for k, s := range x {
			object[k] = s
		}
		return m.many(object, t, depth)
	case map[string]any:
		object := make(map[string]cty.Value, len(x))
		for k, e := range x {
			value, err := m.value(e, cty.DynamicPseudoType, depth+1)
			if err != nil {
				return cty.NilVal, err
			}
			if object[strings.ToValidUTF8(k, "�")] = value; !m.charge(len(k)) {
				return cty.NilVal, m.tooMuch()
			}
		}
		return cty.ObjectVal(object), nil
	}
	return cty.NilVal, fmt.Errorf("expressions know no %T", v)
}
