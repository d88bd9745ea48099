package media

// Offered reads a peer's offer before it is answered: the codecs that it speaks
// and this build too, in its preference, so that the other side of a call can be
// offered what needs no conversion. The error is the one that Answer would give
// with those codecs and that Security; then there is no use in calling anybody.
func Offered(offer []byte, codecs []Codec, mode Security) (spoken []Codec, err error) {
	lines, err := parseSDP(offer)
	if err != nil {
		return nil, err
	}
	s := safety{mode: mode}
	err = ErrNoCodec
	for _, i := range s.order(lines) {
		l := lines[i]
		if !l.taken || len(common(codecs, l.codecs, l.codecs)) == 0 {
			continue
		}
		if _, refused := s.respond(&l); refused != nil {
			err = refused
			continue
		}
		return l.codecs, nil
	}
	return nil, err
}
