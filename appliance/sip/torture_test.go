package sip

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

//go:embed testdata/torture/*.txt
var tortures embed.FS

// torture is one message of testdata/torture; its README says how they are written.
type torture struct {
	rfc, section, name string
	must               string
	udp, tcp           string // what we answer
	written            string
}

// allTortures are the 49 messages of RFC 4475 and the 12 of RFC 5118.
func allTortures(t testing.TB) []torture {
	t.Helper()
	var out []torture
	for _, rfc := range []string{"4475", "5118"} {
		file, err := tortures.ReadFile("testdata/torture/rfc" + rfc + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+strings.TrimSuffix(string(file), "\n"), "\n-- ")[1:] {
			title, rest, _ := strings.Cut(part, "\n")
			m := torture{rfc: rfc}
			m.section, m.name, _ = strings.Cut(title, " ")
			for strings.HasPrefix(rest, "; ") {
				var line string
				line, rest, _ = strings.Cut(rest, "\n")
				word, value, _ := strings.Cut(line[2:], " ")
				switch word {
				case "must":
					m.must = value
				case "udp":
					m.udp = value
				case "tcp":
					m.tcp = value
				}
			}
			m.written = rest + "\n"
			out = append(out, m)
		}
	}
	if len(out) != 49+12 {
		t.Fatalf("%d messages, want 61", len(out))
	}
	return out
}

func tortureNamed(t testing.TB, name string) torture {
	t.Helper()
	all := allTortures(t)
	i := slices.IndexFunc(all, func(m torture) bool { return m.name == name })
	if i < 0 {
		t.Fatalf("no message %q", name)
	}
	return all[i]
}

const tortureSDP = "v=0\no=porter 20518 9911272 IN IP4 192.0.2.5\ns=-\nc=IN IP4 192.0.2.5\nt=0 0\nm=audio 40210 RTP/AVP 0 12\nm=video 3231 RTP/AVP 31\na=rtpmap:31 LPC"

var braces = regexp.MustCompile(`\{([^{}\n]*)\}`)

// wire is the message as it is sent.
func (m torture) wire() []byte {
	const every, length = "\x01every\x01", "\x01length\x01"
	own := unique()
	expand := func(s string) string {
		switch inner := s[1 : len(s)-1]; inner {
		case "unique":
			return own
		case "sdp":
			return tortureSDP
		case "length":
			return length
		case "0..ff":
			return every
		default:
			if n, what, ok := strings.Cut(inner, "*"); ok {
				times, _ := strconv.Atoi(n)
				return strings.Repeat(what, times)
			}
			b, err := strconv.ParseUint(inner, 16, 8)
			if err != nil {
				panic("torture: " + s)
			}
			return string([]byte{byte(b)})
		}
	}
	s := braces.ReplaceAllStringFunc(m.written, expand)
	s = braces.ReplaceAllStringFunc(s, func(x string) string { // one inside another
		if strings.Contains(x, "*") {
			return expand(x)
		}
		return x
	})
	s = strings.ReplaceAll(s, "\n", "\r\n")
	var bytesAll []byte
	for b := range 256 {
		bytesAll = append(bytesAll, byte(b))
	}
	s = strings.ReplaceAll(s, every, string(bytesAll))
	_, body, _ := strings.Cut(s, "\r\n\r\n")
	return []byte(strings.Replace(s, length, strconv.Itoa(len(body)), 1))
}

// rack is where messages are tried: a box whose clock the test moves, so that the guard forgives each source at once.
type rack struct {
	*box
	clock atomic.Int64
}

func newRack(t *testing.T, set Settings) *rack {
	r := &rack{}
	began := time.Now()
	r.box = startBox(t, Options{Now: func() time.Time { return began.Add(time.Duration(r.clock.Load())) }}, set)
	return r
}

// settled waits until the shards have done all that was delivered to them.
func (r *rack) settled() {
	for _, sh := range r.shards {
		done := make(chan struct{})
		sh.post(func() { close(done) })
		<-done
	}
}

