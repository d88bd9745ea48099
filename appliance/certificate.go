package appliance

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"callbox/appliance/sip"
	"callbox/appliance/store"
)

// ownCertificate is the box's self-signed certificate for SIP over TLS. It is
// made once and kept, so that phones that pinned it still know the box after a
// restart.
func ownCertificate(data string, now time.Time) (*tls.Certificate, error) {
	path := filepath.Join(data, "tls.pem")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newCertificate(now); err == nil {
			err = store.WriteFile(path, text, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("certificate: %s is damaged; remove it and a new one is made: %w", path, err)
	}
	return &pair, nil
}

// newCertificate makes certificate and key, PEM one after the other.
func newCertificate(now time.Time) ([]byte, error) {
	made, err := sip.NewCertificate(now)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), nil
}
