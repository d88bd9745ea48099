package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// metaPrefix is the store's own bucket.
const metaPrefix = "meta"

const schemaKey = metaPrefix + "\x00schema"

// firstSchema is what a store has before any migration.
const firstSchema = 1

// migration brings a store from the schema before to.
type migration struct {
	to   int
	what string // for the log, in the operator's words
	// run may be cut off at any moment and is run again then, so it must come to the same end from anything it left.
	run func(*badger.DB) error
}

// migrations are all there ever were, in order, forward only.
var migrations []migration

var errMigration = errors.New("migration")

// migrate brings the store to the schema of this version, after a backup. A store that is newer is left alone.
func (d *disk) migrate(steps []migration) error {
	newest := firstSchema
	if len(steps) > 0 {
		newest = steps[len(steps)-1].to
	}
	have, err := d.schema()
	switch {
	case err != nil:
		return err
	case have == 0: // a new store
		return d.setSchema(newest)
	case have > newest:
		return fmt.Errorf("%w: it has schema %d, this callbox knows %d; run the newer version, or restore the backup made before it", ErrNewer, have, newest)
	case have == newest:
		return nil
	}
	backup := filepath.Join(d.dir, fmt.Sprintf("backup-schema-%d", have))
	if err := d.backup(backup); err != nil {
		return fmt.Errorf("%w: backup before it: %w", errMigration, err)
	}
	for _, m := range steps {
		if m.to <= have {
			continue
		}
		d.log.Info("store: migrating", "to", m.to, "what", m.what, "backup", backup)
		if err := m.run(d.badger); err != nil {
			return fmt.Errorf("%w to schema %d (%s): %w; start again, or restore %s", errMigration, m.to, m.what, err, backup)
		}
		if err := d.setSchema(m.to); err != nil {
			return err
		}
	}
	return nil
}

// schema returns the version that the store has, 0 for a new one.
func (d *disk) schema() (version int, err error) {
	txn := d.badger.NewTransaction(false)
	defer txn.Discard()
	item, err := txn.Get([]byte(schemaKey))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = item.Value(func(raw []byte) error { return json.Unmarshal(raw, &version) })
	return version, err
}

func (d *disk) setSchema(version int) error {
	txn := d.badger.NewTransaction(true)
	defer txn.Discard()
	raw, err := json.Marshal(version)
	if err != nil {
		return err
	}
	if err := txn.Set([]byte(schemaKey), raw); err != nil {
		return err
	}
	return d.sync(txn)
}

// backup writes everything to a file that badger's Load reads.
func (d *disk) backup(path string) error {
	return replaceFile(path, 0o600, func(w io.Writer) error {
		_, err := d.badger.Backup(w, 0)
		return err
	})
}
