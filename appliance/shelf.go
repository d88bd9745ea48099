package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"callbox/appliance/store"
	"callbox/appliance/web"
	"callbox/hcl"
)

// shelf keeps generations as files, one each, so that the box can go back to
// them and run the last good one when the directory is broken. The reload loop
// is its one writer.
type shelf struct {
	dir  string
	list []keptGeneration // without Files, oldest first
	held held
}

// keptGeneration is a configuration that ran.
type keptGeneration struct {
	N       int               `json:"generation"`
	Applied time.Time         `json:"applied"`
	Who     string            `json:"who"`
	Hash    string            `json:"hash"`
	Plan    []hcl.Change      `json:"plan,omitempty"`
	Files   map[string][]byte `json:"files,omitempty"`
}

// held says that files with this hash wait because another generation was
// asked for. It survives a restart, so that a rollback does.
type held struct {
	Hash       string `json:"hash"`
	Generation int    `json:"generation"`
}

// maxKept is how many generations stay on the shelf.
const maxKept = 30

func openShelf(dir string) (*shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("generations: %w", err)
	}
	s := &shelf{dir: dir}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if filepath.Base(name) == "held.json" {
			continue
		}
		k, err := readKept(name)
		if err != nil {
			continue // torn or foreign: it cannot be gone back to, and says nothing of the others
		}
		k.Files = nil
		s.list = append(s.list, k)
	}
	slices.SortFunc(s.list, func(a, b keptGeneration) int { return a.N - b.N })
	if b, err := os.ReadFile(s.heldPath()); err == nil {
		if json.Unmarshal(b, &s.held) != nil {
			s.held = held{}
		}
	}
	return s, nil
}

func readKept(name string) (k keptGeneration, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal(b, &k)
}

func (s *shelf) path(n int) string { return filepath.Join(s.dir, fmt.Sprintf("%06d.json", n)) }
func (s *shelf) heldPath() string  { return filepath.Join(s.dir, "held.json") }

// next is the number of a new generation.
func (s *shelf) next() int {
	n, _ := s.last()
	return n + 1
}

// last is the newest generation.
func (s *shelf) last() (int, bool) {
	if len(s.list) == 0 {
		return 0, false
	}
	return s.list[len(s.list)-1].N, true
}

// number finds the generation that these files are already, so that a mere
// restart makes no new one.
func (s *shelf) number(hash string) (n int, known bool) {
	for _, k := range slices.Backward(s.list) {
		if k.Hash == hash {
			return k.N, true
		}
	}
	return s.next(), false
}

func (s *shelf) put(g *Generation) error {
	k := keptGeneration{N: g.N, Applied: g.Applied, Who: g.Who, Hash: g.Config.Hash, Plan: g.Plan.Changes, Files: g.Config.Files}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := store.WriteFile(s.path(g.N), b, 0o600); err != nil {
		return err
	}
	k.Files = nil
	s.list = append(s.list, k)
	for len(s.list) > maxKept {
		if err := os.Remove(s.path(s.list[0].N)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.list = s.list[1:]
	}
	return nil
}

func (s *shelf) get(n int) (keptGeneration, error) {
	k, err := readKept(s.path(n))
	if errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("generation %d is not kept: %w", n, web.ErrNotFound)
	}
	return k, err
}

// heldFor is the generation to run instead of files with this hash.
func (s *shelf) heldFor(hash string) (int, bool) {
	return s.held.Generation, s.held.Hash == hash && hash != ""
}

func (s *shelf) hold(hash string, n int) error {
	s.held = held{Hash: hash, Generation: n}
	b, err := json.Marshal(s.held)
	if err != nil {
		return err
	}
	return store.WriteFile(s.heldPath(), b, 0o600)
}

// release ends a hold: the files are the intent again.
func (s *shelf) release() {
	if s.held != (held{}) {
		s.held = held{}
		os.Remove(s.heldPath())
	}
}
