package sip

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick are timers thirty times as fast as those of RFC 3261: 64*T1 is 0.96 s.
var quick = timings{t1: 15 * time.Millisecond, t2: 60 * time.Millisecond, t4: 75 * time.Millisecond, second: 5 * time.Millisecond}

const patience = 5 * time.Second

// box is a Server with what it told.
type box struct {
	*Server
	t       *testing.T
	invites chan *Dialog
	events  chan Event // of every call that came in
	notices chan Notice
}

// newBox serves two phones and whatever trunks are given, on all transports.
func newBox(t *testing.T, trunks ...Trunk) *box { return startBox(t, Options{}, twoPhones(trunks...)) }

func twoPhones(trunks ...Trunk) Settings {
	return Settings{
		Listen:   []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"},
		Accounts: []Account{{Name: "1001", Password: "secret-one"}, {Name: "1002", Password: "secret-two"}},
		Trunks:   trunks,
	}
}

func startBox(t *testing.T, o Options, set Settings) *box {
	t.Helper()
	b := &box{t: t, invites: make(chan *Dialog, 100), events: make(chan Event, 100), notices: make(chan Notice, 1000)}
	if o.OnInvite == nil {
		o.OnInvite = func(d *Dialog) {
			d.Attach(b.events)
			b.invites <- d
		}
	}
	o.Notify = func(n Notice) {
		select {
		case b.notices <- n:
		default:
		}
	}
	b.Server = newServer(o, quick)
	b.apply(set)
	t.Cleanup(func() { b.Close() })
	return b
}

func (b *box) apply(set Settings) {
	b.t.Helper()
	c, err := b.Prepare(set)
	if err != nil {
		b.t.Fatal(err)
	}
	c.Commit()
}

// at is the box's address for a transport.
func (b *box) at(transport string) string {
	for _, a := range b.Addrs() {
		if rest, ok := strings.CutPrefix(a, transport+"://"); ok {
			return rest
		}
	}
	b.t.Fatalf("the box does not listen on %s", transport)
	return ""
}

func get[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func (b *box) event(kind EventKind) Event { b.t.Helper(); return wantEvent(b.t, b.events, kind) }

func wantEvent(t *testing.T, ch <-chan Event, kind EventKind) Event {
	t.Helper()
	e := get(t, ch, kind.String()+" event")
	if e.Kind != kind {
		t.Fatalf("got event %v %d %q, want %v", e.Kind, e.Code, e.Text, kind)
	}
	return e
}

func (b *box) notice(kind NoticeKind) Notice {
	b.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case n := <-b.notices:
			if n.Kind == kind {
				return n
			}
		case <-deadline:
			b.t.Fatalf("no notice %d came", kind)
		}
	}
}

// text is one SIP message.
type text string

func (m text) first() string { line, _, _ := strings.Cut(string(m), "\r\n"); return line }

