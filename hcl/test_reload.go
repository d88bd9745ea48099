package hcl

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// TestReload changes the configuration while calls go on, as if somebody had
// saved its files: to prove what is pinned to a call, and what is live at once.
// It stays changed for the steps behind it.
type TestReload struct {
	// File that changes: "flows.hcl", "plugins/policy.lua". When not written, and
	// there is replace: every .hcl file that has one of the texts.
	File string `hcl:"file" is:"path"`
	// Replace texts in it by others, all at once:
	// { "prompt.top" = "prompt.closed" }.
	Replace map[string]string `hcl:"replace"`
	// Text is all of the file from now on; it may be new.
	Text string `hcl:"text"`
	// Remove the file.
	Remove bool `hcl:"remove" default:"false"`
	// Dir is a folder of the configuration: its files take the place of those of
	// the same name, or are added.
	Dir string `hcl:"dir" is:"path"`
	// Refused says that the new configuration has errors, and the old one must go
	// on.
	Refused bool `hcl:"refused" default:"false"`

	// Files are the files of Dir, by their path from there.
	Files map[string][]byte

	hasText, right bool
	testPlace
}

var testReloadKind = &kind{name: "reload", new: func() any { return new(TestReload) }, example: `
reload {
  file    = "flows.hcl"
  replace = { "prompt.welcome" = "prompt.closed" }
}

reload {
  file = "night.hcl"
  text = "prompt \"night\" {\n  text = { en = \"Good night.\" }\n}\n"
}

reload {
  file    = "flows.hcl"
  remove  = true
  refused = true
}

reload { dir = "changed" }
`}

func (s *TestReload) check(l *loader, b *block) {
	s.testPlace = testPlace{def: b.def, block: b}
	s.hasText = b.has("text")
	told := len(l.found)
	ways := 0
	for _, name := range []string{"replace", "text", "remove", "dir"} {
		if b.wrotePart(name) {
			ways++
		}
	}
	switch {
	case ways == 0:
		l.fail(b.def, "reload changes nothing", "Add file and replace, text or remove; or dir, a folder with the files as they are then.")
	case ways > 1:
		l.fail(b.def, "reload changes in two ways", "One of replace, text, remove and dir; write a step for each.")
	case b.wrotePart("dir") && b.wrotePart("file"):
		l.fail(b.at("file"), "file has no meaning with dir", "Remove it: the files of the folder have their names.")
	case !b.wrotePart("file") && (b.wrotePart("text") || b.wrotePart("remove")):
		l.fail(b.def, "reload does not say which file", `Add file = "flows.hcl".`)
	}
	if b.has("replace") {
		for old := range s.Replace {
			if old == "" {
				l.fail(b.at("replace"), "replace has an empty text", "Say what stands there now.")
			}
		}
	}
	if b.has("dir") {
		l.readDir(s, b)
	}
	s.right = len(l.found) == told
}

// readDir reads the folder of a reload.
func (l *loader) readDir(s *TestReload, b *block) {
	name := path.Clean(s.Dir)
	if !l.files.isFolder(name) {
		l.fail(b.at("dir"), fmt.Sprintf("there is no folder %s", shorten(s.Dir)), "Paths are relative to the configuration.")
		return
	}
	if err := l.files.folder(name, maxSound); err != nil {
		l.fail(b.at("dir"), fmt.Sprintf("the folder %s cannot be read", shorten(s.Dir)), sentence(err.Error()))
		return
	}
	s.Files = map[string][]byte{}
	for file, text := range l.files.files {
		if rest, ok := strings.CutPrefix(file, name+"/"); ok {
			s.Files[rest] = text
		}
	}
	if len(s.Files) == 0 {
		l.fail(b.at("dir"), fmt.Sprintf("the folder %s is empty", shorten(s.Dir)), "Put the files into it that change.")
	}
}

// Apply makes the files of the new configuration of those of the old; neither
// the map nor the bytes it is given change. The error says which file or text
// is not there.
func (s *TestReload) Apply(files map[string][]byte) (map[string][]byte, error) {
	after := maps.Clone(files)
	if after == nil {
		after = map[string][]byte{}
	}
	switch {
	case s.Dir != "":
		maps.Copy(after, s.Files)
	case s.hasText:
		after[path.Clean(s.File)] = []byte(s.Text)
	case s.Remove:
		delete(after, path.Clean(s.File))
	default:
		return after, s.replace(after)
	}
	if _, ok := files[path.Clean(s.File)]; !ok && s.Remove {
		return after, noSuchFile(s.File, files)
	}
	return after, nil
}

func noSuchFile(name string, files map[string][]byte) error {
	return remedyf("There is no file %s. %s", shorten(name), meant(name, slices.Sorted(maps.Keys(files)), "Files are"))
}

// replace puts the new texts into the files that have the old ones.
func (s *TestReload) replace(files map[string][]byte) error {
	names := []string{path.Clean(s.File)}
	if s.File == "" {
		names = slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool { return !strings.HasSuffix(name, ".hcl") || strings.Contains(name, "/") })
	} else if _, ok := files[names[0]]; !ok {
		return noSuchFile(s.File, files)
	}
	olds := slices.SortedFunc(maps.Keys(s.Replace), func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, old := range olds {
		if !slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(files[name], []byte(old)) }) {
			return remedyf("%s does not stand in %s. Write it exactly as it stands there.", shorten(old), enumerate(names))
		}
		pairs = append(pairs, old, s.Replace[old])
	}
	all := strings.NewReplacer(pairs...)
	for _, name := range names {
		files[name] = []byte(all.Replace(string(files[name])))
	}
	return nil
}

// testReloads tries the reloads of a test one after the other.
func (l *loader) testReloads(t *Test) {
	files := l.config.Files
	for _, step := range t.Steps {
		s, ok := step.Do.(*TestReload)
		if !ok || !s.right {
			continue
		}
		after, err := s.Apply(files)
		if err != nil {
			at := s.block.at("replace")
			if !s.block.has("replace") || strings.Contains(err.Error(), "no file") {
				at = s.block.at("file")
			}
			l.fail(at, "reload changes what is not there", err.Error())
			continue
		}
		if maps.EqualFunc(after, files, bytes.Equal) {
			l.warn(s.def, "this reload changes nothing", "The files are the same before and after it.")
		}
		files = after
	}
}
