package hcl

import (
	"cmp"
	"io/fs"
	"slices"
)

// overlay is several file systems as one: a file of an earlier one hides those
// of the same path in later ones.
type overlay []fs.FS

// first asks the layers in order until one knows the name.
func first[T any](o overlay, ask func(fs.FS) (T, error)) (v T, err error) {
	for i, layer := range o {
		more, problem := ask(layer)
		if problem == nil {
			return more, nil
		}
		if i == 0 {
			err = problem
		}
	}
	return v, err
}

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	return first(o, func(layer fs.FS) (fs.File, error) { return layer.Open(name) })
}

// Stat implements fs.StatFS.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	return first(o, func(layer fs.FS) (fs.FileInfo, error) { return fs.Stat(layer, name) })
}

// Lstat implements fs.ReadLinkFS.
func (o overlay) Lstat(name string) (fs.FileInfo, error) {
	return first(o, func(layer fs.FS) (fs.FileInfo, error) { return fs.Lstat(layer, name) })
}

// ReadLink implements fs.ReadLinkFS.
func (o overlay) ReadLink(name string) (string, error) {
	return first(o, func(layer fs.FS) (string, error) { return fs.ReadLink(layer, name) })
}

// ReadDir implements fs.ReadDirFS: what is in any of the layers.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	var failed error
	read := false
	for i, layer := range o {
		entries, err := fs.ReadDir(layer, name)
		if err != nil {
			if i == 0 {
				failed = err
			}
			continue
		}
		read = true
		for _, e := range entries {
			if !slices.ContainsFunc(all, func(a fs.DirEntry) bool { return a.Name() == e.Name() }) {
				all = append(all, e)
			}
		}
	}
	if !read {
		return nil, failed
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return all, nil
}
