package media

import (
	"math/rand/v2"
	"testing"
	"time"
)

// codes are bytes of A-law that come back from µ-law as they were, so that a word in them is read whatever law it went
// through.
var codes = func() (all []byte) {
	for b := range 256 {
		if len(all) < 16 && ulawToAlaw[alawToUlaw[b]] == byte(b) {
			all = append(all, byte(b))
		}
	}
	return all
}()

// word is sound that says who speaks, and when, again and again.
func word(who uint32, law Codec) []byte {
	sound := make([]byte, 160)
	for i := range sound {
		c := codes[who>>(4*(i%8))&15]
		if law == PCMU {
			c = alawToUlaw[c]
		}
		sound[i] = c
	}
	return sound
}

// readWord is who was heard; false when the sound is not one word from its beginning to its end.
func readWord(sound []byte, law Codec) (who uint32, ok bool) {
	if len(sound) != 160 {
		return 0, false
	}
	for i := range 8 {
		for n, c := range codes {
			if law == PCMU {
				c = alawToUlaw[c]
			}
			if sound[i] == c {
				who |= uint32(n) << (4 * i)
			}
		}
	}
	return who, string(sound) == string(word(who, law))
}

// party is one side of a call in the drill.
type party struct {
	*phone
	leg *Stream
	law Codec
	who uint32
}

func (p *party) speaks(turn int) {
	b := make([]byte, headerSize)
	p.seq++
	p.ts += 160
	putHeader(b, p.law.PT, false, p.seq, p.ts, p.ssrc)
	p.raw(append(b, word(p.who<<8|uint32(turn&0xff), p.law)...))
}

// drill is two hundred calls, of which some end and some begin in every turn.
type drill struct {
	t      *testing.T
	e      *Engine
	rnd    *rand.Rand
	calls  [][2]*party
	ghosts []*party // hung up, and still sending to where their call was
	serial uint32
	heard  int
	strays uint64 // packets that came from elsewhere than from the peer, in calls that ended
}

// begin adds a call. It may get the ports of one that ended in the turn before.
func (c *drill) begin() {
	c.t.Helper()
	var both [2]*party
	for i := range both {
		s, err := c.e.Open(nil)
		if err != nil {
			c.t.Fatal(err)
		}
		c.serial++
		p := &party{phone: newPhone(c.t), leg: s, law: []Codec{PCMA, PCMU}[c.rnd.IntN(2)], who: c.serial}
		p.seq, p.ts, p.ssrc = uint16(c.rnd.Uint32()), c.rnd.Uint32(), c.rnd.Uint32()
		if _, err := s.Answer(p.sdp("sendrecv"), localhost, []Codec{p.law}, SendRecv); err != nil {
			c.t.Fatal(err)
		}
		p.phone.leg = addrOf(s)
		both[i] = p
	}
	Join(both[0].leg, both[1].leg)
	c.calls = append(c.calls, both)
}

// end hangs up a call. Its phones have not heard of it yet.
func (c *drill) end(i int) {
	for _, p := range c.calls[i] {
		c.strays += p.leg.Stats().Foreign
		p.leg.Close()
		c.ghosts = append(c.ghosts, p)
	}
	c.calls[i] = c.calls[len(c.calls)-1]
	c.calls = c.calls[:len(c.calls)-1]
}

// talk has everybody speak at once, and each hear the other side of its own call and nobody else.
func (c *drill) talk(turn int) {
	c.t.Helper()
	for _, both := range c.calls {
		both[0].leg.Stats() // the worker knows all that was asked of it
	}
	for _, both := range c.calls {
		both[0].speaks(turn)
		both[1].speaks(turn)
	}
	for _, both := range c.calls {
		for i, p := range both {
			who, ok := readWord(p.hear().payload, p.law)
			if want := both[1-i].who<<8 | uint32(turn&0xff); !ok || who != want {
				c.t.Fatalf("turn %d: %d hears %x (a whole word: %v), want %x", turn, p.who, who, ok, want)
			}
			c.heard++
		}
	}
}

