package peers

import (
	"bytes"
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"callbox/appliance/media"
)

const (
	rate      = 8000 // samples a second
	frame     = 160  // samples in the 20 ms of a packet
	typePCMA  = 8
	mostHeard = 120 * rate // an ear remembers two minutes
)

// Ear is an RTP endpoint without signalling, A-law only: it sends one tone to where it was told and keeps what
// arrives. It shares no code with the box's packet path, so that the two cannot be wrong in the same way.
type Ear struct {
	conn *net.UDPConn
	tone []byte // one second of it, A-law

	mu      sync.Mutex
	heard   []byte
	packets int
	lost    int
	last    uint16
	at      time.Time
	longest time.Duration
	talking bool
	next    []byte // what it says before it goes on with its tone, A-law
}

// NewEar opens an ear on loopback that sends a tone of hz (a whole number, so that a second of it loops).
func NewEar(t testing.TB, hz float64) *Ear {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: Ports(t, 2)})
	if err != nil {
		t.Fatal(err)
	}
	e := &Ear{conn: conn, tone: media.NewSound(Tone(hz, time.Second)).Encoded(media.PCMA)}
	t.Cleanup(func() { conn.Close() })
	go e.listen()
	return e
}

// Port is the UDP port that belongs into the SDP.
func (e *Ear) Port() int { return e.conn.LocalAddr().(*net.UDPAddr).Port }

// Talk sends the tone to an address until the test ends. The first address stays.
func (e *Ear) Talk(to netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.talking {
		e.talking = true
		go e.talk(to)
	}
}

func (e *Ear) talk(to netip.AddrPort) {
	packet := make([]byte, 12+frame)
	packet[0], packet[1] = 0x80, typePCMA
	binary.BigEndian.PutUint32(packet[8:], uint32(e.Port()))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		binary.BigEndian.PutUint16(packet[2:], uint16(n))
		binary.BigEndian.PutUint32(packet[4:], uint32(n*frame))
		e.say(packet[12:], n)
		if _, err := e.conn.WriteToUDPAddrPort(packet, to); err != nil && isClosed(err) {
			return
		}
		<-tick.C
	}
}

// say writes the sound of the nth packet.
func (e *Ear) say(into []byte, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	from := e.tone[n*frame%rate:]
	if len(e.next) > 0 {
		from = e.next
		e.next = e.next[min(frame, len(e.next)):]
	}
	copy(into, from)
}

func (e *Ear) listen() {
	packet := make([]byte, 1500)
	for {
		n, err := e.conn.Read(packet)
		if err != nil {
			if isClosed(err) {
				return
			}
			continue // the other side's port is not open yet
		}
		if n >= 12 && packet[1]&0x7f == typePCMA {
			e.hear(binary.BigEndian.Uint16(packet[2:]), packet[12:n])
		}
	}
}

func (e *Ear) hear(sequence uint16, payload []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.packets > 0 {
		if missed := sequence - e.last - 1; missed < 1000 {
			e.lost += int(missed)
		}
		e.longest = max(e.longest, now.Sub(e.at))
	}
	e.packets, e.last, e.at = e.packets+1, sequence, now
	if len(e.heard) < mostHeard {
		e.heard = append(e.heard, payload...)
	}
}

// Heard is all that arrived so far, as 8 kHz samples.
func (e *Ear) Heard(t testing.TB) []int16 {
	t.Helper()
	return e.latest(t, mostHeard)
}

// latest is the end of what was heard, at most n samples of it.
func (e *Ear) latest(t testing.TB, n int) []int16 {
	t.Helper()
	e.mu.Lock()
	payload := slices.Clone(e.heard[max(0, len(e.heard)-n):])
	e.mu.Unlock()
	if len(payload) == 0 {
		return nil
	}
	sound, err := media.LoadWAV(bytes.NewReader(alawFile(payload)))
	if err != nil {
		t.Fatal(err)
	}
	return sound.PCM()
}

// Forget drops what was heard so far, so that the next look sees only what comes from now on.
func (e *Ear) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard, e.packets, e.lost, e.longest = nil, 0, 0, 0
}

// Hearing is how well an ear hears.
type Hearing struct {
	Packets, Lost int
	Longest       time.Duration // the longest wait between two packets
}

// Hearing tells how well it heard since it was opened or told to forget.
func (e *Ear) Hearing() Hearing {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Hearing{Packets: e.packets, Lost: e.lost, Longest: e.longest}
}

// Hears waits until the last half second that arrived is the tone of hz.
func (e *Ear) Hears(t testing.TB, what string, hz float64, within time.Duration) {
	t.Helper()
	Await(t, what, within, func() bool {
		heard := e.latest(t, rate/2)
		return len(heard) == rate/2 && Sounds(heard, hz)
	})
}

// alawFile puts a WAV header before raw A-law.
func alawFile(payload []byte) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF")
	binary.Write(&b, binary.LittleEndian, uint32(38+len(payload)))
	b.WriteString("WAVEfmt ")
	binary.Write(&b, binary.LittleEndian, struct {
		Size             uint32
		Format, Channels uint16
		Rate, Bytes      uint32
		Align, Bits, Ext uint16
	}{18, 6, 1, rate, rate, 1, 8, 0})
	b.WriteString("data")
	binary.Write(&b, binary.LittleEndian, uint32(len(payload)))
	b.Write(payload)
	return b.Bytes()
}

// Tone is a sine of hz at half of full scale.
func Tone(hz float64, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*rate))
	for i := range pcm {
		pcm[i] = int16(math.Sin(2*math.Pi*hz*float64(i)/rate) * 16000)
	}
	return pcm
}
