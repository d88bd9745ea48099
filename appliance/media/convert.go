package media

// decoder turns packets of any codec into sound at that codec's rate. It makes what it needs when it is first needed.
type decoder struct {
	g722 *g722Decoder
	opus *opusDecoder
}

// reset forgets the past of the stream.
func (d *decoder) reset() {
	if d.g722 != nil {
		d.g722.reset()
	}
	if d.opus != nil {
		d.opus.gopus.Reset()
	}
}

// decode writes what a packet holds into pcm, which has room for it, and returns the samples.
func (d *decoder) decode(pcm []int16, data []byte, what kind) (int, error) {
	switch what {
	case kindPCMA, kindPCMU:
		table := &alawToLinear
		if what == kindPCMU {
			table = &ulawToLinear
		}
		for i, b := range data {
			pcm[i] = table[b]
		}
		return len(data), nil
	case kindG722:
		if d.g722 == nil {
			d.g722 = new(g722Decoder)
			d.g722.reset()
		}
		for at := 0; at < len(data); at += longestFrame {
			d.g722.decode(pcm[2*at:], data[at:min(at+longestFrame, len(data))])
		}
		return 2 * len(data), nil
	}
	if err := d.ready(); err != nil {
		return 0, err
	}
	return d.opus.decode(pcm, data)
}

// conceal is how Opus goes on without a packet, with what the next one says of it if that is there.
func (d *decoder) conceal(pcm []int16, next []byte) error {
	if err := d.ready(); err != nil {
		return err
	}
	if next != nil {
		return d.opus.repair(pcm, next)
	}
	return d.opus.conceal(pcm)
}

func (d *decoder) ready() (err error) {
	if d.opus == nil {
		d.opus, err = newOpusDecoder()
	}
	return err
}

// encoder turns sound into packets of one codec. It keeps its past from one call to the next, whoever speaks.
type encoder struct {
	g722   *g722Encoder
	opus   *opusEncoder
	wishes opusWishes
	kind   kind
	rates  *resampler // from that of the sound to the codec's, nil when they are the same
	from   int
	pcm    []int16
}

// encode writes pcm into out and returns the bytes. Of Opus it takes 20 ms at a time, of the others up to 60 ms.
func (e *encoder) encode(out []byte, pcm []int16, rate int) (int, error) {
	if rate != e.kind.rate() {
		if e.from != rate {
			e.from, e.rates = rate, newLiveResampler(rate, e.kind.rate())
			e.pcm = make([]int16, 0, 2*longestFrame)
		}
		pcm = e.rates.through(e.pcm, pcm)
	}
	switch e.kind {
	case kindPCMA:
		return encodeLaw(out, pcm, linearToAlaw), nil
	case kindPCMU:
		return encodeLaw(out, pcm, linearToUlaw), nil
	case kindG722:
		if e.g722 == nil {
			e.g722 = new(g722Encoder)
			e.g722.reset()
		}
		e.g722.encode(out[:len(pcm)/2], pcm)
		return len(pcm) / 2, nil
	case kindOpus:
		if e.opus == nil {
			var err error
			if e.opus, err = newOpusEncoder(e.wishes); err != nil {
				return 0, err
			}
		}
		return e.opus.encode(out[:opusLargest], pcm)
	}
	return 0, ErrNoCodec
}

func encodeLaw(out []byte, pcm []int16, code func(int16) byte) int {
	for i, sample := range pcm {
		out[i] = code(sample)
	}
	return len(pcm)
}

// alike tells that what one of two legs sends needs no decoding for the other.
func alike(a, b kind) bool { return a == b || a.narrow() && b.narrow() }

// pass gives what arrived to the other side: as it is where that side speaks the same, and by way of a playout where it
// does not.
func (f *flow) pass(w *worker, p *packet, what kind) {
	to := f.peer
	direct := alike(what, to.route.kind)
	if !what.speaks() {
		direct = !to.converting()
	}
	switch {
	case direct:
		f.mute()
		to.relay(w, p, what, f.route.keysKind)
	case !to.route.sends || to.sounding():
		f.mute()
	default:
		if f.playout == nil {
			f.playout = new(playout)
		}
		f.playout.put(p, what, w.now)
		to.resume(w)
	}
}

// mute forgets what of this flow waits to be heard by the other side.
func (f *flow) mute() {
	if f.playout != nil {
		f.playout.stop()
	}
}

// converting tells that the peer's sound comes by way of its playout.
func (f *flow) converting() bool {
	return f.peer != nil && f.peer.playout != nil && f.peer.playout.started
}

// convert sends the next packet of the peer's sound in our codec; false when there is nothing until more arrives.
func (f *flow) convert(w *worker) (more bool) {
	from := f.peer.playout
	pcm := w.pcm[:int(f.route.step)*from.rate()/1000]
	got := from.pull(pcm, w.now)
	w.faulty(from.fault)
	from.fault = nil
	switch got {
	case outcomeSound:
		f.noise.on = false
		f.speak(w, sourceConvert, pcm, from.rate())
		return true
	case outcomeWait:
		f.out.source = sourceNone
		return true
	}
	f.out.source = sourceNone
	return false
}

// hush sends noise in place of a peer who pauses, when its sound would have been relayed.
func (f *flow) hush(w *worker) (more bool) {
	if f.peer == nil || f.peer.silent {
		f.noise.on = false
		return false
	}
	pcm := w.pcm[:f.route.step*sampleRate/1000]
	f.noise.into(pcm)
	f.speak(w, sourceComfort, pcm, sampleRate)
	return true
}

// speak sends sound that is not encoded yet.
func (f *flow) speak(w *worker, source uint64, pcm []int16, rate int) {
	if !f.route.sends {
		return
	}
	before := f.encoder.opus
	n, err := f.encoder.encode(w.out[headerSize:], pcm, rate)
	if f.encoder.opus != before {
		w.engine.encoders.Add(1)
	}
	w.faulty(err)
	if err == nil && n > 0 {
		f.emit(w, source, n)
	}
}

// encodes sets the codec of what we encode ourselves.
func (f *flow) encodes(w *worker, what kind, wishes opusWishes) {
	if f.encoder.kind == what && f.encoder.wishes == wishes {
		return
	}
	if f.encoder.opus != nil {
		w.engine.encoders.Add(-1)
	}
	f.encoder = encoder{kind: what, wishes: wishes}
}
