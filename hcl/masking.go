package hcl

import (
	"bytes"
	"regexp"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// secretNames are the names of attributes, and of keys in maps, whose value no
// excerpt shows: those of the schema, and those people give to such things.
var secretNames = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|api_?key|authorization|credential|^pin$|_pin$|^key$|^private)`)

// secretName tells whether a name is one of them, or probably was meant to be.
func secretName(name string) bool {
	return secretNames.MatchString(name) || len(name) > 4 && nearest(name, []string{"password", "passphrase", "token", "secret"}) != ""
}

// userinfo is a password inside an address: sip:user:password@host.
var userinfo = regexp.MustCompile(`(\bsips?:|://)([^\s"@:/]*):[^\s"@/]+@`)

// maskSecrets returns the text of a file for excerpts: same lines, but the
// literals of secret attributes are masked. It works on tokens, so that it
// works on files that do not parse.
func maskSecrets(name string, src []byte) []byte {
	tokens, _ := hclsyntax.LexConfig(src, name, hashi.InitialPos)
	var out bytes.Buffer
	written, depth, hiding, inside := 0, 0, -1, -1
	for i, t := range tokens {
		if t.Type == hclsyntax.TokenOBrace && inside < 0 && secretName(keyBefore(tokens, i)) {
			inside = depth + 1 // written as a block: all of it
		}
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOHeredoc, hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCHeredoc, hclsyntax.TokenCQuote:
			depth--
		}
		if depth < inside {
			inside = -1
		}
		if hiding >= 0 && (depth < hiding || depth == hiding && (t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComma)) {
			hiding = -1
		}
		if hiding < 0 && (t.Type == hclsyntax.TokenEqual || t.Type == hclsyntax.TokenColon) && secretName(keyBefore(tokens, i)) {
			hiding = depth
			continue
		}
		literal := t.Type == hclsyntax.TokenQuotedLit || t.Type == hclsyntax.TokenStringLit || t.Type == hclsyntax.TokenNumberLit ||
			t.Type == hclsyntax.TokenInvalid || t.Type == hclsyntax.TokenBadUTF8
		if hiding < 0 && inside < 0 || !literal || calledWith(tokens, i) {
			continue
		}
		out.Write(src[written:t.Range.Start.Byte])
		out.WriteString(mask)
		out.WriteString(strings.Repeat("\n", bytes.Count(t.Bytes, []byte("\n"))))
		written = t.Range.End.Byte
	}
	out.Write(src[written:])
	return out.Bytes()
}

// keyBefore is the name in front of an equals sign or a colon.
func keyBefore(tokens hclsyntax.Tokens, i int) string {
	for i--; i >= 0; i-- {
		switch tokens[i].Type {
		case hclsyntax.TokenCQuote, hclsyntax.TokenCParen:
		case hclsyntax.TokenIdent, hclsyntax.TokenQuotedLit:
			return string(tokens[i].Bytes)
		default:
			return ""
		}
	}
	return ""
}

// calledWith tells whether a literal is the name in secret("name") or
// env("NAME"): that may be shown.
func calledWith(tokens hclsyntax.Tokens, i int) bool {
	if i < 3 || tokens[i-1].Type != hclsyntax.TokenOQuote || tokens[i-2].Type != hclsyntax.TokenOParen {
		return false
	}
	switch string(tokens[i-3].Bytes) {
	case "secret", "env", "file":
		return true
	}
	return false
}
