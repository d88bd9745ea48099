package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile puts data at path so that after a power cut there is either all of it or what was there before: it writes a file beside
// it, syncs that, renames it over path and syncs the folder. The folder must exist. Two writers of one path do not mix; the last wins.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return replaceFile(path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func replaceFile(path string, perm fs.FileMode, fill func(io.Writer) error) error {
	folder, name := filepath.Split(path)
	folder = filepath.Clean(folder)
	f, err := os.CreateTemp(folder, "."+name+".*.part")
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(folder)
}

// syncFolder makes the names in a folder survive a power cut.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
