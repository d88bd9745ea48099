package appliance

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"callbox/appliance/store"
	"callbox/appliance/web"
)

// Secrets are the values behind secret("name"): one sealed file in the data
// directory, its key in another file beside it. The seal keeps values out of
// backups of the configuration, support bundles and curious eyes; whoever has
// the whole data directory has the secrets.
type Secrets struct {
	dir  string
	seal cipher.AEAD

	mu     sync.Mutex
	sealed map[string][]byte // name to nonce and sealed value
}

var secretName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// maxSecret bounds a value; certificates are files, not secrets.
const maxSecret = 4096

// OpenSecrets opens the secrets of a data directory, and makes the key at the
// first time.
func OpenSecrets(data string) (*Secrets, error) {
	s := &Secrets{dir: data, sealed: map[string][]byte{}}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	key, err := s.key()
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	if s.seal, err = chacha20poly1305.NewX(key); err != nil {
		return nil, fmt.Errorf("secrets: %s is damaged; restore it from a backup: %w", s.keyPath(), err)
	}
	b, err := os.ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s.sealed)
	}
	if err != nil {
		return nil, fmt.Errorf("secrets: %s cannot be read; restore it from a backup: %w", s.path(), err)
	}
	return s, nil
}

func (s *Secrets) path() string    { return filepath.Join(s.dir, "secrets.json") }
func (s *Secrets) keyPath() string { return filepath.Join(s.dir, "secrets.key") }

func (s *Secrets) key() ([]byte, error) {
	key, err := os.ReadFile(s.keyPath())
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, store.WriteFile(s.keyPath(), key, 0o600)
}

// Lookup finds a secret: the store first, then the environment variable
// CALLBOX_SECRET_NAME (upper case, everything but letters and digits as _).
func (s *Secrets) Lookup(name string) (string, bool) {
	s.mu.Lock()
	box, ok := s.sealed[name]
	s.mu.Unlock()
	if ok && len(box) > s.seal.NonceSize() {
		n := s.seal.NonceSize()
		if v, err := s.seal.Open(nil, box[:n], box[n:], []byte(name)); err == nil {
			return string(v), true
		}
	}
	return os.LookupEnv(SecretEnv(name))
}

// SecretEnv is the environment variable that can stand for a secret.
func SecretEnv(name string) string {
	return "CALLBOX_SECRET_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

// Set keeps a value. It is on disk when Set returns.
func (s *Secrets) Set(name, value string) error {
	if !secretName.MatchString(name) {
		return fmt.Errorf("%w: the name of a secret has letters, digits, dots, dashes and underscores, at most 64", web.ErrInvalid)
	}
	if value == "" || len(value) > maxSecret {
		return fmt.Errorf("%w: a secret has 1 to %d bytes", web.ErrInvalid, maxSecret)
	}
	nonce := make([]byte, s.seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	return s.change(func(m map[string][]byte) { m[name] = s.seal.Seal(nonce, nonce, []byte(value), []byte(name)) })
}

// Delete forgets a value.
func (s *Secrets) Delete(name string) error {
	s.mu.Lock()
	_, ok := s.sealed[name]
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("secret %q: %w", name, web.ErrNotFound)
	}
	return s.change(func(m map[string][]byte) { delete(m, name) })
}

func (s *Secrets) change(f func(map[string][]byte)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.sealed)
	f(next)
	b, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := store.WriteFile(s.path(), b, 0o600); err != nil {
		return err
	}
	s.sealed = next
	return nil
}

// Names lists what is kept, never the values.
func (s *Secrets) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.sealed))
}
