package bench

import (
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

const (
	starts      = 9
	startBudget = 300 * time.Millisecond
)

func startRow(what string, ours, null []time.Duration) row {
	middle := share(ours, 0.5)
	return row{
		what: what, ours: fmt.Sprintf("%.0f ms", milliseconds(middle)), null: fmt.Sprintf("%.0f ms", milliseconds(share(null, 0.5))),
		ratio: fmt.Sprintf("%.1f", middle.Seconds()/share(null, 0.5).Seconds()), budget: fmt.Sprintf("%.0f ms", milliseconds(startBudget)),
		met:  middle <= startBudget,
		more: fmt.Sprintf("least %.0f, most %.0f ms of %d", milliseconds(ours[0]), milliseconds(ours[len(ours)-1]), len(ours)),
	}
}

// nobody is where trunks lead that are never called.
const nobody = farHost + ":9"

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// startBox starts a box, and ends it after its first call.
func startBox(t testing.TB, b *box) time.Duration {
	t.Helper()
	began := time.Now()
	b.start()
	took := firstCall(t, b.process, b.address, began)
	b.end(t, syscall.SIGTERM)
	return took
}

func startNull(t testing.TB) time.Duration {
	t.Helper()
	name := programs(t).null
	log := filepath.Join(t.TempDir(), "log")
	address := net.JoinHostPort(switchHost, fmt.Sprint(peers.Ports(t, 2)))
	began := time.Now()
	p := begin(t, log, nil, name, "switch", address, nobody)
	took := firstCall(t, p, address, began)
	p.end(t, syscall.SIGKILL)
	return took
}

// firstCall calls the echo test of a switch that may not be there yet, until it answers, and tells how long after began
// that was.
func firstCall(t testing.TB, p *process, address string, began time.Time) time.Duration {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := echoCall{t: t, conn: conn, address: address, id: fmt.Sprint(began.UnixNano())}
	answer := c.ask(p, "INVITE", 1, "", began)
	if answer.status() == 401 {
		c.send("ACK", 1, "To: "+answer.header("To"))
		answer = c.ask(p, "INVITE", 2, digest(answer.header("WWW-Authenticate"), "sip:*43@"+address), began)
	}
	took := time.Since(began)
	if answer.status() != 200 {
		t.Fatalf("the first call gets %q\n%s", firstLine(answer), contents(t, p.log))
	}
	c.send("ACK", 2, "To: "+answer.header("To"))
	c.to = answer.header("To")
	if answer := c.ask(p, "BYE", 3, "", time.Now()); answer.status() != 200 {
		t.Fatalf("BYE gets %q", firstLine(answer))
	}
	return took
}

func firstLine(m message) string {
	line, _, _ := strings.Cut(string(m), "\r\n")
	return line
}

// echoCall is the one call of a phone that has not registered.
type echoCall struct {
	t           testing.TB
	conn        net.Conn
	address, id string
	to          string
}

func (c *echoCall) send(method string, seq int, more ...string) error {
	here := c.conn.LocalAddr()
	headers := []string{
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s-%d;rport", here, c.id, seq),
		fmt.Sprintf("From: <sip:1001@%s>;tag=s%s", c.address, c.id), "Call-ID: " + c.id,
		fmt.Sprintf("CSeq: %d %s", seq, method), "Max-Forwards: 70", fmt.Sprintf("Contact: <sip:1001@%s>", here),
	}
	_, err := c.conn.Write(compose(fmt.Sprintf("%s sip:*43@%s SIP/2.0", method, c.address), append(headers, more...)))
	return err
}

// ask sends a request again and again, twice a millisecond while nobody has the port and every 10 ms then, until there
// is a final response.
func (c *echoCall) ask(p *process, method string, seq int, authorization string, began time.Time) message {
	c.t.Helper()
	var more []string
	if authorization != "" {
		more = append(more, authorization)
	}
	to := c.to
	if to == "" {
		to = fmt.Sprintf("<sip:*43@%s>", c.address)
	}
	more = append(more, "To: "+to)
	if method == "INVITE" {
		more = append(more, describe(switchHost, 9))
	}
	buffer := make([]byte, 4096)
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for time.Since(began) < 10*time.Second {
		err := c.send(method, seq, more...)
		for again := time.Now().Add(10 * time.Millisecond); err == nil; {
			var n int
			c.conn.SetReadDeadline(again)
			if n, err = c.conn.Read(buffer); err == nil {
				m := message(slices.Clone(buffer[:n]))
				if m.status() >= 200 && strings.HasPrefix(m.header("CSeq"), fmt.Sprint(seq, " ")) {
					return m
				}
			}
		}
		if said, ended := p.ended(c.t); ended {
			c.t.Fatalf("the process ended:\n%s", said)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			<-tick.C
		}
	}
	c.t.Fatalf("%s is not answered within 10 s:\n%s", method, contents(c.t, p.log))
	return nil
}

// digest answers a challenge with the password of extension 1001 (RFC 2617 with qop auth, MD5).
func digest(challenge, uri string) string {
	value := func(name string) string {
		_, rest, _ := strings.Cut(challenge, name+`="`)
		v, _, _ := strings.Cut(rest, `"`)
		return v
	}
	hash := func(parts ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":")))) }
	realm, nonce := value("realm"), value("nonce")
	const count, ours = "00000001", "bench"
	proof := hash(hash("1001", realm, password), nonce, count, ours, "auth", hash("INVITE", uri))
	answer := fmt.Sprintf(`Authorization: Digest username="1001", realm="%s", nonce="%s", uri="%s", qop=auth, nc=%s, cnonce="%s", response="%s", algorithm=MD5`,
		realm, nonce, uri, count, ours, proof)
	if opaque := value("opaque"); opaque != "" {
		answer += fmt.Sprintf(`, opaque="%s"`, opaque)
	}
	return answer
}
