package sip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// certificateOf is one that its owner made for itself.
func certificateOf(t *testing.T, name string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(crand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// impostor listens with a certificate and counts what it is told once the handshake is over.
func impostor(t *testing.T, c tls.Certificate, most uint16) (addr string, told *atomic.Int64) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS10, MaxVersion: most})
	if err != nil {
		t.Fatal(err)
	}
	told = &atomic.Int64{}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				n, _ := io.Copy(io.Discard, conn)
				told.Add(n)
			}()
		}
	}()
	return l.Addr().String(), told
}

func rowM14ATrunkThatCannotProveItsNameIsDownAndToldNothing(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour)
	for what, c := range map[string]struct {
		shown  tls.Certificate
		most   uint16
		reason string
	}{
		"it expired":                 {certificateOf(t, "carrier.test", tomorrow.Add(-48*time.Hour)), 0, "expired"},
		"it is another's":            {certificateOf(t, "elsewhere.test", tomorrow), 0, "elsewhere.test"},
		"nobody vouches for it":      {certificateOf(t, "carrier.test", tomorrow), 0, "unknown authority"},
		"the protocol is of old age": {certificateOf(t, "carrier.test", tomorrow), tls.VersionTLS11, "version"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			at, told := impostor(t, c.shown, c.most)
			_, port, _ := net.SplitHostPort(at)
			z := newZone(t)
			z.a("carrier.test", "127.0.0.1")
			b := startBox(t, Options{nameServers: []string{z.addr}}, twoPhones(Trunk{Name: "carrier", Address: "tls://carrier.test:" + port, Username: "acme", Password: "pw"}))
			if n := b.notice(TrunkDown); !strings.Contains(n.Reason, c.reason) {
				t.Errorf("down because %q, want %q in it", n.Reason, c.reason)
			}
			if st := b.Trunks()[0]; st.Up || !strings.Contains(st.Reason, c.reason) {
				t.Errorf("%+v", st)
			}
			if n := told.Load(); n != 0 {
				t.Errorf("it was told %d bytes", n)
			}
		})
	}
}

func rowM14WhoSpeaksOldTLSIsRefused(t *testing.T) {
	b := startBox(t, Options{}, everywhere())
	for what, config := range map[string]*tls.Config{
		"TLS 1.0":      {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
		"TLS 1.1":      {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"weak ciphers": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}},
	} {
		for _, scheme := range []string{"tls", "wss"} {
			config.InsecureSkipVerify = true
			if c, err := tls.Dial("tcp", b.at(scheme), config); err == nil {
				t.Errorf("%s over %s: taken as %+v", what, scheme, c.ConnectionState())
				c.Close()
			}
		}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c, err := tls.Dial("tcp", b.at("tls"), &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}
