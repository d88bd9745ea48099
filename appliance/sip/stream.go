package sip

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of connections. A source that is trusted (a trunk, a registered phone) has wider ones.
const (
	maxConnections          = 20000
	maxConnectionsStrangers = 15000 // when there are that many all told, only friends get more
	maxConnectionsASource   = 50    // an IPv4 address, or an IPv6 /64
	maxConnectionsFriend    = 2000
	headTime                = 10 * time.Second // for a message to be complete, once it began; for the first one to begin
	strangerIdle            = 60 * time.Second
	friendIdle              = 2 * time.Hour // TCP keep-alives find the dead ones long before
	connectTime             = 5 * time.Second
	writeTime               = 10 * time.Second
	lastWords               = 200 * time.Millisecond // for what waits when a connection is closed
	outQueue                = 64                     // messages waiting for a peer that does not read; then the connection is closed
)

// stream is one TCP or TLS connection, with a reader and a writer goroutine. Both end when it is closed.
type stream struct {
	transport string // tcp, tls
	remote    netip.AddrPort
	out       chan []byte
	done      chan struct{}
	once      sync.Once
	friend    atomic.Bool  // its peer proved who it is
	users     atomic.Int64 // dialogs that talk over it
	conn      net.Conn     // nil while connecting; set before ready is closed
	local     atomic.Pointer[netip.AddrPort]
	why       error // why it was closed; read after done
}

func newStream(transport string, remote netip.AddrPort) *stream {
	return &stream{transport: transport, remote: remote, out: make(chan []byte, outQueue), done: make(chan struct{})}
}

func (c *stream) closed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// send queues b for the writer.
func (c *stream) send(b []byte) error {
	if c.closed() {
		return errFlowLost
	}
	select {
	case c.out <- b:
		return nil
	default:
		c.close(errors.New("peer does not read"))
		return errFlowLost
	}
}

func (c *stream) close(why error) {
	c.once.Do(func() {
		c.why = why
		close(c.done)
	})
}

// serve runs a connection that exists, in the reader's goroutine. It returns when everything of it is gone.
func (s *Server) serve(c *stream, conn net.Conn) {
	c.conn = conn
	if ap, ok := addrPort(conn.LocalAddr()); ok {
		c.local.Store(&ap)
	}
	if t, ok := conn.(*tls.Conn); ok {
		ctx, cancel := context.WithTimeout(s.life, headTime)
		err := t.HandshakeContext(ctx)
		cancel()
		if err != nil {
			c.close(err)
			conn.Close()
			return
		}
	}
	var both sync.WaitGroup
	both.Go(c.write)
	both.Go(func() { // ends reader and writer as soon as anyone closed the stream
		select {
		case <-c.done:
		case <-s.life.Done():
			c.close(net.ErrClosed)
		}
		conn.SetReadDeadline(time.Now())
		conn.SetWriteDeadline(time.Now().Add(lastWords))
	})
	c.close(s.readStream(c))
	both.Wait()
	conn.Close()
}

// write is the writer's goroutine. What waits when the stream is closed is still sent, if that can be done at once.
func (c *stream) write() {
	for {
		select {
		case b := <-c.out:
			if !c.put(b, writeTime) {
				return
			}
		case <-c.done:
			for {
				select {
				case b := <-c.out:
					if !c.put(b, lastWords) {
						return
					}
				default:
					return
				}
			}
		}
	}
}

func (c *stream) put(b []byte, within time.Duration) bool {
	if c.closed() {
		within = lastWords
	}
	c.conn.SetWriteDeadline(time.Now().Add(within))
	_, err := c.conn.Write(b)
	if err != nil {
		c.close(err)
	}
	return err == nil
}

// readStream hands on message after message until the connection ends.
func (s *Server) readStream(c *stream) error {
	r := bufio.NewReaderSize(c.conn, 4096)
	first, blank, since := true, 0, time.Now()
	for {
		until := since.Add(strangerIdle) // blanks do not count: who is nobody must say something
		switch {
		case c.friend.Load() || c.users.Load() > 0:
			until = time.Now().Add(friendIdle)
		case first:
			until = since.Add(headTime)
		}
		c.conn.SetReadDeadline(until)
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		c.conn.SetReadDeadline(time.Now().Add(headTime))
		if b == '\r' || b == '\n' { // keep-alive of RFC 5626 section 4.4.1: CRLFCRLF gets CRLF; fewer are ignored
			if blank++; blank == 4 {
				blank = 0
				c.send([]byte("\r\n"))
			}
			continue
		}
		blank = 0
		r.UnreadByte()
		data, err := readMessage(r)
		if err != nil {
			if f, ok := errors.AsType[*fault](err); ok {
				s.malformed(flow{conn: c, remote: c.remote}, nil, data, f)
			}
			return err
		}
		first, since = false, time.Now()
		if !s.arrive(flow{conn: c, remote: c.remote}, data) {
			return errMalformed
		}
	}
}

// readMessage reads one message by its Content-Length (RFC 3261 section 18.3). Memory is taken for what arrived, never
// for what was announced.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		part, err := r.ReadSlice('\n')
		head = append(head, part...)
		if len(head) > maxHead {
			return head, tooLarge(513, "Message Too Large")
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(head) >= 2 && bytes.HasSuffix(head, []byte("\n\n")) {
			return head, bad("Bad Line End")
		}
	}
	n, err := contentLength(head)
	if err != nil {
		return head, err
	}
	if n > maxMessage-len(head) {
		return head, tooLarge(513, "Message Too Large")
	}
	whole := bytes.NewBuffer(head)
	if _, err := io.CopyN(whole, r, int64(n)); err != nil {
		return nil, err
	}
	return whole.Bytes(), nil
}

// contentLength finds the one Content-Length of a head. Where the next message begins must be beyond doubt: a second
// one, a sign, or a number that no message reaches is refused, whatever the number (RFC 4475 sections 3.1.2.3 and 3.3.9).
func contentLength(head []byte) (int, error) {
	n := -1
	_, rest, _ := strings.Cut(string(head), "\r\n")
	for rest != "" {
		var line string
		line, rest = cutHeader(rest)
		name, val, _ := strings.Cut(line, ":")
		if knownHeaders[strings.ToLower(strings.TrimRight(name, " \t"))].kind != kindLength {
			continue
		}
		v, ok := number(strings.Trim(val, " \t"), 1<<32)
		if !ok || n >= 0 {
			return 0, bad("Bad Content-Length")
		}
		n = int(v)
	}
	if n < 0 {
		return 0, bad("Content-Length Is Missing")
	}
	return n, nil
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}
