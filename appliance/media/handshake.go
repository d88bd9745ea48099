package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"
)

const (
	mostHandshakes = 256              // of an engine at one time; who comes then is heard when he tries again
	handshakeTime  = 15 * time.Second // for one of them
	handshakeQueue = 32               // datagrams that wait for one; a whole flight is at most ten
	handshakeBytes = 64 << 10
	handshakeMost  = 128 << 10 // bytes that a peer may send in one: a whole one has 5 kB, said again ten times if need be
	handshakeMTU   = 1200      // RFC 8261 section 5, as browsers do
)

var (
	errFingerprint = errors.New("the certificate is not the one that was signalled")
	errNoSRTP      = errors.New("the peer agreed on no way to encrypt")
)

// handshake is one attempt at a DTLS association (RFC 6347, RFC 5764). It runs on a goroutine of its own, which ends with
// the attempt; the worker feeds it what arrives and sends what it says. Of what comes of it only keys remain, and the
// last datagrams we sent, for a peer who missed them.
type handshake struct {
	stream *Stream
	plan   *association
	hello  bool     // the peer must first show that it receives what we send to it (RFC 6347 section 4.2.1)
	source endpoint // the worker's: whom it is with
	came   int      // the worker's: bytes from there
	inbox  *packetio.Buffer
	cancel context.CancelFunc
	bad    atomic.Bool // the fingerprint is wrong

	mu     sync.Mutex // guards what follows
	flight [][]byte   // what we sent since we last heard anything
	heard  bool       // something since flight was sent
	muted  bool       // what is sent now goes nowhere
}

// harvest is what a handshake was for.
type harvest struct {
	suite  *suite
	seal   *sealer
	open   *opener
	flight [][]byte
}

