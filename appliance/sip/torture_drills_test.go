package sip

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// methods are all that a stranger may try.
var methods = []string{"INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "NOTIFY", "PUBLISH", "REFER", "INFO", "UPDATE", "PRACK", "BYE", "CANCEL", "ACK", "FOOBAR"}

// ask is a request to a user of the box, as short as it may be but for what is added.
func ask(method, user, headers string) string {
	uri := "sip:" + user + "@box"
	if method == "REGISTER" {
		uri = "sip:box"
	}
	n := fmt.Sprintf("%012d", serial.Add(1))
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%s\r\nFrom: <sip:%s@box>;tag=1\r\nTo: <sip:%s@box>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:%s@127.0.0.1:9>\r\n%sContent-Length: 0\r\n\r\n", method, uri, n, user, user, n, method, user, headers)
}

func TestA01StrangersLearnNoVersion(t *testing.T) {
	r := newRack(t, twoPhones())
	r.o.UserAgent = "Product/9.8.7"
	u := udpPeer(t, r.at("udp"))
	for _, method := range methods {
		got, _ := r.answers(u, []byte(ask(method, "1001", "")))
		for _, m := range got {
			if strings.Contains(string(m), "9.8.7") || m.get("Server") != "" || m.get("User-Agent") != "" || m.get("Organization") != "" {
				t.Errorf("%s: %q", method, m)
			}
		}
	}
}

func TestA01ScannersAreIgnoredThenBlockedAndListed(t *testing.T) {
	for _, agent := range []string{"friendly-scanner", "VaxSIPUserAgent/3.0", "sipcli/v1.8", "pplsip"} {
		t.Run(agent, func(t *testing.T) {
			r := newRack(t, twoPhones())
			u := udpPeer(t, r.at("udp"))
			for _, method := range methods[:int(probePace.most)] {
				u.write(ask(method, "1001", "User-Agent: "+agent+"\r\n"))
			}
			got, _ := r.answers(u, nil)
			if len(got) != 0 || len(r.Blocks()) != 0 {
				t.Fatalf("answered with %q, blocked %v", statuses(got), r.Blocks())
			}
			u.write(ask("OPTIONS", "1001", "User-Agent: "+agent+"\r\n"))
			if n := r.notice(Blocked); n.Reason != "scanner" || len(r.Blocks()) != 1 {
				t.Errorf("%+v, %v", n, r.Blocks())
			}
			if c := r.Counters(); c.Scanned < uint64(probePace.most) {
				t.Errorf("%d counted", c.Scanned)
			}
		})
	}
}

func TestA01APhoneThatIsKnownMayCallItselfAsItLikes(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.register("1001", "secret-one")
	got, _ := r.answers(u, []byte(ask("OPTIONS", "1001", "User-Agent: sipcli\r\n")))
	if s := statuses(got); !slices.Equal(s, []string{"200"}) {
		t.Errorf("answers %v", s)
	}
}

// Neither status nor headers nor size tell whether a user exists.
func TestA02NoAnswerTellsWhoExists(t *testing.T) {
	credentials := map[string]func(challenge text, method, user string) string{
		"none": func(text, string, string) string { return "" },
		"wrong": func(challenge text, method, user string) string {
			p := &raw{t: t, user: user, password: "guess"}
			uri := "sip:" + user + "@box"
			if method == "REGISTER" {
				uri = "sip:box"
			}
			return p.credentials(challenge, "MD5", method, uri) + "\r\n"
		},
		"malformed": func(text, string, string) string { return "Authorization: Digest username=\r\n" },
		"basic":     func(text, string, string) string { return "Authorization: Basic MTAwMTpndWVzcw==\r\n" },
	}
	for kind, make := range credentials {
		for _, method := range methods {
			r := newRack(t, twoPhones())
			u := udpPeer(t, r.at("udp"))
			var challenge text
			if got, _ := r.answers(u, []byte(ask("REGISTER", "1001", ""))); len(got) == 1 {
				challenge = got[0]
			}
			answer := func(user string) string {
				got, _ := r.answers(u, []byte(ask(method, user, make(challenge, method, user))))
				var out strings.Builder
				for _, m := range got {
					fmt.Fprintf(&out, "%d bytes: %s\n", len(m), m.first())
					head, _, _ := strings.Cut(string(m), "\r\n\r\n")
					for line := range strings.SplitSeq(head, "\r\n") {
						name, value, _ := strings.Cut(line, ":")
						switch name {
						case "Via", "From", "To", "Call-ID", "CSeq", "WWW-Authenticate": // they differ, by what was sent or by chance
							value = fmt.Sprint(len(value))
						}
						fmt.Fprintf(&out, "%s: %s\n", name, value)
					}
				}
				return out.String()
			}
			if here, missing := answer("1001"), answer("7007"); here != missing {
				t.Errorf("%s, credentials %s: who exists gets\n%s\nwho does not\n%s", method, kind, here, missing)
			}
		}
	}
}

// nothing is done for who has not proved who it is.
func TestX05NoMethodDoesAnythingForAStranger(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	for _, method := range methods {
		for _, tag := range []string{"", ";tag=guessed"} {
			s := ask(method, "1001", "Refer-To: <sip:900@box>\r\nEvent: dialog\r\nRAck: 1 1 INVITE\r\nReplaces: x;to-tag=1;from-tag=2\r\n")
			got, _ := r.answers(u, []byte(strings.Replace(s, "To: <sip:1001@box>", "To: <sip:1001@box>"+tag, 1)))
			for _, code := range statuses(got) {
				if code == "200" && method == "OPTIONS" && tag == "" {
					continue
				}
				if code[0] < '4' {
					t.Errorf("%s%s: %s", method, tag, code)
				}
			}
		}
	}
	if c := r.Counters(); c.Invites != 0 || c.Dialogs != 0 || len(r.Contacts("1001")) != 0 {
		t.Errorf("%+v", c)
	}
}

// X-06 beyond the first INVITE, which TestACallerIsWhoItsCredentialSays has.
func TestX06APhoneCannotSpeakForAnother(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.register("1001", "secret-one")
	l := u.call("1002")
	l.authed("REGISTER", "", "403", "Contact: <sip:1001@"+u.local+">")
	if len(r.Contacts("1002")) != 0 {
		t.Error("1002 is where 1001 said")
	}
	v := udpPeer(t, r.at("udp")) // within a call of another, by its tags and from elsewhere: TestA13
	v.user, v.password = "1002", "secret-two"
	_, d := r.dialled(v, "1001", "v=0")
	if in := d.Invite(); in.From.Number != "1002" {
		t.Errorf("%+v", in)
	}
}

// heapNow is what is in use after a collection.
func heapNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestA06AFloodFromEverywhereCostsBoundedMemory(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := r.dialled(u, "1002", "v=0") // a call in progress
	way := flow{udp: r.live.Load().sorted[0].udp}
	rnd := rand.New(rand.NewPCG(1, 2))
	flood := func(n int) {
		for range n {
			way.remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(1 + rnd.IntN(250)), byte(rnd.IntN(256)), byte(rnd.IntN(256))}), 9)
			method := methods[rnd.IntN(len(methods))]
			r.arrive(way, []byte(strings.Replace(ask(method, "1001", ""), "tag=1", "tag="+unique(), 1)))
			if rnd.IntN(1000) == 0 {
				r.clock.Add(int64(10 * time.Millisecond))
			}
		}
		r.settled()
	}
	flood(40000) // the ledgers are full now
	before := heapNow()
	flood(40000)
	if grown := heapNow() - before; grown > 1<<20 {
		t.Errorf("the heap grew by %d kB", grown>>10)
	}
	transactions := 0
	for _, sh := range r.shards {
		done := make(chan struct{})
		sh.post(func() { transactions += len(sh.servers); close(done) })
		<-done
	}
	if transactions != 1 { // the call's
		t.Errorf("%d transactions are kept", transactions)
	}
	if c := r.guard.counters(); c.Strangers > strangersMost || c.Overflow == 0 {
		t.Errorf("%+v", c)
	}
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	r.event(EventConfirmed)
}

