package appliance

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheBoxKeepsItsCertificate(t *testing.T) {
	dir := t.TempDir()
	first, err := ownCertificate(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	second, err := ownCertificate(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Certificate[0], second.Certificate[0]) {
		t.Error("a restart made a new certificate")
	}
	leaf, err := x509.ParseCertificate(first.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if lags := time.Now().AddDate(0, -11, 0); leaf.NotBefore.After(lags) || leaf.VerifyHostname("callbox.local") != nil {
		t.Errorf("a phone whose clock lags takes no certificate from %v for %v", leaf.NotBefore, leaf.DNSNames)
	}
	path := filepath.Join(dir, "tls.pem")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is not for us alone: %v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ownCertificate(dir, time.Now()); err == nil {
		t.Error("a damaged certificate was taken")
	}
}
