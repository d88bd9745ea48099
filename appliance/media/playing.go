package media

// playing is the sound that a flow hears instead of its peer.
type playing struct {
	sound *Sound
	id    uint64
	loop  bool
	as    encoding // in the codec that was negotiated last
	pos   int      // in eighths of a millisecond, so that it stays right in another codec
}

// encode takes the sound in that codec. The encoding was made where Play or the negotiation was called, so this only
// looks it up.
func (p *playing) encode(what kind) {
	if p.sound != nil {
		p.as = p.sound.as(what)
	}
}

// take writes the next packet into out, which lasts that many eighths of a millisecond, and returns its bytes and whether
// the sound is over. A last packet that is not full ends in silence.
func (p *playing) take(out []byte, lasts int) (n int, over bool) {
	end := len(p.as.data)
	if p.loop {
		end = p.as.size
	}
	switch {
	case p.as.size == 0:
		return 0, true
	case p.as.packets != nil:
		n = copy(out, p.as.packets[p.pos/lasts])
		p.pos += lasts
	default:
		for n < lasts {
			m := copy(out[n:lasts], p.as.data[p.pos%end:end])
			n, p.pos = n+m, p.pos%end+m
		}
	}
	if over = p.pos >= p.as.size; over && p.loop {
		p.pos, over = 0, false
	}
	return n, over
}

const catchUp = 5 // packets sent at once after the worker was held up; beyond that the sound goes on later

// sounding tells whether the flow sends something of its own, so that the peer's sound must wait.
func (f *flow) sounding() bool { return f.playing.sound != nil || f.keypad.count > 0 }

// play begins a sound in place of what sounds now.
func (f *flow) play(w *worker, p playing) {
	f.playing = p
	if f.route.ready {
		f.playing.encode(f.route.kind)
	}
	f.resume(w)
}

// resume sets the pace when there is something to send and somebody to send it to. Before the first negotiation a
// sound waits, and so it does while keys for it are still to come; later it runs also while nobody listens, so that it
// ends when it should.
func (f *flow) resume(w *worker) {
	if f.pace.set || !f.route.ready || f.shield.waiting() || !(f.sounding() || f.noise.on || f.converting()) {
		return
	}
	next := w.now/ms + 1
	w.wheel.set(&f.pace, next+(f.phase-next%frame+frame)%frame)
}

// onPace makes one packet and sets the next deadline, counted from the last deadline and not from now.
func onPace(w *worker, f *flow) {
	due, step, more := f.pace.at, f.route.step, true
	switch {
	case f.keypad.count > 0:
		f.dial(w)
	case f.playing.sound != nil:
		f.sound(w)
	case f.converting():
		more = f.convert(w)
	case f.noise.on:
		more = f.hush(w)
	}
	if !more || !(f.sounding() || f.noise.on || f.converting()) {
		return // parked until there is something again
	}
	if late := w.now/ms - due; late > catchUp*step {
		due += late / step * step
		f.out.source = sourceNone // so that the next timestamp is of the time it really is
	}
	w.wheel.set(&f.pace, due+step)
}

// sound sends the next packet of what plays.
func (f *flow) sound(w *worker) {
	n, over := f.playing.take(w.out[headerSize:], int(f.route.step)*sampleRate/1000)
	if n > 0 {
		f.emit(w, sourcePlay|uint64(uint32(f.playing.id)), n)
	}
	if over {
		id := f.playing.id
		f.playing = playing{}
		f.tell(w, Event{Kind: EventPlayed, Play: id})
	}
}

// emit sends a packet of our own making, whose payload lies in w.out behind room for the header.
func (f *flow) emit(w *worker, source uint64, size int) {
	if !f.route.sends {
		return
	}
	b := w.out[:headerSize+size]
	seq, ts, marker := f.out.next(source, f.route.samples, w.now)
	putHeader(b, f.route.codec.PT, marker, seq, ts, f.out.ssrc)
	f.send(w, b)
}
