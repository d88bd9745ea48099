package record

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer is a small mail server (RFC 5321) of the tests.
type mailServer struct {
	t        *testing.T
	listener net.Listener
	cert     tls.Certificate
	roots    *x509.CertPool
	implicit bool
	plain    bool                          // it offers no STARTTLS
	mute     bool                          // it takes connections and says nothing
	password string                        // not empty: it asks for it
	answer   func(verb, arg string) string // what it says instead; empty: what is usual
	running  sync.WaitGroup

	mu      sync.Mutex
	conns   []net.Conn
	mails   []arrived
	came    chan struct{} // a mail arrived
	dialled chan struct{} // somebody connected
	heard   []string      // verbs
}

// arrived is one mail.
type arrived struct {
	from, to string
	data     []byte
	secure   bool
}

func newMailServer(t *testing.T, change ...func(*mailServer)) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &mailServer{t: t, listener: l, came: make(chan struct{}, 100), dialled: make(chan struct{}, 100)}
	s.cert, s.roots = certificate(t)
	for _, f := range change {
		f(s)
	}
	s.running.Go(s.accept)
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (s *mailServer) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.dialled <- struct{}{}
		s.running.Go(func() { s.serve(c) })
	}
}

// talking is one connection.
type talking struct {
	s      *mailServer
	conn   net.Conn
	in     *bufio.Reader
	secure bool
	knows  bool
	mail   arrived
}

func (s *mailServer) serve(c net.Conn) {
	defer c.Close()
	if s.mute {
		_, _ = c.Read(make([]byte, 1)) // until it is closed
		return
	}
	k := &talking{s: s, conn: c}
	if s.implicit {
		k.conn, k.secure = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}}), true
	}
	k.in = bufio.NewReader(k.conn)
	k.say("220 test ESMTP")
	for {
		line, err := k.in.ReadString('\n')
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		verb = strings.ToUpper(verb)
		s.mu.Lock()
		s.heard = append(s.heard, verb)
		s.mu.Unlock()
		if s.answer != nil {
			if said := s.answer(verb, arg); said != "" {
				k.say(said)
				continue
			}
		}
		if !k.do(verb, arg) {
			return
		}
	}
}

func (k *talking) say(text string) { fmt.Fprint(k.conn, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n") }

func (k *talking) do(verb, arg string) bool {
	switch verb {
	case "EHLO":
		say := "250-test\n"
		if !k.s.plain && !k.secure {
			say += "250-STARTTLS\n"
		}
		if k.s.password != "" {
			say += "250-AUTH PLAIN LOGIN\n"
		}
		k.say(say + "250 8BITMIME")
	case "STARTTLS":
		k.say("220 go")
		k.conn, k.secure = tls.Server(k.conn, &tls.Config{Certificates: []tls.Certificate{k.s.cert}}), true
		k.in = bufio.NewReader(k.conn)
	case "AUTH":
		_, coded, _ := strings.Cut(arg, " ")
		said, _ := base64.StdEncoding.DecodeString(coded)
		if k.knows = string(said) == "\x00callbox\x00"+k.s.password; k.knows {
			k.say("235 welcome")
		} else {
			k.say("535 no")
		}
	case "MAIL":
		if k.s.password != "" && !k.knows {
			k.say("530 who are you")
			break
		}
		k.mail = arrived{from: arg, secure: k.secure}
		k.say("250 ok")
	case "RCPT":
		k.mail.to = strings.TrimSuffix(strings.TrimPrefix(arg, "TO:<"), ">")
		k.say("250 ok")
	case "DATA":
		k.say("354 go on")
		return k.data()
	case "QUIT":
		k.say("221 bye")
		return false
	default:
		k.say("250 ok")
	}
	return true
}

func (k *talking) data() bool {
	var all bytes.Buffer
	for {
		line, err := k.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		all.WriteString(strings.TrimPrefix(line, "."))
	}
	if k.s.answer != nil {
		if said := k.s.answer("CONTENT", all.String()); said != "" {
			k.say(said)
			return true
		}
	}
	k.mail.data = all.Bytes()
	k.s.mu.Lock()
	k.s.mails = append(k.s.mails, k.mail)
	k.s.mu.Unlock()
	k.say("250 kept")
	k.s.came <- struct{}{}
	return true
}

func (s *mailServer) got() []arrived {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]arrived(nil), s.mails...)
}

func (s *mailServer) said(verb string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.heard {
		if h == verb {
			n++
		}
	}
	return n
}
