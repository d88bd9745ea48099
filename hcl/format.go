package hcl

import "github.com/hashicorp/hcl/v2/hclwrite"

// Format returns src in the canonical layout: indented by two spaces, equals
// signs of neighbours in one column. What is no text, or nests too deeply, is
// returned as it is.
func Format(src []byte) []byte {
	l := &loader{}
	if len(src) > maxSource || !l.text("", src) || !l.scan("", src) {
		return src
	}
	return hclwrite.Format(src)
}
