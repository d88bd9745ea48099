package appliance

import (
	"bytes"
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
