package sip

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// SIP over WebSocket (RFC 7118): browsers, and phones that came to like it. One WebSocket message is one SIP message.

const (
	maxFrames  = 256              // of one message, so that empty fragments end
	socketPing = 25 * time.Second // a proxy in between forgets a connection that is silent for a minute
)

// socket writes each message as one frame. What the reader answers (pong, close) and what the writer sends do not mix.
type socket struct {
	net.Conn
	mu sync.Mutex
}

// Write sends b as a text frame, as browsers expect it, or as a binary one when it is none.
func (w *socket) Write(b []byte) (int, error) {
	op := ws.OpText
	if !utf8.Valid(b) {
		op = ws.OpBinary
	}
	return len(b), w.frame(op, b)
}

func (w *socket) frame(op ws.OpCode, payload []byte) error {
	b, err := ws.CompileFrame(ws.NewFrame(op, true, payload))
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err = w.Conn.Write(b)
	return err
}

// hangUp says why the connection is closed.
func (w *socket) hangUp(code ws.StatusCode, why string) {
	w.SetWriteDeadline(time.Now().Add(lastWords))
	w.frame(ws.OpClose, ws.NewCloseFrameBody(code, why))
}

// closing is an error that the peer is told by its code.
type closing struct {
	code ws.StatusCode
	why  string
}

func (c *closing) Error() string { return c.why }

// runSocket serves a WebSocket from its handshake to its end, in a goroutine of its own: who dawdles holds up nobody.
func (s *Server) runSocket(c *stream, conn net.Conn) {
	defer s.recovered("websocket")
	defer s.lose(c)
	defer conn.Close()
	if ap, ok := addrPort(conn.LocalAddr()); ok {
		c.local.Store(&ap)
	}
	defer context.AfterFunc(s.life, func() {
		c.close(net.ErrClosed)
		conn.SetDeadline(time.Now().Add(lastWords))
	})()
	conn.SetDeadline(time.Now().Add(headTime))
	if t, ok := conn.(*tls.Conn); ok {
		if err := t.HandshakeContext(s.life); err != nil {
			return
		}
	}
	limit := &io.LimitedReader{R: conn, N: maxUpgrade}
	r := bufio.NewReaderSize(limit, 4096)
	if !s.upgrade(r, conn) {
		s.count.dropped.Add(1)
		return
	}
	limit.N = math.MaxInt64
	w := &socket{Conn: conn}
	c.conn = w
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(c.write)
	both.Go(func() { // ends reader and writer as soon as anyone closed the stream
		<-c.done
		conn.SetReadDeadline(time.Now())
		conn.SetWriteDeadline(time.Now().Add(lastWords))
	})
	err := s.readSocket(c, w, r)
	if why, ok := errors.AsType[*closing](err); ok {
		w.hangUp(why.code, why.why)
	}
	c.close(err)
}

// readSocket hands on message after message until the connection ends.
func (s *Server) readSocket(c *stream, w *socket, r *bufio.Reader) error {
	f := flow{conn: c, remote: c.remote}
	heard, told := time.Now(), false
	for {
		wait := socketPing
		if !told && !c.friend.Load() {
			wait = headTime
		}
		c.conn.SetReadDeadline(time.Now().Add(wait))
		if c.closed() { // its deadline may have been overwritten just now
			return errFlowLost
		}
		if _, err := r.Peek(1); err != nil {
			known := c.friend.Load() || c.users.Load() > 0
			switch {
			case !errors.Is(err, os.ErrDeadlineExceeded) || c.closed():
				return err
			case !told && !known, !known && time.Since(heard) > strangerIdle, known && time.Since(heard) > 3*socketPing:
				return &closing{ws.StatusGoingAway, "silent for too long"}
			}
			c.conn.SetWriteDeadline(time.Now().Add(writeTime))
			if err := w.frame(ws.OpPing, nil); err != nil {
				return err
			}
			continue
		}
		c.conn.SetReadDeadline(time.Now().Add(headTime))
		data, err := w.message(r)
		heard = time.Now()
		if err != nil {
			return err
		}
		if len(data) == 0 || keepAlive(f, data) {
			continue
		}
		told = true
		if !s.arrive(f, data) {
			return &closing{ws.StatusPolicyViolation, "not SIP"}
		}
	}
}

// message reads one message: its frames, put together, or nil after a control frame that came alone. Memory is taken
// for what arrived, never for what was announced.
func (w *socket) message(r *bufio.Reader) ([]byte, error) {
	var data []byte
	var text bool
	state := ws.StateServerSide
	for range maxFrames {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return nil, err
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return nil, &closing{ws.StatusProtocolError, err.Error()}
		}
		if h.OpCode.IsControl() {
			if err := w.control(r, h); err != nil {
				return nil, err
			}
			if !state.Fragmented() {
				return nil, nil
			}
			continue
		}
		if h.Length > int64(maxMessage-len(data)) {
			return nil, &closing{ws.StatusMessageTooBig, "message is too large"}
		}
		if h.OpCode != ws.OpContinuation {
			text = h.OpCode == ws.OpText
		}
		from := len(data)
		for left := int(h.Length); left > 0; {
			n := min(left, 4096)
			data = append(data, make([]byte, n)...)
			if _, err := io.ReadFull(r, data[len(data)-n:]); err != nil {
				return nil, err
			}
			left -= n
		}
		ws.Cipher(data[from:], h.Mask, 0)
		if !h.Fin {
			state = state.Set(ws.StateFragmented)
			continue
		}
		if text && !utf8.Valid(data) {
			return nil, &closing{ws.StatusInvalidFramePayloadData, "not UTF-8"}
		}
		return data, nil
	}
	return nil, &closing{ws.StatusPolicyViolation, "too many fragments"}
}

// control answers a ping and a close.
func (w *socket) control(r *bufio.Reader, h ws.Header) error {
	payload := make([]byte, h.Length) // 125 at most, CheckHeader saw to it
	if _, err := io.ReadFull(r, payload); err != nil {
		return err
	}
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		w.SetWriteDeadline(time.Now().Add(writeTime))
		return w.frame(ws.OpPong, payload)
	case ws.OpClose:
		code, why := ws.ParseCloseFrameData(payload)
		if len(payload) == 1 || len(payload) > 1 && ws.CheckCloseFrameData(code, why) != nil {
			return &closing{ws.StatusProtocolError, "bad close frame"}
		}
		return &closing{ws.StatusNormalClosure, ""}
	}
	return nil
}

// sameHost compares the host of an Origin with the Host header, whatever their ports.
func sameHost(origin, host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host != "" && strings.EqualFold(origin, strings.Trim(host, "[]"))
}
