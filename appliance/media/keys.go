package media

import "encoding/binary"

const (
	keyTone    = 100 // ms that a key sounds
	keyGap     = 60  // ms between two keys
	keyPause   = 500 // ms that a comma waits
	keyEnds    = 3   // packets that say a key is over (RFC 4733 section 2.5.1.4)
	keyVolume  = 10  // dBm0 below zero
	keysQueued = 64
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
	step  int    // packets of the first key so far
	start uint32 // its timestamp
	since int64  // when it began
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

func (k *keypad) done() {
	copy(k.queue[:], k.queue[1:k.count])
	k.count--
	k.step = 0
}

// dial sends the next packet of the first key: growing durations under one timestamp, three ends, a gap.
func (f *flow) dial(w *worker) {
	k, step := &f.keypad, int(f.route.samples/clockKHz)
	number, ok := keyNumber(k.queue[0])
	if !ok || f.route.keys == 0 || !f.route.sends {
		if k.step++; k.step*step >= keyPause || ok {
			k.done()
		}
		return
	}
	tones := (keyTone + step - 1) / step
	gaps := (keyGap + step - 1) / step
	switch {
	case k.step < tones+keyEnds:
		f.sendKey(w, number, min(k.step+1, tones), k.step >= tones)
		k.step++
	case k.step < tones+keyEnds+gaps-1:
		k.step++
	default:
		k.done()
	}
}

// sendKey sends one event packet (RFC 4733 section 2.3) of a key that has sounded for that many packets.
func (f *flow) sendKey(w *worker, number uint8, packets int, end bool) {
	k, duration := &f.keypad, uint32(packets)*f.route.samples
	first := k.step == 0
	if first {
		// Another source each time, so that every key begins with a timestamp of its own.
		f.out.source = sourceNone
		_, k.start, _ = f.out.next(sourceKeys, duration, w.now)
		k.since = w.now
	} else {
		f.out.sent(f.out.seq+1, k.start, duration, k.since)
	}
	b := w.out[:headerSize+4]
	putHeader(b, f.route.keys, first, f.out.seq, k.start, f.out.ssrc)
	b[headerSize], b[headerSize+1] = number, keyVolume
	if end {
		b[headerSize+1] |= endBit
	}
	binary.BigEndian.PutUint16(b[headerSize+2:], uint16(duration))
	f.send(w, b)
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
