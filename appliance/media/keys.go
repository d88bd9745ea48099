package media

import "encoding/binary"

const (
	keyTone    = 100 // ms that a key sounds, unless somebody holds it down longer
	keyGap     = 60  // ms between two keys
	keyPause   = 500 // ms that a comma waits
	keyEnds    = 3   // packets that say a key is over (RFC 4733 section 2.5.1.4)
	keyVolume  = 10  // dBm0 below zero
	keysQueued = 64
	keyLost    = 250 * ms // after which a key of which nothing more is heard counts as up
	keyEcho    = 400 * ms // after a tone of ours in which the same tone from the peer is its echo
	keyLongest = 8_000    // ms that a key is held down for the other side
	endBit     = 0x80
	longestKey = 60 * 8000 // timestamp units within which an older packet of a key is late and not new
)

const keyNames = "0123456789*#ABCD" // by event number (RFC 4733 section 3.2)

func keyNumber(key byte) (uint8, bool) {
	if key >= 'a' && key <= 'd' {
		key -= 'a' - 'A'
	}
	for i := range len(keyNames) {
		if keyNames[i] == key {
			return uint8(i), true
		}
	}
	return 0, false
}

// keypad is the keys that a flow still has to send, the first one in progress.
type keypad struct {
	queue [keysQueued]byte
	count int
	step  int    // packets of the first key so far …
	ends  int    // … of its end …
	gap   int    // … and of the silence after it
	start uint32 // its timestamp
	since int64  // when it began

	held  bool  // somebody on the other side holds the first key down …
	until int64 // … at least until then, in ns; not for ever, because its end may be lost
	tone  touchSound
	toned [len(keyNames)]int64 // when we last sounded each key as a tone, 0 for never
}

// press queues what can be sent; the rest of digits is left out, and so is what does not fit.
func (k *keypad) press(digits string) {
	for i := range len(digits) {
		if _, ok := keyNumber(digits[i]); (ok || digits[i] == ',') && k.count < len(k.queue) {
			k.queue[k.count] = digits[i]
			k.count++
		}
	}
}

// down queues a key that somebody holds down now. One that comes while others still sound is sent as if it were short.
func (k *keypad) down(key byte, now int64) {
	k.held = false
	k.press(string(key))
	if k.count == 1 {
		k.held = true
		k.stays(now)
	}
}

func (k *keypad) stays(now int64) { k.until = now + keyLost }
func (k *keypad) up()             { k.held = false }

// forget leaves out what was not sent to its end.
func (k *keypad) forget() {
	k.count, k.step, k.ends, k.gap, k.held = 0, 0, 0, 0, false
}

func (k *keypad) done() {
	copy(k.queue[:], k.queue[1:k.count])
	k.count--
	k.step, k.ends, k.gap, k.held = 0, 0, 0, false
}

// dial sends the next packet of the first key: as events, or as tones where the peer agreed to none; or nothing where it
// gets them by another way.
func (f *flow) dial(w *worker) {
	k, step := &f.keypad, int(f.route.step)
	number, ok := keyNumber(k.queue[0])
	k.held = k.held && w.now < k.until && k.step*step < keyLongest
	sounds := k.step*step < keyTone || k.held
	switch {
	case !ok:
		if k.step++; k.step*step >= keyPause {
			k.done()
		}
	case !f.route.sends:
		k.done()
	case f.keysAway:
		f.dialNothing(w)
	case f.route.keys != 0:
		f.dialEvent(w, number, sounds)
	default:
		f.dialTone(w, number, sounds)
	}
}

// dialEvent sends growing durations under one timestamp, three ends, a gap.
func (f *flow) dialEvent(w *worker, number uint8, sounds bool) {
	k := &f.keypad
	switch most := 0xffff / (f.route.step * f.route.keysKind.clock()); {
	case sounds && k.ends == 0 && int64(k.step) < most:
		k.step++
		f.sendKey(w, number, false)
	case k.ends < keyEnds:
		k.ends++
		f.sendKey(w, number, true)
	default:
		k.pass(f.route.step)
	}
}

// pass lets a packet of the gap between two keys go by.
func (k *keypad) pass(step int64) {
	if k.gap++; int64(k.gap)*step >= keyGap {
		k.done()
	}
}

