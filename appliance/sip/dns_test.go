package sip

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// zone is a name server of the test's own: it says what it was told, and counts what it was asked.
type zone struct {
	t       *testing.T
	addr    string
	mu      sync.Mutex
	records map[question][][]byte // data of each
	ttl     uint32
	cut     bool // answers by UDP are cut off
	asked   map[question]int
}

func newZone(t *testing.T) *zone {
	t.Helper()
	z := &zone{t: t, records: map[question][][]byte{}, ttl: 300, asked: map[question]int{}}
	var l net.Listener
	var u net.PacketConn
	var err error
	for range 20 { // the same port for both; now and then it is taken for one
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		z.addr = l.Addr().String()
		if u, err = net.ListenPacket("udp", z.addr); err == nil {
			break
		}
		l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			u.WriteTo(z.answer(b[:n], false), from)
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var size [2]byte
			io.ReadFull(c, size[:])
			b := make([]byte, binary.BigEndian.Uint16(size[:]))
			io.ReadFull(c, b)
			a := z.answer(b, true)
			c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
			c.Close()
		}
	}()
	return z
}

func (z *zone) answer(q []byte, tcp bool) []byte {
	z.mu.Lock()
	defer z.mu.Unlock()
	name, at, err := readName(q, 12)
	if err != nil {
		return nil
	}
	k := question{name, binary.BigEndian.Uint16(q[at:])}
	z.asked[k]++
	data := z.records[k]
	a := append([]byte{}, q[:at+4]...)
	a[2], a[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(a[6:], uint16(len(data)))
	binary.BigEndian.PutUint16(a[10:], 0)
	if z.cut && !tcp {
		a[2] |= 2
		binary.BigEndian.PutUint16(a[6:], 0)
		return a
	}
	for _, d := range data {
		a = append(a, 0xc0, 12) // the name that was asked for
		a = binary.BigEndian.AppendUint16(a, k.kind)
		a = append(a, 0, 1)
		a = binary.BigEndian.AppendUint32(a, z.ttl)
		a = binary.BigEndian.AppendUint16(a, uint16(len(d)))
		a = append(a, d...)
	}
	return a
}

func (z *zone) add(name string, kind uint16, data []byte) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records[question{name, kind}] = append(z.records[question{name, kind}], data)
}

func (z *zone) a(name, ip string) { z.add(name, typeA, netip.MustParseAddr(ip).AsSlice()) }

func (z *zone) srv(name string, priority, weight int, target string, port uint16) {
	b := binary.BigEndian.AppendUint16(nil, uint16(priority))
	b = binary.BigEndian.AppendUint16(b, uint16(weight))
	b, _ = dnsName(binary.BigEndian.AppendUint16(b, port), target)
	z.add(name, typeSRV, b)
}

func (z *zone) naptr(name string, order, preference int, service, target string) {
	b := binary.BigEndian.AppendUint16(nil, uint16(order))
	b = binary.BigEndian.AppendUint16(b, uint16(preference))
	b = append(append(b, 1, 's', byte(len(service))), service...)
	b, _ = dnsName(append(b, 0), target)
	z.add(name, typeNAPTR, b)
}

func (z *zone) set(ttl uint32, cut bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.ttl, z.cut = ttl, cut
}

func (z *zone) count(name string, kind uint16) int {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.asked[question{name, kind}]
}

func (z *zone) resolver() *resolver { return &resolver{servers: []string{z.addr}, now: time.Now} }

func (z *zone) find(address string) []string {
	z.t.Helper()
	t := &trunk{}
	var err error
	if t.transport, t.host, t.port, t.explicit, err = parseTrunk(address); err != nil {
		z.t.Fatal(err)
	}
	var out []string
	for _, x := range z.resolver().locate(context.Background(), t) {
		out = append(out, x.transport+"://"+x.addr.String())
	}
	return out
}

func TestADomainSaysByNAPTRAndSRVHowItIsReached(t *testing.T) {
	z := newZone(t)
	z.naptr("carrier.test", 20, 10, "SIP+D2U", "_sip._udp.carrier.test")
	z.naptr("carrier.test", 10, 20, "SIPS+D2T", "secure.carrier.test")
	z.naptr("carrier.test", 10, 10, "SIPS+D2W", "_sips._ws.carrier.test") // nothing that we speak to carriers
	z.srv("secure.carrier.test", 20, 0, "second.carrier.test", 5071)
	z.srv("secure.carrier.test", 10, 0, "first.carrier.test", 5070)
	z.srv("_sip._udp.carrier.test", 1, 0, "first.carrier.test", 5080)
	z.srv("_sip._tcp.carrier.test", 1, 0, "first.carrier.test", 5081)
	z.srv("_sip._tcp.plain.test", 1, 0, "first.carrier.test", 5082)
	z.srv("_sip._udp.none.test", 0, 0, "first.carrier.test", 0)
	z.a("first.carrier.test", "192.0.2.1")
	z.a("second.carrier.test", "192.0.2.2")
	z.a("carrier.test", "192.0.2.9")
	z.a("none.test", "192.0.2.10")
	z.add("first.carrier.test", typeAAAA, netip.MustParseAddr("2001:db8::1").AsSlice())
	for address, want := range map[string][]string{
		"carrier.test":       {"tls://192.0.2.1:5070", "tls://[2001:db8::1]:5070", "tls://192.0.2.2:5071"},
		"udp://carrier.test": {"udp://192.0.2.1:5080", "udp://[2001:db8::1]:5080"}, // a transport: no NAPTR
		"carrier.test:5060":  {"udp://192.0.2.9:5060"},                             // a port: addresses only
		"plain.test":         {"tcp://192.0.2.1:5082", "tcp://[2001:db8::1]:5082"}, // no NAPTR: which SRV is there tells
		"none.test":          {"udp://192.0.2.10:5060"},
		"nobody.test":        nil,
	} {
		if got := z.find(address); !slices.Equal(got, want) {
			t.Errorf("%s is at %q, want %q", address, got, want)
		}
	}
	if n := z.count("carrier.test", typeNAPTR); n != 1 {
		t.Errorf("NAPTR was asked for %d times, want once: only without port and transport", n)
	}
}

