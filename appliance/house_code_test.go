package appliance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Files that decide and therefore take the time, the chance and the files they need from whoever calls them.
var pure = []string{
	`^hcl/[^/]+\.go$`,
	`^appliance/journal/(fold|cdr|event|events|story)\.go$`,
	`^appliance/call/(cause|number|route)\.go$`,
	`^appliance/ivr/[^/]+\.go$`,
	`^appliance/sip/trunkstate\.go$`,
	`^appliance/acd/(floor|input|action|agent|queue|entry|decide|offer|configure|callback|expect|view|alarm|recall)\.go$`,
	`^appliance/speech/(values|input|english|chinese|currencies|phrases[a-z_]*|settings|polish)\.go$`,
}

// What no decision may do.
var impure = map[string][]string{
	"time": {"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep"},
	"os":   {"Open", "ReadFile", "Getenv", "LookupEnv", "Stat", "ReadDir"},
}

func TestDecisionsTouchNoClockNoChanceAndNoFile(t *testing.T) {
	for _, pattern := range pure {
		found := slices.DeleteFunc(filesOf(t, pattern), isTest)
		if len(found) == 0 {
			t.Errorf("no file is %s any more: correct the list of pure files", pattern)
		}
		for _, file := range found {
			for _, use := range impurities(parse(t, file)) {
				t.Errorf("%s uses %s: let the caller hand in what it gives", file, use)
			}
		}
	}
}

// impurities are the things a file uses that a decision must not.
func impurities(f *ast.File) (uses []string) {
	names := map[string]string{} // as imported here: the path
	for _, spec := range f.Imports {
		imported := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
		if strings.HasPrefix(imported, "math/rand") || imported == "crypto/rand" || imported == "net/http" {
			uses = append(uses, imported)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.SelectorExpr); ok {
			if from, ok := call.X.(*ast.Ident); ok && slices.Contains(impure[names[from.Name]], call.Sel.Name) {
				uses = append(uses, from.Name+"."+call.Sel.Name)
			}
		}
		return true
	})
	return uses
}

// A goroutine without an owner is a leak that nobody looks for. ARCHITECTURE.md has the table of all owners, with the
// package in its row; what a test starts is the test's own affair.
func TestEveryGoroutineHasItsOwnerInTheTable(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "ARCHITECTURE.md"), "\n## Goroutines\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := slices.DeleteFunc(strings.Split(section, "\n"), func(line string) bool { return !strings.HasPrefix(line, "|") })
	for _, file := range filesOf(t, `\.go$`) {
		dir := filepath.Dir(file)
		if isTest(file) || dir == "appliance/sim/peers" {
			continue
		}
		starts := false
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			_, is := n.(*ast.GoStmt)
			starts = starts || is
			return true
		})
		named := regexp.MustCompile("`([a-z]+/)*" + regexp.QuoteMeta(filepath.Base(dir)) + "[`/.]")
		if starts && !slices.ContainsFunc(rows, named.MatchString) {
			t.Errorf("%s starts a goroutine, and no row of the table of goroutines in ARCHITECTURE.md names `%s`", file, filepath.Base(dir))
		}
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }
