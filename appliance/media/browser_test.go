package media

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/packetio"
)

// browser is what a web page has for a telephone: a full ICE agent, DTLS and SRTP of a library that is not ours. That
// library's agent leaves ::1 out; there one check by hand stands for it.
type browser struct {
	t     testing.TB
	agent *ice.Agent
	peer  credentials
	own   *identity
	shown tls.Certificate // in the handshake; own unless it lies
	line  line            // the box's, as its description has it
	at    netip.AddrPort  // the box's candidate

	conn     net.Conn // what ICE found
	dtls     lane
	sound    lane
	session  *srtp.SessionSRTP
	speaker  *srtp.WriteStreamSRTP
	seq      uint16
	answered chan error
	deaf     int  // last flights of the box that it misses
	bare     bool // it shows no certificate
}

func newBrowser(t testing.TB, host netip.Addr) *browser {
	t.Helper()
	b := &browser{t: t, answered: make(chan error, 1), peer: newCredentials()}
	var err error
	if b.own, err = newIdentity(nil); err != nil {
		t.Fatal(err)
	}
	b.shown = b.own.certificate
	t.Cleanup(b.close)
	if host.Is6() {
		return b
	}
	b.agent, err = ice.NewAgentWithOptions(
		ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithIncludeLoopback(),
		ice.WithInterfaceFilter(func(name string) bool { return name == "lo" }), ice.WithLocalCredentials(b.peer.ufrag, b.peer.pwd),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
	)
	if err != nil {
		t.Fatal(err)
	}
	gathered := make(chan struct{})
	if err := b.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			close(gathered)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.agent.GatherCandidates(); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return b
}

func (b *browser) close() {
	if b.session != nil {
		b.session.Close()
	}
	if b.agent != nil {
		b.agent.Close()
	}
	if b.conn != nil {
		b.conn.Close()
		b.dtls.inbox.Close()
		b.sound.inbox.Close()
	}
}

// sdp is the browser's description; setup is its role in the handshake.
func (b *browser) sdp(setup, direction string, more ...string) []byte {
	b.t.Helper()
	var candidates []ice.Candidate
	if b.agent != nil {
		var err error
		if candidates, err = b.agent.GetLocalCandidates(); err != nil || len(candidates) == 0 {
			b.t.Fatalf("no candidate on the loopback: %v", err)
		}
	}
	var s strings.Builder
	s.WriteString("v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 8 0 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n")
	for _, c := range candidates {
		fmt.Fprintf(&s, "a=candidate:%s\r\n", c.Marshal())
	}
	fmt.Fprintf(&s, "a=candidate:1 1 udp 1 3f2a0c1e-1111-4222-8333-444455556666.local 5000 typ host\r\n"+
		"a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\na=fingerprint:%s\r\na=setup:%s\r\na=mid:0\r\n%s"+
		"a=%s\r\na=rtcp-mux\r\na=rtpmap:126 telephone-event/8000\r\n", b.peer.ufrag, b.peer.pwd, b.own.print, setup, strings.Join(more, ""), direction)
	return []byte(s.String())
}

// call has the browser offer and the box answer.
func (b *browser) call(leg *Stream, local netip.Addr) {
	b.t.Helper()
	leg.Secure(SecureBrowser)
	answer, err := leg.Answer(b.sdp("actpass", "sendrecv"), local, []Codec{PCMA}, SendRecv)
	if err != nil {
		b.t.Fatal(err)
	}
	b.reads(answer)
	if b.line.setup != setupPassive {
		b.t.Errorf("the box answers a=setup:%s", b.line.setup)
	}
	b.connect(true)
}

// isCalled has the box offer and the browser answer.
func (b *browser) isCalled(leg *Stream, local netip.Addr, setup string) {
	b.t.Helper()
	leg.Secure(SecureBrowser)
	b.reads(leg.Offer(local, []Codec{PCMA}, SendRecv))
	if b.line.setup != setupEither {
		b.t.Errorf("the box offers a=setup:%s", b.line.setup)
	}
	if err := leg.Accept(b.sdp(setup, "sendrecv")); err != nil {
		b.t.Fatal(err)
	}
	b.connect(setup == setupActive)
}

// reads takes the box's description.
func (b *browser) reads(description []byte) {
	b.t.Helper()
	lines, err := parseSDP(description)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, description)
	}
	b.line = lines[0]
	if !b.line.lite || !b.line.mux || b.line.profile != profileBrowser || b.line.mid != "0" || !b.line.peer.valid() {
		b.t.Errorf("no browser understands\n%s", description)
	}
	found := false
	for text := range strings.Lines(string(description)) {
		if candidate, is := strings.CutPrefix(strings.TrimSpace(text), "a=candidate:"); is {
			c, err := ice.UnmarshalCandidate(candidate)
			if err != nil {
				b.t.Fatal(err)
			}
			if b.at = netip.AddrPortFrom(netip.MustParseAddr(c.Address()), uint16(c.Port())); b.agent != nil {
				if err := b.agent.AddRemoteCandidate(c); err != nil {
					b.t.Fatal(err)
				}
			}
			found = true
		}
	}
	if !found {
		b.t.Errorf("no candidate in\n%s", description)
	}
}

// connect runs ICE and the handshake; wait has their end.
func (b *browser) connect(client bool) {
	go func() { b.answered <- b.secure(client) }()
}

func (b *browser) secure(client bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := b.reach(ctx)
	if err != nil {
		return err
	}
	b.conn = conn
	b.dtls, b.sound = newLane(conn), newLane(conn)
	b.dtls.stays = true
	go func() {
		buf := make([]byte, largest)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if n > 0 && buf[0] == 20 && b.deaf > 0 {
				b.deaf--
			} else if n > 0 && buf[0] >= 20 && buf[0] < 64 {
				b.dtls.inbox.Write(buf[:n])
			} else {
				b.sound.inbox.Write(buf[:n])
			}
		}
	}()
	return b.shake(ctx, client)
}

// reach runs ICE.
func (b *browser) reach(ctx context.Context) (net.Conn, error) {
	if b.agent != nil {
		if err := b.agent.SetRemoteICELite(true); err != nil {
			return nil, err
		}
		return b.agent.Dial(ctx, b.line.peer.ufrag, b.line.peer.pwd)
	}
	c, err := net.DialUDP("udp6", nil, net.UDPAddrFromAddrPort(b.at))
	if err != nil {
		return nil, err
	}
	check := checkOf(b.t, b.line.peer.ufrag+":"+b.peer.ufrag, b.line.peer.pwd, stun.RawAttribute{Type: attrChosen})
	if _, err := c.Write(check); err != nil {
		return nil, err
	}
	reply := make([]byte, largest)
	c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(reply)
	c.SetReadDeadline(time.Time{})
	if err == nil && (n < stunHeader || binary.BigEndian.Uint16(reply) != stunSuccess) {
		err = fmt.Errorf("the box answers %x", reply[:n])
	}
	return c, err
}

func (b *browser) shake(ctx context.Context, client bool) error {
	check := dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 || !b.line.prints[0].isOf(raw[0]) {
			return errors.New("another certificate than the box announced")
		}
		return nil
	})
	shared := []dtls.Option{check, dtls.WithFlightInterval(50 * time.Millisecond),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_128_GCM)}
	if !b.bare {
		shared = append(shared, dtls.WithCertificates(b.shown))
	}
	asClient := []dtls.ClientOption{dtls.WithInsecureSkipVerify(true)}
	asServer := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
	for _, o := range shared {
		asClient, asServer = append(asClient, o), append(asServer, o)
	}
	var c *dtls.Conn
	var err error
	if client {
		c, err = dtls.ClientWithOptions(b.dtls, b.conn.RemoteAddr(), asClient...)
	} else {
		c, err = dtls.ServerWithOptions(b.dtls, b.conn.RemoteAddr(), asServer...)
	}
	if err != nil {
		return err
	}
	b.t.Cleanup(func() { c.Close() })
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	profile, _ := c.SelectedSRTPProtectionProfile()
	state, _ := c.ConnectionState()
	config := &srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := config.ExtractSessionKeysFromDTLS(&state, client); err != nil {
		return err
	}
	if b.session, err = srtp.NewSessionSRTP(b.sound, config); err != nil {
		return err
	}
	b.speaker, err = b.session.OpenWriteStream()
	return err
}

// talks waits until both have their keys.
func (b *browser) talks(leg *Stream) {
	b.t.Helper()
	if err := <-b.answered; err != nil {
		b.t.Fatal(err)
	}
	until(b.t, "the box has its keys too", func() bool { return leg.Stats().Suite != "" })
}

func (b *browser) say(payload byte) {
	b.t.Helper()
	b.seq++
	sound := make([]byte, 160)
	for i := range sound {
		sound[i] = payload
	}
	h := &rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: b.seq, Timestamp: uint32(b.seq) * 160, SSRC: 77}
	if _, err := b.speaker.WriteRTP(h, sound); err != nil {
		b.t.Fatal(err)
	}
}

// hear returns the next sound that reaches the browser.
func (b *browser) hear(s *srtp.ReadStreamSRTP) packet {
	b.t.Helper()
	buf := make([]byte, largest)
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		b.t.Fatal(err)
	}
	n, err := s.Read(buf)
	if err != nil {
		b.t.Fatalf("nothing reached the browser: %v", err)
	}
	p, ok := parseRTP(buf[:n])
	if !ok {
		b.t.Fatalf("what reached the browser is no RTP: %x", buf[:n])
	}
	return p
}

func (b *browser) ear() *srtp.ReadStreamSRTP {
	b.t.Helper()
	s, _, err := b.session.AcceptStream()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// lane is one of the protocols that share a connection.
type lane struct {
	net.Conn
	inbox *packetio.Buffer
	stays bool // open when who uses it is done with it
}

func newLane(c net.Conn) lane {
	l := lane{Conn: c, inbox: packetio.NewBuffer()}
	l.inbox.SetLimitCount(256)
	return l
}

func (l lane) Read(b []byte) (int, error) { return l.inbox.Read(b) }
func (l lane) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := l.inbox.Read(b)
	return n, l.RemoteAddr(), err
}
func (l lane) WriteTo(b []byte, _ net.Addr) (int, error) { return l.Write(b) }
func (l lane) SetDeadline(t time.Time) error             { return l.inbox.SetReadDeadline(t) }
func (l lane) SetReadDeadline(t time.Time) error         { return l.inbox.SetReadDeadline(t) }
func (l lane) Close() error {
	if l.stays {
		return nil
	}
	return l.inbox.Close()
}
