package media

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var localhost = netip.MustParseAddr("127.0.0.1")

// patience is how long a test waits for what should happen within milliseconds: a busy machine is not a failure.
const patience = 10 * time.Second

// box is an engine on the loopback that ends with its test.
func box(t testing.TB, o Options) *Engine {
	t.Helper()
	if !o.Bind.IsValid() {
		o.Bind = localhost
	}
	if o.PortLow == 0 {
		o.PortLow, o.PortHigh = 20000, 29999
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if used, _ := e.Ports(); used != 0 {
			t.Errorf("%d port pairs still held after the engine closed", used)
		}
		if n := e.Counters().Recovered; n != 0 && !t.Failed() && t.Name() != "TestAPanicInTheWorkerEndsNoCall" {
			t.Errorf("the worker recovered %d times", n)
		}
	})
	return e
}

func open(t testing.TB, e *Engine) (*Stream, chan Event) {
	t.Helper()
	events := make(chan Event, 64)
	s, err := e.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, events
}

// connect has a phone offer and the box answer, as for an incoming call.
func connect(t testing.TB, phone, leg *Stream, phoneCodec Codec) {
	t.Helper()
	answer, err := leg.Answer(phone.Offer(localhost, []Codec{phoneCodec}, SendRecv), localhost, spoken, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.Accept(answer); err != nil {
		t.Fatal(err)
	}
}

// listen returns n seconds/10 of what a stream hears.
func listen(t testing.TB, s *Stream, frames int) []int16 {
	t.Helper()
	return hearFrames(t, s.Capture(), frames)
}

func hearFrames(t testing.TB, heard <-chan []int16, frames int) (pcm []int16) {
	t.Helper()
	late := time.After(patience)
	for range frames {
		select {
		case f := <-heard:
			pcm = append(pcm, f...)
		case <-late:
			t.Fatalf("silence: only %d samples were heard", len(pcm))
		}
	}
	return pcm
}

func wantTone(t testing.TB, pcm []int16, hz float64) {
	t.Helper()
	if share := Goertzel(pcm, hz); share < 0.8 {
		t.Errorf("tone of %v Hz is only %.2f of what is heard", hz, share)
	}
}

// hearsTone waits until a fifth of a second of what is heard is the tone and
// nothing else: the machine may stop for a moment, and a decoder that ran dry
// says so in the sound.
func hearsTone(t testing.TB, heard <-chan []int16, hz float64) {
	t.Helper()
	share := 0.0
	for late := time.Now().Add(patience); time.Now().Before(late); {
		if share = Goertzel(hearFrames(t, heard, 10), hz); share >= 0.8 {
			return
		}
	}
	t.Errorf("tone of %v Hz is only %.2f of what is heard", hz, share)
}

// until waits for what no event tells; asking a stream waits for its worker each time.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !holds(); runtime.Gosched() {
		if time.Now().After(late) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func wantEvent(t testing.TB, events <-chan Event, kind EventKind) Event {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-events:
			if e.Kind == kind {
				return e
			}
		case <-late:
			t.Fatalf("no event of kind %d", kind)
		}
	}
}

// phone is a plain socket pair that speaks RTP by hand.
type phone struct {
	t    testing.TB
	rtp  *net.UDPConn
	seq  uint16
	ts   uint32
	ssrc uint32
	pt   uint8
	leg  netip.AddrPort
}

func newPhone(t testing.TB) *phone {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(localhost, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &phone{t: t, rtp: c, seq: 65530, ts: 1 << 31, ssrc: 0xfeed, pt: 8}
}

func (p *phone) addr() netip.AddrPort { return p.rtp.LocalAddr().(*net.UDPAddr).AddrPort() }

// sdp describes the phone; extra lines follow its media line.
func (p *phone) sdp(direction string) []byte {
	return describePhone(p.addr(), direction)
}

func describePhone(at netip.AddrPort, direction string) []byte {
	return []byte("v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 " + at.Addr().String() + "\r\nt=0 0\r\nm=audio " +
		itoa(int(at.Port())) + " RTP/AVP 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=" + direction + "\r\n")
}

// call has the box answer the phone's offer.
func (p *phone) call(leg *Stream, direction string) {
	p.t.Helper()
	if _, err := leg.Answer(p.sdp(direction), localhost, []Codec{PCMA, PCMU}, SendRecv); err != nil {
		p.t.Fatal(err)
	}
	p.leg = netip.AddrPortFrom(localhost, uint16(leg.Port()))
}

// say sends one packet of 20 ms.
func (p *phone) say(payload byte) {
	b := make([]byte, headerSize+160)
	for i := range b[headerSize:] {
		b[headerSize+i] = payload
	}
	p.seq++
	p.ts += 160
	putHeader(b, p.pt, false, p.seq, p.ts, p.ssrc)
	p.raw(b)
}

func (p *phone) raw(b []byte) {
	if _, err := p.rtp.WriteToUDPAddrPort(b, p.leg); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next RTP packet that reaches the phone.
func (p *phone) hear() packet {
	p.t.Helper()
	b := make([]byte, 2048)
	p.rtp.SetReadDeadline(time.Now().Add(patience))
	n, err := p.rtp.Read(b)
	if err != nil {
		p.t.Fatalf("nothing reached the phone: %v", err)
	}
	got, ok := parseRTP(b[:n])
	if !ok {
		p.t.Fatalf("what reached the phone is no RTP: %x", b[:n])
	}
	return got
}

func itoa(n int) string {
	var b [8]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[i:])
		}
	}
}

func addrOf(s *Stream) netip.AddrPort { return netip.AddrPortFrom(localhost, uint16(s.Port())) }

func rawAddr(t testing.TB, fd int) netip.AddrPort {
	t.Helper()
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(localhost, uint16(sa.(*unix.SockaddrInet4).Port))
}