// newHandshake begins an attempt, unless too many are under way.
func newHandshake(e *Engine, s *Stream, plan *association, source *endpoint, hello bool) *handshake {
	select {
	case e.handshakes <- struct{}{}:
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	h := &handshake{stream: s, plan: plan, hello: hello, source: *source, inbox: packetio.NewBuffer(), cancel: cancel}
	h.inbox.SetLimitCount(handshakeQueue)
	h.inbox.SetLimitSize(handshakeBytes)
	e.shaking.Add(1)
	go h.run(ctx, e)
	return h
}

// takes tells whether n bytes more are heard. Pieces of messages wait in memory until they are whole, and need never be.
func (h *handshake) takes(n int) bool {
	h.came += n
	return h.came <= handshakeMost
}

// run makes the keys and hands them, or the reason why there are none, to the worker.
func (h *handshake) run(ctx context.Context, e *Engine) {
	var k *harvest
	err := errors.New("the handshake failed inside")
	defer func() {
		if fault := recover(); fault != nil {
			e.recovered.Add(1)
			err = fmt.Errorf("%v", fault)
		}
		h.cancel()
		_ = h.inbox.Close()
		<-e.handshakes
		h.stream.command(func(w *worker, f *flow) { f.shaken(w, h, k, err) })
		e.shaking.Done()
	}()
	k, err = h.agree(ctx, e.identity)
}

func (h *handshake) agree(ctx context.Context, own *identity) (*harvest, error) {
	var c *dtls.Conn
	var err error
	if h.plan.client {
		c, err = dtls.ClientWithOptions(h, h.RemoteAddr(), h.clientOptions(own)...)
	} else {
		c, err = dtls.ServerWithOptions(h, h.RemoteAddr(), h.serverOptions(own)...)
	}
	if err != nil {
		return nil, err
	}
	// Our side is over when the keys are known. The peer is told nothing of that: browsers take it for the call's end.
	defer c.Close()
	err = c.HandshakeContext(ctx)
	flight := h.mute()
	if err != nil {
		return nil, err
	}
	k, err := h.export(c)
	if err != nil {
		return nil, err
	}
	k.flight = flight
	return k, nil
}

var (
	dtlsProfiles = []dtls.SRTPProtectionProfile{
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	}
	dtlsSuites = []dtls.CipherSuiteID{
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
)

func (h *handshake) options(own *identity) []dtls.Option {
	return []dtls.Option{
		dtls.WithCertificates(own.certificate),
		dtls.WithCipherSuites(dtlsSuites...),
		dtls.WithSRTPProtectionProfiles(dtlsProfiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithMTU(handshakeMTU),
		dtls.WithVerifyConnection(h.verify),
		dtls.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	}
}

func (h *handshake) serverOptions(own *identity) (all []dtls.ServerOption) {
	for _, o := range h.options(own) {
		all = append(all, o)
	}
	return append(all, dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(!h.hello))
}

func (h *handshake) clientOptions(own *identity) (all []dtls.ClientOption) {
	for _, o := range h.options(own) {
		all = append(all, o)
	}
	// No authority vouches for these certificates; verify compares with what was signalled instead.
	return append(all, dtls.WithInsecureSkipVerify(true))
}

// verify compares the peer's certificate, of which it has shown that it holds the key, with its description.
func (h *handshake) verify(s *dtls.State) error {
	if len(s.PeerCertificates) > 0 {
		for _, f := range h.plan.prints {
			if f.isOf(s.PeerCertificates[0]) {
				return nil
			}
		}
	}
	h.bad.Store(true)
	return errFingerprint
}

// export takes the keys for SRTP (RFC 5764 section 4.2).
func (h *handshake) export(c *dtls.Conn) (*harvest, error) {
	profile, ok := c.SelectedSRTPProtectionProfile()
	state, known := c.ConnectionState()
	if !ok || !known {
		return nil, errNoSRTP
	}
	k := &harvest{}
	for _, s := range suites {
		if uint16(s.profile) == uint16(profile) {
			k.suite = s
		}
	}
	if k.suite == nil {
		return nil, errNoSRTP
	}
	made := srtp.Config{Profile: k.suite.profile}
	if err := made.ExtractSessionKeysFromDTLS(&state, h.plan.client); err != nil {
		return nil, err
	}
	var err error
	if k.seal, err = newSealer(k.suite, append(made.Keys.LocalMasterKey[:k.suite.key:k.suite.key], made.Keys.LocalMasterSalt...)); err != nil {
		return nil, err
	}
	k.open, err = newOpener(k.suite, append(made.Keys.RemoteMasterKey[:k.suite.key:k.suite.key], made.Keys.RemoteMasterSalt...), nil)
	return k, err
}

// mute ends what is sent and returns our last flight.
func (h *handshake) mute() [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.muted = true
	return h.flight
}

// ReadFrom, WriteTo and the rest make a handshake the net.PacketConn that the DTLS library runs on.
func (h *handshake) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := h.inbox.Read(b)
	h.mu.Lock()
	h.heard = true
	h.mu.Unlock()
	return n, h.RemoteAddr(), err
}

func (h *handshake) WriteTo(b []byte, _ net.Addr) (int, error) {
	h.mu.Lock()
	if h.muted {
		h.mu.Unlock()
		return len(b), nil
	}
	if h.heard {
		h.flight, h.heard = nil, false
	}
	said := append([]byte(nil), b...)
	if len(h.flight) < handshakeQueue {
		h.flight = append(h.flight, said)
	}
	h.mu.Unlock()
	h.stream.command(func(_ *worker, f *flow) { f.say(h, said) })
	return len(b), nil
}

func (h *handshake) Close() error                       { return h.inbox.Close() }
func (h *handshake) SetReadDeadline(t time.Time) error  { return h.inbox.SetReadDeadline(t) }
func (h *handshake) SetWriteDeadline(_ time.Time) error { return nil } // writing never waits for the network
func (h *handshake) SetDeadline(t time.Time) error      { return h.SetReadDeadline(t) }

// LocalAddr and RemoteAddr mean nothing to a library that has one peer.
func (h *handshake) LocalAddr() net.Addr  { return net.UDPAddrFromAddrPort(netip.AddrPort{}) }
func (h *handshake) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(netip.AddrPort{}) }