func TestWeightsDivideTheCallsAsTheySay(t *testing.T) {
	records := []record{{priority: 2, target: "last"}, {priority: 1, weight: 0, target: "spare"}, {priority: 1, weight: 3, target: "big"}, {priority: 1, weight: 1, target: "small"}}
	first := map[string]int{}
	for n := range 5 {
		got := byWeight(records, func(total int) int { return min(n, total-1) })
		first[got[0].target]++
		if len(got) != 4 || got[3].target != "last" {
			t.Errorf("%+v", got)
		}
	}
	if first["spare"] != 1 || first["big"] != 3 || first["small"] != 1 {
		t.Errorf("%v", first)
	}
}

func TestAnswersAreKeptAsLongAsTheySayAndWithinBounds(t *testing.T) {
	z := newZone(t)
	z.a("x.test", "192.0.2.1")
	z.set(60, false)
	now := time.Now()
	r := z.resolver()
	r.now = func() time.Time { return now }
	ask := func(name string) {
		if _, err := r.lookup(context.Background(), name, typeA); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		ask("x.test")
	}
	ask("none.test")
	ask("none.test")
	now = now.Add(59 * time.Second)
	ask("X.test.")
	if n, m := z.count("x.test", typeA), z.count("none.test", typeA); n != 1 || m != 1 {
		t.Errorf("asked %d and %d times, want once", n, m)
	}
	now = now.Add(2 * time.Second)
	ask("x.test")
	ask("none.test")
	if n, m := z.count("x.test", typeA), z.count("none.test", typeA); n != 2 || m != 2 {
		t.Errorf("asked %d and %d times, want twice", n, m)
	}
	for i := range 2 * maxNames {
		r.mu.Lock()
		r.cache[question{fmt.Sprint(i, ".test"), typeA}] = kept{}
		over := len(r.cache) > 2*maxNames+2
		r.mu.Unlock()
		if over {
			t.Fatal("unbounded")
		}
	}
	ask("one-more.test")
	if len(r.cache) > maxNames {
		t.Errorf("%d names are kept", len(r.cache))
	}
}

func TestAnAnswerThatIsCutOffIsFetchedWhole(t *testing.T) {
	z := newZone(t)
	z.set(60, true)
	z.a("x.test", "192.0.2.7")
	if got := z.find("x.test:5060"); !slices.Equal(got, []string{"udp://192.0.2.7:5060"}) {
		t.Errorf("%q", got)
	}
}

func rowS24ADomainWhoseFirstTargetIsDeadIsReachedByTheSecond(t *testing.T) {
	t.Parallel()
	z := newZone(t)
	dead, alive := udpPeer(t, ""), udpPeer(t, "")
	c := carrier(alive, healthy)
	z.srv("_sip._udp.carrier.test", 1, 0, "a.carrier.test", mustAddr(t, dead.local).Port())
	z.srv("_sip._udp.carrier.test", 2, 0, "a.carrier.test", mustAddr(t, alive.local).Port())
	z.a("a.carrier.test", "127.0.0.1")
	b := startBox(t, Options{nameServers: []string{z.addr}}, twoPhones(Trunk{Name: "carrier", Address: "udp://carrier.test"}))
	began := time.Now()
	b.notice(TrunkUp) // OPTIONS to the first stays silent, to the second not
	events := make(chan Event, 10)
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "carrier", Number: "1"}); err != nil {
		t.Fatal(err)
	}
	l := c.called()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	if !strings.HasPrefix(l.invite.first(), "INVITE sip:1@carrier.test ") { // names stay names (RFC 3263 section 4)
		t.Errorf("%q", l.invite.first())
	}
}

func rowS24ADeadNameServerDelaysNobody(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	b := startBox(t, Options{nameServers: []string{silent.LocalAddr().String()}}, twoPhones(Trunk{Name: "lost", Address: "carrier.test"}))
	u := udpPeer(t, b.at("udp"))
	began := time.Now()
	u.register("1001", "secret-one")
	if _, err := b.Dial(DialRequest{Trunk: "lost", Number: "1"}); err == nil {
		t.Error("a trunk without an address was dialled")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func FuzzDNS(f *testing.F) {
	z := &zone{records: map[question][][]byte{}, asked: map[question]int{}}
	z.srv("x.test", 1, 2, "y.test", 5060)
	z.naptr("x.test", 1, 2, "SIP+D2U", "y.test")
	z.a("x.test", "192.0.2.1")
	for _, kind := range []uint16{typeA, typeSRV, typeNAPTR} {
		q, _ := dnsQuery(7, question{"x.test", kind})
		f.Add(z.answer(q, true), kind)
	}
	f.Fuzz(func(t *testing.T, b []byte, kind uint16) {
		out, _ := dnsAnswer(b, 7, question{"x.test", kind})
		for _, x := range out {
			if len(x.target) > 255 {
				t.Errorf("a name of %d bytes", len(x.target))
			}
		}
	})
}
