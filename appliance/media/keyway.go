package media

// KeyWay is how keys go to a peer. Whichever it is, keys of the peer are understood as events and as tones.
type KeyWay uint8

const (
	// KeysAgreed is as events when both sides agree on them (RFC 4733), else as tones in the sound.
	KeysAgreed KeyWay = iota
	// KeysInband is as tones in the sound; events are neither offered nor agreed on.
	KeysInband
	// KeysInfo is not by way of the sound: what the joined peer presses is told by its EventDigit alone, and the stream's
	// owner sends it by SIP INFO. Events are neither offered nor agreed on, and tones of the joined peer are kept out of
	// its sound once they are known for a key, so that nobody hears a key twice.
	KeysInfo
)

// Keys says how keys go to the peer: for what sounds at once, for what is agreed on with the next Offer or Answer. A new
// stream has KeysAgreed.
func (s *Stream) Keys(way KeyWay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sdp.way == way {
		return // most often: no worker is woken for that
	}
	s.sdp.way = way
	s.locked(func(_ *worker, f *flow) {
		if f.keysAway && way != KeysInfo {
			f.keypad.forget() // a key that is held down now was sent by the other way
		}
		f.keysAway = way == KeysInfo
	})
}

// Informed says that the peer sends its keys by SIP INFO: tones in its sound are taken for keys no more, because some
// phones let both be heard.
func (s *Stream) Informed() {
	s.command(func(_ *worker, f *flow) { f.informed = true })
}

// KeysBy tells how keys go to the peer since the last negotiation: "rfc4733" when both agreed on events, "inband" when
// they are tones in the sound, "info" when they are the owner's to send; empty before the first.
func (s *Stream) KeysBy() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.sdp.codec.Name == "":
		return ""
	case s.sdp.way == KeysInfo:
		return "info"
	case s.sdp.events:
		return "rfc4733"
	}
	return "inband"
}

// dialNothing lets a key pass in silence: it goes to the peer by another way, and its tone must not go along.
func (f *flow) dialNothing(w *worker) {
	k := &f.keypad
	pcm := w.pcm[:f.route.step*sampleRate/1000]
	clear(pcm)
	f.speak(w, sourceKeys, pcm, sampleRate)
	if k.step++; !k.held {
		k.done()
	}
}
