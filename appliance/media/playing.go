package media

// playing is the sound that a flow hears instead of its peer.
type playing struct {
	sound *Sound
	id    uint64
	loop  bool
	data  []byte // in the codec that was negotiated last
	pos   int
}

// encode takes the sound in that codec. The encoding was made where Play or the negotiation was called, so this only
// looks it up. G.711 has one byte a sample in both laws, so the position stays right.
func (p *playing) encode(c Codec) {
	if p.sound != nil {
		p.data = p.sound.Encoded(c)
	}
}

// take fills b with what comes next and tells whether the sound is over. A last packet that is not full ends in silence.
func (p *playing) take(b []byte, silence byte) (over bool) {
	for n := 0; n < len(b); {
		if p.pos == len(p.data) {
			if !p.loop || p.pos == 0 {
				for ; n < len(b); n++ {
					b[n] = silence
				}
				break
			}
			p.pos = 0
		}
		m := copy(b[n:], p.data[p.pos:])
		n, p.pos = n+m, p.pos+m
	}
	return p.pos == len(p.data) && (!p.loop || p.pos == 0)
}

const (
	silencePCMA = 0xd5
	silencePCMU = 0xff
	catchUp     = 5 // packets sent at once after the worker was held up; beyond that the sound goes on later
)

// sounding tells whether the flow sends something of its own, so that the peer's sound must wait.
func (f *flow) sounding() bool { return f.playing.sound != nil || f.keypad.count > 0 }

// play begins a sound in place of what sounds now.
func (f *flow) play(w *worker, p playing) {
	f.playing = p
	if f.route.ready {
		f.playing.encode(f.route.codec)
	}
	f.resume(w)
}

// resume sets the pace when there is something to send and somebody to send it to. Before the first negotiation a
// sound waits; later it runs also while nobody listens, so that it ends when it should.
func (f *flow) resume(w *worker) {
	if f.pace.set || !f.route.ready || !f.sounding() {
		return
	}
	next := w.now/ms + 1
	w.wheel.set(&f.pace, next+(f.phase-next%frame+frame)%frame)
}

// onPace makes one packet and sets the next deadline, counted from the last deadline and not from now.
func onPace(w *worker, f *flow) {
	due, step := f.pace.at, int64(f.route.samples/clockKHz)
	switch {
	case f.keypad.count > 0:
		f.dial(w)
	case f.playing.sound != nil:
		f.sound(w)
	}
	if !f.sounding() {
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
	samples := int(f.route.samples)
	b := w.out[:headerSize+samples]
	silence := byte(silencePCMA)
	if f.route.kind == kindPCMU {
		silence = silencePCMU
	}
	over := f.playing.take(b[headerSize:], silence)
	if f.route.sends {
		seq, ts, marker := f.out.next(sourcePlay|uint64(uint32(f.playing.id)), uint32(samples), w.now)
		putHeader(b, f.route.codec.PT, marker, seq, ts, f.out.ssrc)
		f.send(w, b)
	}
	if over {
		id := f.playing.id
		f.playing = playing{}
		f.tell(w, Event{Kind: EventPlayed, Play: id})
	}
}
