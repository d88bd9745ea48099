package hcl

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The parser and the evaluator of HCL recurse as deep as the text nests, and a
// Go program whose stack overflows is dead. So the text is looked at as tokens
// first, and what nests deeper than anybody writes is refused.
const (
	maxDepth     = 100  // brackets, blocks, templates, signs before an operand
	maxOperators = 1000 // operators and indexes whose results feed each other
	maxDigits    = 40   // of a number, and of its power of ten
	maxPieces    = 5000 // lines of one text: the parser joins them in quadratic time
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// text checks that src is text people can write, before anything reads it.
func (l *loader) text(name string, src []byte) bool {
	at := func(offset int) hashi.Range { return pointIn(name, src, offset) }
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		l.fail(at(0), "the file is UTF-16", "Save it as UTF-8; editors offer this as the encoding.")
		return false
	}
	for i := 0; i < len(src); {
		if c := src[i]; c >= ' ' && c < 0x7f || c == '\n' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			l.fail(at(i), "the file is not UTF-8", fmt.Sprintf("Byte 0x%02x cannot stand here. Save the file as UTF-8; editors offer this as the encoding.", src[i]))
			return false
		case r == '\r' && (i+1 == len(src) || src[i+1] != '\n'):
			l.fail(at(i), "a carriage return without a line feed", "Lines end with LF, or with CR LF. Save the file with Unix line ends.")
			return false
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r == 0x7f:
			l.fail(at(i), "a control character in the text", fmt.Sprintf("Character U+%04X cannot stand in a configuration. Delete it.", r))
			return false
		}
		i += n
	}
	return true
}

// lookalikes are characters that input methods and word processors put where
// the language wants plain ones.
var lookalikes = map[rune]string{
	'＝': "=", '｛': "{", '｝': "}", '［': "[", '］': "]", '（': "(", '）': ")", '，': ",", '、': ",", '＂': `"`,
	'“': `"`, '”': `"`, '‘': `"`, '’': `"`, '「': `"`, '」': `"`, '：': ":", '。': ".", '．': ".", '！': "!", '？': "?",
	'\u00a0': "a space", '\u3000': "a space", '\u200b': "nothing", '\ufeff': "nothing", '；': "a new line", ';': "a new line",
}

// scan refuses what would be too deep for the parser. It sees the same tokens
// as the parser, so strings, comments and heredocs deceive neither.
func (l *loader) scan(name string, src []byte) bool {
	tokens, _ := hclsyntax.LexConfig(src, name, hashi.InitialPos)
	d := depth{open: []bracket{{lines: true}}}
	for i, t := range tokens {
		if !d.step(tokens, i) {
			l.fail(t.Range, "nested too deeply", fmt.Sprintf("Brackets, blocks, signs and templates nest at most %d deep, and at most %d operators feed each other. Give parts a name in locals { }.", maxDepth, maxOperators))
			return false
		}
		switch t.Type {
		case hclsyntax.TokenStringLit, hclsyntax.TokenQuotedLit:
			if !d.piece() {
				l.fail(t.Range, "a text of too many lines", fmt.Sprintf("A text has at most %d lines. Put it into a file of its own and write file(\"…\").", maxPieces))
				return false
			}
		case hclsyntax.TokenNumberLit:
			if !modest(t.Bytes) {
				l.fail(t.Range, "a number of too many digits", fmt.Sprintf("Numbers have at most %d digits and a small power of ten. What is not counted with is text: put it in quotes.", maxDigits))
				return false
			}
		case hclsyntax.TokenInvalid, hclsyntax.TokenSemicolon:
			r, _ := utf8.DecodeRune(t.Bytes)
			if plain, ok := lookalikes[r]; ok {
				l.fail(t.Range, fmt.Sprintf("the character %q is not part of the language", r), "Write "+plain+" instead.")
				return false
			}
		}
	}
	return true
}

// modest tells whether a number can be computed with and printed at no cost.
func modest(digits []byte) bool {
	mantissa, power, found := bytes.Cut(bytes.ToLower(digits), []byte("e"))
	return len(mantissa) <= maxDigits && (!found || len(bytes.TrimLeft(power, "+-")) <= 2)
}

// depth counts how deep the parser and the evaluator would be.
type depth struct {
	open      []bracket
	operators int // of all that is open
	signs     int
	templates int
}

// bracket is one that is open. Operators were met in it since the last comma
// or, where a new line ends an expression, line: each may hold the result of
// all before it.
type bracket struct {
	operators int
	lines     bool
	pieces    int // of the text that it is the mark of
}

func (d *depth) step(tokens hclsyntax.Tokens, i int) bool {
	t := tokens[i].Type
	if t != hclsyntax.TokenBang && t != hclsyntax.TokenMinus {
		d.signs = 0
	}
	switch t {
	case hclsyntax.TokenOBrack:
		d.operator() // an index, unless it opens a list: then it counts for little
		d.push(false)
	case hclsyntax.TokenOBrace:
		d.push(true)
	case hclsyntax.TokenTemplateControl:
		d.control(tokens, i)
		d.push(false)
	case hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
		d.push(false)
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
		hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
		d.pop()
	case hclsyntax.TokenBang, hclsyntax.TokenMinus:
		d.signs++
		d.operator()
	case hclsyntax.TokenComma:
		d.reset()
	case hclsyntax.TokenNewline:
		if d.open[len(d.open)-1].lines {
			d.reset()
		}
	case hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr,
		hclsyntax.TokenQuestion, hclsyntax.TokenColon:
		d.operator()
	}
	return len(d.open)-1+d.templates <= maxDepth && d.signs <= maxDepth && d.operators <= maxOperators
}

func (d *depth) push(lines bool) { d.open = append(d.open, bracket{lines: lines}) }

// piece counts a piece of the text that is open.
func (d *depth) piece() bool {
	top := &d.open[len(d.open)-1]
	top.pieces++
	return top.pieces <= maxPieces
}

func (d *depth) pop() {
	if len(d.open) > 1 {
		d.reset()
		d.open = d.open[:len(d.open)-1]
	}
}

func (d *depth) operator() {
	d.open[len(d.open)-1].operators++
	d.operators++
}

func (d *depth) reset() {
	top := &d.open[len(d.open)-1]
	d.operators -= top.operators
	top.operators = 0
}

// control follows %{ if } … %{ endif }, which nest without brackets.
func (d *depth) control(tokens hclsyntax.Tokens, i int) {
	if i+1 >= len(tokens) {
		return
	}
	switch string(tokens[i+1].Bytes) {
	case "if", "for":
		d.templates++
	case "endif", "endfor":
		d.templates = max(0, d.templates-1)
	}
}

// pointIn makes a range of one character at an offset.
func pointIn(name string, src []byte, offset int) hashi.Range {
	line := 1 + bytes.Count(src[:offset], []byte("\n"))
	begin := bytes.LastIndexByte(src[:offset], '\n') + 1
	start := hashi.Pos{Line: line, Column: 1 + utf8.RuneCount(src[begin:offset]), Byte: offset}
	end := start
	if offset < len(src) {
		_, n := utf8.DecodeRune(src[offset:])
		end.Byte, end.Column = offset+n, start.Column+1
	}
	return hashi.Range{Filename: name, Start: start, End: end}
}
