package appliance_test

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// wire is a phone or a carrier by hand: it answers what comes with what a test says, also as our own signalling never
// would.
type wire struct {
	t    *testing.T
	conn *net.UDPConn
	// answers is the status line, further headers and the body of the answer to a request; "" is a plain 200.
	answers   func(method, request string) (head, body string)
	responses chan string

	mu   sync.Mutex
	seen map[string]int // requests by method and number
}

// newWire listens at an address of its own on this machine.
func newWire(t *testing.T, ip string, answers func(method, request string) (head, body string)) *wire {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, conn: conn, answers: answers, responses: make(chan string, 16), seen: map[string]int{}}
	done := make(chan struct{})
	go func() { defer close(done); w.serve() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return w
}

func (w *wire) addr() string { return w.conn.LocalAddr().String() }

var (
	header     = regexp.MustCompile(`(?im)^(Via|From|To|Call-ID|CSeq|Record-Route):.*\r\n`)
	calledUser = regexp.MustCompile(`^[A-Z]+ sip:([^@]*)@`)
)

func (w *wire) serve() {
	buf := make([]byte, 65536)
	for {
		n, from, err := w.conn.ReadFromUDP(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		m := string(buf[:n])
		method, _, _ := strings.Cut(m, " ")
		switch {
		case err != nil || n < 8:
			continue
		case method == "SIP/2.0":
			w.responses <- m
			continue
		}
		number := ""
		if user := calledUser.FindStringSubmatch(m); user != nil {
			number = user[1]
		}
		w.mu.Lock()
		w.seen[method+" "+number]++
		w.mu.Unlock()
		if method == "ACK" {
			continue
		}
		head, body := w.answers(method, m)
		if head == "" {
			head = "SIP/2.0 200 OK\r\n"
		}
		status, more, _ := strings.Cut(head, "\r\n")
		reply := status + "\r\n"
		for _, line := range header.FindAllString(m, -1) {
			if strings.HasPrefix(strings.ToLower(line), "to:") && !strings.Contains(line, ";tag=") {
				line = strings.TrimRight(line, "\r\n") + ";tag=wire\r\n"
			}
			reply += line
		}
		reply += more
		if strings.HasPrefix(status, "SIP/2.0 200") {
			reply += "Contact: <sip:wire@" + w.addr() + ">\r\n"
		}
		if body != "" {
			reply += "Content-Type: application/sdp\r\n"
		}
		w.conn.WriteToUDP(fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", reply, len(body), body), from)
	}
}

// count is how often a request came for a number.
func (w *wire) count(method, number string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[method+" "+number]
}

// registers makes it a phone of an extension.
func (w *wire) registers(o *office, ext string) {
	w.t.Helper()
	to, err := net.ResolveUDPAddr("udp", o.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	authorization := ""
	for cseq := 1; cseq <= 2; cseq++ {
		uri := "sip:" + o.addr
		w.conn.WriteToUDP(fmt.Appendf(nil, "REGISTER %[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]d;rport\r\nMax-Forwards: 70\r\n"+
			"From: <sip:%[4]s@box>;tag=a\r\nTo: <sip:%[4]s@box>\r\nCall-ID: wire-%[2]s\r\nCSeq: %[3]d REGISTER\r\nContact: <sip:wire@%[2]s>\r\nExpires: 600\r\n%[5]sContent-Length: 0\r\n\r\n",
			uri, w.addr(), cseq, ext, authorization), to)
		var m string
		select {
		case m = <-w.responses:
		case <-time.After(patience):
			w.t.Fatal("the box does not answer to a REGISTER")
		}
		if strings.HasPrefix(m, "SIP/2.0 200") {
			return
		}
		asked := regexp.MustCompile(`(?im)^WWW-Authenticate: (.*algorithm=MD5.*)\r\n`).FindStringSubmatch(m)
		if asked == nil {
			w.t.Fatalf("no challenge: %s", m)
		}
		challenge, err := digest.ParseChallenge(asked[1])
		if err != nil {
			w.t.Fatal(err)
		}
		credentials, err := digest.Digest(challenge, digest.Options{Method: "REGISTER", URI: uri, Username: ext, Password: passwords[ext], Count: 1})
		if err != nil {
			w.t.Fatal(err)
		}
		authorization = "Authorization: " + credentials.String() + "\r\n"
	}
	w.t.Fatal("the box does not register the phone")
}
