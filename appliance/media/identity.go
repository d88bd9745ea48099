package media

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// identity is the certificate that the engine shows in every DTLS handshake, with its fingerprint for descriptions. Who
// the box is, the signalling says; the certificate only ties the keys to it, so one that we make ourselves will do.
type identity struct {
	certificate tls.Certificate
	print       string
}

func newIdentity(given *tls.Certificate) (*identity, error) {
	if given != nil {
		if len(given.Certificate) == 0 || given.PrivateKey == nil {
			return nil, fmt.Errorf("media: certificate: it has no chain or no key")
		}
		return &identity{certificate: *given, print: fingerprintOf(given.Certificate[0])}, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	now := time.Now()
	plan := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "callbox"},
		NotBefore:    now.AddDate(0, 0, -1), // clocks differ
		NotAfter:     now.AddDate(10, 0, 0), // it lives as long as the process
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	made := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &identity{certificate: made, print: fingerprintOf(der)}, nil
}
