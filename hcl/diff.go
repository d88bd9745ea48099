package hcl

// Plan is what applying a configuration would change.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Change is one change in the operator's words.
type Change struct {
	// Action is add, change or remove.
	Action string `json:"action"`
	// Block is the block as written: extension "1001".
	Block string `json:"block"`
	// What are the attributes that change: allow internal, national → internal.
	What []string `json:"what,omitempty"`
	// Effect says what it does to calls in progress.
	Effect string `json:"effect"`
}

// Empty tells whether nothing changes.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// String prints one line a change.
func (p Plan) String() string { return "" }

// Diff compares two configurations. Old may be nil: everything is added.
func Diff(old, new *Config) Plan { return Plan{} }