// What waits for a shard that is busy is bounded by number and by size.
func TestA06WhatWaitsIsBounded(t *testing.T) {
	r := newRack(t, twoPhones())
	m, _ := parse([]byte(ask("OPTIONS", "1001", "")))
	sh := r.shardOf(m.CallID().Value())
	busy, free := make(chan struct{}), make(chan struct{})
	sh.post(func() { close(busy); <-free })
	<-busy
	way := flow{udp: r.live.Load().sorted[0].udp, remote: netip.MustParseAddrPort("127.0.0.1:9")}
	n := 0
	for sh.deliver(way, m, maxMessage) {
		n++
	}
	if n > maxWaiting/maxMessage {
		t.Errorf("%d of the largest messages wait", n)
	}
	for sh.deliver(way, m, 1) {
		n++
	}
	if n > maxPackets {
		t.Errorf("%d messages wait", n)
	}
	close(free)
}

// pipe serves one connection without a network, so that its time can be made to pass.
func pipe(s *Server, transport string) (peer net.Conn, c *stream, ended chan struct{}) {
	peer, ours := net.Pipe()
	if transport == "tls" {
		ours = tls.Server(ours, s.tlsConfig)
	}
	c = newStream(transport, netip.MustParseAddrPort("192.0.2.7:5060"))
	s.conns.add(c, false)
	ended = make(chan struct{})
	s.work.Go(func() {
		defer close(ended)
		s.run(c, ours)
	})
	return peer, c, ended
}

