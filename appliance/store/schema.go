package store

// metaPrefix is the store's own bucket.
const metaPrefix = "meta"

// migration brings a store from the schema before to.
type migration struct {
	to   int
	what string // for the log, in the operator's words
	run  func(d *disk) error
}

// migrations are all there ever were, in order, forward only.
var migrations []migration
