package hcl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// paths are the files of the configuration that a plugin is made of.
func (p *Plugin) paths() []string {
	source := path.Clean(p.Source)
	if p.Manifest != nil {
		return []string{source}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		names = append(names, path.Join(path.Dir(source), name))
	}
	return names
}

// readPlugin reads what a plugin is made of, and its manifest.
func (l *loader) readPlugin(p *Plugin, b *block) error {
	if name, ok := strings.CutPrefix(p.Source, "callbox:"); ok {
		return l.bundledPlugin(p, b, name)
	}
	name, err := inside(p.Source)
	if err != nil {
		return err
	}
	switch {
	case l.files.isFolder(name):
		return l.folderPlugin(p, b, l.files, name, name)
	case !strings.HasSuffix(name, ".lua"):
		return errors.New("it is neither a .lua file nor a folder")
	}
	return l.filePlugin(p, name)
}

// filePlugin reads a plugin that is one file, and the files beside it, which it
// may require.
func (l *loader) filePlugin(p *Plugin, name string) error {
	if _, err := l.files.read(name, maxSource); err != nil {
		return err
	}
	beside, err := l.files.beside(path.Dir(name), ".lua")
	if err != nil {
		return err
	}
	p.Main, p.Files = path.Base(name), map[string][]byte{}
	for _, file := range append(beside, name) {
		if p.Files[path.Base(file)], err = l.files.read(file, maxSource); err != nil {
			return fmt.Errorf("%s beside it: %w", path.Base(file), err)
		}
	}
	return nil
}

// bundledPlugin reads a plugin that ships with the box.
func (l *loader) bundledPlugin(p *Plugin, b *block, name string) error {
	if l.opts.Bundled == nil {
		return errors.New("no plugin is bundled with this box")
	}
	var names []string
	entries, err := fs.ReadDir(l.opts.Bundled, ".")
	if err != nil {
		return plain(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("there is no bundled plugin of that name. %s", strings.TrimSuffix(meant(name, names, "Bundled are"), "."))
	}
	r := &reader{fsys: l.opts.Bundled, files: map[string][]byte{}}
	return l.folderPlugin(p, b, r, name, p.Source)
}

// folderPlugin reads a plugin that is a folder with a manifest. Shown is the
// folder's name in diagnostics.
func (l *loader) folderPlugin(p *Plugin, b *block, r *reader, name, shown string) error {
	if err := r.folder(name, maxSound); err != nil {
		return err
	}
	p.Main, p.Files = "main.lua", map[string][]byte{}
	for _, file := range slices.Sorted(maps.Keys(r.files)) {
		if rest, ok := below(name, file); ok && !strings.HasSuffix(rest, ".md") && (path.Ext(rest) != ".hcl" || rest == "plugin.hcl") {
			p.Files[rest] = r.files[file]
		}
	}
	switch {
	case p.Files["plugin.hcl"] == nil:
		return errors.New("the folder has no plugin.hcl, which says what the plugin is")
	case p.Files["main.lua"] == nil:
		return errors.New("the folder has no main.lua, which is the plugin")
	}
	l.manifest(p, b, path.Join(shown, "plugin.hcl"), p.Files["plugin.hcl"])
	return nil
}

// beside lists the regular files of a folder that end so.
func (r *reader) beside(dir, ending string) ([]string, error) {
	at, err := resolve(r.fsys, dir)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(r.fsys, at)
	if err != nil {
		return nil, plain(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ending) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	if len(names) > maxDirectory {
		return nil, fmt.Errorf("the folder has more than %d files", maxDirectory)
	}
	return names, nil
}
