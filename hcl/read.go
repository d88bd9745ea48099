package hcl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits of what a configuration may bring. They are far above what people
// write and far below what could harm the box.
const (
	maxSource    = 4_000_000   // bytes of one *.hcl, or of one text read by file()
	maxSources   = 8_000_000   // bytes of all *.hcl together
	maxFiles     = 500         // *.hcl of one configuration
	maxSound     = 32_000_000  // bytes of one prompt, piece of music or plugin file
	maxAll       = 256_000_000 // bytes of everything a configuration brings
	maxAssets    = 5000        // files a configuration brings besides its *.hcl
	maxLinks     = 40          // symbolic links followed on the way to one file
	maxDirectory = 1000        // files of one plugin folder
)

// reader reads the files of one configuration and remembers what it read. It
// opens regular files inside the directory only: links are followed as long as
// they stay inside, devices and pipes are never opened.
type reader struct {
	fsys  fs.FS
	files map[string][]byte
	total int64
}

// sources lists the *.hcl that make the configuration. Hidden files, which
// editors leave behind, are none of it.
func (r *reader) sources() ([]string, error) {
	entries, err := fs.ReadDir(r.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be read: %w", plain(err))
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".test.hcl") {
			continue
		}
		names = append(names, name)
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("the directory has %d *.hcl files, at most %d are read", len(names), maxFiles)
	}
	return names, nil
}

// read returns the bytes of a file and keeps them. Limit bounds its size.
func (r *reader) read(name string, limit int64) ([]byte, error) {
	if b, ok := r.files[name]; ok {
		if int64(len(b)) > limit {
			return nil, tooBig(limit)
		}
		return b, nil
	}
	if len(r.files) >= maxFiles+maxAssets {
		return nil, fmt.Errorf("the configuration brings more than %d files", maxFiles+maxAssets)
	}
	b, err := r.load(name, limit)
	if err != nil {
		return nil, err
	}
	if r.total += int64(len(b)); r.total > maxAll {
		return nil, fmt.Errorf("the files of the configuration exceed %s together", Size(maxAll))
	}
	r.files[name] = b
	return b, nil
}

func (r *reader) load(name string, limit int64) ([]byte, error) {
	at, err := resolve(r.fsys, name)
	if err != nil {
		return nil, err
	}
	// The kind is asked before opening: opening a pipe would wait for ever.
	info, err := fs.Stat(r.fsys, at)
	if err != nil {
		return nil, plain(err)
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	f, err := r.fsys.Open(at)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, plain(err)
	} else if err := regular(info); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plain(err)
	}
	if int64(len(b)) > limit {
		return nil, tooBig(limit)
	}
	return b, nil
}

// folder reads every regular file below a directory, except hidden ones.
func (r *reader) folder(name string, limit int64) error {
	count := 0
	return fs.WalkDir(r.fsys, name, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return plain(err)
		}
		switch rest, _ := below(name, p); {
		case p == name:
			return nil
		case hidden(rest) && d.IsDir():
			return fs.SkipDir
		case hidden(rest) || d.IsDir():
			return nil
		}
		if count++; count > maxDirectory {
			return fmt.Errorf("the folder has more than %d files", maxDirectory)
		}
		_, err = r.read(p, limit)
		return err
	})
}

// isFolder tells whether name is a directory inside the configuration.
func (r *reader) isFolder(name string) bool {
	at, err := resolve(r.fsys, name)
	if err != nil {
		return false
	}
	info, err := fs.Stat(r.fsys, at)
	return err == nil && info.IsDir()
}

// inside turns a path as written into one of fs.FS, if it stays inside.
func inside(written string) (string, error) {
	switch clean := path.Clean(written); {
	case written == "":
		return "", errors.New("the path is empty")
	case path.IsAbs(written) || strings.Contains(written, `\`) || strings.Contains(written, ":"):
		return "", errors.New("it is no path inside the configuration, written with / between its parts")
	case !fs.ValidPath(clean):
		return "", errors.New("the path leaves the configuration")
	default:
		return clean, nil
	}
}

// resolve follows symbolic links by hand, so that none leads out, whatever the
// file system beneath would allow.
func resolve(fsys fs.FS, name string) (string, error) {
	links, ok := fsys.(fs.ReadLinkFS)
	if !ok {
		return name, nil
	}
	done, rest := ".", strings.Split(name, "/")
	for hops := 0; len(rest) > 0; {
		next := path.Join(done, rest[0])
		rest = rest[1:]
		if !fs.ValidPath(next) {
			return "", errors.New("it is a link that leads out of the configuration")
		}
		info, err := links.Lstat(next)
		if err != nil {
			return "", plain(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if hops++; hops > maxLinks {
			return "", errors.New("its links go round in a circle")
		}
		target, err := links.ReadLink(next)
		if err != nil {
			return "", plain(err)
		}
		if path.IsAbs(target) {
			return "", errors.New("it is a link that leads out of the configuration")
		}
		rest = slices.Concat(strings.Split(path.Clean(target), "/"), rest)
	}
	return done, nil
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	}
	return nil
}

func tooBig(limit int64) error { return fmt.Errorf("it is larger than %s", Size(limit)) }

// plain takes the path off an error of the file system: the diagnostic names
// the file in the words of the configuration.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the box may not read it")
	}
	return err
}