func TestA10WhoIsSlowOrSilentIsHungUpInTime(t *testing.T) {
	whole := plain("TCP", "l: 0\r\n", "")
	drip := func(what string, every time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			for i := 0; ; i++ {
				if _, err := c.Write([]byte{what[i%len(what)]}); err != nil {
					return
				}
				<-time.After(every)
			}
		}
	}
	for _, c := range []struct {
		what string
		do   func(net.Conn)
		in   time.Duration
		over string // tcp unless it says otherwise
	}{
		{what: "says nothing", do: func(net.Conn) {}, in: headTime},
		{what: "a byte a second", do: drip(whole, time.Second), in: headTime},
		{what: "a byte in nine seconds", do: drip(whole, 9*time.Second), in: headTime},
		{what: "nothing but line ends", do: drip("\r\n", time.Second), in: headTime},
		{what: "half a head", do: func(c net.Conn) { c.Write([]byte(whole[:80])) }, in: headTime},
		{what: "a body that never comes", do: func(c net.Conn) { c.Write(tortureNamed(t, "clerr").wire()) }, in: headTime},
		{what: "no empty line", do: func(c net.Conn) { c.Write(tortureNamed(t, "baddn").wire()) }, in: headTime},
		{what: "no handshake", do: func(net.Conn) {}, in: headTime, over: "tls"},
		{what: "half a handshake", do: drip("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", time.Second), in: headTime, over: "tls"},
		{what: "a request, then silence", do: func(c net.Conn) { c.Write([]byte(whole)) }, in: strangerIdle},
		{what: "a request, then line ends", do: func(c net.Conn) { c.Write([]byte(whole)); drip("\r\n", time.Second)(c) }, in: strangerIdle},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(Options{}, quick)
				peer, _, ended := pipe(s, cmp.Or(c.over, "tcp"))
				began := time.Now()
				var both sync.WaitGroup
				both.Go(func() { io.Copy(io.Discard, peer) })
				both.Go(func() { c.do(peer) })
				<-ended
				if took := time.Since(began); took < c.in || took > c.in+time.Second {
					t.Errorf("hung up after %v, want %v", took, c.in)
				}
				if n := s.Counters().Connections; n != 0 {
					t.Errorf("%d connections are left", n)
				}
				peer.Close()
				s.Close()
				both.Wait()
			})
		})
	}
}

// A peer that does not take its answers is hung up, and what waited for it is gone.
func TestA10WhoDoesNotReadIsHungUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{}, quick)
		peer, c, ended := pipe(s, "tcp")
		for range outQueue + 1 {
			c.send([]byte("x"))
		}
		<-ended
		peer.Close()
		s.Close()
	})
}

func TestA10StrangersLeaveRoomForFriends(t *testing.T) {
	c := connections{byPeer: map[string]*stream{}, bySrc: map[source]int{}}
	from := func(i int) *stream {
		return newStream("tcp", netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060))
	}
	i := 0
	for ; c.add(from(i), false); i++ {
	}
	if i != maxConnectionsStrangers || !c.add(from(i), true) {
		t.Errorf("%d strangers, and no friend", i)
	}
	six := func(i int) *stream {
		a := netip.MustParseAddr("2001:db8:1:2::").As16()
		a[14], a[15] = byte(i>>8), byte(i)
		return newStream("tcp", netip.AddrPortFrom(netip.AddrFrom16(a), 5060))
	}
	c = connections{byPeer: map[string]*stream{}, bySrc: map[source]int{}}
	for i = 0; c.add(six(i), false); i++ {
	}
	if i != maxConnectionsASource {
		t.Errorf("a network of IPv6 has %d connections", i)
	}
}

// A UDP source that may be invented gets no more bytes than it sent, but for a first 2 kB.
func TestA12StrangersGetNoMoreThanTheySend(t *testing.T) {
	shortest := "OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:sip:a\r\nt:sip:a\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n"
	kinds := map[string]func() string{
		"the shortest": func() string { return strings.Replace(shortest, "i:1", "i:"+unique(), 1) },
		"garbage":      func() string { return "INVITE x SIP/2.0\r\nv:x\r\n\r\n" },
		"half":         func() string { return shortest[:60] },
		"keep-alives":  func() string { return "\r\n\r\n" },
		"no SIP":       func() string { return "GET / HTTP/1.1\r\n\r\n" },
		"extensions":   func() string { return ask("OPTIONS", "1", "Require: a,b,c\r\n") },
		"all": func() string {
			return ask(methods[serial.Load()%int64(len(methods))], "1", "")
		},
	}
	for _, m := range methods {
		kinds[m] = func() string { return ask(m, "1", "") }
	}
	for kind, write := range kinds {
		t.Run(kind, func(t *testing.T) {
			r := newRack(t, twoPhones())
			friend := udpPeer(t, r.at("udp"))
			friend.register("1001", "secret-one")
			stranger := strangerAt(t, "127.0.0.2", r.at("udp"))
			in, out := 0, 0
			const pause = 300 * time.Millisecond // the guard shall let all through
			for i := range 200 {
				s := write()
				in += len(s)
				fmt.Fprint(stranger, s)
				r.afterAll(friend)
				r.clock.Add(int64(pause))
				out += drain(t, stranger)
				if most := in + answersAhead + answersForget*(i+1)*int(pause)/int(time.Second); out > most {
					t.Fatalf("%d bytes in, %d out, in %d messages", in, out, i+1)
				}
			}
			t.Logf("%d bytes in, %d out: %.2f", in, out, float64(out)/float64(in))
			if c := r.Counters(); c.Dropped != 0 {
				t.Errorf("%d were not looked at", c.Dropped)
			}
		})
	}
}

