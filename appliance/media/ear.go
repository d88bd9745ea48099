package media

// ear hears what arrives at 8 kHz, packet by packet as it comes, for who captures it, and for keys in the sound. It is not
// what the other side hears: it costs no delay, and nothing is made up in it.
type ear struct {
	decoder decoder
	kind    kind
	rates   *resampler // nil when the sound has 8 kHz anyway
	touch   touch
}

// listen gives a packet to the ear, if there is somebody to hear it.
func (f *flow) listen(w *worker, p *packet, what kind) {
	keys := f.route.keys == 0 && !f.informed
	if !what.speaks() || (f.capture == nil && !keys) || what.span(p.payload) > longestHeard*what.clock() {
		return
	}
	if what != f.ear.kind {
		f.ear = ear{kind: what, rates: newLiveResampler(what.rate(), sampleRate)}
	}
	n, err := f.ear.decoder.decode(w.pcm[:], p.payload, what)
	if err != nil {
		w.faulty(err)
		return
	}
	pcm := w.pcm[:n]
	if f.ear.rates != nil {
		pcm = f.ear.rates.through(w.narrow[:0], pcm)
	}
	if f.capture != nil {
		f.keep(pcm)
	}
	if keys {
		f.touched(w, pcm)
	}
}

// touched looks for keys in what was heard. A key that we sound ourselves, or did just before, comes back as an echo.
func (f *flow) touched(w *worker, pcm []int16) {
	was := f.ear.touch.key
	key := f.ear.touch.hear(pcm)
	if number, ok := keyNumber(f.ear.touch.key); ok && f.keypad.toned[number] != 0 && w.now-f.keypad.toned[number] < keyEcho {
		return
	}
	if key != 0 {
		f.tell(w, Event{Kind: EventDigit, Digit: key})
	}
	to := f.peer
	if to == nil || f.echo || to.route.keys == 0 && !to.keysAway { // where no keys were agreed on either, the tone itself goes through
		return
	}
	switch {
	case key != 0:
		f.mute()
		to.keypad.down(key, w.now)
		to.resume(w)
	case f.ear.touch.key != 0:
		to.keypad.stays(w.now)
	case was != 0:
		to.keypad.up()
	}
}

// keep hands a frame to the reader of Capture. When the reader is late the oldest goes.
func (f *flow) keep(heard []int16) {
	pcm := append([]int16(nil), heard...)
	for {
		select {
		case f.capture <- pcm:
			return
		default:
		}
		select {
		case <-f.capture:
			f.missed++
		default:
		}
	}
}
