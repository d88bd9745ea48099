package hcl

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// world is what test files see of the configuration they test. It stands behind
// a pointer: nothing that prints a Config shows it.
type world struct {
	variables, locals map[string]cty.Value
	secrets           map[string]bool
	env               func(string) (string, bool)
}

// LoadTests reads every *.test.hcl directly in fsys, except hidden files, as
// tests of a configuration that Load returned, in the order of files and lines.
// It is pure and bounded like Load, and tells every mistake at once. The tests
// are nil when the diagnostics have errors.
func LoadTests(fsys fs.FS, cfg *Config) (tests []*Test, ds Diagnostics) {
	if cfg == nil || cfg.world == nil {
		return nil, Diagnostics{{Severity: Error, Summary: "tests need a configuration that loads", Detail: "Mend its errors first; callbox validate tells them."}}
	}
	l := testLoader(fsys, cfg)
	defer func() {
		if p := recover(); p != nil { // as in Load
			l.fail(hashi.Range{}, "the tests cannot be read", fmt.Sprintf("Reading them failed inside: %v. Please report this together with the files.", p))
			tests, ds = nil, l.diagnostics()
		}
	}()
	first := map[string]hashi.Range{}
	for _, b := range l.parseTests() {
		test := l.decodeNew(b).(*Test)
		if at, ok := first[test.Name]; ok {
			l.fail(b.def, fmt.Sprintf("%s stands twice", b.title()), fmt.Sprintf("It stands first at %s. Give it another name.", placeOf(at)))
		} else {
			first[test.Name] = b.def
		}
		tests = append(tests, test)
	}
	if ds = l.diagnostics(); ds.HasErrors() {
		return nil, ds
	}
	return tests, ds
}

// testLoader knows what the configuration defines.
func testLoader(fsys fs.FS, cfg *Config) *loader {
	l := &loader{
		opts:      LoadOptions{Env: cfg.world.env},
		meter:     meter{most: maxWork},
		files:     &reader{fsys: fsys, files: map[string][]byte{}},
		sources:   map[string][]byte{},
		named:     map[string]map[string]*block{},
		variables: cfg.world.variables,
		locals:    cfg.world.locals,
		secrets:   maps.Clone(cfg.world.secrets),
		settings:  newSettings(),
		config:    cfg,
	}
	for kind, values := range cfg.blocks {
		l.named[kind] = map[string]*block{}
		for name, value := range values {
			l.named[kind][name] = &block{kind: kindOf(kind), name: name, value: value}
		}
	}
	l.context = &hashi.EvalContext{Variables: map[string]cty.Value{}, Functions: l.functions()}
	l.flow = &flow{}
	return l
}

// parseTests reads the test blocks of all test files.
func (l *loader) parseTests() []*block {
	names, err := l.files.tests()
	if err != nil {
		l.fail(hashi.Range{}, "the tests cannot be read", sentence(err.Error()))
		return nil
	}
	var all []*block
	total := 0
	for _, name := range names {
		if !l.parseFile(name, &total) {
			continue
		}
		body := l.bodies[len(l.bodies)-1]
		for _, a := range sorted(body) {
			l.fail(a.NameRange, fmt.Sprintf("%q stands outside any test", a.Name), testBlockOutside(&hclsyntax.Block{}))
		}
		for _, syntax := range body.Blocks {
			if syntax.Type != testKind.name {
				l.fail(syntax.TypeRange, fmt.Sprintf("unknown block %q in a test file", syntax.Type), testBlockOutside(syntax))
				continue
			}
			b := &block{kind: testKind, def: syntax.DefRange(), label: syntax.DefRange(), body: syntax.Body}
			if l.readLabel(b, syntax) {
				all = append(all, b)
			}
		}
	}
	return all
}

// tests lists the *.test.hcl of the directory.
func (r *reader) tests() ([]string, error) {
	entries, err := fs.ReadDir(r.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be read: %w", plain(err))
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".test.hcl") {
			names = append(names, name)
		}
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("the directory has %d *.test.hcl files, at most %d are read", len(names), maxFiles)
	}
	return names, nil
}

// ReadyAgents are the agents of Ready, the members of teams among them, each
// once and in the order of names.
func (t *Test) ReadyAgents(cfg *Config) []string {
	var names []string
	for _, d := range t.Ready {
		if team := cfg.Teams[d.Name]; d.Kind == "team" && team != nil {
			names = append(names, team.Agents...)
		} else {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
