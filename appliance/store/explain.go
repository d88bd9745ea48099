package store

import (
	"errors"
	"fmt"
	"syscall"
)

// refusal is an error of Open in one line. Badger's own have several.
type refusal struct {
	text string
	err  error
}

func (r refusal) Error() string { return r.text }
func (r refusal) Unwrap() error { return r.err }

// explain puts the folder, and what to do, into an error of Open.
func explain(dir string, err error) error {
	switch {
	case errors.Is(err, ErrLocked), errors.Is(err, ErrNoRoom), errors.Is(err, ErrNewer), errors.Is(err, ErrReadOnly):
	case errors.Is(err, syscall.EROFS):
		err = fmt.Errorf("%w: %w; mount it for writing", ErrReadOnly, err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		err = fmt.Errorf("%w; give it to the user who runs callbox", err)
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("%w: %w; delete recordings or logs", ErrNoRoom, err)
	case errors.Is(err, errMigration):
	case errors.Is(err, ErrDamaged):
		err = fmt.Errorf("%w; restore a backup, or move the folder away to begin anew", err)
	case errors.As(err, new(syscall.Errno)):
		err = fmt.Errorf("%w; check the folder and its disk", err)
	default:
		// Badger's own words, in which the error beneath cannot be told from the text around it.
		err = fmt.Errorf("%w: %w; restore a backup, or move the folder away to begin anew", ErrDamaged, err)
	}
	return refusal{text: fmt.Sprintf("%s: %s", dir, oneLine(err.Error())), err: err}
}
