package sip

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// plain is an OPTIONS that is answered with 200, with more headers and a body.
func plain(transport, headers, body string) string {
	return fmt.Sprintf("OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.9;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:s@box>;tag=1\r\n"+
		"To: <sip:box>\r\nCall-ID: plain%s\r\nCSeq: 1 OPTIONS\r\n%s\r\n%s", transport, unique(), unique(), headers, body)
}

// counted is a log that counts its lines.
type counted struct {
	mu sync.Mutex
	bytes.Buffer
}

func (c *counted) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Buffer.Write(b)
}

func (c *counted) lines() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Count(c.String(), "\n")
}

func rowT05ResponsesOfStrangersChangeNothing(t *testing.T) {
	log := &counted{}
	began := time.Now()
	b := startBox(t, Options{Log: slog.New(slog.NewTextHandler(log, nil)), Now: func() time.Time { return began }}, twoPhones())
	r := &rack{box: b}
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	before := log.lines()
	good := func(code int, to string) string {
		m := l.invite
		return fmt.Sprintf("SIP/2.0 %d Spoofed\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
			code, m.get("Via"), m.get("From"), to, m.get("Call-ID"), m.get("CSeq"))
	}
	to := l.invite.get("To") + ";tag=theirs"
	branch, _, _ := strings.Cut(l.invite.get("Via")[strings.Index(l.invite.get("Via"), "branch=")+7:], ";")
	seq, _, _ := strings.Cut(l.invite.get("CSeq"), " ")
	lies := map[string]func(string) string{
		"another branch":   func(s string) string { return strings.Replace(s, branch, "z9hG4bKguessed", 1) },
		"another number":   func(s string) string { return strings.Replace(s, "CSeq: "+seq, "CSeq: 1"+seq[:1], 1) },
		"another method":   func(s string) string { return strings.Replace(s, seq+" INVITE", seq+" BYE", 1) },
		"another Call-ID":  func(s string) string { return strings.Replace(s, "Call-ID: ", "Call-ID: x", 1) },
		"another From tag": func(s string) string { return strings.Replace(s, ";tag=", ";tag=x", 1) },
		"no From tag":      func(s string) string { return strings.Replace(s, ";tag=", ";gat=", 1) },
		"two Via": func(s string) string {
			return strings.Replace(s, "From:", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom:", 1)
		},
		"two tags":           func(s string) string { return strings.Replace(s, ";tag=theirs", ";tag=theirs;tag=others", 1) },
		"two To":             func(s string) string { return strings.Replace(s, "To:", "To: <sip:x@y>;tag=1\r\nTo:", 1) },
		"a status too large": func(s string) string { return strings.Replace(s, "SIP/2.0 ", "SIP/2.0 4294967", 1) },
		"status 099":         func(s string) string { return "SIP/2.0 099" + s[len("SIP/2.0 200"):] },
		"another version":    func(s string) string { return strings.Replace(s, "SIP/2.0 ", "SIP/3.0 ", 1) },
	}
	n := 0
	for what, lie := range lies {
		for _, code := range []int{100, 180, 200, 302, 404, 486, 503, 603} {
			n++
			got, _ := r.answers(u, []byte(lie(good(code, to))))
			got = slices.DeleteFunc(got, func(m text) bool { return m == l.invite }) // that nobody has answered
			if len(got) != 0 {
				t.Errorf("%s, %d: answered with %q", what, code, got)
			}
		}
	}
	if len(events) != 0 {
		t.Fatalf("the call heard of it: %+v", <-events)
	}
	if lines := log.lines() - before; lines > 2 {
		t.Errorf("%d responses left %d lines in the log", n, lines)
	}
	u.write(good(180, to))
	wantEvent(t, events, EventProgress)
}

func rowT07LiesAboutLengthAreRefused(t *testing.T) {
	r := newRack(t, twoPhones())
	type row struct{ headers, udp, tcp string }
	rows := []row{
		{"Content-Length: 3\r\nContent-Length: 3\r\n", "400", "400 closes"},
		{"Content-Length: 3\r\nl: 3\r\n", "400", "400 closes"},
		{"l: 3\r\nl: 4\r\n", "400", "400 closes"},
		{"Content-Length: 4294967296\r\n", "400", "513 closes"},
		{"Content-Length: 4294967328\r\n", "400", "400 closes"}, // 2^32+32
		{"Content-Length: 18446744073709551619\r\n", "400", "400 closes"},
		{"Content-Length: 1" + strings.Repeat("0", 500) + "\r\n", "400", "400 closes"},
		{"Content-Length: +3\r\n", "400", "400 closes"},
		{"Content-Length: -3\r\n", "400", "400 closes"},
		{"Content-Length: -0\r\n", "400", "400 closes"},
		{"Content-Length: 0x3\r\n", "400", "400 closes"},
		{"Content-Length: 3 3\r\n", "400", "400 closes"},
		{"Content-Length: 3,3\r\n", "400", "400 closes"},
		{"Content-Length: 3;x\r\n", "400", "400 closes"},
		{"Content-Length: ٣\r\n", "400", "400 closes"},
		{"Content-Length:\r\n", "400", "400 closes"},
		{"Content-Length\r\n", "400", "400 closes"},
		{"Content-Length: 70000\r\n", "400", "513 closes"},
		{"", "200", "400 closes"},
		{"Content-Length: 003\r\n", "200", "200"},
		{"cOnTeNt-LeNgTh  :\r\n \t 3  \r\n", "200", "200"},
		{"X: y\r\n Content-Length: 9\r\nL: 3\r\n", "200", "200"}, // the first is folded into X
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for _, c := range rows {
		t.Run(strings.TrimSpace(c.headers[:min(len(c.headers), 40)]), func(t *testing.T) {
			r.t = t
			m := torture{tcp: c.tcp, written: strings.ReplaceAll(plain("TCP", c.headers, "abc"), "\r\n", "\n")}
			if udp := r.overUDP(m); udp != c.udp {
				t.Errorf("UDP: %q, want %q", udp, c.udp)
			}
			if tcp := r.overTCP(m); tcp != c.tcp {
				t.Errorf("TCP: %q, want %q", tcp, c.tcp)
			}
		})
	}
	r.t = t
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap grew by %d kB", grown>>10)
	}
	r.alive()
}

// Where one message ends the next begins, whatever the pieces in which they come.
func rowT07MessagesAreCutByLengthAlone(t *testing.T) {
	r := newRack(t, twoPhones())
	inner := plain("TCP", "Content-Length: 0\r\n", "")
	stream := plain("TCP", "Content-Length: "+strconv.Itoa(len(inner))+"\r\n", inner) + "\r\n" + plain("TCP", "l: 0\r\n", "")
	for _, piece := range []int{1, 7, 100, len(stream)} {
		c, err := net.Dial("tcp", r.at("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(stream); i += piece {
			fmt.Fprint(c, stream[i:min(len(stream), i+piece)])
		}
		u := newRaw(t, "TCP", c.LocalAddr().String(), r.at("tcp"))
		u.attach(c)
		got, closed := r.answers(u, nil)
		if s := strings.Join(statuses(got), " "); s != "200 200" || closed {
			t.Errorf("in pieces of %d: %q", piece, s)
		}
		u.close()
	}
}

func rowT08WhatIsTooLargeIsRefusedAndCounted(t *testing.T) {
	r := newRack(t, twoPhones())
	lines := func(n int, line string) string { return strings.Repeat(line+"\r\n", n) }
	const fixed = 7 // headers of plain, Content-Length among them
	const media = "application/sdp\r\nContent-Length: "
	sdp := func(n int) string {
		body := "v=0\r\n" + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", n)
		return "Content-Type: " + media + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	body := func(n int) string {
		return "Content-Length: " + strconv.Itoa(n) + "\r\n\r\n" + strings.Repeat("x", n)
	}
	const end = "l: 0\r\n\r\n"
	for _, c := range []struct {
		what      string
		fits, not string // headers and body
		code      string
	}{
		{what: "a header", fits: "Note: " + strings.Repeat("x", maxLine-6) + "\r\n" + end, not: "Note: " + strings.Repeat("x", maxLine-5) + "\r\n" + end, code: "513"},
		{what: "a header of 64 kB folded", fits: end, not: "Note: x" + strings.Repeat("\r\n y", 14000) + "\r\n" + end, code: "513"},
		{what: "the head", fits: end, not: lines(5, "Note: "+strings.Repeat("x", 8000)) + end, code: "513"},
		{what: "headers", fits: lines(maxHeaders-fixed, "Note: y") + end, not: lines(maxHeaders-fixed+1, "Note: y") + end, code: "513"},
		{what: "Via lines", fits: lines(maxVias-1, "v: SIP/2.0/UDP x") + end, not: lines(maxVias, "v: SIP/2.0/UDP x") + end, code: "513"},
		{what: "Via values", fits: end, not: "v: SIP/2.0/UDP x" + strings.Repeat(",SIP/2.0/UDP x", 70) + "\r\n" + end, code: "513"},
		{what: "Routes", fits: lines(maxRouteSet, "Route: <sip:x;lr>") + end, not: lines(maxRouteSet+1, "Route: <sip:x;lr>") + end, code: "513"},
		{what: "Routes in one", fits: end, not: "Record-Route: <sip:x;lr>" + strings.Repeat(",<sip:x;lr>", 100) + "\r\n" + end, code: "513"},
		{what: "Contacts", fits: "m: <sip:x>" + strings.Repeat(",<sip:x>", maxContacts-1) + "\r\n" + end, not: "m: <sip:x>" + strings.Repeat(",<sip:x>", maxContacts) + "\r\n" + end, code: "513"},
		{what: "a URI", fits: "m: <sip:" + strings.Repeat("x", maxURI-4) + ">\r\n" + end, not: "m: <sip:" + strings.Repeat("x", maxURI-3) + ">\r\n" + end, code: "400"},
		{what: "parameters", fits: "m: <sip:x>" + params(maxParams) + "\r\n" + end, not: "m: <sip:x>" + params(maxParams+1) + "\r\n" + end, code: "400"},
		{what: "m= lines", fits: sdp(maxMedia), not: sdp(maxMedia + 1), code: "413"},
		{what: "a body", fits: body(maxBody), not: body(maxBody + 1), code: "413"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r.t = t
			for _, tail := range []string{c.fits, c.not} {
				headers, rest, _ := strings.Cut(tail, "\r\n\r\n")
				want := "200"
				if tail == c.not {
					want = c.code
				}
				before := r.Counters()
				got, _ := r.answers(udpPeer(t, r.at("udp")), []byte(plain("UDP", headers+"\r\n", rest)))
				if s := strings.Join(statuses(got), " "); s != want {
					t.Errorf("%d bytes: %q, want %q", len(tail), s, want)
				}
				after := r.Counters()
				if n := after.Malformed - before.Malformed; (n == 1) != (want != "200") {
					t.Errorf("%d counted", n)
				}
				if n := after.TooLarge - before.TooLarge; (n == 1) != (want[0] != '2' && want != "400") {
					t.Errorf("%d counted as too large", n)
				}
			}
		})
	}
	r.t = t
	for what, c := range map[string][3]string{
		"Call-ID":     {"Call-ID: plain", "Call-ID: " + strings.Repeat("x", maxCallID+1), "513"},
		"Request-URI": {"OPTIONS sip:box", "OPTIONS sip:" + strings.Repeat("x", maxURI-3), "414"},
		"tag":         {";tag=1", ";tag=" + strings.Repeat("1", maxTag+1), "400"},
		"CSeq":        {"CSeq: 1 ", "CSeq: 2147483648 ", "400"},
		"hops":        {"Max-Forwards: 70", "Max-Forwards: 256", "400"},
	} {
		got, _ := r.answers(udpPeer(t, r.at("udp")), []byte(strings.Replace(plain("UDP", "l: 0\r\n", ""), c[0], c[1], 1)))
		if s := strings.Join(statuses(got), " "); s != c[2] {
			t.Errorf("%s: %q, want %q", what, s, c[2])
		}
	}
	r.alive()
}

func params(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ";p%d", i)
	}
	return b.String()
}