// sentinel is a request that is always answered.
func sentinel(transport, local string) (request, callID string) {
	callID = "sentinel" + unique()
	return fmt.Sprintf("OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:s@box>;tag=1\r\n"+
		"To: <sip:box>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", transport, local, unique(), callID), callID
}

// until collects messages up to the answer to a sentinel; closed when the connection ended first.
func (r *rack) until(u *raw, callID string) (got []text, closed bool) {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m, ok := <-u.in:
			if !ok {
				return got, true
			}
			if m.get("Call-ID") == callID {
				return got, false
			}
			got = append(got, m)
		case <-deadline:
			r.t.Fatal("the box does not answer")
		}
	}
}

// answers sends wire and collects everything that comes back because of it: first a sentinel, so that the box has read
// the message, then one more when all shards have done their work.
func (r *rack) answers(u *raw, wire []byte) (got []text, closed bool) {
	r.t.Helper()
	r.clock.Add(int64(time.Minute))
	u.write(string(wire))
	return r.afterAll(u)
}

func (r *rack) afterAll(u *raw) (got []text, closed bool) {
	r.t.Helper()
	for range 2 {
		s, id := sentinel(u.transport, u.local)
		u.write(s)
		more, closed := r.until(u, id)
		got = append(got, more...)
		if closed {
			return got, true
		}
		r.settled()
	}
	return got, false
}

func statuses(got []text) []string {
	var out []string
	for _, m := range got {
		out = append(out, strings.Fields(m.first() + " ?")[1])
	}
	return out
}

func (r *rack) overUDP(m torture) string {
	got, _ := r.answers(udpPeer(r.t, r.at("udp")), m.wire())
	if len(got) == 0 {
		return "nothing"
	}
	return strings.Join(statuses(got), " ")
}

func (r *rack) overTCP(m torture) string {
	c, err := net.Dial("tcp", r.at("tcp"))
	if err != nil {
		r.t.Fatal(err)
	}
	u := newRaw(r.t, "TCP", c.LocalAddr().String(), r.at("tcp"))
	r.clock.Add(int64(time.Minute))
	var got []text
	closed := false
	switch {
	case m.tcp == "waits": // that it is not waited for without end has a test of its own
		c.Write(m.wire())
		c.(*net.TCPConn).CloseWrite()
		rest, _ := io.ReadAll(c)
		c.Close()
		if len(rest) > 0 {
			return "answers " + text(rest).first()
		}
		return "waits"
	case strings.HasSuffix(m.tcp, "closes"):
		u.attach(c)
		c.Write(m.wire())
		got, closed = r.until(u, "")
	default:
		u.attach(c)
		got, closed = r.answers(u, m.wire())
	}
	out := statuses(got)
	if closed {
		out = append(out, "closes")
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, " ")
}

// TestTorture sends every message over UDP and TCP to a box, and says what came of it: `go test -run Torture -v`.
func TestTorture(t *testing.T) {
	r := newRack(t, twoPhones())
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RFC\tsection\tmessage\tmust\tUDP expected\tgot\tTCP expected\tgot\t")
	for _, m := range allTortures(t) {
		t.Run("T-01 "+m.section+" "+m.name, func(t *testing.T) {
			r.t = t
			udp, tcp := r.overUDP(m), r.overTCP(m)
			verdict := "ok"
			if udp != m.udp || tcp != m.tcp {
				verdict = "WRONG"
				t.Errorf("RFC %s %s %s: UDP %q, want %q; TCP %q, want %q", m.rfc, m.section, m.name, udp, m.udp, tcp, m.tcp)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.rfc, m.section, m.name, m.must, m.udp, udp, m.tcp, tcp, verdict)
			if n := r.Counters().Panics; n > 0 {
				t.Errorf("%d panics", n)
			}
		})
	}
	r.t = t
	w.Flush()
	t.Logf("\n%s", table.String())
	r.alive()
}

// alive proves that a phone can still register and call.
func (r *rack) alive() {
	r.t.Helper()
	r.clock.Add(int64(time.Hour))
	u := udpPeer(r.t, r.at("udp"))
	u.register("1001", "secret-one")
	_, d := r.dialled(u, "1002", "v=0")
	d.Reject(486, Reason{})
	u.expect("486")
}
