package sip

// sendStranger answers someone of whom nothing is known yet.
func (s *Server) sendStranger(f flow, b []byte) {
	f.send(b)
}