// swap lets two calls exchange their second sides, as transfers do.
func (c *drill) swap(i, j int) {
	a, b := &c.calls[i], &c.calls[j]
	a[1], b[1] = b[1], a[1]
	Join(a[0].leg, a[1].leg)
	Join(b[0].leg, b[1].leg)
}

// haunt has those who were hung up go on speaking, and forgets the oldest.
func (c *drill) haunt(turn int) {
	for _, g := range c.ghosts {
		g.speaks(turn)
	}
	if n := len(c.ghosts) - 80; n > 0 {
		for _, g := range c.ghosts[:n] {
			g.rtp.Close()
		}
		c.ghosts = c.ghosts[n:]
	}
}

// Two hundred calls talk at once while others hang up, begin on the ports of those that ended, and are transferred. The
// phones of the ended go on sending to the old ports: first while those rest, then when others have them.
func rowM12NobodyHearsAnotherCall(t *testing.T) {
	const calls, turns, changes = 200, 12, 20
	c := &drill{t: t, e: box(t, Options{Workers: 3, PortLow: 24000, PortHigh: 25199, quarantine: time.Hour}), rnd: rand.New(rand.NewPCG(12, 200))}
	for range calls {
		c.begin()
	}
	c.talk(0)
	for turn := 1; turn <= turns; turn++ {
		for range changes {
			c.end(c.rnd.IntN(len(c.calls)))
		}
		c.haunt(turn) // their ports rest
		c.e.ports.mu.Lock()
		c.e.ports.wake(time.Now().Add(2 * time.Hour))
		c.e.ports.mu.Unlock()
		for range changes {
			c.begin()
		}
		c.swap(c.rnd.IntN(calls/2), calls/2+c.rnd.IntN(calls/2))
		c.talk(turn)
		c.haunt(turn) // others have their ports
		c.talk(turn + 100)
	}
	for len(c.calls) > 0 {
		c.end(0)
	}
	if c.strays < changes || c.heard != 2*calls*(2*turns+1) {
		t.Errorf("%d packets heard, %d strayed into calls of others", c.heard, c.strays)
	}
	if used, _ := c.e.Ports(); used != 0 {
		t.Errorf("%d pairs are held", used)
	}
	t.Logf("%d packets were heard where they belong, %d strayed and were not", c.heard, c.strays)
}

// The same for sound that is decoded and encoded on its way: each pair has a tone of its own.
func rowM12NobodyHearsAnotherCallThroughAnotherCodec(t *testing.T) {
	t.Parallel()
	const calls = 4
	phones, e := box(t, Options{Workers: 1, PortLow: 26000, PortHigh: 27999}), box(t, Options{Workers: 2, PortLow: 10000, PortHigh: 11999})
	hz := func(i int) float64 { return 400 + 150*float64(i) }
	type pair struct{ speaker, listener, in, out *Stream }
	var all [calls]pair
	begin := func(i int) {
		p := &all[i]
		p.speaker, _ = open(t, phones)
		p.listener, _ = open(t, phones)
		p.in, _ = open(t, e)
		p.out, _ = open(t, e)
		connect(t, p.speaker, p.in, []Codec{G722, Opus, PCMA}[i%3])
		connect(t, p.listener, p.out, []Codec{PCMU, G722, Opus}[i%3])
		Join(p.in, p.out)
		p.speaker.Play(ToneSound(time.Second, hz(i)), true)
	}
	check := func() {
		t.Helper()
		for i := range all {
			all[i].listener.Capture() // all listen from now on
		}
		for i := range all {
			heard := all[i].listener.Capture()
			hearsTone(t, heard, hz(i))
			pcm := hearFrames(t, heard, 10)
			for j := range all {
				if share := Goertzel(pcm, hz(j)); j != i && share > 0.1 {
					t.Errorf("call %d hears %.2f of the tone of call %d", i, share, j)
				}
			}
		}
	}
	for i := range all {
		begin(i)
	}
	check()
	for i := 0; i < calls; i += 2 {
		all[i].in.Close()
		all[i].out.Close()
		begin(i)
	}
	check()
}
