package sip

import (
	"errors"
	"net/netip"
)

var errFlowLost = errors.New("connection is lost")

// flow is the way to a peer: one of our sockets or connections, and the peer's address. Answers and later requests take
// the same way back, because that is the only one a NAT lets through (RFC 3581, RFC 5626).
type flow struct {
	udp    *udpSocket // exactly one of udp and conn is set
	conn   *stream
	remote netip.AddrPort
}

// transport is udp, tcp or tls.
func (f flow) transport() string {
	if f.conn != nil {
		return f.conn.transport
	}
	return "udp"
}

func (f flow) reliable() bool { return f.conn != nil }

// send never blocks. An error means that nothing was sent and nothing will get through.
func (f flow) send(b []byte) error {
	switch {
	case f.conn != nil:
		return f.conn.send(b)
	case f.udp != nil:
		_, err := f.udp.conn.WriteToUDPAddrPort(b, f.remote)
		return err
	}
	return errFlowLost
}

// lost reports a connection that was closed.
func (f flow) lost() bool { return f.conn != nil && f.conn.closed() }

// socket is what the flow keeps open on our side, to know when a socket that left the settings may be closed.
func (f flow) hold(n int64) {
	switch {
	case f.udp != nil:
		f.udp.users.Add(n)
	case f.conn != nil:
		f.conn.users.Add(n)
	}
}
