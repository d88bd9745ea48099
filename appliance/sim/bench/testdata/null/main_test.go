// Package null has the null references of the benchmarks, as a program of its own: `go test -c` builds it. What is
// measured against it is measured against the least that the machine, Go and the SIP library can do the work with.
// It holds nothing of callbox, and lies outside of the house, so that the library keeps its one importer there.
package null

import (
	"fmt"
	"os"
	"testing"
)

// TestMain is the program: "switch LISTEN CALLEE" joins calls, with a folder behind it also keeps them, "relay" carries packets, until it is killed or its
// input ends.
func TestMain(*testing.M) {
	err := fmt.Errorf("expects switch LISTEN CALLEE, or relay; got %q", os.Args[1:])
	switch {
	case len(os.Args) == 4 && os.Args[1] == "switch":
		err = serve(os.Args[2], os.Args[3], nothing{})
	case len(os.Args) == 5 && os.Args[1] == "switch":
		var d *duties
		if d, err = newDuties(os.Args[4]); err == nil {
			err = serve(os.Args[2], os.Args[3], d)
		}
	case len(os.Args) == 2 && os.Args[1] == "relay":
		err = relay(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
