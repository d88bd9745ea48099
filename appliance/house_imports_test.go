package appliance_test

import (
	"slices"
	"strings"
	"testing"
)

// The rooms, from the ground up. A package imports rooms of rows above its own, and only those named.
var rooms = []struct {
	name string
	may  []string
}{
	{"hcl", nil},
	{"appliance/store", nil},
	{"appliance/media", nil},
	{"appliance/sip", nil},
	{"appliance/journal", []string{"appliance/store"}},
	{"appliance/call", []string{"appliance/sip", "appliance/media", "appliance/journal", "hcl"}},
	{"appliance/ivr", append([]string{"appliance/call"}, facts...)},
	{"appliance/acd", append([]string{"appliance/call"}, facts...)},
	{"appliance/record", append([]string{"appliance/call", "appliance/media"}, facts...)},
	{"appliance/speech", []string{"appliance/media", "appliance/store", "hcl"}},
	{"appliance/report", facts},
	{"appliance/desk", facts},
	{"appliance/dialer", append([]string{"appliance/acd", "appliance/call"}, facts...)},
	{"lua", below5},
	{"appliance/web", below5},
	{"appliance", append([]string{"lua", "appliance/web", "plugins", "verticals", "firmware/update"}, below5...)},
	{"appliance/sim", append([]string{"appliance", "lua", "appliance/web"}, below5...)},
	{"appliance/callbox", []string{"appliance", "appliance/sim", "hcl", "lua"}},
	{"plugins", nil}, // data
	{"verticals", nil},
	{"firmware", nil},
}

var (
	facts  = []string{"hcl", "appliance/journal", "appliance/store"}
	below5 = []string{
		"hcl", "appliance/store", "appliance/media", "appliance/sip", "appliance/journal", "appliance/call", "appliance/ivr",
		"appliance/acd", "appliance/record", "appliance/speech", "appliance/report", "appliance/desk", "appliance/dialer",
	}
)

// Libraries that one room alone may know, so that it can be exchanged there.
var soleImporters = map[string]string{
	"github.com/emiago/sipgo":      "appliance/sip",
	"github.com/dgraph-io/badger":  "appliance/store",
	"github.com/hashicorp/hcl":     "hcl",
	"github.com/zclconf/go-cty":    "hcl",
	"github.com/yuin/gopher-lua":   "lua",
	"github.com/thesyncim/gopus":   "appliance/media",
	"github.com/pion":              "appliance/media",
	"github.com/fsnotify/fsnotify": "appliance",
	"github.com/wneessen/go-mail":  "appliance/record",
}

// roomOf is the room a package of ours lies in: the longest name that it begins with.
func roomOf(path string) (name string, may []string, known bool) {
	for _, r := range rooms {
		if (path == r.name || strings.HasPrefix(path, r.name+"/")) && len(r.name) > len(name) {
			name, may, known = r.name, r.may, true
		}
	}
	return name, may, known
}

func TestRoomsImportOnlyWhatStandsBelowThem(t *testing.T) {
	for path, p := range ours(t) {
		room, may, known := roomOf(path)
		if !known {
			t.Errorf("%s lies in no room of the house", path)
			continue
		}
		for _, imported := range p.Imports {
			other, ok := strings.CutPrefix(imported, "callbox/")
			if !ok {
				continue
			}
			if to, _, _ := roomOf(other); to != room && !slices.Contains(may, to) {
				t.Errorf("%s imports %s: room %s may import %v of ours", path, other, room, may)
			}
		}
	}
}

func TestEachLibraryIsKnownToOneRoom(t *testing.T) {
	for path, p := range ours(t) {
		room, _, _ := roomOf(path)
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for library, owner := range soleImporters {
				if strings.HasPrefix(imported, library) && room != owner {
					t.Errorf("%s imports %s, which only %s knows", path, imported, owner)
				}
			}
		}
	}
}

func TestTheBinaryCarriesNoTestTools(t *testing.T) {
	all, err := list("-deps", "-json=ImportPath", "./appliance/callbox")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, tool := range []string{"testing", "callbox/appliance/sim/peers", "go.uber.org/goleak", "pgregory.net/rapid"} {
			if p.ImportPath == tool {
				t.Errorf("the binary contains %s", tool)
			}
		}
	}
}