// A multipart body is a type that we do not take, however deep it goes.
func rowT08MultipartIsNotOpened(t *testing.T) {
	r := carriedRack(t)
	m := tortureNamed(t, "invut")
	nested := "x"
	for range 200 {
		nested = "--b\nContent-Type: multipart/mixed;boundary=b\n\n" + nested + "\n--b--"
	}
	m.written = strings.NewReplacer("application/inventedformat", "multipart/mixed;boundary=b", "<sound>", nested).Replace(m.written)
	if got := r.overUDP(m); got != "415" {
		t.Errorf("got %q", got)
	}
}

func rowT09DatagramsOfEverySizeAreRead(t *testing.T) {
	r := carriedRack(t)
	m := tortureNamed(t, "baddate")
	for _, size := range []int{1200, 1472, 1500, 9000, maxBody - 2} { // past 1472 bytes they travel in fragments
		m.written = strings.Replace(m.written, "{sdp}", "{"+strconv.Itoa(size)+"*x}", 1)
		if in, _ := r.take(m); len(in.Body) != size+2 {
			t.Errorf("%d bytes became %d", size+2, len(in.Body))
		}
		m = tortureNamed(t, "baddate")
	}
	largest := 65507 // of a UDP packet over IPv4
	whole := plain("UDP", "", "")
	got, _ := r.answers(udpPeer(t, r.at("udp")), []byte(whole+strings.Repeat("x", largest-len(whole))))
	if s := statuses(got); len(s) != 1 || s[0] != "413" {
		t.Errorf("the largest datagram: %v", s)
	}
	r.alive()
}
