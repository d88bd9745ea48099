package hcl

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// pure are the functions that only compute.
var pure = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
	"parseint": stdlib.ParseIntFunc, "signum": stdlib.SignumFunc,

	"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
	"join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
	"regexreplace": stdlib.RegexReplaceFunc, "replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc,
	"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
	"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,
	"startswith": textTest("Tells whether a text begins with another.", strings.HasPrefix),
	"endswith":   textTest("Tells whether a text ends with another.", strings.HasSuffix),

	"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc,
	"element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "index": stdlib.IndexFunc, "keys": stdlib.KeysFunc,
	"length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc, "range": stdlib.RangeFunc,
	"reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
	"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
	"values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

	"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
	"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,
	"base64encode": textChange("Returns the Base64 (RFC 4648) of a text.", func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }),
	"base64decode": textChange("Returns the text that a Base64 (RFC 4648) stands for.", decodeBase64),
	"urlencode":    textChange("Returns a text as it is written in an address.", func(s string) (string, error) { return url.QueryEscape(s), nil }),
	"sha256": textChange("Returns the SHA-256 of a text, in hexadecimal digits.", func(s string) (string, error) {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	}),
	"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),
	"tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
	"tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
}

// spokenFunctions say values in the language of a prompt; they stand in its
// text only.
var spokenFunctions = []string{"number", "digits", "date", "time", "money", "duration", "spell"}

// spokenHow are the words behind a value that say how it is said, and what the
// reference says of each function.
var spokenHow = map[string]struct {
	words []string
	doc   string
}{
	"number":   {[]string{"count", "ordinal"}, `Says a number: "count" as before a noun (兩 for 二), "ordinal" as a place in a row (first, 第一).`},
	"digits":   {[]string{"phone"}, `Says the digits of a text one by one; "phone" as in telephone numbers.`},
	"date":     {[]string{"short", "weekday", "roc"}, `Says a date; "short" without the year, "weekday" with the day of the week, "roc" by the calendar of Taiwan.`},
	"time":     {[]string{"24h"}, `Says a time of day; "24h" without the halves of the day.`},
	"money":    {nil, `Says an amount of money; behind it stands the currency (ISO 4217) unless the value has it: money(due, "TWD").`},
	"duration": {nil, `Says how long something takes: "90s", "1h30m", or seconds as a number.`},
	"spell":    {nil, "Says letters, digits and signs one by one."},
}

// checkHow checks a word behind a value that is spoken.
func checkHow(function, word string) error {
	words := spokenHow[function].words
	switch {
	case function == "money":
		if !currencyText.MatchString(word) {
			return remedy(`A currency is three letters of ISO 4217: "TWD", "USD", "EUR".`)
		}
	case slices.Contains(words, word):
	case len(words) == 0:
		return remedyf("%s says a value in one way only: %s(VALUE).", function, function)
	default:
		return remedy(meant(word, words, "It can be"))
	}
	return nil
}

var currencyText = regexp.MustCompile(`^[A-Z]{3}$`)

// functions are all functions of this Load, each on the meter.
func (l *loader) functions() map[string]function.Function {
	all := map[string]function.Function{}
	for name, f := range pure {
		all[name] = l.metered(name, f)
	}
	all["secret"] = l.lookup("Returns a secret by its name: from the encrypted store, or from the environment as CALLBOX_SECRET_NAME. It is never shown.", "name", func(name string) (cty.Value, error) {
		if l.opts.Secret != nil {
			if v, ok := l.opts.Secret(name); ok {
				l.secrets[v] = true
				return cty.StringVal(v).Mark(secretMark{}), nil
			}
		}
		return cty.NilVal, fmt.Errorf("the secret %q is not set; set it with `callbox secret set %s`, or in the environment as CALLBOX_SECRET_%s", name, name, environmentName(name))
	})
	all["env"] = l.lookup("Returns a variable of the environment by its name.", "name", func(name string) (cty.Value, error) {
		if l.opts.Env != nil {
			if v, ok := l.opts.Env(name); ok {
				return cty.StringVal(strings.ToValidUTF8(v, "�")), nil
			}
		}
		return cty.NilVal, fmt.Errorf("the environment has no %s; set it where the box is started", name)
	})
	all["file"] = l.lookup("Returns the text of a file of the configuration.", "path", func(name string) (cty.Value, error) {
		at, err := inside(name)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%q: %w; a path is relative to the configuration", name, err)
		}
		b, err := l.files.read(at, maxSource)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%q: %w; a path is relative to the configuration", name, err)
		}
		if !utf8.Valid(b) {
			return cty.NilVal, fmt.Errorf("%q is no UTF-8 text; sounds and pictures are named by attributes such as file", name)
		}
		return cty.StringVal(string(b)), nil
	})
	all["number"] = outsideNumber
	return all
}

