package peers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// table collects how the rows of a test went, and prints them when all have ended.
type table struct {
	good   string   // how a row ends that went as it must
	absent []string // what has no row, and why

	mu   sync.Mutex
	rows []*row
}

type row struct{ name, how string }

func newTable(t *testing.T, good string, agents ...string) *table {
	t.Helper()
	b := &table{good: good}
	for _, agent := range agents {
		b.absent = append(b.absent, absent[agent]...)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		var text strings.Builder
		shown := 0
		for _, r := range b.rows {
			fmt.Fprintf(&text, "  %-16s %s\n", r.how, r.name)
			if r.how == good {
				shown++
			}
		}
		for _, why := range b.absent {
			fmt.Fprintf(&text, "  %-16s %s\n", "cannot be shown", why)
		}
		t.Logf("%d of %d:\n%s", shown, len(b.rows), text.String())
	})
	return b
}

// run is a row: a test of its own, beside the others.
func (b *table) run(t *testing.T, name string, do func(t *testing.T)) {
	t.Helper()
	r := &row{name: name, how: "not run"}
	b.mu.Lock()
	b.rows = append(b.rows, r)
	b.mu.Unlock()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		defer func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if r.how = b.good; t.Failed() {
				r.how = "FAILED"
			}
		}()
		do(t)
	})
}