func (m text) all(name string) []string {
	head, _, _ := strings.Cut(string(m), "\r\n\r\n")
	var out []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

func (m text) get(name string) string {
	if all := m.all(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (m text) body() string { _, b, _ := strings.Cut(string(m), "\r\n\r\n"); return b }

// uri is what stands between < and > of a header.
func (m text) uri(name string) string {
	_, rest, _ := strings.Cut(m.get(name), "<")
	u, _, _ := strings.Cut(rest, ">")
	return u
}

func (m text) tag(name string) string {
	_, rest, ok := strings.Cut(m.get(name), ";tag=")
	if !ok {
		return ""
	}
	t, _, _ := strings.Cut(rest, ";")
	return t
}

// raw is a scripted peer on a real socket. It does nothing by itself.
type raw struct {
	t         *testing.T
	transport string
	local     string
	box       string
	write     func(string)
	in        chan text
	seen      map[text]bool
	user      string
	password  string
	close     func()
}

var serial atomic.Int64

func unique() string {
	return strconv.FormatInt(serial.Add(1), 10) + "x" + strconv.Itoa(int(time.Now().UnixNano()%1e6))
}

// udpPeer is a phone or a trunk; box may be "" until the box has an address.
func udpPeer(t *testing.T, box string) *raw {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := newRaw(t, "UDP", c.LocalAddr().String(), box)
	var last atomic.Value // who sent to us last
	u.write = func(s string) {
		at := u.box
		if at == "" {
			at = last.Load().(string)
		}
		to, err := netip.ParseAddrPort(at)
		if err != nil {
			t.Fatal(err)
		}
		c.WriteTo([]byte(s), net.UDPAddrFromAddrPort(to))
	}
	u.close = func() { c.Close() }
	t.Cleanup(u.close)
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			last.Store(from.String())
			u.in <- text(buf[:n])
		}
	}()
	return u
}

func newRaw(t *testing.T, transport, local, box string) *raw {
	return &raw{t: t, transport: transport, local: local, box: box, in: make(chan text, 1000), seen: map[text]bool{}}
}

func streamPeer(t *testing.T, transport, box string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", box)
	if err != nil {
		t.Fatal(err)
	}
	if transport == "TLS" {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	u := newRaw(t, transport, c.LocalAddr().String(), box)
	u.attach(c)
	return u
}

func (u *raw) attach(c net.Conn) {
	u.write = func(s string) { c.Write([]byte(s)) }
	u.close = func() { c.Close() }
	u.t.Cleanup(u.close)
	go func() {
		defer close(u.in)
		r := bufio.NewReader(c)
		for {
			data, err := readMessage(r)
			if err != nil {
				return
			}
			u.in <- text(data)
		}
	}()
}

// expect waits for a message whose first line contains want. Repetitions and 100s on the way are skipped.
func (u *raw) expect(want string) text {
	u.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m, ok := <-u.in:
			switch {
			case !ok:
				u.t.Fatalf("connection closed while waiting for %s", want)
			case u.seen[m]:
			case strings.Contains(m.first(), want):
				u.seen[m] = true
				return m
			case strings.Contains(m.first(), " 100 "), strings.HasPrefix(m.first(), "OPTIONS"):
				u.seen[m] = true
			default:
				u.t.Fatalf("got %q, want %q", m.first(), want)
			}
		case <-deadline:
			u.t.Fatalf("%q did not come", want)
		}
	}
}

// again waits for the very same message once more.
func (u *raw) again(m text) {
	u.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case x := <-u.in:
			if x == m {
				return
			}
		case <-deadline:
			u.t.Fatalf("%q was not repeated", m.first())
		}
	}
}

// silence checks that nothing but repetitions comes for a while.
func (u *raw) silence(d time.Duration) {
	u.t.Helper()
	timeout := time.After(d)
	for {
		select {
		case m := <-u.in:
			if !u.seen[m] && !strings.HasPrefix(m.first(), "OPTIONS") {
				u.t.Fatalf("got %q, want silence", m.first())
			}
		case <-timeout:
			return
		}
	}
}

// leg is a dialog as the peer sees it.
type leg struct {
	u                    *raw
	callID, from, to     string // with tags as far as known
	target, branch       string
	cseq                 int
	invite               text // the box's, when the box called
	contact, contentType string
}

func (u *raw) contactURI() string {
	c := "sip:" + u.user + "@" + u.local
	switch u.transport {
	case "UDP":
	case "WSS":
		c += ";transport=ws"
	default:
		c += ";transport=" + strings.ToLower(u.transport)
	}
	return c
}

// call begins a dialog towards the box.
func (u *raw) call(number string) *leg {
	return &leg{
		u: u, callID: unique(), from: "<sip:" + u.user + "@box>;tag=" + unique(), to: "<sip:" + number + "@box>",
		target: "sip:" + number + "@" + u.box, contact: "<" + u.contactURI() + ">", contentType: "application/sdp",
	}
}