var outsideNumber = function.New(&function.Spec{
	Description: "Makes an outside number a destination.",
	Params:      []function.Parameter{{Name: "number", Type: cty.String}},
	Type:        function.StaticReturnType(referenceType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		n := args[0].AsString()
		if err := checkNumber(n); err != nil {
			return cty.NilVal, function.NewArgErrorf(0, "%s is no number; %s", shorten(n), strings.TrimSuffix(err.Error(), "."))
		}
		return referenceValue("number", n), nil
	},
})

// environmentName is the name of a secret in the environment.
func environmentName(secret string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(secret))
}

// lookup makes a function that asks the outside for a text by its name.
func (l *loader) lookup(doc, param string, get func(string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Description: doc,
		Params:      []function.Parameter{{Name: param, Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := get(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			if !l.charge(sizeOf(v)) {
				return cty.NilVal, l.tooMuch()
			}
			return v, nil
		},
	})
}

// metered puts a function on the meter: before it runs by what it is given and
// what that may grow to, after it by what it made.
func (m *meter) metered(name string, f function.Function) function.Function {
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := m.call(name, args); err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			if err == nil && !m.charge(sizeOf(v)) {
				return cty.NilVal, m.tooMuch()
			}
			return v, err
		},
	})
}

// call charges what a call is given and what it may grow to.
func (m *meter) call(name string, args []cty.Value) error {
	cost := 0
	var texts []string
	for _, a := range args {
		a, _ = a.Unmark()
		cost += sizeOf(a)
		if a.IsKnown() && !a.IsNull() && a.Type() == cty.String {
			texts = append(texts, a.AsString())
		}
	}
	switch name {
	case "format", "formatlist":
		if len(texts) > 0 && wideVerb.MatchString(texts[0]) {
			return errors.New("a width or precision in a format has at most three digits, and no *")
		}
		if len(texts) > 0 {
			cost += 1000 * strings.Count(texts[0], "%")
		}
	case "replace":
		if len(texts) == 3 {
			cost += (1 + strings.Count(texts[0], texts[1])) * len(texts[2])
		}
	case "regex", "regexall", "regexreplace":
		c, err := patternCost(name, texts)
		if err != nil {
			return err
		}
		cost += c
	case "join", "setproduct", "indent":
		cost += growth(name, args, texts)
	case "jsondecode":
		if len(texts) == 1 && deepJSON(texts[0]) {
			return fmt.Errorf("the JSON nests more than %d deep", maxDepth)
		}
	}
	if !m.charge(cost) {
		return m.tooMuch()
	}
	return nil
}

var wideVerb = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{4}|\*)`)

// growth estimates the size of what join, setproduct and indent make.
func growth(name string, args []cty.Value, texts []string) int {
	total, product := 0, 16
	for i, a := range args {
		a, _ = a.Unmark()
		if !a.IsKnown() || a.IsNull() {
			continue
		}
		switch {
		case name == "indent" && a.Type() == cty.Number && len(texts) > 0:
			n, _ := a.AsBigFloat().Int64()
			total += int(min(max(n, 0), maxWork)) * (1 + strings.Count(texts[0], "\n"))
		case name == "join" && i > 0 && a.CanIterateElements() && len(texts) > 0:
			total += a.LengthInt() * len(texts[0])
		case name == "setproduct" && a.CanIterateElements():
			product = min(product*max(1, a.LengthInt()), 2*maxWork)
			total = product * len(args)
		}
	}
	return total
}

// patternCost is what matching may cost: the size of the program times the
// length of the text, and for a replacement what it may grow to.
func patternCost(name string, texts []string) (int, error) {
	if len(texts) < 2 {
		return 0, nil
	}
	pattern, text := texts[0], texts[1]
	if name == "regexreplace" {
		pattern, text = texts[1], texts[0]
	}
	if len(pattern) > maxPattern {
		return 0, fmt.Errorf("a pattern has at most %d characters", maxPattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, nil // the function itself says it better
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, nil
	}
	cost := len(prog.Inst) * (16 + len(text)/8)
	if len(texts) == 3 {
		cost += (1 + len(text)) * len(texts[2])
	}
	if name == "regexall" {
		cost += len(text) * (1 + parsed.MaxCap())
	}
	return cost, nil
}

// deepJSON tells whether JSON nests too deeply for its decoder, which recurses.
func deepJSON(s string) bool {
	depth, quoted, escaped := 0, false, false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = r == '\\'
			quoted = r != '"'
		case r == '"':
			quoted = true
		case r == '[' || r == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case r == ']' || r == '}':
			depth--
		}
	}
	return false
}

// textChange makes a function of one text that gives a text.
func textChange(doc string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Description: doc,
		Params:      []function.Parameter{{Name: "text", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(s), nil
		},
	})
}

// textTest makes a function of two texts that is true or false.
func textTest(doc string, f func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Description: doc,
		Params:      []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func decodeBase64(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return "", errors.New("this is not the Base64 of a text")
	}
	return string(b), nil
}
