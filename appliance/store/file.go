package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile puts data at path so that after a power cut there is either all of it or what was there before: it writes a file beside
// it, syncs that, renames it over path and syncs the folder. The folder must exist. Two writers of one path do not mix; the last wins.
func WriteFile(path string, data []byte, perm fs.FileMode) (err error) {
	folder, name := filepath.Split(path)
	f, err := os.CreateTemp(filepath.Clean(folder+"."), "."+name+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err = writeSynced(f, data, perm); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	// From here on the name stands; the file beside it is gone and must not be removed.
	return syncFolder(filepath.Dir(path))
}

func writeSynced(f *os.File, data []byte, perm fs.FileMode) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
