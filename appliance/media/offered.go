package media

// Offered are the codecs of a peer's description that this build speaks, in the
// peer's preference; none when the description cannot be used. It lets the
// other side of a call be offered what needs no conversion.
func Offered(description []byte) []Codec {
	lines, err := parseSDP(description)
	if err != nil {
		return nil
	}
	for _, l := range lines {
		if l.taken {
			return l.codecs
		}
	}
	return nil
}
