// The rules of the house, held by tests rather than by memory. Each test is one rule; its failure says which file
// breaks it and what to do.
package appliance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the repository as seen from the tests of this package.
const root = ".."

// files are the paths in the repository, those that are not committed yet included.
var files = sync.OnceValues(func() ([]string, error) {
	out, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, errors.New("git ls-files: " + err.Error())
	}
	var there []string
	for _, path := range strings.Fields(string(out)) {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil { // not those that are about to go
			there = append(there, path)
		}
	}
	return slices.Compact(there), nil
})

func filesOf(t *testing.T, matching string) []string {
	t.Helper()
	all, err := files()
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(matching)
	return slices.DeleteFunc(slices.Clone(all), func(path string) bool { return !pattern.MatchString(path) })
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Doc              string
	Imports, TestImports, XTestImports []string
	Standard                           bool
}

// packages are ours, by path without the module's name; the root of the module has no package.
var packages = sync.OnceValues(func() (map[string]pkg, error) {
	all, err := list("-json=ImportPath,Name,Doc,Imports,TestImports,XTestImports", "./...")
	ours := map[string]pkg{}
	for _, p := range all {
		if strings.HasSuffix(p.ImportPath, "]") {
			continue // the same, built with the command's profile
		}
		for i, path := range p.Imports {
			p.Imports[i], _, _ = strings.Cut(path, " [")
		}
		ours[strings.TrimPrefix(p.ImportPath, "callbox/")] = p
	}
	return ours, err
})

func list(args ...string) ([]pkg, error) {
	cmd := exec.Command("go", append([]string{"list", "-pgo=off"}, args...)...) // a profile makes a second package of each
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

func ours(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheTopOfTheRepositoryHoldsWhatWasAgreedAndNothingElse(t *testing.T) {
	agreed := []string{
		"appliance", "plugins", "verticals", "hcl", "lua", "firmware", "docs", ".ci", "go.mod", "go.sum", "Makefile", ".gitignore",
		"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
	}
	seen := map[string]bool{}
	for _, path := range filesOf(t, "") {
		top, _, _ := strings.Cut(path, "/")
		if seen[top] = true; !slices.Contains(agreed, top) {
			t.Errorf("%s: nothing else belongs at the top of the repository", path)
		}
	}
	for _, top := range agreed {
		if !seen[top] {
			t.Errorf("%s is missing", top)
		}
	}
}

func TestEveryPackageOpensWithAParagraph(t *testing.T) {
	for path, p := range ours(t) {
		if p.Name != "main" && !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") || p.Doc == "" {
			t.Errorf("%s: its package comment must say what it owns, what it never does and how it ends; it says %q", path, p.Doc)
		}
	}
}

func TestNoFileIsTooLongToRead(t *testing.T) {
	const most = 500
	for _, path := range filesOf(t, `\.(go|ts|tsx|lua)$`) {
		if lines := strings.Count(read(t, path), "\n"); lines > most && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines, %d at most: split it where its subject splits", path, lines, most)
		}
	}
}

func TestNobodyPutsWorkOffOrSleepsInATest(t *testing.T) {
	// written in two parts each, so that this file does not break its own rule
	banned := []struct{ in, pattern, instead string }{
		{`\.(go|lua|sh)$|Makefile$`, `\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|not (yet )?imple` + `mented`, "do it, or say in the documentation that it is not there"},
		{`_test\.go$`, `\btime\.Sl` + `eep\(`, "use testing/synctest, or wait for what you are waiting for"},
		{`_test\.go$`, `\b[tb]\.Sk` + `ip`, "make the test possible instead"},
	}
	for _, rule := range banned {
		pattern := regexp.MustCompile(rule.pattern)
		for _, path := range filesOf(t, rule.in) {
			for n, line := range strings.Split(read(t, path), "\n") {
				if pattern.MatchString(line) {
					t.Errorf("%s:%d: %s: %s", path, n+1, strings.TrimSpace(line), rule.instead)
				}
			}
		}
	}
}

func TestTheChangeLogTellsOperatorsWhatIsNew(t *testing.T) {
	text := read(t, "CHANGELOG.md")
	entries := regexp.MustCompile(`(?ms)^## [^\n]+\n.*?^[-*] \w`)
	if !entries.MatchString(text) {
		t.Error("CHANGELOG.md has no entry: a heading `## …`, then a list of what an operator will notice")
	}
}
