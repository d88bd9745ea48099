package appliance

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestASecretIsThereAfterARestartAndNowhereInClear(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("pstn", "planted-password"); err != nil {
		t.Fatal(err)
	}
	again, err := OpenSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := again.Lookup("pstn"); !ok || v != "planted-password" {
		t.Errorf("after a restart: %q %v", v, ok)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("planted-password")) {
			t.Errorf("%s holds the password in clear", filepath.Base(f))
		}
		if info, _ := os.Stat(f); info.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v", filepath.Base(f), info.Mode())
		}
	}
}

func TestASecretMovedToAnotherNameDoesNotOpen(t *testing.T) {
	s, err := OpenSecrets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("one", "value"); err != nil {
		t.Fatal(err)
	}
	s.sealed["two"] = s.sealed["one"]
	if v, ok := s.Lookup("two"); ok {
		t.Errorf("opened as %q", v)
	}
}

func TestTheEnvironmentStandsInForASecret(t *testing.T) {
	s, err := OpenSecrets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CALLBOX_SECRET_EXT_1001", "from-env")
	if v, _ := s.Lookup("ext-1001"); v != "from-env" {
		t.Errorf("got %q", v)
	}
	if err := s.Set("ext-1001", "from-store"); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Lookup("ext-1001"); v != "from-store" {
		t.Errorf("the store comes first, got %q", v)
	}
}

func TestSecretsWithImpossibleNamesOrNoValueAreRefused(t *testing.T) {
	s, err := OpenSecrets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "../x", "a b", "-x", string(make([]byte, 65))} {
		if s.Set(name, "v") == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if s.Set("x", "") == nil || s.Delete("x") == nil {
		t.Error("an empty secret was kept")
	}
}
