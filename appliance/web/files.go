package web

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
)

// A configuration travels as a tar archive, because it holds sound besides text, and because every system can make one:
//
//	tar c -C office . | curl --unix-socket control.sock --data-binary @- http://box/v1/plan
const (
	maxConfiguration = 64 << 20 // bytes of one archive
	maxFiles         = 10000
)

// limitOf is how many bytes the body of a request may have.
func limitOf(r *http.Request) int64 {
	if r.URL.Path == "/v1/plan" || r.URL.Path == "/v1/apply" {
		return maxConfiguration
	}
	return maxBody
}

// readFiles reads an archive into memory, where it stays: names never become paths of this machine. Folders are skipped;
// anything else that is no plain file, and a name that leaves the archive, is an error.
func readFiles(r io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, archiveError(err)
		}
		name := path.Clean(h.Name)
		switch {
		case h.Typeflag == tar.TypeDir:
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, &fieldError{"body", fmt.Sprintf("%s is no plain file", h.Name)}
		case !fs.ValidPath(name):
			return nil, &fieldError{"body", fmt.Sprintf("%s leaves the configuration", h.Name)}
		case len(files) == maxFiles:
			return nil, &fieldError{"body", fmt.Sprintf("more than %d files", maxFiles)}
		}
		if _, twice := files[name]; twice {
			return nil, &fieldError{"body", fmt.Sprintf("%s is there twice", name)}
		}
		// The size in the header is a claim; what is kept is what arrives, and the whole body is limited.
		if files[name], err = io.ReadAll(in); err != nil {
			return nil, archiveError(err)
		}
	}
}

func archiveError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return &fieldError{"body", "a tar archive of the configuration is expected: " + err.Error()}
}
