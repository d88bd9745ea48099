package hcl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzLoad looks for files that crash, that load and are wrong, or that show a
// secret.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*/*.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, k := range slices.Concat(kinds, stepKinds) {
		f.Add([]byte(k.example))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := files(nil)
		fsys["main.hcl"] = &fstest.MapFile{Data: text}
		cfg, ds := Load(fsys, known())
		if (cfg == nil) != ds.HasErrors() {
			t.Fatalf("a Config and errors, or neither: %s", told(ds))
		}
		shown := told(ds) + string(ds.JSON())
		if strings.Contains(shown, "hush-") && !strings.Contains(string(text), "hush-") {
			t.Fatalf("a secret is shown: %s", shown)
		}
		if strings.Contains(shown, "failed inside") {
			t.Fatalf("a panic was caught: %s", shown)
		}
		if cfg == nil {
			return
		}
		again, _ := Load(fsys, known())
		if p := Diff(cfg, again); again == nil || !p.Empty() {
			t.Fatalf("a second load differs: %s", p)
		}
		if formatted, _ := Load(fstest.MapFS{"main.hcl": &fstest.MapFile{Data: Format(text)}}, known()); formatted != nil && len(formatted.Routes) != len(cfg.Routes) {
			t.Fatal("formatting changed the meaning")
		}
	})
}