// build writes a request of the leg with its next CSeq, except for ACK and CANCEL.
func (l *leg) build(method, body string, headers ...string) string {
	if method != "ACK" && method != "CANCEL" {
		l.cseq++
		l.branch = "z9hG4bK" + unique()
	}
	branch := l.branch
	if method == "ACK" && strings.Contains(l.to, "tag=") && !strings.Contains(strings.Join(headers, ""), "same-branch") {
		branch = "z9hG4bK" + unique()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\n", method, l.target, l.u.transport, l.u.local, branch)
	fmt.Fprintf(&b, "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", l.from, l.to, l.callID, l.cseq, method)
	if l.contact != "" {
		fmt.Fprintf(&b, "Contact: %s\r\n", l.contact)
	}
	if !strings.Contains(strings.Join(headers, "\r\n"), "User-Agent:") {
		b.WriteString("User-Agent: Linphone/5.0 (a phone that knows SHA-256)\r\n")
	}
	for _, h := range headers {
		if h != "same-branch" {
			b.WriteString(h + "\r\n")
		}
	}
	if body != "" {
		b.WriteString("Content-Type: " + l.contentType + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

func (l *leg) send(method, body string, headers ...string) {
	l.u.write(l.build(method, body, headers...))
}

// credentials answers a challenge with the algorithm named.
func (u *raw) credentials(m text, algorithm, method, uri string) string {
	u.t.Helper()
	for _, h := range m.all("WWW-Authenticate") {
		c, err := digest.ParseChallenge(h)
		if err != nil {
			u.t.Fatal(err)
		}
		if c.Algorithm != algorithm {
			continue
		}
		c.QOP = []string{"auth"}
		cred, err := digest.Digest(c, digest.Options{Method: method, URI: uri, Username: u.user, Password: u.password, Count: 1})
		if err != nil {
			u.t.Fatal(err)
		}
		return "Authorization: " + cred.String()
	}
	u.t.Fatalf("no %s challenge in %q", algorithm, m)
	return ""
}

// authed sends a request, shows credentials when asked, and returns the box's answer to that.
func (l *leg) authed(method, body, want string, headers ...string) text {
	l.u.t.Helper()
	l.send(method, body, headers...)
	m := l.u.expect("401")
	if method == "INVITE" {
		to := l.to
		l.to = m.get("To")
		l.send("ACK", "", "same-branch")
		l.to = to
	}
	l.send(method, body, append(headers, l.u.credentials(m, "SHA-256", method, l.target))...)
	return l.u.expect(want)
}

// register registers the peer and returns the 200.
func (u *raw) register(user, password string) text {
	u.t.Helper()
	u.user, u.password = user, password
	l := u.call(user)
	l.target = "sip:" + u.box
	l.to = "<sip:" + user + "@box>"
	return l.authed("REGISTER", "", "200", "Expires: 600")
}

// dial places a call to the box and returns the leg once the box has it.
func (b *box) dialled(u *raw, number, body string) (*leg, *Dialog) {
	b.t.Helper()
	l := u.call(number)
	l.authed("INVITE", body, "100")
	return l, get(b.t, b.invites, "call")
}

// learn takes the tag and the Contact of an answer.
func (l *leg) learn(m text) text {
	l.to = m.get("To")
	if c := m.uri("Contact"); c != "" {
		l.target = c
	}
	return m
}

// called takes the box's INVITE at the peer.
func (u *raw) called() *leg {
	u.t.Helper()
	m := u.expect("INVITE ")
	return &leg{
		u: u, invite: m, callID: m.get("Call-ID"), from: m.get("To") + ";tag=" + unique(), to: m.get("From"),
		target: m.uri("Contact"), contact: "<" + u.contactURI() + ">", contentType: "application/sdp", cseq: 100,
	}
}

// answer responds to a request of the box.
func (l *leg) answer(m text, code int, body string, headers ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", code, phrase(code))
	for _, v := range m.all("Via") {
		b.WriteString("Via: " + v + "\r\n")
	}
	to := m.get("To")
	if !strings.Contains(to, "tag=") && code > 100 {
		if to = l.from; to == "" {
			to = m.get("To") + ";tag=peer"
		}
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", m.get("From"), to, m.get("Call-ID"), m.get("CSeq"))
	if l.contact != "" {
		fmt.Fprintf(&b, "Contact: %s\r\n", l.contact)
	}
	if !strings.Contains(strings.Join(headers, "\r\n"), "User-Agent:") {
		b.WriteString("User-Agent: Linphone/5.0 (a phone that knows SHA-256)\r\n")
	}
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	l.u.write(b.String())
}

func mustAddr(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