func strangerAt(t *testing.T, from, box string) *net.UDPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("udp", box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UDPConn)
}

// drain is how many bytes wait to be read.
func drain(t *testing.T, c *net.UDPConn) (sum int) {
	t.Helper()
	way, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, maxMessage)
	way.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), buf)
			if err != nil {
				return true
			}
			sum += n
		}
	})
	return sum
}

// peerAt is a phone with an address of its own.
func peerAt(t *testing.T, from, box string) *raw {
	t.Helper()
	c := strangerAt(t, from, box)
	u := newRaw(t, "UDP", c.LocalAddr().String(), box)
	u.write = func(s string) { fmt.Fprint(c, s) }
	go func() {
		for buf := make([]byte, maxMessage); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			u.in <- text(buf[:n])
		}
	}()
	return u
}

// forged is the leg as somebody else would speak for it.
func (l *leg) forged(by *raw, change func(*leg)) *leg {
	f := *l
	f.u = by
	f.cseq += 10
	change(&f)
	return &f
}

func TestA13NobodyElseSpeaksForACall(t *testing.T) {
	b := newBox(t)
	u, other := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	answer := u.expect("200")
	l.learn(answer)
	ack := l.build("ACK", "v=0")

	other.write(ack) // from elsewhere: the answer goes on
	u.again(answer)
	u.again(answer)
	u.write(ack)
	b.event(EventConfirmed)

	same := func(*leg) {}
	for _, method := range []string{"BYE", "INVITE", "UPDATE", "INFO", "REFER"} {
		l.forged(other, same).send(method, "v=0", "Refer-To: <sip:900@box>")
		other.expect("401")
		for what, change := range map[string]func(*leg){
			"the peer's tag": func(f *leg) { f.from += "x" },
			"our tag":        func(f *leg) { f.to += "x" },
			"the Call-ID":    func(f *leg) { f.callID += "x" },
		} {
			for _, from := range []*raw{u, other} {
				l.forged(from, change).send(method, "v=0", "Refer-To: <sip:900@box>")
				if m := get(t, from.in, "answer"); !strings.Contains(m.first(), " 481 ") {
					t.Errorf("%s without %s: %q", method, what, m.first())
				}
			}
		}
	}
	other.user, other.password = "1002", "secret-two" // a phone of ours, but not this one
	l.forged(other, same).authed("BYE", "", "403")
	if len(b.events) != 0 {
		t.Fatalf("the call heard of it: %+v", <-b.events)
	}

	other.user, other.password = "1001", "secret-one" // the phone itself, in another network now
	l.forged(other, same).authed("BYE", "", "200")
	b.event(EventBye)
}

func TestA13NobodyElseTakesACallBack(t *testing.T) {
	b := newBox(t)
	u, other := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, _ := b.dialled(u, "1002", "v=0")
	cancel := l.build("CANCEL", "")
	other.write(cancel)
	other.expect("481")
	if len(b.events) != 0 {
		t.Fatalf("the call heard of it: %+v", <-b.events)
	}
	moved := udpPeer(t, b.at("udp")) // the same address, behind a NAT that chose another port
	moved.write(strings.Replace(cancel, u.local, moved.local, 1))
	moved.expect("200")
	b.event(EventCancelled)
	u.expect("487")
}

func TestA13ATrunksCallIsEndedFromWhereTheTrunkIs(t *testing.T) {
	b := newBox(t, Trunk{Name: "carrier", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Health: -1})
	u, other, gateway := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp")), peerAt(t, "127.0.0.3", b.at("udp"))
	l := u.call("100")
	l.contact = "<sip:gw@" + gateway.local + ">"
	l.send("INVITE", "v=0")
	u.expect("100")
	d := get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	l.forged(other, func(*leg) {}).send("BYE", "")
	other.expect("403")
	l.forged(gateway, func(*leg) {}).send("BYE", "") // as the trunk itself named it
	gateway.expect("200")
	b.event(EventBye)
}