// dialTone sends the tones, then silence, because a gap in the stream would be made up with more tone.
func (f *flow) dialTone(w *worker, number uint8, sounds bool) {
	k := &f.keypad
	if k.step == 0 {
		k.tone.press(keyNames[number])
	}
	sounds = sounds && k.gap == 0
	pcm := w.pcm[:f.route.step*sampleRate/1000]
	k.tone.into(pcm, sounds)
	f.speak(w, sourceKeys, pcm, sampleRate)
	k.toned[number] = w.now
	if sounds {
		k.step++
	} else {
		k.pass(f.route.step)
	}
}

// sendKey sends one event packet (RFC 4733 section 2.3) of a key that has sounded for k.step packets.
func (f *flow) sendKey(w *worker, number uint8, end bool) {
	k := &f.keypad
	span := uint32(k.step) * f.route.samples
	first := k.step == 1 && !end
	if first {
		// Another source each time, so that every key begins with a timestamp of its own.
		f.out.source = sourceNone
		_, k.start, _ = f.out.next(sourceKeys, span, w.now)
		k.since = w.now
	} else {
		f.out.sent(f.out.seq+1, k.start, span, k.since)
	}
	b := w.out[:headerSize+4]
	putHeader(b, f.route.keys, first, f.out.seq, k.start, f.out.ssrc)
	b[headerSize], b[headerSize+1] = number, keyVolume
	if end {
		b[headerSize+1] |= endBit
	}
	binary.BigEndian.PutUint16(b[headerSize+2:], uint16(int64(k.step)*f.route.step*f.route.keysKind.clock()))
	f.send(w, b)
}

// keyed takes a key packet of the peer: it is told once, and the other side gets it as it understands keys.
func (f *flow) keyed(w *worker, p *packet) {
	key, isNew := f.pressed.press(p)
	if isNew {
		f.tell(w, Event{Kind: EventDigit, Digit: key})
	}
	to := f.peer
	if to == nil || f.echo || f.passesKeys() || len(p.payload) < 4 {
		return
	}
	switch {
	case isNew:
		f.mute()
		to.keypad.down(key, w.now)
		to.resume(w)
	case p.payload[1]&endBit != 0:
		to.keypad.up()
	default:
		to.keypad.stays(w.now)
	}
}

// passesKeys tells that key packets reach the peer as they are: it agreed to some, and the sound needs no decoding, so
// that they keep their place in it.
func (f *flow) passesKeys() bool {
	return f.peer.route.keys != 0 && alike(f.route.kind, f.peer.route.kind) && !f.peer.converting()
}

// rescale writes the duration of an event packet on another clock.
func rescale(payload []byte, from, to kind) {
	if from != to && len(payload) >= 4 {
		duration := int64(keyDuration(payload)) * to.clock() / from.clock()
		binary.BigEndian.PutUint16(payload[2:], uint16(min(duration, 0xffff)))
	}
}

// pressed remembers the last key of the peer. Each key is many packets with one timestamp, of which any may be lost, so
// the first one that comes tells the key and the rest say nothing new. A key held longer than a duration can count goes
// on under a new timestamp, right where the last one ended and without a marker (RFC 4733 section 2.5.1.3).
type pressed struct {
	ssrc     uint32
	ts       uint32
	duration uint32
	number   uint8
	any      bool
}

// keyDuration is how long the key of an event packet has sounded, in timestamp units.
func keyDuration(payload []byte) uint32 {
	if len(payload) < 4 {
		return 0
	}
	return uint32(binary.BigEndian.Uint16(payload[2:]))
}

func (k *pressed) press(p *packet) (key byte, ok bool) {
	if len(p.payload) < 4 || int(p.payload[0]) >= len(keyNames) {
		return 0, false
	}
	number, duration := p.payload[0], keyDuration(p.payload)
	same := k.any && p.ssrc == k.ssrc
	if same {
		if ahead := int32(p.ts - k.ts); ahead == 0 {
			k.duration = max(k.duration, duration)
			return 0, false
		} else if ahead < 0 && ahead > -longestKey {
			return 0, false // late from an earlier key
		}
	}
	longer := same && !p.marker && number == k.number && p.ts == k.ts+k.duration && k.duration > 0x8000
	*k = pressed{ssrc: p.ssrc, ts: p.ts, duration: duration, number: number, any: true}
	return keyNames[number], !longer
}
