package media

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// record is one DTLS record that carries a piece of a handshake message (RFC 6347 section 4.2.2).
func record(kind byte, message uint16, whole, offset int, piece []byte) []byte {
	b := []byte{contentShake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, byte(message >> 8), byte(message)}
	b = binary.BigEndian.AppendUint16(b, uint16(12+len(piece)))
	b = append(b, kind, byte(whole>>16), byte(whole>>8), byte(whole), byte(message>>8), byte(message), byte(offset>>16), byte(offset>>8), byte(offset),
		byte(len(piece)>>16), byte(len(piece)>>8), byte(len(piece)))
	return append(b, piece...)
}

// overDTLS has the box answer a phone whose sound is keyed by DTLS without ICE.
func (p *phone) overDTLS(leg *Stream, setup string) {
	p.t.Helper()
	leg.Secure(SecureOptional)
	offer := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + itoa(int(p.addr().Port())) +
		" UDP/TLS/RTP/SAVP 8\r\na=setup:" + setup + "\r\na=fingerprint:" + leg.engine.identity.print + "\r\n"
	if _, err := leg.Answer([]byte(offer), localhost, []Codec{PCMA}, SendRecv); err != nil {
		p.t.Fatal(err)
	}
	p.leg = addrOf(leg)
	leg.Stats()
}

func rowM08AFloodOfFragmentsCostsLittleMemory(t *testing.T) {
	e := box(t, Options{Workers: 1})
	piece := make([]byte, 1300)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var legs []*Stream
	for range 10 {
		leg, _ := open(t, e)
		legs = append(legs, leg)
		p := newPhone(t)
		p.overDTLS(leg, "active")
		p.raw(helloOf(t))
		taken := func() (all bool) {
			leg.command(func(_ *worker, f *flow) {
				f.arrived = 0
				h := f.shield.handshake
				all = h != nil && h.inbox.Count() == 0
			})
			leg.Stats()
			return all
		}
		until(t, "a handshake begins", taken)
		for i := range 900 { // each is the first piece of a message of 16 MB that never goes on
			p.raw(record(1, uint16(i), 1<<24-1, (i%7)*1300, piece))
			if i%20 == 19 {
				until(t, "it takes them", taken)
			}
		}
	}
	if grown := int64(heap()) - int64(before); grown > 10*256<<10 {
		t.Errorf("%d kB for 10 calls", grown>>10)
	}
	for _, leg := range legs {
		if s := leg.Stats(); s.PacketsOut != 0 || s.Suite != "" {
			t.Errorf("%+v", s)
		}
	}
}

// Whom we call by DTLS may answer what it likes.
func rowM08BombsInAHandshakeEndNothingButTheCall(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	p := newPhone(t)
	p.overDTLS(leg, "passive")
	leg.Play(ToneSound(time.Second, 440), true)
	hello := make([]byte, largest)
	p.rtp.SetReadDeadline(time.Now().Add(patience))
	if n, err := p.rtp.Read(hello); err != nil || !isHello(hello[:n]) {
		t.Fatalf("the box does not begin: %v %x", err, hello[:n])
	}
	rnd := rand.New(rand.NewPCG(8, 8))
	junk := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	for i := range 600 {
		kind, n := byte([]int{0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 99}[i%13]), rnd.IntN(1200)
		whole := []int{n, n + 1, 0, 1<<24 - 1}[rnd.IntN(4)]
		b := record(kind, uint16(rnd.IntN(4)), whole, rnd.IntN(2)*rnd.IntN(1<<24), junk(n))
		switch rnd.IntN(4) {
		case 0: // another kind of record
			b[0] = byte(20 + rnd.IntN(6))
		case 1:
			b[4] = byte(rnd.IntN(2)) // of an epoch that nobody has keys for
			b = b[:rnd.IntN(len(b))+1]
		}
		p.raw(b)
		if i%50 == 49 {
			leg.command(func(_ *worker, f *flow) { f.arrived = 0 })
			leg.Stats()
		}
	}
	if s := leg.Stats(); s.PacketsOut != 0 || s.Suite != "" {
		t.Errorf("%+v", s)
	}
	other, _ := open(t, e)
	one := newPhone(t)
	one.call(other, "sendrecv")
	other.Echo(true)
	other.Stats()
	one.say(4)
	if got := one.hear(); got.payload[0] != 4 {
		t.Errorf("another call hears %x", got.payload[0])
	}
}
